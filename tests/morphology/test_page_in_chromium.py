"""The page of a morphology as a browser shows it: it is turned, played and pointed at."""

import numpy as np
from tests.interactive.chromium import needs_chromium, show

import rheobase as rb
from rheobase.interactive import assets
from rheobase.morphology.page import SCRIPT
from rheobase.units import ms, um

pytestmark = needs_chromium

# frames of a browser without a screen come when they like; those of the test by the clock
CLOCK = """
window.requestAnimationFrame = (drawing) => setTimeout(() => drawing(performance.now()), 16);
window.cancelAnimationFrame = clearTimeout;
"""
STEPS = """
const canvas = document.querySelector("#view canvas"), slider = document.querySelector("input");
const get = (selector) => document.querySelector(selector);
const key = (name) => canvas.dispatchEvent(
  new KeyboardEvent("keydown", {key: name, cancelable: true, bubbles: true}));
const drawn = async () => { await wait(150); return canvas.toDataURL(); };
const changed = async (how) => {
  const old = await drawn();
  how();
  for (let k = 0; k < 12; k++) if (old !== await drawn()) return true;
  return false;
};
const pointer = (kind, x, y, buttons) => canvas.dispatchEvent(new PointerEvent(kind,
  {pointerId: 1, clientX: x, clientY: y + canvas.getBoundingClientRect().top, buttons}));
canvas.setPointerCapture = () => {};
found.begins = get("output").textContent;
found.state = get(".time button").getAttribute("aria-label");
await wait(1500);
found.later = get("output").textContent;
if (found.state === "stop") key(" ");
found.stopped = get(".time button").getAttribute("aria-label");
slider.value = 2;
slider.dispatchEvent(new Event("input"));
found.moved = [get("output").textContent, slider.getAttribute("aria-valuetext")];
key(".");
found.stepped = get("output").textContent;
found.arrow = await changed(() => key("ArrowLeft"));
found.up = await changed(() => key("ArrowUp"));
found.closer = await changed(() => key("+"));
found.dragged = await changed(() => {
  pointer("pointerdown", 300, 200, 1);
  pointer("pointermove", 340, 260, 1);
  pointer("pointerup", 340, 260, 0);
});
key("0");
const first = await drawn();
key("0");
found.again = first === await drawn();
found.turning = await changed(() => key("r"));
key("r");
await wait(300);
const rest = await drawn();
found.still = rest === await drawn();
key("0");
await drawn();
const graph = get("#graph canvas"), before = graph.toDataURL();
const box = canvas.getBoundingClientRect();
pointer("pointermove", box.width/2, box.height/2, 0);
found.tip = get("#tip").textContent;
found.traced = before !== graph.toDataURL();
found.bar = get("#bar").textContent;
"""


def seen(page, tmp_path, steps, options=()):
    allowed = assets.policy([], [CLOCK + SCRIPT]).split("script-src ")[1].split(";")[0]
    html = page.html.replace("script-src 'unsafe-inline'", f"script-src {allowed}")
    html = html.replace("<script>(", f"<script>{CLOCK}(", 1)
    return show(html, tmp_path, steps, options=options)


def look(tmp_path, *options):
    cell = rb.Morphology.ball_and_stick(
        soma_diameter=20 * um, dendrite_length=200 * um, dendrite_diameter=8 * um
    )
    parts = cell.discretize([1, 10])
    times = np.arange(40) * 0.1
    wave = -65 + 90 * np.exp(-(((parts.path * 1e6 - 100 * (times[:, None] - 1)) / 40) ** 2))
    page = cell.page(
        wave, compartments=parts, label="v", unit="mV", limits=(-70, 30), times=times * ms
    )
    return seen(page, tmp_path, STEPS, options)


def test_it_plays_and_turns(tmp_path):
    found = look(tmp_path)
    assert found["state"] == "stop"  # it plays
    assert 0.5 <= float(found["begins"].split()[0]) <= 1.3
    assert found["later"] != found["begins"]
    assert found["stopped"] == "play"
    assert found["moved"] == ["0.2 ms", "0.2 ms"] and found["stepped"] == "0.3 ms"
    for what in ("arrow", "up", "closer", "dragged", "again", "turning", "still", "traced"):
        assert found[what], what
    assert found["tip"].startswith("dendrite · section 1 · 200 µm long · 8 µm thick · begins 10 µm")
    assert "v (mV): " in found["tip"]
    assert "v (mV):-7030" in found["bar"]


def test_it_waits_where_motion_is_not_wanted(tmp_path):
    found = look(tmp_path, "--force-prefers-reduced-motion")
    assert found["state"] == "play"
    assert found["begins"] == found["later"] != "0 ms"


def test_a_page_without_values(tmp_path):
    cell = rb.Morphology.cylinder(length=100 * um, diameter=5 * um)
    steps = (
        "found.bar = document.getElementById('bar').textContent;"
        "found.graph = document.getElementById('graph');"
    )
    found = seen(cell.page(), tmp_path, steps)
    assert found["bar"].startswith("dendrite") and "space" not in found["bar"]
    assert found["graph"] is None
