import zxcvbn from '@zxcvbn-ts/language-common';
import { MAX_BYTES, storedForm } from './password-forms.ts';

const MIN_CHARACTERS = 8;
/** With at most so many digits and punctuation marks, such as `2014!`, a word is still a bad password. */
const MAX_ADDED = 6;
/** A shorter common password does not make a longer one bad, which may begin with it by chance. */
const MIN_WORD_CHARACTERS = 4;

/**
 * What is wrong with a new password of a user, in a sentence; undefined when nothing is. These are
 * the rules of OWASP ASVS 5.0, 6.2.
 */
export function passwordProblem(typed: string, username: string): string | undefined {
  const form = storedForm(typed);
  if (form === undefined) {
    return (
      `A password has at most ${MAX_BYTES} bytes (letters beyond a to z may take several); ` +
      'what comes after them would not be checked.'
    );
  }
  if ([...form].length < MIN_CHARACTERS) return `Use at least ${MIN_CHARACTERS} characters.`;
  const password = form.toLowerCase();
  if (mostCommon.has(password)) {
    return 'This is one of the most common passwords, and among the first an attacker will try.';
  }
  if (isCommonWithEnding(password)) {
    return (
      'Without its ending this is one of the most common passwords, ' +
      'and among the first an attacker will try.'
    );
  }
  if (isMadeOf(contextWords(username), password)) {
    return (
      'This is the user name or the name of this app with little added, ' +
      'and among the first an attacker will try.'
    );
  }
  return undefined;
}

const mostCommon = new Set(zxcvbn.dictionary['passwords-common']);

/** `password123!` is `password` with the ending `123!`. */
function isCommonWithEnding(password: string): boolean {
  const [ending = ''] = /[^\p{L}]*$/u.exec(password.slice(-MAX_ADDED)) ?? [];
  for (let added = 1; added <= ending.length; added++) {
    const word = password.slice(0, -added);
    if (word.length >= MIN_WORD_CHARACTERS && mostCommon.has(word)) return true;
  }
  return false;
}

/** The words that an attacker would try first here, longest first. */
function contextWords(username: string): string[] {
  const parts = username.split(/[^a-z]+/).filter((part) => part !== '');
  const words = [lettersAndDigits(username), ...parts, ...PRODUCT_WORDS];
  return words.filter((word) => word !== '').sort((one, other) => other.length - one.length);
}

const PRODUCT_WORDS = ['linode', 'manager', 'demo', 'api', 'keys', 'key', 'password'];

/** Whether a password is nothing but some of the words, with a few digits and any punctuation. */
function isMadeOf(words: string[], password: string): boolean {
  let rest = lettersAndDigits(password);
  let [found, added] = [0, 0];
  while (rest !== '') {
    const word = words.find((word) => rest.startsWith(word));
    if (word !== undefined) found++;
    else if (/^\d/.test(rest)) added++;
    else return false;
    rest = rest.slice(word?.length ?? 1);
  }
  return found > 0 && added <= MAX_ADDED;
}

function lettersAndDigits(text: string): string {
  return text.replaceAll(/[^\p{L}\p{N}]/gu, '');
}
