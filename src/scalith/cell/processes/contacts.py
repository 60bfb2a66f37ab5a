"""Contacts that get worse: of the particles with what carries their electrons or ions, and of the collectors."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field

from scalith.cell.kernels.resistance_growth import corrosion_rate, loss_of_contact_rate
from scalith.cell.processes.process import Process
from scalith.quantities import SI
from scalith.quantities.specification import MolarEnergy, Temperature

if TYPE_CHECKING:
    from scalith.cell.specification.active_material import ActiveMaterial


class LossOfContact(Process):
    r"""The contact of a particle with its conductor, or with a solid electrolyte, wears as it swells and shrinks: of a share
    1 − θ that still touches

    .. math:: r = \frac{r_0}{1 - θ}, \qquad \dot θ = β |j|

    per surface, behind which the reaction goes on over the whole surface. r₀ under a stack pressure is that of
    `scalith.interface.contact_resistance`; material that is cut off altogether is a `LossByCurrent`.

    Attributes
    ----------
    initial_resistance : r₀, ohm m2
        Per surface of the particles.
    share_per_charge : β, m2 mol-1
        Of intercalated ions per surface.
    """

    kind: ClassVar[str] = "loss_of_contact"
    rate: ClassVar[Callable[..., Any]] = loss_of_contact_rate
    scale: ClassVar[float] = 1e-4

    initial_resistance: Annotated[float, SI("ohm m2"), Field(gt=0)]
    share_per_charge: Annotated[float, SI("m2 mol-1"), Field(gt=0)]

    def initial_state(self) -> float:
        """r₀."""
        return self.initial_resistance

    def film(self) -> float:
        """It is a resistance."""
        return 1.0

    def numbers(self, material: ActiveMaterial) -> tuple[float, ...]:
        """β, r₀."""
        return (self.share_per_charge, self.initial_resistance)


class CollectorCorrosion(Process):
    """The collector of the electrode corrodes: at a given rate it adds to the contact resistance of the cell.

    It is stated with one material of that electrode. The resistance follows behind each time step.

    Attributes
    ----------
    resistance_rate : ohm m2 s-1
        Times the area of all layers of the cell: a cell, or a patch of one, of half the area gains twice the ohms.
    activation_energy : J mol-1
    reference_temperature : K
    """

    kind: ClassVar[str] = "collector_corrosion"
    rate: ClassVar[Callable[..., Any]] = corrosion_rate
    scale: ClassVar[float] = 1e-4

    resistance_rate: Annotated[float, SI("ohm m2 s-1"), Field(ge=0)]
    activation_energy: MolarEnergy = 0.0
    reference_temperature: Temperature = 298.15

    def contact(self) -> float:
        """It is a resistance of the cell, times its area."""
        return 1.0

    def numbers(self, material: ActiveMaterial) -> tuple[float, ...]:
        """Rate, E, T_ref."""
        return (self.resistance_rate, self.activation_energy, self.reference_temperature)
