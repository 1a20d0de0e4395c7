import { cutSecrets } from '../api-keys/secret.ts';

/** In UTF-16 code units. Enough for a form with its longest label and note, as the `next` of a URL. */
const MAX_LENGTH = 6_144;

/**
 * A path of this site, with its query, or undefined for anything else: other hosts in any
 * spelling (`//evil`, `/\evil`, `https:evil`), relative paths, control characters. The result is
 * normalised by the URL standard, as browsers read the Location header; of a key in its query, only the
 * prefix remains, since URLs end up in logs and histories.
 */
export function localPath(text: unknown): string | undefined {
  if (typeof text !== 'string' || text.length > MAX_LENGTH) return undefined;
  if (!text.startsWith('/')) return undefined;
  const here = 'http://here.invalid';
  const url = URL.parse(text, here);
  if (!url || url.origin !== here || url.pathname.startsWith('//')) return undefined;
  for (const [name, value] of url.searchParams) {
    const cut = cutSecrets(value);
    if (cut !== value) url.searchParams.set(name, cut);
  }
  return url.pathname + url.search;
}
