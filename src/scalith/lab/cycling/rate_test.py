"""Rate test: capacity against rate, its characteristic time by curve and by the transport within a cell."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scalith.lab.protocol_steps import steps
from scalith.quantities import ConvergenceError, InputError, Result, arrhenius_factor, dataset_digest, labelled, predicted

if TYPE_CHECKING:
    import xarray as xr

    from scalith.cell import CellSpecification

Array = NDArray[np.float64]
_WIDE = 3.0
"""A characteristic time whose interval spans more than this factor each way is not identifiable."""


class RateCapability(NamedTuple):
    """What a rate test tells.

    Attributes
    ----------
    capacity, time, exponent : float
        Q₀ (C), τ (s) and n.
    capacity_interval, time_interval, exponent_interval : tuple of float
        Of the stated level.
    residual : float
        Root mean square of Q/Q_fit − 1.
    note : str
        What is not identifiable.
    """

    capacity: float
    time: float
    exponent: float
    capacity_interval: tuple[float, float]
    time_interval: tuple[float, float]
    exponent_interval: tuple[float, float]
    residual: float
    note: str


def capacity_at_rate(rate: ArrayLike, time: float, exponent: float) -> Array:
    r"""Q/Q₀ at the rate R = I/Q (1/s), Q the capacity at this current.

    .. math::

        \frac{Q}{Q_0} = 1 - (Rτ)^n\left[1 - e^{-(Rτ)^{-n}}\right]

    (R. Tian et al., Nat. Commun. 10, 1933 (2019), DOI 10.1038/s41467-019-09792-9): it falls as 1/(2 (Rτ)ⁿ) at high rates.
    """
    power = np.maximum(np.asarray(rate, dtype=np.float64) * time, 1e-300) ** exponent
    # 1 − p(1 − e^{−1/p}) without the difference of near numbers where p is large.
    large = power > 1e4
    safe = np.where(large, 1.0, power)
    return np.where(large, 0.5 / power, 1.0 + safe * np.expm1(-1.0 / safe))


def simulate_rate_test(
    cell: CellSpecification | str | Path, rates: Sequence[float], *, temperature: float | None = None
) -> Result:
    """Discharges of a virtual cell from full to its lower cut-off voltage, one a rate.

    Parameters
    ----------
    cell : CellSpecification or path
        What `scalith.cell.read_cell` takes.
    rates : sequence of float
        C-rates.
    temperature : float, optional
        K, isothermal.

    Returns
    -------
    Result
        Over ``current`` (A): ``capacity`` (C).
    """
    from scalith.cell import read_cell, simulate_discharge

    specification = read_cell(cell)
    rows = []
    for rate in rates:
        data = simulate_discharge(specification, rate, temperature=temperature)
        rows.append((float(data["current"].values[-1]), float(data["capacity"].values[-1])))
    source = predicted(
        "scalith.lab.simulate_rate_test", specification.digest, settings={"rates": list(rates), "temperature_K": temperature}
    )
    return _table(rows, source.to_json())


def extract_capacities(*data: xr.Dataset, shortest: float = 0.05) -> Result:
    """Capacity of each discharge at constant current, over its current.

    **Bias**: a discharge that started from a cell that was not full, or was stopped by hand, is no capacity; what a constant
    voltage took afterwards is not counted.

    Parameters
    ----------
    *data : xarray.Dataset
        Time series, each with one discharge or several.
    shortest : float
        Discharges of less than this share of the largest are left out (pulses).

    Raises
    ------
    InputError
        There is no discharge.
    """
    rows = []
    for one in data:
        found = steps(one)
        kinds, charges = found["kind"].values, found["charge"].values
        chosen = np.flatnonzero((kinds == "constant current") & (charges > 0.0))
        rows += [(float(found["mean_current"][k]), float(charges[k])) for k in chosen]
    if not rows:
        raise InputError("extract_capacities", "steps", "no discharge at constant current", "one discharge or several")
    most = max(charge for _, charge in rows)
    kept = sorted(row for row in rows if row[1] >= shortest * most)
    source = predicted("scalith.lab.extract_capacities", *(dataset_digest(one) for one in data))
    return _table(kept, source.to_json())


def extract_rate_capability(current: ArrayLike, capacity: ArrayLike, *, level: float = 0.95) -> RateCapability:
    r"""Q₀, τ and n of `capacity_at_rate` by least squares of ln Q.

    **Where it holds**: it is a curve with three numbers, not a theory. n is near ½ where diffusion limits and near 1 where a
    resistance does; τ adds up all that is slow (`characteristic_times` says what of it a cell's transport makes). Rates at which
    less than a fifth of the capacity is lost do not tell τ and n apart: the intervals say so.

    Parameters
    ----------
    current, capacity : array_like
        A and C, positive, four rates at least.
    level : float

    Raises
    ------
    InputError
        Fewer than four rates, or numbers that are not positive.
    ConvergenceError
        The fit has no minimum.
    """
    from scipy.optimize import least_squares
    from scipy.special import stdtrit

    i, q = (np.asarray(one, dtype=np.float64) for one in (current, capacity))
    if i.size < 4 or i.shape != q.shape:
        raise InputError("extract_rate_capability", "rates", f"{i.size} currents, {q.size} capacities", "at least four of both")
    if not (np.all(i > 0.0) and np.all(q > 0.0)):
        raise InputError("extract_rate_capability", "rates", "numbers that are not positive", "positive currents and capacities")
    rate = i / q

    def residual(p: Array) -> Array:
        return np.asarray(p[0] + np.log(capacity_at_rate(rate, float(np.exp(p[1])), float(p[2]))) - np.log(q))

    low, high = np.array([-np.inf, -np.inf, 0.1]), np.array([np.inf, np.inf, 4.0])
    tries = [
        least_squares(residual, [float(np.log(1.02 * q.max())), float(np.log(share / rate.max())), n], bounds=(low, high))
        for share in (0.05, 0.5, 2.0)
        for n in (0.5, 1.0, 2.0)
    ]
    best = min(tries, key=lambda one: float(one.cost))
    if best.status <= 0:
        raise ConvergenceError("extract_rate_capability", "no minimum within the evaluations allowed")
    freedom = max(i.size - 3, 1)
    covariance = np.linalg.pinv(best.jac.T @ best.jac) * 2.0 * best.cost / freedom
    reach = float(stdtrit(freedom, 0.5 * (1.0 + level))) * np.sqrt(np.maximum(np.diag(covariance), 0.0))
    ends = [(float(p - r), float(p + r)) for p, r in zip(best.x, np.minimum(reach, 50.0), strict=True)]
    note = ""
    if reach[1] > np.log(_WIDE):
        fall = 1.0 - float(q.min() / np.exp(best.x[0]))
        note = f"the characteristic time is not identifiable: {100.0 * fall:.2g} % of the capacity is lost at the highest rate"
    return RateCapability(
        float(np.exp(best.x[0])),
        float(np.exp(best.x[1])),
        float(best.x[2]),
        (float(np.exp(ends[0][0])), float(np.exp(ends[0][1]))),
        (float(np.exp(ends[1][0])), float(np.exp(ends[1][1]))),
        ends[2],
        float(np.sqrt(2.0 * best.cost / i.size)),
        note,
    )


def characteristic_times(cell: CellSpecification | str | Path, *, temperature: float = 298.15) -> dict[str, float]:
    r"""What of a characteristic time the transport within a cell makes, s: the physics beside the curve.

    Particles: a steady current leaves a surface ahead of the mean by R²/(d(d+2)D) times the rate, so that

    .. math::

        τ_p = \frac{R^2}{d(d+2)\,\bar D}

    of the capacity is lost per rate; with the mean 1/D over the window and d = 1, 2, 3. Electrolyte: the salt crosses an
    electrode or the separator in

    .. math::

        τ_e = \frac{ε L^2}{B\,D_e(c_0)}

    The largest of them limits first; they are not a sum (R. Tian et al. 2019 add similar terms with a fitted capacitance).
    """
    from scalith.cell import read_cell

    specification = read_cell(cell)
    electrolyte, found = specification.electrolyte, {}
    reference = specification.reference_temperature
    salt = float(electrolyte.diffusivity(c=electrolyte.initial_concentration, T=temperature))
    salt *= arrhenius_factor(electrolyte.diffusivity_activation_energy, temperature, reference)
    layers = {"negative electrode": specification.negative_electrode, "positive electrode": specification.positive_electrode}
    for name, electrode in layers.items():
        if electrode.planar:
            continue
        for k, material in enumerate(electrode.materials):
            x = np.linspace(material.minimum_stoichiometry, material.maximum_stoichiometry, 201)
            warmer = arrhenius_factor(material.diffusivity_activation_energy, temperature, reference)
            D = warmer * np.broadcast_to(material.chemical_diffusivity(x=x, T=temperature), x.shape)
            d = material.dimensions
            which = "" if len(electrode.materials) == 1 else f" {k + 1}"
            found[f"particles{which} of the {name}"] = float(material.particle_radius**2 / (d * (d + 2)) * np.mean(1.0 / D))
        found[f"electrolyte in the {name}"] = electrode.porosity * electrode.thickness**2 / (electrode.efficiency * salt)
    separator = specification.separator
    found["electrolyte in the separator"] = separator.porosity * separator.thickness**2 / (separator.efficiency * salt)
    return found


def _table(rows: list[tuple[float, float]], source: str) -> Result:
    table = np.array(rows)
    return Result(
        {"capacity": labelled("current", table[:, 1], "capacity", "C")},
        {"current": labelled("current", table[:, 0], "current", "A")},
        {"source": source, "kind": "rate test"},
    )
