// Files that were handed in, certificates, and lists to take away: no address alone opens them, so they are fetched with
// the token of the page.
const headers = JSON.parse(document.body.getAttribute("hx-headers:inherited"));

async function fetched(address) {
  const answer = await patience.fetch(address, { headers });
  return answer.ok ? URL.createObjectURL(await answer.blob()) : undefined;
}

function look() {
  for (const image of document.querySelectorAll("img[data-file]:not([src])")) {
    fetched(image.dataset.file).then((address) => { if (address) image.src = address; });
  }
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button[data-file]");
  if (!button) return;
  const address = await fetched(button.dataset.file);
  if (!address) return;
  const link = document.createElement("a");
  link.href = address;
  link.download = button.dataset.name;
  link.click();
});
for (const come of ["htmx:after:swap", "files:come"]) document.addEventListener(come, look);
look();
