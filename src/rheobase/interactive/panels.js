// The kinds of panels: each shows one position of the sliders.

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

// One line against another, as in a phase plane; a dot stands where the cursor over time is.
class Plane extends Plot {
  constructor(player, told, parent) {
    super(player, told, parent);
    const find = (name) => {
      for (const plot of player.timed) {
        const line = plot instanceof Lines && plot.told.lines.find((each) => each.name === name);
        if (line) return { plot, line, name };
      }
      throw new Error(`there is no line ${name}`);
    };
    [this.across, this.up] = [find(told.x), find(told.y)];
  }

  layout(width) {
    const range = ({ plot }) => {
      const { low, high } = plot.told, margin = 0.05 * (high - low);
      return [low - margin, high + margin];
    };
    const label = ({ plot, name }) =>
      (plot.told.unit ? `${name} (${plot.told.unit})` : name);
    const [x, y] = [range(this.across), range(this.up)];
    this.frame(width, x, y, 42);
    this.ticksAcross(ticks(...x, (width - LEFT) / 70), label(this.across));
    this.ticksUp(ticks(...y, this.told.height / 40), label(this.up));
    this.ghost = draw(this.front, "path", { class: "rb-path rb-ghost" });
    this.line = draw(this.front, "path", { class: "rb-path rb-c1" });
    this.here = draw(this.front, "circle", { class: "rb-here", r: 6, visibility: "hidden" });
  }

  // Both lines at every time at which either has a point.
  path(position) {
    const samples = new Set();
    for (const { line } of [this.across, this.up]) {
      for (let k = line.offsets[position]; k < line.offsets[position + 1]; k++) {
        samples.add(line.points[2 * k]);
      }
    }
    const { start, step } = this.across.plot.told;
    let text = "", pen = "M";
    for (const sample of [...samples].sort((a, b) => a - b)) {
      const place = this.place(position, start + sample * step);
      text += place ? `${pen}${place[0].toFixed(1)} ${place[1].toFixed(1)}` : "";
      pen = place ? "L" : "M";
    }
    return text;
  }

  place(position, time) {
    const [x, y] = [this.across, this.up].map(({ plot, line }) => plot.read(line, position, time));
    return x === null || y === null ? null : [this.x(x), this.y(y)];
  }

  show(position, kept) {
    this.position = position;
    this.line.setAttribute("d", this.path(position));
    this.ghost.setAttribute("d", kept === null ? "" : this.path(kept));
    this.say(`${this.up.name} against ${this.across.name}, the path over time`);
  }

  point(time) {
    const place = time === null ? null : this.place(this.position, time);
    this.here.setAttribute("visibility", place ? "visible" : "hidden");
    if (!place) return;
    this.here.setAttribute("cx", place[0]);
    this.here.setAttribute("cy", place[1]);
  }
}
