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
from scalith.ladder.quantity import Settings, drawing, rung
from scalith.ladder.rungs.crystal import Crystal
from scalith.ladder.rungs.lattice import ClusterFit, MonteCarlo, part_of
from scalith.lattice import ClusterExpansion
from scalith.quantities import SI, InputError, Spec

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


class HostExpansions(Spec):
    """What is fitted of each host, by name.

    Attributes
    ----------
    expansions : dict of str to ClusterExpansion
    sites : dict of str to float
        Per formula.
    energy_errors : dict of str to float
        Standard errors of the energies of hosts against each other, eV per formula.
    """

    expansions: dict[str, ClusterExpansion]
    sites: dict[str, float]
    energy_errors: dict[str, float]


def _fitted(found: HostExpansions) -> str:
    return ", ".join(f"{name}: {1e3 * fit.leave_one_out_error:.3g} meV" for name, fit in found.expansions.items())


def _drawn(nominal: HostExpansions, seed: int) -> HostExpansions:
    """Interactions within their posteriors, and energies of the hosts within their errors, which the constants take."""
    generator, expansions = drawing.get()(seed), {}
    for name, fit in nominal.expansions.items():
        member = fit.draws(1, generator)[0] if fit.covariance else fit
        shift = nominal.energy_errors[name] * generator.standard_normal() * len(fit.host.working) / nominal.sites[name]
        constant, *others = member.interactions
        expansions[name] = member.model_copy(update={"interactions": (constant + shift, *others)})
    return nominal.model_copy(update={"expansions": expansions, "energy_errors": dict.fromkeys(expansions, 0.0)})


@rung("cluster expansions of several hosts", headline=_fitted, draw=_drawn)
def host_expansions(polymorphs: Polymorphs) -> HostExpansions:
    """One for each, with energies of one method."""
    expansions = {name: _expansion(name, stated) for name, stated in polymorphs.hosts.items()}
    _require_one_formula(expansions, polymorphs.hosts)
    sites = {name: stated.sites for name, stated in polymorphs.hosts.items()}
    errors = {name: stated.energy_error for name, stated in polymorphs.hosts.items()}
    return HostExpansions(expansions=expansions, sites=sites, energy_errors=errors)


@rung("orderings of several hosts, the stable ones", headline=_joined)
def joined_orderings(host_expansions: HostExpansions, monte_carlo: MonteCarlo, seed: int) -> xr.Dataset:
    """At each chemical potential the states of the host whose grand potential is least."""
    common: dict[str, Any] = {name: getattr(monte_carlo, name) for name in ("cells", "sweeps", "points", "parallel_tempering")}
    common |= {"executor": progress.executor.get(), "progress": report_progress}
    sampled = {}
    for number, (name, fit) in enumerate(host_expansions.expansions.items()):
        states = lattice.semi_grand_canonical(fit, monte_carlo.temperatures, seed=seed + number, **common)
        if fit.covariance:  # a member that was drawn has none
            states = lattice.add_fit_error(states, fit, cells=part_of(monte_carlo.cells), seed=seed + number)
        sampled[name] = states
    return lattice.join_hosts(sampled, host_expansions.sites, errors=host_expansions.energy_errors)
