"""Checkpoints: going on to the bit, and files that are refused."""

import os

import h5py
import numpy as np
import pytest
from tests.simulation.long_network import noisy_network

import rheobase as rb
from rheobase.simulation import checkpoint_files
from rheobase.units import Hz, ms, mV, nA, nS, pA, um


def assert_goes_on(net, path, duration=10 * ms, backend="interpreter"):
    """The network and one loaded from its checkpoint run on with the same bits."""
    net.save(path)
    again = rb.Network.load(path)
    assert repr(again) == repr(rb.Network.load(path))
    assert again._clock == net._clock and again.seed == net.seed
    expected, found = (n.run(duration, backend=backend, progress=False) for n in (net, again))
    assert list(expected.spikes) == list(found.spikes)
    for name in expected.spikes:
        np.testing.assert_array_equal(expected.spikes[name].times, found.spikes[name].times)
        np.testing.assert_array_equal(expected.spikes[name].ids, found.spikes[name].ids)
    for name in expected.traces:
        for variable in expected.traces[name].data_vars:
            here, there = expected.traces[name][variable], found.traces[name][variable]
            np.testing.assert_array_equal(here.values, there.values)
    for name, population in net.populations.items():
        if population._cell_values is None:
            continue
        for variable in population.state():
            there = getattr(again.populations[name], variable).magnitude
            np.testing.assert_array_equal(getattr(population, variable).magnitude, there)
    assert expected.description == found.description
    return expected, again


def run(net, duration):
    return net.run(duration, backend="interpreter", progress=False)


def test_before_the_first_run(tmp_path):
    assert_goes_on(noisy_network(), tmp_path / "net.h5", 20 * ms)


def test_after_a_run_with_spikes_and_noise_under_way(tmp_path):
    net = noisy_network()
    run(net, 15.3 * ms)
    expected, again = assert_goes_on(net, tmp_path / "net.h5", 15 * ms)
    assert expected.spikes["cells"].count > 3
    assert_goes_on(again, tmp_path / "net.h5")


@pytest.mark.parametrize("options", [
    dict(crossing="linear"), dict(method="euler"), dict(method="milstein"),
], ids=str)  # fmt: skip
def test_other_ways_of_stepping(tmp_path, options):
    net = noisy_network(**options)
    run(net, 12 * ms)
    assert_goes_on(net, tmp_path / "net.h5")


def test_compiled_and_on_other_threads(tmp_path):
    net = noisy_network(size=200)
    net.run(20 * ms, progress=False)
    net.save(tmp_path / "net.h5")
    again, interpreted = (rb.Network.load(tmp_path / "net.h5") for _ in range(2))
    one = net.run(20 * ms, threads=1, progress=False)
    for other in (again.run(20 * ms, threads=2, progress=False), run(interpreted, 20 * ms)):
        np.testing.assert_array_equal(one.spikes["cells"].times, other.spikes["cells"].times)
        np.testing.assert_array_equal(one.traces["cells"].v, other.traces["cells"].v)


def test_states_can_be_read_and_set_before_it_goes_on(tmp_path):
    net = noisy_network()
    run(net, 20 * ms)
    net.save(tmp_path / "net.h5")
    again = rb.Network.load(tmp_path / "net.h5")
    for one, other in ((net, again),):
        here, there = one.populations["cells"], other.populations["cells"]
        np.testing.assert_array_equal(here.v.magnitude, there.v.magnitude)
        np.testing.assert_array_equal(here.last_spike.magnitude, there.last_spike.magnitude)
        np.testing.assert_array_equal(
            here.refractory_left.magnitude, there.refractory_left.magnitude
        )
    for n in (net, again):
        n.populations["cells"][:10].v = -70 * mV
        n.populations["cells"][5:15].refractory_left = 1.5 * ms
        n.populations["cells"].tau_m = 15 * ms
    assert_goes_on(again, tmp_path / "set.h5")
    np.testing.assert_array_equal(
        run(net, 10 * ms).traces["cells"].v, again.last_result.traces["cells"].v
    )


