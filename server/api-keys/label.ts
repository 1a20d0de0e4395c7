const MAX_CHARACTERS = 128;

export type Label = { value: string } | { problem: string };

/** A label as it is kept: composed (NFC) and trimmed; or what is wrong with it, in a sentence. */
export function parseLabel(typed: string): Label {
  const value = typed.normalize('NFC').trim();
  const length = [...value].length;
  if (length > MAX_CHARACTERS) {
    return { problem: `A label has at most ${MAX_CHARACTERS} characters; this one has ${length}.` };
  }
  if (/[\p{Cc}\p{Cs}\u2028\u2029]/u.test(value)) {
    return { problem: 'A label is one line, without control characters.' };
  }
  return { value };
}
