// Asks the question of the removal page in a dialog, without leaving the table. If anything fails,
// the link is followed instead, and the page asks.

/** Whether a question is being loaded. Once the dialog is open, nothing outside it can be clicked. */
let isLoading = false;

for (const link of document.querySelectorAll('a[data-remove]')) {
  link.addEventListener('click', (event) => {
    if (!(event instanceof MouseEvent && link instanceof HTMLAnchorElement)) return;
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    if (isLoading) return;
    isLoading = true;
    ask(link.href).catch(() => location.assign(link.href));
  });
}

/** @param {string} url */
async function ask(url) {
  const response = await fetch(url, { redirect: 'error' });
  const page = new DOMParser().parseFromString(await response.text(), 'text/html');
  const question = page.querySelector('[data-question]');
  if (!response.ok || !question) throw new Error('The question did not load.');

  const dialog = document.createElement('dialog');
  dialog.setAttribute('aria-labelledby', 'question');
  dialog.setAttribute('aria-describedby', 'question-facts');
  dialog.append(document.adoptNode(question));
  dialog.querySelector('[data-cancel]')?.addEventListener('submit', (event) => {
    event.preventDefault();
    dialog.close();
  });
  dialog.addEventListener('close', () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  // The focus is on Cancel, at the end; reading begins with the question.
  dialog.scrollTop = 0;
  isLoading = false;
}

// The person came Back from the page of a link whose question failed to load.
addEventListener('pageshow', (event) => {
  if (event.persisted) isLoading = false;
});
