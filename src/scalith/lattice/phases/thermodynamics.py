"""Thermodynamic properties of the stoichiometry x, from sampled states (T, μ): one method for all of them.

At each temperature the sampled states (x_i, μ_i) are put in order first: x must not fall as μ rises (convexity of the
free energy), so that violations within noise are pooled (isotonic regression). A jump of x between neighbouring μ is a
two-phase region; inside it the common tangent holds: μ is constant, energy and entropy follow the lever rule. Between states
μ is linear in ln(x/(1−x)), exact for an ideal solution. What leaves is averaged over a window of stated half-width in x
(Epanechnikov's kernel). Averaging keeps monotonic curves monotonic and keeps ∫μ dx, the free energy.

Fluctuations give the slopes without differences: Θ = ∂(μ/kT)/∂ln x = x · sites/⟨δN²⟩, ∂E/∂N = ⟨δE δN⟩/⟨δN²⟩, and with it
∂s/∂x = (∂E/∂N − μ)/T.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from scalith.lattice.phases.isotherms import GAP, coexistence, isotherms, two_phase_regions
from scalith.quantities import ErrorComponent, InputError, Property, Source, dataset_digest, predicted
from scalith.quantities.constants import AVOGADRO, BOLTZMANN_EV, ELEMENTARY_CHARGE, FARADAY, GAS_CONSTANT

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    from scalith.lattice.phases.isotherms import Isotherm

_TAIL = (0.00025, 0.0005, 0.001, 0.002, 0.0035)
X_GRID = np.unique(np.round(np.concatenate([_TAIL, np.linspace(0.005, 0.995, 199), 1.0 - np.array(_TAIL)]), 9))
"""Stoichiometries at which properties are given; near empty and full what is sampled goes on as a dilute solution."""
_REACHED = 0.007
"""Stoichiometry, from either end, that sampling has to reach."""
WINDOW = 0.012
"""Half-width in x of the averaging window; a quarter of the distance to x = 0 or 1 where that is less."""


def _window(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.minimum(WINDOW, 0.25 * np.minimum(x, 1.0 - x))


def _averaged(x_known: NDArray[np.float64], values: NDArray[np.float64], slope: float = 0.0) -> NDArray[np.float64]:
    """Mean over the window around each of X_GRID of the curve through (x, value), linear in ln(x/(1−x)) between them.

    Beyond the states it goes on with `slope` in ln(x/(1−x)): kT for a chemical potential (Henry's and Raoult's laws).
    """
    nodes, kernel = np.polynomial.legendre.leggauss(24)
    weight = kernel * (1.0 - nodes**2)
    weight /= weight.sum()
    points = X_GRID[:, None] + _window(X_GRID)[:, None] * nodes
    known = np.log(x_known / (1.0 - x_known))
    # Equal x (a vertical step of μ) are set apart by a hair, in order.
    known = known + 1e-9 * np.arange(len(known))
    far = np.array([min(known[0], -20.0) - 1.0, max(known[-1], 20.0) + 1.0])
    values = np.concatenate([[values[0] + slope * (far[0] - known[0])], values, [values[-1] + slope * (far[1] - known[-1])]])
    known = np.concatenate([far[:1], known, far[1:]])
    return np.asarray(np.interp(np.log(points / (1.0 - points)), known, values) @ weight)


def _smoothed(
    x_known: NDArray[np.float64], values: NDArray[np.float64], errors: NDArray[np.float64], width: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weighted mean over neighbours in x, and its error.

    Weights are the inverse variances times the stretch of x that a state stands for.
    """
    stretch = np.gradient(x_known) if len(x_known) > 1 else np.ones(1)
    weight = (stretch + 1e-4) / np.maximum(errors, 1e-12) ** 2
    half = np.maximum(np.minimum(width, 0.5 * np.minimum(X_GRID, 1 - X_GRID)), 0.25 * width)
    distance = np.abs(X_GRID[:, None] - x_known[None, :])
    nearest = np.sort(distance, axis=1)[:, min(1, len(x_known) - 1)]
    # Where states are far apart the window widens to take in the nearest two.
    half = np.maximum(half, 1.2 * nearest)
    kernel = np.maximum(1.0 - (distance / half[:, None]) ** 2, 0.0) * weight
    kernel /= kernel.sum(axis=1, keepdims=True)
    return kernel @ values, np.sqrt(kernel**2 @ errors**2)


def _source(name: str, sampled: xr.Dataset, *parents: str, note: str = "") -> Source:
    settings = {"window_x": WINDOW}
    parent = Source.from_json(sampled.attrs["source"])
    return predicted(
        f"scalith.lattice.phases.thermodynamics.{name}",
        dataset_digest(sampled),
        *parents,
        settings=settings | {"sampling": parent.settings},
        note=note,
    )


