/**
 * A path of ours, with its query, or undefined for anything else: other hosts however they are
 * spelled (`//evil`, `/\evil`, `https:evil`), relative paths, control characters. The answer is
 * as the URL standard reads it, which is how browsers will read the Location header.
 */
export function localPath(text: unknown): string | undefined {
  if (typeof text !== 'string' || !text.startsWith('/')) return undefined;
  const here = 'http://here.invalid';
  const url = URL.parse(text, here);
  if (!url || url.origin !== here || url.pathname.startsWith('//')) return undefined;
  return url.pathname + url.search;
}
