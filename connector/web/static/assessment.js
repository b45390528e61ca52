// An attempt: one question after the other, each answer sent at once, and kept here while there is no connection. Of a
// scenario the page has the steps to which answers have led: the next one comes once an answer has arrived.
const WAITS = [1000, 2000, 5000, 10000, 20000, 30000];
const TYPED = 700;

document.addEventListener("htmx:after:swap", () => {
  const form = document.querySelector("#attempt:not([data-begun])");
  if (form) {
    form.dataset.begun = "yes";
    new Attempt(form);
  }
});

/** Answers that have not been sent; in the browser's store too where it has one, so that a page that is closed loses none. */
class Queue {
  constructor(attempt) {
    this.key = `attempt-${attempt}`;
    this.waiting = new Map();
    try {
      this.waiting = new Map(JSON.parse(localStorage.getItem(this.key) ?? "[]"));
    } catch { /* the browser keeps nothing for pages in frames */ }
  }

  put(question, said) {
    this.waiting.set(question, said);
    this.keep();
  }

  /** Take away what was sent, unless it was answered anew meanwhile. */
  sent(question, said) {
    if (this.waiting.get(question) === said) this.waiting.delete(question);
    this.keep();
  }

  keep() {
    try {
      if (this.waiting.size) localStorage.setItem(this.key, JSON.stringify([...this.waiting]));
      else localStorage.removeItem(this.key);
    } catch { /* as above */ }
  }
}

class Attempt {
  constructor(form) {
    this.form = form;
    this.base = `/lti/assessment/attempts/${form.dataset.attempt}`;
    this.headers = JSON.parse(document.body.getAttribute("hx-headers:inherited"));
    this.place = Number(form.dataset.place);
    this.queue = new Queue(form.dataset.attempt);
    for (const said of this.queue.waiting.values()) this.place = Math.max(this.place, said.place);
    this.tries = 0;
    this.until = 0;
    this.fields = [...form.querySelectorAll("[data-question]")];
    this.seconds = new Map(this.fields.map((field) => [field, Number(field.dataset.seconds)]));
    this.from = performance.now();
    this.here = this.fields[0];
    this.kept = new Map(this.fields.map((field) => [field, this.stands(field)])); // as the service has it
    this.asked = this.fields.map((field) => field.dataset.question);
    this.led = new Map(this.fields.map((field) => [field, this.taken(field)])); // by which answers these are asked
    this.restore();
    form.addEventListener("change", (event) => this.changed(event));
    form.addEventListener("input", (event) => this.typed(event));
    form.addEventListener("submit", (event) => this.submit(event));
    for (const button of form.querySelectorAll("dialog button")) {
      button.addEventListener("click", () => form.querySelector("dialog").close(button.value));
    }
    form.querySelector(".back").addEventListener("click", () => this.go(-1));
    form.querySelector(".next").addEventListener("click", () => this.go(1));
    this.online = () => this.flush();
    addEventListener("online", this.online);
    this.elsewhere = () => this.keepUp();
    for (const kind of ["missed", "notice"]) document.addEventListener(`live:${kind}`, this.elsewhere);
    if (form.dataset.left) this.count(Number(form.dataset.left));
    this.show(this.path().find((field) => !this.answered(field)) ?? this.here, false); // who comes back goes on there
    this.flush();
  }

  /** What was answered before the page was closed, and never arrived. */
  restore() {
    for (const [question, said] of this.queue.waiting) {
      const field = this.fields.find((one) => one.dataset.question === question);
      if (!field) continue;
      this.put(field, said);
    }
  }

  /** What was answered on another screen meanwhile, and how much time there is now; what is answered here and has not
   * arrived is newer. */
  async keepUp() {
    if (this.left || this.ending) return;
    if (!this.form.isConnected) {
      this.leave();
      return;
    }
    if (this.queue.waiting.size || this.typing) return; // what is kept here next is told, and asks again
    if (this.keeping) {
      this.more = true; // something was said since it was asked
      return;
    }
    this.keeping = true;
    try {
      const answer = await fetch(`${this.base}/answers`, { headers: this.headers });
      if (!answer.ok || this.ending || this.queue.waiting.size || this.typing) return;
      const { open, left, place, answers, asked } = await answer.json();
      if (!open) {
        this.leave();
        htmx.ajax("GET", this.base, { target: "#main", source: document.body });
        return;
      }
      this.count(left);
      if (place < this.place) return; // something was answered here meanwhile
      this.place = place;
      const untouched = this.fields.filter((field) => this.stands(field) === this.kept.get(field));
      if (asked === null) this.unread = true;
      const other = untouched.filter((field) => this.put(field, answers[field.dataset.question]));
      for (const field of untouched) this.kept.set(field, this.stands(field));
      if (asked) await this.learn({ asked, led: new Map(untouched.map((field) => [field, this.taken(field)])) });
      if (other.length) this.mark();
      if (this.unread) this.tell("saved");
    } catch { /* no connection: there will be another time */
    } finally {
      this.keeping = false;
      if (this.more) {
        this.more = false;
        this.keepUp();
      }
    }
  }