def test_everything_a_network_is_told(tmp_path):
    net = rb.Network(dt=0.1 * ms, seed=2**40, start=5 * ms)
    cells = net.add(rb.models.ConductanceLIF, 30, name="cells", positions=np.arange(30) * um)
    rates = net.add(rb.models.RateUnit(f="tanh"), 4)
    regular = net.add(rb.stimuli.regular_spikes(100 * Hz, 90 * ms, jitter=0.2), 5, name="regular",
                      record_spikes=False)  # fmt: skip
    given = net.add(rb.stimuli.spike_times([[10, 20] * ms, [12 * ms]]), name="given")
    cells.v = "E_L + 5*mV*rand()"
    cells[3:7].tau_ref = 4 * ms
    cells[::-2].v = rb.random.normal(-60 * mV, 1 * mV)
    net.connect(cells, cells, rb.rules.within(3 * um, 0.5), weight="(1 + 0.1*i)*nS", delay="1 ms",
                to="excitatory")  # fmt: skip
    net.connect(cells[[4, 2]], cells, rb.rules.fixed_outdegree(3), weight=2 * nS, to="inhibitory",
                weight_dtype="float32", delay=rb.random.uniform(0.2 * ms, 2 * ms))  # fmt: skip
    net.connect(regular, cells, rb.rules.from_matrix(np.eye(5, 30) * 9 * nS), to="excitatory")
    net.connect(given, cells[:2], rb.rules.pairs([0, 1], [1, 0]), weight=[3, 4] * nS,
                to="excitatory", name="named")  # fmt: skip
    net.connect(rates, rates, weight=rb.random.normal(0, 1), of="r", delay=0.3 * ms)
    net.inject(rates, rb.stimuli.sine(1, 20 * Hz) + rb.stimuli.noise(0.2, 5 * ms), to="I")
    net.inject(cells[4:9], rb.stimuli.step(np.arange(5) * 0.1 * nA, 8 * ms))
    net.drive(cells, rb.stimuli.poisson(np.arange(30) * Hz), weight=np.arange(30) * nS,
              to="excitatory")  # fmt: skip
    net.clamp(rates[1], 0.5, 10 * ms, 12 * ms)
    net.record(cells[[5, 3]], "v", "g_e", every=0.5 * ms, name="two")
    net.record(rates, "r", "I")
    run(net, 4 * ms)
    net.projections["named"].weights = [5, 6] * nS
    net.populations["cells"].E_L = "-60*mV - rand()*mV"
    assert_goes_on(net, tmp_path / "net.h5", 15 * ms)


def test_receptors_and_couplings(tmp_path):
    net = rb.Network(dt=0.1 * ms, seed=1)
    cells = net.add(rb.models.LIF, 8, name="cells")
    noise = net.add(rb.stimuli.poisson(800 * Hz), 8, name="noise")
    ampa = rb.synapses.Exponential(tau=2 * ms, E=0 * mV, name="ampa")
    net.connect(noise, cells, rb.rules.one_to_one(), weight=4 * nS, synapse=ampa)
    net.connect(cells, cells, weight=0.5 * nS, synapse=rb.synapses.NMDA())
    net.connect(cells, cells, rb.rules.ring(1), weight=1 * nS, synapse=rb.synapses.GapJunction())
    net.record(cells, "v", "g_ampa")
    run(net, 10 * ms)
    _, again = assert_goes_on(net, tmp_path / "net.h5", 10 * ms)
    again.connect(noise_of(again), again.populations["cells"], weight=1 * nS, synapse=ampa)
    assert "g_ampa_2" not in again.populations["cells"].model.names


def noise_of(net):
    return net.populations["noise"]


def test_a_projection_added_after_the_run_passes_on_new_spikes_only(tmp_path):
    def grow(net):
        cells = net.populations["cells"]
        net.connect(cells, cells, rb.rules.ring(1), weight=9 * mV, delay=4 * ms, name="late")
        return net

    net = grow_later = noisy_network()
    run(net, 20 * ms)
    net.save(tmp_path / "before.h5")
    again = grow(rb.Network.load(tmp_path / "before.h5"))
    grow(grow_later)
    assert_goes_on(net, tmp_path / "net.h5")
    np.testing.assert_array_equal(run(again, 10 * ms).traces["cells"].v,
                                  net.last_result.traces["cells"].v)  # fmt: skip


def test_spikes_under_way_keep_the_delays_they_left_with(tmp_path):
    net = rb.Network(dt=0.1 * ms)
    pre = net.add(rb.stimuli.spike_times([1 * ms]), name="pre")
    cell = net.add(rb.models.LIF, name="cell")
    net.connect(pre, cell, weight=100 * pA, delay=3 * ms, name="wire")
    net.record(cell, "v")
    run(net, 2 * ms)
    net.projections["wire"].delays = 0.5 * ms
    run(net, 1 * ms)
    expected, _ = assert_goes_on(net, tmp_path / "net.h5")
    assert np.ptp(expected.traces["cell"].v.values) > 0


