(() => {
"use strict";
// Turns a morphology: frusta as lines with round ends, far ones first and paler.
const cell = JSON.parse(document.getElementById("cell").textContent);
const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer;
const lines = new Float32Array(bytes(cell.lines));       // x y z, x y z, r, r of every piece: um
const sectionOf = new Int32Array(bytes(cell.section));
const nodeOf = new Int32Array(bytes(cell.node));
const count = sectionOf.length;
const values = cell.values || null;
const steps = values ? new Uint8Array(bytes(values.steps)) : null;
const canvas = document.querySelector("#view canvas");
const tip = document.getElementById("tip");
const bar = document.getElementById("bar");
const pen = canvas.getContext("2d");
let frame = 0, width = 1, height = 1, ratio = 1;

// --- the size of the cell ----------------------------------------------------------------------
const low = [Infinity, Infinity, Infinity], high = [-Infinity, -Infinity, -Infinity];
const reach = (x, y, z, r) => [x, y, z].forEach((value, axis) => {
  low[axis] = Math.min(low[axis], value - r);
  high[axis] = Math.max(high[axis], value + r);
});
for (let k = 0; k < count; k++) {
  const o = 8*k;
  reach(lines[o], lines[o + 1], lines[o + 2], lines[o + 6]);
  reach(lines[o + 3], lines[o + 4], lines[o + 5], lines[o + 7]);
}
for (const ball of cell.balls) reach(ball[0], ball[1], ball[2], ball[3]);
const middle = low.map((value, axis) => (value + high[axis])/2);
const span = Math.hypot(...low.map((value, axis) => high[axis] - value)) || 1;

// --- the view ----------------------------------------------------------------------------------
const upright = [1, 0, 0, 0, 1, 0, 0, 0, 1];
let turn = upright.slice(), zoom = 1, shiftX = 0, shiftY = 0;
const times = (a, b) => {
  const c = new Array(9).fill(0);
  for (let i = 0; i < 3; i++)
    for (let j = 0; j < 3; j++)
      for (let k = 0; k < 3; k++) c[3*i + j] += a[3*i + k]*b[3*k + j];
  return c;
};
const rotate = (dx, dy) => {
  const [a, b, c, d] = [Math.cos(dx), Math.sin(dx), Math.cos(dy), Math.sin(dy)];
  turn = times(times([1, 0, 0, 0, c, -d, 0, d, c], [a, 0, b, 0, 1, 0, -b, 0, a]), turn);
};
const scale = () => {
  const wide = high[0] - low[0], tall = high[1] - low[1];
  return zoom*0.94*Math.min(width/Math.max(wide, span/3), height/Math.max(tall, span/3));
};

// --- colors ------------------------------------------------------------------------------------
const dark = window.matchMedia("(prefers-color-scheme: dark)");
const rgb = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
const paper = () => dark.matches ? [22, 24, 27] : [255, 255, 255];
const SHADES = 12;
let shades = [];
const mix = (color) => Array.from({length: SHADES}, (_, k) => {
  const far = (values ? 0.3 : 0.5)*(1 - k/(SHADES - 1))**1.5, back = paper();
  return `rgb(${color.map((c, axis) => Math.round(c*(1 - far) + back[axis]*far)).join()})`;
});
// On dark paper the dark end of a scale would vanish: dark colors are lifted towards white.
const lifted = (color) => {
  const light = (0.3*color[0] + 0.59*color[1] + 0.11*color[2])/255;
  return color.map((c) => Math.round(c + (255 - c)*0.45*Math.max(0, 0.6 - light)/0.6));
};
const seen = (hex) => {
  if (!dark.matches) return rgb(hex);
  return hex === "#000000" ? [240, 240, 238] : lifted(rgb(hex));
};
const prepare = () => {
  shades = (values ? [...values.scale, "#bbbbbb"] : cell.colors).map((hex) => mix(seen(hex)));
};
const colorOf = (section, node) =>
  values ? steps[frame*values.places + node] : cell.sections[section][0];

// --- drawing -----------------------------------------------------------------------------------
const total = count + cell.balls.length;
const screen = new Float32Array(5*total);                // x y x y depth
const order = Array.from({length: total}, (_, k) => k);
const project = () => {
  const s = scale(), [cx, cy] = [width/2 + shiftX, height/2 + shiftY];
  const put = (x, y, z, at, slot) => {
    const [a, b, c] = [x - middle[0], y - middle[1], z - middle[2]];
    screen[at + slot] = cx + s*(turn[0]*a + turn[1]*b + turn[2]*c);
    screen[at + slot + 1] = cy - s*(turn[3]*a + turn[4]*b + turn[5]*c);
    return turn[6]*a + turn[7]*b + turn[8]*c;
  };
  for (let k = 0; k < count; k++) {
    const o = 8*k;
    screen[5*k + 4] = (put(lines[o], lines[o + 1], lines[o + 2], 5*k, 0)
      + put(lines[o + 3], lines[o + 4], lines[o + 5], 5*k, 2))/2;
    if (!lines[o + 6] && !lines[o + 7]) screen[5*k + 4] = -1e9;  // a wire, no membrane: behind all
  }
  cell.balls.forEach((ball, b) => {
    const at = 5*(count + b);
    screen[at + 4] = put(ball[0], ball[1], ball[2], at, 0);
  });
};
const draw = () => {
  project();
  order.sort((a, b) => screen[5*a + 4] - screen[5*b + 4]);
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, width, height);
  pen.lineCap = "round";
  const s = scale();
  for (const k of order) {
    const shade = Math.max(0, Math.min(SHADES - 1,
      Math.floor((screen[5*k + 4]/span + 0.5)*SHADES)));
    if (k >= count) {
      const ball = cell.balls[k - count];
      pen.fillStyle = shades[colorOf(ball[4], ball[5])][shade];
      pen.beginPath();
      pen.arc(screen[5*k], screen[5*k + 1], Math.max(ball[3]*s, 1), 0, 2*Math.PI);
      pen.fill();
      continue;
    }
    pen.strokeStyle = shades[colorOf(sectionOf[k], nodeOf[k])][shade];
    pen.lineWidth = Math.max((lines[8*k + 6] + lines[8*k + 7])*s, 1.4);
    pen.beginPath();
    pen.moveTo(screen[5*k], screen[5*k + 1]);
    pen.lineTo(screen[5*k + 2], screen[5*k + 3]);
    pen.stroke();
  }
  scaleBar(s);
};
const scaleBar = (s) => {
  const wanted = 0.2*width/s, power = 10**Math.floor(Math.log10(wanted));
  const size = power*Math.max(...[1, 2, 5].filter((f) => f*power <= wanted));
  const ink = getComputedStyle(document.body).color;
  pen.strokeStyle = pen.fillStyle = ink;
  pen.lineCap = "butt";
  pen.lineWidth = 2;
  pen.beginPath();
  pen.moveTo(width - 18 - size*s, height - 14);
  pen.lineTo(width - 18, height - 14);
  pen.stroke();
  pen.font = "13px system-ui, sans-serif";
  pen.textAlign = "center";
  const text = size < 1000 ? `${+size.toPrecision(3)} µm` : `${+(size/1000).toPrecision(3)} mm`;
  pen.fillText(text, width - 18 - size*s/2, height - 21);
};
let waiting = false;
const redraw = () => {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => { waiting = false; draw(); });
};

