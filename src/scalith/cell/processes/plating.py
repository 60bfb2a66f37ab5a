"""Lithium metal that is plated on the particles of an electrode, and stripped again."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field

from scalith.cell.kernels.plating import plating_rate
from scalith.cell.processes.all_processes import place_of
from scalith.cell.processes.dead_lithium import DeadLithium
from scalith.cell.processes.process import Process
from scalith.quantities import SI, InputError
from scalith.quantities.constants import LITHIUM_MOLAR_VOLUME
from scalith.quantities.specification import Concentration, MolarEnergy, Temperature

if TYPE_CHECKING:
    from scalith.cell.specification.active_material import ActiveMaterial


class LithiumPlating(Process):
    r"""Lithium plated per surface of the particles, z, with its rate by

    .. math::

        s = k \Big(a z\, e^{α_a F ψ/RT} - c_e\, e^{-α_c F ψ/RT}\Big), \qquad \dot z = -s

    (O'Kane et al., DOI 10.1149/1945-7111/ab90ac), ψ against lithium metal, a the surface of the particles per volume. It is
    plated at any potential, and the less the higher: on a graphite at rest it comes to a z = c_e e^{−Fψ/RT}. Without
    `reversible` nothing is stripped (a z is left out). With a `dead_lithium_decay_rate` a part d of z loses its contact
    (`DeadLithium`), and z − d is stripped.

    Attributes
    ----------
    rate_constant : m s-1
        k.
    electrolyte_concentration : mol m-3
        c_e at a relative concentration of one: the initial one of the electrolyte.
    anodic_transfer_coefficient, cathodic_transfer_coefficient : α_a, α_c
    reversible : bool
    dead_lithium_decay_rate : γ₀, s-1
        0 keeps all lithium alive.
    molar_volume : m3 mol-1
        Of lithium, which fills the pores; 0 leaves them open.
    activation_energy : J mol-1
    reference_temperature : K
    """

    kind: ClassVar[str] = "lithium_plating"
    rate: ClassVar[Callable[..., Any]] = plating_rate
    scale: ClassVar[float] = 1e-5
    relative_scale: ClassVar[float] = 0.1

    rate_constant: Annotated[float, SI("m s-1"), Field(gt=0)]
    electrolyte_concentration: Concentration
    anodic_transfer_coefficient: Annotated[float, Field(gt=0, le=1)] = 0.35
    cathodic_transfer_coefficient: Annotated[float, Field(gt=0, le=1)] = 0.65
    reversible: bool = True
    dead_lithium_decay_rate: Annotated[float, SI("s-1"), Field(ge=0)] = 0.0
    molar_volume: Annotated[float, SI("m3 mol-1"), Field(ge=0)] = LITHIUM_MOLAR_VOLUME
    activation_energy: MolarEnergy = 0.0
    reference_temperature: Temperature = 298.15

    def volume(self) -> float:
        """The molar volume of lithium."""
        return self.molar_volume

    def lithium(self) -> float:
        """All of z."""
        return 1.0

    def companions(self) -> tuple[Process, ...]:
        """The dead lithium."""
        return (DeadLithium(decay_rate=self.dead_lithium_decay_rate),) if self.dead_lithium_decay_rate > 0.0 else ()

    def refuse(self, material: ActiveMaterial) -> None:
        """On a lithium metal it is the reaction of the electrode itself."""
        if material.metal_thickness is not None:
            raise InputError("active material", "processes", f"{self.kind} on a lithium metal", "particles that take up lithium")

    def numbers(self, material: ActiveMaterial) -> tuple[float, ...]:
        """k, a, c_e, α_a, α_c, E, T_ref, place of the dead lithium (−1 for none)."""
        area = material.area if self.reversible else 0.0
        return (
            self.rate_constant, area, self.electrolyte_concentration, self.anodic_transfer_coefficient,
            self.cathodic_transfer_coefficient, self.activation_energy, self.reference_temperature,
            place_of(material, DeadLithium),
        )  # fmt: skip
