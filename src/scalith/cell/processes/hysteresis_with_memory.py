"""Hysteresis whose branch follows the charge passed (one-state model)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field

from scalith.cell.kernels.hysteresis import hysteresis_rate
from scalith.cell.processes.process import Process

if TYPE_CHECKING:
    from scalith.cell.specification.active_material import ActiveMaterial


class HysteresisWithMemory(Process):
    r"""State h of the hysteresis: U + h M, where h follows the mean stoichiometry of the particle,

    .. math:: dh = -γ (h - s) |d\bar x|, \quad s = +1 \text{ where lithium leaves}, -1 \text{ where it enters}

    whatever the rate (Axen et al., DOI 10.1016/j.est.2022.103985). With :math:`\dot{\bar x} = -k j`, k = d/(R c_max) for spheres
    (d = 3), cylinders (2) and slabs (1), :math:`\dot h = γ k (j - |j| h)`.

    Attributes
    ----------
    decay : γ
    initial : h at the start, −1 to 1
    """

    rate: ClassVar[Callable[..., Any]] = hysteresis_rate
    decay: Annotated[float, Field(gt=0)]
    initial: Annotated[float, Field(ge=-1, le=1)] = 0.0

    def initial_state(self) -> float:
        """As stated."""
        return self.initial

    def branch(self) -> float:
        """The state is the branch."""
        return 1.0

    def numbers(self, material: ActiveMaterial) -> tuple[float, ...]:
        """γ d/(R c_max), mol-1 m2."""
        return (self.decay * material.dimensions / (material.storage_radius * material.maximum_concentration),)
