// What pages do beyond htmx: dialogs, theme, drop zones, toasts, copy, bulk selection. All by data attributes.
(() => {
  "use strict";
  const all = (selector, root = document) => Array.from(root.querySelectorAll(selector));

  // Dialogs: the link leads to the page that asks; here the dialog asks instead.
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-dialog]");
    const dialog = opener && document.getElementById(opener.dataset.dialog);
    if (dialog && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      dialog.showModal();
      watchTyped(dialog);
    }
    const closer = event.target.closest("[data-close]");
    if (closer) closer.closest("dialog").close();
  });

  function watchTyped(dialog) {
    const typed = dialog.querySelector("[data-typed]");
    const submit = dialog.querySelector("button[type=submit]");
    if (!typed) return;
    const check = () => {
      submit.disabled = typed.value.trim().toLowerCase() !== typed.dataset.typed.trim().toLowerCase();
    };
    typed.addEventListener("input", check);
    check();
    typed.focus();
  }

  // Enter inside a part of a form presses the button of that part, not the first of the form.
  document.addEventListener("keydown", (event) => {
    const part = event.key === "Enter" && event.target.matches("input") && event.target.closest("[data-enter]");
    if (!part) return;
    event.preventDefault();
    document.getElementById(part.dataset.enter).click();
  });

  // Theme.
  function drawTheme() {
    for (const button of all("[data-theme]")) {
      button.setAttribute("aria-pressed", String(button.dataset.theme === window.accordTheme.chosen()));
    }
  }
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-theme]");
    if (!button) return;
    window.accordTheme.choose(button.dataset.theme);
    drawTheme();
  });

  // The menu on narrow screens.
  document.addEventListener("click", (event) => {
    const toggle = event.target.closest("[data-side-toggle]");
    if (!toggle) return;
    const open = document.getElementById("side-menu").classList.toggle("open");
    toggle.setAttribute("aria-expanded", String(open));
  });

  // Drop zones.
  function size(bytes) {
    const language = document.documentElement.lang;
    const unit = bytes < 1e6 ? ["kilobyte", 1e3] : bytes < 1e9 ? ["megabyte", 1e6] : ["gigabyte", 1e9];
    return new Intl.NumberFormat(language, { style: "unit", unit: unit[0], maximumFractionDigits: 1 }).format(bytes / unit[1]);
  }
  function dropZone(zone) {
    if (zone.dataset.ready) return;
    zone.dataset.ready = "yes";
    const input = zone.querySelector("input[type=file]");
    const name = zone.querySelector("[data-drop-name]");
    zone.querySelector("[data-drop-text]").hidden = false;
    const show = () => { name.textContent = Array.from(input.files, (file) => `${file.name} (${size(file.size)})`).join(", "); };
    input.addEventListener("change", show);
    zone.addEventListener("dragover", (event) => { event.preventDefault(); zone.classList.add("over"); });
    zone.addEventListener("dragleave", () => zone.classList.remove("over"));
    zone.addEventListener("drop", (event) => {
      event.preventDefault();
      zone.classList.remove("over");
      if (!event.dataTransfer.files.length) return;
      input.files = event.dataTransfer.files;
      input.dispatchEvent(new Event("change", { bubbles: true }));
    });
  }

  // Toasts: good news leaves by itself unless looked at, the rest stays until dismissed.
  function toast(note) {
    const button = note.querySelector("[data-dismiss]");
    button.hidden = false;
    button.addEventListener("click", () => note.remove());
    if (note.dataset.toast !== "success") return;
    let timer = setTimeout(() => note.remove(), 8000);
    for (const name of ["mouseenter", "focusin"]) note.addEventListener(name, () => clearTimeout(timer));
    note.addEventListener("mouseleave", () => { timer = setTimeout(() => note.remove(), 4000); });
  }

  // Copy buttons.
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const source = button.parentElement.querySelector("[data-copy-source]");
    source.select();
    await navigator.clipboard.writeText(source.value);
    button.querySelector("span").textContent = button.dataset.copied;
  });

  // Bulk selection: the box in the head selects this page.
  document.addEventListener("change", (event) => {
    const results = event.target.closest(".list-results");
    if (!results || !event.target.matches("[data-check], [data-check-all]")) return;
    const boxes = all("[data-check]", results);
    if (event.target.matches("[data-check-all]")) for (const box of boxes) box.checked = event.target.checked;
    drawBulk(results);
  });
  function drawBulk(results) {
    const bar = results.querySelector("[data-bulk]");
    if (!bar) return;
    const chosen = all("[data-check]", results).filter((box) => box.checked).length;
    bar.hidden = chosen === 0;
    bar.querySelector("[data-bulk-count]").textContent = String(chosen);
  }

  // Work that is watched stays on the page while the server is away: the next answer that is one replaces it.
  function lost(event) {
    const live = event.detail.elt.closest("[data-live]");
    if (!live) return false;
    live.querySelector("[data-live-lost]").hidden = false;
    return true;
  }
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.xhr.status >= 500 && lost(event)) event.detail.shouldSwap = false;
  });
  for (const name of ["htmx:sendError", "htmx:timeout"]) document.addEventListener(name, lost);

  // The page title carries the percentage of running work.
  const title = document.title;
  function drawPercent() {
    const work = document.querySelector("[data-percent]");
    document.title = work ? `${work.dataset.percent} % · ${title}` : title;
  }

  function ready(root) {
    all("[data-drop-zone]", root).forEach(dropZone);
    all("[data-toast]", root).forEach(toast);
    all("[data-copy]", root).forEach((button) => { button.hidden = !navigator.clipboard; });
    all(".list-results").forEach(drawBulk);
    drawPercent();
  }
  all("[data-theme-switch]").forEach((element) => { element.hidden = false; });
  drawTheme();
  ready(document);
  const summary = document.querySelector("[data-focus]");
  if (summary) summary.focus();
  document.addEventListener("htmx:load", (event) => { if (event.detail.elt !== document.body) ready(event.detail.elt); });
})();
