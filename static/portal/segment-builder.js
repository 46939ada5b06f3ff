// The builder works without this file. It adds one thing: Alt with an arrow key moves the condition one is in.
document.addEventListener("keydown", (event) => {
  const verb = { ArrowUp: "up", ArrowDown: "down" }[event.key];
  if (!verb || !event.altKey || event.ctrlKey || event.metaKey || !(event.target instanceof Element)) return;
  const node = event.target.closest("[data-node]");
  const button = node && node.querySelector(`:scope > .segment-head [data-move=${verb}], :scope > .segment-buttons [data-move=${verb}]`);
  if (!button) return;
  event.preventDefault();
  button.click();
});
