let turn: Promise<void> | undefined;

/** Resolves when the requests of this turn of the event loop have been read: one promise for all. */
export function endOfTurn(): Promise<void> {
  turn ??= new Promise((resolve) => {
    setImmediate(() => {
      turn = undefined;
      resolve();
    });
  });
  return turn;
}
