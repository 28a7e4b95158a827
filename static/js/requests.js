// What htmx does here beside swapping: the CSRF header, slowness, lost connections, a session that ended.
import { dismiss, toast } from "./toasts.js";

const lost = "connection";
const answers = new Set([409, 422, 429]);
const clock = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });
let shown = new Date();

function token() {
  const field = document.querySelector("meta[name=csrf-token], input[name=csrfmiddlewaretoken]");
  return field?.content ?? field?.value ?? document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1] ?? "";
}

// Nothing for 300 ms, then the shape of the rows; after 3 s a sentence.
const slow = new WeakMap();

function waitFor(target) {
  const box = target?.closest?.(".sp-slow");
  if (!box) return;
  const timers = [
    setTimeout(() => box.classList.add("is-slow"), 300),
    setTimeout(() => box.classList.add("is-very-slow"), 3000),
  ];
  slow.set(target, () => {
    timers.forEach(clearTimeout);
    box.classList.remove("is-slow", "is-very-slow");
  });
}

function settle(target) {
  slow.get(target)?.();
  slow.delete(target);
}

function connectionLost() {
  const words = `The page shows ${clock.format(shown)}. Whatever reached the portal is kept.`;
  toast("Connection lost", words, { tone: "warn", name: lost });
}

function signedOut(event) {
  const answered = event.detail.xhr.responseURL;
  if (!answered || new URL(answered).pathname !== "/login/") return false;
  event.preventDefault();
  location.assign(`/login/?next=${encodeURIComponent(location.pathname + location.search)}`);
  return true;
}

function answered(event) {
  if (signedOut(event)) return;
  const { xhr } = event.detail;
  // An invalid form comes back as itself with 409, 422 or 429, and has to be seen.
  if (answers.has(xhr.status)) event.detail.shouldSwap = true;
}

function refused(event) {
  const { status } = event.detail.xhr;
  if (answers.has(status)) return;
  const words = "The page shows what it showed before.";
  toast("The portal could not answer", words, {
    tone: "bad",
  });
}

export function startRequests() {
  const on = (name, act) => document.addEventListener(`htmx:${name}`, act);
  on("configRequest", (event) => (event.detail.headers["X-CSRFToken"] = token()));
  on("beforeRequest", ({ detail }) => {
    // Nobody waits for a poll, which has no event behind it, or for what the stream rings for: nothing is veiled.
    const { triggeringEvent } = detail.requestConfig;
    if (triggeringEvent && triggeringEvent.type !== "live") waitFor(detail.target);
  });
  on("afterRequest", (event) => settle(event.detail.target));
  on("beforeSwap", answered);
  on("responseError", refused);
  on("sendError", connectionLost);
  on("timeout", connectionLost);
  on("afterOnLoad", () => {
    shown = new Date();
    dismiss(lost);
  });
  window.addEventListener("offline", connectionLost);
  window.addEventListener("online", () => dismiss(lost));
}
