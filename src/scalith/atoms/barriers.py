"""Barriers of hops by the climbing-image nudged elastic band.

Images x₁ … x_n between two relaxed end points move on the force

    F_i = −∇E(x_i)|⊥ + k (|x_{i+1} − x_i| − |x_i − x_{i−1}|) τ_i,

with the improved tangent τ_i, which points to the neighbour of higher energy (Henkelman, Jónsson 2000,
DOI 10.1063/1.1323224); the highest image climbs along the band, F = −∇E + 2 (∇E·τ) τ, to the saddle itself (Henkelman,
Uberuaga, Jónsson 2000, DOI 10.1063/1.1329672). The kinetically resolved activation energy does not depend on the direction
of the hop (Van der Ven et al. 2001, DOI 10.1103/PhysRevB.64.184307):

    E_KRA = E_saddle − (E_initial + E_final)/2.
"""

from __future__ import annotations

import tempfile
import time
import warnings
from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from pydantic import Field

from scalith.atoms.engine import Engine
from scalith.atoms.relaxation import Relaxation, relax
from scalith.quantities import ConvergenceError, InputError, Source, Spec, predicted
from scalith.quantities.specification import Count

if TYPE_CHECKING:
    from ase import Atoms
    from numpy.typing import NDArray

Progress = Callable[[float, str], None]

APART = 0.5
"""End points fell into each other when the ion's two places are nearer than this share of the hop's length."""


class BandSettings(Spec):
    """How a band is converged.

    Attributes
    ----------
    images : int
        Between the end points.
    force_tolerance : float
        Largest force left on an image's atom, eV/Å.
    steps : int
        Most steps of the band.
    spring : float
        k, eV/Å².
    """

    images: Annotated[Count, Field(le=25)] = 5
    force_tolerance: Annotated[float, Field(gt=0.0)] = 0.05
    steps: Count = 200
    spring: Annotated[float, Field(gt=0.0)] = 1.0


class Barrier(Spec):
    """What a band gave: the energy along one hop, as the engine has it (no correction).

    Attributes
    ----------
    name : str
    distance : float
        Length of the straight hop between the relaxed end points, Å.
    coordinate : tuple of float
        Path length of each image from the first end point, Å.
    energies : tuple of float
        Energy of each image above the first end point, eV.
    stoichiometry : float
        Filled fraction of the working ion's sites around the hop.
    converged : bool
    problem : str
        Why it is not converged.
    forces_left : float
        eV/Å.
    engine : str
        Name and model.
    source : Source
    """

    name: str
    distance: float
    coordinate: tuple[float, ...]
    energies: tuple[float, ...]
    stoichiometry: float
    converged: bool
    problem: str = ""
    forces_left: float
    engine: str
    source: Source

    @property
    def forward(self) -> float:
        """Saddle above the first end point, eV."""
        return max(self.energies)

    @property
    def backward(self) -> float:
        """Saddle above the last end point, eV."""
        return max(self.energies) - self.energies[-1]

    @property
    def kinetically_resolved(self) -> float:
        """E_KRA: saddle above the mean of the end points, eV."""
        return max(self.energies) - 0.5 * (self.energies[0] + self.energies[-1])


def hop_barrier(
    initial: Atoms,
    final: Atoms,
    engine: Engine,
    *,
    name: str = "hop",
    stoichiometry: float = 0.0,
    settings: BandSettings | None = None,
    progress: Progress | None = None,
) -> Barrier:
    """Relax both end points in the given cell, then the band between them.

    Parameters
    ----------
    initial, final : ase.Atoms
        The same atoms in the same order, the hopping ion last (`hop_end_points` makes them).
    engine : Engine
    name : str
        For people.
    stoichiometry : float
        Recorded with the result.
    settings : BandSettings, optional
    progress : callable, optional

    Returns
    -------
    Barrier
        With ``converged`` false and the reason when forces are left on the band.

    Raises
    ------
    InputError
        The end points are not the same atoms in the same cell; they fall into each other when relaxed.
    ConvergenceError
        An end point does not relax.
    """
    from ase.geometry import find_mic

    chosen = settings or BandSettings()
    _check_same(initial, final)
    began = time.perf_counter()
    ends, apart = _relaxed_ends(initial, final, engine, name, chosen)
    images = [ends[0].copy() for _ in range(chosen.images + 1)] + [ends[1].copy()]
    images[0].calc, images[-1].calc = ends[0].calc, ends[1].calc
    workplace = tempfile.TemporaryDirectory(prefix="scalith-") if engine.writes_files else None
    calculator = engine.calculator(None if workplace is None else workplace.name)
    for image in images[1:-1]:
        image.calc = calculator
    found, finished, left, taken = _relax_band(images, name, chosen, progress)
    if workplace is not None:
        workplace.cleanup()
    steps = [find_mic(b.positions - a.positions, a.cell)[0] for a, b in pairwise(images)]
    coordinate = np.concatenate([[0.0], np.cumsum([np.linalg.norm(step) for step in steps])])
    source = predicted(
        "scalith.atoms.hop_barrier",
        settings={
            "engine": engine.model_dump(mode="json"),
            "engine_version": engine.version,
            "band": chosen.model_dump(mode="json"),
            "steps": taken,
            "wall_time": round(time.perf_counter() - began, 1),
            "atoms": len(initial),
            "cell": np.round(np.asarray(initial.cell), 5).tolist(),
        },
        reference_state="relaxed first end point",
    )
    return Barrier(
        name=name,
        distance=apart,
        coordinate=tuple(round(float(value), 6) for value in coordinate),
        energies=tuple(round(float(value), 6) for value in found - found[0]),
        stoichiometry=stoichiometry,
        converged=finished,
        problem="" if finished else f"a force of {left:.3g} eV/Å is left after {taken} steps",
        forces_left=left,
        engine=engine.label,
        source=source,
    )


