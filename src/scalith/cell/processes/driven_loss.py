"""Active material that is lost where another process goes on: the film that grows, the crack that opens."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, NamedTuple

from pydantic import Field

from scalith.cell.kernels.driven_loss import driven_loss_change, driven_loss_rate
from scalith.cell.processes.active_material_loss import LossOfActiveMaterial
from scalith.cell.processes.all_processes import processes_of
from scalith.cell.processes.cracks import CrackGrowth, FilmOnCracks
from scalith.cell.processes.film_growth import Film
from scalith.cell.processes.process import Process
from scalith.quantities import SI, InputError
from scalith.quantities.specification import Length

if TYPE_CHECKING:
    from scalith.cell.specification.active_material import ActiveMaterial


class Driver(NamedTuple):
    """A process that drives a loss, with its place among all on the material: share lost w (z/s)^p at its state z."""

    place: int
    process: Process
    weight: float
    power: float
    size: float


class DrivenLoss(LossOfActiveMaterial):
    r"""What these losses share: the share of the material that is lost follows the states :math:`z_k` of other processes on it,

    .. math:: z = \max\Big(\sum_k w_k \big[(z_k/s_k)^{p_k} - (z_k^0/s_k)^{p_k}\big] - f,\ 0\Big)

    with what is free of loss, f.
    """

    rate: ClassVar[Callable[..., Any]] = driven_loss_rate

    def change_between_steps(self, material: ActiveMaterial) -> Callable[..., None] | None:
        """To what its drivers say, where one of them changes between time steps itself."""
        drivers = [one.process for one in self.drivers(material)]
        return driven_loss_change if any(one.change_between_steps(material) is not None for one in drivers) else None

    @abstractmethod
    def drivers(self, material: ActiveMaterial) -> list[Driver]:
        """Processes on the material that drive it."""

    def free(self) -> float:
        """Share up to which nothing is lost."""
        return 0.0

    def refuse(self, material: ActiveMaterial) -> None:
        """Without a process that drives it nothing is ever lost."""
        super().refuse(material)
        if not self.drivers(material):
            raise InputError("active material", "processes", f"{self.kind} alone", f"{self.driven_by} beside it")

    driven_by: ClassVar[str] = "a process that drives it"

    def numbers(self, material: ActiveMaterial) -> tuple[float, ...]:
        """How many drivers, f, then of each its place, address, numbers (how many and which), w, p, s and state at the start."""
        drivers = self.drivers(material)
        found: list[float] = [float(len(drivers)), self.free()]
        for place, process, weight, power, size in drivers:
            row = process.row(material)
            head = (place, process.address(), row.size, weight, power, size, process.initial_state())
            found += [*(float(number) for number in head), *row.tolist()]
        return tuple(found)


def _films(material: ActiveMaterial) -> list[tuple[int, Film | FilmOnCracks]]:
    """All films with their places."""
    return [(k, process) for k, process in enumerate(processes_of(material)) if isinstance(process, Film | FilmOnCracks)]


class LossBySideReaction(DrivenLoss):
    r"""Loss that goes with the side reaction of the films, on the particles and on their cracks,

    .. math:: \dot z = -β \sum s

    (reaction-driven; Reniers et al., DOI 10.1149/2.0281914jes).

    Attributes
    ----------
    share_per_lithium : β, m2 mol-1
        Of lithium bound by the films per surface.
    """

    kind: ClassVar[str] = "loss_by_side_reaction"
    driven_by: ClassVar[str] = "a film"

    share_per_lithium: Annotated[float, SI("m2 mol-1"), Field(gt=0)]

    def drivers(self, material: ActiveMaterial) -> list[Driver]:
        """All films."""
        return [Driver(k, film, self.share_per_lithium * film.lithium(), 1.0, 1.0) for k, film in _films(material)]


class LossByIsolation(DrivenLoss):
    r"""Material that cracks cut off: the longer they are against the radius, the more of the particle hangs on nothing,

    .. math:: z = ξ \big[(l/R)^m - (l_0/R)^m\big]

    A closure of our own (a crack that meets another cuts off a volume that goes with l³): ξ and m are to be fitted.

    Attributes
    ----------
    isolated_share : ξ
        Of the material, with cracks as long as the radius.
    exponent : m
    """

    kind: ClassVar[str] = "loss_by_isolation"
    driven_by: ClassVar[str] = "crack_growth"

    isolated_share: Annotated[float, Field(gt=0, le=1)] = 1.0
    exponent: Annotated[float, Field(ge=1, le=10)] = 3.0

    def drivers(self, material: ActiveMaterial) -> list[Driver]:
        """The cracks."""
        cracks = [(k, one) for k, one in enumerate(processes_of(material)) if isinstance(one, CrackGrowth)]
        return [Driver(k, one, self.isolated_share, self.exponent, material.particle_radius) for k, one in cracks]


class DryOut(DrivenLoss):
    r"""Solvent that the films use up: where they take more volume of it than they give back as film, pores run dry, and the
    surface in them is lost,

    .. math:: z = \max\Big(\Big(\frac{v}{\bar V} - 1\Big) \frac{V_{film}}{h} - f,\ 0\Big)

    with the volume of films since the start per surface, the solvent v that a mole of film takes and what is at hand beyond the
    pores, f (after Li, O'Kane, Marinescu and Offer, J. Electrochem. Soc. 169, 060516 (2022), where the whole cell dries; here it
    is the surface of this material at each depth, and the electrode opposite keeps its own).

    Attributes
    ----------
    solvent_volume : v, m3 mol-1
        Of solvent for each mole of film.
    pore_volume : h, m
        Volume of the pores per surface of the particles, ε/a.
    reservoir : f
        Electrolyte beyond the pores, over their volume.
    """

    kind: ClassVar[str] = "dry_out"
    driven_by: ClassVar[str] = "a film"

    solvent_volume: Annotated[float, SI("m3 mol-1"), Field(gt=0)]
    pore_volume: Length
    reservoir: Annotated[float, Field(ge=0)] = 0.0

    def free(self) -> float:
        """The reservoir."""
        return self.reservoir

    def refuse(self, material: ActiveMaterial) -> None:
        """A film that fills more than it takes leaves no pore dry."""
        super().refuse(material)
        for driver in self.drivers(material):
            if driver.weight <= 0.0:
                expected = "more than the molar volume of the film: otherwise nothing runs dry"
                raise InputError("active material", "dry_out: solvent_volume", f"{self.solvent_volume:g} m3/mol", expected)

    def drivers(self, material: ActiveMaterial) -> list[Driver]:
        """All films."""
        found = []
        for k, film in _films(material):
            law = film.film_law if isinstance(film, FilmOnCracks) else film
            found.append(Driver(k, film, (self.solvent_volume / law.molar_volume - 1.0) / self.pore_volume, 1.0, 1.0))
        return found
