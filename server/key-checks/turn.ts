let turn: Promise<void> | undefined;

/** Resolves when this turn of the event loop has brought whatever it brings: one promise for all. */
export function endOfTurn(): Promise<void> {
  turn ??= new Promise((resolve) => {
    setImmediate(() => {
      turn = undefined;
      resolve();
    });
  });
  return turn;
}
