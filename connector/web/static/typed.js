// What was typed and is not saved: no part of the page that comes instead takes it away. A form is kept by what stands in
// its data-typed: when it comes anew, after something else was done, what was changed in it is put back, and it says that
// it is not saved yet. Where somebody else was faster the form stays as it was typed, beside what they have made of it, and
// one saves it over that or takes theirs (#theirs). Whoever leaves what they make (data-leaves, by a name) is asked first, in a dialog of the page.
"use strict";
(() => {
  const kept = new Map(); // what was typed into forms that are not there now, by their data-typed
  let going = "", passing = false, tried = new Set(); // where somebody goes once all is saved; by which forms

  const forms = () => [...document.querySelectorAll("form[data-typed]")];
  const fields = (form) => [...form.elements].filter((one) => one.name && !["hidden", "file", "submit", "button"].includes(one.type));
  const ticked = (field) => field.type === "checkbox" || field.type === "radio";
  const standing = (select) => [...select.options].find((one) => one.defaultSelected) ?? select.options[0];
  const differs = (field) => (ticked(field) ? field.checked !== field.defaultChecked
    : field.options ? field.value !== standing(field)?.value : field.value !== field.defaultValue);
  const refused = (form) => form.querySelector("[aria-invalid=true]") !== null; // it came back as it was typed
  const unsaved = (form) => refused(form) || form.querySelector("#theirs") !== null || fields(form).some(differs);
  const open = () => forms().filter((form) => "asks" in form.dataset && unsaved(form));

  function tell() {
    for (const form of forms()) {
      const said = form.querySelector("[data-unsaved]");
      if (said) said.hidden = !unsaved(form);
    }
  }

  function keep(form) {
    const said = fields(form).filter((field) => refused(form) || differs(field) || (ticked(field) && field.checked));
    if (unsaved(form)) kept.set(form.dataset.typed, said.map((field) => ({ name: field.name, value: field.value, checked: field.checked })));
  }

  function putBack(form) {
    for (const { name, value, checked } of kept.get(form.dataset.typed) ?? []) {
      const field = fields(form).find((one) => one.name === name && (!ticked(one) || one.value === value));
      if (!field) continue;
      if (ticked(field)) field.checked = checked;
      else field.value = value;
      for (let at = field.closest("details"); at && differs(field); at = at.parentElement.closest("details")) at.open = true;
    }
    kept.delete(form.dataset.typed);
  }

  // ------------------------------------------------------------ where somebody else was faster
  const said = (field, texts) => (ticked(field) ? (field.checked ? texts.yes : texts.no)
    : (field.options ? field.selectedOptions[0]?.label : field.value) || texts.nothing);
  const same = (one, other) => (ticked(one) ? one.checked === other.checked : one.value === other.value);

  /** Put the form that was sent in the place of the one that came, which says what is there now. */
  function layBeside(mine) {
    const alert = document.getElementById("theirs"), choice = alert?.querySelector(".buttons");
    const theirs = choice && forms().find((form) => form.dataset.typed === mine?.dataset.typed);
    if (!theirs) return;
    for (const old of mine.querySelectorAll("#theirs, .theirs")) old.remove();
    const texts = JSON.parse(alert.dataset.texts), left = fields(mine);
    const tellOf = (field, at) => {
      const note = document.createElement("p");
      note.className = "theirs meta lines";
      note.textContent = texts.now.replace("{value}", () => said(field, texts));
      if (!at) { choice.before(note); return; }
      (at.closest("label") ?? at).after(note);
      for (let one = at.closest("details"); one && mine.contains(one); one = one.parentElement.closest("details")) one.open = true;
    };
    for (const field of fields(theirs)) {
      const at = left.find((one) => one.name === field.name && (!ticked(one) || one.value === field.value));
      if (at ? !same(at, field) : ticked(field) ? field.checked : field.value) tellOf(field, at);
    }
    for (const name of ["seen", "question_seen"]) {
      if (mine.elements[name]) mine.elements[name].value = theirs.elements[name].value;
    }
    choice.hidden = false;
    choice.querySelector("[data-take]").onclick = () => {
      mine.replaceWith(theirs);
      tell();
      fields(theirs)[0]?.focus();
    };
    theirs.replaceWith(mine);
    mine.prepend(alert);
    for (let one = mine.closest("details"); one; one = one.parentElement.closest("details")) one.open = true;
  }

  let sent = null; // the form by which the page that comes was asked for
  document.addEventListener("htmx:before:swap", ({ detail: { ctx } }) => {
    if (ctx.live) return;
    const own = sent = ctx.sourceElement.closest("[data-typed]"); // what is told of it is what came
    for (const form of forms()) if (form !== own) keep(form);
    if (ctx.text?.includes('id="theirs"')) own?.remove(); // as it is, with all that hears it
  });
  document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
    if (ctx.live) return;
    forms().forEach(putBack);
    layBeside(sent);
    tell();
    if (going) goOn();
  });
  for (const kind of ["input", "change"]) document.addEventListener(kind, tell);

  // ------------------------------------------------------------ whoever leaves is asked
  document.addEventListener("click", (event) => {
    const dialog = document.getElementById("not-saved"), leaving = event.target.closest("[data-leaves]");
    if (!leaving || passing || !dialog || !open().length) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    dialog.returnValue = "";
    dialog.onclose = () => answered(dialog.returnValue, leaving.dataset.leaves);
    dialog.showModal();
  }, true);

  function answered(said, name) {
    if (said === "save") {
      going = name;
      tried = new Set();
      goOn();
    } else if (said === "drop") {
      for (const form of open()) form.removeAttribute("data-typed");
      pass(name);
    }
  }

  /** Save one after the other, then go; where one cannot be saved the page says why, and nobody goes. */
  function goOn() {
    const name = going, [form] = open();
    const stays = document.querySelector("main .flash.bad") || (form && (tried.has(form.dataset.typed) || !form.reportValidity()));
    if (stays || !form) going = "";
    if (stays) return;
    if (!form) { pass(name); return; }
    tried.add(form.dataset.typed);
    form.requestSubmit();
  }

  function pass(name) {
    passing = true;
    document.querySelector(`[data-leaves="${name}"]`)?.click();
    passing = false;
  }
})();
