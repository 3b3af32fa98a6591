"""Analyze models and results: rates against currents, fixed points, statistics of spikes."""

from rheobase.analysis.behavior import Behavior, behavior
from rheobase.analysis.bifurcations import Bifurcation, Bifurcations, Branch, bifurcations
from rheobase.analysis.convergence import Convergence, convergence
from rheobase.analysis.correlograms import autocorrelogram, cross_correlogram
from rheobase.analysis.field_potentials import field_potential, membrane_currents
from rheobase.analysis.firing_rates import fi_curve
from rheobase.analysis.fixed_points import FixedPoint, fixed_points
from rheobase.analysis.passive import input_resistance, membrane_time_constant
from rheobase.analysis.peeling import ExponentialTerm, peel
from rheobase.analysis.phase_plane import phase_plane
from rheobase.analysis.siegert import siegert_rate
from rheobase.analysis.smallest_current import rheobase
from rheobase.analysis.spectra import population_spectrum
from rheobase.analysis.spike_features import efel_features, spike_features
from rheobase.analysis.spike_statistics import (
    chi,
    count_correlation,
    cv,
    cv2,
    fano_factor,
    isi,
    local_variation,
    synchrony,
)
from rheobase.analysis.strength_duration import (
    StrengthDuration,
    StrengthDurationLaw,
    chronaxie,
    strength_duration,
)
from rheobase.analysis.triggered_averages import spike_triggered_average

__all__ = [
    "Behavior",
    "Bifurcation",
    "Bifurcations",
    "Branch",
    "Convergence",
    "ExponentialTerm",
    "FixedPoint",
    "StrengthDuration",
    "StrengthDurationLaw",
    "autocorrelogram",
    "behavior",
    "bifurcations",
    "chi",
    "chronaxie",
    "convergence",
    "count_correlation",
    "cross_correlogram",
    "cv",
    "cv2",
    "efel_features",
    "fano_factor",
    "fi_curve",
    "field_potential",
    "fixed_points",
    "input_resistance",
    "isi",
    "local_variation",
    "membrane_currents",
    "membrane_time_constant",
    "peel",
    "phase_plane",
    "population_spectrum",
    "rheobase",
    "siegert_rate",
    "spike_features",
    "spike_triggered_average",
    "strength_duration",
    "synchrony",
]
