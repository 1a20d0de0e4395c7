// A secret that was just created (a key, scratch codes, the secret of an authenticator app): copies it, and
// removes it when the page is left, so that neither Back nor the browser's cached page can show it again.

const message = document.querySelector('[data-new-key]');
const secret = message?.querySelector('[data-secret]');
const copy = message?.querySelector('[data-copy]');
const answer = message?.querySelector('[data-copy-answer]');

if (message && secret) {
  const wipe = () => message.remove();
  addEventListener('pagehide', wipe);
  addEventListener('pageshow', (event) => event.persisted && wipe());
}

if (secret && answer && copy instanceof HTMLButtonElement) {
  copy.hidden = false;
  copy.addEventListener('click', async () => {
    answer.textContent = '';
    const done = (await toClipboard(secret.textContent ?? '')) || copySelected(secret);
    const keys = /Mac|iP(hone|ad)/.test(navigator.userAgent) ? '⌘C' : 'Ctrl+C';
    answer.textContent = done ? 'Copied' : `The text is selected: press ${keys} to copy it.`;
  });
}

/** @param {string} text */
async function toClipboard(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false; // There is no clipboard on plain http, or the person has not allowed it.
  }
}

/** @param {Element} element */
function copySelected(element) {
  getSelection()?.selectAllChildren(element);
  return document.execCommand('copy');
}
