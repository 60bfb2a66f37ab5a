"""Relaxation of one structure, with the checks that a run must pass before it costs time."""

from __future__ import annotations

import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from pydantic import Field

from scalith.atoms.engine import Engine, check_pseudopotentials
from scalith.quantities import InputError, ScalithError, Spec

if TYPE_CHECKING:
    from ase import Atoms

OVERLAP = 0.55
"""Two atoms overlap when they are nearer than this share of the sum of their covalent radii."""


class Relaxation(Spec):
    """How far a structure is relaxed.

    Attributes
    ----------
    force_tolerance : float
        Largest force that may be left on an atom, eV/Å, and on the cell (its virial over the number of atoms), eV.
    steps : int
        Steps after which a relaxation is given up (0: one single point).
    cell : bool
        Whether the cell relaxes with the positions.
    """

    force_tolerance: Annotated[float, Field(gt=0.0)] = 0.03
    steps: Annotated[int, Field(ge=0)] = 200
    cell: bool = True


@dataclass(frozen=True)
class Relaxed:
    """What one run gave.

    Attributes
    ----------
    atoms : ase.Atoms
        Relaxed structure holding energy, forces and stress.
    energy : float
        eV; NaN when the engine failed.
    converged : bool
    forces_left : float
        Largest force on an atom, eV/Å.
    steps : int
    wall_time : float
        Seconds.
    problem : str
        Why it is not converged; empty when it is.
    """

    atoms: Atoms
    energy: float
    converged: bool
    forces_left: float
    steps: int
    wall_time: float
    problem: str = ""


def relax(
    atoms: Atoms,
    engine: Engine,
    relaxation: Relaxation | None = None,
    *,
    oxidation_states: Mapping[str, float | tuple[float, float]] | None = None,
    folder: str | None = None,
) -> Relaxed:
    """Relax positions and cell until the forces are small.

    Parameters
    ----------
    atoms : ase.Atoms
        Left as it is.
    engine : Engine
    relaxation : Relaxation, optional
    oxidation_states : mapping of element to charge or (least, greatest) charge, optional
        With it the charge balance is checked: ``{"Li": 1, "Fe": (2, 3), "P": 5, "O": -2}``.
    folder : str, optional
        Where codes that write files write them; a temporary folder when not given.

    Returns
    -------
    Relaxed
        A run that did not converge (forces left, self-consistency, a failure of the code) comes back with `converged` false
        and the reason; it is never raised and never silent.

    Raises
    ------
    InputError
        Overlapping atoms; charges that cannot balance; an engine that is not there.
    """
    from ase.calculators.singlepoint import SinglePointCalculator
    from ase.filters import FrechetCellFilter
    from ase.optimize import BFGS

    if folder is None and engine.writes_files:
        with tempfile.TemporaryDirectory(prefix="scalith-") as temporary:
            return relax(atoms, engine, relaxation, oxidation_states=oxidation_states, folder=temporary)
    settings = relaxation or Relaxation()
    check_structure(atoms, oxidation_states)
    check_pseudopotentials(engine, atoms)
    moving = atoms.copy()
    moving.calc = engine.calculator(folder)
    began = time.perf_counter()
    steps, energy, problem, finished = 0, float("nan"), "", True
    try:
        if settings.steps:
            optimiser = BFGS(FrechetCellFilter(moving) if settings.cell else moving, logfile=None)
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", message="logm result may be inaccurate")  # by 1e-13
                finished = optimiser.run(fmax=settings.force_tolerance, steps=settings.steps)
            steps = int(optimiser.nsteps)
        energy, forces = float(moving.get_potential_energy()), np.asarray(moving.get_forces(), dtype=np.float64)
    except ScalithError:
        raise
    # Whatever a code raises when it fails (each has its own errors) marks this structure; the others go on.
    except Exception as error:
        problem, forces = f"the engine failed: {type(error).__name__}: {error}", np.full((len(moving), 3), np.nan)
        moving.calc = None
    left = float(np.max(np.linalg.norm(forces, axis=1)))
    if not problem and not np.isfinite(energy):
        problem = "the engine gave no finite energy"
    elif not problem and not finished:
        what = f"a force of {left:.3g} eV/Å" if left > settings.force_tolerance else "a stress of the cell"
        problem = f"{what} is left after {steps} steps (tolerance {settings.force_tolerance:g})"
    if moving.calc is not None:
        kept = {name: value for name, value in moving.calc.results.items() if name in ("energy", "forces", "stress", "magmoms")}
        moving.calc = SinglePointCalculator(moving, **kept)
    return Relaxed(moving, energy, not problem, left, steps, time.perf_counter() - began, problem)


def check_structure(atoms: Atoms, oxidation_states: Mapping[str, float | tuple[float, float]] | None = None) -> None:
    """Reject overlapping atoms, and with oxidation states a cell that cannot be neutral.

    Raises
    ------
    InputError
        Names the atoms and their distance, or the charge that is left.
    """
    from ase.data import covalent_radii
    from ase.neighborlist import neighbor_list

    radii = OVERLAP * covalent_radii[atoms.numbers]
    first, second, distance = neighbor_list("ijd", atoms, radii)
    if len(first):
        worst = int(np.argmin(distance))
        i, j = int(first[worst]), int(second[worst])
        names = f"{atoms.symbols[i]} {i} and {atoms.symbols[j]} {j}"
        raise InputError("structure", names, f"{distance[worst]:.2f} Å apart", f"atoms farther than {radii[i] + radii[j]:.2f} Å")
    if oxidation_states is not None:
        _check_charge(atoms, oxidation_states)


def _check_charge(atoms: Any, oxidation_states: Mapping[str, float | tuple[float, float]]) -> None:
    low = high = 0.0
    for element, count in Counter(atoms.get_chemical_symbols()).items():
        if element not in oxidation_states:
            raise InputError("structure", "oxidation_states", f"none for {element}", f"the charge of {element}")
        state = oxidation_states[element]
        least, greatest = state if isinstance(state, tuple) else (state, state)
        low, high = low + count * least, high + count * greatest
    if low > 1e-9 or high < -1e-9:
        nearest = low if low > 0 else high
        raise InputError("structure", "charge balance", f"{nearest:+g} e in {atoms.get_chemical_formula()}", "a neutral cell")
