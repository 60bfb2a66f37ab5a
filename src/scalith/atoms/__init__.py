"""Energies of atoms: engines, relaxations and their database, barriers, vibrations, molecular dynamics, elasticity, bands."""

from scalith.atoms.active_learning import LearningReport, LearningRound, learn_orderings
from scalith.atoms.antisites import (
    AntisitePair,
    antisite_concentration,
    antisite_formation,
    antisite_pairs,
    read_antisite_formation,
)
from scalith.atoms.band_conductivity import (
    SOMMERFELD_NUMBER,
    band_conductivity,
    boltzmann_transport,
    drude_conductivity,
    electrons_held,
    fermi_level,
    fermi_level_of_filling,
)
from scalith.atoms.bands import band_grid, density_of_states, effective_mass, gpaw_band_grid, gpaw_band_path
from scalith.atoms.barrier_correction import (
    BarrierCorrection,
    PublishedBarrier,
    corrected_barrier,
    fit_barrier_correction,
    lattice_barriers,
)
from scalith.atoms.barriers import BandSettings, Barrier, hop_barrier
from scalith.atoms.database import compute_energies, read_database
from scalith.atoms.elasticity import (
    born_stability,
    elastic_moduli,
    given_stiffness,
    polycrystal_elasticity,
    stiffness_tensor,
)
from scalith.atoms.electron_localisation import (
    LocalisationCorrection,
    draw_localisation,
    fit_localisation,
    fit_localisation_to_energies,
    formation_energies,
    localised_energies,
    unlike_pairs,
)
from scalith.atoms.engine import Engine, write_inputs
from scalith.atoms.hops import SiteHop, distinct_hops, hop_end_points
from scalith.atoms.ion_conduction import (
    effective_hops,
    extrapolate_conductivity,
    ion_displacements,
    ionic_conductivity,
    trajectory_diffusivity,
    trajectory_haven_ratio,
)
from scalith.atoms.ion_trajectories import read_ion_motion
from scalith.atoms.lowest_orderings import LowestOrdering, relax_lowest_orderings
from scalith.atoms.molecular_dynamics import DynamicsSettings, simulate_ion_motion
from scalith.atoms.orderings import (
    choose_diverse,
    host_between,
    ordering_structures,
    pair_correlations,
    relax_orderings,
    relaxed_ends,
)
from scalith.atoms.polaron_conductivity import SmallPolaronHop, marcus_rate, polaron_diffusivity, small_polaron_conductivity
from scalith.atoms.relaxation import Relaxation, Relaxed, check_structure, relax
from scalith.atoms.vibrations import (
    einstein_solid,
    harmonic_thermodynamics,
    imaginary_share,
    phonon_frequencies,
    vibrational_free_energy,
)
from scalith.atoms.volume import misfit_strain, molar_volume, reaction_volume

__all__ = [
    "AntisitePair",
    "BandSettings",
    "Barrier",
    "BarrierCorrection",
    "DynamicsSettings",
    "Engine",
    "LearningReport",
    "LearningRound",
    "LocalisationCorrection",
    "LowestOrdering",
    "PublishedBarrier",
    "Relaxation",
    "Relaxed",
    "SOMMERFELD_NUMBER",
    "SiteHop",
    "SmallPolaronHop",
    "antisite_concentration",
    "antisite_formation",
    "antisite_pairs",
    "band_conductivity",
    "band_grid",
    "boltzmann_transport",
    "born_stability",
    "check_structure",
    "choose_diverse",
    "compute_energies",
    "corrected_barrier",
    "density_of_states",
    "distinct_hops",
    "draw_localisation",
    "drude_conductivity",
    "effective_hops",
    "effective_mass",
    "einstein_solid",
    "elastic_moduli",
    "electrons_held",
    "extrapolate_conductivity",
    "fermi_level",
    "fermi_level_of_filling",
    "fit_barrier_correction",
    "fit_localisation",
    "fit_localisation_to_energies",
    "formation_energies",
    "given_stiffness",
    "gpaw_band_grid",
    "gpaw_band_path",
    "harmonic_thermodynamics",
    "hop_barrier",
    "hop_end_points",
    "host_between",
    "imaginary_share",
    "ion_displacements",
    "ionic_conductivity",
    "lattice_barriers",
    "learn_orderings",
    "localised_energies",
    "marcus_rate",
    "misfit_strain",
    "molar_volume",
    "ordering_structures",
    "pair_correlations",
    "phonon_frequencies",
    "polycrystal_elasticity",
    "polaron_diffusivity",
    "reaction_volume",
    "read_antisite_formation",
    "read_database",
    "read_ion_motion",
    "relax",
    "relax_lowest_orderings",
    "relax_orderings",
    "relaxed_ends",
    "simulate_ion_motion",
    "small_polaron_conductivity",
    "stiffness_tensor",
    "trajectory_diffusivity",
    "trajectory_haven_ratio",
    "unlike_pairs",
    "vibrational_free_energy",
    "write_inputs",
]
