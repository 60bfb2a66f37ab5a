"""Harmonic vibrations of a crystal: frequencies from finite displacements, and what they add to the free energy."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from scalith.atoms.engine import Engine
from scalith.quantities import InputError, MissingDependencyError, Property, Result, Source, dataset_digest, labelled, predicted
from scalith.quantities.constants import AVOGADRO, BOLTZMANN, GAS_CONSTANT, PLANCK

if TYPE_CHECKING:
    from ase import Atoms
    from numpy.typing import ArrayLike, NDArray

Progress = Callable[[float, str], None]

RESOLUTION = 2e10
"""Frequencies nearer to zero than this (Hz) are the three translations of the crystal, which store no energy."""

SYMMETRY_TOLERANCE = 1e-3
"""Distance within which atoms are equivalent, Å: a relaxed crystal keeps its symmetry to about this."""


def phonon_frequencies(
    atoms: Atoms,
    engine: Engine,
    *,
    supercell: Sequence[int] = (2, 2, 2),
    mesh: Sequence[int] = (8, 8, 8),
    q_points: ArrayLike | None = None,
    displacement: float = 0.01,
    formula_units: int | None = None,
    progress: Progress | None = None,
) -> Result:
    """Vibrational frequencies by finite displacements in a supercell.

    Each symmetrically distinct atom is moved by ±`displacement`; the forces give the force constants Φ, and the dynamical matrix
    D(q) = Σ Φ e^{iq·r}/√(mm′) has the eigenvalues (2πν)² (phonopy: Togo, Tanaka 2015, DOI 10.1016/j.scriptamat.2015.07.021).

    Parameters
    ----------
    atoms : ase.Atoms
        A relaxed crystal: without forces on its atoms.
    engine : Engine
    supercell : 3 int
        Cells along each vector; force constants end at half of it.
    mesh : 3 int
        q-points along each reciprocal vector, half a step off Γ.
    q_points : array_like, shape (q, 3), optional
        These q-points (fractional) with equal weights instead of a mesh.
    displacement : float
        Å.
    formula_units : int, optional
        Formula units in the cell; the greatest common divisor of the numbers of atoms when not given.
    progress : callable, optional

    Returns
    -------
    Result
        ``frequency`` (q, mode) in Hz, imaginary ones as negative numbers; ``weight`` (q), sum 1; ``q_point`` (q, axis);
        ``formula_units``.

    Raises
    ------
    InputError
        The structure is not relaxed.
    MissingDependencyError
        phonopy is not installed.
    """
    phonopy = _phonopy()
    cell = phonopy.structure.atoms.PhonopyAtoms(
        symbols=atoms.get_chemical_symbols(),
        cell=np.asarray(atoms.cell),
        scaled_positions=atoms.get_scaled_positions(),
        masses=atoms.get_masses(),
    )
    calculator = engine.calculator()
    _require_relaxed(atoms, calculator)
    model = phonopy.Phonopy(cell, supercell_matrix=list(supercell), primitive_matrix="P", symprec=SYMMETRY_TOLERANCE)
    _find_force_constants(model, calculator, displacement, progress)
    if q_points is None:
        q, weight = half_shifted_mesh(mesh)
    else:
        q = np.atleast_2d(np.asarray(q_points, dtype=np.float64))
        weight = np.full(len(q), 1.0 / len(q))
    model.run_qpoints(q)
    frequency = np.asarray(model.qpoints.frequencies, dtype=np.float64)
    counts = np.unique(atoms.numbers, return_counts=True)[1]
    data = Result(
        {
            "frequency": labelled(("q", "mode"), 1e12 * frequency, "frequency (negative: imaginary)", "Hz"),
            "weight": labelled("q", weight, "weight of the q-point", "1"),
            "q_point": labelled(("q", "axis"), q, "q-point in reciprocal vectors", "1"),
            "formula_units": labelled((), formula_units or int(np.gcd.reduce(counts)), "formula units", "1"),
        }
    )
    settings = {
        "formula": atoms.get_chemical_formula(),
        "engine": engine.label,
        "supercell": list(supercell),
        "mesh": list(mesh) if q_points is None else [],
        "displacement": displacement,
        "phonopy": phonopy.__version__,
    }
    return data.assign_attrs(source=predicted("scalith.atoms.phonon_frequencies", engine.digest, settings=settings).to_json())


def _find_force_constants(model: Any, calculator: Any, displacement: float, progress: Progress | None) -> None:
    """Forces on every displaced supercell, and from them the force constants of the phonopy model."""
    from ase import Atoms as AseAtoms

    # Both signs always: the cubic part of the potential then drops out.
    model.generate_displacements(distance=displacement, is_plusminus=True)
    forces = []
    displaced = model.supercells_with_displacements
    for number, moved in enumerate(displaced):
        image = AseAtoms(moved.symbols, scaled_positions=moved.scaled_positions, cell=moved.cell, pbc=True)
        image.calc = calculator
        forces.append(np.asarray(image.get_forces(), dtype=np.float64))
        if progress is not None:
            progress((number + 1) / len(displaced), f"displacement {number + 1} of {len(displaced)}")
    model.forces = np.array(forces)
    model.produce_force_constants(show_drift=False)
    model.symmetrize_force_constants(show_drift=False)


def half_shifted_mesh(mesh: Sequence[int]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Uniform points half a step off the origin, one of each pair q, −q, and their weights (sum 1)."""
    axes = [(np.arange(count) + 0.5) / count for count in mesh]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    numbers = np.arange(len(points)).reshape(tuple(mesh))
    opposite = numbers[::-1, ::-1, ::-1].ravel()
    kept = np.flatnonzero(numbers.ravel() <= opposite)
    return points[kept], np.where(opposite[kept] == kept, 1.0, 2.0) / len(points)


