import { endOfTurn } from './turn.ts';

interface Waiting<Key, Value> {
  key: Key;
  resolve(value: Value | undefined): void;
  reject(error: unknown): void;
}

/** The keys of one call. */
const LIMIT = 1_000;

/**
 * Combines questions about one key each into calls of `load`, as DataLoader does: questions that come
 * during a call wait for its end, and are then loaded together. So none is ever answered with what was
 * read before it came.
 *
 * @param load answers in the order of the keys. When it fails, all questions that wait fail too: each
 *   has waited long enough.
 */
export function batched<Key, Value>(load: (keys: Key[]) => Promise<(Value | undefined)[]>) {
  let waiting: Waiting<Key, Value>[] = [];
  let isUnderWay = false;

  return (key: Key): Promise<Value | undefined> =>
    new Promise((resolve, reject) => {
      waiting.push({ key, resolve, reject });
      if (isUnderWay) return;
      isUnderWay = true;
      void endOfTurn().then(loadAll);
    });

  async function loadAll(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting.splice(0, LIMIT);
      try {
        const values = await load(batch.map(({ key }) => key));
        for (const [place, { resolve }] of batch.entries()) resolve(values[place]);
      } catch (error) {
        for (const { reject } of [...batch, ...waiting]) reject(error);
        waiting = [];
      }
    }
    isUnderWay = false;
  }
}
