"""Which texts first states follow, as assignments go on."""

import numpy as np

import rheobase as rb
from rheobase.simulation.first_values import KEEP
from rheobase.units import mV, pA

MODEL = rb.Model(
    """dv/dt = (E - v)/tau : mV
    dw/dt = (a*far - w)/tau : pA
    far = v - E : mV""",
    parameters=dict(E="-70 mV", tau="10 ms", a="2 nS"), initial={"v": "E"},
)  # fmt: skip


def cells_and_values(size=4):
    cells = rb.Network(seed=1).add(MODEL, size, name="cells")
    return cells, cells.population._cell_values


def test_a_text_is_followed_where_it_was_set_last():
    cells, values = cells_and_values()
    cells.v = "E + 1*mV"
    cells[:2].v = "E + i*mV"
    cells[0].v = -60 * mV
    whole, part = values.texts["v"]
    assert whole.cells is None and whole.reads == {"E"}
    np.testing.assert_array_equal(whole.holds, [False, False, True, True])
    np.testing.assert_array_equal(part.holds, [False, True])
    cells.v = -65 * mV
    assert values.texts["v"] == []
    cells.w = 3 * pA
    cells.tau = "20 ms"  # a quantity as text is a number
    cells.w = "3 pA"
    assert values.texts == {"v": [], "w": []}


def test_what_is_set_again_keeps_the_values_that_were_read():
    cells, values = cells_and_values(3)
    cells.w = "a*far"
    (text,) = values.texts["w"]
    assert text.reads == {"a", "v", "E"} == text.follows()
    cells[1:].v = -60 * mV
    mask, then = text.frozen["v"]
    np.testing.assert_array_equal(mask, [False, True, True])
    np.testing.assert_allclose(then[1:], -0.07)
    assert text.follows() == {"a", "v", "E"}
    cells[1].v = -50 * mV  # the value of the first time is kept
    np.testing.assert_allclose(text.frozen["v"][1][1], -0.07)
    cells.E = -72 * mV  # read by the text, and by the model for v of the first cell
    assert text.follows() == {"a"}
    np.testing.assert_allclose(text.frozen["v"][1], -0.07)
    np.testing.assert_allclose(text.frozen["E"][1], -0.07)


def test_a_text_that_reads_its_own_state_keeps_what_it_read():
    cells, values = cells_and_values(2)
    cells.v = "v + 1*mV"
    assert values.texts["v"][0].follows() == frozenset()


def test_of_many_texts_the_last_are_kept():
    cells, values = cells_and_values(KEEP + 5)
    for cell in cells:
        cell.v = "E + 2*mV"
    assert len(values.texts["v"]) == KEEP
    np.testing.assert_allclose(cells.v.magnitude, -68.0)


def test_nothing_is_noted_after_the_first_run():
    net = rb.Network(dt="0.1 ms")
    cells = net.add(MODEL, 2, name="cells")
    cells[0].v = -60 * mV
    net.run("1 ms")
    values = cells.population._cell_values
    np.testing.assert_array_equal(values.begun["v"], [True, False])
    cells.v = "E + 2*mV"
    assert values.texts["v"] == []
