"""Cracks in the particles, and the films on their surfaces."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, SerializeAsAny

from scalith.cell.kernels.cracks import crack_growth_by_cycle, crack_growth_rate, film_on_cracks_rate, kept_rate, largest_tension
from scalith.cell.processes.all_processes import place_of
from scalith.cell.processes.film_growth import Film
from scalith.cell.processes.process import Process, read_process
from scalith.cell.processes.stress_of_surface import require_stress, tangential_stress
from scalith.quantities import SI
from scalith.quantities.specification import Length, MolarEnergy, Temperature

if TYPE_CHECKING:
    from scalith.cell.specification.active_material import ActiveMaterial


class CrackGrowth(Process):
    r"""Paris' law: cracks of length l grow under tension of the surface,

    .. math::

        \dot l = \frac{k}{3600\,\mathrm{s}} \big(b\, σ_t \sqrt{π l}\big)^m, \qquad σ_t = \frac{Ω E}{3(1-ν)} (\bar c - c_s) > 0

    as a rate per hour in place of one per cycle (Ai et al., DOI 10.1149/2.0122001JES; O'Kane et al., DOI 10.1039/D2CP00417H):
    at constant tension :math:`l^{1-m/2} = l_0^{1-m/2} + (1-m/2)\, k (b σ \sqrt π)^m t/3600`. Or as Paris' law itself, with
    ``per="cycle"`` (Deshpande et al., DOI 10.1149/2.049210jes),

    .. math:: \frac{dl}{dN} = k \big(b\, \hat σ \sqrt{π l}\big)^m

    from the largest tension :math:`\hat σ` of each cycle (compression closes a crack and counts for nothing). A cycle of a
    surface lasts until its tension has gone, below a hundredth of the largest: one discharge of the negative electrode, one
    charge of the positive one, each pulse behind a long rest. The crack takes its step up as the tension rises to
    :math:`\hat σ`, between time steps, so that N cycles of one amplitude end exactly at
    :math:`l^{1-m/2} = l_0^{1-m/2} + (1-m/2)\, k (b \hat σ \sqrt π)^m N`.

    Elasticity and swelling are those of the material's `stress`. Cracks of width w, ρ of them on a unit of surface, open 2 l ρ w
    times the surface of the particle; it carries a film of its own where one is stated, but no intercalation, as in the papers.
    A run ends where a crack is as long as the radius.

    Attributes
    ----------
    rate_constant : k, m (Pa m0.5)^-m per hour, or per cycle
    exponent : m
    geometry_factor : b
    initial_length : l₀, m
    width : w, m
    number_density : ρ, m-2
    per : {"hour", "cycle"}
        What k counts by.
    film_on_cracks : Film, optional
        Growing on the surfaces of the cracks.
    initial_film_thickness : m
        Of that film, averaged over the surfaces: new ones grow from nothing.
    activation_energy : J mol-1
    reference_temperature : K
    """

    kind: ClassVar[str] = "crack_growth"
    rate: ClassVar[Callable[..., Any]] = crack_growth_rate
    scale: ClassVar[float] = 1e-9

    rate_constant: Annotated[float, Field(gt=0)]
    exponent: Annotated[float, Field(gt=0, le=10)] = 2.2
    geometry_factor: Annotated[float, Field(gt=0)] = 1.12
    initial_length: Length = 20e-9
    width: Length = 15e-9
    number_density: Annotated[float, SI("m-2"), Field(gt=0)] = 3.18e15
    per: Literal["hour", "cycle"] = "hour"
    film_on_cracks: Annotated[SerializeAsAny[Film], BeforeValidator(read_process)] | None = None
    initial_film_thickness: Annotated[float, SI("m"), Field(gt=0)] = 5e-13
    activation_energy: MolarEnergy = 0.0
    reference_temperature: Temperature = 298.15

    def initial_state(self) -> float:
        """l₀."""
        return self.initial_length

    def companions(self) -> tuple[Process, ...]:
        """The largest tension of the cycle where that is what counts; the film on the cracks."""
        tension = (LargestTension(),) if self.per == "cycle" else ()
        if self.film_on_cracks is None:
            return tension
        surface = 2.0 * self.number_density * self.width
        volume = surface * self.initial_length * self.initial_film_thickness
        known = self.film_on_cracks.known_at
        film = FilmOnCracks(film_law=self.film_on_cracks, surface_per_length=surface, initial_volume=volume, known_at=known)
        return (*tension, film)

    def largest(self, material: ActiveMaterial) -> float:
        """The radius."""
        return material.particle_radius

    def change_between_steps(self, material: ActiveMaterial) -> Callable[..., None] | None:
        """By the cycle, none by the hour."""
        return crack_growth_by_cycle if self.per == "cycle" else None

    def refuse(self, material: ActiveMaterial) -> None:
        """Without elasticity there is no stress."""
        require_stress(material, self.kind)

    def numbers(self, material: ActiveMaterial) -> tuple[float, ...]:
        """Tension per stoichiometry, k per hour, b, m, E, T_ref, k per cycle and the place of its largest tension."""
        hourly, by_cycle = (self.rate_constant, 0.0) if self.per == "hour" else (0.0, self.rate_constant)
        return (
            tangential_stress(material), hourly, self.geometry_factor, self.exponent, self.activation_energy,
            self.reference_temperature, by_cycle, place_of(material, LargestTension),
        )  # fmt: skip


class LargestTension(Process):
    """Largest tension of the surface in the cycle of now, Pa: it changes between time steps alone."""

    rate: ClassVar[Callable[..., Any]] = kept_rate
    scale: ClassVar[float] = 1e6

    def change_between_steps(self, material: ActiveMaterial) -> Callable[..., None] | None:
        """Up with the tension; to nothing where that has gone."""
        return largest_tension

    def numbers(self, material: ActiveMaterial) -> tuple[float, ...]:
        """Tension per stoichiometry."""
        return (tangential_stress(material),)


class FilmOnCracks(Process):
    r"""A film of thickness L on the surfaces of cracks: its volume per surface of the particle, 2 ρ w l L, grows by its law.

    As the cracks open, the film is spread over more surface, and grows the faster (Deshpande et al., DOI 10.1149/2.049210jes).

    Attributes
    ----------
    film_law : Film
        Its law; the film on the particle itself is another one.
    surface_per_length : m-1
        2 ρ w.
    initial_volume : m
    """

    rate: ClassVar[Callable[..., Any]] = film_on_cracks_rate
    scale: ClassVar[float] = 1e-9

    film_law: Annotated[SerializeAsAny[Film], BeforeValidator(read_process)]
    surface_per_length: Annotated[float, SI("m-1"), Field(gt=0)]
    initial_volume: Annotated[float, SI("m"), Field(gt=0)]

    def initial_state(self) -> float:
        """As stated."""
        return self.initial_volume

    def volume(self) -> float:
        """The film itself."""
        return 1.0

    def lithium(self) -> float:
        """That of its film."""
        return self.film_law.lithium()

    def equilibrium_potential(self) -> float:
        """That of its film."""
        return self.film_law.equilibrium_potential()

    def numbers(self, material: ActiveMaterial) -> tuple[float, ...]:
        """2 ρ w, place of the cracks, address of the law, and all numbers of the film."""
        place = place_of(material, CrackGrowth)
        return (self.surface_per_length, place, self.film_law.address(), *self.film_law.row(material).tolist())
