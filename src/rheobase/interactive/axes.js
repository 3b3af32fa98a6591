// Small things, and what all panels have in common: axes, ticks, words.

const SVG = "http://www.w3.org/2000/svg";
const LEFT = 62, RIGHT = 14, TOP = 12, GAP = 65535, COLORS = 7;

const buffer = (text) => {
  const raw = atob(text), bytes = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i++) bytes[i] = raw.charCodeAt(i);
  return bytes.buffer;
};

const make = (tag, attributes = {}, ...children) => {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
};

const draw = (parent, tag, attributes = {}, text = "") => {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  if (text) node.textContent = text;
  parent.append(node);
  return node;
};

const withUnit = (text, unit) => (unit ? `${text} ${unit}` : text);

// Numbers as people write them, with as many decimals as a step of that size needs.
const written = (value, step) => {
  const size = Math.max(Math.abs(value), Math.abs(step));
  if (size && (size < 1e-4 || size >= 1e6)) return value.toExponential(1).replace("-", "−");
  const decimals = Math.max(0, Math.min(8, -Math.floor(Math.log10(Math.abs(step) || 1) + 1e-9)));
  const text = value.toFixed(decimals);
  return Number(text) === 0 ? text.replace("-", "") : text.replace("-", "−");
};

// Three digits that count, more before the point if there are more.
const short = (value) => {
  if (Number.isInteger(value)) return written(value, 1);
  const size = Math.floor(Math.log10(Math.abs(value) || 1));
  return written(value, 10 ** Math.min(0, size - 2));
};

// Round numbers within a range, about as many as asked for.
const ticks = (low, high, wanted) => {
  const rough = (high - low) / Math.max(1, wanted);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((m) => m * power >= rough * 0.72) || 10);
  const from = Math.ceil(low / step - 1e-9), to = Math.floor(high / step + 1e-9);
  const places = [];
  for (let k = from; k <= to; k++) places.push(k * step);
  return places.map((value) => [value, written(value, step)]);
};

// The first place in rising numbers that is above the one given.
const above = (numbers, value, from, to) => {
  while (from < to) {
    const middle = (from + to) >> 1;
    if (numbers(middle) <= value) from = middle + 1; else to = middle;
  }
  return from;
};

// ---- axes ---------------------------------------------------------------------------------

// A plot in a box of pixels: what all kinds of panels have in common.
class Plot {
  constructor(player, told, parent) {
    this.player = player;
    this.told = told;
    this.svg = draw(parent, "svg", { role: "img" });
  }

  // Draw the frame; `x` and `y` are ranges, `bottom` is the room under the plot.
  frame(width, x, y, bottom) {
    const { svg, told } = this;
    svg.replaceChildren();
    const height = told.height + bottom - 8;
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    svg.setAttribute("height", height);
    this.box = { left: LEFT, right: width - RIGHT, top: TOP, bottom: height - bottom };
    const { left, right, top, bottom: floor } = this.box;
    this.x = (value) => left + ((value - x[0]) / (x[1] - x[0])) * (right - left);
    this.y = (value) => floor - ((value - y[0]) / (y[1] - y[0])) * (floor - top);
    this.back = draw(svg, "g");
    this.front = draw(svg, "g");
    draw(svg, "path", { class: "rb-axis", d: `M${left} ${top}V${floor}H${right}` });
  }

  ticksAcross(places, label) {
    const { left, right, bottom } = this.box;
    for (const [value, text] of places) {
      const at = this.x(value);
      draw(this.svg, "path", { class: "rb-axis", d: `M${at} ${bottom}v4` });
      draw(this.svg, "text", { class: "rb-tick", x: at, y: bottom + 16, "text-anchor": "middle" },
        text);
    }
    draw(this.svg, "text", { x: (left + right) / 2, y: bottom + 33, "text-anchor": "middle" },
      label);
  }

  ticksUp(places, label) {
    const { left, right, top, bottom } = this.box;
    for (const [value, text] of places) {
      const at = this.y(value);
      draw(this.back, "path", { class: "rb-grid", d: `M${left} ${at}H${right}` });
      draw(this.svg, "path", { class: "rb-axis", d: `M${left} ${at}h-4` });
      draw(this.svg, "text", { class: "rb-tick", x: left - 7, y: at + 4, "text-anchor": "end" },
        text);
    }
    const middle = (top + bottom) / 2;
    draw(this.svg, "text", { x: 0, y: 0, "text-anchor": "middle",
      transform: `translate(13 ${middle}) rotate(-90)` }, label);
  }

  point() { /* Only what knows of time shows a moment. */ }

  say(text) { this.svg.setAttribute("aria-label", text); }
}
