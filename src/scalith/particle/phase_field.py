"""Phase separation in one particle: Cahn–Hilliard with gradient energy, coherency strain and a flux through the surface."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import Field, model_validator

from scalith.interface.charge_transfer import ChargeTransfer, Law
from scalith.particle.homogeneous_free_energy import has_plateau, homogeneous_free_energy
from scalith.particle.mesh import dimensions_of, radial_mesh
from scalith.quantities import (
    SI,
    ConvergenceError,
    InputError,
    Property,
    Result,
    Source,
    Spec,
    digest,
    labelled,
    parse_quantity,
    predicted,
)
from scalith.quantities.constants import FARADAY, GAS_CONSTANT
from scalith.quantities.specification import Concentration

if TYPE_CHECKING:
    from scalith.numerics.kernel_table import KernelTable

Array = NDArray[np.float64]
_NODES = 4097


class PhaseField(Spec):
    r"""A material that may separate into phases.

    .. math::

        F = ∫ c_{max}\left[g(x) + \tfrac{B}{2 c_{max}} (x - \bar x)^2\right] + \tfrac{κ}{2} |∇x|^2 \, dV + ∮ γ' x \, dA, \qquad
        μ = g'(x) + \tfrac{B}{c_{max}} (x - \bar x) - \tfrac{κ}{c_{max}} ∇^2 x, \qquad
        ∂_t x = ∇·\left(\frac{M(x)}{RT} ∇μ\right)

    with g′ = RT ln(x/(1 − x)) + excess (Cogswell and Bazant, DOI 10.1021/nn204177u).

    Attributes
    ----------
    excess_potential : Property of x, J mol-1
        What the chemical potential of the working ion has beyond the ideal term; for a regular solution Ω (1 − 2x), which
        may be read as ``interaction = "11.2 kJ/mol"`` (Ω) in its place.
    ideal : bool
        Whether the ideal term is there; without it `excess_potential` is the whole of it.
    gradient_energy : J m-1
        κ.
    coherency_strain : Pa
        B: elastic energy of a coherent particle that is not uniform.
    surface_wetting : J m-2
        γ′: surface energy of the full particle less that of the empty one; κ ∂x/∂n = −γ′ at the surface.
    maximum_concentration : mol m-3
    tracer_diffusivity : m2 s-1
        M = D x (1 − x), or D itself with ``mobility="constant"``.
    mobility : {"degenerate", "constant"}
    reference_voltage : V
        V⁰ at μ = 0: the voltage of the surface is V⁰ − μ/F.
    exchange_current_density : A m-2, optional
        k₀ of the reaction at the surface; without it the reaction costs nothing.
    reaction : {"transition_state", "symmetric", "coupled_ion_electron"}
        Its law, see `scalith.interface.ChargeTransfer`: i₀ = k₀ (1 − x) e^(μ/2RT), with gradient and strain in μ, which is what
        k₀ of particles that separate is published for; k₀ √(x (1 − x)); or coupled ion–electron transfer.
    reorganisation_energy : eV, optional
        λ of coupled ion–electron transfer.
    """

    excess_potential: Property
    ideal: bool = True
    gradient_energy: Annotated[float, SI("J/m"), Field(gt=0)]
    coherency_strain: Annotated[float, SI("Pa"), Field(ge=0)] = 0.0
    surface_wetting: Annotated[float, SI("J m-2")] = 0.0
    maximum_concentration: Concentration
    tracer_diffusivity: Annotated[float, SI("m2 s-1"), Field(gt=0)]
    mobility: Literal["degenerate", "constant"] = "degenerate"
    reference_voltage: Annotated[float, SI("V")] = 0.0
    exchange_current_density: Annotated[float, SI("A m-2"), Field(gt=0)] | None = None
    reaction: Law = "transition_state"
    reorganisation_energy: Annotated[float, SI("eV"), Field(gt=0, le=5)] | None = None

    @property
    def charge_transfer(self) -> ChargeTransfer | None:
        """The reaction at the surface; `None` where it costs nothing."""
        if self.exchange_current_density is None:
            return None
        return ChargeTransfer(
            exchange_current_density=self.exchange_current_density,
            law=self.reaction,
            reorganisation_energy=self.reorganisation_energy,
        )

    @model_validator(mode="before")
    @classmethod
    def _regular(cls, data: Any) -> Any:
        if not isinstance(data, Mapping) or "interaction" not in data:
            return data
        if "excess_potential" in data:
            raise InputError("phase field", "interaction", "excess_potential beside it", "one of the two")
        given = data["interaction"]
        omega = parse_quantity(given, "J mol-1", where="interaction") if isinstance(given, str) else float(given)
        source = Source(kind="assumed", by="regular solution")
        excess = Property.from_arrays("excess_potential", {"x": [0.0, 1.0]}, [omega, -omega], "J mol-1", source)
        return {key: value for key, value in data.items() if key != "interaction"} | {"excess_potential": excess}

    @classmethod
    def regular_solution(cls, interaction: float, *, source: Source | None = None, **fields: Any) -> Self:
        """With g = Ω x (1 − x): `interaction` Ω in J mol-1 of sites; the other fields as in the class."""
        origin = source or Source(kind="assumed", by="regular solution")
        return cls(
            excess_potential=Property.from_arrays(
                "excess_potential", {"x": [0.0, 1.0]}, [interaction, -interaction], "J mol-1", origin
            ),
            **fields,
        )

    @classmethod
    def from_open_circuit_voltage(cls, voltage: Property, T: float, **fields: Any) -> Self:
        """From the voltage of the homogeneous material, U(x[, T]), also between the spinodals: μ = F (V⁰ − U).

        A voltage at equilibrium is flat between its phases and says nothing of the homogeneous material there: see `from_phases`.

        V⁰ is the mean of U over x, and `excess_potential` what is left beside the ideal term. Voltages that follow the ideal
        term at both ends (as a lattice gas does) leave a smooth remainder; the table ends where U does.

        Raises
        ------
        InputError
            A voltage with a plateau.
        """
        flat = has_plateau(voltage, T)
        if flat is not None:
            found = f"a voltage that is flat from x = {flat[0]:.2g} to {flat[1]:.2g}"
            expected = "the voltage of the homogeneous material; for one at equilibrium PhaseField.from_phases"
            raise InputError("PhaseField.from_open_circuit_voltage", "voltage", found, expected)
        grid = voltage.coordinates["x"]
        low, high = max(grid[0], 1e-6), min(grid[-1], 1.0 - 1e-6)
        x = np.linspace(low, high, 801)
        U = np.asarray(voltage(x=x, T=T))
        middle = float(np.trapezoid(U, x) / (high - low))
        excess = FARADAY * (middle - U) - GAS_CONSTANT * T * np.log(x / (1.0 - x))
        source = predicted("scalith.particle.PhaseField.from_open_circuit_voltage", voltage.digest, settings={"temperature_K": T})
        made = Property.from_arrays("excess_potential", {"x": x}, excess, "J mol-1", source)
        return cls(excess_potential=made, reference_voltage=middle, **fields)

    @classmethod
    def from_phases(cls, voltage: Property, T: float, binodal: tuple[float, float], *, terms: int = 3, **fields: Any) -> Self:
        """From a voltage at equilibrium, with its plateau, and the two phases there: see `homogeneous_free_energy`."""
        found = homogeneous_free_energy(voltage, T, binodal, terms=terms)
        return cls(excess_potential=found.excess_potential, reference_voltage=found.reference_voltage, **fields)

    def homogeneous_voltage(self, T: float = 298.15) -> Property:
        """U(x) = V⁰ − g′(x)/F of the uniform material, with the loop between its spinodals, V."""
        low, high = _ends(self)
        margin = 1e-6 if self.ideal else 0.0
        x = np.linspace(low + margin, high - margin, 1001)
        potential = np.broadcast_to(np.asarray(self.excess_potential(x=x, T=T)), x.shape)
        mixing = GAS_CONSTANT * T * np.log(x / (1.0 - x)) if self.ideal else 0.0
        source = predicted("scalith.particle.PhaseField.homogeneous_voltage", self.digest, settings={"temperature_K": T})
        values = self.reference_voltage - (potential + mixing) / FARADAY
        return Property.from_arrays("open_circuit_voltage", {"x": x}, values, "V", source)


def phase_separation(material: PhaseField, T: float = 298.15, *, coherent: bool = False) -> Result:
    r"""What a phase-separating material does at rest, from its free energy alone.

    Parameters
    ----------
    material : PhaseField
        Its excess potential is taken over the whole of x.
    T : float
        K.
    coherent : bool
        With the coherency strain, which adds ½ B x² to the free energy of each place in a particle of given content. A uniform
        particle has none of it: it loses its stability at these spinodals, at voltages without strain.

    Returns
    -------
    Result
        Over ``phase`` (poor, rich): ``binodal`` (common tangent) and ``spinodal`` (g″ = 0); scalars ``voltage_gap`` (V, between
        the homogeneous voltages at the spinodals), ``interface_energy`` ∫ √(2κΔg) dx (J m-2), ``interface_width`` from 10 to 90 %
        of the way (m) ∫ √(κ/2Δg) dx, ``fastest_wave_number`` (m-1) √(−g″/2κ) at the middle of the spinodals. Over ``point``
        the interface itself: ``filled_fraction`` and ``position`` (m, from its middle).

    Raises
    ------
    InputError
        The material does not separate at this temperature.
    """
    from scipy.optimize import brentq, root

    density = material.maximum_concentration
    strain = material.coherency_strain if coherent else 0.0
    local, slope, energy = homogeneous_functions(material, T, strain)
    low, high = _ends(material)
    grid = np.linspace(low, high, 20001)[1:-1]
    unstable = np.flatnonzero(slope(grid) < 0.0)
    if unstable.size == 0:
        raise InputError("phase_separation", "excess_potential", f"g″ > 0 everywhere at {T:g} K", "a material that separates")
    first, last = unstable[0], unstable[-1]
    if first == 0 or last == grid.size - 1:
        raise InputError("phase_separation", "excess_potential", "g″ < 0 at an end of x", "a single gap inside of the range")
    spinodal = [brentq(slope, grid[first - 1], grid[first], xtol=1e-14), brentq(slope, grid[last], grid[last + 1], xtol=1e-14)]
    uniform = homogeneous_functions(material, T, 0.0)[0]  # a uniform particle has no coherency energy
    gap = abs(float(uniform(spinodal[0]) - uniform(spinodal[1]))) / FARADAY

    # In z = ln(x − low)/(high − x) the end phases, however dilute, stay inside of the range.
    def inside(z: ArrayLike) -> Array:
        return np.asarray(low + (high - low) * (0.5 + 0.5 * np.tanh(0.5 * np.asarray(z))))

    def tangent(z: Array) -> Array:
        a, b = inside(z)
        return np.array([local(a) - local(b), energy(b) - energy(a) - local(a) * (b - a)]) / (GAS_CONSTANT * T)

    middle = 0.5 * (local(spinodal[0]) + local(spinodal[1]))
    start = [_crossing(local, middle, low, spinodal[0]), _crossing(local, middle, spinodal[1], high)]
    found = root(tangent, [np.log((x - low) / (high - x)) for x in start], tol=1e-13)
    binodal = inside(found.x)
    if np.abs(tangent(found.x)).max() > 1e-9 or not binodal[0] < spinodal[0] < spinodal[1] < binodal[1]:
        raise ConvergenceError("the common tangent", "no pair of phases was found; look at the excess potential")
    # Quadrature in the angle of x between the phases: √Δg vanishes linearly at both ends.
    nodes, weights = np.polynomial.legendre.leggauss(400)
    span = binodal[1] - binodal[0]

    def excess(x: Array) -> Array:
        above = energy(x) - energy(binodal[0]) - local(binodal[0]) * (x - binodal[0])
        return np.asarray(np.maximum(density * above, 0.0))

    angle = 0.5 * np.pi * (nodes + 1.0)
    x = binodal[0] + 0.5 * span * (1.0 - np.cos(angle))
    jacobian = 0.25 * np.pi * span * np.sin(angle)
    kappa = material.gradient_energy
    interface = float(np.sum(weights * jacobian * np.sqrt(2.0 * kappa * excess(x))))
    inner = binodal[0] + span * (0.5 + 0.4 * nodes)
    width = float(np.sum(weights * 0.4 * span * np.sqrt(kappa / (2.0 * excess(inner)))))
    # The interface from 0.1 % to 99.9 % of the way, in the variable in which it is nearly straight.
    z = np.linspace(-6.9, 6.9, 301)
    few, few_weights = np.polynomial.legendre.leggauss(6)
    between = 0.5 * (z[1:] + z[:-1])[:, None] + 0.5 * np.diff(z)[:, None] * few
    part = 0.5 + 0.5 * np.tanh(0.5 * between)
    rise = span * part * (1.0 - part) * np.sqrt(kappa / (2.0 * excess(binodal[0] + span * part.ravel()).reshape(part.shape)))
    position = np.concatenate([[0.0], np.cumsum(0.5 * np.diff(z) * (rise @ few_weights))])
    curvature = float(density * slope(0.5 * (spinodal[0] + spinodal[1])))
    scalars = (
        ("voltage_gap", gap, "V", "between the homogeneous voltages at the limits of stability"),
        ("interface_energy", interface, "J m-2", "energy of an interface between the phases"),
        ("interface_width", width, "m", "from 10 to 90 % of the way between the phases"),
        ("fastest_wave_number", np.sqrt(-curvature / (2.0 * kappa)), "m-1", "wave number that grows fastest"),
    )
    settings = {"temperature_K": T, "coherent": coherent}
    source = predicted("scalith.particle.phase_separation", material.digest, settings=settings)
    return Result(
        {
            "binodal": labelled("phase", binodal, "stoichiometry of the phases in equilibrium", "1"),
            "spinodal": labelled("phase", np.array(spinodal), "limits of stability", "1"),
            "filled_fraction": labelled(
                "point", binodal[0] + span * (0.5 + 0.5 * np.tanh(0.5 * z)), "stoichiometry through the interface", "1"
            ),
            "position": labelled("point", position - position[150], "distance from the middle", "m"),
        }
        | {name: labelled((), float(value), title, unit) for name, value, unit, title in scalars},
        {"phase": ("phase", np.array(["poor", "rich"]))},
        {"source": source.to_json()},
    )


def simulate_phase_field(
    material: PhaseField,
    radius: float,
    times: ArrayLike,
    *,
    initial: float | ArrayLike,
    surface_flux: float | Sequence[tuple[float, float]] = 0.0,
    temperature: float = 298.15,
    geometry: Literal["slab", "cylinder", "sphere"] = "sphere",
    nodes: int | None = None,
    noise: float = 1e-4,
    seed: int = 1,
    longest_step: float | None = None,
    tolerance: float = 3e-3,
) -> Result:
    """Follow one particle; fully implicit, second order in time, lithium conserved to round-off.

    Steps are controlled by their error. One that has passed over an instability is rejected: its matrix has more negative
    pivots than that of the state which is reached continuously; so is one at rest that would raise the free energy. The number
    of steps follows from what happens, not from how slow it is.

    Parameters
    ----------
    material : PhaseField
    radius : float
        m (a slab: half-thickness).
    times : array_like
        When to record, increasing, s; the first is the start.
    initial : float or array_like, shape (nodes,)
        Filled fraction; a number is given random `noise`, without which a uniform particle would stay uniform.
    surface_flux : float or sequence of (time, flux)
        Outward flux over the maximum concentration, m/s; with a sequence each holds from its time on.
    temperature : float
    geometry : {"slab", "cylinder", "sphere"}
    nodes : int, optional
        From the centre to the surface, evenly spaced: at least three intervals across an interface; without it four, and no less
        than 60 nodes.
    noise, seed
    longest_step : float, optional
        s; without it a hundredth of the whole time.
    tolerance : float
        Of one step, in the stoichiometry.

    Returns
    -------
    Result
        Over ``time`` and ``radius``: ``stoichiometry`` and ``chemical_potential`` (J mol-1); over time ``mean_stoichiometry``,
        ``surface_stoichiometry``, ``surface_voltage`` (V⁰ − μ/F, V), ``voltage`` (with the overvoltage of the reaction, V) and
        ``free_energy`` (J m-3 of particle). It ends where the surface is full or empty; ``attrs["reason"]`` says so.

    Raises
    ------
    InputError
    ConvergenceError
        Steps became too small.
    """

    from scalith.particle.phase_field_kernels import run

    when = np.asarray(times, dtype=np.float64)
    if when.ndim != 1 or when.size < 2 or np.any(np.diff(when) <= 0.0):
        raise InputError("simulate_phase_field", "times", when, "at least two increasing times")
    for name, value in (("radius", radius), ("temperature", temperature), ("tolerance", tolerance)):
        if not value > 0.0:
            raise InputError("simulate_phase_field", name, value, "a positive number")
    nodes = require_mesh(material, radius, temperature, nodes, "simulate_phase_field")
    dimensions = dimensions_of(geometry, "simulate_phase_field")
    mesh = radial_mesh(nodes, 1.0, dimensions, lumped=True)
    generator = np.random.default_rng(seed)
    given = np.asarray(initial, dtype=np.float64)
    if given.ndim == 0:
        given = float(given) + noise * generator.standard_normal(nodes)
    low, high = _ends(material)
    if given.shape != (nodes,) or given.min() <= low or given.max() >= high:
        raise InputError("simulate_phase_field", "initial", given, f"one number or {nodes}, between {low:g} and {high:g}")
    schedule = [(when[0], float(surface_flux))] if isinstance(surface_flux, int | float) else list(surface_flux)
    thermal = GAS_CONSTANT * temperature
    density = material.maximum_concentration
    strain = material.coherency_strain / (density * thermal)
    kappa = material.gradient_energy / (density * thermal * radius**2)
    wetting = material.surface_wetting / (density * thermal * radius)
    tables = kernel_tables(material, temperature)
    profiles, potentials, energies = np.empty((when.size, nodes)), np.empty((when.size, nodes)), np.empty(when.size)
    reached, steps, time, failed = run(
        *tables,
        float(material.ideal),
        strain,
        kappa,
        wetting,
        material.tracer_diffusivity / radius**2,
        material.mobility == "degenerate",
        float(temperature),
        given.copy(),
        mesh.volumes,
        mesh.conductances,
        np.array([at for at, _ in schedule], dtype=np.float64),
        np.array([flux / radius for _, flux in schedule], dtype=np.float64),
        when,
        float((when[-1] - when[0]) / 100.0 if longest_step is None else longest_step),
        float(tolerance),
        max(low, 1e-6 if material.ideal else -np.inf),
        min(high, 1.0 - 1e-6 if material.ideal else np.inf),
        profiles,
        potentials,
        energies,
    )
    profiles, potentials, when = profiles[:reached], potentials[:reached], when[:reached]
    flux_at = np.array([schedule[max(np.searchsorted([t for t, _ in schedule], t, "right") - 1, 0)][1] for t in when])
    surface = profiles[:, -1]
    level = material.reference_voltage - thermal * potentials[:, -1] / FARADAY
    overvoltage = np.zeros(reached)
    if (reaction := material.charge_transfer) is not None:
        within = np.clip(surface, 1e-12, 1.0 - 1e-12)
        overvoltage = reaction.overvoltage(within, potentials[:, -1], FARADAY * density * flux_at, temperature)
    mean = profiles @ mesh.volumes * dimensions
    whole = reached == np.size(times)
    stopped = "surface empty" if flux_at[-1] > 0.0 else "surface full"
    settings: dict[str, Any] = {
        "radius_m": radius,
        "geometry": geometry,
        "nodes": nodes,
        "temperature_K": temperature,
        "tolerance": tolerance,
    }
    settings |= {"longest_step_s": longest_step, "start": digest(given), "times": digest(np.asarray(times, dtype=np.float64))}
    settings |= {"surface_flux_m_per_s": schedule}
    source = predicted("scalith.particle.simulate_phase_field", material.digest, settings=settings)
    data = Result(
        {
            "stoichiometry": labelled(("time", "radius"), profiles, "stoichiometry", "1"),
            "chemical_potential": labelled(
                ("time", "radius"), thermal * potentials, "chemical potential of the working ion", "J mol-1"
            ),
            "mean_stoichiometry": labelled("time", mean, "mean stoichiometry", "1"),
            "surface_stoichiometry": labelled("time", surface, "stoichiometry at the surface", "1"),
            "surface_voltage": labelled("time", level, "voltage of the surface at rest", "V"),
            "voltage": labelled("time", level + overvoltage, "voltage with the overvoltage of the reaction", "V"),
            "free_energy": labelled("time", density * thermal * energies[:reached], "free energy", "J m-3"),
        },
        {
            "time": labelled("time", when, "time", "s"),
            "radius": labelled("radius", radius * mesh.nodes, "radius", "m"),
        },
        {"source": source.to_json(), "reason": "all times reached" if whole else stopped, "time_steps": steps},
    )
    if failed:
        raise ConvergenceError("the phase field", "time steps became too small; look at the free energy", time=time, partial=data)
    return data


def require_mesh(
    material: PhaseField, length: float, T: float, nodes: int | None, where: str, *, least: int = 60, ends: int = 1
) -> int:
    """Nodes over a length: those given, or four to an interface and at least `least`; `ends` more nodes than intervals.

    Raises
    ------
    InputError
        Those given are further apart than a third of the width of an interface.
    """
    width = _interface_width(material, T, material.coherency_strain > 0.0)  # infinite without phases
    if nodes is None:
        return max(least, int(np.ceil(4.0 * length / width)) + ends)
    needed = int(np.ceil(3.0 * length / width)) + ends
    if nodes < needed:
        found = f"{nodes}, {1e9 * length / max(nodes - ends, 1):.3g} nm apart, with an interface of {1e9 * width:.3g} nm"
        raise InputError(where, "nodes", found, f"at least {needed}")
    return nodes


def _interface_width(material: PhaseField, T: float, coherent: bool) -> float:
    key = (material.digest, T, coherent)
    if key not in _WIDTHS:
        if len(_WIDTHS) > 256:
            _WIDTHS.clear()
        try:
            _WIDTHS[key] = float(phase_separation(material, T, coherent=coherent).interface_width)
        except (InputError, ConvergenceError):
            _WIDTHS[key] = np.inf
    return _WIDTHS[key]


_WIDTHS: dict[tuple[str, float, bool], float] = {}


def _ends(material: PhaseField) -> tuple[float, float]:
    grids = material.excess_potential.coordinates
    low, high = material.excess_potential.domain["x"] if "x" in grids and grids["x"].size > 1 else (0.0, 1.0)
    return (max(low, 0.0), min(high, 1.0)) if material.ideal else (low, high)


def _sampled(material: PhaseField, T: float) -> tuple[Array, Array, Array, Array]:
    """x, excess potential over RT, its slope and its integral from x = 0 (or the lower end), on even nodes."""
    low, high = material.excess_potential.domain.get("x", (0.0, 1.0))
    x = np.linspace(low, high, _NODES)
    value = np.broadcast_to(np.asarray(material.excess_potential(x=x, T=T)) / (GAS_CONSTANT * T), x.shape)
    constant = "x" not in material.excess_potential.coordinates
    slope = np.zeros_like(x) if constant else np.asarray(material.excess_potential.slope("x", x=x, T=T)) / (GAS_CONSTANT * T)
    h = x[1] - x[0]
    pieces = 0.5 * h * (value[1:] + value[:-1]) + h**2 / 12.0 * (slope[:-1] - slope[1:])
    integral = np.concatenate([[0.0], np.cumsum(pieces)])
    return x, value, slope, integral - np.interp(0.0, x, integral)


def kernel_tables(material: PhaseField, T: float) -> tuple[KernelTable, KernelTable]:
    """Excess potential over RT, and its integral, as kernels take them."""
    from scalith.numerics.kernel_table import table_from_nodes

    x, value, slope, integral = _sampled(material, T)
    nought = np.zeros_like(x)
    made = [np.stack([v, s, nought, nought])[:, None, :] for v, s in ((value, slope), (integral, value))]
    potential, energy = (table_from_nodes(float(x[0]), float(x[-1]), T, T, nodal) for nodal in made)
    return potential, energy


def homogeneous_functions(material: PhaseField, T: float, strain: float) -> tuple[Any, Any, Any]:
    """g′, g″ and g of the homogeneous material, J mol-1, with ½ B x²."""
    from scalith.numerics.kernel_table import evaluate_many

    potential, energy = kernel_tables(material, T)
    thermal, stiffness = GAS_CONSTANT * T, strain / material.maximum_concentration
    ideal = float(material.ideal)

    def evaluated(table: KernelTable, x: ArrayLike) -> tuple[Any, Any]:
        points = np.atleast_1d(np.asarray(x, dtype=np.float64))
        value, slope = evaluate_many(table, np.ascontiguousarray(points), T)
        return (value, slope) if np.ndim(x) else (float(value[0]), float(slope[0]))

    def local(x: Any) -> Any:
        mixing = ideal * np.log(x / (1.0 - x)) if ideal else 0.0
        return thermal * (evaluated(potential, x)[0] + mixing) + stiffness * x

    def slope(x: Any) -> Any:
        mixing = ideal / (x * (1.0 - x)) if ideal else 0.0
        return thermal * (evaluated(potential, x)[1] + mixing) + stiffness

    def free(x: Any) -> Any:
        mixing = x * np.log(x) + (1.0 - x) * np.log(1.0 - x) if ideal else 0.0
        return thermal * (evaluated(energy, x)[0] + mixing) + 0.5 * stiffness * x**2

    return local, slope, free


def _crossing(function: Any, level: float, low: float, high: float) -> float:
    """Where a rising function meets `level` within (low, high); near an end where it does not."""
    from scipy.optimize import brentq

    margin = 1e-12 * (high - low)
    a, b = low + margin, high - margin
    if (function(a) - level) * (function(b) - level) > 0.0:
        return a if abs(function(a) - level) < abs(function(b) - level) else b
    return float(brentq(lambda x: function(x) - level, a, b))
