// System, light or dark: kept here for the next paint and in a cookie for the server's first byte.
function wear(theme) {
  const root = document.documentElement;
  if (theme === "dark" || theme === "light") root.dataset.bsTheme = theme;
  else delete root.dataset.bsTheme;
}

function press(theme) {
  for (const button of document.querySelectorAll("[data-theme-choice]")) {
    button.setAttribute("aria-pressed", String(button.value === theme));
  }
}

export function startTheme() {
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-theme-choice]");
    if (!button) return;
    event.preventDefault();
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `theme=${button.value}; path=/; max-age=31536000; SameSite=Lax${secure}`;
    localStorage.setItem("theme", button.value);
    wear(button.value);
    press(button.value);
  });
  window.addEventListener("storage", (event) => {
    if (event.key !== "theme") return;
    wear(event.newValue);
    press(event.newValue);
  });
}