def _phonopy() -> Any:
    try:
        import phonopy
        import phonopy.structure.atoms
    except ModuleNotFoundError:
        raise MissingDependencyError("phonopy", "vibrations", "phonons") from None
    return phonopy


def _require_relaxed(atoms: Atoms, calculator: Any) -> None:
    still = atoms.copy()
    still.calc = calculator
    force = float(np.max(np.linalg.norm(still.get_forces(), axis=1)))
    if force > 0.1:
        raise InputError("vibrations", "atoms", f"a force of {force:.2g} eV/Å", "a relaxed structure: see scalith.atoms.relax")


def imaginary_share(phonons: xr.Dataset) -> float:
    """Share of the modes whose frequency is imaginary: the structure is no minimum along them (0 for a stable crystal)."""
    imaginary = phonons["frequency"].values < -RESOLUTION
    return float(np.sum(phonons["weight"].values[:, None] * imaginary) / phonons.sizes["mode"])


def harmonic_thermodynamics(phonons: xr.Dataset, T: ArrayLike, *, drop_imaginary: bool = False) -> Result:
    """Free energy, energy, entropy and heat capacity of harmonic vibrations.

    With u = hν/kT, each mode gives F = hν/2 + kT ln(1 − e^{−u}), E = hν/2 + hν/(e^u − 1), S = (E − F)/T and
    C_v = k u² e^u/(e^u − 1)².

    Parameters
    ----------
    phonons : xarray.Dataset
        From `phonon_frequencies`.
    T : array_like
        Temperatures ≥ 0, K.
    drop_imaginary : bool
        Leave imaginary modes out (their share stands in the source's note) instead of refusing them.

    Returns
    -------
    Result
        Over ``T``: ``free_energy``, ``energy`` (J/mol of formula units), ``entropy``, ``heat_capacity`` (J/(mol K)); and
        ``zero_point_energy`` (J/mol).

    Raises
    ------
    InputError
        Some modes are imaginary: a harmonic free energy does not exist.
    """
    temperature = np.atleast_1d(np.asarray(T, dtype=np.float64))
    if not np.all(np.isfinite(temperature) & (temperature >= 0.0)):
        raise InputError("vibrations", "T", temperature, "temperatures of 0 K and above")
    share = imaginary_share(phonons)
    note = ""
    if share > 0.0:
        lowest = -1e-12 * float(phonons["frequency"].min())
        note = f"{100 * share:.2g} % of the modes are imaginary, down to {lowest:.2g}i THz"
        if not drop_imaginary:
            raise InputError(
                "vibrations",
                "frequency",
                note,
                "none: relax further, lower the symmetry, or leave them out (drop_imaginary=True)",
            )
        note += ": left out"
    frequency = phonons["frequency"].values
    weight = np.broadcast_to(phonons["weight"].values[:, None], frequency.shape)
    kept = frequency > RESOLUTION
    scale = AVOGADRO / float(phonons["formula_units"])
    data = _thermodynamics(frequency[kept], scale * weight[kept], temperature)
    parent = dataset_digest(phonons)
    source = predicted("scalith.atoms.harmonic_thermodynamics", parent, settings=_settings(phonons), note=note)
    return data.assign_attrs(source=source.to_json())


