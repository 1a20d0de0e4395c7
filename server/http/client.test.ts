import assert from 'node:assert/strict';
import { test } from 'node:test';
import express from 'express';
import { client, clientBehind, trusting } from './client.ts';

/** The client's address, which has to be the same with Express and without it. */
async function addressBehind(trustProxy: number | string[], forwarded: string) {
  const trust = trusting(trustProxy);
  const app = express().set('trust proxy', trust);
  app.get('/', (req, res) => res.json([client(req).ip, clientBehind(trust, req).ip]));
  const server = app.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  assert.ok(typeof address === 'object' && address);
  const answer = await fetch(`http://127.0.0.1:${address.port}/`, {
    headers: { 'x-forwarded-for': forwarded },
  });
  server.close();
  const [throughExpress, without]: unknown[] = await answer.json();
  assert.equal(throughExpress, without);
  return throughExpress;
}

const addresses = [
  ['203.0.113.7', '203.0.113.7'],
  ['203.0.113.7:50002', '203.0.113.7'],
  ['2001:db8::1', '2001:db8::1'],
  ['[2001:db8::1]', '2001:db8::1'],
  ['[2001:db8::1]:443', '2001:db8::1'],
  ['[fe80::1%eth0]:443', 'fe80::1'],
  ['::ffff:203.0.113.7', '203.0.113.7'],
  ['[::FFFF:203.0.113.7]:443', '203.0.113.7'],
  ['::ffff:cb00:7107', '203.0.113.7'],
  ['[0:0:0:0:0:FFFF:CB00:7107]:443', '203.0.113.7'],
  ['2001:DB8:0:0::1', '2001:db8::1'],
  ['203.0.113.7:', null],
  ['203.0.113.7:x', null],
  ['203.0.113.777:1', null],
  ['[2001:db8::1', null],
  ['unknown', null],
  ['', '127.0.0.1'],
  [`${'1'.repeat(4_000)}.1.1.1:1`, null],
] as const;
for (const [forwarded, ip] of addresses) {
  test(`a client forwarded as "${forwarded.slice(0, 30)}" has the address ${ip}`, async () => {
    assert.equal(await addressBehind(1, forwarded), ip);
  });
}

test('trusted proxies are recognised by their address, with a port too', async () => {
  const proxies = ['loopback', '10.0.0.0/8', '2001:db8:ffff::/48'];
  for (const chain of [
    '203.0.113.7:50002, 10.0.0.5:50002',
    '203.0.113.7, [2001:db8:ffff::5]:443, 10.0.0.5',
    '198.51.100.1, 203.0.113.7:1, 10.0.0.5:50002, [2001:db8:ffff::5]',
  ]) {
    assert.equal(await addressBehind(proxies, chain), '203.0.113.7');
  }
});
