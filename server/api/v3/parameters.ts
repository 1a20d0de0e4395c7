import { ApiError } from './errors.ts';

/** The parameters of a request, by name in lower case: names are case-insensitive. */
export type Parameters = ReadonlyMap<string, Scalar>;

/** Strings from a form or a URL; in a batch, which is JSON, also numbers, booleans and null. */
type Scalar = string | number | boolean | null;

/** @throws {ApiError} 1 where one name has two values, 7 where a value is not a plain one. */
export function toParameters(entries: Iterable<[string, unknown]>): Parameters {
  const parameters = new Map<string, Scalar>();
  for (const [anyCase, value] of entries) {
    const name = anyCase.toLowerCase();
    if (!isScalar(value)) throw new ApiError(7, 'one is a list or an object.');
    if (parameters.has(name) && parameters.get(name) !== value) {
      throw new ApiError(1, 'a property was sent twice, with different values.');
    }
    parameters.set(name, value);
  }
  return parameters;
}

function isScalar(value: unknown): value is Scalar {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value);
}

/** The properties that an action takes, by name as the documentation spells it. */
export type Takes = Record<
  string,
  {
    description: string;
    type: 'string' | 'numeric' | 'boolean';
    required?: boolean;
    /** The value when it is not sent. */
    default?: number | string;
  }
>;

type Value = string | number | boolean;

/** The properties that an action takes, checked for presence and type. */
export class Given {
  readonly #values = new Map<string, Value>();

  /** @throws {ApiError} 6 for one that is missing, 7 for one of the wrong type. */
  constructor(takes: Takes, parameters: Parameters) {
    for (const [name, { type, required, default: preset }] of Object.entries(takes)) {
      const sent = parameters.get(name.toLowerCase()) ?? '';
      const value = sent === '' ? preset : readers[type](sent, name);
      if (value !== undefined) this.#values.set(name, value);
      else if (required) throw new ApiError(6, name);
    }
  }

  /** Empty when it was not sent. */
  text(name: string): string {
    return String(this.#values.get(name) ?? '');
  }

  number(name: string): number | undefined {
    const value = this.#values.get(name);
    return value === undefined ? undefined : Number(value);
  }

  /** Undefined when it was not sent. */
  flag(name: string): boolean | undefined {
    const value = this.#values.get(name);
    return value === undefined ? undefined : Boolean(value);
  }
}

/** A value that was sent, by the type of the property. */
const readers = { string: String, numeric: toInteger, boolean: toFlag } as const;

/** The spellings of ColdFusion, in which the original was written. */
function toFlag(sent: Scalar, name: string): boolean {
  const text = String(sent).slice(0, 6).toLowerCase();
  if (['true', 'yes', '1'].includes(text)) return true;
  if (['false', 'no', '0'].includes(text)) return false;
  throw new ApiError(7, `${name} is true or false.`);
}

function toInteger(sent: Scalar, name: string): number {
  if (/^-?\d{1,15}$/.test(String(sent))) return Number(sent);
  throw new ApiError(7, `${name} is a whole number.`);
}
