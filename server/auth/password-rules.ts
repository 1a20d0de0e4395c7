import zxcvbn from '@zxcvbn-ts/language-common';

const MIN_CHARACTERS = 8;
/** bcrypt reads no further. */
const MAX_BYTES = 72;

/** What is wrong with a new password, in a sentence; undefined when nothing is. */
export function passwordProblem(password: string): string | undefined {
  if (isTooLong(password)) {
    return (
      `A password has at most ${MAX_BYTES} bytes (letters beyond a to z may take several); ` +
      'what comes after them would not be checked.'
    );
  }
  if ([...password].length < MIN_CHARACTERS) {
    return `A password has at least ${MIN_CHARACTERS} characters.`;
  }
  if (mostCommon.has(password.toLowerCase())) {
    return 'This is one of the most common passwords, and the first that others try.';
  }
  return undefined;
}

const mostCommon = new Set(zxcvbn.dictionary['passwords-common']);

/** Longer than bcrypt reads: it would silently ignore the rest. */
export function isTooLong(password: string): boolean {
  return Buffer.byteLength(cutPassword(password)) > MAX_BYTES;
}

/** A password that is too long, cut to one that still is: nothing has to read all of it. */
export function cutPassword(password: string): string {
  return password.slice(0, MAX_BYTES + 1);
}
