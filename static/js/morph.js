// A part of the page that is put in place anew leaves alone what a person is at: a form that is being written in
// (data-kept), and details that somebody has opened.
function isKept(node) {
  return node.matches?.("[data-kept]") ?? false;
}

function closesDetails(name, node, change) {
  return name === "open" && change === "remove" && node.localName === "details" && !node.matches(".sp-menu, .sp-more");
}

export function startMorphing() {
  const callbacks = window.Idiomorph?.defaults.callbacks;
  if (!callbacks) return;
  callbacks.beforeNodeMorphed = (node) => !isKept(node);
  callbacks.beforeAttributeUpdated = (name, node, change) => !closesDetails(name, node, change);
}
