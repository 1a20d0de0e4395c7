import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import bcrypt from 'bcryptjs';
import { passwordProblem } from './password-rules.ts';
import { type Passwords, startPasswords } from './passwords.ts';

describe('passwords', () => {
  let passwords: Passwords;
  let digest: string;
  before(async () => {
    passwords = await startPasswords({ cost: 5 });
    digest = await passwords.hash('correct horse');
  });
  after(() => passwords.close());

  test('the right one is right', async () => {
    assert.equal(await passwords.verify('correct horse', digest), 'right');
  });

  test('a wrong one is wrong', async () => {
    assert.equal(await passwords.verify('correct horsf', digest), 'wrong');
    assert.equal(await passwords.verify('', digest), 'wrong');
  });

  test('without a digest every password is wrong', async () => {
    assert.equal(await passwords.verify('correct horse', undefined), 'wrong');
  });

  test('a password that bcrypt would cut is not mistaken for the one it would be cut to', async () => {
    const longest = 'x'.repeat(72);
    const itsDigest = await passwords.hash(longest);
    assert.equal(await passwords.verify(longest, itsDigest), 'right');
    assert.equal(await passwords.verify(`${longest}y`, itsDigest), 'wrong');
  });

  test('a NUL byte does not end a password', async () => {
    const withNul = await passwords.hash('correct\0horse');
    assert.equal(await passwords.verify('correct\0mouse', withNul), 'wrong');
  });

  test('a check that fails with an error does not break the next one', async () => {
    await assert.rejects(
      passwords.verify('correct horse', 'no digest, and 60 characters'.padEnd(60)),
    );
    assert.equal(await passwords.verify('correct horse', digest), 'right');
  });

  test('a digest of a lower cost is outdated, one of a higher cost is not', async () => {
    const verify = (cost: number) => passwords.verify('x', bcrypt.hashSync('x', cost));
    assert.equal(await verify(4), 'right, digest outdated');
    assert.equal(await verify(5), 'right');
    assert.equal(await verify(6), 'right');
  });

  const precomposed = 'caf\u00e9 au lait';
  const decomposed = 'cafe\u0301 au lait';
  /** Neither NFC nor NFD. */
  const mixed = 'd\u00e9ja\u0300 vu\u00e9';

  test('a password is the same one in every Unicode form', async () => {
    for (const set of [precomposed, decomposed]) {
      const digest = await passwords.hash(set);
      for (const typed of [precomposed, decomposed]) {
        assert.equal(await passwords.verify(typed, digest), 'right');
      }
    }
  });

  test('a digest of another form than NFC is right and outdated', async () => {
    const older = bcrypt.hashSync(decomposed, 5);
    assert.equal(await passwords.verify(decomposed, older), 'right, digest outdated');
    assert.equal(await passwords.verify(precomposed, older), 'right, digest outdated');
    assert.equal(
      await passwords.verify(mixed, bcrypt.hashSync(mixed, 5)),
      'right, digest outdated',
    );
  });

  test('a password that NFC would make too long is right as it was typed, and stays as it is', async () => {
    const typed = '\u{1d15e}'.repeat(18);
    assert.equal(await passwords.verify(typed, bcrypt.hashSync(typed, 5)), 'right');
  });

  test('how often a password is compared depends on nothing but the password', async (t) => {
    const tooLong = 'x'.repeat(513);
    const times = [
      ['plain text', 1],
      [precomposed, 2],
      [decomposed, 2],
      [mixed, 3],
      ['\u00e9'.repeat(36), 1],
      [tooLong, 1],
    ] as const;
    for (const [typed, expected] of times) {
      const right = bcrypt.hashSync(typed.normalize('NFC'), 5);
      for (const against of [right, digest, undefined]) {
        const posts = t.mock.method(Worker.prototype, 'postMessage');
        await passwords.verify(typed, against);
        assert.equal(posts.mock.callCount(), expected, typed);
        posts.mock.restore();
      }
    }
  });

  test('a password of more than 512 bytes as typed is not normalized', async (t) => {
    const normalize = t.mock.method(String.prototype, 'normalize');
    for (const typed of ['x'.repeat(513), '\u00e9'.repeat(257)]) {
      assert.equal(await passwords.verify(typed, digest), 'wrong');
      assert.match(passwordProblem(typed, 'ada') ?? '', /at most 72 bytes/);
    }
    assert.equal(normalize.mock.callCount(), 0);
  });

  test('passwords of known callers are checked before others that wait', async () => {
    const order: string[] = [];
    const check = (caller: 'known' | 'new', name: string) =>
      passwords.withPlace({ caller }, async (hasher) => {
        await hasher.verify('correct horse', digest);
        order.push(name);
      });
    await Promise.all([check('new', 'a'), check('new', 'b'), check('known', 'c')]);
    assert.deepEqual(order, ['a', 'c', 'b']);
  });
});

test('the shipped cost is 11', async (t) => {
  const passwords = await startPasswords();
  t.after(passwords.close);
  assert.equal(bcrypt.getRounds(await passwords.hash('correct horse')), 11);
});
