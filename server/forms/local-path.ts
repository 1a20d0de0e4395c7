/** In UTF-16 code units. Enough for a form with its longest label, encoded twice. */
const MAX_LENGTH = 4_096;

/**
 * A path of this site, with its query, or undefined for anything else: other hosts in any
 * spelling (`//evil`, `/\evil`, `https:evil`), relative paths, control characters. The result is
 * normalised by the URL standard, as browsers read the Location header.
 */
export function localPath(text: unknown): string | undefined {
  if (typeof text !== 'string' || text.length > MAX_LENGTH) return undefined;
  if (!text.startsWith('/')) return undefined;
  const here = 'http://here.invalid';
  const url = URL.parse(text, here);
  if (!url || url.origin !== here || url.pathname.startsWith('//')) return undefined;
  return url.pathname + url.search;
}
