// Players: sliders over runs that were computed beforehand. No library, nothing is loaded.
(() => {
  "use strict";
  const SVG = "http://www.w3.org/2000/svg";
  const LEFT = 62, RIGHT = 14, TOP = 12, GAP = 65535, COLORS = 7;

  // ---- small things -------------------------------------------------------------------------

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

    say(text) { this.svg.setAttribute("aria-label", text); }
  }

  // What has time on its horizontal axis, with a cursor.
  class Timed extends Plot {
    frameInTime(width, y, last) {
      const { span, scale } = this.player;
      this.frame(width, span, y, last ? 42 : 14);
      const places = ticks(span[0] * scale, span[1] * scale, (width - LEFT) / 90);
      if (last) {
        const seconds = places.map(([value, text]) => [value / scale, text]);
        this.ticksAcross(seconds, `time (${this.player.timeUnit})`);
      }
      const { top, bottom } = this.box;
      this.cursor = draw(this.svg, "path", { class: "rb-cursor", d: `M0 ${top}V${bottom}`,
        visibility: "hidden" });
      this.note = draw(this.svg, "text", { class: "rb-halo", x: this.box.right, y: top - 1,
        "text-anchor": "end" });
    }

    point(time) {
      const hidden = time === null;
      this.cursor.setAttribute("visibility", hidden ? "hidden" : "visible");
      if (!hidden) this.cursor.setAttribute("transform", `translate(${this.x(time)} 0)`);
      this.note.textContent = hidden ? "" : this.at(time);
    }
  }

  class Lines extends Timed {
    constructor(player, told, parent) {
      super(player, told, parent);
      for (const line of told.lines) {
        line.points = new Uint16Array(buffer(line.points));
        line.offsets = new Uint32Array(buffer(line.offsets));
      }
      if (told.spikes) {
        told.spikes.times = new Float32Array(buffer(told.spikes.times));
        told.spikes.offsets = new Uint32Array(buffer(told.spikes.offsets));
      }
    }

    layout(width, last) {
      const { told } = this, range = told.high - told.low;
      const top = told.high + range * (told.strokes ? 0.32 : 0.06);
      this.frameInTime(width, [told.low - 0.05 * range, top], last);
      const count = Math.max(2, told.height / 40);
      this.ticksUp(ticks(told.low - 0.02 * range, told.high + 0.02 * range, count), told.title);
      const group = (name) => draw(this.front, "path", { class: name });
      this.ghosts = told.lines.map(() => group("rb-path rb-ghost"));
      this.ghostStrokes = group("rb-strokes rb-ghost");
      this.paths = told.lines.map((_, k) => group(`rb-path rb-c${(k % COLORS) + 1}`));
      this.strokes = group("rb-strokes rb-c1");
      if (told.lines.length > 1) this.legend();
    }

    legend() {
      let x = this.box.left + 8;
      this.told.lines.forEach((line, k) => {
        const text = draw(this.svg, "text", { class: `rb-halo rb-f${(k % COLORS) + 1}`, x,
          y: this.box.top + 1, "font-weight": 600 }, line.name);
        x += (text.getComputedTextLength() || 8 * line.name.length) + 12;
      });
    }

    value(code) {
      const { told } = this;
      return told.low + (code / told.finest) * (told.high - told.low);
    }

    path(line, position) {
      const { points, offsets } = line, { told } = this;
      let text = "", pen = "M";
      for (let k = offsets[position]; k < offsets[position + 1]; k++) {
        const code = points[2 * k + 1];
        if (code === GAP) { pen = "M"; continue; }
        const x = this.x(told.start + points[2 * k] * told.step);
        text += `${pen}${x.toFixed(1)} ${this.y(this.value(code)).toFixed(1)}`;
        pen = "L";
      }
      return text;
    }

    // A stroke for each spike, from where the voltage was to above all of them.
    upstrokes(position) {
      const { spikes, strokes, high, low } = this.told;
      if (!strokes) return "";
      const top = this.y(high + 0.27 * (high - low)).toFixed(1);
      let text = "";
      for (let k = spikes.offsets[position]; k < spikes.offsets[position + 1]; k++) {
        const time = spikes.times[k], { start, step, lines } = this.told;
        // The sample at the step of a spike holds the state before it.
        const sample = start + Math.floor((time - start) / step + 1e-3) * step;
        const before = this.read(lines[0], position, sample);
        text += `M${this.x(time).toFixed(1)} ${this.y(before === null ? high : before).toFixed(1)}`;
        text += `V${top}`;
      }
      return text;
    }

    // The value of a line at a time: on the straight piece there.
    read(line, position, time) {
      const { points, offsets } = line, sample = (time - this.told.start) / this.told.step;
      const from = offsets[position], to = offsets[position + 1];
      const next = above((k) => points[2 * k], sample, from, to);
      const k = Math.min(Math.max(next, from + 1), to - 1);
      const [t0, t1] = [points[2 * k - 2], points[2 * k]];
      const [c0, c1] = [points[2 * k - 1], points[2 * k + 1]];
      if (c0 === GAP || c1 === GAP || sample < t0 - 1 || sample > t1 + 1) return null;
      const share = t1 > t0 ? Math.min(1, Math.max(0, (sample - t0) / (t1 - t0))) : 0;
      return this.value(c0) + share * (this.value(c1) - this.value(c0));
    }

    show(position, kept) {
      const { told } = this;
      told.lines.forEach((line, k) => {
        this.paths[k].setAttribute("d", this.path(line, position));
        this.ghosts[k].setAttribute("d", kept === null ? "" : this.path(line, kept));
      });
      this.strokes.setAttribute("d", this.upstrokes(position));
      this.ghostStrokes.setAttribute("d", kept === null ? "" : this.upstrokes(kept));
      this.position = position;
      this.say(this.words(position));
    }

    words(position) {
      const { player, told } = this, step = (told.high - told.low) / 100;
      const [from, to] = player.span.map((t) => written(t * player.scale, 1));
      const each = told.lines.map((line) => {
        let low = Infinity, high = -Infinity;
        for (let k = line.offsets[position]; k < line.offsets[position + 1]; k++) {
          const code = line.points[2 * k + 1];
          if (code !== GAP) { low = Math.min(low, code); high = Math.max(high, code); }
        }
        const name = told.lines.length > 1 ? `${line.name} ` : "";
        return `${name}from ${written(this.value(low), step)} to ${written(this.value(high), step)}`;
      });
      return `${told.title} over time, ${from} to ${to} ${player.timeUnit}: ${each.join("; ")}`;
    }

    at(time) {
      const { player, told } = this, step = (told.high - told.low) / 200;
      const each = told.lines.map((line) => {
        const value = this.read(line, this.position, time);
        const text = value === null ? "–" : written(value, step);
        return told.lines.length > 1 ? `${line.name} ${text}` : text;
      });
      return `${player.moment(time)}: ${withUnit(each.join(", "), told.unit)}`;
    }
  }

  class Raster extends Timed {
    constructor(player, told, parent) {
      super(player, told, parent);
      this.total = 0;
      for (const group of told.groups) {
        group.first = this.total;
        this.total += group.size;
        group.times = new Float32Array(buffer(group.times));
        group.offsets = new Uint32Array(buffer(group.offsets));
        group.rows = new Uint16Array(buffer(group.rows));
      }
    }

    layout(width, last) {
      const { told, total } = this, named = told.groups.length > 1;
      this.frameInTime(width, [total - 0.5, -0.5], last);
      if (named) {
        const places = told.groups.map((g) => [g.first + (g.size - 1) / 2, g.name]);
        this.ticksUp(places, "");
      } else {
        const step = Math.max(1, Math.ceil(total / 8));
        const places = [];
        for (let k = 0; k < total; k += step) places.push([k, String(k)]);
        this.ticksUp(places, told.groups[0].name ? `cell of ${told.groups[0].name}` : "cell");
      }
      this.ghosts = told.groups.map(() => draw(this.front, "path", { class: "rb-strokes rb-ghost" }));
      this.paths = told.groups.map((_, k) =>
        draw(this.front, "path", { class: `rb-strokes rb-c${(k % COLORS) + 1}` }));
    }

    path(group, position, shift) {
      const row = (this.box.bottom - this.box.top) / this.total;
      const half = Math.min(9, Math.max(1, 0.38 * row));
      let text = "";
      for (let k = group.offsets[position]; k < group.offsets[position + 1]; k++) {
        const y = this.y(group.first + group.rows[k]) - half + shift * half;
        text += `M${this.x(group.times[k]).toFixed(1)} ${y.toFixed(1)}v${(half * (2 - shift)).toFixed(1)}`;
      }
      return text;
    }

    show(position, kept) {
      this.told.groups.forEach((group, k) => {
        // What is kept stands in the lower half of the rows, so that neither hides the other.
        this.paths[k].setAttribute("d", this.path(group, position, 0));
        this.ghosts[k].setAttribute("d", kept === null ? "" : this.path(group, kept, 1));
      });
      this.position = position;
      this.say(`raster of spikes: ${this.told.groups.map((g) => this.count(g, position)).join("; ")}`);
    }

    count(group, position) {
      const count = group.offsets[position + 1] - group.offsets[position];
      return `${group.name}, ${count} in ${group.size} row${group.size > 1 ? "s" : ""}`;
    }

    at(time) { return this.player.moment(time); }
  }

  // One number over one slider; the other sliders choose the curve.
  class Curve extends Plot {
    constructor(player, told, parent) {
      super(player, told, parent);
      told.values = new Float32Array(buffer(told.values));
      this.along = Math.max(0, player.sliders.findIndex((s) => s.told.name === told.along));
      this.slider = player.sliders[this.along];
      const pick = (event) => this.pick(event);
      this.svg.addEventListener("pointerdown", (event) => {
        this.svg.setPointerCapture(event.pointerId);
        pick(event);
      });
      this.svg.addEventListener("pointermove", (event) => { if (event.buttons & 1) pick(event); });
    }

    number(k) {
      const { numbers } = this.slider.told;
      return numbers ? numbers[k] : k;
    }

    layout(width) {
      const { told, slider } = this, { labels, numbers, unit, name } = slider.told;
      const range = told.high - told.low, last = labels.length - 1;
      const margin = 0.04 * (this.number(last) - this.number(0));
      this.frame(width, [this.number(0) - margin, this.number(last) + margin],
        [told.low - 0.05 * range, told.high + 0.1 * range], 42);
      const across = numbers ? ticks(numbers[0], numbers[last], (width - LEFT) / 70)
        : labels.map((label, k) => [k, label]);
      this.ticksAcross(across, unit ? `${name} (${unit})` : name);
      this.ticksUp(ticks(told.low - 0.01 * range, told.high + 0.01 * range, told.height / 40),
        told.title);
      this.families = draw(this.front, "path", { class: "rb-family" });
      this.line = draw(this.front, "path", { class: "rb-thin rb-c1" });
      this.dots = draw(this.front, "g");
      const { top, bottom } = this.box;
      this.mark = draw(this.front, "path", { class: "rb-cursor", d: `M0 ${top}V${bottom}` });
      this.here = draw(this.front, "circle", { class: "rb-here", r: 6 });
      this.note = draw(this.svg, "text", { class: "rb-halo", "font-weight": 600 });
      this.svg.classList.add("rb-pick");
    }

    // Positions along the slider, the others where they stand.
    row(places) {
      return this.slider.told.labels.map((_, k) => {
        const moved = places.slice();
        moved[this.along] = k;
        return this.player.index(moved);
      });
    }

    // Where the dots of a row are, null where there is no number.
    points(row) {
      return row.map((position, k) => [this.number(k), this.told.values[position]])
        .map(([x, value]) => Number.isFinite(value)
          ? [this.x(x).toFixed(1), this.y(value).toFixed(1)] : null);
    }

    // The line through them, broken where there is none.
    through(points) {
      return points.map((point, k) =>
        point ? `${k && points[k - 1] ? "L" : "M"}${point[0]} ${point[1]}` : "").join("");
    }

    show(position) {
      const { player, told, slider } = this, places = player.places();
      const points = this.points(this.row(places)), shown = points.filter(Boolean);
      this.line.setAttribute("d", this.through(points));
      this.dots.replaceChildren();
      const r = Math.max(1.4, Math.min(3, 0.3 * (this.box.right - this.box.left) / points.length));
      for (const [cx, cy] of shown) draw(this.dots, "circle", { class: "rb-dot", cx, cy, r });
      const other = player.sliders.findIndex((_, k) => k !== this.along);
      let family = "";
      if (other >= 0) {
        player.sliders[other].told.labels.forEach((_, k) => {
          const moved = places.slice();
          moved[other] = k;
          family += this.through(this.points(this.row(moved)));
        });
      }
      this.families.setAttribute("d", family);
      const value = told.values[position], there = Number.isFinite(value);
      const x = this.x(this.number(places[this.along]));
      this.mark.setAttribute("transform", `translate(${x} 0)`);
      this.here.setAttribute("visibility", there ? "visible" : "hidden");
      const text = there ? withUnit(short(value), told.unit) : "–";
      if (there) {
        this.here.setAttribute("cx", x);
        this.here.setAttribute("cy", this.y(value));
      }
      const right = x > this.box.left + 75;
      this.note.setAttribute("x", x + (right ? -9 : 9));
      this.note.setAttribute("y", Math.max(this.box.top + 10, this.y(there ? value : told.low) - 10));
      this.note.setAttribute("text-anchor", right ? "end" : "start");
      this.note.textContent = text;
      this.say(`${told.title} over ${slider.told.name}, ${shown.length} dots:`
        + ` ${text} at ${slider.text()}`);
    }

    pick(event) {
      const box = this.svg.getBoundingClientRect();
      if (!box.width) return;
      const at = ((event.clientX - box.left) * this.svg.viewBox.baseVal.width) / box.width;
      let best = 0;
      this.slider.told.labels.forEach((_, k) => {
        const distance = (j) => Math.abs(this.x(this.number(j)) - at);
        if (distance(k) < distance(best)) best = k;
      });
      this.slider.set(best);
    }
  }

  // ---- sliders ------------------------------------------------------------------------------

  let numbered = 0;

  class Slider {
    constructor(player, told, parent) {
      this.player = player;
      this.told = told;
      const id = `rb-slider-${++numbered}`, last = told.labels.length - 1;
      this.input = make("input", { type: "range", id, min: 0, max: last, step: 1, value: told.at });
      this.input.value = told.at;
      this.now = make("span", { class: "rb-now", "aria-hidden": "true" });
      this.play = make("button", { type: "button", class: "rb-play" });
      const end = (text) => make("span", { class: "rb-end", "aria-hidden": "true" }, text);
      const [first, final] = [told.labels[0], told.labels[last]];
      parent.append(make("div", { class: "rb-slider" },
        make("label", { for: id }, told.name), this.now,
        make("div", { class: "rb-row" }, this.play, end(first), this.input, end(final))));
      this.input.addEventListener("input", () => { player.stop(); this.changed(); });
      this.play.addEventListener("click", () => player.toggle(this));
      this.playing(false);
      this.describe();
    }

    get place() { return Number(this.input.value); }

    text() { return withUnit(this.told.labels[this.place], this.told.unit); }

    describe() {
      this.now.textContent = this.text();
      this.input.setAttribute("aria-valuetext", this.text());
    }

    changed() { this.describe(); this.player.show(); }

    set(place) {
      if (place === this.place) return;
      this.input.value = place;
      this.changed();
    }

    playing(on) {
      this.play.textContent = on ? "❚❚" : "▶";
      this.play.setAttribute("aria-label", `${on ? "Pause" : "Play"} ${this.told.name}`);
    }
  }

  // ---- the player ---------------------------------------------------------------------------

  class Player {
    constructor(element) {
      const told = JSON.parse(element.querySelector("script").textContent);
      this.element = element;
      this.kept = null;
      this.time = null;
      this.span = told.span || [0, 1];
      const long = this.span[1] - this.span[0] > 1;
      [this.scale, this.timeUnit] = long ? [1, "s"] : [1000, "ms"];
      element.setAttribute("role", "group");
      element.setAttribute("aria-label", told.title);
      const controls = make("div", { class: "rb-controls" });
      this.sliders = told.sliders.map((each) => new Slider(this, each, controls));
      element.append(controls);
      this.status(told);
      this.views(told);
      this.layout();
      if (window.ResizeObserver) {
        new ResizeObserver(() => this.layout()).observe(element);
      } else {
        window.addEventListener("resize", () => this.layout());
      }
    }

    status(told) {
      this.readings = told.readings.map((each) => [each, make("b")]);
      const spans = this.readings.map(([each, value]) =>
        make("span", {}, `${each.name} `, value, each.unit ? ` ${each.unit}` : ""));
      this.keptNote = make("span", { class: "rb-kept" });
      const button = (text, action, about) => {
        const node = make("button", { type: "button", title: about }, text);
        node.addEventListener("click", action);
        return node;
      };
      this.keep = button("Keep", () => this.toggleKept(), "Keep what is shown, to compare with");
      this.keep.setAttribute("aria-pressed", "false");
      const csv = button("CSV", () => this.save(), "Save what is shown as a table");
      this.live = make("output", { class: "rb-unseen", "aria-live": "polite" });
      this.element.append(make("div", { class: "rb-status" },
        make("span", { class: "rb-readings" }, ...spans), this.keptNote,
        make("span", { class: "rb-buttons" }, this.keep, csv)), this.live);
    }

    views(told) {
      const kinds = { lines: Lines, raster: Raster, curve: Curve };
      const timed = told.panels.filter((panel) => panel.kind !== "curve");
      const curves = told.panels.filter((panel) => panel.kind === "curve");
      const views = make("div", { class: "rb-views" });
      if (timed.length && curves.length) views.classList.add("rb-two");
      const column = (panels) => {
        const parent = make("div");
        if (panels.length) views.append(parent);
        return [parent, panels.map((panel) => new kinds[panel.kind](this, panel, parent))];
      };
      this.element.append(views);
      [this.left, this.timed] = column(timed);
      [this.right, this.curves] = column(curves);
      if (timed.length) this.pointing();
    }

    // A cursor over time: by the mouse, by touch, by the arrow keys.
    pointing() {
      const { left } = this, [from, to] = this.span;
      left.tabIndex = 0;
      left.setAttribute("role", "group");
      left.setAttribute("aria-label", "Traces; the arrow keys move a cursor over time");
      left.addEventListener("pointermove", (event) => {
        const plot = this.timed[0], box = left.getBoundingClientRect();
        const share = (event.clientX - box.left - LEFT) / (box.width - LEFT - RIGHT);
        this.point(plot && share >= 0 && share <= 1 ? from + share * (to - from) : null);
      });
      left.addEventListener("pointerleave", () => this.point(null));
      left.addEventListener("keydown", (event) => {
        const step = (to - from) / (event.shiftKey ? 20 : 200);
        const now = this.time === null ? from : this.time;
        const moves = { ArrowLeft: now - step, ArrowRight: now + step, Home: from, End: to };
        if (event.key === "Escape") this.point(null);
        else if (event.key in moves) {
          this.point(Math.min(to, Math.max(from, moves[event.key])));
          const read = this.timed.filter((plot) => plot instanceof Lines);
          this.announce((read.length ? read : this.timed).map((p) => p.at(this.time)).join("; "));
        } else return;
        event.preventDefault();
      });
    }

    point(time) {
      this.time = time;
      for (const plot of this.timed) plot.point(time);
    }

    moment(time) {
      const step = ((this.span[1] - this.span[0]) * this.scale) / 1000;
      return `${written(time * this.scale, step)} ${this.timeUnit}`;
    }

    // ---- where the sliders stand

    places() { return this.sliders.map((slider) => slider.place); }

    index(places) {
      return places.reduce((sum, place, k) => sum * this.sliders[k].told.labels.length + place, 0);
    }

    settings(places = this.places()) {
      return this.sliders.map(({ told }, k) =>
        `${told.name} = ${withUnit(told.labels[places[k]], told.unit)}`).join(", ");
    }

    show() {
      const position = this.index(this.places());
      for (const [each, node] of this.readings) node.textContent = each.texts[position];
      for (const plot of [...this.timed, ...this.curves]) plot.show(position, this.kept);
      this.point(this.time);
      const readings = this.readings.map(([each]) =>
        `${each.name} ${withUnit(each.texts[position], each.unit)}`);
      this.announce([this.settings(), ...readings].join("; "));
    }

    // Said when the sliders have come to rest, not at every step on the way.
    announce(text) {
      clearTimeout(this.saying);
      this.saying = setTimeout(() => { this.live.textContent = text; }, 400);
    }

    layout() {
      const width = this.element.clientWidth;
      if (!width || width === this.width) return;
      this.width = width;
      this.element.classList.toggle("rb-wide", width >= 640);
      this.timed.forEach((plot, k) =>
        plot.layout(this.left.clientWidth, k === this.timed.length - 1));
      for (const plot of this.curves) plot.layout(this.right.clientWidth);
      this.show();
    }

    // ---- buttons

    toggleKept() {
      const places = this.places();
      this.kept = this.kept === null ? this.index(places) : null;
      this.keep.setAttribute("aria-pressed", String(this.kept !== null));
      this.keptNote.textContent = this.kept === null ? "" : `kept: ${this.settings(places)}`;
      this.show();
    }

    toggle(slider) {
      const before = this.player;
      this.stop();
      if (before === slider) return;
      const last = slider.told.labels.length - 1;
      if (slider.place === last) slider.set(0);
      this.player = slider;
      slider.playing(true);
      const pause = Math.max(120, Math.min(500, 6000 / last));
      this.clock = setInterval(() => {
        if (slider.place >= last) this.stop(); else slider.set(slider.place + 1);
      }, pause);
    }

    stop() {
      clearInterval(this.clock);
      if (this.player) this.player.playing(false);
      this.player = null;
    }

    // Every trace at its own points would be many tables; all lines at equal times are one.
    table() {
      const position = this.index(this.places());
      const lines = this.timed.filter((plot) => plot instanceof Lines)
        .flatMap((plot) => plot.told.lines.map((line) => [plot, line]));
      const rows = [["time (s)", ...lines.map(([plot, line]) =>
        `${line.name}${plot.told.unit ? ` (${plot.told.unit})` : ""}`)]];
      const count = 2000, [from, to] = this.span;
      for (let k = 0; lines.length && k <= count; k++) {
        const time = from + (k / count) * (to - from);
        rows.push([time.toPrecision(7), ...lines.map(([plot, line]) => {
          const value = plot.read(line, position, time);
          return value === null ? "" : String(Number(value.toPrecision(6)));
        })]);
      }
      for (const plot of this.timed) {
        const groups = plot instanceof Raster ? plot.told.groups
          : plot.told.spikes ? [{ ...plot.told.spikes, name: plot.told.lines[0].name }] : [];
        for (const group of groups) {
          rows.push([], [`spike of ${group.name} (s)`, "cell"]);
          for (let k = group.offsets[position]; k < group.offsets[position + 1]; k++) {
            rows.push([group.times[k].toPrecision(7), group.rows ? group.rows[k] : 0]);
          }
        }
      }
      return [[`# ${this.settings()}`], ...rows].map((row) => row.join(",")).join("\n");
    }

    save() {
      const url = URL.createObjectURL(new Blob([this.table(), "\n"], { type: "text/csv" }));
      const link = make("a", { href: url, download: "shown.csv" });
      document.body.append(link);
      link.click();
      link.remove();
      setTimeout(() => URL.revokeObjectURL(url), 10000);
    }
  }

  // ---- the page -----------------------------------------------------------------------------

  // In a notebook, take over its theme and fit the frame to what it holds, where that is allowed.
  const settle = () => {
    let frame = null;
    try { frame = window.frameElement; } catch { return; }
    if (!frame) return;
    document.documentElement.classList.add("rb-framed");
    const around = frame.ownerDocument, body = around.body;
    const dark = body.dataset.jpThemeLight === "false" || body.dataset.theme === "dark"
      || around.documentElement.dataset.theme === "dark" || body.classList.contains("vscode-dark");
    const light = body.dataset.jpThemeLight === "true" || body.dataset.theme === "light"
      || around.documentElement.dataset.theme === "light" || body.classList.contains("vscode-light");
    if (dark || light) document.documentElement.dataset.theme = dark ? "dark" : "light";
    const fit = () => { frame.height = Math.ceil(document.body.getBoundingClientRect().height) + 2; };
    if (window.ResizeObserver) new ResizeObserver(fit).observe(document.body);
    fit();
  };

  for (const element of document.querySelectorAll(".rb-player")) {
    try {
      element.player = new Player(element);
    } catch (error) {
      element.append(make("p", { role: "alert" }, `This figure cannot be shown: ${error.message}`));
      throw error;
    }
  }
  settle();
})();
