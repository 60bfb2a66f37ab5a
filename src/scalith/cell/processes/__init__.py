"""Processes at the surface of a particle, beside its reaction: each a file with its equation, specification and rate."""
