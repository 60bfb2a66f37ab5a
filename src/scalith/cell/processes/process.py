"""What a process is: a rate at every surface of a material, with one local state."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import SerializerFunctionWrapHandler, field_validator, model_serializer

from scalith.quantities import InputError, Spec, nearest
from scalith.quantities.specification import Temperature

if TYPE_CHECKING:
    from scalith.cell.specification.active_material import ActiveMaterial

_KINDS: dict[str, type[Process]] = {}


class Process(Spec):
    r"""Root of all processes: a local state z at each particle of a material, and a side reaction s where there is one.

    .. math:: \dot z = r(ψ, c, x, j, T, z), \qquad s = s(ψ, c, x, T, z), \qquad ψ = φ_s - φ_e - F R_f(z) \sum j

    A subclass states `kind` (its name in files), `rate` and `numbers`; that is all the solver asks for. The state is
    eliminated in place with the reaction, so that order and error control, events, resumed runs, batches, impedance and
    sensitivities know it.

    Attributes
    ----------
    known_at : tuple of two K, optional
        From and to: temperatures of the data behind the numbers. A life that leaves them ends (`simulate_ageing`).
    kind : str
        How files name the process.
    rate : kernel
        ``rate(psi, c, x, j, T, z, numbers, out)``, compiled by `scalith.numerics.compiled.compiled_in_place`: c is the relative
        salt concentration, x the stoichiometry of the surface, j the intercalation reaction (mol m-2 s-1, positive where
        lithium leaves), `numbers` those of the process from `layout.OWN` on. It fills `out`, which comes filled with zeros: see
        `scalith.cell.kernels.layout`. Behind what it
        fills, `out` holds what it may read: at `layout.MEAN` the mean stoichiometry of the particle, from `layout.STATES` on the
        states of all processes on it (`scalith.cell.processes.all_processes.place_of` says which is where).
    scale : float
        Unit of z in which its error counts as the tolerance does.
    relative_scale : float
        Share of the largest z that is added to that unit: of states that come and go. What only grows, a little every cycle, has
        none: next to all that there is, no error of one cycle would count.
    """

    known_at: tuple[Temperature, Temperature] | None = None

    kind: ClassVar[str] = ""
    rate: ClassVar[Callable[..., None]]
    scale: ClassVar[float] = 1.0
    relative_scale: ClassVar[float] = 0.0

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if cls.kind:
            _KINDS[cls.kind] = cls

    @model_serializer(mode="wrap")
    def _with_kind(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """As a file states it: without its kind it could not be read back, and two kinds of one shape had one digest."""
        return ({"kind": self.kind} if self.kind else {}) | dict(handler(self))

    @field_validator("known_at")
    @classmethod
    def _rising(cls, known_at: tuple[float, float] | None) -> tuple[float, float] | None:
        if known_at is not None and not known_at[0] < known_at[1]:
            raise ValueError("expected two temperatures, the lower one first")
        return known_at

    def initial_state(self) -> float:
        """State z at the start."""
        return 0.0

    def film(self) -> float:
        """Film resistance per unit of z, ohm m2."""
        return 0.0

    def branch(self) -> float:
        """Share of the hysteresis per unit of z."""
        return 0.0

    def volume(self) -> float:
        """Volume of a film per surface and unit of z, m."""
        return 0.0

    def lithium(self) -> float:
        """Lithium bound per surface and unit of z, mol m-2: the side reaction must take as much, s = −lithium · dz/dt."""
        return 0.0

    def equilibrium_potential(self) -> float:
        """Of the side reaction, V; it only says how its power divides into heat and storage."""
        return 0.0

    def loss(self) -> float:
        """Share of the material, and of its surface, that is lost per unit of z; a companion keeps its lithium."""
        return 0.0

    def keeps_lost_lithium(self) -> bool:
        """Whether z is where the lithium of lost material is kept, mol per m2 of the fresh surface."""
        return False

    def contact(self) -> float:
        """Contact resistance of the cell times its area, per unit of z, mean over the particles of the material, ohm m2."""
        return 0.0

    def largest(self, material: ActiveMaterial) -> float:
        """Largest z that makes sense, at which a run ends; 0 where there is none."""
        return 0.0

    def change_between_steps(self, material: ActiveMaterial) -> Callable[..., None] | None:
        """A kernel of what z changes by behind each time step, beside its rate; None where nothing does.

        It takes what `rate` takes, with ψ = 0, and fills ``out[layout.CHANGE]`` with the change itself. In ``out``, the states of
        the processes before it are those behind the step already.
        """
        return None

    def companions(self) -> tuple[Process, ...]:
        """Further states that come with the process."""
        return ()

    def refuse(self, material: ActiveMaterial) -> None:
        """Raise `InputError` on a material that the process is not made for."""

    @abstractmethod
    def numbers(self, material: ActiveMaterial) -> tuple[float, ...]:
        """Numbers of its own that `rate` reads."""

    def address(self) -> int:
        """Address of the rate, compiled if need be."""
        return _address_of(type(self).rate)

    def address_of_change(self, material: ActiveMaterial) -> int:
        """Address of what changes z between time steps, compiled if need be; 0 where nothing does."""
        kernel = self.change_between_steps(material)
        return 0 if kernel is None else _address_of(kernel)

    def row(self, material: ActiveMaterial) -> NDArray[np.float64]:
        """All numbers: see `layout.FILM` to `layout.OWN`."""
        common = (self.film(), self.branch(), self.volume(), self.lithium(), self.scale, self.equilibrium_potential())
        lost = (self.loss(), float(self.keeps_lost_lithium()), self.contact(), self.largest(material), self.relative_scale)
        return np.array([*common, *lost, *self.numbers(material)])


def _address_of(kernel: Callable[..., Any]) -> int:
    from scalith.numerics.call_by_address import NOTHING, address_of

    return address_of(kernel, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, np.empty(1), np.empty(1), returning=NOTHING)


def read_process(value: Any) -> Any:
    """A process from ``{kind = "...", ...}``; what is none already is left for the validator.

    Raises
    ------
    InputError
        No `kind`, or one that is not known.
    """
    if isinstance(value, Process) or not isinstance(value, Mapping):
        return value
    kind = value.get("kind")
    if not isinstance(kind, str) or kind not in _KINDS:
        raise InputError("process", "kind", "nothing" if kind is None else kind, nearest(str(kind), _KINDS))
    return _KINDS[kind].read({key: item for key, item in value.items() if key != "kind"}, f"process {kind}")
