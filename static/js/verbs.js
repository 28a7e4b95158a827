// "Activate 37…": each verb of the selection bar says how many of the ticked SIMs it would touch; a verb that would
// touch none stays where it is and tells why. Without a script the page that follows counts them.
const plural = new Intl.NumberFormat("en-GB");

function touched(button, isEverything) {
  if (isEverything) return button.dataset.number === undefined ? null : Number(button.dataset.number);
  const statuses = new Set(button.dataset.statuses.split(" "));
  const ticks = document.querySelectorAll('tr[data-giccid] input.sp-tick[name="sim"]:checked');
  return [...ticks].filter((box) => statuses.has(box.closest("tr").dataset.status)).length;
}

export function countVerbs(form, isEverything) {
  for (const button of form.querySelectorAll("[data-verb]")) {
    const number = touched(button, isEverything);
    button.textContent = number === null ? `${button.dataset.verb}…` : `${button.dataset.verb} ${plural.format(number)}…`;
    if (number === 0) {
      button.setAttribute("aria-disabled", "true");
      button.setAttribute("aria-describedby", "verb-none");
      button.title = document.getElementById("verb-none").textContent;
    } else {
      button.removeAttribute("aria-disabled");
      button.removeAttribute("aria-describedby");
      button.removeAttribute("title");
    }
  }
}

document.addEventListener("click", (event) => {
  if (event.target.closest('[data-verb][aria-disabled="true"]')) event.preventDefault();
});
