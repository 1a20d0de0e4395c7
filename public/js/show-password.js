// A button that shows what was typed in the password fields it controls, and hides it again. When the
// form is sent or the page is left they become password fields again, because browsers save and
// suggest the content of text fields.

for (const button of document.querySelectorAll('button[data-show-password]')) {
  if (!(button instanceof HTMLButtonElement)) continue;
  const ids = button.getAttribute('aria-controls')?.split(' ') ?? [];
  const fields = ids
    .map((id) => document.getElementById(id))
    .filter((field) => field instanceof HTMLInputElement);

  const what = fields.length > 1 ? ' all passwords' : '';
  let isShown = false;

  /** @param {boolean} shown */
  const show = (shown) => {
    isShown = shown;
    for (const field of fields) field.type = shown ? 'text' : 'password';
    button.textContent = `${shown ? 'Hide' : 'Show'}${what}`;
  };
  show(false);
  button.hidden = false;
  button.addEventListener('click', () => show(!isShown));
  button.form?.addEventListener('submit', () => show(false));
  addEventListener('pagehide', () => show(false));
}