def _settings(phonons: xr.Dataset) -> dict[str, Any]:
    return dict(Source.from_json(phonons.attrs["source"]).settings) if "source" in phonons.attrs else {}


def einstein_solid(frequency: float, T: ArrayLike, *, oscillators: int = 3) -> Result:
    """The Einstein solid in closed form: `oscillators` modes of one frequency per formula unit.

    E = n R θ [1/2 + 1/(e^{θ/T} − 1)] with θ = hν/k, F = n R [θ/2 + T ln(1 − e^{−θ/T})] and
    C_v = n R [(θ/2T)/sinh(θ/2T)]² (Einstein 1907, DOI 10.1002/andp.19063270110).

    Parameters
    ----------
    frequency : float
        Hz, greater than 0.
    T : array_like
        Temperatures, K, greater than 0.
    oscillators : int
        3 for each atom.

    Returns
    -------
    Result
        As `harmonic_thermodynamics`.

    Raises
    ------
    InputError
        The frequency or a temperature is not greater than 0.
    """
    temperature = np.atleast_1d(np.asarray(T, dtype=np.float64))
    if not frequency > 0.0:
        raise InputError("Einstein solid", "frequency", frequency, "a frequency greater than 0 Hz")
    if not np.all(temperature > 0.0):
        raise InputError("Einstein solid", "T", temperature, "temperatures greater than 0 K")
    theta, amount = PLANCK * frequency / BOLTZMANN, oscillators * GAS_CONSTANT
    energy = amount * theta * (0.5 + 1.0 / np.expm1(theta / temperature))
    free = amount * (0.5 * theta + temperature * np.log(-np.expm1(-theta / temperature)))
    half = 0.5 * theta / temperature
    # (half/sinh half)² = (u e^{-half}/(1 − e^{-u}))², which does not overflow at low T.
    heat = amount * (2.0 * half * np.exp(-half) / -np.expm1(-2.0 * half)) ** 2
    data = _dataset(temperature, free, energy, (energy - free) / temperature, heat, 0.5 * amount * theta)
    settings = {"frequency": frequency, "oscillators": oscillators}
    return data.assign_attrs(source=predicted("scalith.atoms.einstein_solid", settings=settings).to_json())


