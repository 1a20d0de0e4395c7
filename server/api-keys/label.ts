export const MAX_LABEL_CHARACTERS = 128;
/**
 * The longest text that is composed, in UTF-16 code units: composing takes quadratic time for a run of
 * combining marks. A label of MAX_LABEL_CHARACTERS may be typed with a few marks for each character.
 */
const MAX_TYPED_LENGTH = 1_024;

type Label = { value: string } | { problem: string };

/** A label as it is kept: composed (NFC) and trimmed; or what is wrong with it, in a sentence. */
export function parseLabel(typed: string): Label {
  if (typed.length > MAX_TYPED_LENGTH) return tooLong(typed);
  const value = typed.normalize('NFC').trim();
  if ([...value].length > MAX_LABEL_CHARACTERS) return tooLong(value);
  if (/[\p{Cc}\p{Cs}\u2028\u2029]/u.test(value)) {
    return { problem: 'A label is one line, without control characters.' };
  }
  return { value };
}

function tooLong(text: string): Label {
  const length = [...text].length;
  return {
    problem: `A label has at most ${MAX_LABEL_CHARACTERS} characters; this one has ${length}.`,
  };
}