# -- files ----------------------------------------------------------------------------------


@pytest.fixture
def whole(tmp_path):
    net = noisy_network(size=20)
    run(net, 1 * ms)
    return net.save(tmp_path / "whole.h5")


@pytest.mark.parametrize("part", [0.02, 0.5, 0.9, 0.999])
def test_a_truncated_file_is_refused(whole, part):
    held = whole.read_bytes()
    cut = whole.with_name("cut.h5")
    cut.write_bytes(held[: int(part * len(held))])
    with pytest.raises(rb.errors.FileFormatError, match=r"cut\.h5 (cannot|is no)"):
        rb.Network.load(cut)


def test_flipped_bits_are_found(whole):
    held = bytearray(whole.read_bytes())
    damaged = whole.with_name("damaged.h5")
    random = np.random.default_rng(1)
    state = rb.Network.load(whole).populations["cells"].v.magnitude
    for place in random.integers(100, len(held), 40):
        changed = bytearray(held)
        changed[place] ^= 4
        damaged.write_bytes(changed)
        try:
            again = rb.Network.load(damaged)
        except rb.errors.FileFormatError as error:
            assert "damaged.h5" in str(error)
        else:
            np.testing.assert_array_equal(again.populations["cells"].v.magnitude, state)


def test_other_files_are_refused(whole, tmp_path):
    with pytest.raises(rb.errors.FileFormatError) as told:
        rb.Network.load(tmp_path / "none.h5")
    assert str(told.value) == f"cannot load {tmp_path / 'none.h5'}: there is no such file"
    text = tmp_path / "text.h5"
    text.write_text("hello")
    with pytest.raises(rb.errors.FileFormatError) as told:
        rb.Network.load(text)
    assert str(told.value) == (
        f"{text} is no checkpoint: it is not an HDF5 file, or its beginning is damaged\n"
        "checkpoints are written by net.save(path) or net.run(..., checkpoint_every=10*second)"
    )
    foreign = tmp_path / "foreign.h5"
    h5py.File(foreign, "w").close()
    with pytest.raises(rb.errors.FileFormatError, match="it is an HDF5 file of something else"):
        rb.Network.load(foreign)
    result = run(noisy_network(size=5), 1 * ms).save(tmp_path / "result.h5")
    with pytest.raises(rb.errors.FileFormatError) as told:
        rb.Network.load(result)
    assert str(told.value) == (
        f"{result} is no checkpoint: it is a rheobase result\n"
        "results are loaded with rb.Result.load(path)"
    )


def test_other_versions_are_refused(whole):
    with h5py.File(whole, "r+") as file:
        file.attrs["version"], file.attrs["rheobase"] = 99, "7.0"
    with pytest.raises(rb.errors.FileFormatError) as told:
        rb.Network.load(whole)
    assert str(told.value) == (
        f"{whole} is a checkpoint of file version 99, written by Rheobase 7.0; this Rheobase reads "
        "version 1\nload it with the release of Rheobase that wrote it"
    )


def test_a_file_without_its_mark_or_checksum_is_refused(whole):
    with h5py.File(whole, "r+") as file:
        number = next(n for n, d in file["arrays"].items() if d.dtype == float and d.size)
        file["arrays"][number][0] += 1
    with pytest.raises(rb.errors.FileFormatError, match="does not fit its checksum"):
        rb.Network.load(whole)
    with h5py.File(whole, "r+") as file:
        file.attrs["complete"] = False
    with pytest.raises(rb.errors.FileFormatError, match="is not whole: its writing was cut short"):
        rb.Network.load(whole)


def test_arrays_outside_the_file_are_not_read(whole, tmp_path):
    with h5py.File(tmp_path / "secret.h5", "w") as file:
        file["x"] = np.arange(3)
    with h5py.File(whole, "r+") as file:
        del file["arrays"]["0"]
        file["arrays"]["0"] = h5py.ExternalLink(tmp_path / "secret.h5", "x")
    with pytest.raises(rb.errors.FileFormatError, match="is not an array of numbers of this file"):
        rb.Network.load(whole)


def test_what_is_no_network_is_refused(tmp_path):
    path = tmp_path / "odd.h5"
    checkpoint_files.write_checkpoint(path, {"network": {"dt": 1e-4}}, "1.0")
    with pytest.raises(rb.errors.FileFormatError, match=r"odd\.h5 cannot be loaded: this Rheobase"):
        rb.Network.load(path)


