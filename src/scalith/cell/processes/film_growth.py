"""Growth of the solid–electrolyte interphase, limited by the diffusion of the solvent through it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field

from scalith.cell.kernels.film_growth import film_growth_rate
from scalith.cell.processes.process import Process
from scalith.quantities import SI
from scalith.quantities.specification import Concentration, Length, MolarEnergy, Temperature, Voltage

if TYPE_CHECKING:
    from scalith.cell.specification.active_material import ActiveMaterial


class FilmGrowth(Process):
    r"""A film of thickness L that grows as its solvent diffuses through it and is reduced at the particle:

    .. math:: \dot L = \bar V D c / L \;\Rightarrow\; L^2 = L_0^2 + 2 \bar V D c\, t, \qquad s = -ν D c / L,

    with the partial molar volume of the film per mole of solvent (Single, Latz, Horstmann, DOI 10.1002/cssc.201800077). The film
    takes ν lithium for each solvent molecule, adds L/κ to the film resistance and fills the pores.

    Attributes
    ----------
    initial_thickness : m
    molar_volume : m3 mol-1
        Of the film per mole of solvent reduced.
    solvent_diffusivity : m2 s-1
        In the film, at the reference temperature.
    solvent_concentration : mol m-3
        At the side of the electrolyte.
    conductivity : S m-1
        Of ions in the film.
    lithium_per_solvent : ν
    equilibrium_potential_of_reduction : V against lithium
        It only divides the power of the side reaction into heat and storage.
    activation_energy : J mol-1
    reference_temperature : K
    """

    kind: ClassVar[str] = "film_growth"
    rate: ClassVar[Callable[..., Any]] = film_growth_rate
    scale: ClassVar[float] = 1e-9

    initial_thickness: Length = 5e-9
    molar_volume: Annotated[float, SI("m3 mol-1"), Field(gt=0)]
    solvent_diffusivity: Annotated[float, SI("m2 s-1"), Field(gt=0)]
    solvent_concentration: Concentration
    conductivity: Annotated[float, SI("S m-1"), Field(gt=0)]
    lithium_per_solvent: Annotated[float, Field(gt=0)] = 1.0
    equilibrium_potential_of_reduction: Voltage = 0.4
    activation_energy: MolarEnergy = 0.0
    reference_temperature: Temperature = 298.15

    def initial_state(self) -> float:
        """L₀."""
        return self.initial_thickness

    def film(self) -> float:
        """1/κ."""
        return 1.0 / self.conductivity

    def volume(self) -> float:
        """The film itself."""
        return 1.0

    def lithium(self) -> float:
        """ν over the molar volume."""
        return self.lithium_per_solvent / self.molar_volume

    def equilibrium_potential(self) -> float:
        """As stated."""
        return self.equilibrium_potential_of_reduction

    def numbers(self, material: ActiveMaterial) -> tuple[float, ...]:
        """V̄, ν, D c, E, T_ref."""
        permeability = self.solvent_diffusivity * self.solvent_concentration
        energy, reference = self.activation_energy, self.reference_temperature
        return (self.molar_volume, self.lithium_per_solvent, permeability, energy, reference)
