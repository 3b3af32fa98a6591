"""A model is text in one place, found everywhere; its symbols all have a meaning."""

import pickle

import pytest

import rheobase as rb
from rheobase.errors import InternalError, UnknownNameError
from rheobase.language.model import Model
from rheobase.models import library

NAMES = ["AdEx", "ConductanceLIF", "ConnorStevens", "DeltaLIF", "ExponentialLIF",
         "FitzHughNagumo", "GLIF1", "GLIF2", "GLIF3", "GLIF4", "GLIF5", "HindmarshRose",
         "HodgkinHuxley", "Izhikevich", "LIF", "MorrisLecar", "NormalizedLIF", "QuadraticIF",
         "RateUnit", "TraubMiles", "WangBuzsaki", "WilsonCowan", "WongWang"]  # fmt: skip

TINY = {
    "title": "A decay.",
    "equations": "dx/dt = -x/tau : 1",
    "symbols": {"x": "what decays"},
    "parameters": {"tau": ("5 ms", "how fast")},
    "source": "none",
    "checked": "nothing",
}


def test_the_library_lists_its_models():
    assert sorted(rb.models.catalog()) == NAMES
    assert set(NAMES) <= set(dir(rb.models))
    for name, model in rb.models.catalog().items():
        assert isinstance(model, Model)
        assert model.name == name
        assert getattr(rb.models, name) is model is rb.models.find(name)


def test_a_model_added_in_one_place_is_found_everywhere(tmp_path, monkeypatch):
    (tmp_path / "decays.py").write_text(
        "from rheobase.models.library import describe\n"
        f"Decay = describe('Decay', **{TINY!r})\n"
        "Other = Decay(tau='7 ms')\n"
    )
    monkeypatch.setattr(rb.models, "__path__", [*rb.models.__path__, str(tmp_path)])
    rb.models.catalog.cache_clear()
    try:
        assert rb.models.Decay.defaults["tau"] == 5e-3
        assert rb.models.find("Other").defaults["tau"] == 7e-3
        assert {"Decay", "Other"} <= set(dir(rb.models))
    finally:
        rb.models.catalog.cache_clear()


def test_a_name_that_is_none_is_refused_with_what_may_be_meant():
    with pytest.raises(UnknownNameError) as refused:
        rb.models.find("Hodgkinhuxly")
    assert "no model 'Hodgkinhuxly'; did you mean HodgkinHuxley?" in str(refused.value)
    assert "there are AdEx, ConductanceLIF" in str(refused.value)
    with pytest.raises(AttributeError, match=r"did you mean Izhikevich\?"):
        _ = rb.models.Izikevich
    assert not hasattr(rb.models, "__wrapped__")


def test_documentation_has_every_symbol_with_its_meaning():
    text = library.describe("Decay", notes="Two\nlines.\n\nAnd more.", **TINY).doc
    assert text == (
        "A decay.\n\nSymbols\n  x    what decays\n  tau  how fast\n\nTwo lines.\n\nAnd more.\n\n"
        "Source: none\n\nChecked against: nothing"
    )


@pytest.mark.parametrize("change, missing", [
    ({"symbols": {}}, "x"),
    ({"symbols": {"x": "", "y": ""}}, "y"),
    ({"ports": {"x": "a jump"}}, "x"),
    ({"receives": "x += weight"}, "x"),
])  # fmt: skip
def test_a_symbol_without_a_meaning_is_our_bug(change, missing):
    with pytest.raises(InternalError, match=rf"Decay: .*\['{missing}'\]"):
        library.describe("Decay", **{**TINY, **change})


@pytest.mark.parametrize("name", NAMES)
def test_every_model_documents_itself(name):
    model = rb.models.find(name)
    for part in ("Symbols\n", "Source: ", "Checked against: "):
        assert part in model.doc
    assert max(map(len, model.doc.splitlines())) <= 100
    for port in model.receives:
        assert f"\n  {port}" in model.doc.partition("Synapses")[2]
    assert "dt = " in model.describe()


@pytest.mark.parametrize("name", NAMES)
def test_models_survive_pickling(name):
    model = rb.models.find(name)
    again = pickle.loads(pickle.dumps(model))
    assert again.describe() == model.describe()
    assert type(again) is type(model)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: rb.models.LIF(tau_m="-20 ms"),
         "LIF: tau_m is above 0\ngiven: tau_m=-20*ms\nwrite rb.models.LIF(tau_m=10*ms)"),
        (lambda: rb.models.AdEx(C_m="0 pF"),
         "AdEx: C_m is above 0\ngiven: C_m=0*pF\nwrite rb.models.AdEx(C_m=200*pF)"),
        (lambda: rb.models.GLIF3(tau_ref="-1 ms"),
         "GLIF3: tau_ref is 0 or more\ngiven: tau_ref=-1*ms"),
        (lambda: rb.models.LIF(V_T=float("nan") * rb.units.mV),
         "the parameter V_T is nan, not a number\nwrite V_T=1*mV"),
    ],
)  # fmt: skip
def test_what_no_membrane_has_is_refused(make, told):
    with pytest.raises(rb.errors.UserError) as error:
        make()
    assert told in str(error.value)


def test_no_refractory_period_and_no_decay_are_possible():
    assert rb.models.LIF(tau_ref="0 ms").defaults["tau_ref"] == 0
    assert rb.models.AdEx(tau_w=float("inf") * rb.units.ms).defaults["tau_w"] == float("inf")
