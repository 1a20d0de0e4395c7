// A key that was just made: copies it, and wipes it as the page is left, so that neither Back nor
// the browser's frozen copy of the page can show it again.

const message = document.querySelector('[data-new-key]');
const secret = message?.querySelector('[data-secret]');
const copy = message?.querySelector('[data-copy]');

if (message && secret) {
  const wipe = () => message.remove();
  addEventListener('pagehide', wipe);
  addEventListener('pageshow', (event) => event.persisted && wipe());
}

if (secret && copy instanceof HTMLButtonElement && navigator.clipboard) {
  copy.hidden = false;
  copy.addEventListener('click', async () => {
    await navigator.clipboard.writeText(secret.textContent ?? '');
    copy.textContent = 'Copied';
  });
}
