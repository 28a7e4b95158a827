// Runs before the first paint: a viewer's own theme, and the class that tells CSS a script is there.
(() => {
  const root = document.documentElement;
  root.classList.add("js");
  const theme = localStorage.getItem("theme");
  if (theme === "dark" || theme === "light") root.dataset.bsTheme = theme;
  else if (theme === "system") delete root.dataset.bsTheme;
})();