def _thermodynamics(frequency: NDArray[np.float64], weight: NDArray[np.float64], temperature: NDArray[np.float64]) -> Result:
    quantum = PLANCK * frequency
    zero_point = 0.5 * float(np.sum(weight * quantum))
    free, energy, entropy, heat = (np.empty(temperature.size) for _ in range(4))
    for k, T in enumerate(temperature):
        if T == 0.0:
            free[k], energy[k], entropy[k], heat[k] = zero_point, zero_point, 0.0, 0.0
            continue
        ratio = quantum / (BOLTZMANN * T)
        occupation = np.exp(-ratio) / -np.expm1(-ratio)
        logarithm = np.log(-np.expm1(-ratio))
        free[k] = zero_point + BOLTZMANN * T * np.sum(weight * logarithm)
        energy[k] = zero_point + np.sum(weight * quantum * occupation)
        entropy[k] = BOLTZMANN * np.sum(weight * (ratio * occupation - logarithm))
        heat[k] = BOLTZMANN * np.sum(weight * ratio**2 * occupation * (1.0 + occupation))
    return _dataset(temperature, free, energy, entropy, heat, zero_point)


def _dataset(
    temperature: NDArray[np.float64],
    free: NDArray[np.float64],
    energy: NDArray[np.float64],
    entropy: NDArray[np.float64],
    heat: NDArray[np.float64],
    zero_point: float,
) -> Result:
    return Result(
        {
            "free_energy": labelled("T", free, "vibrational Helmholtz energy", "J mol-1"),
            "energy": labelled("T", energy, "vibrational energy", "J mol-1"),
            "entropy": labelled("T", entropy, "vibrational entropy", "J mol-1 K-1"),
            "heat_capacity": labelled("T", heat, "heat capacity at constant volume", "J mol-1 K-1"),
            "zero_point_energy": labelled((), zero_point, "zero-point energy", "J mol-1"),
        },
        {"T": labelled("T", temperature, "temperature", "K")},
    )


def vibrational_free_energy(
    phonons: Mapping[float, xr.Dataset], T: ArrayLike, *, metal: xr.Dataset | None = None, drop_imaginary: bool = False
) -> Property:
    """Vibrational free energy of a host against its stoichiometry, F_vib(x, T), to be added to the free energy of the lattice.

    Between the stoichiometries computed it is interpolated: linearly with two of them, which leaves out what an ordering adds
    to its vibrations.

    Parameters
    ----------
    phonons : mapping of x to dataset
        Frequencies (`phonon_frequencies`) at two or more stoichiometries, per same formula unit of the host with one site of
        the ion.
    T : array_like
        Temperatures, K, increasing.
    metal : xarray.Dataset, optional
        Frequencies of the ion's metal. With it x F_metal(T) is taken off: a voltage against a metal at rest then holds the
        vibrations of both.
    drop_imaginary : bool
        As `harmonic_thermodynamics`.

    Returns
    -------
    Property
        ``vibrational_free_energy`` over (x, T), J/mol of formula units of the host.

    Raises
    ------
    InputError
        Fewer than two stoichiometries; imaginary modes.
    """
    if len(phonons) < 2:
        raise InputError(
            "vibrational_free_energy", "phonons", f"{len(phonons)} stoichiometry", "two stoichiometries of the host or more"
        )
    x = sorted(phonons)
    members = {f"{value:g}": phonons[value] for value in x} | ({} if metal is None else {"metal": metal})
    parts = {name: harmonic_thermodynamics(data, T, drop_imaginary=drop_imaginary) for name, data in members.items()}
    notes = [f"{name}: {note}" for name, part in parts.items() if (note := Source.from_json(part.attrs["source"]).note)]
    state = "atoms at rest in the relaxed structures: the static energy is not part of it"
    source = predicted(
        "scalith.atoms.vibrational_free_energy",
        *(dataset_digest(data) for data in members.values()),
        settings={name: _settings(data) for name, data in members.items()},
        reference_state=state if metal is None else f"{state}; vibrations of the metal taken off",
        note="; ".join(notes),
    )
    grid = np.atleast_1d(np.asarray(T, dtype=np.float64))
    values = np.array([parts[f"{value:g}"]["free_energy"].values for value in x])
    if metal is not None:
        values = values - np.array(x)[:, None] * parts["metal"]["free_energy"].values
    return Property.from_arrays("vibrational_free_energy", {"x": x, "T": grid}, values, "J mol-1", source)
