// Offers the zone of the browser, where it is not the chosen one. Nothing changes until it is saved.

const offer = document.querySelector('[data-zone-offer]');
const select = document.querySelector('select[name="time_zone"]');
const here = Intl.DateTimeFormat().resolvedOptions().timeZone;

if (offer instanceof HTMLElement && select instanceof HTMLSelectElement) {
  const option = findOption(select);
  const name = offer.querySelector('[data-zone]');
  if (option && name && !option.selected) {
    name.textContent = option.value;
    offer.hidden = false;
    offer.querySelector('button')?.addEventListener('click', () => {
      option.selected = true;
      offer.hidden = true;
      select.focus();
    });
  }
}

/**
 * Browsers may know the zone under an older name than the page.
 *
 * @param {HTMLSelectElement} select
 */
function findOption(select) {
  const options = [...select.options];
  const isHere = (/** @type {HTMLOptionElement} */ { value }) => {
    try {
      return new Intl.DateTimeFormat('en', { timeZone: value }).resolvedOptions().timeZone === here;
    } catch {
      return false; // The browser does not know this one.
    }
  };
  return options.find(({ value }) => value === here) ?? options.find(isHere);
}
