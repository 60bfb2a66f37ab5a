"""What the members of an ensemble draw: normal deviates by the name of what takes them, seeds of what is fitted or sampled."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, cast, get_args

import numpy as np
from numpy.typing import NDArray

from scalith.ladder.quantity import drawing
from scalith.quantities import InputError, Property, ScalithError, Spec, nearest
from scalith.quantities.named_deviates import CountedDeviates, NamedDeviates

if TYPE_CHECKING:
    from scalith.ladder.graph import Node

Array = NDArray[np.float64]
Plan = Literal["random", "sobol", "latin hypercube"]
_EDGE = 1e-12
"""Of the probabilities of a plan: a deviate is finite."""


@dataclass(frozen=True)
class MemberDraws:
    """What one member draws.

    Attributes
    ----------
    planned : dict of str to ndarray
        Standard normal deviates by the path of what takes them (``"cell_specification.electrolyte.conductivity"``); what is not
        named comes from the member's seed.
    seeds : dict of str to int
        Seeds of members whose samples (``"ion_hopping"``) and fits (``"draw decomposition_fit"``) this one takes instead of
        its own.
    taken : dict of str to list of ndarray
        The deviates that were taken, filled as the member climbs.
    """

    planned: Mapping[str, Array] = field(default_factory=dict)
    seeds: Mapping[str, int] = field(default_factory=dict)
    taken: dict[str, list[Array]] = field(default_factory=dict)

    def stated(self, name: str, value: Any, seed: int) -> Any:
        """A given value or section, drawn from what it states."""
        if not isinstance(value, (Property, Spec)):
            return value
        return value.drawn(NamedDeviates.seeded(seed, name, self.planned, self.taken))

    def drawn(self, name: str, value: Any, draw: Callable[[Any, int], Any], seed: int) -> Any:
        """What a rung leaves open, drawn."""
        token = drawing.set(lambda one: NamedDeviates.seeded(one, name, self.planned, self.taken))
        try:
            return draw(value, seed)
        finally:
            drawing.reset(token)

    @property
    def deviates(self) -> dict[str, Array]:
        """Those that were taken, by path."""
        return {name: np.concatenate(parts) for name, parts in self.taken.items()}


@dataclass(frozen=True)
class DrawnInputs:
    """What differs between members.

    Attributes
    ----------
    columns : dict of str to int
        How many normal deviates each stated number, curve or fit takes, by path.
    seeded : dict of str to tuple of str
        What has no deviates but a seed, by what it is called (``"ion_hopping, sampled"``), with its keys in
        `MemberDraws.seeds`.
    """

    columns: dict[str, int]
    seeded: dict[str, tuple[str, ...]]

    @property
    def names(self) -> list[str]:
        """All of them."""
        return [*self.columns, *self.seeded]

    def taken_by(self, deviates: Sequence[Mapping[str, Array]]) -> DrawnInputs:
        """Without what members did not draw: a given property that a specification holds is drawn where it is given."""
        there = {name: size for name, size in self.columns.items() if all(name in one for one in deviates)}
        return replace(self, columns=there)


def drawn_inputs(values: Mapping[str, Any], computed: Mapping[str, Node]) -> DrawnInputs:
    """What the members of a climb would draw, found from the nominal `values` and the nodes of those that were computed.

    Each is drawn with every deviate zero, which leaves it where it is.
    """
    taken: dict[str, list[Array]] = {}
    seeded: dict[str, tuple[str, ...]] = {}
    for name, value in values.items():
        if (node := computed.get(name)) is not None:
            if "seed" in node.inputs:
                seeded[f"{node.seed_of}, sampled"] = (node.seed_of,)
            if (draw := node.rung.quantity.draw) is not None and _has_a_seed(name, value, draw, taken):
                seeded[f"{name}, fitted"] = (f"draw {name}",)
        elif isinstance(value, (Property, Spec)):
            value.drawn(CountedDeviates.seeded(0, name, taken=taken))
    return DrawnInputs({name: sum(part.size for part in parts) for name, parts in taken.items()}, seeded)


def _has_a_seed(name: str, value: Any, draw: Callable[[Any, int], Any], taken: dict[str, list[Array]]) -> bool:
    """Whether a draw follows its seed and no deviates; deviates are counted in `taken`."""
    before = set(taken)
    token = drawing.set(lambda seed: CountedDeviates.seeded(seed, name, taken=taken))
    try:
        found = draw(value, 0)
    except ScalithError:  # a draw that may fail is one
        return True
    finally:
        drawing.reset(token)
    return found is not value and set(taken) == before


def require_plan(plan: str) -> Plan:
    """The plan, if it is one.

    Raises
    ------
    InputError
    """
    if plan not in get_args(Plan):
        raise InputError("ensemble", "plan", plan, nearest(str(plan), get_args(Plan)))
    return cast(Plan, plan)


def plan_deviates(
    columns: Mapping[str, int], count: int, plan: Plan, seed: int, *, samples: int = 1
) -> list[list[dict[str, Array]]]:
    """Deviates of `samples` independent samples of `count` members, by path.

    Parameters
    ----------
    columns : mapping of str to int
    count : int
    plan : {"random", "sobol", "latin hypercube"}
        Independent deviates; a scrambled Sobol' sequence, of which the first members stay when more are asked for; or a Latin
        hypercube, which covers each deviate evenly.
    seed : int
    samples : int
        Independent columns for each sample, of one plan.

    Raises
    ------
    InputError
        Another plan, or more deviates than a Sobol' sequence has dimensions.
    """
    from scipy.special import ndtri
    from scipy.stats import qmc

    require_plan(plan)
    width = sum(columns.values()) * samples
    if width == 0:
        return [[{} for _ in range(count)] for _ in range(samples)]
    if plan == "sobol" and width > qmc.Sobol.MAXDIM:
        raise InputError("ensemble", "plan", f"{width} deviates", f"at most {qmc.Sobol.MAXDIM} for 'sobol': 'latin hypercube'")
    numbers = np.random.default_rng(seed)
    if plan == "random":
        table = numbers.standard_normal((count, width))
    else:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # a number of members that is no power of two is balanced less well
            engine = qmc.Sobol(width, seed=numbers) if plan == "sobol" else qmc.LatinHypercube(width, seed=numbers)
            table = ndtri(np.clip(engine.random(count), _EDGE, 1.0 - _EDGE))
    ends = np.cumsum(list(columns.values()))
    parts = np.split(table, samples, axis=1)
    return [
        [{name: row[end - size : end] for (name, size), end in zip(columns.items(), ends, strict=True)} for row in part]
        for part in parts
    ]
