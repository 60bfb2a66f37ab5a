"""Compiled loops of this package: reaction rates, the stiff network, conduction in three dimensions."""
