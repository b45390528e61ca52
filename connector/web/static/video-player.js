// The player of a video lesson: it goes on where one was, tells what was watched, and puts questions. What could not be
// told for want of a connection is told later. Where its files come from is known to video-files.js.
"use strict";
(() => {
  const SAVE = 10000; // milliseconds between two reports
  const AHEAD = 1; // seconds by which one may jump ahead of what was watched
  const MOST = { played: 500, moments: 20 }; // of a report

  function place(seconds) {
    const whole = Math.floor(seconds), two = (n) => String(n).padStart(2, "0");
    const hours = Math.floor(whole / 3600), minutes = Math.floor(whole / 60) % 60;
    return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
  }

  function begin(root) {
    root.dataset.begun = "yes";
    const lesson = JSON.parse(root.dataset.lesson), texts = JSON.parse(root.dataset.texts);
    const above = root.closest("[data-token]"), token = above.dataset.token;
    const find = (selector) => root.querySelector(selector), all = (selector) => [...root.querySelectorAll(selector)];
    const video = find("video"), starter = find("[data-start]");
    const questions = all("[data-question]").sort((a, b) => a.dataset.at - b.dataset.at);
    const answered = new Set();
    const address = { base: "", since: 0 }; // of the files, and when it came
    let media = null, opened = false, over = false, frontier = 0, asking = null, answering = false;
    let played = [], moments = [], current = null, sending = false, told = -1;

    const line = find("[data-said]");
    const show = (text) => {
      line.style.minHeight = `${line.offsetHeight}px`; // a shorter one would pull up what is being pressed below it
      line.textContent = text;
    };
    const say = (text) => { if (!over) show(text); }; // why it is over stays to be read
    const connected = () => { if (line.textContent === texts.offline) say(""); };
    const call = (path, body, more) => (more?.keepalive ? fetch : patience.fetch)(`/lti/video/${path}`, {
      method: "POST", body: JSON.stringify(body), ...more,
      headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
    });

    const files = window.videoFiles(video, address, {
      hls: above.dataset.hls, renew, over: () => over,
      report: () => { told = -1; return send(); },
      offline: () => say(texts.offline), broken: () => say(texts.broken),
    });
    const at = files.at;

    // ------------------------------------------------------------ what the service says
    function take(standing) {
      address.base = standing.base;
      address.since = Date.now();
      media = standing.media;
      frontier = Math.max(frontier, standing.frontier);
      standing.answered.forEach((one) => answered.add(one));
      const share = Math.floor(100 * standing.share);
      find("[data-standing]").dataset.known = "yes";
      find("[data-share]").value = share;
      find("[data-share-text]").textContent = texts.share.replace("{share}", (share / 100).toLocaleString(root.dataset.language, { style: "percent" }));
      const put = questions.filter((one) => answered.has(one.dataset.question)).length;
      find("[data-put]").textContent = questions.length ? texts.put.replace("{done}", put).replace("{all}", questions.length) : "";
      if (typeof standing.percent === "number") {
        const percent = (standing.percent / 100).toLocaleString(root.dataset.language, { style: "percent", maximumFractionDigits: 2 });
        find("[data-percent]").textContent = texts.percent.replace("{score}", percent);
      }
      if (standing.completed && find("[data-done]").hidden) {
        find("[data-done]").hidden = false;
        say(texts.done);
      }
    }

    // Another screen of the same person may have got on; who tells something here is told in turn.
    async function keepUp() {
      if (!root.isConnected || over || sending || (opened && !video.paused)) return;
      try {
        const answer = await fetch("/lti/video/standing", { headers: { Authorization: `Bearer ${token}` } });
        if (answer.status !== 200 || over) return;
        const standing = await answer.json();
        if (media && standing.media !== media) return; // the next report is told so
        take(standing);
        const elsewhere = asking && answered.has(asking.dataset.question) && !answering && !asking.querySelector("fieldset").disabled;
        if (elsewhere) goOn(asking);
      } catch { /* no connection: there will be another time */ }
    }
    for (const kind of ["missed", "notice"]) document.addEventListener(`live:${kind}`, keepUp);

    // A new address of the files. Whether there is one; where the lesson has another video, the next report is told so.
    async function renew() {
      if (over) return false;
      try {
        const answer = await patience.fetch("/lti/video/standing", { headers: { Authorization: `Bearer ${token}` } });
        if (await ended(answer) || answer.status !== 200) return false;
        const standing = await answer.json();
        if (standing.media !== media) return false;
        take(standing);
        connected();
        return true;
      } catch {
        return false; // no connection
      }
    }

    // The launch is over (401), or the lesson was removed or has another video by now (409): what comes from here is taken
    // no more.
    async function ended(answer) {
      if (answer.status !== 401 && answer.status !== 409) return false;
      over = true;
      video.pause();
      show(answer.status === 409 ? texts[(await answer.json()).why] : texts.over);
      return true;
    }

    // ------------------------------------------------------------ what was watched
    function close() {
      if (current && current[1] - current[0] > 0.02) played.push(current);
      current = null;
    }

    // A piece begins where the video stands: when it is told to play, and where somebody has jumped to.
    function open() {
      close();
      current = [at(), at(), video.playbackRate];
    }

    // Between two looks, however late, the video was played: every jump is told, and ends the piece.
    function follow() {
      if (video.seeking || !files.stands()) return;
      if (current) current[1] = Math.max(current[1], video.currentTime);
      else if (!video.paused) open();
      if (current && current[0] <= frontier + AHEAD) frontier = Math.max(frontier, current[1]);
    }

    async function send(leaving) {
      if (!opened || over || (sending && !leaving)) return;
      if (current && !video.paused) { follow(); open(); } else close();
      if (!played.length && !moments.length && at() === told) return;
      const batch = played.splice(0, MOST.played), said = moments.splice(0, MOST.moments), position = at();
      sending = true;
      try {
        const answer = await call("watched", { media, played: batch, position, moments: said }, { keepalive: Boolean(leaving) });
        if (await ended(answer)) return;
        if (!answer.ok) throw new Error(answer.status);
        told = position;
        take(await answer.json());
        connected();
      } catch {
        played = [...batch, ...played];
        moments = [...said, ...moments].slice(-MOST.moments);
        if (!leaving) say(texts.offline);
      } finally {
        sending = false;
      }
    }

    function note(verb) {
      moments.push([verb, at()]);
      moments = moments.slice(-MOST.moments);
    }

    // ------------------------------------------------------------ questions
    // What is to be put later than the video ends is put at its end.
    function ask() {
      const due = (one) => video.ended || Number(one.dataset.at) <= video.currentTime;
      const one = questions.find((each) => !answered.has(each.dataset.question) && due(each));
      if (!one || asking) return;
      asking = one;
      video.pause();
      if (document.fullscreenElement) document.exitFullscreen();
      if (video.webkitDisplayingFullscreen) video.webkitExitFullscreen();
      one.hidden = false;
      say(texts.asked);
      one.querySelector("legend").focus();
    }

    function goOn(form) {
      form.hidden = true;
      asking = null;
      say("");
    }

    async function answer(form) {
      const feedback = form.querySelector("[data-feedback]"), data = new FormData(form);
      const chosen = data.getAll("chosen"), text = String(data.get("text") || "");
      if (!chosen.length && !text.trim()) { feedback.textContent = texts.answer; return; }
      answering = true; // that it was answered may be told before it is said how
      try {
        const got = await call(`answers/${encodeURIComponent(form.dataset.question)}`, { media, chosen, text });
        if (await ended(got)) return;
        if (!got.ok) throw new Error(got.status);
        const standing = await got.json(), right = standing.right;
        take(standing);
        const verdict = right >= 1 ? texts.right : right > 0 ? texts.partly : texts.wrong;
        feedback.textContent = [verdict, standing.explanation].filter(Boolean).join(" ");
        form.querySelector("[type=submit]").hidden = true;
        form.querySelector("fieldset").disabled = true;
        const on = form.querySelector("[data-on]");
        on.hidden = false;
        on.focus();
      } catch {
        feedback.textContent = texts.offline;
      } finally {
        answering = false;
      }
    }

    // ------------------------------------------------------------ the video
    async function start() {
      starter.disabled = true;
      say(texts.loading);
      try {
        const answer = await call("open", {});
        if (await ended(answer)) return;
        if (!answer.ok) throw new Error(answer.status);
        const standing = await answer.json();
        say("");
        take(standing);
        opened = true;
        await files.begin(standing.position);
        if (over) return;
        starter.hidden = true;
        video.controls = true;
        video.focus();
        if (standing.position > 1) say(texts.on.replace("{place}", place(standing.position)));
        await video.play().catch(() => {});
      } catch {
        say(texts.offline);
        starter.disabled = false;
        opened = false;
      }
    }

    // What was watched is told, and the files are kept within reach.
    async function tick() {
      await send();
      files.keep();
    }

    const timer = setInterval(() => {
      if (root.isConnected) { tick(); return; }
      clearInterval(timer);
      files.end();
      over = true;
    }, SAVE);

    starter.addEventListener("click", start);
    video.addEventListener("play", () => {
      if (asking || over) { video.pause(); return; } // what is over would be watched for nothing
      open();
      if (files.plays()) note("played");
    });
    video.addEventListener("pause", () => {
      follow();
      if (files.rests() && !asking) note("paused");
      send();
    });
    video.addEventListener("ended", () => { follow(); send(); ask(); });
    video.addEventListener("timeupdate", () => { if (!video.seeking) { follow(); ask(); light(); } });
    video.addEventListener("seeking", () => {
      const to = video.currentTime; // players themselves jump over holes between pictures, which is no jump of anybody's
      if (current && to >= current[1] && to - current[1] <= AHEAD) current[1] = to; else open();
      if (lesson.noSkip && video.currentTime > frontier + AHEAD) { video.currentTime = frontier; say(texts.skip); }
    });
    video.addEventListener("seeked", () => {
      if (!opened) return;
      if (files.jumped()) note("seeked");
      if (asking && video.currentTime < Number(asking.dataset.at) - AHEAD / 2) goOn(asking); // to look at it once more
      ask();
    });
    document.addEventListener("visibilitychange", () => { if (document.visibilityState === "hidden") send(true); });
    window.addEventListener("pagehide", () => send(true));
    window.addEventListener("online", tick);
    questions.forEach((form) => {
      form.addEventListener("submit", (event) => { event.preventDefault(); answer(form); });
      form.querySelector("[data-on]").addEventListener("click", () => {
        goOn(form);
        video.focus();
        if (video.ended) ask(); else video.play().catch(() => {});
      });
    });

    // ------------------------------------------------------------ speed, captions, places
    const speed = find("[data-speed]");
    speed.addEventListener("change", () => { video.playbackRate = Number(speed.value); });
    video.addEventListener("ratechange", () => {
      follow();
      if (current) open();
      const nearest = lesson.speeds.reduce((a, b) => Math.abs(b - video.playbackRate) < Math.abs(a - video.playbackRate) ? b : a);
      if (nearest !== video.playbackRate) video.playbackRate = nearest;
      video.defaultPlaybackRate = nearest; // a new address brings the rate back to that
      const option = [...speed.options].find((one) => Number(one.value) === nearest);
      if (option) option.selected = true;
    });
    const captions = find("[data-captions]");
    if (captions) {
      const tracks = Object.fromEntries(Object.entries(lesson.cues).map(([tag, cues]) => {
        const label = [...captions.options].find((one) => one.value === tag).text;
        const track = video.addTextTrack("captions", label, tag);
        cues.forEach(([from, to, text]) => track.addCue(new VTTCue(from, to, text)));
        track.mode = "disabled";
        return [tag, track];
      }));
      captions.addEventListener("change", () => {
        Object.entries(tracks).forEach(([tag, track]) => { track.mode = tag === captions.value ? "showing" : "disabled"; });
      });
    }
    const spoken = all("[data-transcript] [data-until]");
    function light() {
      const at = video.currentTime;
      spoken.forEach((one) => {
        const now = Number(one.dataset.to) <= at && at < Number(one.dataset.until);
        if (now) one.setAttribute("aria-current", "true"); else one.removeAttribute("aria-current");
      });
    }
    all("[data-to]").forEach((one) => one.addEventListener("click", async () => {
      const to = Number(one.dataset.to);
      if (!opened) await start();
      if (opened) files.goTo(to);
    }));
    const search = find("[data-search]");
    const plain = (text) => text.toLocaleLowerCase().normalize("NFD").replace(/\p{M}/gu, "").replaceAll("đ", "d");
    if (search) {
      search.addEventListener("input", () => {
        const wanted = plain(search.value.trim());
        const left = spoken.filter((one) => {
          const suits = plain(one.textContent).includes(wanted);
          one.parentElement.hidden = !suits;
          return suits;
        });
        find("[data-found]").textContent = wanted ? texts.found.replace("{number}", left.length) : "";
      });
    }
  }

  const beginAll = () => document.querySelectorAll("[data-player]:not([data-begun])").forEach(begin);
  document.addEventListener("htmx:after:swap", beginAll);
  beginAll();
})();
