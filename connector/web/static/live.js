// How a page keeps up. It is told by the server at once, and asks now and then where it cannot be: one way for both.
//
// What is said are events of the document: live:score, live:progress, live:event, live:notice and live:learning, with ids and
// numbers in `detail`; and live:missed whenever something may have been said that was not heard: then all that keeps up asks once.
//
// A part of the page keeps up by itself: an element with an id, `data-live` (the kinds at which it asks) and
// `data-live-from` (where it is had, as it is or in a larger part). `data-live-of` is the content that it is of,
// `data-live-about` what alone a notice has to be about for it,
// `data-live-soon` stands where something is on its way, and `data-live-says` is told to whoever cannot see what changed.
// What has not changed stays, with focus, place and what was typed. `data-live-within` stands where it takes its time and many
// have it open: when something was missed each page asks in a moment of its own within so many seconds.
//
// The token of the page stands in data-token.
"use strict";
(() => {
  const { token } = document.currentScript.dataset;
  if (!token) return;
  const SOON = 5000, LATER = 30000; // milliseconds between two looks without a connection
  const QUIET = { costly: 5000, other: 1000 }; // between two requests for the same: a whole class may answer at once
  const MOMENT = Math.random(); // of this page, where many have to ask
  const FRESH = 5000; // so long after a word a part that comes new into the page may have been made before it
  let over = false, asked = Date.now(), heard = 0;
  const dispatch = (kind, what) => document.dispatchEvent(new CustomEvent(`live:${kind}`, { detail: what }));
  const missed = (what = {}) => {
    asked = Date.now();
    dispatch("missed", what);
  };
  const tell = (kind, what) => {
    heard = Date.now();
    dispatch(kind, what);
  };

  // ------------------------------------------------------------ told at once
  const socket = window.io && window.io({
    path: "/lti/live",
    transports: ["websocket"],
    auth: { token },
    reconnectionDelayMax: 30000,
    randomizationFactor: 0.9,
  });
  let first = true; // later on a service may have begun anew, and all pages ask: not in the same second
  const begun = () => {
    const what = { first };
    setTimeout(() => missed(what), first ? 0 : Math.random() * 5000);
    first = false;
  };
  if (socket) {
    socket.on("connect", begun);
    socket.on("missed", begun);
    socket.on("connect_error", (error) => {
      if (error.message === "over") over = true;
      if (!socket.active && error.message === "later") setTimeout(() => socket.connect(), 30000);
    });
    for (const kind of ["score", "progress", "notice", "learning"]) socket.on(kind, (what) => tell(kind, what));
  }

  // A whole class may answer at once: of what happens with one content a page hears once a second, and always the last.
  const held = new Map();
  if (socket) socket.on("event", (what) => {
    if (held.has(what.content)) {
      held.set(what.content, what);
      return;
    }
    tell("event", what);
    held.set(what.content, null);
    setTimeout(function again() {
      const last = held.get(what.content);
      if (last) {
        tell("event", last);
        held.set(what.content, null);
        setTimeout(again, 1000);
      } else held.delete(what.content);
    }, 1000);
  });

  // ------------------------------------------------------------ or asked for, where nothing can be told
  setInterval(() => {
    if (over || document.hidden || (socket && socket.connected)) return;
    if (Date.now() - asked >= (document.querySelector("[data-live-soon]") ? SOON : LATER)) missed();
  }, 1000);

  // ------------------------------------------------------------ parts that keep up
  const said = document.createElement("p");
  said.className = "unseen";
  said.setAttribute("role", "status");
  document.addEventListener("DOMContentLoaded", () => document.body.append(said));
  function say(text) {
    said.textContent = "";
    setTimeout(() => { said.textContent = text; }, 100);
  }

  const parts = () => [...document.querySelectorAll("[data-live]")];
  const above = (part) => part.parentElement.closest("[data-live]");
  // A course, and all that somebody learns, takes its time: what the page has just been made of is not asked for again.
  const costly = (part) => Boolean(part.dataset.liveWithin) || part.dataset.live.includes("event");
  const hears = (part, kind, what) => (kind === "missed" ? !(what.first && costly(part))
    : kind === "zone" || part.dataset.live.split(" ").includes(kind)) && !(part.dataset.liveOf && what.content && what.content !== part.dataset.liveOf)
    && !(part.dataset.liveAbout && what.about && what.about !== part.dataset.liveAbout);
  // Of a page that has just come, what is had from below another address comes along from there.
  const comesWith = (part, other) => part.dataset.liveFrom.startsWith(`${other.dataset.liveFrom}/`);
  const planned = new Map(), had = new Map(), hidden = new Set(); // by address

  function plan(address, quiet, spread = 0) {
    const now = Date.now(), at = Math.max(now + 100, (had.get(address) ?? 0) + quiet, now + spread);
    const before = planned.get(address);
    if (over || (before && before.at <= at)) return;
    clearTimeout(before?.timer);
    planned.set(address, { at, timer: setTimeout(() => ask(address), at - now) });
  }

  async function ask(address) {
    planned.delete(address);
    if (document.hidden) {
      hidden.add(address);
      return;
    }
    had.set(address, Date.now());
    let text;
    try {
      const answer = await fetch(address, { headers: { Authorization: `Bearer ${token}` } });
      if (answer.status === 401) over = true;
      const pause = window.patience.wait(answer);
      if (pause) plan(address, pause);
      if (!answer.ok) return;
      text = await answer.text();
    } catch {
      return; // no connection: there will be another time
    }
    const there = new DOMParser().parseFromString(text, "text/html");
    for (const part of parts()) { // also one with an address of its own, where the same came along with a larger part
      const fresh = there.getElementById(part.id), before = part.textContent, from = part.dataset.liveFrom;
      if (!fresh || !part.isConnected || above(part)?.dataset.liveFrom === address) continue;
      if (from !== address && from !== fresh.dataset.liveFrom) continue;
      for (const one of part.querySelectorAll("details[id]")) { // as the reader has left it
        if (there.getElementById(one.id)) there.getElementById(one.id).open = one.open;
      }
      await window.htmx.swap({ sourceElement: part, target: part, swap: "outerMorph", text: fresh.outerHTML, live: true });
      const changed = part.textContent.replace(/\s+/g, " ") !== before.replace(/\s+/g, " ");
      if (changed && part.dataset.liveSays) say(part.dataset.liveSays);
    }
  }

  for (const kind of ["missed", "score", "progress", "event", "notice", "learning", "zone"]) {
    document.addEventListener(`live:${kind}`, ({ detail }) => {
      let due = parts().filter((part) => hears(part, kind, detail));
      if (kind === "zone") due = due.filter((part) => !due.some((other) => comesWith(part, other)));
      for (const part of due) {
        const covered = due.some((other) => other !== part && other.contains(part));
        const within = kind === "missed" ? Number(part.dataset.liveWithin ?? 0) : detail.within ?? 0;
        if (!covered) plan(part.dataset.liveFrom, costly(part) ? QUIET.costly : QUIET.other, 1000 * within * MOMENT);
      }
    });
  }
  document.addEventListener("htmx:after:swap", ({ detail }) => {
    if (!detail.ctx.live && Date.now() - heard < FRESH) setTimeout(() => missed());
  });

  // ------------------------------------------------------------ whose days it are
  // Where nobody says in which time zone the reader is, the browser does; what was made of other days comes anew. The next
  // page begins with it.
  document.addEventListener("DOMContentLoaded", async () => {
    const { zone, shownIn } = document.body.dataset, mine = Intl.DateTimeFormat().resolvedOptions().timeZone;
    if (zone !== "" || !mine || mine === shownIn) return;
    try {
      const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
      const answer = await fetch("/lti/zone", { method: "POST", headers, body: JSON.stringify({ zone: mine }) });
      if (answer.ok && (await answer.json()).other_days) dispatch("zone", {});
    } catch { /* no connection: the next launch says it */ }
  });

  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    for (const address of hidden) plan(address, QUIET.other);
    hidden.clear();
  });
})();
