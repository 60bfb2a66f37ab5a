"""Plated lithium that loses its contact."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field

from scalith.cell.kernels.plating import dead_lithium_rate
from scalith.cell.processes.all_processes import place_of, processes_of
from scalith.cell.processes.film_growth import Film
from scalith.cell.processes.process import Process
from scalith.quantities import SI
from scalith.quantities.specification import MolarEnergy, Temperature

if TYPE_CHECKING:
    from scalith.cell.specification.active_material import ActiveMaterial


class DeadLithium(Process):
    r"""Plated lithium d that cannot be stripped any more, of all that was plated, z:

    .. math:: \dot d = γ_0 \frac{L_0}{L} (z - d)

    with the thickness L of the first film on the material, γ₀ alone where there is none (O'Kane et al., DOI 10.1039/D2CP00417H).
    It comes with `LithiumPlating`, which states the rate: z counts the dead lithium too, so that none is lost on the way.

    Attributes
    ----------
    decay_rate : s-1
        γ₀.
    activation_energy : J mol-1
    reference_temperature : K
    """

    rate: ClassVar[Callable[..., Any]] = dead_lithium_rate
    scale: ClassVar[float] = 1e-5

    decay_rate: Annotated[float, SI("s-1"), Field(gt=0)]
    activation_energy: MolarEnergy = 0.0
    reference_temperature: Temperature = 298.15

    def numbers(self, material: ActiveMaterial) -> tuple[float, ...]:
        """γ₀, E, T_ref, place of the plated lithium, L₀, place of the film (−1 for none)."""
        film = place_of(material, Film)
        thickness = processes_of(material)[film].initial_state() if film >= 0 else 1.0
        plated = place_of(material, DeadLithium) - 1  # it comes behind what was plated
        return (self.decay_rate, self.activation_energy, self.reference_temperature, plated, thickness, film)
