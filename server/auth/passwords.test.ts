import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
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
    assert.equal(await passwords.verify('correct horse', digest), true);
  });

  test('a wrong one is wrong', async () => {
    assert.equal(await passwords.verify('correct horsf', digest), false);
    assert.equal(await passwords.verify('', digest), false);
  });

  test('without a digest every password is wrong', async () => {
    assert.equal(await passwords.verify('correct horse', undefined), false);
  });

  test('a password that bcrypt would cut is not mistaken for the one it would be cut to', async () => {
    const longest = 'x'.repeat(72);
    const itsDigest = await passwords.hash(longest);
    assert.equal(await passwords.verify(longest, itsDigest), true);
    assert.equal(await passwords.verify(`${longest}y`, itsDigest), false);
  });

  test('a NUL byte does not end a password', async () => {
    const withNul = await passwords.hash('correct\0horse');
    assert.equal(await passwords.verify('correct\0mouse', withNul), false);
  });

  test('what breaks one check does not break the next', async () => {
    await assert.rejects(
      passwords.verify('correct horse', 'no digest, and 60 characters'.padEnd(60)),
    );
    assert.equal(await passwords.verify('correct horse', digest), true);
  });

  test('only a digest of a lower cost needs a new one', () => {
    assert.equal(passwords.needsRehash(bcrypt.hashSync('x', 4)), true);
    assert.equal(passwords.needsRehash(digest), false);
    assert.equal(passwords.needsRehash(bcrypt.hashSync('x', 6)), false);
  });

  test('checks from known addresses are made before others that wait', async () => {
    const order: string[] = [];
    const check = (address: 'known' | 'new', name: string) =>
      passwords.withPlace({ address }, async (hasher) => {
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

const passwordLengths = [
  ['7 characters', 'n7%kP2w', false],
  ['8 characters', 'n7%kP2wz', true],
  ['8 characters that many use', '12345678', false],
  ['8 characters outside the basic plane', '😀'.repeat(8), true],
  ['71 bytes', 'x'.repeat(71), true],
  ['72 bytes', 'é'.repeat(36), true],
  ['73 bytes', `${'é'.repeat(36)}x`, false],
  ['200 bytes', 'x'.repeat(200), false],
] as const;
for (const [length, password, isAccepted] of passwordLengths) {
  test(`a new password of ${length} is ${isAccepted ? 'accepted' : 'refused'}`, () => {
    assert.equal(passwordProblem(password) === undefined, isAccepted);
  });
}