// --- hands -------------------------------------------------------------------------------------
const held = new Map();
canvas.addEventListener("pointerdown", (event) => {
  canvas.setPointerCapture(event.pointerId);
  held.set(event.pointerId, [event.offsetX, event.offsetY]);
  tip.textContent = "";
});
canvas.addEventListener("pointermove", (event) => {
  const before = held.get(event.pointerId);
  if (!before) { name(event.offsetX, event.offsetY); return; }
  const [dx, dy] = [event.offsetX - before[0], event.offsetY - before[1]];
  if (held.size === 2) {
    const other = [...held].find(([id]) => id !== event.pointerId)[1];
    const apart = (p) => Math.hypot(p[0] - other[0], p[1] - other[1]) || 1;
    zoom *= apart([event.offsetX, event.offsetY])/apart(before);
    shiftX += dx/2;
    shiftY += dy/2;
  } else if (event.shiftKey || event.buttons & 6) {
    shiftX += dx;
    shiftY += dy;
  } else {
    rotate(dx*0.008, dy*0.008);
  }
  held.set(event.pointerId, [event.offsetX, event.offsetY]);
  redraw();
});
for (const kind of ["pointerup", "pointercancel"])
  canvas.addEventListener(kind, (event) => held.delete(event.pointerId));
canvas.addEventListener("contextmenu", (event) => event.preventDefault());
canvas.addEventListener("pointerleave", () => { tip.textContent = ""; point(-1); });
canvas.addEventListener("wheel", (event) => {
  event.preventDefault();
  const factor = Math.exp(-event.deltaY*(event.deltaMode ? 0.05 : 0.0015));
  const [x, y] = [event.offsetX - width/2, event.offsetY - height/2];
  shiftX = x - (x - shiftX)*factor;
  shiftY = y - (y - shiftY)*factor;
  zoom *= factor;
  redraw();
}, {passive: false});
const reset = () => { turn = upright.slice(); zoom = 1; shiftX = shiftY = 0; redraw(); };
canvas.addEventListener("dblclick", reset);
document.addEventListener("keydown", (event) => {
  if (event.target.closest && event.target.closest("input, button")) return;
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const keys = {
    ArrowLeft: () => rotate(-0.1, 0), ArrowRight: () => rotate(0.1, 0),
    ArrowUp: () => rotate(0, -0.1), ArrowDown: () => rotate(0, 0.1),
    "+": () => { zoom *= 1.15; }, "=": () => { zoom *= 1.15; }, "-": () => { zoom /= 1.15; },
    Home: reset, "0": reset, r: spin, ",": () => stepBy(-1), ".": () => stepBy(1), " ": () => { if (moving) toggle(); },
  };
  if (!keys[event.key]) return;
  event.preventDefault();
  keys[event.key]();
  redraw();
});