  /** Gives whether it says something else now. */
  put(field, said) {
    if (!said) return false;
    const before = this.stands(field);
    for (const input of field.querySelectorAll("input, textarea")) {
      if (input.name.startsWith("sure-")) input.checked = Number(input.value) === said.confidence;
      else if (input.type === "radio" || input.type === "checkbox") input.checked = said.chosen.includes(input.value);
      else if (input.type !== "file" && input.value !== said.text) input.value = said.text;
    }
    return this.stands(field) !== before;
  }

  /** What a field says, to be compared. */
  stands(field) {
    const { chosen, text, confidence } = this.said(field);
    return JSON.stringify([chosen, text, confidence]);
  }

  leave() {
    this.left = true;
    removeEventListener("online", this.online);
    clearInterval(this.ticking);
    for (const kind of ["missed", "notice"]) document.removeEventListener(`live:${kind}`, this.elsewhere);
  }

  // ------------------------------------------------------------ which question
  /** The questions that are asked; what comes after an answer that has not arrived is not known yet. */
  path() {
    let open = true;
    return this.asked.map((key) => this.field(key)).filter((field) => {
      if (!field) return false;
      if ("begins" in field.dataset) open = true;
      const known = open;
      if (this.waits(field)) open = false;
      return known;
    });
  }

  field(key) {
    return this.fields.find((one) => one.dataset.question === key);
  }

  /** The option of a step of a scenario. */
  taken(field) {
    return field.dataset.kind === "scenario" ? field.querySelector("input[name^='q-']:checked")?.value : undefined;
  }

  /** Whether it is not known yet where the option leads that is chosen now. */
  waits(field) {
    return this.taken(field) !== this.led.get(field);
  }

  /** Have what is asked now: steps that are not here yet are fetched. Gives the answer that was no good, if there was one. */
  async learn({ asked, led }) {
    for (const key of asked.filter((one) => !this.field(one))) {
      const answer = await fetch(`${this.base}/questions/${encodeURIComponent(key)}`, { headers: this.headers });
      if (answer.status === 403) continue; // it was answered otherwise on another screen
      if (!answer.ok) return answer;
      const text = await answer.text();
      if (this.field(key)) continue; // it has come meanwhile
      this.form.querySelector(":scope > .buttons").insertAdjacentHTML("beforebegin", text);
      const field = this.form.querySelector(`[data-question="${CSS.escape(key)}"]`);
      document.dispatchEvent(new Event("files:come"));
      this.fields.push(field);
      this.seconds.set(field, Number(field.dataset.seconds));
      this.kept.set(field, this.stands(field));
      this.led.set(field, this.taken(field));
    }
    const same = String(asked) === String(this.asked) && [...led].every(([field, option]) => this.led.get(field) === option);
    this.asked = asked;
    for (const [field, option] of led) this.led.set(field, option);
    if (same && !this.wanted) return undefined;
    const path = this.path();
    if (!path.includes(this.here)) this.show(path.find((one) => !this.answered(one)) ?? path.at(-1), false);
    else if (this.wanted) this.go(1);
    else this.mark();
    return undefined;
  }

  go(step) {
    if (step > 0 && this.waits(this.here)) {
      this.wanted = true; // as soon as it is known
      this.flush();
      return;
    }
    const path = this.path();
    this.show(path[path.indexOf(this.here) + step] ?? this.here, true);
  }

  show(field, focus) {
    this.wanted = false;
    this.spend();
    this.here = field;
    for (const one of this.fields) one.hidden = one !== field;
    this.mark();
    if (focus) field.focus();
  }

