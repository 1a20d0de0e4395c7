/** What is wrong with a user name, in a sentence; undefined when nothing is. */
export function usernameProblem(username: string): string | undefined {
  if (/^[a-z0-9._-]{1,32}$/.test(username)) return undefined;
  return 'A user name has 1 to 32 characters: small letters, digits, dots, dashes, underscores.';
}
