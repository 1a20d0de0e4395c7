// Beside a new key: says when the first call with it was received. It asks every few seconds while the
// page can be seen, for ten minutes at most.

const ASK_EVERY_MS = 3_000;
const STOP_AFTER_MS = 10 * 60_000;

const place = document.querySelector('[data-first-call]');
if (place instanceof HTMLElement) {
  const stopAt = Date.now() + STOP_AFTER_MS;
  place.hidden = false;
  const asking = setInterval(async () => {
    if (Date.now() > stopAt) return stop('No call was received for 10 minutes.');
    if (document.hidden) return;
    try {
      const answer = await fetch(place.dataset.firstCall ?? '', { redirect: 'error' });
      if (answer.status === 200) stop(await answer.text());
      else if (answer.status !== 204) stop('');
    } catch {
      // The settings have locked, or the network failed. The link to the key's page stays.
      stop('');
    }
  }, ASK_EVERY_MS);

  /** @param {string} text */
  const stop = (text) => {
    clearInterval(asking);
    place.textContent = text;
  };
}