  /** Which question of how many, which are answered, and whether this is the last. In place: it comes by itself too, and
   * a button that was another one by the time it is let go would not have been pressed. */
  mark() {
    const path = this.path();
    const at = path.indexOf(this.here);
    const list = this.form.querySelector(".numbers ol");
    while (list.children.length > path.length) list.lastChild.remove();
    while (list.children.length < path.length) list.append(this.number(list.children.length));
    path.forEach((field, n) => {
      const button = list.children[n].firstChild;
      button.classList.toggle("answered", this.answered(field));
      if (n === at) button.setAttribute("aria-current", "step");
      else button.removeAttribute("aria-current");
    });
    this.here.querySelector(".number").textContent = `${at + 1} / ${path.length}`;
    this.form.querySelector(".back").hidden = at === 0;
    const last = at === path.length - 1 && !this.waits(this.here);
    this.form.querySelector(".next").hidden = last;
    this.form.querySelector(".submit").hidden = !last;
  }

  /** The button that leads to the question at this place. */
  number(n) {
    const item = document.createElement("li");
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = String(n + 1);
    button.addEventListener("click", () => this.show(this.path()[n], true));
    item.append(button);
    return item;
  }

  answered(field) {
    const said = this.said(field);
    return said.chosen.length > 0 || said.text.trim() !== "" || field.querySelector(".evidence li") !== null;
  }

  /** Time that a question was looked at. */
  spend() {
    const now = performance.now();
    if (this.here) this.seconds.set(this.here, this.seconds.get(this.here) + (now - this.from) / 1000);
    this.from = now;
  }

  // ------------------------------------------------------------ answers
  said(field) {
    const key = field.dataset.question;
    const inputs = [...field.querySelectorAll(`[name="q-${CSS.escape(key)}"]`)];
    const choice = (one) => one.type === "radio" || one.type === "checkbox";
    const sure = field.querySelector(`[name="sure-${CSS.escape(key)}"]:checked`);
    return {
      chosen: inputs.filter((one) => choice(one) && one.checked).map((one) => one.value),
      text: inputs.filter((one) => !choice(one)).map((one) => one.value).join(""),
      confidence: sure ? Number(sure.value) : null,
      seconds: Math.round(this.seconds.get(field) * 10) / 10,
    };
  }

  changed(event) {
    const field = event.target.closest("[data-question]");
    if (field && event.target.type !== "file") this.answer(field);
    if (field && event.target.type === "file") setTimeout(() => this.watch()); // its request has begun by then
  }

  typed(event) {
    if (!event.target.matches("textarea, input[type=text]")) return;
    clearTimeout(this.typing);
    const field = event.target.closest("[data-question]");
    this.typing = setTimeout(() => this.answer(field), TYPED);
  }

  uploads() {
    return this.form.querySelector(".evidence .htmx-request") !== null;
  }

  /** While a file is on its way the page says so, and no longer. */
  watch() {
    if (!this.form.isConnected) return;
    if (!this.queue.waiting.size) this.tell("saved");
    if (this.uploads()) setTimeout(() => this.watch(), 300);
  }

  settled() {
    clearTimeout(this.typing);
    this.typing = undefined;
  }

  answer(field) {
    this.settled();
    this.spend();
    this.queue.put(field.dataset.question, { ...this.said(field), place: ++this.place });
    this.kept.set(field, this.stands(field));
    this.mark();
    this.flush();
  }

  /** Send what waits, one after the other; again later where there is no connection. Gives whether all has arrived. */
  async flush() {
    if (this.sending) return this.sending;
    if (performance.now() < this.until) return false;
    this.sending = this.send();
    const done = await this.sending;
    this.sending = undefined;
    return done;
  }

  async send() {
    clearTimeout(this.again);
    while (this.queue.waiting.size || this.news) {
      if (!this.queue.waiting.size) {
        const wrong = await this.learn(this.news).catch(() => "offline");
        if (wrong) return this.refused(wrong);
        this.news = undefined;
        continue;
      }
      this.tell("saving");
      const [question, said] = this.queue.waiting.entries().next().value;
      let answer;
      try {
        answer = await fetch(`${this.base}/answers/${encodeURIComponent(question)}`, {
          method: "PUT",
          headers: { ...this.headers, "Content-Type": "application/json" },
          body: JSON.stringify(said),
          signal: AbortSignal.timeout(15000),
        });
      } catch {
        return this.later();
      }
      if (answer.status !== 200 && answer.status !== 409) return this.refused(answer);
      this.tries = 0;
      const { open, place, asked } = await answer.json();
      if (answer.status === 409 && !open) {
        this.queue.sent(question, said);
        this.finish("?by=clock");
        return true;
      }
      if (answer.status === 409) { // answered in another window, too: who is here now has the last word
        this.place = Math.max(this.place, place);
        if (this.queue.waiting.get(question) === said) this.queue.put(question, { ...said, place: ++this.place });
      } else {
        this.queue.sent(question, said);
        const field = this.field(question);
        const led = new Map(this.news?.led);
        if (field) led.set(field, said.chosen[0]);
        if (asked === null) this.unread = true;
        else if (asked) this.news = { asked, led };
      }
    }
    this.tell("saved");
    return true;
  }

