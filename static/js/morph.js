// A part of the page that is put in place anew leaves alone what a person is at: a form that is being written in
// (data-kept), details that somebody has opened, and a row that was filled with more (data-opened, rows.js).
function isKept(node) {
  return node.matches?.("[data-kept], [data-opened]:not(:empty)") ?? false;
}

// A menu closes with what was chosen from it, but not under the hand of a person when the page looks again by itself.
let isLook = false;

function isOpened(name, node, change) {
  if (name === "aria-expanded") return node.matches("[data-opens]");
  if (name !== "open" || change !== "remove" || node.localName !== "details") return false;
  return isLook || !node.matches(".sp-menu, .sp-more");
}

export function startMorphing() {
  const callbacks = window.Idiomorph?.defaults.callbacks;
  if (!callbacks) return;
  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    isLook = detail.requestConfig.triggeringEvent?.type === "live";
  });
  callbacks.beforeNodeMorphed = (node) => !isKept(node);
  callbacks.beforeAttributeUpdated = (name, node, change) => !isOpened(name, node, change);
}
