// Days are meant in the time zone of who picks.
function say() {
  for (const field of document.querySelectorAll("input[name=zone]")) {
    field.value = Intl.DateTimeFormat().resolvedOptions().timeZone;
  }
}
document.addEventListener("htmx:after:swap", say);
say();
