// <button aria-controls="ID" aria-expanded="false" data-toggle> opens and closes what it names (facets on small screens).
export function startToggles() {
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-toggle]");
    if (!button) return;
    const open = button.getAttribute("aria-expanded") !== "true";
    button.setAttribute("aria-expanded", String(open));
    document.getElementById(button.getAttribute("aria-controls"))?.classList.toggle("is-open", open);
  });
}
