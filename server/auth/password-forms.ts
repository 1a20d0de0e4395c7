/** bcrypt reads no further. */
export const MAX_BYTES = 72;
/** What is longer is not even normalized: that can take quadratic time. */
const MAX_BYTES_AS_TYPED = 512;

/**
 * The Unicode form in which a password is hashed: NFC, so that a letter with an accent is the same
 * one whatever keyboard it was typed on (NIST SP 800-63B asks for this). Undefined for a password
 * that is too long, as typed or in this form.
 */
export function storedForm(typed: string): string | undefined {
  if (isTooLongToNormalize(typed)) return undefined;
  const form = typed.normalize('NFC');
  return fits(form) ? form : undefined;
}

/**
 * Every form of a password that a digest can have been made of: NFC, then as it was typed and NFD,
 * which digests of earlier versions may have. Each once, and none that is too long.
 */
export function possibleForms(typed: string): string[] {
  if (isTooLongToNormalize(typed)) return [];
  const forms = new Set([typed.normalize('NFC'), typed, typed.normalize('NFD')]);
  return [...forms].filter(fits);
}

/** Whether two passwords are the same one, perhaps in two Unicode forms. */
export function isSamePassword(one: string, other: string): boolean {
  const form = storedForm(one);
  return one === other || (form !== undefined && form === storedForm(other));
}

function isTooLongToNormalize(typed: string): boolean {
  // The length is known without reading the text.
  return typed.length > MAX_BYTES_AS_TYPED || Buffer.byteLength(typed) > MAX_BYTES_AS_TYPED;
}

function fits(form: string): boolean {
  return Buffer.byteLength(form) <= MAX_BYTES;
}
