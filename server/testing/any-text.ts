import fc from 'fast-check';

const SURROGATES = { first: 0xd800, count: 0x800 };

/**
 * Any character but half a surrogate pair: fast-check's unit `binary`, which takes seconds at first for
 * a table of all of them.
 */
const anyCharacter = fc
  .integer({ min: 0, max: 0x10ffff - SURROGATES.count })
  .map(characterAt, indexOfCharacter);

/** Any text of so many characters, at most. */
export function anyText(maxLength: number): fc.Arbitrary<string> {
  return fc.string({ unit: anyCharacter, maxLength });
}

function characterAt(index: number): string {
  return String.fromCodePoint(index < SURROGATES.first ? index : index + SURROGATES.count);
}

/** With it fast-check also makes texts that JavaScript has a meaning for, such as `__proto__`. */
function indexOfCharacter(text: unknown): number {
  if (typeof text !== 'string' || [...text].length !== 1) throw new Error('This is no character.');
  const code = text.codePointAt(0) ?? 0;
  return code < SURROGATES.first ? code : code - SURROGATES.count;
}
