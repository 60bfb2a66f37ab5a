"""Compiled loops of the porous-electrode solver."""
