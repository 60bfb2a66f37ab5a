"""Energies of orderings: cluster spaces, expansions, their fits."""
