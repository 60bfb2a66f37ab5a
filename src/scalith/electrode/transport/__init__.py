"""Conduction through voxels: solver and effective properties."""
