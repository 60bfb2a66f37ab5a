"""Current collectors and tabs of one electrode sheet."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from scalith.quantities import SI, InputError, Spec

Length = Annotated[float, SI("m"), Field(gt=0)]


class Tab(Spec):
    """Where a collector meets its terminal.

    Attributes
    ----------
    edge : {"top", "bottom", "left", "right"}
        Of the sheet; height goes from the bottom to the top, width from the left to the right.
    centre : m
        From the left, or from the bottom.
    width : m
        Along the edge; as wide as the edge for a cell without tabs.
    """

    edge: Literal["top", "bottom", "left", "right"]
    centre: Length
    width: Length


class Collectors(Spec):
    """Collectors and tabs of a cell whose electrodes are sheets: stacked, folded, or unrolled from a cylinder.

    All layers of a cell are alike and share its current equally; their number is its electrode area over that of a sheet.

    Attributes
    ----------
    width, height : m
        Of the electrode sheet.
    negative_thickness, positive_thickness : m
        Of the foil for one electrode: half a foil that is coated on both sides.
    negative_conductivity, positive_conductivity : S m-1
    negative_tab, positive_tab : Tab
    in_plane_conductivity : W m-1 K-1, optional
        Of the stack along its layers; heat then spreads between patches, over the ``thickness`` of the cell's thermal part.

    Raises
    ------
    InputError
        A tab reaches beyond its edge.
    """

    width: Length
    height: Length
    negative_thickness: Length
    positive_thickness: Length
    negative_conductivity: Annotated[float, SI("S m-1"), Field(gt=0)]
    positive_conductivity: Annotated[float, SI("S m-1"), Field(gt=0)]
    negative_tab: Tab
    positive_tab: Tab
    in_plane_conductivity: Annotated[float, SI("W m-1 K-1"), Field(gt=0)] | None = None

    @model_validator(mode="after")
    def _tabs_lie_on_the_sheet(self) -> Collectors:
        for name in ("negative_tab", "positive_tab"):
            tab: Tab = getattr(self, name)
            edge = self.width if tab.edge in ("top", "bottom") else self.height
            low, high = tab.centre - 0.5 * tab.width, tab.centre + 0.5 * tab.width
            if low < -1e-9 * edge or high > (1.0 + 1e-9) * edge:
                raise InputError("", name, f"from {low:.4g} to {high:.4g} m", f"0 to {edge:.4g} m, along the {tab.edge} edge")
        return self
