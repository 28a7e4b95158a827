// A part of the page that is put in place anew leaves alone what a person is at: a form that is being written in
// (data-kept), details that somebody has opened, and a row that was filled with more (data-opened, rows.js).
function isKept(node) {
  return node.matches?.("[data-kept], [data-opened]:not(:empty)") ?? false;
}

function isOpened(name, node, change) {
  if (name === "aria-expanded") return node.matches("[data-opens]");
  return name === "open" && change === "remove" && node.localName === "details" && !node.matches(".sp-menu, .sp-more");
}

export function startMorphing() {
  const callbacks = window.Idiomorph?.defaults.callbacks;
  if (!callbacks) return;
  callbacks.beforeNodeMorphed = (node) => !isKept(node);
  callbacks.beforeAttributeUpdated = (name, node, change) => !isOpened(name, node, change);
}
