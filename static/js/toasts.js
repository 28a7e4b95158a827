// Only for what happened out of sight; the page tells the same. 6 s, errors stay.
const kept = new Map();

function dress(tone) {
  const glyph = document.getElementById(`toast-${tone}`);
  return glyph ? glyph.content.cloneNode(true) : null;
}

export function toast(title, words = "", { tone = "info", name = "" } = {}) {
  dismiss(name);
  const box = document.getElementById("toast-shape").content.firstElementChild.cloneNode(true);
  box.querySelector("b").textContent = title;
  box.querySelector("p").textContent = words;
  const glyph = dress(tone);
  if (glyph) box.querySelector(".sp-toast-glyph").replaceChildren(glyph);
  box.querySelector("button").addEventListener("click", () => box.remove());
  document.getElementById("toasts").append(box);
  if (name) kept.set(name, box);
  else if (tone === "info" || tone === "ok") setTimeout(() => box.remove(), 6000);
}

export function dismiss(name) {
  kept.get(name)?.remove();
  kept.delete(name);
}
