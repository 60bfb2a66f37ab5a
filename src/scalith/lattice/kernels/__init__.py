"""Compiled loops of the lattice room."""
