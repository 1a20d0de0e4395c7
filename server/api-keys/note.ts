import { MAX_NOTE_CHARACTERS } from '../../db/api-keys/edit.ts';

/** The longest text that is composed, in UTF-16 code units, for the same reason as in label.ts. */
const MAX_TYPED_LENGTH = 2_048;

/** A note as it is kept: composed (NFC), trimmed, with LF as line breaks; or what is wrong with it. */
export function parseNote(typed: string): { value: string } | { problem: string } {
  if (typed.length > MAX_TYPED_LENGTH) return tooLong(typed);
  const value = typed.replace(/\r\n?/g, '\n').normalize('NFC').trim();
  if ([...value].length > MAX_NOTE_CHARACTERS) return tooLong(value);
  // Control characters other than tab and line feed.
  if (/[^\P{Cc}\t\n]|\p{Cs}/u.test(value)) return { problem: 'A note has no control characters.' };
  return { value };
}

function tooLong(text: string) {
  const { length } = [...text];
  return {
    problem: `A note has at most ${MAX_NOTE_CHARACTERS} characters; this one has ${length}.`,
  };
}
