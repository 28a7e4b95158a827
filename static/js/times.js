// Times are printed in UTC; here they are put into the viewer's zone, and ages are kept true.
const english = navigator.language.startsWith("en") ? navigator.language : "en-GB";
const shapes = {
  clock: { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" },
  minute: { hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
  day: { day: "numeric", month: "short" },
  date: { day: "numeric", month: "short", year: "numeric" },
  full: { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
  heading: { weekday: "long", day: "numeric", month: "long" },
  long: { weekday: "long", day: "numeric", month: "long", year: "numeric" },
  moment: { weekday: "long", day: "numeric", month: "long", hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
  stamp: { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" },
};
const whole = { dateStyle: "medium", timeStyle: "long", hourCycle: "h23" };
const formats = new Map();

function format(name, options, at) {
  if (!formats.has(name)) formats.set(name, new Intl.DateTimeFormat(english, options));
  return formats.get(name).format(at);
}

export function span(seconds) {
  if (seconds < 60) return `${Math.max(0, Math.floor(seconds))} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 172800) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86400).toLocaleString("en")} d`;
}

function put(node, words) {
  if (node.textContent !== words) node.textContent = words;
}

function isToday(at) {
  return at.toDateString() === new Date().toDateString();
}

export function localise(root) {
  for (const node of root.querySelectorAll("time[data-time]")) {
    const at = new Date(node.dateTime);
    // Where a day stands beside the time, today's may go without.
    const style = (isToday(at) && node.parentNode.dataset.today) || node.dataset.time;
    const words = format(style, shapes[style], at);
    put(node, node.dataset.time === "heading" && isToday(at) ? `Today, ${words}` : words);
    node.title = format("whole", whole, at);
  }
  for (const node of root.querySelectorAll("time[data-age]")) {
    node.title = format("whole", whole, new Date(node.dateTime));
  }
}

// The server's clock counts: ages move on by how long the page stands, whatever the viewer's clock says.
function age(root, ahead) {
  for (const node of root.querySelectorAll("time[data-age]")) {
    const seconds = (Date.now() - ahead - new Date(node.dateTime)) / 1000;
    put(node, `${span(seconds)} ${node.dataset.age}`.trim());
  }
}

export function startTimes() {
  const served = document.querySelector("meta[name=served-at]");
  const ahead = served ? performance.timeOrigin + performance.now() - new Date(served.content) : 0;
  localise(document);
  setInterval(() => age(document, ahead), 10_000);
  document.addEventListener("htmx:afterSwap", (event) => localise(event.target.parentNode ?? document));
  document.addEventListener("htmx:oobAfterSwap", (event) => localise(event.target.parentNode ?? document));
}