let spinning = 0;
const spin = () => {
  if (spinning) { cancelAnimationFrame(spinning); spinning = 0; } else {
    let before = performance.now();
    const on = (now) => {
      rotate((now - before)*0.0004, 0);
      before = now;
      redraw();
      spinning = requestAnimationFrame(on);
    };
    spinning = requestAnimationFrame(on);
  }
  turner.setAttribute("aria-pressed", String(Boolean(spinning)));
};

// --- what lies under the pointer ---------------------------------------------------------------
const name = (x, y) => {
  let best = -1, nearest = 8;
  for (let k = 0; k < total; k++) {
    const at = 5*k, ball = k >= count;
    let [ax, ay, bx, by] = [screen[at], screen[at + 1], screen[at + 2], screen[at + 3]];
    let away;
    if (ball) {
      away = Math.hypot(x - ax, y - ay) - cell.balls[k - count][3]*scale();
    } else {
      const [vx, vy] = [bx - ax, by - ay], square = vx*vx + vy*vy || 1;
      const t = Math.max(0, Math.min(1, ((x - ax)*vx + (y - ay)*vy)/square));
      away = Math.hypot(x - ax - t*vx, y - ay - t*vy) - lines[8*k + 6]*scale();
    }
    if (away < nearest) { nearest = away; best = k; }
  }
  tip.textContent = best < 0 ? "" : told(best);
  point(best);
};
const valueOf = (step) => values.low + (values.high - values.low)*step/254;
const told = (k) => {
  const ball = k >= count ? cell.balls[k - count] : null;
  const number = ball ? ball[4] : sectionOf[k], node = ball ? ball[5] : nodeOf[k];
  const [region, length, branches, path] = cell.sections[number];
  const thick = ball ? 2*ball[3] : lines[8*k + 6] + lines[8*k + 7];
  const parts = [cell.regions[region].replace("_", " "), `section ${number}`, `${length} µm long`];
  if (thick > 0) parts.push(`${+thick.toPrecision(3)} µm thick`);
  if (number) parts.push(`begins ${path} µm from ${cell.origin}, order ${branches}`);
  if (cell.compartments) parts.push(`node ${node}`);
  if (values) {
    const step = steps[frame*values.places + node];
    if (step < 255) parts.push(`${values.label}: ${+valueOf(step).toPrecision(4)}`);
  }
  return parts.join(" · ");
};

