"""Describing a network: populations, and what connects, drives, holds and records them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rheobase.cables.cell import Cell
from rheobase.errors import WiringError
from rheobase.language.model import Model
from rheobase.network.rules import all_to_all
from rheobase.network.trains import Train
from rheobase.simulation import cable_electrodes as electrodes
from rheobase.simulation import procedural, real_time, receptors, synaptic, wiring
from rheobase.simulation.arguments import (
    check_kinds,
    checked_name,
    model_or_train,
    read_size,
    takes_argument,
)
from rheobase.simulation.assembly import Description
from rheobase.simulation.cable_adding import add_cells, check_ends, clamped_variable, is_cells
from rheobase.simulation.cable_fields import stimulating_current
from rheobase.simulation.cable_population import Branched, Sites, refuse_whole
from rheobase.simulation.cable_receptors import check_source
from rheobase.simulation.clamping import read_clamp
from rheobase.simulation.clock import Clock
from rheobase.simulation.describing_spikes import Detecting
from rheobase.simulation.descriptions import Drive, Injection, Recording, connection_key
from rheobase.simulation.detecting import DetectorPopulation
from rheobase.simulation.naming import new_name, projection_name
from rheobase.simulation.population import Cells, Population, cells_of, check_names
from rheobase.simulation.projection import Projection, Target
from rheobase.simulation.running import Hook
from rheobase.simulation.synaptic_records import record_synapses
from rheobase.simulation.values import CellValues
from rheobase.simulation.warning import warn


class Describing(Detecting):
    """What a network is told: the half of `Network` that runs nothing."""

    _clock: Clock
    _seed: int
    _told: Description
    _hooks: list[Hook]
    _connected: set[tuple[Any, ...]]
    _running: bool

    def add(self, model: Model | Train | Cell | Sequence[Cell], size: int | None = None, *,
            name: str | None = None,
            record_spikes: bool = True, positions: Any = None) -> Population:  # fmt: skip
        """Add cells of a model, cells with a morphology, or trains of spikes.

        Parameters
        ----------
        model
            A `Model` (`rb.models.LIF` is as good as `rb.models.LIF()`), a train of `rb.stimuli`,
            an `rb.Cell`, or a list of cells with different morphologies.
        size : int
            Number of cells; one, or as many as the train is for, if not given.
        name : str
            Unique in the network; population_1, population_2 ... if not given.
        record_spikes : bool
            Whether `result.spikes` keeps its spikes.
        positions : quantity, shape (size, dimensions)
            Where the cells are, for rules over space.

        Returns
        -------
        Population

        Raises
        ------
        WiringError
            It is neither a model nor a cell or train, or the name is taken.
        ShapeError
            The size does not fit.
        """
        self._not_while_running("add")
        chosen = new_name(name, "population", self._told.populations)
        if is_cells(model):
            branched = add_cells(model, size, chosen, self._seed, self._clock, record_spikes)
            if positions is not None:
                branched.positions = positions
            self._told.enter(branched)
            return branched
        model = model_or_train(model)
        count = read_size(model, size)
        values = None
        if isinstance(model, Model):
            check_names(model, chosen)
            values = CellValues(model, chosen, count, self._seed, self._clock)
        made = Population(chosen, count, model, values, bool(record_spikes))
        if positions is not None:
            made.positions = positions
        self._told.enter(made)
        return made

    def connect(self, pre: Cells, post: Cells, rule: Any = None, *, weight: Any = None,
                delay: Any = None, to: Any = None, synapse: Any = None,
                of: str | None = None, post_spikes: str | None = None, storage: str = "stored",
                weight_dtype: str = "float64", name: str | None = None) -> Projection:  # fmt: skip
        """Connect cells: weight w[i, j] goes from i to j.

        Parameters
        ----------
        pre, post
            Populations, or views of them.
        rule
            One of `rb.rules`; all_to_all() if not given.
        weight
            One quantity, an array, a text over i and j, or a distribution of `rb.random`, of the
            dimension the receiving statement needs; with `from_matrix` the matrix has it.
        delay
            Likewise; one step if not given, none for a continuous connection. `0*ms` is the same
            step.
        to : str or receptor
            Which of the target's inputs, if it has several; or a receptor of `rb.synapses` that is
            placed there, for synapses that change.
        synapse
            One of `rb.synapses`, or an `rb.Synapse` of your own. A receptor (Exponential, Alpha,
            NMDA ...) extends the model of the target population, and `to` is the input of current
            it is added to. Synapses that change (STDP, ShortTermPlasticity ...) deliver to the
            port `to` of the target.
        of : str
            A variable of the source: the sum of w_ij*of_i(t - delay) over i is added to the
            input variable `to` of each j, in every step.
        post_spikes : str
            For synapses that change, at places: a condition such as "v > -30*mV" at each place,
            for the spikes that are postsynaptic there instead of those of the cell.
        storage : "stored" or "procedural"
            How synapses are kept. Procedural ones are drawn anew at every spike: the same synapses,
            bit for bit, in hardly any memory. It is for synapses that do not change, rules whose
            rows can be drawn each by itself (all_to_all, one_to_one, ring, fixed_probability,
            fixed_outdegree, fixed_total with multapses), and weights and delays that are one
            value or a distribution.
        weight_dtype : "float64" or "float32"
            Precision of weights that differ between synapses.
        name : str
            Unique in the network; made of the names it connects if not given.

        Returns
        -------
        Projection
            With `.pre`, `.post`, `.weights`, `.delays`.

        Raises
        ------
        WiringError, UnknownNameError, UnitError, ShapeError
            It cannot be connected so; the message says how it can.
        """
        self._not_while_running("connect")
        source, sink = self._cells(pre, "connect", "pre"), self._cells(post, "connect", "post")
        call = f"net.connect({source.name}, {sink.name}, ...)"
        sink = refuse_whole(sink, call, "synapses are at places")
        source = check_ends(source, sink, synapse, of, storage, call)
        source = self._spiking_places(source, of, synapse, call)
        detectors = self._post_spikes(sink, post_spikes, synapse, call)
        synapse, to = receptors.given_as_port(sink, synapse, to, call)
        check_kinds(synapse, weight_dtype, call)
        chosen = wiring.check_rule(all_to_all() if rule is None else rule, call)
        procedural.check_storage(storage, synapse, of, chosen, weight, delay, call)
        target = _target_of(source, sink, of, to, synapse, call)
        real_time.refuse(source, sink, synapse, storage, call)
        if synaptic.is_plastic(synapse):
            target = synaptic.plastic_target(target, synapse, sink, weight_dtype, call)
        target = wiring.check_weight(weight, chosen, target, call)
        wiring.check_delay(delay, call)
        label = projection_name(name, source, sink, target.receptor or target.to,
                                self._told.projections)  # fmt: skip
        parts = (label, source, sink, chosen, target, weight, delay, weight_dtype, self._seed)
        if synaptic.is_plastic(synapse):
            made: Projection = synaptic.PlasticProjection(*parts, self._clock, synapse)
            made._detectors = detectors
        else:
            made = Projection(*parts, self._clock.dt)
        if storage == "procedural":
            procedural.check_port(sink, target.to, call)
            made._storage = storage
        made._check()
        receptors.warn_of_pairs(made, synapse, call)
        self._warn_if_twice(made, call)
        for cells in (source.population, detectors):
            if isinstance(cells, DetectorPopulation) and cells.name not in self._told.populations:
                self._told.enter(cells)
        self._told.projections[made.name] = made
        return made

    def inject(self, cells: Cells, current: Any, to: str | None = None) -> None:
        """Inject a current into an input variable of cells; injections into one cell add.

        Parameters
        ----------
        cells
            A population, or a view of one.
        current
            One of `rb.stimuli`: step, ramp, sine, pulse_train, noise, from_array, or a sum.
        to : str
            Which input variable, if there are several.

        Raises
        ------
        WiringError, UnknownNameError, UnitError, ShapeError
            The cells have no such input, or it is of another dimension, or this is no current.
        """
        self._not_while_running("inject")
        chosen = self._placed(cells, "inject", "a current goes into a place")
        name = wiring.injection_input(chosen, current, to)
        current.terms(self._clock.dt, self._clock.start)
        number = sum(i.cells.name == chosen.name and i.to == name for i in self._told.injections)
        stream = f"injection {number} into {chosen.name}.{name}"
        self._told.injections.append(Injection(chosen, current, name, stream))

    def drive(self, cells: Cells, train: Any, weight: Any = None, to: Any = None,
              synapse: Any = None) -> None:  # fmt: skip
        """Send each cell its own train of spikes, without storing them.

        Parameters
        ----------
        cells
            A population, or a view of one.
        train
            One of `rb.stimuli`: poisson, regular_spikes, spike_times.
        weight : quantity
            Of each spike; one, or one a cell.
        to : str or receptor
            Which of the cells' inputs for spikes, if there are several.
        synapse
            A receptor of `rb.synapses` the spikes arrive at, as for `connect`.

        Raises
        ------
        WiringError, UnknownNameError, UnitError, ShapeError
            The cells receive no such spikes, or the weight does not fit, or this is no train.
        """
        self._not_while_running("drive")
        chosen = self._placed(cells, "drive", "a receptor is at a place")
        synapse, to = receptors.given_as_port(chosen, synapse, to, f"net.drive({chosen.name}, ...)")
        target = wiring.drive_target(chosen, train, receptors.drive_port(chosen, synapse, to))
        call = f"net.drive({chosen.name}, ...)"
        weights = wiring.drive_weights(weight, target, chosen, call)
        same = [d for d in self._told.drives
                if d.cells.name == chosen.name and d.target.to == target.to]  # fmt: skip
        stream = f"drive {len(same)} of {chosen.name}.{target.to}"
        self._told.drives.append(Drive(chosen, train, target, weights, stream))

    def clamp(self, cells: Cells, values: Any, start: Any = "0 ms", stop: Any = None,
              variable: str | None = None) -> None:  # fmt: skip
        """Hold a state of cells, such as a voltage or a rate, at given values.

        The state is set at the beginning of every step from `start` until `stop`, before it is
        sampled and read by others; then the equations go on from there.

        Parameters
        ----------
        cells
            A population, or a view of one.
        values : quantity
            One value, or one a cell.
        start, stop : quantity
            Times, rounded to the grid; a stop of None never comes.
        variable : str
            Which state, if there are several.

        Raises
        ------
        WiringError, UnknownNameError, UnitError, ShapeError, UserError
            There is no such state, or the values or the interval do not fit.
        """
        self._not_while_running("clamp")
        chosen = self._placed(cells, "clamp", "a place is clamped")
        if isinstance(chosen, Sites):
            variable = clamped_variable(chosen, variable)
        self._told.clamps.append(read_clamp(chosen, values, start, stop, variable, self._clock))

    def voltage_clamp(self, cells: Cells, command: Any, *, series_resistance: Any = None,
                      start: Any = "0 ms", stop: Any = None,
                      name: str | None = None) -> str:  # fmt: skip
        """Clamp places or point cells through an electrode with a resistance.

        I = (command - v)/R flows into the compartment from `start` until `stop`. `net.clamp` holds
        a voltage without a resistance.

        Parameters
        ----------
        cells
            Places, `cells.at("soma")`, or point cells with a voltage and a current in amperes.
        command : quantity or stimulus
            The voltage, or one of `rb.stimuli` in mV for a voltage over time.
        series_resistance : quantity
            R, above 0: it has to be given.
        start, stop : quantity
            When it acts; a stop of None never comes.
        name : str
            What its variables end with; voltage_clamp, voltage_clamp_2 ... if not given.

        Returns
        -------
        str
            The name of the current into the cell, "I_voltage_clamp", for `net.record`.

        Raises
        ------
        WiringError, UnitError, UserError
            It is no place or cell with a voltage, or a value is of another dimension.
        """
        self._not_while_running("voltage_clamp")
        call = "net.voltage_clamp(...)"
        chosen = self._placed(cells, "voltage_clamp", "a place is clamped")
        held = electrodes.command(command, call)
        label = electrodes.place(
            chosen, electrodes.CLAMP, "voltage_clamp", name, series_resistance, call
        )
        self.inject(chosen, held, to=f"command_{label}")
        self.inject(chosen, electrodes.switch(start, stop), to=f"on_{label}")
        return f"I_{label}"

    def current_clamp(self, cells: Cells, current: Any, *, series_resistance: Any = None,
                      name: str | None = None) -> str:  # fmt: skip
        """Inject a current through an electrode whose resistance is in the recording.

        The cell gets the current, as with `net.inject`; the electrode sees v + R I.

        Parameters
        ----------
        cells
            Places, `cells.at("soma")`, or point cells with a voltage and a current in amperes.
        current
            One of `rb.stimuli`.
        series_resistance : quantity
            R, above 0: it has to be given.
        name : str
            What its variables end with; electrode, electrode_2 ... if not given.

        Returns
        -------
        str
            The name of the voltage the electrode sees, "v_electrode", for `net.record`.

        Raises
        ------
        WiringError, UnitError, UserError
            It is no place or cell with a voltage, or a value is of another dimension.
        """
        self._not_while_running("current_clamp")
        chosen = self._placed(cells, "current_clamp", "a current goes into a place")
        label = electrodes.place(
            chosen, electrodes.ELECTRODE, "electrode", name, series_resistance,
            "net.current_clamp(...)",
        )  # fmt: skip
        self.inject(chosen, current, to=f"injected_{label}")
        return f"v_{label}"

    def extracellular(self, cells: Cells, potential: Any, waveform: Any) -> None:
        """Stimulate cells with a morphology by a potential outside of them; several add.

        Between neighboring compartments flows g (v_j + phi_j - v_i - phi_i): what the potential
        phi adds is injected, the sum over neighbors of g (phi_j - phi_i). For v, the voltage
        across the membrane, this is exact. Where the cells are is read when this is called.

        Parameters
        ----------
        cells
            A population of cells with a morphology, or some of its cells.
        potential
            A field of `rb.stimuli`: uniform_field, point_electrode, line_electrode; or a quantity,
            one voltage for each compartment, for places `cells.everywhere.positions`.
        waveform
            One of `rb.stimuli`: of a field, its strength (V/m); of an electrode, its current; of
            given voltages, what they are multiplied by. Noise is the same everywhere.

        Raises
        ------
        WiringError, UnitError, ShapeError
            The cells have no morphology, it is no potential, or the waveform does not go with it.

        Examples
        --------
        >>> net.extracellular(cells, rb.stimuli.uniform_field([0, 1, 0]), rb.stimuli.step(5*mV/mm))
        """
        self._not_while_running("extracellular")
        chosen, call = self._cells(cells, "extracellular", "cells"), "net.extracellular"
        if not isinstance(chosen, Branched):
            raise WiringError(
                f"{call}: a potential outside acts on whole cells with a morphology",
                given=repr(chosen),
                mend="give what net.add(rb.Cell(...)) returned, or some of its cells",
            )
        self.inject(chosen.everywhere, stimulating_current(chosen, potential, waveform, call))

    def record(self, cells: Cells | Projection, *variables: str, every: Any = None,
               name: str | None = None) -> None:  # fmt: skip
        """Sample variables of cells at 0, every, 2*every, ... of the network's time.

        Parameters
        ----------
        cells
            A population, or a view of one; or a projection whose synapses change.
        variables : str
            States, subexpressions or inputs; nan at places that have none of it. Spikes are kept
            without being asked for. Of a projection: "weight" and variables of its synapses, over
            (time, synapse).
        every : quantity
            A multiple of dt; every step if not given.
        name : str
            The entry in `result.traces`; the name of the population if not given.

        Raises
        ------
        WiringError, UnknownNameError
            There is no such variable, it does not change, `every` is off the grid, or the name has
            a recording with other cells or another interval.
        """
        self._not_while_running("record")
        if isinstance(cells, Projection):
            self._record_synapses(cells, variables, every, name)
            return
        chosen = self._cells(cells, "record", "cells")
        if isinstance(chosen, Branched):
            chosen = chosen.everywhere
        if not variables:
            raise WiringError(
                f"net.record({chosen.name}): which variable?",
                mend=f'write net.record({chosen.name}, "v", every=1*ms)',
            )
        for variable in variables:
            wiring.check_recorded(chosen, variable)
            if isinstance(chosen, Sites):
                chosen._has(variable, f"net.record({chosen._written}, ...)", some=True)
        steps = 1
        if every is not None:
            paste = f'net.record({chosen.name}, "{variables[0]}", every=1*ms)'
            steps = self._clock.steps_of(every, "record: the interval `every`", "every", paste, 1)
        entry = chosen.name if name is None else checked_name(name)
        held = self._told.recordings.get(entry)
        if held is None:
            held = self._told.recordings[entry] = Recording(entry, chosen, steps)
        elif not held.same(chosen, steps):
            raise WiringError(
                f"net.record({chosen.name}, ...): there is a recording {entry!r} already, with "
                "other cells or another interval",
                mend=f'give this one a name of its own: net.record(..., name="{entry}_2")',
            )
        held.variables += [v for v in dict.fromkeys(variables) if v not in held.variables]

    def _record_synapses(self, projection: Projection, variables: tuple[str, ...], every: Any,
                         name: str | None) -> None:  # fmt: skip
        if not variables:
            raise WiringError(
                f"net.record({projection.name}): which variable?",
                mend=f'write net.record({projection.name}, "weight", every=100*ms)',
            )
        paste = f'net.record({projection.name}, "weight", every=100*ms)'
        if every is None:
            raise WiringError(
                f"net.record({projection.name}, ...): how often?",
                expected="the interval, since synapses are many",
                mend=f"write {paste}",
            )
        steps = self._clock.steps_of(every, "record: the interval `every`", "every", paste, 1)
        entry = projection.name if name is None else checked_name(name)
        made = record_synapses(
            self._told.synapse_recordings, self._told.recordings, projection, variables, steps,
            entry, self._clock,
        )  # fmt: skip
        if made is not None:
            self._hooks.append(made.hook())

    def every(self, interval: Any, function: Callable[..., Any]) -> None:
        """Call a function between slices, at 0, interval, 2*interval, ... of the network's time.

        Parameters
        ----------
        interval : quantity
            A multiple of dt.
        function
            Called with the network, or without arguments if it takes none. What it sets
            (variables, parameters, weights) counts from then on. It is called before the step that
            begins at that time; the end of a run belongs to the next run.
        """
        self._not_while_running("every")
        if not callable(function):
            raise WiringError(
                "net.every: expected a function",
                given=repr(function),
                mend="write net.every(10*ms, lambda net: print(net.time))",
            )
        steps = self._clock.steps_of(
            interval, "every: the interval", "interval", "net.every(10*ms, function)", 1
        )
        self._hooks.append(Hook(steps, function, takes_argument(function)))

    @contextmanager
    def _busy(self) -> Iterator[None]:
        self._running = True
        try:
            yield
        finally:
            self._running = False

    def _not_while_running(self, what: str) -> None:
        if self._running:
            raise WiringError(
                f"net.{what} was called while the network runs",
                expected="functions called between slices set variables, parameters and weights",
                mend=f"call net.{what} before the run or after it",
            )

    # -- checks ---------------------------------------------------------------------------

    def _cells(self, value: Any, method: str, argument: str) -> Cells:
        call = f"net.{method}"
        cells = cells_of(value, call, argument, self._told.populations)
        if self._told.populations.get(cells.name) is not cells._owner:
            raise WiringError(
                f"{call}: {cells.name!r} is a population of another network",
                mend="add it to this one: net.add(model, size)",
            )
        return cells

    def _placed(self, value: Any, method: str, what: str) -> Cells:
        """Return cells, or places on cells with a morphology."""
        chosen = refuse_whole(self._cells(value, method, "cells"), f"net.{method}", what)
        if method.endswith("clamp") and isinstance(chosen, Sites) and chosen._repeated:
            raise WiringError(
                f"net.{method}: random places may be in one compartment, which is clamped once",
                mend='choose them with at: cells.at("dendrite", fraction=0.5)',
            )
        return chosen

    def _warn_if_twice(self, made: Projection, call: str) -> None:
        key = connection_key(made)
        if key in self._connected:
            warn(
                f"{call}: the same cells were connected in the same way before, {made.rule} to "
                f"{made.to!r}; both connections are kept"
            )
        self._connected.add(key)


def _target_of(source: Cells, sink: Cells, of: str | None, to: str | None, synapse: Any,
               call: str) -> Target:  # fmt: skip
    """Return where a connection arrives: at a receptor, a port for spikes, or continuously."""
    if receptors.placed(synapse):
        return receptors.target_of(source, sink, synapse, of, to, call)
    if of is not None:
        return wiring.continuous_target(source, sink, of, to, call)
    check_source(source, sink, call)
    return wiring.spike_target(sink, to, call, synaptic.is_plastic(synapse))
