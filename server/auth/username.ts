const MAX_LENGTH = 32;
const MAX_LENGTH_AS_TYPED = 512;

/**
 * A user name as it was sent, made safe to look up: without the spaces that the keyboards of phones
 * add, cut to a length that no user name has, and without NUL, which PostgreSQL's text can't hold.
 */
export function presentedUsername(typed: string): string {
  const trimmed = typed.slice(0, MAX_LENGTH_AS_TYPED).trim();
  return trimmed.slice(0, MAX_LENGTH + 1).replaceAll('\0', '\ufffd');
}

/** What is wrong with a user name, in a sentence; undefined when nothing is. */
export function usernameProblem(username: string): string | undefined {
  if (/^[a-z0-9._-]{1,32}$/.test(username)) return undefined;
  return (
    `A user name has 1 to ${MAX_LENGTH} characters: lower-case letters, digits, dots, dashes, ` +
    'underscores.'
  );
}