def test_the_file_before_stays_until_the_new_one_is_whole(whole, monkeypatch):
    before = whole.read_bytes()
    net = rb.Network.load(whole)

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoint_files, "hand_to_disk", fail)
    with pytest.raises(rb.errors.FileFormatError) as told:
        net.save(whole)
    assert str(told.value) == (
        f"cannot write the checkpoint to {whole}: the disk is full\n"
        "the checkpoint before it, if there is one, is as it was"
    )
    assert whole.read_bytes() == before
    assert os.listdir(whole.parent) == ["whole.h5"]


def test_what_cannot_be_saved_is_refused_before_anything_is_written(tmp_path):
    from dataclasses import dataclass

    from rheobase.network.waveforms import Shape

    @dataclass(frozen=True, eq=False)
    class Own(Shape):
        def terms(self, dt, origin):
            return ()

    net = noisy_network(size=5)
    current = rb.stimuli.step(1 * mV)
    net.inject(net.populations["cells"], type(current)((Own(),), current.unit))
    with pytest.raises(rb.errors.UserError) as told:
        net.save(tmp_path / "net.h5")
    assert "net.save: the current into cells.I is of a kind that files cannot hold" in str(
        told.value
    )
    assert os.listdir(tmp_path) == []


def test_functions_are_left_out_with_a_warning(tmp_path):
    net = noisy_network(size=5)
    net.every(1 * ms, lambda: None)
    with pytest.warns(rb.errors.RheobaseWarning) as told:
        net.save(tmp_path / "net.h5")
    assert str(told[0].message) == (
        "net.save: 1 function of net.every is not in the file; call net.every again after "
        "rb.Network.load"
    )


def test_new_fields_of_the_state_are_saved(tmp_path, monkeypatch):
    """The state of the engine is walked through as it is declared."""
    from dataclasses import fields

    from rheobase.engine.run import EngineState
    from rheobase.simulation.saving import engine_states

    net = noisy_network(size=5)
    run(net, 3 * ms)
    state = net._assembly.engine.state()
    again = engine_states().from_plain(engine_states().to_plain(state, "it"))
    for entry in fields(EngineState):
        one, other = getattr(state, entry.name), getattr(again, entry.name)
        assert type(one) is type(other)
        assert repr(one) == repr(other)


# -- synapses that change -------------------------------------------------------------------


def plastic_network():
    net = rb.Network(dt=0.1 * ms, seed=3)
    cells = net.add(rb.models.LIF(tau_syn=3 * ms), 12, name="cells")
    noise = net.add(rb.stimuli.poisson(60 * Hz), 15, name="noise")
    cells.v = "E_L + rand()*(V_T - E_L)"
    net.inject(cells, rb.stimuli.step(0.45 * nA))
    plastic = net.connect(
        noise, cells, rb.rules.fixed_probability(0.5), name="plastic", weight=40 * pA,
        delay=rb.random.uniform(0.5 * ms, 4 * ms),
        synapse=rb.synapses.STDP(tau_plus=20 * ms, tau_minus=15 * ms, a_plus=0.05, a_minus=0.04,
                                 w_max=90 * pA),
    )  # fmt: skip
    net.record(plastic, "weight", every=2 * ms)
    net.record(cells, "v", every=1 * ms)
    return net


def test_synapses_that_change(tmp_path):
    net = plastic_network()
    run(net, 40 * ms)
    plastic = net.projections["plastic"]
    assert np.ptp(plastic.weights.magnitude) > 0
    net.save(tmp_path / "net.h5")
    again = rb.Network.load(tmp_path / "net.h5")
    np.testing.assert_array_equal(again.projections["plastic"].weights.magnitude,
                                  plastic.weights.magnitude)  # fmt: skip
    expected, again = assert_goes_on(net, tmp_path / "net.h5", 40 * ms)
    np.testing.assert_array_equal(again.projections["plastic"].weights.magnitude,
                                  plastic.weights.magnitude)  # fmt: skip
    assert expected.traces["plastic"].weight.shape[0] == 20
    assert list(again._told.synapse_recordings) == ["plastic"]


def test_weights_of_synapses_that_change_can_be_set_before_and_after_loading(tmp_path):
    net = plastic_network()
    run(net, 20 * ms)
    net.projections["plastic"].weights = 11 * pA
    net.save(tmp_path / "net.h5")
    again = rb.Network.load(tmp_path / "net.h5")
    assert np.all(again.projections["plastic"].weights.magnitude == 11)
    for n in (net, again):
        n.projections["plastic"].weights = 60 * pA
    assert_goes_on(again, tmp_path / "again.h5", 20 * ms)
    run(net, 20 * ms)
    np.testing.assert_array_equal(net.projections["plastic"].weights.magnitude,
                                  again.projections["plastic"].weights.magnitude)  # fmt: skip


