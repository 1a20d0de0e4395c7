import bowser from 'bowser';

/** Most rows of a page have the same user agent, and parsing it takes longer than the rest of a row. */
const known = new Map<string, string>();
const MOST_KNOWN = 1_000;

/** What a user agent calls itself, in plain words: `Chrome on Linux`, `curl 8.5`. */
export function program(userAgent: string): string {
  const before = known.get(userAgent);
  if (before !== undefined) return before;
  // User agents come from clients, so the number of different ones has no limit.
  if (known.size >= MOST_KNOWN) known.clear();
  const name = read(userAgent);
  known.set(userAgent, name);
  return name;
}

function read(userAgent: string): string {
  if (userAgent === '') return 'an unnamed program';
  const { browser, os } = bowser.parse(userAgent);
  if (browser.name && os.name) return `${browser.name} on ${os.name}`;
  // Programs begin with their own name and version: `curl/8.5.0`.
  const [, name, version] = /^([\w.-]+)(?:\/(\d+(?:\.\d+)?))?/.exec(userAgent) ?? [];
  if (name === undefined) return 'an unknown program';
  return version === undefined ? name : `${name} ${version}`;
}
