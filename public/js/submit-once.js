// A second click, while the first one's answer is on its way, would replace the page that shows
// the new key by one that can't.

for (const form of document.querySelectorAll('form[data-submit-once]')) {
  let isUnderWay = false;
  form.addEventListener('submit', (event) => {
    if (isUnderWay) event.preventDefault();
    isUnderWay = true;
  });
  // A page that comes back from the browser's cache is as good as new.
  addEventListener('pageshow', () => {
    isUnderWay = false;
  });
}
