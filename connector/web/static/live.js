// Tells a page what the server says at once, as events of the document: live:score, live:progress, live:event and
// live:notice, with ids and numbers in `detail`; and live:missed whenever hearing begins, because something may have been
// said before. The token of the page stands in data-token. Where there is no connection nothing is told, and all works.
"use strict";
(() => {
  const token = document.currentScript.dataset.token;
  if (!token || !window.io) return;
  const tell = (kind, what) => document.dispatchEvent(new CustomEvent("live:" + kind, { detail: what }));
  const socket = window.io({
    path: "/lti/live",
    transports: ["websocket"],
    auth: { token },
    reconnectionDelayMax: 30000,
    randomizationFactor: 0.9,
  });
  let first = true; // later on a service may have begun anew, and all pages ask: not in the same second
  const missed = () => {
    setTimeout(() => tell("missed", {}), first ? 0 : Math.random() * 5000);
    first = false;
  };
  socket.on("connect", missed);
  socket.on("missed", missed);
  socket.on("connect_error", (error) => {
    if (!socket.active && error.message === "later") setTimeout(() => socket.connect(), 30000);
  });
  for (const kind of ["score", "progress", "notice"]) socket.on(kind, (what) => tell(kind, what));

  // A whole class may answer at once: of what happens with one content a page hears once a second, and always the last.
  const held = new Map();
  socket.on("event", (what) => {
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
})();
