"""Lattice: one material whose host takes several arrangements, each with energies and a lattice of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import xarray as xr
from pydantic import Field

from scalith import lattice
from scalith.crystal import read_host, read_structures
from scalith.ladder import progress
from scalith.ladder.progress import report_progress
from scalith.ladder.quantity import Settings, rung
from scalith.ladder.rungs.crystal import Crystal
from scalith.ladder.rungs.lattice import ClusterFit, MonteCarlo
from scalith.lattice import ClusterExpansion
from scalith.quantities import SI, InputError

OF_MATERIAL = True
"""These rungs exist once for each material of a study."""
SCALE = "lattice"


class Polymorph(Crystal):
    """``[polymorphs.hosts.NAME]``: one arrangement of the host, as ``[crystal]``, with energies.

    Attributes
    ----------
    sites : float
        Sites of its lattice per formula, the amount of host that holds one ion at x = 1: 3 hexagons of stage 1 in LiC6.
    energy_error : float
        Standard error of its energy against the other hosts, eV per formula.
    cluster_fit : ClusterFit
        As ``[cluster_fit]``, of this host.
    """

    sites: Annotated[float, Field(gt=0)]
    energy_error: Annotated[float, SI("eV"), Field(ge=0)] = 0.0
    cluster_fit: ClusterFit


class Polymorphs(Settings):
    """``[polymorphs]``: a material whose host slides or changes its structure as ions come in.

    Attributes
    ----------
    hosts : dict of str to Polymorph
        Its arrangements by name, with energies of one method.
    """

    hosts: Annotated[dict[str, Polymorph], Field(min_length=2)]


def _expansion(name: str, stated: Polymorph) -> ClusterExpansion:
    if stated.energies is None:
        raise InputError(f"[polymorphs.hosts.{name}]", "energies", "nothing", "a file or a folder with energies")
    if stated.species:
        raise InputError(f"[polymorphs.hosts.{name}]", "species", sorted(stated.species), "none: the ion and vacancies alone")
    host = read_host(stated.host.path, working_ion=stated.working_ion, symprec=stated.symprec)
    orderings = stated.mapped(host, read_structures(stated.energies.path, licence=stated.licence))
    return lattice.fit_cluster_expansion(host, orderings, **stated.cluster_fit.model_dump())


def _require_one_formula(expansions: Mapping[str, ClusterExpansion], hosts: Mapping[str, Polymorph]) -> None:
    """Reject hosts of which a formula is not the same atoms."""
    formulas = {}
    for name, fit in expansions.items():
        share = hosts[name].sites / len(fit.host.working)
        formulas[name] = {element: round(count * share, 6) for element, count in sorted(fit.host.spectators().items())}
    first = next(iter(formulas))
    for name, formula in formulas.items():
        if formula != formulas[first]:
            where, expected = f"[polymorphs.hosts.{name}]", f"the atoms of {first}, {formulas[first]}"
            raise InputError(where, "sites", f"{hosts[name].sites:g}, a formula of {formula}", expected)


def _joined(data: xr.Dataset) -> str:
    counts = data["host"].where(data["stable"].astype(bool)).isel(T=0).values
    met = [name for k, name in enumerate(data.attrs["hosts"]) if (counts == k).any()]
    return f"{data.sizes['mu']} states of {len(data.attrs['hosts'])} hosts; stable: {', '.join(met)}"


@rung("orderings of several hosts, the stable ones", headline=_joined)
def joined_orderings(polymorphs: Polymorphs, monte_carlo: MonteCarlo, seed: int) -> xr.Dataset:
    """At each chemical potential the states of the host whose grand potential is least."""
    hosts = polymorphs.hosts
    expansions = {name: _expansion(name, stated) for name, stated in hosts.items()}
    _require_one_formula(expansions, hosts)
    common: dict[str, Any] = {name: getattr(monte_carlo, name) for name in ("cells", "sweeps", "points", "parallel_tempering")}
    common |= {"executor": progress.executor.get(), "progress": report_progress}
    sampled = {
        name: lattice.semi_grand_canonical(fit, monte_carlo.temperatures, seed=seed + number, **common)
        for number, (name, fit) in enumerate(expansions.items())
    }
    sites = {name: stated.sites for name, stated in hosts.items()}
    return lattice.join_hosts(sampled, sites, errors={name: stated.energy_error for name, stated in hosts.items()})
