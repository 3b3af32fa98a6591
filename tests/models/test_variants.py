"""Published sets of parameters go by name, and bring what shows their behavior."""

import pickle
import subprocess
import sys

import numpy as np
import pytest

import rheobase as rb
from rheobase.errors import UnknownNameError
from rheobase.language.model import Model
from rheobase.models.library import LibraryModel
from rheobase.models.protocols import Protocol
from rheobase.units import ms, mV

NAMES = {
    "AdEx": ["tonic", "adaptation", "initial burst", "regular bursting", "delayed accelerating",
             "delayed regular bursting", "transient", "irregular", "Brette-Gerstner",
             "Brette-Gerstner bursting", "Brette-Gerstner fast spiking"],
    "Izhikevich": ["regular spiking", "intrinsically bursting", "chattering", "fast spiking",
                   "low-threshold spiking", "thalamo-cortical", "resonator"],
    "MorrisLecar": ["Hopf", "SNIC", "homoclinic", "Morris-Lecar 1981"],
    "HodgkinHuxley": ["NEURON", "rounded"],
    "TraubMiles": ["printed"],
    "HindmarshRose": ["bursting"],
    "WilsonCowan": ["limit cycle", "simplified", "hysteresis"],
}  # fmt: skip
EVERY = [(name, variant) for name in NAMES for variant in NAMES[name]]


def test_names_of_variants():
    found = {name: list(model.variants) for name, model in rb.models.catalog().items()}
    assert {name: names for name, names in found.items() if names} == NAMES


@pytest.mark.parametrize("name, variant", EVERY)
def test_a_variant_is_a_copy_with_its_values(name, variant):
    model = rb.models.find(name)
    made = model.variants[variant]
    assert isinstance(made, LibraryModel)
    assert (made.name, made.variant) == (name, variant)
    given = model.variants.sets[variant].parameters
    assert made.defaults == model(**given).defaults
    changed = {key for key in model.defaults if made.defaults[key] != model.defaults[key]}
    assert changed <= given.keys()
    assert pickle.loads(pickle.dumps(made)).variant == variant


def test_values_of_some_variants():
    bursting = rb.models.AdEx.variants["Brette-Gerstner bursting"].defaults
    assert bursting["tau_w"] == pytest.approx(0.02)
    assert bursting["b"] == pytest.approx(500e-12)
    assert bursting["V_r"] == pytest.approx(bursting["V_T"] + 5e-3)
    fast = rb.models.AdEx.variants["Brette-Gerstner fast spiking"].defaults
    assert fast["a"] == pytest.approx(2 * fast["C_m"] / fast["tau_w"], rel=1e-12)
    assert rb.models.Izhikevich.variants["resonator"].defaults["b"] == 0.26
    assert rb.models.MorrisLecar.variants["SNIC"].defaults["phi"] == pytest.approx(1e3 / 15)
    assert rb.models.TraubMiles.variants["printed"].defaults["E_L"] == pytest.approx(-0.06)


def test_a_variant_keeps_what_it_does_not_name():
    model = rb.models.AdEx(tau_ref=2 * ms, method="euler").variants["adaptation"]
    assert model.defaults["tau_ref"] == pytest.approx(2e-3)
    assert model.method == "euler"
    assert model.variant == "adaptation"
    assert rb.models.AdEx.variant == "tonic"
    assert rb.models.AdEx(E_L=-71 * mV).variant == ""


def test_a_variant_that_is_none_is_refused():
    with pytest.raises(UnknownNameError) as refused:
        _ = rb.models.AdEx.variants["regular_bursting"]
    assert str(refused.value).startswith(
        "AdEx has no variant 'regular_bursting'; did you mean 'regular bursting'?\n"
        "there are 'tonic', 'adaptation', "
    )
    with pytest.raises(UnknownNameError) as refused:
        _ = rb.models.LIF.variants["fast"]
    assert str(refused.value) == (
        "LIF has no variants, so none called 'fast'\ngive its parameters: rb.models.LIF(...)"
    )


