// Usage per day on a SIM's page: one bar a billing day. The table below the chart says the same without it.
const HEIGHT = 152;
const tokens = () => getComputedStyle(document.documentElement);
const charts = new Map();

const amount = (mb) => mb.toLocaleString("en", { maximumFractionDigits: mb < 10 ? 2 : 0 });

function dayName(first, day) {
  const at = new Date(`${first}T00:00:00Z`);
  at.setUTCDate(day);
  return at.toLocaleDateString("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });
}

// A line that dwarfs the bars would hide them: then it is told at the upper edge instead.
function scaleOf({ mb, allowance }) {
  const most = Math.max(0, ...mb.filter((value) => value !== null));
  const shown = allowance && allowance <= (most || allowance) * 4 ? allowance : 0;
  const reach = Math.max(most, shown) || 1;
  const size = 10 ** Math.floor(Math.log10(reach / 4));
  const step = size * [1, 2, 5, 10].find((factor) => size * factor * 4.5 >= reach);
  const steps = Math.ceil(reach / step);
  return { top: steps * step, marks: Array.from({ length: steps + 1 }, (_, at) => at * step), showsAllowance: shown > 0 };
}

class Pen {
  constructor(u) {
    const style = tokens();
    this.u = u;
    this.colour = (name) => style.getPropertyValue(`--sp-${name}`).trim();
    this.font = `${11 * uPlot.pxRatio}px ${style.getPropertyValue("--sp-font")}`;
    this.px = (length) => length * uPlot.pxRatio;
  }

  x(place) {
    return Math.round(this.u.valToPos(place, "x", true));
  }

  y(mb) {
    return Math.round(this.u.valToPos(mb, "y", true));
  }

  text(words, x, y, colour, align = "left") {
    const { ctx } = this.u;
    Object.assign(ctx, { font: this.font, fillStyle: this.colour(colour), textAlign: align, textBaseline: "middle" });
    ctx.fillText(words, x, y);
  }

  width(words) {
    this.u.ctx.font = this.font;
    return this.u.ctx.measureText(words).width;
  }

  line(fromX, fromY, toX, toY, colour, dash = []) {
    const { ctx } = this.u;
    ctx.beginPath();
    ctx.setLineDash(dash.map(this.px));
    ctx.strokeStyle = this.colour(colour);
    ctx.lineWidth = this.px(1);
    ctx.moveTo(fromX, fromY);
    ctx.lineTo(toX, toY);
    ctx.stroke();
    ctx.setLineDash([]);
  }
}

function ground(data) {
  return (u) => {
    const pen = new Pen(u);
    u.ctx.save();
    u.ctx.fillStyle = pen.colour("warn-fill");
    for (const off of data.off) {
      const left = pen.x(off.from);
      u.ctx.fillRect(left, u.bbox.top, Math.max(pen.px(1), pen.x(off.to) - left), u.bbox.height);
    }
    u.ctx.restore();
  };
}

// Labels go where there is room: inside the tint, right of its line, left of it near the edge.
function nameTints(pen, data) {
  const { bbox } = pen.u;
  for (const off of data.off) {
    const room = pen.x(off.to) - pen.x(off.from) - pen.px(8);
    const words = [off.label, "off"].find((label) => pen.width(label) <= room);
    if (words) pen.text(words, pen.x(off.from) + pen.px(5), bbox.top + pen.px(8), "warn-text");
  }
}

function drawAllowance(pen, { allowance }, isShown) {
  if (!allowance) return;
  const { bbox } = pen.u;
  const right = bbox.left + bbox.width;
  const words = `allowance per day ${amount(allowance)} MB`;
  if (!isShown) return pen.text(`${words}, above all of this`, right, bbox.top + pen.px(8), "text2", "right");
  const y = pen.y(allowance);
  pen.line(bbox.left, y, right, y, "text2", [4, 3]);
  const isNarrow = bbox.width < pen.px(420);
  pen.text(isNarrow ? amount(allowance) : words, right, y - pen.px(8), "text2", "right");
}

// Its word stands beside today's bar, which may reach beyond the line.
function drawNow(pen, { now, days }) {
  const { bbox } = pen.u;
  const x = pen.x(now);
  const y = bbox.top + bbox.height - pen.px(8);
  const today = Math.floor(now + 0.5);
  pen.line(x, bbox.top, x, bbox.top + bbox.height, "text");
  if (today > days - 2) pen.text("now", pen.x(today - 0.4) - pen.px(4), bbox.top + pen.px(8), "text2", "right");
  else pen.text("now", Math.max(x, pen.x(today + 0.4)) + pen.px(4), y, "text2");
}

// A day that used nothing has a line of its own; a gap has none.
function drawNothing(pen, { mb }) {
  const half = (pen.x(2) - pen.x(1)) * 0.36;
  pen.u.ctx.fillStyle = pen.colour("bar");
  mb.forEach((used, at) => {
    if (used === 0) pen.u.ctx.fillRect(pen.x(at + 1) - half, pen.y(0) - pen.px(2), half * 2, pen.px(2));
  });
}

function marks(data, showsAllowance) {
  return (u) => {
    const pen = new Pen(u);
    u.ctx.save();
    drawNothing(pen, data);
    drawAllowance(pen, data, showsAllowance);
    nameTints(pen, data);
    drawNow(pen, data);
    u.ctx.restore();
  };
}

function tell(box, data) {
  const caption = box.parentElement.querySelector(".sp-chart-caption");
  return (u) => {
    const day = u.cursor.idx;
    if (!caption) return;
    const used = day == null || u.cursor.left < 0 ? undefined : data.mb[day];
    if (used === undefined || (used === null && day + 0.5 > data.now)) caption.textContent = caption.dataset.caption;
    else caption.textContent = `${dayName(data.first, day + 1)}: ${used === null ? "not known" : `${amount(used)} MB`}`;
  };
}

function axes(data, style, levels, isNarrow) {
  const shared = {
    stroke: style.getPropertyValue("--sp-text2").trim(),
    font: `11px ${style.getPropertyValue("--sp-font")}`,
    ticks: { show: false },
  };
  const line = style.getPropertyValue("--sp-line").trim();
  const marks = (isNarrow ? [1, 10, 20, 30] : [1, 5, 10, 15, 20, 25, 30]).filter((day) => day <= data.days);
  const name = (day) => (day === 1 ? dayName(data.first, 1) : String(day));
  return [
    { ...shared, size: 20, gap: 3, grid: { show: false }, splits: () => marks, values: (u, days) => days.map(name) },
    { ...shared, size: 34, gap: 6, grid: { stroke: line, width: 1 }, splits: () => levels, values: (u, all) => all.map(amount) },
  ];
}

function draw(box) {
  charts.get(box)?.destroy();
  const data = JSON.parse(box.dataset.usageChart);
  const style = tokens();
  const { top, marks: levels, showsAllowance } = scaleOf(data);
  const options = {
    width: box.clientWidth,
    height: HEIGHT,
    padding: [8, 2, 0, 0],
    legend: { show: false },
    cursor: { x: false, y: false, points: { show: false }, drag: { x: false, y: false } },
    scales: { x: { time: false, range: [0.5, data.days + 0.5] }, y: { range: [0, top] } },
    axes: axes(data, style, levels, box.clientWidth < 420),
    series: [
      {},
      {
        paths: uPlot.paths.bars({ size: [0.72, 28], radius: 0.06 }),
        fill: style.getPropertyValue("--sp-bar").trim(),
        width: 0,
        points: { show: false },
      },
    ],
    hooks: { drawClear: [ground(data)], draw: [marks(data, showsAllowance)], setCursor: [tell(box, data)] },
  };
  box.replaceChildren();
  charts.set(box, new uPlot(options, [data.mb.map((used, at) => at + 1), data.mb], box));
}

const sizes = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    const chart = charts.get(target);
    if (chart && target.clientWidth && chart.width !== target.clientWidth) draw(target);
  }
});

// A part of the page that came anew has an empty box; one that is gone takes its chart along.
function drawNew() {
  for (const [box, chart] of charts) {
    if (box.isConnected && box.contains(chart.root)) continue;
    chart.destroy();
    charts.delete(box);
    sizes.unobserve(box);
  }
  for (const box of document.querySelectorAll("[data-usage-chart]")) {
    if (charts.has(box)) continue;
    draw(box);
    sizes.observe(box);
  }
}

function drawAll() {
  for (const box of charts.keys()) draw(box);
}

drawNew();
document.fonts.ready.then(drawAll);
document.addEventListener("htmx:afterSwap", drawNew);
document.addEventListener("htmx:afterSettle", drawNew);
new MutationObserver(drawAll).observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
