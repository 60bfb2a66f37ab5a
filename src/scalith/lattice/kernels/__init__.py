"""Compiled loops of the lattice package."""
