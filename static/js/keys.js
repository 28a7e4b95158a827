// Keys find and move; none of them changes a SIM.
const typing = "input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]";
let waitsForPlace = false;

function rows() {
  return [...document.querySelectorAll(".sp-row-link")].filter((link) => link.offsetParent !== null);
}

function move(step) {
  const links = rows();
  if (!links.length) return;
  const row = document.activeElement?.closest("tr")?.querySelector(".sp-row-link");
  const at = links.indexOf(row);
  const next = links[at === -1 ? (step > 0 ? 0 : links.length - 1) : Math.min(links.length - 1, Math.max(0, at + step))];
  next.focus();
  next.scrollIntoView({ block: "nearest" });
}

function tick() {
  document.activeElement?.closest("tr")?.querySelector(".sp-tick")?.click();
}

function showKeys(show) {
  const card = document.getElementById("keys");
  if (!card) return;
  card.hidden = !show;
  if (show) document.getElementById("keys-title").focus();
}

function search() {
  const field = document.querySelector(".sp-search input[type=search]");
  field?.focus();
  field?.select();
}

function go(letter) {
  const place = document.querySelector(`.sp-side [data-go="${CSS.escape(letter)}"]`);
  if (place) location.assign(place.href);
}

function escape(event) {
  const keys = document.getElementById("keys");
  if (keys && !keys.hidden) return showKeys(false);
  const menus = document.querySelectorAll("details.sp-more[open], details.sp-menu[open]");
  for (const menu of menus) menu.open = false;
  // A question is closed by its way back; what is being typed is left first.
  const back = document.querySelector("[data-way-back]");
  if (back && !menus.length && !event.target.closest(typing)) return back.click();
  const field = event.target.matches?.(".sp-search input") ? event.target : null;
  if (field?.value) field.value = "";
  else document.activeElement?.blur();
}

const actions = {
  "/": search,
  j: () => move(1),
  k: () => move(-1),
  x: tick,
  "?": () => showKeys(document.getElementById("keys")?.hidden),
  g: () => {
    waitsForPlace = true;
    setTimeout(() => (waitsForPlace = false), 1500);
  },
};

function pressed(event) {
  if (event.key === "Escape") return escape(event);
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) return event.target.form?.requestSubmit();
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest(typing)) return;
  if (waitsForPlace) {
    waitsForPlace = false;
    return go(event.key);
  }
  if (!Object.hasOwn(actions, event.key)) return;
  event.preventDefault();
  actions[event.key]();
}

export function startKeys() {
  document.addEventListener("keydown", pressed);
}
