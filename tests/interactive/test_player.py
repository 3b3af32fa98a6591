"""The player: one position of it, its page, and what it refuses."""

import html
import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest

from rheobase.errors import RheobaseWarning, ShapeError, UnitError, UnknownNameError, UserError
from rheobase.interactive import Curve, Lines, Plane, Player, Raster, Reading, Slider
from rheobase.results import SpikeTrains
from rheobase.units import ms, mV, nA, pA

TIMES = np.arange(4) * 1e-3
CURRENT, KIND = Slider("I", [0, 100, 200], "pA", at=1), Slider("kind", ["a", "b"])


@pytest.fixture
def player():
    """Two sliders; everything at position p is p, or p spikes."""
    numbers = np.arange(6.0)
    trains = [SpikeTrains(np.arange(p) * 1e-3, [0] * p, 1, name="cell", stop=0.01)
              for p in range(6)]  # fmt: skip
    return Player(
        [CURRENT, KIND],
        [Lines("v", "mV", TIMES, {"v": np.repeat(numbers[:, None], 4, 1)}),
         Raster({"cell": trains}), Curve("rate", "Hz", numbers)],
        readings=[Reading("spikes", "", 10 * numbers)], title="A <title>", caption="More & more",
    )  # fmt: skip


def test_a_value_is_that_of_the_nearest_position(player):
    shown = player.value(I=0.19 * nA, kind="b")
    assert shown.settings["I"] == 200 * pA and shown.settings["kind"] == "b"
    assert shown.readings == {"spikes": 50.0, "rate": 5.0}
    assert shown.traces["v"].tolist() == [5.0] * 4 and shown.time.tolist() == TIMES.tolist()
    assert shown.spikes["cell"].count == 5


def test_sliders_not_named_stand_where_they_stand_first(player):
    assert player.value().readings["rate"] == 2.0
    assert player.value(kind="b").readings["rate"] == 3.0


def test_values_that_are_none(player):
    with pytest.raises(UnknownNameError, match="a value is given of 'i', which is no slider; did"):
        player.value(i=1)
    with pytest.raises(UnitError, match=r"I=200\*pA"):
        player.value(I=3 * mV)
    with pytest.raises(UserError, match="kind cannot be 'c'\nexpected: a, b"):
        player.value(kind="c")
    with pytest.raises(ShapeError, match="I is one finite value"):
        player.value(I=[1, 2] * pA)


def data(text):
    (found,) = re.findall(r'<script type="application/json">(.*?)</script>', text, re.DOTALL)
    return json.loads(found)


def test_the_page_holds_the_data_and_escapes_the_words(player):
    text = player.page()
    told = data(text)
    assert [s["name"] for s in told["sliders"]] == ["I", "kind"]
    assert [p["kind"] for p in told["panels"]] == ["lines", "raster", "curve"]
    assert told["readings"][0]["texts"][5] == "50"
    assert told["title"] == "A <title>" and told["span"] == [0.0, 0.01]
    assert "<h1>A &lt;title&gt;</h1>" in text and "More &amp; more" in text
    assert "A <title>" not in text


def test_the_page_is_well_formed_and_asks_for_nothing(player):
    class Checker(HTMLParser):
        open: list = []

        def handle_starttag(self, tag, attrs):
            assert not {"src", "href", "style", "onclick"} & dict(attrs).keys()
            if tag != "meta":
                self.open.append(tag)

        def handle_endtag(self, tag):
            assert self.open.pop() == tag

    checker = Checker()
    checker.feed(player.page())
    assert checker.open == []


def test_a_text_cannot_end_the_data():
    words = Slider("kind", ["</script><b>", "<!--"])
    player = Player([words], [Curve("x", "", np.arange(2.0))])
    assert "</script><b>" not in player.page()
    assert data(player.page())["sliders"][0]["labels"] == ["</script><b>", "<!--"]


def test_a_notebook_gets_the_page_in_a_frame(player):
    frame = player._repr_html_()
    match = re.match(r'<iframe title="A &lt;title&gt;" srcdoc="([^"]*)" width="100%"', frame)
    assert html.unescape(match[1]) == player.page()
    assert 300 < int(re.search(r'height="(\d+)"', frame)[1]) < 900


def test_saving(player, tmp_path):
    path = player.save(tmp_path / "page.html")
    assert path.read_text(encoding="utf-8") == player.page()
    with pytest.raises(UserError, match=r"the folder .* is not there\nmake it first"):
        player.save(tmp_path / "none" / "page.html")


def test_the_same_player_is_the_same_page(player):
    assert player.page() == player.page()


def test_what_it_is_called(player):
    assert repr(player) == "<Player: I 0 to 200 pA, kind a to b; 6 positions>"


CURVE = Curve("x", "", np.arange(3.0))
LINES = Lines("v", "mV", TIMES, {"v": np.zeros((3, 4))})
SLOWER = Lines("w", "", 2 * TIMES, {"w": np.zeros((3, 4))})


@pytest.mark.parametrize("sliders, panels, error, text", [
    ([], [CURVE], ShapeError, "a player has 0 sliders\nexpected: 1 to 3"),
    ([CURRENT, CURRENT], [CURVE], UserError, "two sliders have one name: I, I"),
    ([CURRENT], [], UserError, "a player without panels shows nothing"),
    ([CURRENT], [Curve("x", "", np.arange(4.0))], ShapeError, "expected: 3 values, one at each"),
    ([CURRENT], [CURVE, Plane("v", "w")], UnknownNameError,
     "a plane is drawn of 'v', which is no line of the player\nexpected: lines to draw it of"),
    ([CURRENT], [LINES, Plane("v", "V_")], UnknownNameError, "did you mean v?"),
    ([CURRENT], [LINES, SLOWER, Plane("v", "w")], ShapeError,
     "the plane of v and w does not fit: they have other times"),
    ([CURRENT], [Curve("x", "", np.arange(3.0), along="J")], UnknownNameError,
     "the curve x is drawn along 'J', which is no slider"),
])  # fmt: skip
def test_parts_that_do_not_fit(sliders, panels, error, text):
    with pytest.raises(error) as caught:
        Player(sliders, panels)
    assert text in str(caught.value)


def test_a_large_page_is_told(player, monkeypatch):
    monkeypatch.setattr("rheobase.interactive.player._LARGE", 100)
    with pytest.warns(RheobaseWarning, match=r"browsers take long to open it.*dict\(I=9\)"):
        player.page()


def test_what_is_shown_prints_in_a_line(player):
    assert repr(player.value(kind="b")) == "<Shown: I = 100.0 pA, kind = b; spikes 30, rate 3>"


def test_strokes_are_spikes_too():
    spikes = [np.array([1e-3]), np.zeros(0), np.array([1e-3, 2e-3])]
    player = Player([CURRENT], [Lines("v", "mV", TIMES, {"v": np.zeros((3, 4))}, spikes)])
    assert player.value(I=200 * pA).spikes["v"].times.tolist() == [1e-3, 2e-3]
    assert player.value(I=200 * pA).spikes["v"].stop == pytest.approx(
        (4 * ms).to("second").magnitude
    )
