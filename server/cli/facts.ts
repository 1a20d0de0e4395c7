type Fact = string | number | boolean | Date | string[] | null;

/** Facts in lines, for people: `{ disabledAt: null }` is `disabled at`, a tab and `-`. */
export function inLines(facts: Record<string, Fact>): string {
  return Object.entries(facts)
    .map(([name, value]) => `${nameInWords(name)}\t${valueInWords(value)}`)
    .join('\n');
}

/** `disabledAt` is "disabled at". */
function nameInWords(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

function valueInWords(value: Fact): string {
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.join(' ') || '(none)';
  return value === '' ? '-' : String(value ?? '-');
}