// --- the bar below -----------------------------------------------------------------------------
const made = (tag, kind, text) => {
  const element = document.createElement(tag);
  if (kind) element.className = kind;
  if (text !== undefined) element.textContent = text;
  return element;
};
const keys = [];
const brushes = [];  // what is drawn again when the paper turns dark
const digits = (value) => +value.toPrecision(4);
if (values) {
  const scaleKey = made("span", "scale");
  const strip = made("canvas");
  strip.width = values.scale.length;
  strip.height = 1;
  brushes.push(() => {
    const brush = strip.getContext("2d");
    values.scale.forEach((hex, k) => {
      brush.fillStyle = `rgb(${seen(hex).join()})`;
      brush.fillRect(k, 0, 1, 1);
    });
  });
  scaleKey.append(made("span", "", `${values.label}:`), made("span", "", digits(values.low)), strip,
    made("span", "", digits(values.high)));
  bar.append(scaleKey);
} else {
  cell.regions.forEach((region, k) => {
    const key = made("span", "key"), mark = made("i");
    keys.push([mark, k]);
    key.append(mark, made("span", "", region.replace("_", " ")));
    bar.append(key);
  });
}
const moving = values !== null && values.frames > 1;
let playing = 0;
const slider = made("input"), play = made("button", "", "▶"), now = made("output");
const timeOf = (k) => values.times[k] === undefined ? `row ${k}` : `${values.times[k]} ms`;
const show = (k) => {
  frame = k;
  slider.value = k;
  slider.setAttribute("aria-valuetext", timeOf(k));
  now.textContent = timeOf(k);
  redraw();
  drawTraces();
};
const advance = () => {
  if (!playing) return;
  const last = frame + 1 >= values.frames;
  if (!document.hidden) show(last ? 0 : frame + 1);
  playing = setTimeout(advance, frame + 1 >= values.frames ? 700 : 40);
};
const toggle = () => {
  if (playing) { clearTimeout(playing); playing = 0; } else { playing = setTimeout(advance, 40); }
  play.textContent = playing ? "❚❚" : "▶";
  play.setAttribute("aria-label", playing ? "stop" : "play");
};
const stepBy = (by) => {
  if (!moving) return;
  if (playing) toggle();
  show(Math.max(0, Math.min(values.frames - 1, frame + by)));
};
if (moving) {
  const group = made("span", "time");
  Object.assign(slider, {type: "range", min: 0, max: values.frames - 1, step: 1, value: 0});
  slider.setAttribute("aria-label", "time");
  play.setAttribute("aria-label", "play");
  slider.addEventListener("input", () => { if (playing) toggle(); show(+slider.value); });
  play.addEventListener("click", toggle);
  group.append(play, slider, now);
  bar.append(group);
}
const turner = made("button", "", "⟳");
turner.setAttribute("aria-label", "turn slowly");
turner.title = "turn slowly (key r)";
turner.addEventListener("click", spin);
bar.append(turner, made("span", "help", "drag or arrow keys: turn · wheel, + and −: closer · "
  + "Shift and drag: move · 0: begin again" + (moving ? " · space: play" : "")));

