"""One grain: diffusion, its mesh and its kernel tables."""

from scalith.particle.diffusion_table import flux_potential_table
from scalith.particle.fickian import simulate_grain
from scalith.particle.mesh import RadialMesh, radial_mesh

__all__ = ["RadialMesh", "flux_potential_table", "radial_mesh", "simulate_grain"]
