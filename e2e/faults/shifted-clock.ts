// Preloaded (`node --import`) into an app to shift its clock by CLOCK_SHIFT_MS.
const shift = Number(process.env.CLOCK_SHIFT_MS);
const now = Date.now;
const shifted = () => now() + shift;

Date.now = shifted;
globalThis.Date = new Proxy(Date, {
  construct: (target, args, newTarget) =>
    Reflect.construct(target, args.length === 0 ? [shifted()] : args, newTarget),
  apply: () => new Date(shifted()).toString(),
});
