// The preview follows what is typed: the server draws it anew, nothing is saved.
(() => {
  "use strict";
  const form = document.querySelector("[data-preview-form]");
  const frame = document.querySelector("[data-preview]");
  if (!form || !frame) return;
  let timer = 0;
  let asked = 0;
  async function draw() {
    const number = (asked += 1);
    const answer = await fetch(frame.dataset.preview, { method: "POST", body: new FormData(form) });
    if (answer.ok && number === asked) frame.srcdoc = await answer.text();
  }
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(draw, 400);
  });
})();
