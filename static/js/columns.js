// The column chooser: drag a handle, or move it with the up and down keys; a press outside or Escape closes it.
function rows(list) {
  return [...list.querySelectorAll("[data-column]")];
}

function place(list, row, before) {
  // The ICCID stays first.
  list.insertBefore(row, before === rows(list)[0] ? rows(list)[1] : before);
}

function shift(handle, step) {
  const row = handle.closest("[data-column]");
  const list = row.parentElement;
  if (step < 0) place(list, row, row.previousElementSibling);
  else if (row.nextElementSibling) list.insertBefore(row.nextElementSibling, row);
  handle.focus();
}

function pressed(event) {
  const menu = event.target.closest("[data-menu]");
  if (event.key === "Escape" && menu?.open) {
    menu.open = false;
    menu.querySelector("summary").focus();
    return;
  }
  const handle = event.target.closest("[data-handle]");
  if (!handle || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
  event.preventDefault();
  shift(handle, event.key === "ArrowUp" ? -1 : 1);
}

let dragged = null;

function lift(event) {
  const handle = event.target.closest?.("[data-handle]");
  if (!handle) return;
  dragged = handle.closest("[data-column]");
  dragged.classList.add("is-dragged");
  event.dataTransfer.effectAllowed = "move";
}

function over(event) {
  const row = dragged && event.target.closest?.("[data-column]");
  if (!row || row.parentElement !== dragged.parentElement) return;
  event.preventDefault();
  const { top, height } = row.getBoundingClientRect();
  const before = event.clientY < top + height / 2 ? row : row.nextElementSibling;
  if (before !== dragged) place(row.parentElement, dragged, before);
}

function drop() {
  dragged?.classList.remove("is-dragged");
  dragged = null;
}

function closeOthers(event) {
  for (const menu of document.querySelectorAll("[data-menu][open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
}

export function startColumns() {
  document.addEventListener("keydown", pressed);
  document.addEventListener("dragstart", lift);
  document.addEventListener("dragover", over);
  document.addEventListener("dragend", drop);
  document.addEventListener("click", closeOthers);
}
