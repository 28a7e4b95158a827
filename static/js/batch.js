// The start of a batch at a later time: the viewer's own clock goes with it.
function say(field) {
  const at = field.value ? new Date(field.value) : new Date();
  const form = field.form;
  form.querySelector("[data-offset]").value = String(-at.getTimezoneOffset());
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  form.querySelector("[data-zone]").textContent = `The time is yours (${zone}).`;
}

function all() {
  for (const field of document.querySelectorAll("[data-at]")) say(field);
}

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-at]")) say(event.target);
});
document.addEventListener("htmx:afterSettle", all);
all();
