"""Hops, kinetic Monte Carlo and diffusivities."""
