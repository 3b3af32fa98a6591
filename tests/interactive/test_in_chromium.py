"""The page as a browser shows it: its sliders are moved, and what it shows is read."""

import numpy as np
import pytest
from tests.interactive.chromium import needs_chromium, show

from rheobase.interactive import Curve, Lines, Plane, Player, Raster, Reading, Slider
from rheobase.results import SpikeTrains

pytestmark = needs_chromium

TOOLS = """
const root = document.querySelector(".rb-player"), player = root.player;
const get = (selector) => root.querySelector(selector);
const all = (selector) => [...root.querySelectorAll(selector)];
const move = (k, place) => {
  const input = all("input")[k];
  input.value = place;
  input.dispatchEvent(new Event("input", {bubbles: true}));
};
const look = () => ({
  now: all(".rb-now").map((n) => n.textContent),
  said: all("input").map((n) => n.getAttribute("aria-valuetext")),
  readings: get(".rb-readings").textContent.trim(),
  labels: all("svg").map((n) => n.getAttribute("aria-label")),
  paths: all("svg .rb-path:not(.rb-ghost)").map((n) => n.getAttribute("d")),
  ghosts: all("svg .rb-path.rb-ghost").map((n) => n.getAttribute("d")),
  strokes: all("svg .rb-strokes:not(.rb-ghost)").map((n) => n.getAttribute("d")),
  kept: get(".rb-kept").textContent, here: all(".rb-here").pop().getAttribute("visibility"),
});
const lines = player.timed[0];
const read = (position) => [0, 1, 2.5, 7, 19].map((sample) =>
  lines.read(lines.told.lines[0], position, sample * 1e-3));
"""

STEPS = """
found.first = look();
found.values = [0, 1, 2, 3, 4, 5].map(read);
move(0, 2); move(1, 1);
found.moved = look();
move(1, 0);
found.empty = look();
move(1, 1);
found.position = player.index(player.places());
get("button[aria-pressed]").click();
move(0, 0);
found.compared = look();
get("button[aria-pressed]").click();
found.dropped = look();
await wait(600);
found.announced = [get("output").textContent];
const key = (name) => player.left.dispatchEvent(new KeyboardEvent("keydown", {key: name}));
key("Home"); key("ArrowRight");
found.cursor = player.time; found.dot = get(".rb-here").getAttribute("visibility");
found.notes = all("svg .rb-halo").map((n) => n.textContent);
key("Escape");
found.gone = player.time;
await wait(600);
found.announced.push(get("output").textContent);
const curve = all("svg").pop(), box = curve.getBoundingClientRect();
curve.dispatchEvent(new PointerEvent("pointermove", {buttons: 1, clientX: box.right - 5}));
found.picked = look().now;
move(0, 0);
get(".rb-play").click();
found.playing = get(".rb-play").getAttribute("aria-label");
await wait(2500);
found.played = [look().now[0], get(".rb-play").getAttribute("aria-label")];
found.table = player.table().split("\\n");
found.named = all("input").map((n) => n.labels[0].textContent);
found.wide = root.scrollWidth <= root.clientWidth + 1;
found.styled = getComputedStyle(root).borderTopWidth;
"""

TIMES = np.arange(20) * 1e-3


def made():
    """Two sliders over six runs; the second line has a gap."""
    rows = np.arange(6.0)[:, None]
    v = -65 + 3 * rows + np.where(TIMES > 7e-3, 2.0, 0.0)
    other = np.where(np.arange(20) == 10, np.nan, rows + 0 * TIMES)
    trains = [SpikeTrains(np.arange(p) * 1e-3, [p % 2] * p, 2, name="cells", stop=0.02)
              for p in range(6)]  # fmt: skip
    return Player(
        [Slider("I", [0, 100, 200], "pA", at=1), Slider("kind", ["a", "b"])],
        [Lines("v", "mV", TIMES, {"v": v, "u": other}, [np.full(p, 5e-3) for p in range(6)]),
         Raster({"cells": trains}), Plane("v", "u"),
         Curve("rate", "Hz", np.array([0, 1, 2, 3, np.nan, 5.0]))],
        readings=[Reading("spikes", "", np.arange(6.0))], title="Made <up>",
    )  # fmt: skip


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    return show(made().page(), tmp_path_factory.mktemp("chromium"), TOOLS + STEPS)


