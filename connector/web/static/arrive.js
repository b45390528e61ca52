// Another part of the page has come: what there is to look at comes into view, and whoever hears the page is led there.
// Times are told as they are where the reader is: as the service has been told, else as the browser is set up.
(() => {
  const main = document.getElementById("main");
  const clockIn = (timeZone) => new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short", timeZone });
  let clock = clockIn();
  try { clock = clockIn(document.body.dataset.zone || undefined); } catch { /* the browser knows no such zone */ }
  const tellTimes = () => {
    for (const one of main.querySelectorAll("time[datetime]")) one.textContent = clock.format(new Date(one.dateTime));
  };
  const part = () => document.getElementById("work") ?? main.firstElementChild;
  let shown = part();
  tellTimes();
  document.addEventListener("htmx:after:swap", (event) => {
    tellTimes();
    const before = shown;
    shown = part();
    if (event.detail.ctx.live || shown === before) return; // nobody has asked for it, or it is a part within a part
    const here = main.querySelector("#theirs") ?? main.querySelector("[aria-invalid='true']") ?? main.querySelector("[data-here]");
    (here ?? document.querySelector("#work h1") ?? main).focus({ preventScroll: true });
    if (here) here.scrollIntoView({ block: "center" });
    else window.scrollTo(0, 0);
  });
})();
