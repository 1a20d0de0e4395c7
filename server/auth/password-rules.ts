import zxcvbn from '@zxcvbn-ts/language-common';

const MIN_CHARACTERS = 8;
/** bcrypt reads no further. */
const MAX_BYTES = 72;

/** What is wrong with a new password, in a sentence; undefined when nothing is. */
export function passwordProblem(password: string): string | undefined {
  if ([...password].length < MIN_CHARACTERS) {
    return `A password has at least ${MIN_CHARACTERS} characters.`;
  }
  if (isTooLong(password)) {
    return (
      `A password has at most ${MAX_BYTES} bytes (letters beyond a to z may take several); ` +
      'what comes after them would not be checked.'
    );
  }
  if (mostCommon.has(password.toLowerCase())) {
    return 'This is one of the most common passwords, and the first that others try.';
  }
  return undefined;
}

const mostCommon = new Set(zxcvbn.dictionary['passwords-common']);

/** Longer than bcrypt reads: it would silently ignore the rest. */
export function isTooLong(password: string): boolean {
  return Buffer.byteLength(password) > MAX_BYTES;
}
