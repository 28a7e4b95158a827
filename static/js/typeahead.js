// Results as one types, under the search box: an ARIA combobox. Never more than one request is under way; when its
// answer is there and the text has moved on, the latest text is asked for. Without a script the form just sends.
import { say } from "./say.js";

const least = 3;
const patience = 300;

function Typeahead(form) {
  const field = form.querySelector("input[type=search]");
  const box = document.createElement("div");
  const known = new Map();
  let isAsking = false;
  let shownFor = null;
  let active = -1;

  const options = () => [...box.querySelectorAll("[role=option]")];
  const wanted = () => field.value.trim();

  function mark(index) {
    const all = options();
    active = index;
    all.forEach((option, at) => option.setAttribute("aria-selected", String(at === active)));
    if (active < 0) return field.removeAttribute("aria-activedescendant");
    field.setAttribute("aria-activedescendant", all[active].id);
    all[active].scrollIntoView({ block: "nearest" });
  }

  function move(step) {
    const count = options().length;
    if (count) mark(active < 0 && step < 0 ? count - 1 : (active + step + count) % count);
  }

  function open(show) {
    box.hidden = !show;
    field.setAttribute("aria-expanded", String(show && options().length > 0));
    if (!show) mark(-1);
  }

  function show(html, text) {
    box.innerHTML = html;
    shownFor = text;
    mark(-1);
    const count = options().length;
    open(box.childElementCount > 0);
    if (box.childElementCount) say(count ? `${count} SIM${count === 1 ? "" : "s"} below` : "No SIM below");
  }

  async function ask(text) {
    const waiting = setTimeout(() => {
      box.innerHTML = '<p class="sp-hits-foot">Looking…</p>';
      shownFor = null;
      open(true);
    }, patience);
    try {
      const answer = await fetch(`${form.dataset.suggest}?q=${encodeURIComponent(text)}`, {
        headers: { Accept: "text/html" },
        redirect: "error",
      });
      return answer.ok ? await answer.text() : "";
    } catch {
      return "";
    } finally {
      clearTimeout(waiting);
    }
  }

  async function look() {
    if (isAsking) return;
    isAsking = true;
    try {
      while (document.activeElement === field && wanted().length >= least && wanted() !== shownFor) {
        const text = wanted();
        const html = known.get(text) ?? (await ask(text));
        if (html) known.set(text, html);
        if (wanted() !== text) continue;
        show(html, text);
      }
    } finally {
      isAsking = false;
    }
  }

  function typed() {
    if (wanted().length < least) {
      shownFor = null;
      open(false);
    } else look();
  }

  function pressed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const isOpen = !box.hidden;
    if (event.key === "Escape" && isOpen) {
      event.stopPropagation();
      event.preventDefault();
      return open(false);
    }
    if (event.key === "Enter" && isOpen && active >= 0) {
      event.preventDefault();
      return location.assign(options()[active].dataset.href);
    }
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    if (!isOpen) {
      if (shownFor === wanted() && box.childElementCount) open(true);
      else typed();
      return;
    }
    event.preventDefault();
    move(event.key === "ArrowDown" ? 1 : -1);
  }

  box.className = "sp-hits";
  box.hidden = true;
  form.append(box);
  field.setAttribute("role", "combobox");
  field.setAttribute("aria-autocomplete", "list");
  field.setAttribute("aria-expanded", "false");
  field.setAttribute("aria-controls", "search-hits");
  field.addEventListener("input", typed);
  field.addEventListener("keydown", pressed);
  field.addEventListener("focus", () => wanted() !== field.defaultValue && typed());
  field.addEventListener("blur", () => open(false));
  // The field keeps its focus, so that a press on an option is not a blur first.
  box.addEventListener("mousedown", (event) => event.preventDefault());
  box.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) location.assign(option.dataset.href);
  });
}

export function startTypeahead() {
  const form = document.querySelector(".sp-search[data-suggest]");
  if (form) Typeahead(form);
}
