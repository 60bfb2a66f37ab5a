"""A piece of electrode in voxels: images, generated structures, effective properties."""

from __future__ import annotations

from scalith.electrode.composite_study import composite_study, limiting_path, percolation_threshold
from scalith.electrode.generate.binder import place_binder
from scalith.electrode.generate.composite import CompositeElectrode, composite_electrode, heckel_porosity
from scalith.electrode.generate.packed_particles import ParticleKind, packed_particles
from scalith.electrode.generate.random_field import FieldPhase, random_field
from scalith.electrode.generate.reference_bodies import checkerboard, laminate, random_sites, sphere_lattice
from scalith.electrode.image.image import VoxelImage
from scalith.electrode.image.image_file import image_dataset, image_from_dataset, read_grey, read_image, write_image
from scalith.electrode.image.reshaping import crop, mirror, resample
from scalith.electrode.image.segmentation import GreyImage, over_thresholds, plausible_thresholds, segment, smooth
from scalith.electrode.measure.boundaries import interface_areas, mean_curvature, triple_phase_length
from scalith.electrode.measure.diffusion_radius import diffusion_radius
from scalith.electrode.measure.morphology import chord_lengths, covariance, particle_sizes
from scalith.electrode.measure.percolation import connected_to, spanning_threshold, through_paths
from scalith.electrode.measure.pore_network import pore_network, write_pore_network
from scalith.electrode.measure.reaction_zone import reaction_area, reaction_area_with_error, reaction_zone
from scalith.electrode.measure.separate_particles import separate_particles, whole_particles
from scalith.electrode.mechanics.elasticity import (
    IsotropicElasticity,
    effective_stiffness,
    isotropic_moduli,
    stress_from_eigenstrain,
)
from scalith.electrode.mechanics.fracture import FractureModel, InterfaceToughness, cracked_image, simulate_fracture
from scalith.electrode.mechanics.misfit import debonding_radius, delamination_energy, misfit_pressure
from scalith.electrode.requirements import ionic_with_debonded
from scalith.electrode.transport.conduction import effective_conductivity, solve_conduction, tortuosity
from scalith.electrode.transport.depth_profile import tortuosity_profile
from scalith.electrode.transport.effective_properties import (
    ElectrodeStructure,
    active_parts,
    effective_properties,
    effective_property,
    ionic_bound,
    require_below_bound,
    subvolume_properties,
)
from scalith.electrode.transport.effective_tensor import effective_tensor
from scalith.electrode.transport.electrode_impedance import electrode_impedance
from scalith.electrode.transport.electrode_tortuosity import electrode_tortuosity
from scalith.electrode.transport.periodic_sides import solve_periodic_sides
from scalith.electrode.transport.permeability import permeability
from scalith.electrode.transport.voxel_conduction import conduct_voxels

__all__ = [
    "misfit_pressure",
    "delamination_energy",
    "debonding_radius",
    "simulate_fracture",
    "cracked_image",
    "InterfaceToughness",
    "FractureModel",
    "CompositeElectrode",
    "ElectrodeStructure",
    "FieldPhase",
    "GreyImage",
    "IsotropicElasticity",
    "ParticleKind",
    "VoxelImage",
    "active_parts",
    "checkerboard",
    "chord_lengths",
    "composite_electrode",
    "composite_study",
    "conduct_voxels",
    "segment",
    "separate_particles",
    "smooth",
    "solve_conduction",
    "solve_periodic_sides",
    "covariance",
    "crop",
    "diffusion_radius",
    "effective_conductivity",
    "effective_properties",
    "effective_property",
    "effective_stiffness",
    "effective_tensor",
    "electrode_impedance",
    "electrode_tortuosity",
    "heckel_porosity",
    "image_dataset",
    "image_from_dataset",
    "interface_areas",
    "ionic_bound",
    "ionic_with_debonded",
    "isotropic_moduli",
    "laminate",
    "limiting_path",
    "mean_curvature",
    "mirror",
    "over_thresholds",
    "packed_particles",
    "particle_sizes",
    "percolation_threshold",
    "permeability",
    "place_binder",
    "plausible_thresholds",
    "pore_network",
    "random_field",
    "random_sites",
    "connected_to",
    "reaction_area",
    "reaction_area_with_error",
    "reaction_zone",
    "read_grey",
    "read_image",
    "require_below_bound",
    "resample",
    "spanning_threshold",
    "sphere_lattice",
    "stress_from_eigenstrain",
    "subvolume_properties",
    "through_paths",
    "tortuosity",
    "tortuosity_profile",
    "triple_phase_length",
    "whole_particles",
    "write_image",
    "write_pore_network",
]
