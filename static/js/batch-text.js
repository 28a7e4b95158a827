// The text of messages to many: how much of one SMS it takes, as it is typed. Variables count as they are written.
import { count, tablesOf } from "./sms-count.js";

function recount(form) {
  const place = form.querySelector("#text-count");
  const text = form.elements.content.value;
  const { words, trouble } = count(text, form.elements.encoding.value, tablesOf(form));
  const hasVariables = /(^|[^{])\{[a-z0-9]+\}/.test(text);
  const told = hasVariables ? `${words}, before each SIM’s own values are put in` : words;
  place.textContent = trouble && !hasVariables ? `${told}. ${trouble}` : told;
  place.classList.toggle("is-too-much", trouble !== "" && !hasVariables);
}

document.addEventListener("input", (event) => {
  const form = event.target.form;
  if (form?.matches("[data-counter]") && ["content", "encoding"].includes(event.target.name)) recount(form);
});
document.querySelectorAll("form[data-counter]").forEach(recount);
