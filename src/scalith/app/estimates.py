"""Answers at once where sampling takes long: re-weighted, or from a surrogate that members have taught; each with its error."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import log
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from scalith.design import Surrogate, fit_surrogate
from scalith.ladder import Climb, Climbed, Study
from scalith.lattice import HopBarriers, reweighted_hops
from scalith.quantities import InputError, Property, ScalithError

if TYPE_CHECKING:
    from scalith.app.knobs import Knob

SLOW = 0.5
"""Seconds from which on a rung that samples is answered for."""

_LEAST = 6
"""Members from which a surrogate is learnt."""


class NotAtOnce(ScalithError):
    """A rung that takes long, where an answer is wanted at once."""


class Substitute(NamedTuple):
    """What stands in for a quantity until it is there.

    Attributes
    ----------
    value : Property or xarray.Dataset
    shifted : Property or xarray.Dataset or None
        The same, one standard error of the estimate further, itself where that adds none; `None` where it states none.
    words : str
        How it was found.
    """

    value: Any
    shifted: Any
    words: str


@dataclass(frozen=True)
class Lesson:
    """Members of a state that differ in some knobs.

    Attributes
    ----------
    changes : dict of str to object
        The state that they are about.
    inputs : dict of str to tuple of float
        Values of the knobs in each member.
    logarithmic : tuple of str
        Knobs that enter by their logarithms.
    surrogates : dict of str to Surrogate
        By quantity.
    """

    changes: dict[str, Any]
    inputs: dict[str, tuple[float, ...]]
    logarithmic: tuple[str, ...]
    surrogates: dict[str, Surrogate]

    @classmethod
    def of(
        cls,
        changes: Mapping[str, Any],
        inputs: Mapping[str, Sequence[float]],
        members: Mapping[str, Sequence[Property] | Property],
        logarithmic: Sequence[str] = (),
    ) -> Lesson | None:
        """What members teach; `None` where they are too few, or nothing of theirs can be learnt."""
        varied = {name: tuple(values) for name, values in inputs.items() if len(set(values)) >= _LEAST}
        found = {}
        for name, values in members.items():
            try:
                found[name] = fit_surrogate(varied, values, logarithmic=[one for one in logarithmic if one in varied])
            except InputError:  # not over one grid, or not finite
                continue
        return cls(dict(changes), varied, tuple(logarithmic), found) if varied and found else None

    def substitutes(
        self, changes: Mapping[str, Any], stated: Callable[[str], Any], reaches: Callable[[str], Sequence[str]]
    ) -> dict[str, Substitute]:
        """What stands in for the quantities at another state; none where that differs in what the members do not.

        Parameters
        ----------
        changes : mapping of str to object
            The state.
        stated : callable
            Value of a knob in the study.
        reaches : callable
            Quantities that depend on a knob.
        """
        names = {*changes, *self.changes}
        other = [name for name in names - {*self.inputs} if changes.get(name) != self.changes.get(name)]
        if any(quantity in self.surrogates for name in other for quantity in reaches(name)):
            return {}
        at: dict[str, float] = {}
        for name, values in self.inputs.items():
            value = changes.get(name, stated(name))
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not _within(value, values):
                return {}
            at[name] = float(value)
        words = f"a surrogate of {len(next(iter(self.inputs.values())))} members"
        found = {}
        for name, surrogate in self.surrogates.items():
            value = surrogate(at)
            if isinstance(value, Property):
                found[name] = Substitute(value, shifted(value), words)
        return found


@dataclass(frozen=True)
class Estimate:
    """An answer that is there before the exact one.

    Attributes
    ----------
    found : Climbed
        With what could be computed from the substitutes.
    further : Climbed or None
        The same from the substitutes one standard error further.
    substitutes : dict of str to Substitute
    above : frozenset of str
        Quantities that rest on them.
    shifted : frozenset of str
        Quantities that rest on what `further` has shifted.
    """

    found: Climbed
    further: Climbed | None
    substitutes: dict[str, Substitute]
    above: frozenset[str]
    shifted: frozenset[str]

    @property
    def words(self) -> str:
        """What stands in for what, in one sentence."""
        said: dict[str, list[str]] = {}
        for name, one in self.substitutes.items():
            said.setdefault(one.words, []).append(name.replace("_", " "))
        return "; ".join(f"{', '.join(names)} from {words}" for words, names in said.items())


class Estimator:
    """Finds answers at once; it learns from what is computed.

    Attributes
    ----------
    seconds : dict of str to float
        How long each rung took.
    lessons : list of Lesson
    last : tuple of Climbed and Study, optional
        The last exact answer.
    """

    def __init__(self, knobs: Mapping[str, Knob], seconds: Mapping[str, float]) -> None:
        self.knobs = knobs
        self.seconds = seconds
        self.lessons: list[Lesson] = []
        self.last: tuple[Climbed, Study] | None = None

    def is_slow(self, name: str, study: Study) -> bool:
        """Whether a rung samples, and is known to take long."""
        return name in sampled_quantities(study) and self.seconds.get(name, 0.0) >= SLOW

    def estimate(self, name: str, climb: Climb, changes: Mapping[str, Any], wanted: Sequence[str]) -> Estimate | None:
        """What can be said of quantities before a slow rung is there; `None` where nothing stands in for it.

        Parameters
        ----------
        name : str
            The rung that is about to be computed.
        climb : Climb
            At the state; it is changed.
        changes : mapping of str to object
            The state.
        wanted : sequence of str
        """
        found = None if self.last is None else reweighted(name, climb, *self.last)
        substitutes = {name: found} if found is not None else {}
        for lesson in reversed(self.lessons):
            if substitutes:
                break
            substitutes = lesson.substitutes(changes, lambda knob: self.knobs[knob].value, lambda knob: self.knobs[knob].reaches)
        if not substitutes:
            return None
        study = climb.study
        climb.change({key: one.value for key, one in substitutes.items()})
        answer = climb.compute(wanted)
        further, moved = None, {key: one.shifted for key, one in substitutes.items() if one.shifted is not None}
        if any(moved[key] is not substitutes[key].value for key in moved):
            climb.change({key: one.value for key, one in substitutes.items()} | moved)
            further = climb.compute(wanted)
        elif moved:
            further = answer
        above, shifted = (
            frozenset(key for key in answer.values if not names.isdisjoint(study.needed_for([key])))
            for names in (substitutes.keys(), moved.keys())
        )
        return Estimate(answer, further, substitutes, above, shifted) if above & set(wanted) else None


class AtOnce:
    """A listener that refuses what takes long."""

    def __init__(self, is_slow: Callable[[str], bool], stopped: Callable[[], None]) -> None:
        self._is_slow, self._stopped = is_slow, stopped

    def planned(self, names: list[str]) -> None:
        """Nothing to say."""

    def started(self, name: str) -> None:
        """A rung is about to be computed."""
        self._stopped()
        if self._is_slow(name):
            raise NotAtOnce(f"{name.replace('_', ' ')} takes long")

    def advanced(self, name: str, fraction: float, message: str) -> None:
        """Nothing to say."""

    def finished(self, name: str, seconds: float, headline: str, *, reused: bool) -> None:
        """Nothing to say."""

    def noted(self, message: str) -> None:
        """Nothing to say."""


def _within(value: float, members: Sequence[float]) -> bool:
    """Whether a value lies among the members, or not far beyond them: a quarter of their range."""
    low, high = min(members), max(members)
    edge = 0.25 * (high - low)
    return low - edge <= value <= high + edge


def shifted(value: Property) -> Property | None:
    """A property with every value one standard error higher; `None` without one."""
    error = value.standard_error
    if error is None:
        return None
    return Property.from_arrays(value.name, value.coordinates, np.asarray(value.values + error), value.unit, value.source)


def reweighted(name: str, climb: Climb, last: Climbed, before: Study) -> Substitute | None:
    """Hops of kinetic Monte Carlo at the barriers of a climb, from those of the last answer; `None` where more has changed.

    Parameters
    ----------
    name : str
        Of the quantity that would be sampled: ``"ion_hopping"``, with its material.
    climb : Climb
        At the state that is asked for.
    last : Climbed
        An exact answer.
    before : Study
        That of the last answer.
    """
    if name.rpartition(".")[2] != "ion_hopping" or name not in last.values:
        return None
    inputs = climb.study.graph.nodes[name].inputs
    barriers, found = climb.study.given.get(inputs["hop_barriers"]), before.given.get(inputs["hop_barriers"])
    if not isinstance(barriers, HopBarriers) or not isinstance(found, HopBarriers):
        return None
    try:
        for key, need in inputs.items():
            if key in ("hop_barriers", "seed"):
                continue
            mine = climb.study.settings.get(need) if need in climb.study.settings else climb[need]
            theirs = before.settings.get(need) if need in before.settings else last.values.get(need)
            if mine is not theirs and getattr(mine, "digest", mine) != getattr(theirs, "digest", theirs):
                return None
        value = reweighted_hops(last.values[name], found, barriers)
    except (ScalithError, ArithmeticError, ValueError):
        return None
    return Substitute(value, _further(value, last.values[name]), "the same trajectories by another clock")


def _further(value: xr.Dataset, before: xr.Dataset) -> xr.Dataset | None:
    """Re-weighted hops with all that re-weighting widens one standard error of its own higher; `None` where that is not known."""
    own = float(np.sqrt(np.max(np.maximum(_relative(value) ** 2 - _relative(before) ** 2, 0.0))))
    if not np.isfinite(own):
        return None
    if own <= 1e-6:  # one kind of hop, or kinds whose barriers have changed by one amount
        return value
    names = [str(name) for name in value if f"{name}_error" in value]
    widened = [name for name in names if not value[f"{name}_error"].equals(before[f"{name}_error"])]
    return value.assign({name: (value[name] * (1.0 + own)).assign_attrs(value[name].attrs) for name in widened})


def _relative(data: xr.Dataset) -> NDArray[np.float64]:
    return np.asarray(data["jump_diffusivity_error"].values / data["jump_diffusivity"].values)


def sampled_quantities(study: Study) -> list[str]:
    """Quantities of a study that are sampled at random."""
    graph = study.graph
    needed = [name for name in study.needed_for(study.targets) if name in graph.nodes and name not in study.given]
    return [name for name in needed if "seed" in graph.nodes[name].inputs]


def taught_quantities(study: Study) -> list[str]:
    """Properties that are computed from sampled quantities without another property between: what a surrogate learns."""
    graph, sampled = study.graph, sampled_quantities(study)
    found: list[str] = []
    above: dict[str, bool] = {}  # whether what lies between is no property
    for name in study.needed_for(study.targets):
        if name not in graph.nodes or name in study.given:
            continue
        below = any(above.get(need, False) or need in sampled for need in graph.nodes[name].inputs.values())
        is_property = graph.nodes[name].rung.returns is Property
        if below and is_property:
            found.append(name)
        above[name] = (below or name in sampled) and not is_property
    return found


def places(low: float, high: float, count: int, *, logarithmic: bool) -> list[float]:
    """Values of a knob for its members: Chebyshev's, which crowd at the ends."""
    a, b = (log(low), log(high)) if logarithmic else (low, high)
    nodes = 0.5 * (a + b) - 0.5 * (b - a) * np.cos(np.pi * (np.arange(count) + 0.5) / count)
    return [float(value) for value in (np.exp(nodes) if logarithmic else nodes)]