  /** What to do about an answer of the service that is no good. */
  refused(answer) {
    const wait = answer.status ? patience.wait(answer) : 0;
    if (wait) return this.later("saving", wait);
    if (answer === "offline" || answer.status >= 500) return this.later();
    if (answer.status === 410) { // what comes next cannot be read any more, and asked again it would be no other
      this.unread = true;
      this.news = undefined;
      this.tell("saved");
      return this.queue.waiting.size === 0;
    }
    this.tell("over");
    return false;
  }

  /** Once more after a while; nobody asks before that where the service wants us to wait. */
  later(why = "offline", pause = 0) {
    this.tell(why);
    this.until = performance.now() + pause;
    const wait = pause || WAITS[Math.min(this.tries++, WAITS.length - 1)];
    this.again = setTimeout(() => this.flush(), wait + 10);
    return false;
  }

  tell(what) {
    let state = what;
    if (what === "offline" && this.path().some((field) => this.waits(field))) state = "waits";
    if (what === "saved" && this.unread) state = "unread";
    if (what === "saved" && this.uploads()) state = "uploading";
    const line = this.form.querySelector(".state");
    if (line.dataset.state !== state) {
      line.style.minHeight = `${line.offsetHeight}px`; // a shorter one would pull down what is being pressed above it
      line.dataset.state = state;
      line.textContent = this.form.dataset[state];
    }
  }

  // ------------------------------------------------------------ the end
  /** So many seconds from now; more may be allowed, or fewer. Null: without a limit. */
  count(left) {
    clearInterval(this.ticking);
    if (left === null) return;
    const end = performance.now() + 1000 * left;
    const line = this.form.querySelector(".timer");
    const tick = () => {
      if (!this.form.isConnected) return clearInterval(this.ticking);
      const seconds = Math.max(0, Math.ceil((end - performance.now()) / 1000));
      const clock = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
      const time = clock.slice(clock[0] ? 0 : 1).map((part) => String(part).padStart(2, "0")).join(":");
      line.textContent = this.form.dataset.time.replace("%", time);
      line.classList.toggle("soon", seconds <= 60);
      if (seconds === 0) {
        clearInterval(this.ticking);
        this.runOut();
      }
    };
    this.ticking = setInterval(tick, 500);
    tick();
  }

  /** The time is over by the clock here: it goes on where more was allowed and that was not heard. */
  async runOut() {
    this.ending = true;
    this.answer(this.here);
    let left = 0;
    try {
      const answer = await fetch(`${this.base}/answers`, { headers: this.headers });
      if (answer.ok) ({ left } = await answer.json());
    } catch { /* no connection: the service says so when it is submitted */ }
    if (left > 0) {
      this.ending = false;
      this.count(left);
    } else this.finish("?by=clock");
  }

  async submit(event) {
    event.preventDefault();
    this.answer(this.here);
    const unknown = () => this.path().some((field) => this.waits(field));
    if (unknown() && (!(await this.flush()) || unknown())) return; // the page says what it waits for
    const open = this.path().filter((field) => !this.answered(field)).length;
    if (open === 0) this.finish();
    else this.ask(open);
  }

  /** Browsers show no dialogs of their own for pages in frames. */
  ask(open) {
    const dialog = this.form.querySelector("dialog");
    dialog.querySelector("p").textContent = this.form.dataset.open.replace("%", open);
    dialog.onclose = () => dialog.returnValue === "submit" && this.finish();
    dialog.returnValue = "";
    dialog.showModal();
  }

  /** Submit when all has arrived; without a connection it is tried again until then. By the clock, and not because the
   * learner wishes it, the service does so only where the time is over, and gives the attempt to go on with otherwise. */
  async finish(by = "") {
    if (!(await this.flush()) || this.uploads()) {
      if (this.form.isConnected) setTimeout(() => this.finish(by), 2000);
      return;
    }
    if (this.left) return;
    this.leave();
    this.queue.waiting.clear();
    this.queue.keep();
    htmx.ajax("POST", `${this.base}/submit${by}`, { target: "#main", source: document.body });
  }
}
