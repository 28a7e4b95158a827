// <a data-opens="ID" hx-get> fills what it names with more about its row (data-opened); pressed again it closes it.
// Without a script it is a link to a page of its own.
function opener(box) {
  return document.querySelector(`[data-opens="${CSS.escape(box.id)}"]`);
}

function toggle(event) {
  const link = event.target;
  const box = link.dataset.opens && document.getElementById(link.dataset.opens);
  if (!box?.hasChildNodes()) return;
  event.preventDefault();
  box.replaceChildren();
  link.setAttribute("aria-expanded", "false");
}

function filled(event) {
  if (event.target.matches?.("[data-opened]")) opener(event.target)?.setAttribute("aria-expanded", "true");
}

export function startRows() {
  document.addEventListener("htmx:confirm", toggle);
  document.addEventListener("htmx:afterSwap", filled);
}
