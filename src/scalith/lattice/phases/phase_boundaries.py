"""Two-phase regions of the sampled lattice, as a result that travels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from scalith.lattice.phases.isotherms import coexistence, isotherms
from scalith.quantities import Result, dataset_digest, labelled, predicted
from scalith.quantities.constants import BOLTZMANN_EV

if TYPE_CHECKING:
    from scalith.lattice.phases.isotherms import Isotherm


def phase_boundaries(sampled: xr.Dataset) -> Result:
    """Stoichiometries between which two phases stand beside each other, at each temperature.

    A jump of x between neighbouring μ is a two-phase region where it exceeds what fluctuations and errors explain. Its ends are
    those of the states on either side, carried to the chemical potential of coexistence, at which both grand potentials are equal
    (`scalith.lattice.phases.isotherms.coexistence`), with the slope ∂x/∂μ = ⟨δN²⟩/(sites · kT).

    Parameters
    ----------
    sampled : xarray.Dataset
        From `scalith.lattice.semi_grand_canonical`.

    Returns
    -------
    Result
        Over ``region``: temperature ``T`` (K), ``x_low`` and ``x_high`` of the two phases, each with its standard error, and
        their ``chemical_potential`` (eV) with its.
    """
    found = [(iso.T, *_ends(iso, a, b)) for iso in isotherms(sampled) for a, b in iso.gaps]
    columns = np.array(found, dtype=np.float64).reshape(-1, 7).T
    described = {
        "T": ("K", "temperature"),
        "x_low": ("1", "stoichiometry of the emptier phase"),
        "x_low_error": ("1", "standard error of the stoichiometry of the emptier phase"),
        "x_high": ("1", "stoichiometry of the fuller phase"),
        "x_high_error": ("1", "standard error of the stoichiometry of the fuller phase"),
        "chemical_potential": ("eV", "chemical potential of coexistence"),
        "chemical_potential_error": ("eV", "standard error of the chemical potential of coexistence"),
    }
    data = Result()
    for (name, (unit, words)), column in zip(described.items(), columns, strict=True):
        data[name] = labelled("region", column, words, unit)
    return data.assign_attrs(source=predicted("scalith.lattice.phase_boundaries", dataset_digest(sampled)).to_json())


def _ends(iso: Isotherm, a: int, b: int) -> tuple[float, float, float, float, float, float]:
    """Stoichiometry and error of both phases, and the chemical potential of coexistence and its error."""
    level, error = coexistence(iso, a, b)
    ends = []
    for k in (a, b):
        slope = iso.fluctuations[k] / (BOLTZMANN_EV * iso.T)
        # Half of what is carried over counts as error: near its end a phase's fluctuations grow.
        way = float(slope * (level - iso.mu[k]))
        x = float(np.clip(iso.x[k] + way, 0.0, 1.0))
        ends += [x, float(np.sqrt(iso.x_error[k] ** 2 + (slope * error) ** 2 + (0.5 * way) ** 2))]
    return ends[0], ends[1], ends[2], ends[3], level, error