def _property(
    name: str,
    unit: str,
    sampled: xr.Dataset,
    values: list[NDArray[np.float64]],
    errors: list[NDArray[np.float64]],
    source: Source,
    others: Mapping[str, float] | None = None,
    *,
    known: NDArray[np.bool_] | slice = slice(None),
) -> Property:
    """On the nodes of X_GRID that are `known`, with the error of the sampling, which keeps its sign over a window of smoothing,
    beside constant parts that are named.
    """
    coordinates = {"x": X_GRID[known], "T": sampled["T"].values}
    spread = np.array(errors).T[known]
    constant = tuple(ErrorComponent(part, np.full(spread.shape, error)) for part, error in (others or {}).items())
    parts = (ErrorComponent("sampling", spread, WINDOW), *constant)
    return Property.from_arrays(name, coordinates, np.array(values).T[known], unit, source, components=parts)


def known_stoichiometries(sampled: xr.Dataset) -> NDArray[np.bool_]:
    """Nodes of X_GRID among the stoichiometries of the fitted energies: beyond them an expansion says nothing that was checked.

    A two-phase region with one phase beyond them counts as beyond as well: its level hangs on the energy of that phase.

    Raises
    ------
    InputError
        The energies were all at one stoichiometry, or all phases among them stand beside one that is beyond.
    """
    low, high = first, last = _fitted_range(sampled)
    for a, b in unknown_regions(sampled):
        low, high = (low, min(high, a)) if b > last else (max(low, b), high)
    half = 0.0025
    known = np.asarray((low - half <= X_GRID) & (high + half >= X_GRID))
    if known.sum() < 2:
        found = f"energies at x = {first:.3g} alone" if first >= last else f"energies from x = {first:.3g} to {last:.3g}"
        if (low, high) != (first, last):
            found += ", in coexistence with a phase of which none was fitted"
        raise InputError("sampled", "x", found, "energies over a range of stoichiometries")
    return known


def _fitted_range(sampled: xr.Dataset) -> tuple[float, float]:
    low, high = sampled.attrs.get("known_x", (0.0, 1.0))
    return float(low), float(high)


def unknown_regions(sampled: xr.Dataset) -> list[tuple[float, float]]:
    """Ends (x₁, x₂) of the two-phase regions, at any temperature, of which one phase lies beyond the fitted energies."""
    low, high = _fitted_range(sampled)
    if low <= 0.0 and high >= 1.0:
        return []
    regions = [region for own in two_phase_regions(sampled) for region in own]
    return [(a, b) for a, b in regions if (a < high and b > high + GAP) or (a < low - GAP and b > low)]


def _charge(sampled: xr.Dataset) -> int:
    """Elementary charges of the working ion."""
    charge = int(sampled.attrs.get("ion_charge", 1))
    if charge < 1:
        raise InputError("sampled", "ion_charge", "no charge of the working ion", "a host whose ion has a formal charge")
    return charge


def _chemical_potential(iso: Isotherm) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """μ on X_GRID and its error, eV."""
    x, mu = iso.x.copy(), iso.mu.copy()
    points_x, points_mu, levels = [x], [mu], []
    for a, b in iso.gaps:
        level, doubt = coexistence(iso, a, b)
        levels.append((a, b, doubt))
        # A state just beyond the end of its phase stands at the end.
        mu[: a + 1], mu[b:] = np.minimum(mu[: a + 1], level), np.maximum(mu[b:], level)
        points_x.append(np.array([x[a] + 1e-7, x[b] - 1e-7]))
        points_mu.append(np.array([level, level]))
    all_x, all_mu = np.concatenate(points_x), np.concatenate(points_mu)
    order = np.lexsort([all_mu, all_x])
    value = _averaged(all_x[order], np.maximum.accumulate(all_mu[order]), BOLTZMANN_EV * iso.T)
    spacing = np.maximum(np.gradient(mu), 1e-6) if len(mu) > 1 else np.ones(1)
    steep = np.minimum(iso.x_error * BOLTZMANN_EV * iso.T / np.maximum(iso.fluctuations, 1e-6), spacing)
    _, error = _smoothed(x, mu, np.maximum(steep, 1e-6), WINDOW)
    for a, b, doubt in levels:
        error[(iso.x[a] < X_GRID) & (iso.x[b] > X_GRID)] = max(doubt, 1e-6)
    return np.maximum.accumulate(_dilute(iso, value, BOLTZMANN_EV * iso.T)), error