def test_the_page_begins_where_the_sliders_stand(found):
    first = found["first"]
    assert first["now"] == first["said"] == ["100 pA", "a"]
    assert first["readings"] == "spikes 2"
    assert first["here"] == "visible" and first["kept"] == ""
    assert found["named"] == ["I", "kind"]


def test_values_arrive_in_the_browser_as_they_were_packed(found):
    v = next(iter(made().panels[0].lines.values()))
    for position, values in enumerate(found["values"]):
        expected = np.interp([0, 1, 2.5, 7, 19], np.arange(20), v[position])
        np.testing.assert_allclose(values, expected, atol=17 * 0.4 / 210)


def test_where_there_is_no_number_there_is_no_dot(found):
    assert found["empty"]["here"] == "hidden"
    assert found["empty"]["labels"][3] == "rate (Hz) over I, 2 dots: – at 200 pA"


def test_moving_the_sliders_shows_that_run(found):
    moved = found["moved"]
    assert found["position"] == 5
    assert moved["now"] == moved["said"] == ["200 pA", "b"]
    assert moved["readings"] == "spikes 5"
    assert moved["paths"] != found["first"]["paths"]
    # The gap breaks the line: two pieces.
    assert moved["paths"][1].count("M") == 2 and moved["paths"][0].count("M") == 1
    # Five strokes above the voltage, five spikes in the raster.
    assert [text.count("M") for text in moved["strokes"]] == [5, 5]


def test_what_is_shown_is_also_said(found):
    lines, raster, plane, curve = found["moved"]["labels"]
    assert plane == "u against v, the path over time"
    assert lines.startswith("v (mV) over time, 0 to 20 ms: v from −50.0 to −48.0; u from 5.0 to 5")
    assert raster == "raster of spikes: cells, 5 in 2 rows"
    assert curve == "rate (Hz) over I, 3 dots: 5 Hz at 200 pA"
    assert found["announced"] == ["I = 0 pA, kind = b; spikes 1", "0.10 ms: v −62.0, u 1.0 mV"]


def test_a_run_is_kept_to_compare_with(found):
    compared = found["compared"]
    assert compared["kept"] == "kept: I = 200 pA, kind = b"
    assert compared["ghosts"] == found["moved"]["paths"]
    assert compared["paths"] != compared["ghosts"]
    assert found["dropped"]["kept"] == "" and set(found["dropped"]["ghosts"]) == {""}


def test_arrow_keys_move_a_cursor(found):
    assert found["cursor"] == pytest.approx(0.02 / 200)
    assert found["gone"] is None and found["dot"] == "visible"
    assert any(note.startswith("0.10 ms: v −62") for note in found["notes"])


def test_a_click_on_the_curve_moves_the_slider(found):
    assert found["picked"] == ["200 pA", "b"]


def test_playing_goes_to_the_end_and_stops(found):
    assert found["playing"] == "Pause I"
    assert found["played"] == ["200 pA", "Play I"]


def test_the_table_holds_what_is_shown(found):
    table = found["table"]
    assert table[:2] == ["# I = 200 pA, kind = b", "time (s),v (mV),u (mV)"]
    assert table[2].split(",")[1:] == ["-50", "5"]
    assert "spike of cells (s),cell" in table
    assert table[-5:] == ["0.000000,1", "0.001000000,1", "0.002000000,1", "0.003000000,1",
                          "0.004000000,1"]  # fmt: skip


def test_nothing_is_wider_than_the_page(found, tmp_path):
    assert found["wide"] and found["styled"] == "1px"
    narrow = show(made().page(), tmp_path, TOOLS + """
      found.wide = document.documentElement.scrollWidth <= innerWidth + 1;
      found.columns = getComputedStyle(get(".rb-views")).gridTemplateColumns.split(" ").length;
    """, size="500,900")  # fmt: skip
    assert narrow["wide"] and narrow["columns"] == 1
