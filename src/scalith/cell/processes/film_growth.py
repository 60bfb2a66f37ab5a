"""Growth of the solid–electrolyte interphase, each law a class.

What limits the growth is open for most cells; the laws differ in how the thickness follows time (t or √t) and potential.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field

from scalith.cell.kernels import film_growth
from scalith.cell.processes.process import Process
from scalith.quantities import SI
from scalith.quantities.specification import Concentration, Length, MolarEnergy, Temperature, Voltage

if TYPE_CHECKING:
    from scalith.cell.specification.active_material import ActiveMaterial

Positive = Field(gt=0)
Diffusivity = Annotated[float, SI("m2 s-1"), Positive]


class Film(Process):
    r"""What all films share: :math:`\dot L = \bar V N` and :math:`s = -ν N`, with the flux N of a law, times an Arrhenius factor.

    A film adds L/κ to the film resistance of its particle and fills the pores: ε = ε₀ − a (L − L₀). Its law sees
    ψ = φₛ − φₑ − F (L/κ) Σj, the potential across the particle's own surface.

    Attributes
    ----------
    initial_thickness : m
    molar_volume : m3 mol-1
        V̄, of the film per mole of what is reduced.
    conductivity : S m-1
        κ, of ions in the film.
    lithium_per_solvent : ν
        Lithium, and electrons, for each molecule reduced.
    equilibrium_potential_of_reduction : V against lithium
        It only divides the power of the side reaction into heat and storage.
    activation_energy : J mol-1
    reference_temperature : K
    """

    scale: ClassVar[float] = 1e-9

    initial_thickness: Length = 5e-9
    molar_volume: Annotated[float, SI("m3 mol-1"), Positive]
    conductivity: Annotated[float, SI("S m-1"), Positive]
    lithium_per_solvent: Annotated[float, Positive] = 1.0
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

    @abstractmethod
    def law(self) -> tuple[float, ...]:
        """Numbers of the law."""

    def numbers(self, material: ActiveMaterial) -> tuple[float, ...]:
        """V̄, ν, E, T_ref, then those of the law."""
        common = (self.molar_volume, self.lithium_per_solvent, self.activation_energy, self.reference_temperature)
        return (*common, *self.law())


class FilmGrowth(Film):
    r"""The solvent diffuses through the film and is reduced at the particle:

    .. math:: N = D c / L \;\Rightarrow\; L^2 = L_0^2 + 2 \bar V D c\, t

    whatever the potential (Single, Latz, Horstmann, DOI 10.1002/cssc.201800077).

    Attributes
    ----------
    solvent_diffusivity : m2 s-1
        In the film, at the reference temperature.
    solvent_concentration : mol m-3
        At the side of the electrolyte.
    """

    kind: ClassVar[str] = "film_growth"
    rate: ClassVar[Callable[..., Any]] = film_growth.film_growth_rate

    solvent_diffusivity: Diffusivity
    solvent_concentration: Concentration

    def law(self) -> tuple[float, ...]:
        """D c."""
        return (self.solvent_diffusivity * self.solvent_concentration,)


class ReactionLimitedFilm(Film):
    r"""The reaction at the particle is slow, whatever the thickness:

    .. math:: N = \frac{i_0}{ν F} \exp\Big(-\frac{α F (ψ - U)}{RT}\Big)

    Attributes
    ----------
    exchange_current_density : A m-2
    reduction_potential : U, V against lithium
    transfer_coefficient : α
    """

    kind: ClassVar[str] = "reaction_limited_film"
    rate: ClassVar[Callable[..., Any]] = film_growth.reaction_limited_rate

    exchange_current_density: Annotated[float, SI("A m-2"), Positive]
    reduction_potential: Voltage = 0.4
    transfer_coefficient: Annotated[float, Field(gt=0, le=1)] = 0.5

    def law(self) -> tuple[float, ...]:
        """i₀, U, α."""
        return (self.exchange_current_density, self.reduction_potential, self.transfer_coefficient)


class ElectronMigrationFilm(Film):
    r"""Electrons migrate through the film to where the solvent is reduced, and none do above U:

    .. math:: N = \frac{κ_e (U - ψ)}{ν F L}

    Attributes
    ----------
    electron_conductivity : S m-1
    inner_potential : U, V against lithium
    """

    kind: ClassVar[str] = "electron_migration_film"
    rate: ClassVar[Callable[..., Any]] = film_growth.electron_migration_rate

    electron_conductivity: Annotated[float, SI("S m-1"), Positive]
    inner_potential: Voltage = 0.4

    def law(self) -> tuple[float, ...]:
        """κₑ, U."""
        return (self.electron_conductivity, self.inner_potential)


class InterstitialDiffusionFilm(Film):
    r"""Lithium interstitials diffuse through the film, the more of them the lower the potential:

    .. math:: N = \frac{D c}{ν L} \exp\Big(-\frac{F ψ}{RT}\Big)

    (Single, Latz, Horstmann, DOI 10.1002/cssc.201800077).

    Attributes
    ----------
    interstitial_diffusivity : m2 s-1
    interstitial_concentration : mol m-3
        At the potential of lithium.
    """

    kind: ClassVar[str] = "interstitial_diffusion_film"
    rate: ClassVar[Callable[..., Any]] = film_growth.interstitial_diffusion_rate

    interstitial_diffusivity: Diffusivity
    interstitial_concentration: Concentration

    def law(self) -> tuple[float, ...]:
        """D c."""
        return (self.interstitial_diffusivity * self.interstitial_concentration,)


class TunnellingFilm(Film):
    r"""Electrons tunnel through the film:

    .. math:: N = \frac{i_0}{ν F} \exp\Big(-\frac{α F ψ}{RT}\Big) e^{-β L}

    (Tang et al., DOI 10.1149/2.025211jes).

    Attributes
    ----------
    exchange_current_density : A m-2
    transfer_coefficient : α
    tunnelling_decay : β, m-1
    """

    kind: ClassVar[str] = "tunnelling_film"
    rate: ClassVar[Callable[..., Any]] = film_growth.tunnelling_rate

    exchange_current_density: Annotated[float, SI("A m-2"), Positive]
    transfer_coefficient: Annotated[float, Field(gt=0, le=1)] = 0.5
    tunnelling_decay: Annotated[float, SI("m-1"), Positive]

    def law(self) -> tuple[float, ...]:
        """i₀, α, β."""
        return (self.exchange_current_density, self.transfer_coefficient, self.tunnelling_decay)


class GrowthRegimesFilm(Film):
    r"""Reaction, diffusion of lithium atoms and migration of what they carry, one after the other as the film thickens:

    .. math::

        N = \frac{i_0}{ν F} e^{-α F ψ/RT} \frac{s}{s + L_a/L_d}, \quad s = 1 - \frac{L_a}{L_m},
        \quad L_a = \max(L - L_t, 0)

    with :math:`L_d = D c F e^{-(1-α) F ψ/RT}/i_0` and :math:`L_m = 2 RT κ_{Li}/(F^2 j)`: the film grows as t, √t and t, faster
    while lithium enters (j < 0) than while it leaves (von Kolzenberg, Latz, Horstmann, DOI 10.1002/cssc.202000867).

    Attributes
    ----------
    exchange_current_density : A m-2
    transfer_coefficient : α
    interstitial_diffusivity : m2 s-1
    interstitial_concentration : mol m-3
        At the potential of lithium.
    ion_conductivity : S m-1
        κ_Li, of lithium ions in the film, which makes the field.
    tunnelling_thickness : L_t, m
    """

    kind: ClassVar[str] = "growth_regimes_film"
    rate: ClassVar[Callable[..., Any]] = film_growth.growth_regimes_rate

    exchange_current_density: Annotated[float, SI("A m-2"), Positive]
    transfer_coefficient: Annotated[float, Field(gt=0, lt=1)] = 0.5
    interstitial_diffusivity: Diffusivity
    interstitial_concentration: Concentration
    ion_conductivity: Annotated[float, SI("S m-1"), Positive]
    tunnelling_thickness: Annotated[float, SI("m"), Field(ge=0)] = 0.0

    def law(self) -> tuple[float, ...]:
        """i₀, α, D c, κ, L_t."""
        carried = self.interstitial_diffusivity * self.interstitial_concentration
        return (
            self.exchange_current_density, self.transfer_coefficient, carried, self.ion_conductivity, self.tunnelling_thickness,
        )  # fmt: skip


class SolventReactionFilm(Film):
    r"""The solvent diffuses through the film and reacts at the particle at a finite rate:

    .. math:: N = \frac{c k}{1 + k L/D}, \qquad k = k_0 \exp\Big(-\frac{α F (ψ - U)}{RT}\Big)

    (Safari et al., DOI 10.1149/1.3043429; Yang et al., DOI 10.1016/j.jpowsour.2017.05.110). At one potential
    (L − L₀)/k + (L² − L₀²)/(2 D) = V̄ c t.

    Attributes
    ----------
    rate_constant : m s-1
        k₀.
    reduction_potential : U, V against lithium
    transfer_coefficient : α
    solvent_diffusivity : m2 s-1
    solvent_concentration : mol m-3
    """

    kind: ClassVar[str] = "solvent_reaction_film"
    rate: ClassVar[Callable[..., Any]] = film_growth.solvent_reaction_rate

    rate_constant: Annotated[float, SI("m s-1"), Positive]
    reduction_potential: Voltage = 0.4
    transfer_coefficient: Annotated[float, Field(gt=0, le=1)] = 0.5
    solvent_diffusivity: Diffusivity
    solvent_concentration: Concentration

    def law(self) -> tuple[float, ...]:
        """k₀, U, α, D, c."""
        return (
            self.rate_constant, self.reduction_potential, self.transfer_coefficient, self.solvent_diffusivity,
            self.solvent_concentration,
        )  # fmt: skip
