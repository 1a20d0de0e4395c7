// For every page: four small behaviours in one file, since every file is a request.

// A form is sent once. A second click before the answer arrives would replace that answer by
// another one: the page that shows a new key by a page that cannot.
addEventListener('submit', (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || event.defaultPrevented) return;
  if ('sending' in form.dataset) event.preventDefault();
  else if (event.submitter) sayBusy(form, event.submitter);
  form.dataset.sending = '';
});

/**
 * A button says what is being done if that takes noticeably long.
 *
 * @param {HTMLFormElement} form
 * @param {HTMLElement} button
 */
function sayBusy(form, button) {
  const { busy } = button.dataset;
  if (busy === undefined) return;
  button.dataset.idle = button.textContent ?? '';
  setTimeout(() => {
    if ('sending' in form.dataset) button.textContent = busy;
  }, 300);
}

// A page restored from the browser's cache, or whose request was stopped, can send its forms again.
function recover() {
  for (const form of document.forms) delete form.dataset.sending;
  for (const button of document.querySelectorAll('button[data-idle]')) {
    if (button instanceof HTMLElement) button.textContent = button.dataset.idle ?? '';
  }
}
addEventListener('pageshow', recover);
globalThis.navigation?.addEventListener('navigateerror', recover);

// Where the row of tabs scrolls, the current one is in sight.
const tabs = document.querySelector('[data-tabs]');
const current = tabs?.querySelector('[aria-current]');
if (tabs && current instanceof HTMLElement) tabs.scrollLeft = current.offsetLeft - 32;

// When the settings have locked, the page says so and links to re-authentication. Compared with the
// clock every second, since timers do not run while a computer sleeps.
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
