"""Small hosts for tests."""

from __future__ import annotations

from scalith.crystal import Host, HostSite


def layered() -> Host:
    """Square layers of lithium sites, 3 Å apart in the layer and 5 Å between, with oxygen between the layers."""
    lithium = HostSite(position=(0.0, 0.0, 0.0), species=("Li", "vacancy"), charges=(1.0, 0.0))
    oxygen = HostSite(position=(0.5, 0.5, 0.5), species=("O",), charges=(-0.5,))
    return Host(name="LixO", working_ion="Li", lattice=((3, 0, 0), (0, 3, 0), (0, 0, 5)), sites=(lithium, oxygen))
