import zxcvbn from '@zxcvbn-ts/language-common';
import { MAX_BYTES, storedForm } from './password-forms.ts';

const MIN_CHARACTERS = 8;

/** What is wrong with a new password, in a sentence; undefined when nothing is. */
export function passwordProblem(typed: string): string | undefined {
  const password = storedForm(typed);
  if (password === undefined) {
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
