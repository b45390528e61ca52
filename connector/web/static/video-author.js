// Uploads of videos, in parts: what was broken off goes on, after minutes by itself, later when the same file is chosen.
"use strict";
(() => {
  const WAITS = [1, 2, 5, 10, 20, 30, 30, 30, 60, 60, 60, 60]; // seconds between tries of a part

  async function upload(form) {
    const file = form.querySelector("[type=file]").files[0], texts = JSON.parse(form.dataset.texts);
    if (!file || form.dataset.busy) return;
    const token = form.closest("[data-token]").dataset.token;
    const shown = form.querySelector("[data-progress]"), bar = shown.querySelector("progress");
    const say = (text) => { shown.querySelector("[data-said]").textContent = text; };
    const call = (path, more) => patience.fetch(path, { ...more, headers: { Authorization: `Bearer ${token}`, ...(more.headers || {}) } });
    const pause = (seconds) => new Promise((resolve) => { setTimeout(resolve, 1000 * seconds); });
    shown.hidden = false;
    if (!file.size) { say(texts.empty); return; }
    form.dataset.busy = "yes";

    async function patiently(path, more) {
      for (const wait of [...WAITS, null]) {
        try {
          const answer = await call(path, more);
          if (answer.status < 500) return answer;
        } catch { /* no connection: once more */ }
        if (wait === null) break;
        say(texts.offline);
        await pause(wait);
      }
      throw new Error("gave up");
    }

    try {
      const about = { method: "POST", body: JSON.stringify({ name: file.name, size: file.size }), headers: { "Content-Type": "application/json" } };
      const begun = await patiently(`${form.dataset.upload}/upload`, about);
      if (begun.status === 413) { say(texts.large); return; }
      if (!begun.ok) throw new Error(begun.status);
      const { media, part, parts, there } = await begun.json();
      const known = new Set(there);
      for (let number = 1; number <= parts; number += 1) {
        if (!known.has(number)) {
          const piece = file.slice((number - 1) * part, number * part);
          const sent = await patiently(`/lti/video/uploads/${media}/${number}`, { method: "PUT", body: piece, headers: { "Content-Type": "application/octet-stream" } });
          if (!sent.ok) throw new Error(sent.status);
        }
        bar.value = Math.floor((100 * number) / parts);
        say(texts.sent.replace("{share}", `${bar.value} %`));
      }
      const done = await patiently(`${form.dataset.upload}/uploads/${media}`, { method: "POST" });
      if (!done.ok) throw new Error(done.status);
      say(texts.done);
      document.dispatchEvent(new CustomEvent("live:missed", { detail: {} }));
    } catch {
      say(texts.failed);
    } finally {
      delete form.dataset.busy;
    }
  }

  document.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-upload]")) return;
    event.preventDefault();
    upload(event.target);
  });
  document.addEventListener("click", (event) => {
    const chosen = event.target.closest(".tabs button");
    if (!chosen) return;
    chosen.parentElement.querySelectorAll("button").forEach((one) => one.removeAttribute("aria-current"));
    chosen.setAttribute("aria-current", "true");
  });
})();
