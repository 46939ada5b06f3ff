// Runs before the first paint: light, dark, or as the device says. Nothing leaves the browser.
(() => {
  "use strict";
  const root = document.documentElement;
  const device = window.matchMedia("(prefers-color-scheme: dark)");
  const chosen = () => {
    try { return localStorage.getItem("theme") || "auto"; } catch { return "auto"; }
  };
  const apply = () => {
    const theme = chosen();
    root.dataset.bsTheme = theme === "auto" ? (device.matches ? "dark" : "light") : theme;
  };
  root.classList.add("scripted");
  apply();
  device.addEventListener("change", apply);
  window.accordTheme = {
    chosen,
    choose(theme) {
      try { localStorage.setItem("theme", theme); } catch { /* private window: for this page only */ }
      apply();
      if (chosen() !== theme && theme !== "auto") root.dataset.bsTheme = theme;
    },
  };
})();
