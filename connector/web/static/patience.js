// Who asks too often is told to wait (429, Retry-After): the page says so, waits, and asks again by itself.
"use strict";
(() => {
  const LONGEST = 60000; // milliseconds of a wait, and of a request that was given a time
  /** How many milliseconds an answer wants us to wait, 0 for none. */
  function wait(answer) {
    if (answer.status !== 429) return 0;
    const seconds = Number(answer.headers.get("Retry-After"));
    return Math.min(Math.max(1000 * (Number.isFinite(seconds) ? seconds : 0), 1000), LONGEST);
  }

  let waiting = 0;
  function say(step) {
    waiting += step;
    const there = document.getElementById("waits");
    if (!waiting && there) there.remove();
    if (!waiting || there) return;
    const line = document.createElement("p");
    line.id = "waits";
    line.className = "flash warn";
    line.setAttribute("role", "status");
    document.body.append(line);
    line.textContent = document.body.dataset.waits;
  }

  async function fetchPatiently(address, asked) {
    for (;;) {
      const answer = await fetch(address, asked);
      const pause = wait(answer);
      if (!pause) return answer;
      say(1);
      await new Promise((resolve) => { setTimeout(resolve, pause); });
      say(-1);
      if (asked?.signal) asked = { ...asked, signal: AbortSignal.timeout(LONGEST) }; // the time does not run while it waits
    }
  }

  window.patience = { wait, fetch: fetchPatiently };
  document.addEventListener("htmx:before:request", ({ detail: { ctx } }) => { ctx.fetch = fetchPatiently; });
})();
