"""Cracks in the particles, and the films on their surfaces."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field, SerializeAsAny

from scalith.cell.kernels.cracks import crack_growth_rate, film_on_cracks_rate
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
    at constant tension :math:`l^{1-m/2} = l_0^{1-m/2} + (1-m/2)\, k (b σ \sqrt π)^m t/3600`. Elasticity and swelling are those
    of the material's `stress`. Cracks of width w, ρ of them on a unit of surface, open 2 l ρ w times the surface of the particle;
    it carries a film of its own where one is stated, but no intercalation, as in the papers.

    Attributes
    ----------
    rate_constant : k, m (Pa m0.5)^-m per hour
    exponent : m
    geometry_factor : b
    initial_length : l₀, m
    width : w, m
    number_density : ρ, m-2
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
    film_on_cracks: Annotated[SerializeAsAny[Film], BeforeValidator(read_process)] | None = None
    initial_film_thickness: Annotated[float, SI("m"), Field(gt=0)] = 5e-13
    activation_energy: MolarEnergy = 0.0
    reference_temperature: Temperature = 298.15

    def initial_state(self) -> float:
        """l₀."""
        return self.initial_length

    def companions(self) -> tuple[Process, ...]:
        """The film on the cracks."""
        if self.film_on_cracks is None:
            return ()
        surface = 2.0 * self.number_density * self.width
        volume = surface * self.initial_length * self.initial_film_thickness
        return (FilmOnCracks(film_law=self.film_on_cracks, surface_per_length=surface, initial_volume=volume),)

    def refuse(self, material: ActiveMaterial) -> None:
        """Without elasticity there is no stress."""
        require_stress(material, self.kind)

    def numbers(self, material: ActiveMaterial) -> tuple[float, ...]:
        """Tension per stoichiometry, k, b, m, E, T_ref."""
        return (
            tangential_stress(material), self.rate_constant, self.geometry_factor, self.exponent, self.activation_energy,
            self.reference_temperature,
        )  # fmt: skip


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
