// Who leaves a text field by pressing something tells a change with the press. What comes of it may take away or move what
// is being pressed, and a browser tells no click of what is not under the pointer any more when it is let go: so a change
// is told when it is let go, before the click.
"use strict";
(() => {
  const LONGEST = 5000; // milliseconds; longer than that nobody presses, but selects text, or has let go elsewhere
  const TEXTS = "textarea, input:not([type=checkbox], [type=radio], [type=file], [type=range], [type=color])";
  let pressed = 0, left = [];

  function release() {
    clearTimeout(pressed);
    pressed = 0;
    for (const field of left.splice(0)) field.dispatchEvent(new Event("change", { bubbles: true }));
  }

  addEventListener("pointerdown", ({ target }) => {
    release();
    if (target.matches?.("select")) return; // its list is let go by another press, of which browsers tell nothing
    pressed = setTimeout(release, LONGEST);
  }, true);
  addEventListener("click", release, true); // before anybody else hears of it
  for (const kind of ["pointerup", "pointercancel"]) addEventListener(kind, () => setTimeout(release), true); // without one
  addEventListener("change", (event) => {
    if (!pressed || !event.isTrusted || !event.target.matches(TEXTS)) return;
    event.stopImmediatePropagation();
    left.push(event.target);
  }, true);
})();
