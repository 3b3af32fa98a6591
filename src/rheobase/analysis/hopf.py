"""Which way a Hopf bifurcation goes: the first Lyapunov coefficient.

On the plane of the two critical eigenvectors the distance r from the fixed point follows
dr/dt = mu*r + c*r**3 near the bifurcation, and the first Lyapunov coefficient has the sign of c:
below 0 a stable cycle grows where the point is unstable (supercritical), above 0 an unstable
cycle lies about the point where it is stable (subcritical). It is worked out by the invariant
formula of Y. A. Kuznetsov, Elements of Applied Bifurcation Theory, section 5.4, with second and
third derivatives as differences of the Jacobian.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from rheobase.analysis.flows import Flow

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]
    Complex: TypeAlias = NDArray[np.complexfloating[Any, Any]]

_STEP = 1e-3
"""Step of the differences, in ranges of the states."""
_UNSURE = 1e-5
"""A coefficient this small, beside 1 or the terms that it is the sum of, is not told from 0."""


def lyapunov_coefficient(
    flow: Flow, z: Floats, values: Mapping[str, float]
) -> tuple[float, float, bool]:
    """Return the first Lyapunov coefficient at a Hopf bifurcation, and its angular frequency.

    Parameters
    ----------
    flow
        The model.
    z : ndarray, shape (states,)
        The fixed point, scaled.
    values
        The parameter where it happens, in SI units.

    Returns
    -------
    coefficient : float
        For eigenvectors of length 1 in scaled states; only its sign does not depend on that.
    omega : float
        In 1/s.
    sure : bool
        Whether it is told from 0.
    """
    import numpy as np

    table = flow.jacobian(z, values)
    omega, q, p = _critical(table)
    eye = np.eye(len(z))
    b = _Forms(flow, z, values, table)
    square, mixed = b.second(q, q), b.second(q, q.conj())
    still = np.linalg.solve(table, mixed)
    double = np.linalg.solve(2j * omega * eye - table, square)
    terms = np.array([
        np.vdot(p, b.third(q)),
        -2.0 * np.vdot(p, b.second(q, still)),
        np.vdot(p, b.second(q.conj(), double)),
    ]).real / (2.0 * omega)  # fmt: skip
    total = float(np.sum(terms))
    return total, omega, abs(total) > _UNSURE * (1.0 + float(np.sum(np.abs(terms))))


def _critical(table: Floats) -> tuple[float, Complex, Complex]:
    """Return omega and the right and left eigenvectors of the pair nearest the imaginary axis."""
    import numpy as np

    values, vectors = np.linalg.eig(table)
    upper = np.flatnonzero(values.imag > 0)
    which = upper[np.argmin(np.abs(values[upper].real))]
    q = vectors[:, which] / np.linalg.norm(vectors[:, which])
    left, adjoint = np.linalg.eig(table.T)
    p = adjoint[:, np.argmin(np.abs(left - values[which].conj()))]
    p = p / np.vdot(q, p)  # so that <p, q> = 1
    return float(values[which].imag), q, p


class _Forms:
    """Second and third derivatives of the slopes, along directions."""

    def __init__(self, flow: Flow, z: Floats, values: Mapping[str, float], table: Floats) -> None:
        self.flow, self.z, self.values, self.table = flow, z, values, table

    def _tables(self, direction: Any) -> Floats:
        import numpy as np

        steps = _STEP * np.array([-2.0, -1.0, 1.0, 2.0])
        return self.flow.jacobian(self.z + steps[:, None] * direction, self.values)

    def _second(self, direction: Any) -> Floats:
        """Return the matrix B(direction, .)."""
        import numpy as np

        weights = np.array([1.0, -8.0, 8.0, -1.0]) / (12.0 * _STEP)
        return np.asarray(np.tensordot(weights, self._tables(direction), 1))

    def _third(self, direction: Any) -> Floats:
        """Return the matrix C(direction, direction, .)."""
        import numpy as np

        weights = np.array([-1.0, 16.0, 16.0, -1.0]) / (12.0 * _STEP**2)
        sums = np.tensordot(weights, self._tables(direction), 1)
        return np.asarray(sums - 30.0 / (12.0 * _STEP**2) * self.table)

    def second(self, a: Any, b: Any) -> Complex:
        """Return B(a, b) of two complex directions."""
        import numpy as np

        return np.asarray((self._second(a.real) + 1j * self._second(a.imag)) @ b)

    def third(self, q: Any) -> Complex:
        """Return C(q, q, conj q)."""
        import numpy as np

        # C(q, q, q*) = C(r, r, r + i s) + C(s, s, r + i s) for q = r + i s
        return np.asarray((self._third(q.real) + self._third(q.imag)) @ q)
