"""A layer of spiking neurons of any model, trained with surrogate gradients."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from rheobase.errors import ShapeError, UserError, did_you_mean
from rheobase.language.model import Model
from rheobase.lowering.surrogates import Surrogate
from rheobase.lowering.surrogates import surrogate as find_surrogate
from rheobase.nn.layers.base import Array, Key, Layer, Shape, expect_features, generator, positive
from rheobase.nn.spiking import files, initial, readouts
from rheobase.nn.spiking.cells import Cells, Programs
from rheobase.nn.spiking.connections import Delays, Product
from rheobase.nn.spiking.course import CompiledCourse, Course, InterpretedCourse
from rheobase.nn.spiking.rates import rate_limits
from rheobase.nn.spiking.targets import find_target
from rheobase.nn.spiking.trained import find_trained
from rheobase.simulation.arguments import choose_backend
from rheobase.simulation.clock import Clock
from rheobase.simulation.values import CellValues
from rheobase.units import UNITS, quantity, to_si

Floats = NDArray[np.float64]


@dataclass
class Saved:
    """What the way back needs of a forward pass; its memory goes back to the layer with it."""

    product: Product
    course: Course
    cells: Cells
    pool: list[Course]
    where: Any = None

    def __del__(self) -> None:
        self.pool.append(self.course)


class Spiking(Layer):
    """Layer of spiking neurons: any `rb.Model`, inputs and results over time steps.

    Forward, in every step and for every sample::

        a_j(t) = sum_i x_i(t - d) f(w_ij)  +  sum_i s_i(t - d_r) f(u_ij)    arrivals
        state  = step of the model's equations                              as in rb.Network
        s_j(t) = 1 where the threshold is passed, and the state is reset
        state += a_j(t)                                                     at the port

    and backward, from the last step to the first, with bars for dL/d..::

        bar a_j(t)  = bar state                                             at the port
        bar s_i(t) += sum_j bar a_j(t + d_r) f(u_ij)                        recurrent
        bar state   = reverse of the step, d s/d margin by the surrogate
        bar w_ij   += sum_t x_i(t - d) bar a_j(t) f'(w_ij)
        bar x_i(t)  = sum_j bar a_j(t + d) f(w_ij)

    A layer does what a population of an `rb.Network` does with the same weights and delays. The
    step and its reverse are compiled once for a model, for any size.

    Parameters
    ----------
    model : Model
        The neurons. Without a threshold it can be a layer that is read out (`readout`).
    inputs, units : int
        Features of a sample in a step, before and after.
    dt : quantity
        Length of a step, 1 ms by default.
    to : str, optional
        Port at which inputs arrive as spikes (0, 1 or any number, which scales the weight), or an
        input variable such as "I" they are added to while the step lasts. The model's only port
        if left out.
    delay : quantity, optional
        From an input to its arrival; one step if left out, as in `rb.Network`; 0 ms: the same step.
    delays : (quantity, quantity), optional
        Instead of `delay`: every weight has a delay of its own that is trained, drawn between
        these, which it never leaves. Between two steps an arrival is shared among both.
    recurrent : bool
        Whether the units are connected with each other, all to all with no unit to itself, by
        trained `recurrent_weights`.
    recurrent_to, recurrent_delay
        Port and delay of these connections; the model's only port and one step if left out.
    trainable : str or tuple of str
        Parameters of the model that are trained, one value for each unit.
    values : mapping, optional
        Parameters and initial states other than the model's, such as
        ``{"tau_m": [10, 20]*ms}``: one value, or one a unit.
    readout : str
        What the layer gives: "spikes" (batch, steps, units); "count" of spikes, time of the
        "first" in ms (the duration if there is none): (batch, units); and of the state `of`
        in its written unit: "trace" (batch, steps, units), "max", "mean", "last" (batch, units).
        A "max" that never leaves rest has no gradient, like a ReLU that is dead: where a unit
        of a readout stays so, take "mean", or another seed.
        "spikes" if left out, and "trace" for a model without a threshold.
    of : str, optional
        The state that is read out; the model's first.
    readout_scale : float
        What is read out is multiplied with this: for "first", -0.1 makes the earliest the largest.
    surrogate : str or Surrogate
        What stands for the derivative of a spike in the backward pass: "fast_sigmoid",
        "sigmoid", "arctan", "triangle", "straight_through", or "none" for the true one, 0.
    reset : "detached" or "through"
        Whether the surrogate acts in the reset too.
    rate_target : rate or (rate, rate), optional
        Rates the units should keep between; what is outside adds to the loss
        ``rate_strength`` times its square, in Hz, as a mean over units.
    rate_strength : float
        See `rate_target`.
    weight_scale : float
        Standard deviation of the initial weights, times sqrt(inputs) and the peak of the
        response to a weight of 1, in distances from rest to threshold (models without a
        threshold: in written units of `of`).
    weight_std : float, optional
        Standard deviation of the initial weights times sqrt(inputs), in place of that.

    Attributes
    ----------
    weights : array, (inputs, units)
        In the unit `weight_unit`; ``weights[i, j]`` leads **from** i **to** j. `recurrent_weights`
        (units, units) and `delays` (inputs, units), in steps, likewise.
    weight_unit : Unit
        That of the variable they are added to. In `nn.fit` weights with a unit move relative to
        the weight that takes a unit from rest to threshold (`weight_std` if that is given), and so
        do others where it is below 1/16 or above 16: a learning rate means about the same for
        weights in pA, in mV, and without a unit.

    Raises
    ------
    ShapeError
        Sizes that do not fit.
    UserError
        A readout, port, parameter or surrogate that does not exist; see there.

    Notes
    -----
    Surrogate gradients: E. O. Neftci, H. Mostafa and F. Zenke, IEEE Signal Processing Magazine
    36 (2019). Initial states are taken as constants when parameters are trained.

    Examples
    --------
    >>> import rheobase as rb
    >>> from rheobase import nn
    >>> net = nn.Sequential(
    ...     nn.Spiking(rb.models.LIF, 10, 5),
    ...     nn.Spiking(nn.leaky_readout(), 5, 2, readout="max"), seed=0)
    >>> x, y = nn.tasks.random_patterns(samples=4, inputs=10, steps=50, probability=0.1)
    >>> net(x).shape
    (4, 2)
    """

    chunk = 128
    keeps_spikes = True

    def __init__(
        self,
        model: Model,
        inputs: int,
        units: int,
        *,
        dt: Any = "1 ms",
        to: str | None = None,
        delay: Any = None,
        delays: tuple[Any, Any] | None = None,
        recurrent: bool = False,
        recurrent_to: str | None = None,
        recurrent_delay: Any = None,
        trainable: str | tuple[str, ...] = (),
        values: Mapping[str, Any] | None = None,
        readout: str | None = None,
        of: str | None = None,
        readout_scale: float = 1.0,
        surrogate: str | Surrogate = "fast_sigmoid",
        reset: Literal["detached", "through"] = "detached",
        rate_target: Any = None,
        rate_strength: float = 1e-4,
        weight_scale: float = 2.0,
        weight_std: float | None = None,
    ) -> None:
        self._arguments = {k: v for k, v in locals().items() if k not in ("self", "__class__")}
        super().__init__()
        self.model = _model(model)
        self.inputs = positive("Spiking", "inputs", inputs)
        self.units = positive("Spiking", "units", units)
        self.input_shape = (None, self.inputs)
        self.dt = _dt(dt)
        self._clock = Clock(self.dt)
        self._values = self._read_values(values or {})
        self.trained = find_trained(self._values, (trainable,) if isinstance(trainable, str)
                                    else tuple(trainable))  # fmt: skip
        spiking = self.model.threshold is not None
        default = "spikes" if spiking else "trace"
        self.readout = readouts.check_readout(readout or default, spiking, self.model.name)
        self.of = self._state(of)
        self.readout_scale = float(readout_scale)
        self.limits = rate_limits(rate_target, rate_strength)
        self._programs = self._make_programs(to, find_surrogate(surrogate), reset)
        program = self._programs.program
        self.target = find_target(self.model, program, to)
        self.weight_unit = self.target.unit
        self.recurrent = bool(recurrent)
        self.recurrent_target = (
            find_target(self.model, program, recurrent_to, "recurrent_to", ports_only=True)
            if recurrent else None
        )  # fmt: skip
        self.delay_steps = self._steps(delay, "delay", 0)
        self.recurrent_steps = self._steps(recurrent_delay, "recurrent_delay", 1)
        self.delay_range = None if delays is None else self._delay_range(delays)
        if delay is not None and delays is not None:
            raise UserError(
                "nn.Spiking: inputs have one delay, or delays that are trained",
                given=f"delay={delay} and delays={delays}",
                mend="leave out delay=, or delays=",
            )
        if not recurrent and not (recurrent_to is None and recurrent_delay is None):
            raise UserError(
                "nn.Spiking: recurrent_to and recurrent_delay are of recurrent connections, and "
                "there are none",
                mend="nn.Spiking(..., recurrent=True)",
            )
        self.weight_scale, self.weight_std = float(weight_scale), weight_std
        self.backend: str | None = None
        self._fixed: Cells | None = None
        self._typical = 1.0
        self._courses: dict[tuple[int, int, bool], list[Course]] = {}

    def __getstate__(self) -> dict[str, Any]:
        """Copies have memory of their own."""
        return {**vars(self), "_courses": {}, "_fixed": None}

    # -- arguments ------------------------------------------------------------------------

    def _read_values(self, given: Mapping[str, Any]) -> CellValues:
        values = CellValues(self.model, "layer", self.units, 0, self._clock)
        for name, value in given.items():
            values.assign(name, value)
        values.check_complete()
        if self.model.time_functions:
            name = self.model.time_functions[0]
            raise UserError(
                f"nn.Spiking: {self.model.name} reads {name}(t), a current over time",
                mend=f'make {name} an input, "{name} : ... (input)", and give its values as inputs '
                f'of the layer: nn.Spiking(..., to="{name}")',
            )
        return values

    def _state(self, name: str | None) -> str:
        states = self._values.states
        if name is None and states:
            return states[0]
        if name in states and name is not None:
            return name
        meant = did_you_mean(name or "", states)
        raise UserError(
            f"nn.Spiking: {self.model.name} has no state {name!r} to read out"
            + (f"; did you mean {meant}?" if meant else ""),
            mend="there are: " + (", ".join(states) or "none"),
        )

    def _steps(self, value: Any, argument: str, least: int) -> int:
        if value is None:
            return 1
        paste = f"nn.Spiking(..., {argument}=2*ms)"
        return self._clock.steps_of(value, f"nn.Spiking: {argument}", argument, paste, least)

    def _delay_range(self, pair: Any) -> tuple[float, float]:
        paste = "delays=(1*ms, 10*ms)"
        if not isinstance(pair, tuple) or len(pair) != 2:
            raise UserError("nn.Spiking: delays is the smallest and the largest", mend=paste)
        time = UNITS["ms"].dimension
        low, high = (
            float(to_si(d, time, what="nn.Spiking: delays", paste=paste)) / self.dt for d in pair
        )
        if not 0 <= low < high:
            raise UserError(
                f"nn.Spiking: delays go from {low:g} to {high:g} steps",
                expected="the smallest first, at least 0, then the largest",
                mend=paste,
            )
        return low, high

    def _make_programs(self, to: str | None, surrogate: Surrogate, reset: Any) -> Programs:
        if reset not in ("detached", "through"):
            raise UserError(
                f"nn.Spiking: reset={reset!r}", mend='write reset="detached" or reset="through"'
            )
        trained = frozenset(t.name for t in self.trained)
        inputs = frozenset({to}) & frozenset(e.name for e in self.model.inputs)
        return Programs(self.model, self._values.per_cell, trained,
                        frozenset(map(str, inputs)), surrogate, reset)  # fmt: skip

    def __repr__(self) -> str:
        recurrent = ", recurrent=True" if self.recurrent else ""
        return (f"Spiking({self.model.name}, {self.inputs}, {self.units}{recurrent}, "
                f"readout={self.readout!r})")  # fmt: skip

    def configuration(self) -> dict[str, Any]:
        """Return the arguments that make such a layer, the model as its equations."""
        return files.to_plain(self._arguments)

    @classmethod
    def from_configuration(cls, arguments: dict[str, Any]) -> Layer:
        """Return a layer from what `configuration` said of one."""
        return cls(**files.from_plain(arguments))

    # -- parameters -----------------------------------------------------------------------

    def draw(self, key: Key, dtype: np.dtype[Any]) -> None:
        """Draw weights and delays; what is trained of the model begins at the model's values."""
        random = generator(key)
        theta: dict[str, Array] = {t.key: np.zeros(self.units, dtype) for t in self.trained}
        self.parameters = theta
        self._typical, deviation = self._typical_weight()
        shape = (self.inputs, self.units)
        parameters: dict[str, Array] = {
            "weights": random.normal(0.0, deviation / np.sqrt(self.inputs), shape).astype(dtype)
        }
        if self.recurrent:
            own = random.normal(0.0, 0.5 * deviation / np.sqrt(self.units), (self.units,) * 2)
            np.fill_diagonal(own, 0.0)
            parameters["recurrent_weights"] = own.astype(dtype)
        if self.delay_range is not None:
            parameters["delays"] = random.uniform(*self.delay_range, shape).astype(dtype)
        self.parameters = parameters | theta

    def sizes(self) -> dict[str, float]:
        """Return how large weights typically are, if they have a unit or are far from 1."""
        plain = self.weight_unit.text == "1" and 1 / 16 < self._typical < 16
        if plain or not self._typical > 0:
            return {}
        return dict.fromkeys(self.parameters.keys() & {"weights", "recurrent_weights"},
                             self._typical)  # fmt: skip

    def _typical_weight(self) -> tuple[float, float]:
        """Return how large a weight typically is, and its deviation times sqrt(inputs)."""
        if self.weight_std is not None:
            return float(self.weight_std), float(self.weight_std)
        typical = initial.weight_of_threshold(self)
        return typical, self.weight_scale * typical

    def value(self, name: str) -> Any:
        """Return a trained parameter of the model as a quantity, one value for each unit.

        Parameters
        ----------
        name
            Such as "tau_m".

        Raises
        ------
        UserError
            It is not trained.
        """
        for trained in self.trained:
            if trained.name == name:
                theta = np.asarray(self.parameters[trained.key], float)
                return quantity(trained.value(theta), trained.unit)
        raise UserError(
            f"{self!r}: {name!r} is not trained",
            mend=f'write nn.Spiking(..., trainable=("{name}",))',
        )

    def cells(self) -> Cells:
        """Return the cells with the parameters as they are now."""
        if self._fixed is not None:
            return self._fixed
        parameters = dict(self._values.parameters)
        initial_states = {n: np.array(self._values.read(n), float) for n in self._values.states}
        for trained in self.trained:
            theta = np.asarray(self.parameters[trained.key], float)
            parameters[trained.name] = trained.value(theta)
        cells = Cells(self._programs, self.units, parameters, initial_states, self.dt)
        if not self.trained:
            self._fixed = cells
        return cells

    def build(self, shape: Shape, key: Key, dtype: np.dtype[Any]) -> Shape:
        """Draw initial values and return the shape of one sample after the layer."""
        # a Dense before it says how many features there are, not that there are steps
        return super().build((None, *shape) if len(shape) == 1 else shape, key, dtype)

    def output_shape(self, shape: Shape) -> Shape:
        """Return the shape of one sample after the layer."""
        if len(shape) != 2:
            raise ShapeError(
                f"{self!r} does not fit what comes before it",
                expected=f"samples (steps, {self.inputs}): spikes or numbers over time",
                given=f"samples of shape {tuple(shape)}",
                mend="nn.encode.latency(x, steps=100) or nn.encode.current(x, steps=100) make "
                "them of features",
            )
        expect_features(self, shape, self.inputs)
        over_time = self.readout in readouts.OVER_TIME
        return (shape[0], self.units) if over_time else (self.units,)

    # -- forward and backward, side by side --------------------------------------------------

    def run(self, x: Array, *, training: bool = False, key: Key | None = None) -> tuple[Array, Any]:
        """Forward: arrivals of all steps, the cells through all steps, the readout."""
        cells = self.cells()
        draws = key is not None and bool(cells.program.draws)
        seed = int(generator(key or ()).integers(2**63)) if draws else 0
        course = self.course(cells, len(x), x.shape[1], seed)
        product = self._product(x, cells)
        product.forward(course.arriving)
        failed = course.forward()
        if failed >= 0:
            numbers = np.isfinite(x).all() if x.dtype.kind == "f" else True
            raise UserError(
                f"{self!r}: a state is not finite in step {failed}",
                mend="take smaller steps (dt=...), smaller weights (weight_scale=...) or a smaller "
                "learning rate"
                if numbers
                else "its inputs are not finite: look at the samples, "
                "and at what the layer before makes of them",
            )
        saved = Saved(product, course, cells, self._pool(course))
        return self._read(saved).astype(self._dtype(), copy=False), saved

    def reverse(self, g: Array, saved: Saved) -> tuple[Array | None, dict[str, Array]]:
        """Backward: the readout, the cells back through all steps, the arrivals."""
        totals = self._back(g, saved)
        bars, g_x = saved.product.backward(saved.course.arrived, with_inputs=True)
        return g_x, self._gradients(saved, totals, bars)

    def reverse_parameters(self, g: Array, saved: Saved) -> dict[str, Array]:
        """Return the gradients of the parameters only."""
        totals = self._back(g, saved)
        bars, _ = saved.product.backward(saved.course.arrived, with_inputs=False)
        return self._gradients(saved, totals, bars)

    def regularization(self, saved: Saved) -> float:
        """Return what rates outside their limits add to the loss."""
        if self.limits is None:
            return 0.0
        return self.limits.loss(_counts(saved.course), saved.course.steps * self.dt)

    def silent(self, saved: Saved) -> float:
        """Return the share of units that spiked in no sample; 0 for a model without a threshold."""
        if self.model.threshold is None:
            return 0.0
        return float(np.mean(~_spikes(saved.course).any(axis=(0, 1))))

    # -- parts of them --------------------------------------------------------------------

    def _dtype(self) -> Any:
        """Return the type of the result: spikes stay spikes, numbers are those of the network."""
        return bool if self.readout == "spikes" else self.parameters["weights"].dtype

    def course(self, cells: Cells, batch: int, steps: int, seed: int = 0, *,
               connected: bool = True) -> Course:  # fmt: skip
        """Return some samples at the beginning of their way through the steps."""
        try:
            course = self._courses[batch, steps, self._compiled].pop()
        except (KeyError, IndexError):
            course = self._new_course(cells, batch, steps)
        course.begin(cells, seed)
        recurrent = self.recurrent_target
        if recurrent is not None and connected:
            own = np.asarray(self.parameters["recurrent_weights"], float)
            effective = recurrent.effective(cells.program, own, cells.parameters)
            for link, weights in zip(course.links, effective, strict=True):
                link.weights[:] = weights
        return course

    def _new_course(self, cells: Cells, batch: int, steps: int) -> Course:
        inputs = self.target.variables if self.target.is_input else ()
        ports = list(() if self.target.is_input else self.target.variables)
        linked = () if self.recurrent_target is None else self.recurrent_target.variables
        ports += [x for x in linked if x not in ports]
        kind = CompiledCourse if self._compiled else InterpretedCourse
        return kind(cells, batch, steps, inputs=inputs, ports=ports, linked=linked,
                    delay=self.recurrent_steps)  # fmt: skip

    def _pool(self, course: Course) -> list[Course]:
        return self._courses.setdefault((course.batch, course.steps, self._compiled), [])

    @property
    def _compiled(self) -> bool:
        return choose_backend(self.backend)[0] == "numba"

    def _product(self, x: Array, cells: Cells) -> Product:
        weights = np.asarray(self.parameters["weights"], float)
        effective = self.target.effective(cells.program, weights, cells.parameters)
        delays = None
        if self.delay_range is not None:
            delays = Delays(np.asarray(self.parameters["delays"], float), *self.delay_range)
        named = dict(zip(self.target.variables, effective, strict=True))
        return Product(x, named, self.delay_steps, delays, self._compiled)

    def _read(self, saved: Saved) -> Array:
        course = saved.course
        if self.readout in readouts.OF_SPIKES:
            found = readouts.read_spikes(self.readout, _spikes(course), self.dt * 1e3)
        else:
            values = course.kept[self.of][1:].reshape(course.steps, course.batch, course.units)
            found, saved.where = readouts.read_state(self.readout, values)
            found = found / self.model.unit_of(self.of).scale
        return found if self.readout_scale == 1.0 else found * self.readout_scale

    def _back(self, g: Array, saved: Saved) -> dict[str, Floats]:
        """Go back through the readout and the steps."""
        course = saved.course
        shape = (course.steps, course.batch, course.units)
        g = np.asarray(g, float) * self.readout_scale
        states: dict[str, Floats] = {}
        spike_bar = course.spike_bar.reshape(shape)
        if self.readout in readouts.OF_SPIKES:
            readouts.spikes_back(self.readout, g, _spikes(course), self.dt * 1e3, spike_bar)
        else:
            spike_bar.fill(0.0)
            g = g / self.model.unit_of(self.of).scale
            bars = readouts.state_back(self.readout, g, course.steps, saved.where)
            states[self.of] = bars.reshape(course.steps, course.lanes)
        if self.limits is not None:
            spike_bar += self.limits.slope(_counts(course), course.steps * self.dt)
        return course.backward(states)

    def _gradients(self, saved: Saved, totals: dict[str, Floats], bars: dict[str, Any],
                   ) -> dict[str, Array]:  # fmt: skip
        """Return the gradients of all parameters from those of what they were turned into."""
        cells, dtype = saved.cells, self.parameters["weights"].dtype
        weights = np.asarray(self.parameters["weights"], float)
        own = [bars[x] for x in self.target.variables]
        found = {"weights": self.target.bar_of_weights(weights, cells.parameters, own)}
        if "delays" in bars:
            found["delays"] = bars["delays"]
        recurrent, theirs = self.recurrent_target, []
        if recurrent is not None:
            u = np.asarray(self.parameters["recurrent_weights"], float)
            theirs = [self._of_link(saved.course, x) for x in recurrent.variables]
            found["recurrent_weights"] = recurrent.bar_of_weights(u, cells.parameters, theirs)
            np.fill_diagonal(found["recurrent_weights"], 0.0)
        if self.trained:
            of_cells = cells.bars_of_parameters(totals)
            for trained in self.trained:
                bar = np.zeros(self.units) + of_cells.get(trained.name, 0.0)
                bar += self.target.bar_of_parameter(trained.name, weights, cells.parameters, own)
                if recurrent is not None:
                    bar += recurrent.bar_of_parameter(trained.name, u, cells.parameters, theirs)
                theta = np.asarray(self.parameters[trained.key], float)
                found[trained.key] = trained.bar(theta, bar)
        return {name: value.astype(dtype, copy=False) for name, value in found.items()}

    def _of_link(self, course: Course, variable: str) -> Floats:
        """Return d loss/d effective recurrent weights: spikes times what they brought."""
        x = readouts.read_spikes("spikes", _spikes(course), 1.0)
        named = {variable: np.zeros((self.units, self.units))}
        product = Product(x, named, self.recurrent_steps, None, self._compiled)
        bar: Floats = product.backward(course.arrived, with_inputs=False)[0][variable]
        return bar


def _spikes(course: Course) -> NDArray[np.uint8]:
    return course.spikes.reshape(course.steps, course.batch, course.units)


def _counts(course: Course) -> Floats:
    counts: Floats = _spikes(course).sum(axis=0, dtype=np.float64)
    return counts


def _model(given: Any) -> Model:
    if isinstance(given, Model) and given.crossing == "exact":
        raise UserError(
            f"nn.Spiking: {given.name} goes from event to event, and a layer goes in steps",
            mend=f'nn.Spiking({given.name}(crossing="grid"), ...); nn.FirstSpike has exact times',
        )
    if isinstance(given, Model):
        return given
    raise UserError(
        "nn.Spiking: the first argument is the model of the neurons",
        given=f"{given!r}",
        mend="nn.Spiking(rb.models.LIF, 100, 20)",
    )


def _dt(given: Any) -> float:
    dt = float(to_si(given, UNITS["ms"].dimension, what="nn.Spiking: dt", paste="dt=1*ms"))
    if not (np.isfinite(dt) and dt > 0):
        raise UserError(f"nn.Spiking: dt is {dt:g} s", expected="a time above 0", mend="dt=1*ms")
    return dt