def _dilute(iso: Isotherm, values: NDArray[np.float64], slope: float) -> NDArray[np.float64]:
    """Values on X_GRID with tails below 0.005 and above 0.995 that go on with `slope` in ln(x/(1−x)) unless phases part."""
    logit = np.log(X_GRID / (1.0 - X_GRID))
    result = values.copy()
    inner = np.flatnonzero((X_GRID > 0.005 - 1e-9) & (X_GRID < 0.995 + 1e-9))
    for tail, end in ((slice(0, inner[0]), inner[0]), (slice(inner[-1] + 1, None), inner[-1])):
        # One phase at the end of the tail, as in all of it: else the tangent rules.
        if not any(iso.x[a] < X_GRID[end] < iso.x[b] for a, b in iso.gaps):
            result[tail] = values[end] + slope * (logit[tail] - logit[end])
    return result


def chemical_potential(sampled: xr.Dataset) -> Property:
    """Chemical potential μ(x, T) of the working ion, J mol-1, on the energy scale of the fit.

    Parameters
    ----------
    sampled : xarray.Dataset
        From `scalith.lattice.semi_grand_canonical`.

    Returns
    -------
    Property
        Over `X_GRID`, 0.00025 … 0.99975, as far as the fitted energies go, and the sampled temperatures. Below 0.005 and
        above 0.995 dilute solutions are assumed beyond what was sampled.

    Raises
    ------
    InputError
        The data set is no Monte Carlo result, or x does not reach 0.007 or 0.993.
    """
    values, errors = _all_chemical_potentials(sampled)
    scale = FARADAY
    return _property(
        "chemical_potential",
        "J mol-1",
        sampled,
        [scale * v for v in values],
        [scale * e for e in errors],
        _source("chemical_potential", sampled),
        known=known_stoichiometries(sampled),
    )


def _all_chemical_potentials(sampled: xr.Dataset) -> tuple[list[NDArray[np.float64]], list[NDArray[np.float64]]]:
    values, errors = [], []
    for iso in isotherms(sampled):
        if not sampled.attrs.get("coupled") and (iso.x[0] > _REACHED or iso.x[-1] < 1.0 - _REACHED):
            found = f"x from {iso.x[0]:.4f} to {iso.x[-1]:.4f} at {iso.T:.0f} K"
            raise InputError("sampled", "x", found, f"chemical potentials that reach x = {_REACHED:g} and {1.0 - _REACHED:g}")
        value, error = _chemical_potential(iso)
        values.append(value)
        errors.append(error)
    return values, errors


def open_circuit_voltage(sampled: xr.Dataset, lithium_energy: Property) -> Property:
    """Open-circuit voltage against the metal of the working ion, U(x, T) = −(μ(x, T) − E_metal)/(z e).

    z is the charge of the ion: two electrons come with each Mg2+.

    Parameters
    ----------
    sampled : xarray.Dataset
        From `scalith.lattice.semi_grand_canonical`.
    lithium_energy : Property
        Energy of the metal per atom, eV or J mol-1, on the scale of the fitted energies. Which value belongs to the
        energies is the caller's statement; its source becomes the reference state of the voltage. The metal's own
        entropy is left out.

    Returns
    -------
    Property
        V, over x, as far as the fitted energies go, and T; two-phase regions are flat (common tangent).

    Raises
    ------
    InputError
        The metal's energy is not one number in eV or J mol-1; as `chemical_potential`.
    """
    metal = float(lithium_energy.nominal) if not lithium_energy.coordinates else np.nan
    if not np.isfinite(metal) or lithium_energy.unit not in ("eV", "J mol-1"):
        raise InputError(
            "open_circuit_voltage", "lithium_energy", lithium_energy.describe(), "one number in eV or J mol-1 per atom"
        )
    if lithium_energy.unit == "J mol-1":
        metal /= FARADAY
    charge = _charge(sampled)
    values, errors = _all_chemical_potentials(sampled)
    scatter = 0.0 if lithium_energy.standard_error is None else float(lithium_energy.standard_error)
    if lithium_energy.unit == "J mol-1":
        scatter /= FARADAY
    state = (
        f"metal of the working ion at {metal:.4f} eV per atom ({lithium_energy.source.kind}: {lithium_energy.source.reference})"
    )
    source = _source("open_circuit_voltage", sampled, lithium_energy.digest).model_copy(update={"reference_state": state})
    return _property(
        "open_circuit_voltage",
        "V",
        sampled,
        [(metal - value) / charge for value in values],
        [error / charge for error in errors],
        source,
        {"metal": scatter / charge} if scatter > 0 else None,
        known=known_stoichiometries(sampled),
    )


