"""A shell of the positive electrode that has lost its structure."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from scalith.cell.kernels import layout
from scalith.cell.kernels.resistance_growth import shell_rate
from scalith.cell.processes.active_material_loss import LossOfActiveMaterial
from scalith.quantities import SI, InputError
from scalith.quantities.specification import MolarEnergy, Temperature, Voltage

if TYPE_CHECKING:
    from scalith.cell.specification.active_material import ActiveMaterial


class ReconstructedShell(LossOfActiveMaterial):
    r"""A layered oxide that gives off oxygen turns to rock salt from its surface inwards, a shell of thickness s:

    .. math::

        \dot s = \frac{k}{1 + k s/D}, \qquad k = k_0 \exp\Big(\frac{α F (ψ - U)}{RT}\Big)

    by the reaction at its inner face, then by diffusion of oxygen through it (Ghosh et al., DOI 10.1149/1945-7111/abdc71; Zhuo,
    Offer and Marinescu, DOI 10.1016/j.jpowsour.2022.232461). The shell adds s/κ to the resistance of its particle and takes host,
    with the lithium in it, for good. It is thin: the share of the host is z = d s/R (d = 3 in a sphere), and its surface goes
    with it.

    Attributes
    ----------
    rate_constant : k₀, m s-1
    diffusivity : D, m2 s-1
        Of oxygen in the shell, per what it takes: where growth is limited by it, s² = 2 D t.
    conductivity : κ, S m-1
        Of ions in the shell.
    transfer_coefficient : α
        0: whatever the potential.
    reference_potential : U, V
        ψ at which k is k₀.
    activation_energy : J mol-1
        Of both k₀ and D.
    reference_temperature : K
    """

    kind: ClassVar[str] = "reconstructed_shell"
    rate: ClassVar[Callable[..., Any]] = shell_rate

    rate_constant: Annotated[float, SI("m s-1"), Field(gt=0)]
    diffusivity: Annotated[float, SI("m2 s-1"), Field(gt=0)]
    conductivity: Annotated[float, SI("S m-1"), Field(gt=0)]
    transfer_coefficient: Annotated[float, Field(ge=0, le=1)] = 0.0
    reference_potential: Voltage = 4.2
    activation_energy: MolarEnergy = 0.0
    reference_temperature: Temperature = 298.15

    def refuse(self, material: ActiveMaterial) -> None:
        """A lithium metal has no structure to lose."""
        if material.metal_thickness is not None:
            raise InputError("active material", "processes", f"{self.kind} on a lithium metal", "particles of a layered oxide")

    def depth(self, material: ActiveMaterial) -> float:
        """Volume of a particle over its surface, R/d, m: the thickness of a shell that has taken all of it."""
        return material.volume_fraction / material.area

    def row(self, material: ActiveMaterial) -> NDArray[np.float64]:
        """With the film resistance of the shell: per share of the host it goes with the size of the particle."""
        numbers = super().row(material)
        numbers[layout.FILM] = self.depth(material) / self.conductivity
        return numbers

    def numbers(self, material: ActiveMaterial) -> tuple[float, ...]:
        """R/d, k₀, D, α, U, E, T_ref."""
        return (
            self.depth(material), self.rate_constant, self.diffusivity, self.transfer_coefficient, self.reference_potential,
            self.activation_energy, self.reference_temperature,
        )  # fmt: skip
