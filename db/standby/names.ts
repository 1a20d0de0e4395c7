/** A name as it stands in the setting; with other characters it is quoted. */
const NAME = /^(?:([a-z_][\w$]*)|"([\w$.-]+)")$/i;

/**
 * The names of the standbys in `synchronous_standby_names`, if a commit waits for each of them:
 * `FIRST n (…)` with n names. Undefined for less than that (`ANY`, `*`, a smaller n, none) and for what
 * can't be read.
 */
export function namesOfAll(setting: string): string[] | undefined {
  // Without FIRST, or without a number and brackets, it means FIRST, and FIRST 1.
  const [, count = '1', list = setting] =
    /^\s*(?:first\s+)?(\d+)\s*\(([^()]*)\)\s*$/i.exec(setting) ?? [];
  const names = list.split(',').map((name) => {
    const [, plain, quoted] = NAME.exec(name.trim()) ?? [];
    return plain ?? quoted ?? '';
  });
  return names.includes('') || names.length !== Number(count) ? undefined : names;
}
