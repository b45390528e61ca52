// Where the files of a video come from: by hls.js, which is loaded when somebody begins and not before, or by the browser
// alone where it has no Media Source Extensions (older iPhones). Addresses of files are over after 15 minutes. hls.js asks
// for each file at the newest one; a browser is given a new one as a whole, and forgets by that where it was and that it
// played. So both are kept here: where it is to stand until it stands there, and whether somebody wants it to play.
"use strict";
(() => {
  const STALE = 10 * 60000; // milliseconds after which the address is asked for anew
  const PATIENT = 30; // tries at one place until a video is broken
  const NEAR = 1; // seconds within which two faults are at one place
  const PAUSE = 2000; // milliseconds between two of them

  function script(address) {
    return new Promise((resolve, reject) => {
      const made = Object.assign(document.createElement("script"), { src: address, onload: resolve, onerror: reject });
      document.head.append(made);
    });
  }

  // Too much at once (429) is no reason to give up: it comes after seconds.
  function patient(usual, names) {
    const shouldRetry = (_policy, count, _late, answer, retry) => retry || (answer?.code === 429 && count < PATIENT);
    return Object.fromEntries(names.map((name) => {
      const policy = usual[name].default;
      return [name, { default: { ...policy, errorRetry: { ...policy.errorRetry, shouldRetry } } }];
    }));
  }

  const pass = (milliseconds) => new Promise((resolve) => { setTimeout(resolve, milliseconds); });
  const young = (time) => Date.now() - time < STALE;

  /**
   * The files of one video. `address`: `base`, the newest there is, and when it came, `since`. `service`: `hls`, where
   * hls.js lies; `report` tells what was watched; `renew` has a new address brought and gives whether there is one; `over`
   * says whether nothing comes any more; `offline` and `broken` tell people.
   */
  window.videoFiles = (video, address, service) => {
    let hls = null; // null: the browser alone, or nothing yet
    let alone = false, source = 0; // the browser alone; and when the address it was given had come
    let wanted = null; // where it is to stand; null: it stands there
    let going = false; // whether it is to play
    let coming = false, tries = 0, failed = 0, renewing = null; // `failed`: where, last

    const at = () => wanted ?? video.currentTime;

    function renew() {
      renewing ??= service.renew().finally(() => { renewing = null; });
      return renewing;
    }

    // ------------------------------------------------------------ loading
    async function begin(position) {
      wanted = position;
      if (!window.MediaSource && !window.ManagedMediaSource) { give(); return; }
      if (!window.Hls) await script(service.hls);
      if (service.over()) return;
      const open = (xhr, url) => { xhr.open("GET", url.replace(/\/lti\/media\/[^/]+\//, address.base), true); };
      hls = new window.Hls({
        enableWorker: false, startPosition: position, capLevelToPlayerSize: true,
        xhrSetup: (xhr, url) => (young(address.since) ? open(xhr, url) : renew().then(() => open(xhr, url))),
        ...patient(window.Hls.DefaultConfig, ["manifestLoadPolicy", "playlistLoadPolicy", "fragLoadPolicy"]),
      });
      hls.on(window.Hls.Events.ERROR, (_, error) => { if (error.fatal) again(error); });
      hls.loadSource(new URL(`${address.base}main.m3u8`, location.href).href);
      hls.attachMedia(video);
    }

    // The browser alone has the newest address, to go on where it was.
    function give() {
      wanted = at();
      alone = true;
      source = address.since;
      const playlist = video.canPlayType("application/vnd.apple.mpegurl");
      video.src = address.base + (playlist ? "main.m3u8" : "whole.mp4");
    }

    // Where a browser wants to be asked first, it waits for whoever is there.
    function goOn() {
      if (going) video.play().catch((error) => { if (error.name === "NotAllowedError") going = false; });
    }

    // ------------------------------------------------------------ going on
    // Before its address is over, which breaks off what plays: at once where a report has brought a newer one.
    function keep() {
      if (!alone || coming || !going || service.over() || young(source)) return;
      if (!young(address.since)) { again(); return; }
      give();
      goOn();
    }

    // After a fault: what was watched is told, which also says whether the lesson is there still; then it is tried once
    // more, now and every few seconds. While a new address cannot be had nothing is loaded, and what plays plays on.
    async function again(error) {
      if (service.over() || coming) return; // it says why; or is on its way
      coming = true;
      if (Math.abs(at() - failed) > NEAR) tries = 0;
      failed = at();
      let there = false;
      while (!there) {
        if (tries > PATIENT) { giveUp(); return; }
        tries += 1;
        await service.report();
        there = hls || await renew();
        if (service.over()) return;
        if (!there) service.offline();
        if (!there && !video.error) { coming = false; tries = 0; return; } // keep asks again
        if (!there || tries > 1) await pass(PAUSE);
      }
      coming = false;
      load(error);
    }

    function giveUp() {
      coming = going = false;
      service.broken();
    }

    function load(error) {
      if (service.over()) return;
      if (alone) give();
      else if (error?.type !== window.Hls.ErrorTypes.MEDIA_ERROR) { hls.startLoad(); return; }
      else { wanted = at(); hls.recoverMediaError(); }
      goOn();
    }

    // ------------------------------------------------------------ what the video tells
    video.addEventListener("error", () => { if (alone) again(); });
    video.addEventListener("loadedmetadata", () => {
      if (wanted !== null && video.currentTime !== wanted) video.currentTime = wanted;
    });
    video.addEventListener("seeking", () => { if (wanted !== null && video.readyState) wanted = video.currentTime; });
    video.addEventListener("playing", () => { if (!video.seeking) wanted = null; });

    return {
      at, begin, keep,
      /** Whether it stands where it is to stand. */
      stands: () => wanted === null,
      goTo(to) {
        if (video.readyState) video.currentTime = to; else wanted = to;
      },
      /** It begins to play. Whether somebody has pressed, and not we ourselves gone on. */
      plays() {
        const pressed = !going;
        if (pressed && !coming) tries = 0;
        going = true;
        keep();
        return pressed;
      },
      /** It does not play any more. Whether somebody has pressed, and it has not broken off. */
      rests() {
        const pressed = going && !video.error;
        if (pressed) going = false;
        return pressed;
      },
      /** It has jumped. Whether somebody has, and not we ourselves gone on. */
      jumped() {
        const ours = wanted !== null;
        wanted = null;
        return !ours;
      },
      end() {
        if (hls) hls.destroy();
      },
    };
  };
})();
