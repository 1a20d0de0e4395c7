// What any page may need: two small things in one file, since every file is a request.

// A form is sent once. A second click, while the first one's answer is on its way, would replace
// that answer by another: the page that shows a new key by one that can't.
addEventListener('submit', (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || event.defaultPrevented) return;
  if ('sending' in form.dataset) event.preventDefault();
  form.dataset.sending = '';
});

// A page that comes back from the browser's cache, or whose form was stopped, is as good as new.
function recover() {
  for (const form of document.forms) delete form.dataset.sending;
}
addEventListener('pageshow', recover);
globalThis.navigation?.addEventListener('navigateerror', recover);

// A page whose lock has closed says so, and where it is opened again. Asked each second, since a
// computer that was asleep has not counted.
const lock = document.querySelector('[data-locks-in]');
if (lock instanceof HTMLElement) {
  const locksAt = Date.now() + Number(lock.dataset.locksIn) * 1000;
  const watch = setInterval(() => {
    if (Date.now() < locksAt) return;
    clearInterval(watch);
    lock.querySelector('[data-unlocked]')?.setAttribute('hidden', '');
    lock.querySelector('[data-locked]')?.removeAttribute('hidden');
  }, 1000);
}
