"""Elasticity of voxels."""
