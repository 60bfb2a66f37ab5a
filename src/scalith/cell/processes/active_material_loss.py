"""Active material that no longer takes part, and the lithium in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field

from scalith.cell.kernels.cracks import kept_rate, loss_by_current_rate, loss_by_stress_rate
from scalith.cell.processes.process import Process
from scalith.cell.processes.stress_of_surface import hydrostatic_stress, require_stress
from scalith.quantities import SI, InputError
from scalith.quantities.specification import MolarEnergy, Temperature

if TYPE_CHECKING:
    from scalith.cell.specification.active_material import ActiveMaterial


class LostLithium(Process):
    r"""Lithium in lost material, mol per m² of the fresh surface: it leaves the inventory at its stoichiometry when it is lost,

    :math:`\dot q = (c_{max} \bar x R/d + \sum b)\, \dot z` with what is bound on its surface, b (Sulzer et al.,
    DOI 10.1149/1945-7111/ac3e48, eq. 37). Kept by what is counted, step by step, so that none is lost on the way.
    """

    rate: ClassVar[Callable[..., Any]] = kept_rate
    scale: ClassVar[float] = 1.0

    def keeps_lost_lithium(self) -> bool:
        """It does."""
        return True

    def numbers(self, material: ActiveMaterial) -> tuple[float, ...]:
        """None."""
        return ()


class LossOfActiveMaterial(Process):
    """What all losses share: z is the share of the material, with its surface, that is lost."""

    scale: ClassVar[float] = 1e-6

    def loss(self) -> float:
        """All of z."""
        return 1.0

    def refuse(self, material: ActiveMaterial) -> None:
        """Lithium metal is no host that could be lost: it is stripped."""
        if material.metal_thickness is not None:
            raise InputError("active material", "processes", f"{self.kind} on a lithium metal", "particles that take up lithium")

    def companions(self) -> tuple[Process, ...]:
        """The lithium in it."""
        return (LostLithium(),)


class LossByStress(LossOfActiveMaterial):
    r"""Loss driven by the hydrostatic stress of the surface:

    .. math::

        \dot ε_s = -β \Big(\frac{|σ_h|}{σ_c}\Big)^m, \qquad σ_h = \frac{2 Ω E}{9(1-ν)} (\bar c - c_s)

    with β of tension, and one of compression where that is stated (Laresgoiti et al. 2015; Reniers
    et al., DOI 10.1149/2.0281914jes). Elasticity and swelling are
    those of the material's `stress`.

    Attributes
    ----------
    rate_constant : β of tension, s-1
    compressive_rate_constant : β of compression, s-1
    critical_stress : σ_c, Pa
    exponent : m
    activation_energy : J mol-1
    reference_temperature : K
    """

    kind: ClassVar[str] = "loss_by_stress"
    rate: ClassVar[Callable[..., Any]] = loss_by_stress_rate

    rate_constant: Annotated[float, SI("s-1"), Field(ge=0)]
    compressive_rate_constant: Annotated[float, SI("s-1"), Field(ge=0)] = 0.0
    critical_stress: Annotated[float, SI("Pa"), Field(gt=0)]
    exponent: Annotated[float, Field(gt=0, le=10)] = 2.0
    activation_energy: MolarEnergy = 0.0
    reference_temperature: Temperature = 298.15

    def refuse(self, material: ActiveMaterial) -> None:
        """Without elasticity there is no stress."""
        require_stress(material, self.kind)

    def numbers(self, material: ActiveMaterial) -> tuple[float, ...]:
        """Stress per stoichiometry, both β over ε_s, σ_c, m, E, T_ref."""
        fraction = material.volume_fraction
        return (
            hydrostatic_stress(material), self.rate_constant / fraction, self.compressive_rate_constant / fraction,
            self.critical_stress, self.exponent, self.activation_energy, self.reference_temperature,
        )  # fmt: skip


class LossByCurrent(LossOfActiveMaterial):
    r"""Loss by the charge that passes the surfaces, in both directions: :math:`\dot z = β |j|` (current-driven; Reniers et al.,
    DOI 10.1149/2.0281914jes).

    Attributes
    ----------
    share_per_charge : β, m2 mol-1
        Of intercalated ions per surface.
    activation_energy : J mol-1
    reference_temperature : K
    """

    kind: ClassVar[str] = "loss_by_current"
    rate: ClassVar[Callable[..., Any]] = loss_by_current_rate

    share_per_charge: Annotated[float, SI("m2 mol-1"), Field(gt=0)]
    activation_energy: MolarEnergy = 0.0
    reference_temperature: Temperature = 298.15

    def numbers(self, material: ActiveMaterial) -> tuple[float, ...]:
        """β, E, T_ref."""
        return (self.share_per_charge, self.activation_energy, self.reference_temperature)