def _relaxed_ends(initial: Atoms, final: Atoms, engine: Engine, name: str, chosen: BandSettings) -> tuple[list[Atoms], float]:
    """Both end points relaxed in the given cell, and how far apart the ion stands in them, Å."""
    length = _ion_step(initial, final)
    ends = []
    for which, atoms in (("first", initial), ("second", final)):
        relaxed = relax(atoms, engine, Relaxation(force_tolerance=0.6 * chosen.force_tolerance, steps=chosen.steps, cell=False))
        if not relaxed.converged:
            raise ConvergenceError(f"relaxation of the {which} end point of {name}", relaxed.problem)
        ends.append(relaxed.atoms)
    apart = _ion_step(*ends)
    if apart < APART * length:
        raise InputError(
            name,
            "end points",
            f"both relax to one place ({apart:.2f} Å of {length:.2f} Å left)",
            "two places where the ion stays",
        )
    return ends, apart


def _relax_band(
    images: list[Atoms], name: str, chosen: BandSettings, progress: Progress | None
) -> tuple[NDArray[np.float64], bool, float, int]:
    """Relax the images in place; their energies (eV), whether the forces are met, what is left of them (eV/Å), steps taken."""
    from ase.mep import NEB
    from ase.optimize import BFGS

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        band = NEB(images, k=chosen.spring, climb=False, method="improvedtangent", allow_shared_calculator=True)
        band.interpolate("idpp", mic=True)
        # The band comes near its path before the highest image climbs: else that image is not yet the highest.
        optimiser = BFGS(band, logfile=None)
        optimiser.attach(_teller(name, optimiser, chosen.steps, band, progress))
        optimiser.run(fmax=4.0 * chosen.force_tolerance, steps=chosen.steps // 2)
        band.climb = True
        finished = bool(optimiser.run(fmax=chosen.force_tolerance, steps=chosen.steps - int(optimiser.nsteps)))
        # The residual of ASE leaves the climbing image out.
        left = float(np.max(np.linalg.norm(np.reshape(band.get_forces(), (-1, 3)), axis=1)))
    return np.asarray(band.energies, dtype=np.float64), finished, left, int(optimiser.nsteps)


def _teller(name: str, optimiser: Any, steps: int, band: Any, progress: Progress | None) -> Callable[[], None]:
    def tell() -> None:
        if progress is not None:
            height = float(np.max(band.energies) - band.energies[0])
            progress(min(1.0, int(optimiser.nsteps) / steps), f"{name}: step {int(optimiser.nsteps)}, {height:.3f} eV")

    return tell


def _check_same(initial: Atoms, final: Atoms) -> None:
    if list(initial.numbers) != list(final.numbers):
        raise InputError(
            "end points", "atoms", f"{initial.symbols} and {final.symbols}", "the same atoms in the same order at both ends"
        )
    if not np.allclose(np.asarray(initial.cell), np.asarray(final.cell), atol=1e-6):
        raise InputError("end points", "cell", "two different cells", "one cell for both ends")
    if _ion_step(initial, final) < 1e-3:
        raise InputError(
            "end points", "positions", "the ion at one place in both", "two different places of the hopping ion (last)"
        )


def _ion_step(initial: Atoms, final: Atoms) -> float:
    from ase.geometry import find_mic

    return float(np.linalg.norm(find_mic(final.positions[-1:] - initial.positions[-1:], initial.cell)[0]))
