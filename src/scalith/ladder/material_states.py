"""The sampled states that the properties of a material come from, and the errors that they carry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scalith import lattice
from scalith.quantities import InputError

if TYPE_CHECKING:
    import xarray as xr

    from scalith.quantities import Property

STATES = ("sampled_orderings", "joined_orderings")
"""What the properties of a material come from: the states of one host, or of several."""


def material_states(sampled: xr.Dataset | None, joined: xr.Dataset | None) -> xr.Dataset:
    """Those of the two that a study has.

    Raises
    ------
    InputError
        It has both.
    """
    if sampled is not None and joined is not None:
        raise InputError(
            "[polymorphs]", "", "states of one host beside it", "[crystal] with one host, or [polymorphs] with several"
        )
    states = joined if sampled is None else sampled
    assert states is not None  # one of the two, by the graph
    return states


def beside_errors(value: Property, states: xr.Dataset, scale: float = 1.0) -> Property:
    """A voltage, or with `scale` a chemical potential, with the errors that its states carry."""
    return lattice.beside_host_errors(lattice.beside_fit_error(value, states, scale), states, scale)
