import assert from 'node:assert/strict';
import { test } from 'node:test';
import { passwordProblem } from './password-rules.ts';

const lengths = [
  ['7 characters', 'n7%kP2w', false],
  ['8 characters', 'n7%kP2wz', true],
  ['8 characters that many use', '12345678', false],
  ['8 characters outside the basic plane', '😀'.repeat(8), true],
  ['8 characters as typed, 4 in NFC', 'e\u0301'.repeat(4), false],
  ['71 bytes', 'x'.repeat(71), true],
  ['72 bytes', 'é'.repeat(36), true],
  ['108 bytes as typed, 72 in NFC', 'e\u0301'.repeat(36), true],
  ['73 bytes', `${'é'.repeat(36)}x`, false],
  ['200 bytes', 'x'.repeat(200), false],
] as const;
for (const [length, password, isAccepted] of lengths) {
  test(`a new password of ${length} is ${isAccepted ? 'accepted' : 'refused'}`, () => {
    assert.equal(passwordProblem(password, 'ada') === undefined, isAccepted);
  });
}

const refused: [username: string, password: string, RegExp][] = [
  ['ada', '1234567', /^Use at least 8 characters\.$/],
  ['ada', 'Password1', /most common passwords, and among the first an attacker will try\.$/],
  ['ada', 'Password123!', /^Without its ending .* among the first an attacker will try\.$/],
  ['ada', 'Sunshine2024!', /^Without its ending/],
  ['ada', '12345678!', /^Without its ending/],
  ['linodedemo', 'linodedemo', /^This is the user name .* among the first an attacker will try\.$/],
  ['linodedemo', 'linodedemolinodedemo', /^This is the user name/],
  ['linodedemo', 'LinodeDemo-2014!', /^This is the user name/],
  ['linodedemo', 'linode manager', /^This is the user name/],
  ['ada', 'Linode Manager', /^This is the user name/],
  ['ada', 'Linode2014Manager', /^This is the user name/],
  ['ada', '1. Linode Manager', /^This is the user name/],
  ['ada', 'linode-password', /^This is the user name/],
  ['ada', 'ada@linode', /^This is the user name/],
  ['ada.lovelace', 'Ada Lovelace_1815', /^This is the user name/],
  ['ada.lovelace', 'lovelace, ada', /^This is the user name/],
  ['ada1990', 'ada-ada-2024', /^This is the user name/],
  ['730194', '730194.730194', /^This is the user name/],
  ['x', 'x.x.x.x.x.x', /^This is the user name/],
];
for (const [username, password, sentence] of refused) {
  test(`${password} is refused as a new password of ${username}`, () => {
    assert.match(passwordProblem(password, username) ?? '', sentence);
  });
}

const accepted = [
  ['ada', 'correct horse battery'],
  ['ada', 'a linode at the lake'],
  ['ada', 'sunshine and 2 umbrellas'],
  ['ada', 'another password'],
  ['a', 'a given password'],
  ['1', '8361947250'],
  ['...', 'n7%kP2wz'],
  ['linodedemo', 'linodedemo83619472501'],
] as const;
for (const [username, password] of accepted) {
  test(`${password} is accepted as a new password of ${username}`, () => {
    assert.equal(passwordProblem(password, username), undefined);
  });
}