def test_variants_are_a_mapping_that_prints():
    variants = rb.models.Izhikevich.variants
    assert len(variants) == 7
    assert "chattering" in variants
    assert "chatter" not in variants
    text = repr(variants)
    assert text.startswith("variants of Izhikevich\n")
    assert '"chattering"              bursts of closely spaced spikes' in text
    assert variants.sets["chattering"].values == "a 0.02, b 0.2, c -50, d 2"
    assert "phi 0.0666667 1/ms" in rb.models.MorrisLecar.variants.sets["SNIC"].values
    assert repr(rb.models.LIF.variants) == "LIF has no variants"
    for name in NAMES["Izhikevich"]:
        assert f'"{name}"' in rb.models.Izhikevich.doc
    assert "a 0.02, b 0.2, c -50, d 2" in rb.models.Izhikevich.doc


def test_a_model_is_described_in_parts():
    about = rb.models.QuadraticIF.description
    assert about.title.startswith("Quadratic integrate-and-fire neuron")
    assert about.symbols["V_cut"] == "potential at which the spike is cut"
    assert about.ports == {"v": "weight in mV, a jump; its sign excites or inhibits"}
    assert about.notes[0].startswith("The rheobase is g_L (V_T - E_L)/4, 75 pA;")
    assert "Latham" in about.source and "closed form" in about.checked
    assert about.notes[0][:40] in rb.models.QuadraticIF.doc


def test_a_model_from_a_pickle_knows_the_library(tmp_path):
    """In a process where the library has not been read."""
    path = tmp_path / "model.pickle"
    path.write_bytes(pickle.dumps(rb.models.AdEx.variants["transient"]))
    code = f"import pickle; print(pickle.load(open({str(path)!r}, 'rb')).variant)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "transient\n"


@pytest.mark.parametrize("name", sorted(rb.models.catalog()))
def test_every_model_brings_a_protocol_that_fits_it(name):
    model = rb.models.find(name)
    inputs = {e.name for e in model.inputs}
    for made in (model, *model.variants.values()):
        protocol = made.protocol
        assert isinstance(protocol, Protocol)
        assert protocol.caption.endswith(".")
        assert {step.to for step in protocol.stimulus} <= inputs
        assert {each.to for each in protocol.arrivals} <= set(model.receives)
        assert {each for panel in protocol.draw for each in panel.split()} <= set(model.names)


def test_a_variant_may_have_a_protocol_of_its_own():
    transient = rb.models.AdEx.variants["transient"]
    assert transient.protocol.stimulus[0].amplitude == "180 pA"
    assert rb.models.HodgkinHuxley.variants["NEURON"].protocol is rb.models.HodgkinHuxley.protocol


def test_a_model_with_more_text_is_a_plain_one():
    more = rb.models.AdEx + "dca/dt = -ca/(10*ms) : 1"
    assert type(more) is Model


def amplitude(model):
    steps = model.protocol.stimulus
    return {step.to: step.amplitude for step in steps}


@pytest.mark.parametrize("name", sorted(rb.models.catalog()))
def test_both_backends_have_the_same_bits(name):
    model = rb.models.find(name)
    found = []
    for backend in ("interpreter", "numba"):
        net = rb.Network(dt=0.05 * ms, seed=5)
        cells = net.add(model, 2, name="cells")
        for to, current in amplitude(model).items():
            net.inject(cells[0], rb.stimuli.step(current), to=to)
        for arrivals in model.protocol.arrivals:
            source = net.add(rb.stimuli.spike_times([1 * ms, 4 * ms]))
            net.connect(source, cells[1], weight=arrivals.weight, to=arrivals.to)
        states = [e.name for e in model.differential]
        net.record(cells, *states, every=0.05 * ms)
        traces = net.run(10 * ms, backend=backend).traces["cells"]
        found.append(np.stack([traces[state].values for state in states]))
    np.testing.assert_array_equal(found[0], found[1])
    assert np.ptp(found[0], axis=1).max() > 0