// --- values over time, of the middle of the soma and of what is pointed at ---------------------
const graph = moving ? made("canvas") : null;
let pointed = -1;
const point = (k) => {
  if (!moving) return;
  const node = k < 0 ? -1 : k >= count ? cell.balls[k - count][5] : nodeOf[k];
  if (node === pointed) return;
  pointed = node;
  drawTraces();
};
const MARGIN = [58, 12, 10, 20];                           // left, right, top, bottom
const drawTraces = () => {
  if (!graph) return;
  const [w, h] = [graph.clientWidth, graph.clientHeight], ink = getComputedStyle(document.body);
  graph.width = Math.round(w*ratio);
  graph.height = Math.round(h*ratio);
  const plot = graph.getContext("2d"), [left, right, top, bottom] = MARGIN;
  plot.setTransform(ratio, 0, 0, ratio, 0, 0);
  plot.font = "12px system-ui, sans-serif";
  const x = (k) => left + (w - left - right)*k/(values.frames - 1);
  const y = (step) => h - bottom - (h - top - bottom)*step/254;
  const soft = ink.getPropertyValue("--soft"), line = ink.getPropertyValue("--line");
  plot.fillStyle = soft;
  plot.strokeStyle = line;
  plot.strokeRect(left, top, w - left - right, h - top - bottom);
  plot.textAlign = "right";
  plot.fillText(digits(values.high), left - 6, y(254) + 8);
  plot.fillText(digits(values.low), left - 6, y(0));
  plot.textAlign = "left";
  plot.fillText(timeOf(0), left, h - 5);
  plot.textAlign = "right";
  plot.fillText(timeOf(values.frames - 1), w - right, h - 5);
  const trace = (node, color, name, place) => {
    plot.strokeStyle = plot.fillStyle = color;
    plot.lineWidth = 1.6;
    plot.beginPath();
    for (let k = 0, lifting = true; k < values.frames; k++) {
      const step = steps[k*values.places + node];
      if (step === 255) { lifting = true; continue; }
      if (lifting) plot.moveTo(x(k), y(step)); else plot.lineTo(x(k), y(step));
      lifting = false;
    }
    plot.stroke();
    plot.fillText(name, w - right - 6, top + 14 + 15*place);
  };
  trace(cell.home, ink.getPropertyValue("--ink"), cell.home_name, 0);
  if (pointed >= 0 && pointed !== cell.home)
    trace(pointed, ink.getPropertyValue("--mark"), "where you point", 1);
  plot.strokeStyle = ink.getPropertyValue("--accent");
  plot.lineWidth = 1.5;
  plot.beginPath();
  plot.moveTo(x(frame), top);
  plot.lineTo(x(frame), h - bottom);
  plot.stroke();
};
if (graph) {
  const box = made("div");
  box.id = "graph";
  graph.setAttribute("role", "img");
  graph.setAttribute("aria-label", `${values.label} over time`);
  box.append(graph);
  bar.before(box);
  const seek = (event) => {
    if (event.type === "pointermove" && !event.buttons) return;
    if (playing) toggle();
    const share = (event.offsetX - MARGIN[0])/(graph.clientWidth - MARGIN[0] - MARGIN[1]);
    show(Math.max(0, Math.min(values.frames - 1, Math.round(share*(values.frames - 1)))));
  };
  graph.addEventListener("pointerdown", seek);
  graph.addEventListener("pointermove", seek);
}

// --- begin -------------------------------------------------------------------------------------
const dress = () => {
  prepare();
  for (const [mark, k] of keys) mark.style.background = shades[k][SHADES - 1];
  for (const paint of brushes) paint();
  redraw();
  drawTraces();
};
const fit = () => {
  const box = canvas.parentElement.getBoundingClientRect();
  ratio = window.devicePixelRatio || 1;
  [width, height] = [box.width, box.height];
  canvas.width = Math.round(width*ratio);
  canvas.height = Math.round(height*ratio);
  redraw();
  drawTraces();
};
dark.addEventListener("change", dress);
new ResizeObserver(fit).observe(canvas.parentElement);
dress();
fit();
if (moving) {
  show(values.start);                                      // where there is something to see
  if (!window.matchMedia("(prefers-reduced-motion: reduce)").matches) toggle();
}
})();
