"""Ions on sites: cluster expansion, Monte Carlo, thermodynamics, kinetic Monte Carlo."""

from scalith.lattice.expansion.cluster_expansion import ClusterExpansion, HullReport, fit_cluster_expansion
from scalith.lattice.expansion.cluster_space import Orbit, cluster_orbits, cluster_vector
from scalith.lattice.expansion.local_cluster_expansion import LocalClusterExpansion, local_orbits, read_local_cluster_expansion
from scalith.lattice.expansion.species_expansion import (
    DecoratedOrbit,
    Species,
    SpeciesExpansion,
    decorated_orbits,
    fit_species_expansion,
    species_vector,
)
from scalith.lattice.hopping.blocked_channels import (
    ChannelNetwork,
    Release,
    accessible_share,
    blocked_channels,
    blocked_diffusivity,
    channel_hop_length,
    channel_release,
    draw_channels,
)
from scalith.lattice.hopping.centred_hops import centred_hop_diffusivity
from scalith.lattice.hopping.diffusivity import (
    arrhenius_fit,
    chemical_diffusivity,
    correlation_factor,
    haven_ratio,
    jump_diffusivity,
    tracer_diffusivity,
)
from scalith.lattice.hopping.fitted_barriers import fit_hop_barriers
from scalith.lattice.hopping.hop_barriers import HopBarriers, HopKind
from scalith.lattice.hopping.kinetic_monte_carlo import kinetic_monte_carlo
from scalith.lattice.hopping.reweighted import reweighted_hops, sample_hop_energies
from scalith.lattice.phases.added_free_energy import add_free_energies
from scalith.lattice.phases.common_tangent import Tangent, common_tangents
from scalith.lattice.phases.fit_error import add_fit_error, beside_fit_error, with_fit_error
from scalith.lattice.phases.hysteresis import sample_hysteresis
from scalith.lattice.phases.isotherms import two_phase_regions
from scalith.lattice.phases.long_range_order import Order, long_range_order
from scalith.lattice.phases.phase_boundaries import phase_boundaries
from scalith.lattice.phases.phase_diagram import phase_diagram
from scalith.lattice.phases.several_hosts import beside_host_errors, join_hosts
from scalith.lattice.phases.thermodynamics import (
    chemical_potential,
    configurational_entropy,
    entropic_coefficient,
    metal_energy,
    open_circuit_voltage,
    thermodynamic_factor,
)
from scalith.lattice.sampling.canonical import sample_canonical
from scalith.lattice.sampling.monte_carlo import semi_grand_canonical
from scalith.lattice.sampling.reweighted import reweighted_orderings, sample_clusters
from scalith.lattice.sampling.snapshot import lattice_snapshot
from scalith.lattice.sampling.species_monte_carlo import species_canonical, species_semi_grand_canonical
from scalith.lattice.sampling.variance_constrained import variance_constrained

__all__ = [
    "ChannelNetwork",
    "ClusterExpansion",
    "DecoratedOrbit",
    "HopBarriers",
    "HopKind",
    "HullReport",
    "LocalClusterExpansion",
    "Orbit",
    "Order",
    "Release",
    "Species",
    "SpeciesExpansion",
    "Tangent",
    "accessible_share",
    "add_fit_error",
    "add_free_energies",
    "arrhenius_fit",
    "beside_fit_error",
    "beside_host_errors",
    "blocked_channels",
    "blocked_diffusivity",
    "centred_hop_diffusivity",
    "channel_hop_length",
    "channel_release",
    "chemical_diffusivity",
    "chemical_potential",
    "cluster_orbits",
    "cluster_vector",
    "common_tangents",
    "configurational_entropy",
    "correlation_factor",
    "decorated_orbits",
    "draw_channels",
    "entropic_coefficient",
    "fit_cluster_expansion",
    "fit_hop_barriers",
    "fit_species_expansion",
    "haven_ratio",
    "join_hosts",
    "jump_diffusivity",
    "kinetic_monte_carlo",
    "lattice_snapshot",
    "local_orbits",
    "long_range_order",
    "metal_energy",
    "open_circuit_voltage",
    "phase_boundaries",
    "phase_diagram",
    "read_local_cluster_expansion",
    "reweighted_hops",
    "reweighted_orderings",
    "sample_canonical",
    "sample_clusters",
    "sample_hop_energies",
    "sample_hysteresis",
    "semi_grand_canonical",
    "species_canonical",
    "species_semi_grand_canonical",
    "species_vector",
    "thermodynamic_factor",
    "tracer_diffusivity",
    "two_phase_regions",
    "variance_constrained",
    "with_fit_error",
]
