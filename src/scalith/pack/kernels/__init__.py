"""Compiled loops of this room: reaction rates, the stiff network, conduction in three dimensions."""
