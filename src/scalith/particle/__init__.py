"""One particle: diffusion, phase separation, stress, plastic flow and cracks; its mesh and its kernel tables."""

from scalith.particle.diffusion_table import flux_potential_table
from scalith.particle.elastic_stress import elastic_stress, galvanostatic_stress
from scalith.particle.fickian import simulate_particle
from scalith.particle.fracture import ParisLaw, critical_size, penny_crack_intensity, safe_rate
from scalith.particle.homogeneous_free_energy import HomogeneousFreeEnergy, homogeneous_free_energy
from scalith.particle.hysteresis import simulate_hysteresis
from scalith.particle.layered_stress import layered_elastic_stress
from scalith.particle.mesh import RadialMesh, radial_mesh
from scalith.particle.phase_field import PhaseField, phase_separation, simulate_phase_field
from scalith.particle.plastic_particle import simulate_plastic_particle
from scalith.particle.plastic_sphere import simulate_plastic_sphere
from scalith.particle.plasticity import FilmHysteresis, PlasticHost, core_shell_pressure, cycle_film, film_hysteresis
from scalith.particle.shared_potential import critical_current, simulate_depth_averaged, simulate_mosaic
from scalith.particle.spinodal_decomposition import simulate_spinodal_decomposition
from scalith.particle.stress_assisted_diffusion import ParticleStress, stress_assisted_diffusivity

__all__ = [
    "FilmHysteresis",
    "HomogeneousFreeEnergy",
    "ParisLaw",
    "ParticleStress",
    "PhaseField",
    "PlasticHost",
    "RadialMesh",
    "core_shell_pressure",
    "critical_current",
    "critical_size",
    "cycle_film",
    "elastic_stress",
    "film_hysteresis",
    "flux_potential_table",
    "galvanostatic_stress",
    "homogeneous_free_energy",
    "layered_elastic_stress",
    "penny_crack_intensity",
    "phase_separation",
    "radial_mesh",
    "safe_rate",
    "simulate_depth_averaged",
    "simulate_hysteresis",
    "simulate_mosaic",
    "simulate_particle",
    "simulate_phase_field",
    "simulate_plastic_particle",
    "simulate_plastic_sphere",
    "simulate_spinodal_decomposition",
    "stress_assisted_diffusivity",
]
