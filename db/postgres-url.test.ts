import assert from 'node:assert/strict';
import { test } from 'node:test';
import pg from 'pg';
import { databaseUrlProblem, describeLocation } from './location.ts';
import { serversOf } from './postgres-url.ts';

const urls: [string, string[]][] = [
  ['postgres://ada@a:1,b:2/keys', ['ada@a:1/keys', 'ada@b:2/keys']],
  ['postgres://ada@a,b:2,c/keys', ['ada@a:5432/keys', 'ada@b:2/keys', 'ada@c:5432/keys']],
  ['postgresql://ada@[::1]:1,[::2]:2/keys', ['ada@::1:1/keys', 'ada@::2:2/keys']],
  ['postgres://ada@a,b/keys?port=5433', ['ada@a:5433/keys', 'ada@b:5433/keys']],
  ['postgres://ada@/keys?host=a,b&port=1,2', ['ada@a:1/keys', 'ada@b:2/keys']],
  ['postgres:///keys?user=ada&host=a,b', ['ada@a:5432/keys', 'ada@b:5432/keys']],
  ['postgres://ada@/keys?host=/one,/two', ['ada@/one:5432/keys', 'ada@/two:5432/keys']],
  ['postgres://ada@/keys?host=/run/postgresql', ['ada@/run/postgresql:5432/keys']],
  ['postgres://ada@%2Fone,%2Ftwo/keys', ['ada@/one:5432/keys', 'ada@/two:5432/keys']],
  ['postgres://ada@a:1/keys', ['ada@a:1/keys']],
];
for (const [url, servers] of urls) {
  test(`${url} names ${servers.length} servers, each of which pg understands`, () => {
    const understood = serversOf(url).map((server) => {
      const { user, host, port, database } = new pg.Client({ connectionString: server.url });
      return `${user}@${host}:${port}/${database}`;
    });
    assert.deepEqual(understood, servers);
    assert.equal(databaseUrlProblem(url), undefined);
  });
}

test('each server has the password and the other parameters of the URL', () => {
  const [, second] = serversOf('postgres://ada:a%2Cb%40c@a,b:2/keys?application_name=x%20y&port=3');
  const client = new pg.Client({ connectionString: second?.url });
  assert.equal(client.password, 'a,b@c');
  assert.match(second?.url ?? '', /application_name=x(\+|%20)y/);
});

const wrong: [string, RegExp][] = [
  ['postgres://a,b,c/keys?port=1,2', /names 3 hosts and 2 ports/],
  ['postgres://ada@/keys?host=/run&port=1,2', /names 1 hosts and 2 ports/],
  ['postgres://a,,b/keys', /a host without a name/],
  ['postgres://ada@/keys?host=a,', /a host without a name/],
  ['postgres://a:1,b:65536/keys', /must begin with postgres/],
  ['postgres://a,b/keys?target_session_attrs=any', /target_session_attrs can only be read-write/],
  ['postgres://a/keys?target_session_attrs=standby', /target_session_attrs/],
];
for (const [url, sentence] of wrong) {
  test(`${url} is refused`, () => assert.match(databaseUrlProblem(url) ?? '', sentence));
}

test('target_session_attrs may ask for what the app does anyway', () => {
  for (const target of ['read-write', 'primary']) {
    assert.equal(
      databaseUrlProblem(`postgres://a,b/keys?target_session_attrs=${target}`),
      undefined,
    );
  }
});

test('a location is described by all its servers, without the password', () => {
  assert.equal(
    describeLocation({ url: 'postgres://ada:secret@a:1,b/keys' }),
    'the database keys on a:1 or b:5432',
  );
});
