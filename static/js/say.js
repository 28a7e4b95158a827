// One polite voice for readers of the page.
let voice;

export function say(words) {
  if (!voice) {
    voice = document.createElement("div");
    voice.className = "sp-sr";
    voice.setAttribute("aria-live", "polite");
    document.body.append(voice);
  }
  voice.textContent = "";
  setTimeout(() => (voice.textContent = words), 50);
}
