import fc from 'fast-check';

const SURROGATES = { first: 0xd800, count: 0x800 };

/**
 * Any character but half a surrogate pair, as fast-check's unit `binary`, which first takes seconds to
 * make a table of all characters.
 */
const anyCharacter = fc
  .integer({ min: 0, max: 0x10ffff - SURROGATES.count })
  .map(characterAt, indexOfCharacter);

/** Any text of at most so many characters. */
export function anyText(maxLength: number): fc.Arbitrary<string> {
  return fc.string({ unit: anyCharacter, maxLength });
}

function characterAt(index: number): string {
  return String.fromCodePoint(index < SURROGATES.first ? index : index + SURROGATES.count);
}

/**
 * The inverse of characterAt. fast-check needs it for texts that have a meaning in JavaScript, such as
 * `__proto__`.
 */
function indexOfCharacter(text: unknown): number {
  if (typeof text !== 'string' || [...text].length !== 1)
    throw new Error('This is not a character.');
  const code = text.codePointAt(0) ?? 0;
  return code < SURROGATES.first ? code : code - SURROGATES.count;
}
