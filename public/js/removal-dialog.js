// Asks the question of the removal page in a dialog, without leaving the table. Whatever goes
// wrong on the way, the link is followed instead, and the page asks it.

/** Whether a question is on its way. Once it is asked, nothing beside it can be clicked. */
let isOnItsWay = false;

for (const link of document.querySelectorAll('a[data-remove]')) {
  link.addEventListener('click', (event) => {
    if (!(event instanceof MouseEvent && link instanceof HTMLAnchorElement)) return;
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    if (isOnItsWay) return;
    isOnItsWay = true;
    ask(link.href).catch(() => location.assign(link.href));
  });
}

/** @param {string} url */
async function ask(url) {
  const response = await fetch(url, { redirect: 'error' });
  const page = new DOMParser().parseFromString(await response.text(), 'text/html');
  const question = page.querySelector('[data-question]');
  if (!response.ok || !question) throw new Error('The question did not come.');

  const dialog = document.createElement('dialog');
  dialog.setAttribute('aria-labelledby', 'question');
  dialog.append(document.adoptNode(question));
  dialog.querySelector('[data-cancel]')?.addEventListener('submit', (event) => {
    event.preventDefault();
    dialog.close();
  });
  dialog.addEventListener('close', () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  isOnItsWay = false;
}

// Back from the page that a link led to, where the question did not come.
addEventListener('pageshow', (event) => {
  if (event.persisted) isOnItsWay = false;
});
