import { HttpError } from '../http/errors.ts';

/**
 * How many may wait at once for the password thread. At about 150 ms each (up to three times that with
 * letters beyond ASCII), a longer queue would time out anyway. Unknown callers leave places to known
 * devices and addresses, whose passwords are also hashed first.
 */
const PLACES = 80;
const PLACES_UNLESS_KNOWN = 64;
const PLACES_WITHOUT_ADDRESS = 16;

/** `none`: unknown, and without an address. */
export type WaiterKind = 'known' | 'new' | 'none';

const LIMITS: { kinds: WaiterKind[]; places: number }[] = [
  { kinds: ['none'], places: PLACES_WITHOUT_ADDRESS },
  { kinds: ['none', 'new'], places: PLACES_UNLESS_KNOWN },
  { kinds: ['none', 'new', 'known'], places: PLACES },
];

export interface Waiter {
  caller: WaiterKind;
  /** Waiters with the same one run one after the other; others side by side. */
  inTurnWith?: string;
}

export type PasswordQueue = ReturnType<typeof createPasswordQueue>;

export function createPasswordQueue() {
  const taken = { none: 0, new: 0, known: 0 };
  /** The last waiter of each turn. */
  const last = new Map<string, Promise<void>>();

  return { withPlace };

  /**
   * Reserves a place, runs a task once those before it in its turn are over, and gives the place back
   * when the task ends.
   *
   * @throws {HttpError} 503 where there is no place left
   */
  async function withPlace<Result>(
    { caller, inTurnWith }: Waiter,
    task: () => Promise<Result>,
  ): Promise<Result> {
    if (isFull(caller)) throw tooManyLogIns();
    taken[caller]++;
    try {
      return await (inTurnWith === undefined ? task() : inTurn(inTurnWith, task));
    } finally {
      taken[caller]--;
    }
  }

  function isFull(caller: WaiterKind): boolean {
    return LIMITS.some(({ kinds, places }) => {
      const waiting = kinds.reduce((sum, kind) => sum + taken[kind], 0);
      return kinds.includes(caller) && waiting >= places;
    });
  }

  async function inTurn<Result>(name: string, task: () => Promise<Result>): Promise<Result> {
    const running = (last.get(name) ?? Promise.resolve()).then(task);
    const over = running.then(
      () => {},
      () => {},
    );
    last.set(name, over);
    try {
      return await running;
    } finally {
      if (last.get(name) === over) last.delete(name);
    }
  }
}

function tooManyLogIns(): HttpError {
  return new HttpError(503, 'Too many people are logging in. Please try again in a moment.', {
    'Retry-After': '5',
  });
}
