"""Numerical methods shared by all scales: compiled kernels, tables, interpolation, integrators, digests."""