def test_streams_hold_recorded_synapses(tmp_path):
    expected = run(plastic_network(), 20 * ms)
    net = plastic_network()
    for part in (8 * ms, 12 * ms):
        net.run(part, backend="interpreter", progress=False, stream_to=tmp_path / "run.h5")
    found = rb.Result.load(tmp_path / "run.h5").traces["plastic"].weight
    np.testing.assert_array_equal(found.values, expected.traces["plastic"].weight.values)
    assert found.dims == ("time", "synapse")
    assert found.attrs == expected.traces["plastic"].weight.attrs


def test_rewards_are_saved(tmp_path):
    net = rb.Network(dt=0.1 * ms, seed=1)
    cells, noise = net.add(rb.models.LIF, 4, name="cells"), net.add(rb.stimuli.poisson(90 * Hz), 4)
    dopamine = net.add(rb.stimuli.spike_times([4, 9, 17] * ms), name="dopamine")
    net.inject(cells, rb.stimuli.step(0.5 * nA))
    synapse = rb.synapses.RewardSTDP(tau_plus=20 * ms, tau_minus=20 * ms, a_plus=0.1, a_minus=0.05,
                                     w_max=50 * pA)  # fmt: skip
    plastic = net.connect(noise, cells, weight=20 * pA, synapse=synapse, name="plastic")
    plastic.reward_by(dopamine, 0.5, delay=2 * ms)
    run(net, 15 * ms)
    net.save(tmp_path / "net.h5")
    again = rb.Network.load(tmp_path / "net.h5")
    run(net, 15 * ms)
    run(again, 15 * ms)
    assert np.ptp(plastic.weights.magnitude) > 0
    np.testing.assert_array_equal(again.projections["plastic"].weights.magnitude,
                                  plastic.weights.magnitude)  # fmt: skip


@pytest.mark.parametrize("backend", ["interpreter", "numba"])
def test_exact_crossings(tmp_path, backend):
    net = rb.Network(dt=1 * ms, seed=2)
    model = rb.Model(
        "dv/dt = (E_L - v)/tau_m : mV (unless refractory)", threshold="v >= V_T", reset="v = V_r",
        refractory=2 * ms, crossing="exact", receives=dict(jump="v += weight"),
        parameters=dict(E_L=-49 * mV, V_T=-50 * mV, V_r=-60 * mV, tau_m=20 * ms),
    )  # fmt: skip
    cells = net.add(model, 10, name="cells")
    cells.v = "V_r + rand()*(V_T - V_r)"
    net.connect(cells, cells, rb.rules.fixed_indegree(3), weight=0.5 * mV, delay=1.7 * ms)
    net.record(cells, "v")
    net.run(60 * ms, backend=backend, progress=False)
    expected, _ = assert_goes_on(net, tmp_path / "net.h5", 60 * ms, backend)
    assert expected.spikes["cells"].count > 10
    streamed = rb.Network.load(tmp_path / "net.h5").run(
        60 * ms, backend=backend, progress=False, stream_to=tmp_path / "run.h5"
    )
    np.testing.assert_array_equal(streamed.spikes["cells"].times, expected.spikes["cells"].times)


def test_procedural_synapses(tmp_path):
    net = rb.Network(dt=0.1 * ms, seed=2)
    cells = net.add(rb.models.LIF, 60, name="cells")
    noise = net.add(rb.stimuli.poisson(8000 * Hz), 60, name="noise")
    net.connect(noise, cells, rb.rules.one_to_one(), weight=100 * pA)
    net.connect(cells, cells, rb.rules.fixed_probability(0.1), storage="procedural",
                weight=rb.random.normal(20 * pA, 4 * pA, low=0 * pA), name="drawn",
                delay=rb.random.normal(1.5 * ms, 0.5 * ms, low=0.1 * ms))  # fmt: skip
    net.record(cells[:3], "v", every=1 * ms)
    net.run(40 * ms, progress=False)
    expected, again = assert_goes_on(net, tmp_path / "net.h5", 30 * ms, "numba")
    assert expected.spikes["cells"].count > 10
    assert again.projections["drawn"].storage == "procedural"
    checked = again.run(5 * ms, progress=False, error_check=True).error_check
    assert checked.spikes["cells"].count == again.last_result.spikes["cells"].count
