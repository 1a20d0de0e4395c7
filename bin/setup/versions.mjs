/**
 * Compares versions by their numbers: `20.11` is at least `20.9.1`.
 * @param {string} version
 * @param {string} needed
 */
export function isAtLeast(version, needed) {
  const have = version.split('.').map(Number);
  const want = needed.split('.').map(Number);
  const at = [0, 1, 2].find((part) => (have[part] || 0) !== (want[part] || 0));
  return at === undefined || (have[at] || 0) > (want[at] || 0);
}
