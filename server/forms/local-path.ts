/** In UTF-16 code units. Enough for a form with its longest label, encoded twice. */
const MAX_LENGTH = 4_096;

/**
 * A path of ours, with its query, or undefined for anything else: other hosts however they are
 * spelled (`//evil`, `/\evil`, `https:evil`), relative paths, control characters. The answer is
 * as the URL standard reads it, which is how browsers will read the Location header.
 */
export function localPath(text: unknown): string | undefined {
  if (typeof text !== 'string' || text.length > MAX_LENGTH) return undefined;
  if (!text.startsWith('/')) return undefined;
  const here = 'http://here.invalid';
  const url = URL.parse(text, here);
  if (!url || url.origin !== here || url.pathname.startsWith('//')) return undefined;
  return url.pathname + url.search;
}
