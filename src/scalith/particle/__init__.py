"""One particle: diffusion and phase separation, its mesh and its kernel tables."""

from scalith.particle.diffusion_table import flux_potential_table
from scalith.particle.fickian import simulate_particle
from scalith.particle.mesh import RadialMesh, radial_mesh
from scalith.particle.phase_field import PhaseField, phase_separation, simulate_phase_field
from scalith.particle.shared_potential import critical_current, simulate_depth_averaged, simulate_mosaic
from scalith.particle.spinodal_decomposition import simulate_spinodal_decomposition
from scalith.particle.stress_assisted_diffusion import ParticleStress, stress_assisted_diffusivity

__all__ = [
    "ParticleStress",
    "PhaseField",
    "RadialMesh",
    "critical_current",
    "flux_potential_table",
    "phase_separation",
    "radial_mesh",
    "simulate_depth_averaged",
    "simulate_mosaic",
    "simulate_particle",
    "simulate_phase_field",
    "simulate_spinodal_decomposition",
    "stress_assisted_diffusivity",
]
