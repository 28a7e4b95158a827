// Ticks of a list's rows: all on the page, a range with shift, and the bar that says how many. It outlives a swap of
// the same page; without it the ticks and the bar's buttons are a plain form.
import { say } from "./say.js";
import { countVerbs } from "./verbs.js";

const plural = new Intl.NumberFormat("en-GB");
const TICK = 'tr[data-giccid] input.sp-tick[name="sim"], tr[data-push] input.sp-tick[name="push"]';
let ticked = new Set();
let last = null;

const bar = () => document.querySelector("[data-selection]");
const list = () => bar()?.closest("[data-live]");
const ticks = () => [...document.querySelectorAll(TICK)];
const everything = () => bar()?.querySelector('input[name="everything"]');

function show() {
  const form = bar();
  if (!form) return;
  const boxes = ticks();
  const all = document.querySelector("[data-tick-all]");
  const whole = everything();
  if (whole.checked && ticked.size < boxes.length) whole.checked = false;
  form.classList.toggle("is-on", ticked.size > 0);
  form.querySelector("[data-selected]").textContent = whole.checked ? "All matching" : plural.format(ticked.size);
  const words = form.querySelector("[data-all-words]");
  words.dataset.ask ??= words.textContent;
  words.textContent = whole.checked ? "Only those on this page" : words.dataset.ask;
  countVerbs(form, whole.checked);
  if (all) {
    all.checked = boxes.length > 0 && ticked.size === boxes.length;
    all.indeterminate = ticked.size > 0 && ticked.size < boxes.length;
  }
}

function set(box, on) {
  box.checked = on;
  if (on) ticked.add(box.value);
  else ticked.delete(box.value);
}

function range(box) {
  const boxes = ticks();
  const from = boxes.findIndex((each) => each.value === last);
  const to = boxes.indexOf(box);
  if (from === -1) return;
  for (const each of boxes.slice(Math.min(from, to), Math.max(from, to) + 1)) set(each, box.checked);
}

function clicked(event) {
  if (event.target.closest("[data-untick]")) return untick();
  const box = event.target.closest(TICK);
  if (!box) return;
  set(box, box.checked);
  if (event.shiftKey) range(box);
  last = box.value;
  show();
  goOn();
}

function changed(event) {
  if (event.target.matches("[data-tick-all]")) {
    for (const box of ticks()) set(box, event.target.checked);
  } else if (event.target.name === "everything") {
    if (event.target.checked) for (const box of ticks()) set(box, true);
  } else {
    return;
  }
  show();
  goOn();
}

function untick() {
  for (const box of ticks()) set(box, false);
  ticked.clear();
  everything().checked = false;
  show();
  say("Nothing is ticked");
  goOn();
}

// After a swap the rows may be others: what is still there keeps its tick, the rest is forgotten.
function settle() {
  const boxes = ticks();
  const there = new Set(boxes.map((box) => box.value));
  ticked = new Set([...ticked].filter((giccid) => there.has(giccid)));
  for (const box of boxes) box.checked = ticked.has(box.value);
  show();
}

// While somebody chooses, the list stands still; it looks again once nothing is ticked.
function standStill(event) {
  const isLive = event.detail.triggeringEvent?.type === "live";
  if (isLive && ticked.size && event.target === list()) event.preventDefault();
}

function goOn() {
  if (!ticked.size && list()) window.htmx?.trigger(list(), "live");
}

function closeMenus(event) {
  for (const open of document.querySelectorAll("details.sp-pop[open]")) {
    const isEscape = event.type === "keydown" && event.key === "Escape";
    if (isEscape || (event.type === "click" && !open.contains(event.target))) open.open = false;
  }
}

export function startSelecting() {
  document.addEventListener("click", clicked);
  document.addEventListener("change", changed);
  document.addEventListener("click", closeMenus);
  document.addEventListener("keydown", closeMenus);
  document.addEventListener("htmx:afterSettle", settle);
  document.addEventListener("htmx:confirm", standStill);
  settle();
}
