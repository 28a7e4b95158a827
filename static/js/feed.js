// Rows of the journal as the stream brings them. At the top they are put in; where somebody reads further down, has
// a row open or has paused, they wait and are counted, so that nothing moves under the eyes.
import { forgetPlace, setPaused } from "./live.js";
import { say } from "./say.js";
import { localise } from "./times.js";

const mostWaiting = 200;
const silenceMs = 10_000;
let waiting = [];
let unnamed = 0;
let isPaused = false;
let isBehind = false;
let saidAt = -silenceMs;

const feed = () => document.querySelector("[data-feed]");
const list = () => feed()?.querySelector(".sp-feed-list");

function isReading(box) {
  if (isPaused || "countsOnly" in box.dataset) return true;
  const top = document.querySelector(".sp-top")?.getBoundingClientRect().bottom ?? 0;
  const isDown = window.scrollY > 0 && box.getBoundingClientRect().top < top;
  return isDown || box.querySelector(".sp-feed-list details[open]") !== null;
}

function rowsIn(html) {
  const shape = document.createElement("template");
  shape.innerHTML = html;
  return [...shape.content.querySelectorAll("[data-event]")];
}

function idOf(row) {
  return BigInt(row.dataset.event);
}

// A row may stand for others that are alike.
function idsOf(row) {
  return [row.dataset.event, ...(row.dataset.others ?? "").split(" ")];
}

function words() {
  const number = waiting.length + unnamed;
  const critical = waiting.filter((row) => row.dataset.severity === "critical").length;
  const since = isPaused ? " since you paused" : "";
  return `${number.toLocaleString("en")} new${since}${critical ? `, ${critical} critical` : ""}`;
}

function tell(box) {
  const button = box.querySelector("[data-feed-new]");
  if (!button) return;
  button.hidden = !(waiting.length + unnamed || isBehind);
  if (button.hidden) return;
  const shown = waiting.length + unnamed ? words() : "More is new";
  button.querySelector("span").textContent = shown;
  if (performance.now() - saidAt < silenceMs) return;
  saidAt = performance.now();
  say(shown);
}

function count(box, number) {
  const total = box.querySelector("[data-total]");
  if (!total || "capped" in total.dataset) return;
  total.dataset.total = Number(total.dataset.total) + number;
  total.textContent = Number(total.dataset.total).toLocaleString("en");
}

// Newest first, by id; nearly always that is the very top.
function place(rows, row) {
  const id = idOf(row);
  let next = rows.firstElementChild;
  while (next && idOf(next) > id) next = next.nextElementSibling;
  rows.insertBefore(row, next);
}

function putIn(box, rows) {
  const all = list();
  for (const row of rows) {
    row.classList.add("sp-new");
    place(all, row);
    window.htmx?.process(row);
  }
  localise(all);
  const most = Number(box.dataset.rows);
  while (all.children.length > most) all.lastElementChild.remove();
}

// The stream tells the last minute again. What stood there before the page, on another one than this, is not new to it.
function isElsewhere(box, row) {
  const rows = box.querySelectorAll(".sp-feed-list > [data-event]");
  if ("countsOnly" in box.dataset) return idOf(row) <= BigInt(box.dataset.after);
  const isCut = box.querySelector("[rel=next]") !== null || rows.length >= Number(box.dataset.rows);
  return isCut && idOf(row) < idOf(rows[rows.length - 1]);
}

function arrived({ detail }) {
  const box = feed();
  if (!box) return;
  const known = new Set([...box.querySelectorAll("[data-event]"), ...waiting].flatMap(idsOf));
  const rows = rowsIn(detail).filter((row) => !known.has(row.dataset.event) && !isElsewhere(box, row));
  if (!rows.length) return;
  count(box, rows.length);
  if (isReading(box)) {
    waiting.push(...rows);
    unnamed += Math.max(0, waiting.length - mostWaiting);
    waiting = waiting.slice(-mostWaiting);
  } else putIn(box, rows);
  tell(box);
}

// Many at once are one line with a count; they are read with the page.
function many({ detail }) {
  const box = feed();
  if (!box) return;
  unnamed += Number(detail);
  count(box, Number(detail));
  tell(box);
}

function reload(box) {
  forgetPlace();
  waiting = [];
  unnamed = 0;
  isBehind = false;
  window.htmx?.ajax("GET", box.dataset.feedUrl, { target: box, swap: "outerHTML" });
}

function behind() {
  const box = feed();
  if (!box) return;
  isBehind = true;
  if (isReading(box)) tell(box);
  else reload(box);
}

// While the stream is down the page asks by itself.
function polled() {
  const box = feed();
  if (box && !isReading(box)) reload(box);
}

function catchUp() {
  const box = feed();
  if (!box || isReading(box)) return;
  if (isBehind) reload(box);
  else if (waiting.length && !unnamed) {
    putIn(box, waiting.splice(0));
    tell(box);
  }
}

function showNew() {
  const box = feed();
  if ("countsOnly" in box.dataset) {
    location.assign(box.dataset.feedUrl);
    return;
  }
  pause(false);
  for (const open of box.querySelectorAll(".sp-feed-list details[open]")) open.open = false;
  window.scrollTo({ top: 0, behavior: "instant" });
  if (unnamed || isBehind) reload(box);
  else {
    putIn(box, waiting.splice(0));
    tell(box);
  }
  box.querySelector(".sp-feed-list summary")?.focus({ preventScroll: true });
}

function pause(now) {
  isPaused = now;
  setPaused(now);
  const button = document.querySelector("[data-feed-pause]");
  const mark = document.querySelector("[data-feed-paused]");
  if (!button || !mark) return;
  button.setAttribute("aria-pressed", String(now));
  mark.hidden = !now;
  mark.querySelector("b").textContent = new Date().toLocaleTimeString("en-GB");
  if (!now) catchUp();
}

// The whole line opens its row, but for its links and for who marks words to copy them.
function opened(event) {
  const line = event.target.closest(".sp-feed-line");
  if (!line || event.target.closest("a, button") || String(getSelection())) return;
  const details = line.parentElement.querySelector("details");
  details.open = !details.open;
}

function clicked(event) {
  opened(event);
  if (event.target.closest("[data-feed-new]")) showNew();
  const button = event.target.closest("[data-feed-pause]");
  if (button) pause(button.getAttribute("aria-pressed") !== "true");
}

export function startFeed() {
  if (!feed()) return;
  const on = (name, act) => document.addEventListener(`stream:${name}`, act);
  on("journal", arrived);
  on("many", many);
  on("refresh", behind);
  on("poll", polled);
  document.addEventListener("click", clicked);
  document.addEventListener("toggle", () => setTimeout(catchUp, 0), true);
  window.addEventListener("scroll", catchUp, { passive: true });
  // Other filters show other rows: nothing of the old ones waits.
  document.addEventListener("htmx:afterSwap", (event) => {
    if (!event.target.matches?.("[data-feed]") && !event.target.querySelector?.("[data-feed]")) return;
    waiting = [];
    unnamed = 0;
    isBehind = false;
  });
}
