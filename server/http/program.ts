import bowser from 'bowser';

/** What a user agent calls itself, in plain words: `Chrome on Linux`, `curl`. */
export function program(userAgent: string): string {
  if (userAgent === '') return 'an unnamed program';
  const { browser, os } = bowser.parse(userAgent);
  if (browser.name) return os.name ? `${browser.name} on ${os.name}` : browser.name;
  // Programs begin with their own name: `curl/8.5.0`.
  return /^[\w.-]+/.exec(userAgent)?.[0] ?? 'an unknown program';
}
