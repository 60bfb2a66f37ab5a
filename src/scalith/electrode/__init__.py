"""A piece of electrode in voxels: images, generated structures, effective properties."""

from __future__ import annotations

from scalith.electrode.binder import place_binder
from scalith.electrode.boundaries import interface_areas, mean_curvature, triple_phase_length
from scalith.electrode.composite import CompositeElectrode, composite_electrode, heckel_porosity
from scalith.electrode.composite_study import composite_study, limiting_path, percolation_threshold
from scalith.electrode.conduction import conduction, effective_conductivity
from scalith.electrode.effective_properties import (
    ElectrodeStructure,
    effective_properties,
    effective_property,
    subvolume_properties,
)
from scalith.electrode.effective_tensor import effective_tensor
from scalith.electrode.elasticity import IsotropicElasticity, effective_stiffness, isotropic_moduli, stress_from_eigenstrain
from scalith.electrode.image import VoxelImage
from scalith.electrode.image_file import image_dataset, image_from_dataset, read_image, write_image
from scalith.electrode.morphology import chord_lengths, covariance, particle_sizes
from scalith.electrode.packed_particles import ParticleKind, packed_particles
from scalith.electrode.percolation import reached, spanning_threshold, through_paths
from scalith.electrode.random_field import FieldPhase, random_field
from scalith.electrode.reaction_zone import reaction_zone
from scalith.electrode.reference_bodies import checkerboard, laminate, random_sites, sphere_lattice
from scalith.electrode.reshaping import crop, mirror, resample

__all__ = [
    "CompositeElectrode",
    "ElectrodeStructure",
    "FieldPhase",
    "IsotropicElasticity",
    "ParticleKind",
    "VoxelImage",
    "checkerboard",
    "chord_lengths",
    "composite_electrode",
    "composite_study",
    "conduction",
    "covariance",
    "crop",
    "effective_conductivity",
    "effective_properties",
    "effective_property",
    "effective_stiffness",
    "effective_tensor",
    "heckel_porosity",
    "image_dataset",
    "image_from_dataset",
    "interface_areas",
    "isotropic_moduli",
    "laminate",
    "limiting_path",
    "mean_curvature",
    "mirror",
    "packed_particles",
    "particle_sizes",
    "percolation_threshold",
    "place_binder",
    "random_field",
    "random_sites",
    "reached",
    "reaction_zone",
    "read_image",
    "resample",
    "spanning_threshold",
    "sphere_lattice",
    "stress_from_eigenstrain",
    "subvolume_properties",
    "through_paths",
    "triple_phase_length",
    "write_image",
]
