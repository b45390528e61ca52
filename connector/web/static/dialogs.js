// A button opens the dialog that it names; one in which something is to be mended opens by itself, once.
// Browsers show no dialogs of their own for pages in frames.
(() => {
  document.addEventListener("click", (event) => {
    const asked = event.target.closest("[data-dialog]");
    if (asked) document.getElementById(asked.dataset.dialog).showModal();
  });
  document.addEventListener("htmx:after:swap", () => {
    for (const one of document.querySelectorAll("dialog[data-asks]")) {
      delete one.dataset.asks;
      one.showModal();
    }
  });
})();
