// One stream for each open page. It says that something changed (an element with data-live looks again, by the
// ordinary request), and brings the rows of the journal to a page that shows them (feed.js). Where the stream is
// down, elements look again every few seconds; a page that nobody sees rests.
const address = "/events/stream/";
const lookGapMs = 500;
const boundMs = 25;
const pollMs = 5000;
const silentMs = 40_000;
const hiddenMs = 10_000;
const longestMs = 30_000;
const doubtMs = 1500;

let source = null;
let asked = "";
let failures = 0;
let lastId = "";
let isPaused = false;
let isUp = false;
let wasUp = false;
const timers = {};

function after(name, ms, act) {
  clearTimeout(timers[name]);
  timers[name] = act && setTimeout(() => ((timers[name] = 0), act()), ms);
}

function show() {
  const mark = document.getElementById("stream-state");
  if (mark) mark.dataset.stream = isUp ? (isPaused ? "paused" : "live") : "reconnecting";
}

export function setPaused(paused) {
  isPaused = paused;
  show();
}

function rowsWanted() {
  return document.querySelector("[data-feed]");
}

function topicsOf(element) {
  return element.dataset.live.split(/\s+/).filter(Boolean);
}

function topics() {
  return [...new Set([...document.querySelectorAll("[data-live]")].flatMap(topicsOf))].sort();
}

// At most two a second for each element; the last ring is never lost.
const looked = new WeakMap();

function look(element) {
  // The first look waits only for htmx, which binds what it has put in place 20 ms later: a page that is just there
  // may show what has changed since it was made.
  const state = looked.get(element) ?? { at: -lookGapMs, waits: false };
  looked.set(element, state);
  if (state.waits) return;
  state.waits = true;
  setTimeout(
    () => {
      state.waits = false;
      state.at = performance.now();
      if (element.isConnected) window.htmx?.trigger(element, "live");
    },
    Math.max(boundMs, state.at + lookGapMs - performance.now()),
  );
}

// An answer that was under way when something was rung for may be older than what it is put over, and what was to
// look may be gone with what it replaces: what it brought looks again.
const rungAt = new Map();
let allRungAt = -1;
const beganAt = new WeakMap();
const met = new WeakSet();

function isOlder(element, began) {
  return allRungAt >= began || topicsOf(element).some((topic) => rungAt.get(topic) >= began);
}

function isTouched(element, { elt, target, requestConfig }) {
  if (!met.has(element)) return true;
  if (requestConfig.verb !== "get") return true;
  const isItsOwnLook = elt === element && requestConfig.triggeringEvent?.type === "live";
  return !isItsOwnLook && Boolean(target && (target.contains(element) || element.contains(target)));
}

function answered({ detail }) {
  const began = beganAt.get(detail.xhr);
  for (const element of document.querySelectorAll("[data-live]")) {
    if (began !== undefined && isTouched(element, detail) && isOlder(element, began)) look(element);
    met.add(element);
  }
}

function lookAll() {
  allRungAt = performance.now();
  document.querySelectorAll("[data-live]").forEach(look);
}

function lookAt(names) {
  const rung = new Set(names);
  rung.forEach((topic) => rungAt.set(topic, performance.now()));
  for (const element of document.querySelectorAll("[data-live]")) {
    if (topicsOf(element).some((topic) => rung.has(topic))) look(element);
  }
}

function poll() {
  after("poll", pollMs, poll);
  if (document.hidden) return;
  lookAll();
  document.dispatchEvent(new CustomEvent("stream:poll"));
}

function tell(name, event) {
  if (event.lastEventId) lastId = event.lastEventId;
  document.dispatchEvent(new CustomEvent(`stream:${name}`, { detail: event.data }));
}

function alive() {
  after("silent", silentMs, () => lost());
}

function up() {
  failures = 0;
  isUp = true;
  after("doubt");
  after("poll");
  show();
  alive();
  // What was rung for while nobody listened is not rung for again.
  if (wasUp) lookAll();
  wasUp = true;
}

function close() {
  source?.close();
  source = null;
  after("silent");
}

function doubt() {
  isUp = false;
  show();
}

function lost() {
  close();
  if (!timers.doubt) after("doubt", doubtMs, doubt);
  if (!timers.poll) after("poll", pollMs, poll);
  const wait = Math.min(longestMs, 1000 * 2 ** failures++);
  after("retry", wait * (0.5 + Math.random() / 2), connect);
}

function query() {
  const fields = new URLSearchParams({ topics: topics().join(" ") });
  const rows = rowsWanted();
  if (rows) {
    fields.set("feed", rows.dataset.feed);
    fields.set("after", lastId || rows.dataset.after || "0");
  }
  return fields;
}

function connect() {
  close();
  after("retry");
  if (document.hidden || !document.getElementById("stream-state")) return;
  const fields = query();
  asked = `${fields.get("topics")}|${fields.get("feed")}`;
  source = new EventSource(`${address}?${fields}`);
  const on = (name, act) => source.addEventListener(name, (event) => (alive(), act(event)));
  on("open", up);
  on("beat", () => {});
  on("look", (event) => lookAt(event.data.split(" ")));
  for (const name of ["journal", "many", "refresh"]) on(name, (event) => tell(name, event));
  // The session is over, or one may see other things than before: the next request finds out which.
  on("end", () => {
    lookAll();
    document.dispatchEvent(new CustomEvent("stream:refresh"));
  });
  source.addEventListener("error", lost);
}

// After a swap the page may show other things.
function changed() {
  const fields = query();
  const now = `${fields.get("topics")}|${fields.get("feed")}`;
  const missing = topics().some((topic) => !asked.split("|")[0].split(" ").includes(topic));
  if (source && (missing || now.split("|")[1] !== asked.split("|")[1])) connect();
}

export function forgetPlace() {
  lastId = "";
}

// A browser gives one host six connections: pages that nobody sees leave theirs to others.
function seen() {
  if (document.hidden) {
    after("hidden", hiddenMs, close);
    return;
  }
  after("hidden");
  if (!source) connect();
}

export function startLive() {
  if (!document.getElementById("stream-state")) return;
  connect();
  after("doubt", doubtMs, doubt);
  document.querySelectorAll("[data-live]").forEach((element) => met.add(element));
  document.addEventListener("htmx:beforeSend", ({ detail }) => beganAt.set(detail.xhr, performance.now()));
  document.addEventListener("htmx:afterRequest", answered);
  document.addEventListener("htmx:afterSettle", () => after("changed", 300, changed));
  document.addEventListener("visibilitychange", seen);
  window.addEventListener("online", () => (failures = 0, connect()));
  window.addEventListener("pagehide", close);
  window.addEventListener("pageshow", (event) => event.persisted && seen());
}
