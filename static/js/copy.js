// Copy buttons: <button data-copy="TEXT">, answers "Copied" for 2 s, aloud too.
import { say } from "./say.js";

async function write(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  // Plain http on another host than this one has no clipboard object.
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "sp-sr";
  document.body.append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
}

function answer(button) {
  const before = [...button.childNodes];
  const words = document.createElement("span");
  words.className = "sp-copied";
  words.textContent = "Copied";
  button.replaceChildren(words);
  setTimeout(() => button.replaceChildren(...before), 2000);
}

export function startCopying() {
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button || button.querySelector(".sp-copied")) return;
    await write(button.dataset.copy);
    answer(button);
    say("Copied");
  });
}
