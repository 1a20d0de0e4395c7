const TAG = /<[a-z][^\s>]*(?:"[^"]*"|'[^']*'|[^"'>])*>/g;
const ATTRIBUTE = /\s([a-z][\w-]*)(?:="([^"]*)")?/g;
const REFERENCE = /^(aria-\w+by|aria-controls|for|form)$/;

/** What no page may have: an id or an attribute of a tag twice, and a reference to an id that is not there. */
export function htmlProblems(html: string): string[] {
  const problems: string[] = [];
  const ids = new Set<string>();
  const named = new Set<string>();
  for (const [tag] of html.replace(/<(script|style)\b.*?<\/\1>/gs, '').matchAll(TAG)) {
    const attributes = new Map<string, string>();
    for (const [, name = '', value = ''] of tag.matchAll(ATTRIBUTE)) {
      if (attributes.has(name)) problems.push(`${name} twice in ${tag}`);
      attributes.set(name, value);
      if (REFERENCE.test(name)) for (const id of value.split(' ')) named.add(id);
      if (name === 'href' && value.startsWith('#')) named.add(value.slice(1));
    }
    const id = attributes.get('id');
    if (id === undefined) continue;
    if (ids.has(id)) problems.push(`two elements with the id ${id}`);
    ids.add(id);
  }
  for (const id of named) if (!ids.has(id)) problems.push(`no element with the id ${id}`);
  return problems;
}