def configurational_entropy(sampled: xr.Dataset) -> Property:
    """Configurational entropy s(x, T) per mole of sites, J mol-1 K-1: (E − μN − φ)/T, by the lever rule in two-phase regions.

    Raises
    ------
    InputError
        Coupled sublattices whose empty and full lattices are not one arrangement each: the entropy then has no known zero.
    """
    if not sampled.attrs.get("zero_of_entropy", 1):
        found = "an empty or full lattice in which other species are still in disorder"
        raise InputError("sampled", "entropy", found, "ends that are one arrangement each, from which entropies are counted")
    values, errors = [], []
    for iso in isotherms(sampled):
        noise = np.full(len(iso.x), 0.02 * BOLTZMANN_EV) + iso.x_error * np.abs(iso.partial_energy - iso.mu) / iso.T
        value = np.maximum(_averaged(*_entropies(iso)), 0.0)
        _, error = _smoothed(iso.x, iso.entropy, noise, WINDOW)
        scale = GAS_CONSTANT / BOLTZMANN_EV
        values.append(scale * value)
        errors.append(scale * error)
    return _property(
        "configurational_entropy", "J mol-1 K-1", sampled, values, errors, _source("configurational_entropy", sampled)
    )


def _entropies(iso: Isotherm) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """x and entropies: of the states, by the lever rule between two phases, and in tails that fall to zero as ideally."""

    def ideal(x: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(-x * np.log(x) - (1.0 - x) * np.log1p(-x))

    low = np.geomspace(1e-6, max(0.9 * iso.x[0], 1e-6), 24)
    high = 1.0 - np.geomspace(max(0.9 * (1.0 - iso.x[-1]), 1e-6), 1e-6, 24)
    below = iso.entropy[0] * ideal(low) / max(float(ideal(iso.x[:1])[0]), 1e-12)
    above = iso.entropy[-1] * ideal(high) / max(float(ideal(iso.x[-1:])[0]), 1e-12)
    if iso.x[0] <= 1e-6:
        low, below = low[:0], below[:0]
    if iso.x[-1] >= 1.0 - 1e-6:
        high, above = high[:0], above[:0]
    inside = [np.linspace(iso.x[a], iso.x[b], 102)[1:-1] for a, b in iso.gaps]
    lever = [np.interp(x, iso.x[[a, b]], iso.entropy[[a, b]]) for x, (a, b) in zip(inside, iso.gaps, strict=True)]
    x, entropy = np.concatenate([low, iso.x, high, *inside]), np.concatenate([below, iso.entropy, above, *lever])
    order = np.argsort(x, kind="stable")
    return x[order], entropy[order]


def entropic_coefficient(sampled: xr.Dataset) -> Property:
    """Entropic coefficient ∂U/∂T at constant x, V K-1: (∂s/∂x)/(ze) = (∂E/∂N − μ)/(zeT), the metal's entropy left out.

    Single phases: ∂E/∂N from the fluctuations of energy and ions; what is averaged over neighbouring states, and held beyond
    the last ones, is the excess over the ideal solution's −(k/e) ln(x/(1−x)). Two-phase regions: Clapeyron's Δs/Δx between them.
    """
    values, errors = [], []
    charge = _charge(sampled)
    ideal = -BOLTZMANN_EV * np.log(X_GRID / (1.0 - X_GRID))
    for iso in isotherms(sampled):
        value, spread = np.empty(len(X_GRID)), np.empty(len(X_GRID))
        ends = [0, *[k for gap in iso.gaps for k in gap], len(iso.x) - 1]
        for first, last in zip(ends[::2], ends[1::2], strict=True):
            here = np.ones(len(X_GRID), dtype=bool)
            if first > 0:
                here &= iso.x[first] <= X_GRID
            if last < len(iso.x) - 1:
                here &= iso.x[last] >= X_GRID
            excess, error = _smoothed(*_excess_entropy_slopes(iso, first, last), 2 * WINDOW)
            value[here], spread[here] = (ideal + excess)[here], error[here]
        for a, b in iso.gaps:
            here = (iso.x[a] < X_GRID) & (iso.x[b] > X_GRID)
            span = iso.x[b] - iso.x[a]
            value[here] = (iso.entropy[b] - iso.entropy[a]) / span
            spread[here] = 0.002 / span / iso.T
        values.append(value / charge)
        errors.append(spread / charge)
    source, known = _source("entropic_coefficient", sampled), known_stoichiometries(sampled)
    return _property("entropic_coefficient", "V K-1", sampled, values, errors, source, known=known)


def _excess_entropy_slopes(
    iso: Isotherm, first: int, last: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Stoichiometries of the states of one phase, ∂s/∂x there less the ideal solution's, and its error, eV K-1."""
    states = np.arange(first, last + 1)
    known = states[(iso.fluctuations > 0.3 * iso.fluctuations_error)[states] & (iso.fluctuations[states] > 0.0)]
    x = iso.x[known]
    if not len(x):  # a phase so pure that its ions were not met: a dilute solution
        return iso.x[states[:1]], np.zeros(1), np.full(1, 0.5 * BOLTZMANN_EV)
    excess = (iso.partial_energy - iso.mu)[known] / iso.T + BOLTZMANN_EV * np.log(x / (1.0 - x))
    error = np.hypot(iso.partial_energy_error[known] / iso.T, BOLTZMANN_EV * iso.x_error[known] / (x * (1.0 - x)))
    return x, excess, error + 2e-6


def thermodynamic_factor(sampled: xr.Dataset) -> Property:
    """Thermodynamic factor Θ = ∂(μ/kT)/∂ln x = x · sites/⟨δN²⟩, from the fluctuations of the number of ions.

    The logarithm of Θ(1 − x), which is 0 for an ideal solution, is averaged over neighbouring states, together with
    the secants of x against μ, each weighed by its own error. In a two-phase region
    no homogeneous state exists to have a Θ: there the logarithm is carried over linearly from the phases on both sides, which the
    source notes with the regions.
    """
    values, errors = [], []
    regions = []
    for iso in isotherms(sampled):
        x, logarithm, relative = _slopes(iso)
        value, error = _smoothed(x, logarithm, relative, 2 * WINDOW)
        for a, b in iso.gaps:
            low, high = np.searchsorted(X_GRID, [iso.x[a], iso.x[b]])
            inner = slice(max(low, 1), min(high, len(X_GRID) - 1))
            ends = [max(low, 1) - 1, min(high, len(X_GRID) - 1)]
            value[inner] = np.interp(X_GRID[inner], X_GRID[ends], value[ends])
        regions += [f"{iso.T:.0f} K: x {iso.x[a]:.3f}–{iso.x[b]:.3f}" for a, b in iso.gaps]
        theta = np.exp(value) / (1.0 - X_GRID)
        values.append(theta)
        errors.append(theta * error)
    note = f"carried over two-phase regions ({'; '.join(regions)})" if regions else ""
    source = _source("thermodynamic_factor", sampled, note=note)
    if regions:
        source = source.model_copy(update={"marks": ("carried over",)})
    return _property("thermodynamic_factor", "1", sampled, values, errors, source)


def _slopes(iso: Isotherm) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Stoichiometries, ln Θ(1 − x) there, and its error: from the fluctuations at each μ and from the step of x to the next μ."""
    known = iso.fluctuations > 0.3 * iso.fluctuations_error
    x, level = iso.x[known], iso.fluctuations[known]
    relative = np.clip(iso.fluctuations_error[known] / level, 0.02, 2.0)
    step, rise = np.diff(iso.mu), np.diff(iso.x)
    doubt = np.hypot(iso.x_error[1:], iso.x_error[:-1]) / np.maximum(rise, 1e-12)
    single = (doubt < 0.5) & (step > 0.0)
    single[[a for a, _ in iso.gaps]] = False
    between = 0.5 * (iso.x[1:] + iso.x[:-1])[single]
    secant = BOLTZMANN_EV * iso.T * rise[single] / step[single]
    # The curve bends within a step: a twentieth of the change between its ends is taken as error besides the statistical one.
    bend = 0.05 * np.abs(np.diff(np.log(np.maximum(iso.fluctuations, 1e-12))))[single]
    stoichiometries = np.concatenate([x, between])
    if not len(stoichiometries):  # two phases so pure that no state between them was met: both are dilute solutions
        return np.array([1e-6, 1.0 - 1e-6]), np.zeros(2), np.full(2, 0.05)
    values = np.log(stoichiometries * (1.0 - stoichiometries) / np.concatenate([level, secant]))
    errors = np.concatenate([relative, np.maximum(np.hypot(doubt[single], bend), 0.02)])
    order = np.argsort(stoichiometries, kind="stable")
    return stoichiometries[order], values[order], errors[order]


def metal_energy(energy: float, reference: str) -> Property:
    """Energy of the working ion's metal per atom (eV) as an assumed property in J mol-1, with who says so."""
    source = Source(kind="assumed", reference=reference, note="the energies' functional decides which value belongs to them")
    return Property.constant("lithium_energy", energy * ELEMENTARY_CHARGE * AVOGADRO, "J mol-1", source)
