// Sliders, and the player that shows in all panels where they stand.

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
    const kinds = { lines: Lines, raster: Raster, curve: Curve, plane: Plane };
    const timed = told.panels.filter((panel) => ["lines", "raster"].includes(panel.kind));
    const curves = told.panels.filter((panel) => ["curve", "plane"].includes(panel.kind));
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
    for (const plot of [...this.timed, ...this.curves]) plot.point(time);
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
