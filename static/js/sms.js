// The page of a conversation: the live counter, and the newest message in sight.
import { count, tablesOf } from "./sms-count.js";

const nearBottom = 80;

function recount(form) {
  const field = form.querySelector("textarea[name=content]");
  const place = form.querySelector("#count");
  if (!field || !place) return;
  const encoding = form.querySelector("input[name=encoding]:checked")?.value ?? "text";
  const { words, trouble } = count(field.value, encoding, tablesOf(form));
  place.textContent = trouble ? `${words}. ${trouble}` : words;
  place.classList.toggle("is-too-much", trouble !== "");
}

function counters(root) {
  root.querySelectorAll("form[data-counter]").forEach(recount);
}

function isAtBottom(thread) {
  return thread.scrollHeight - thread.scrollTop - thread.clientHeight < nearBottom;
}

function toBottom() {
  const thread = document.querySelector("[data-thread]");
  if (thread) thread.scrollTop = thread.scrollHeight;
}

document.addEventListener("input", (event) => {
  const form = event.target.closest?.("form[data-counter]");
  if (form) recount(form);
});

// Whoever reads what is earlier is not pulled away from it.
let follows = true;
// What was just sent may have come further before its answer was shown: look again, once it is.
let isStale = false;
document.addEventListener("htmx:beforeSwap", (event) => {
  const thread = document.querySelector("[data-thread]");
  if (event.detail.target?.id === "talk") follows = isStale = true;
  else if (event.detail.target?.id === "thread") follows = thread ? isAtBottom(thread) : true;
});
document.addEventListener("htmx:afterSettle", () => {
  counters(document);
  if (follows) toBottom();
  follows = false;
  const thread = document.querySelector("[data-thread][data-live]");
  if (isStale && thread) window.htmx.trigger(thread, "live");
  isStale = false;
});

counters(document);
toBottom();
