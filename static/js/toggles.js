// <button aria-controls="ID" aria-expanded="false" data-toggle> opens and closes what it names (facets on small
// screens); a second button inside, without aria-expanded, closes it again and gives the focus back.
function closeMenus(event) {
  for (const menu of document.querySelectorAll("details.sp-menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
}

// A file comes and the page stays: the choice that was made is closed.
function chosen(event) {
  const menu = event.target.closest("details.sp-drop");
  if (menu) menu.open = false;
}

export function startToggles() {
  document.addEventListener("click", closeMenus);
  document.addEventListener("submit", chosen);
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-toggle]");
    if (!button) return;
    const box = document.getElementById(button.getAttribute("aria-controls"));
    const opener = document.querySelector(`[data-toggle][aria-expanded][aria-controls="${box.id}"]`);
    const open = box.classList.toggle("is-open");
    opener?.setAttribute("aria-expanded", String(open));
    if (open) box.querySelector("input, button")?.focus();
    else opener?.focus();
  });
}
