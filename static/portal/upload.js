// A large file takes a while to arrive: show how far it is, and say so when the connection breaks. Without this file the
// form is sent by the browser alone.
document.addEventListener("submit", (event) => {
  "use strict";
  const form = event.target;
  const file = form.querySelector("[data-upload] input[type=file]")?.files[0];
  const show = form.querySelector("[data-upload-progress]");
  if (!file || !show || file.size < 2e6) return;
  event.preventDefault();
  const bar = show.querySelector("progress");
  const lost = form.querySelector("[data-upload-lost]");
  const buttons = form.querySelectorAll("button[type=submit]");
  const title = document.title;
  const request = new XMLHttpRequest();
  const busy = (on) => {
    show.hidden = !on;
    for (const button of buttons) button.disabled = on;
    document.title = title;
  };
  request.upload.addEventListener("progress", (sent) => {
    bar.max = sent.total;
    bar.value = sent.loaded;
    document.title = `${Math.floor((100 * sent.loaded) / sent.total)} % · ${title}`;
  });
  request.addEventListener("load", () => {
    if (request.responseURL !== location.href) {
      location.assign(request.responseURL);
      return;
    }
    const answer = new DOMParser().parseFromString(request.responseText, "text/html").querySelector("main");
    document.querySelector("main").replaceWith(answer);
    document.dispatchEvent(new CustomEvent("htmx:load", { detail: { elt: answer } }));
    answer.querySelector("[data-focus]")?.focus();
    document.title = title;
  });
  request.addEventListener("error", () => { busy(false); lost.hidden = false; lost.focus(); });
  lost.hidden = true;
  busy(true);
  request.open("POST", location.href);
  request.send(new FormData(form));
});
