"""K07: One parameter set in one cell: ways round it are refused, at every scale.

**[E]** The oven test of a cell carries the digest of its reactions as they take place in it: the set, the share of the volume
that reacts, the vent. Front, map, probability, thinnest barrier and the body in three dimensions ask for it. Checked: each of
them refuses another set under the same name, the same set in a cell that reacts in part, and the same set behind a vent that
lets heat out; a set and its parts cannot be changed in place, so that a digest that was read stays true; the honest module is
accepted everywhere.
"""

from __future__ import annotations

from collections.abc import Callable

from scalith.pack import (
    Barrier,
    CellBody,
    ModuleSpecification,
    ReactionSet,
    Trigger,
    Vent,
    module_assembly,
    oven_test,
    propagate_runaway,
    propagation_map,
    propagation_probability,
    shipped_kinetics,
    simulate_heat_3d,
    thinnest_barrier,
)
from scalith.quantities import InputError, StudyError
from validation.record import Record

CELL = CellBody(
    shape="prismatic", thickness=0.012, width=0.1, height=0.08, density=2300.0, specific_heat=1000.0, conductivity=0.8
)
HEATER = Trigger(power=600.0, duration=120.0)


def _scales(module: ModuleSpecification, kinetics: ReactionSet, digest: str) -> dict[str, Callable[[], object]]:
    """Everything that takes kinetics from a smaller scale."""
    short = {"duration": 2.0, "kinetics_digest": digest}
    return {
        "front": lambda: propagate_runaway(module, kinetics, HEATER, output_times=2, **short),
        "map": lambda: propagation_map(module, kinetics, HEATER, conductivity=[0.2], thickness=[1e-3], **short),
        "probability": lambda: propagation_probability(module, kinetics, [kinetics], HEATER, **short),
        "thinnest barrier": lambda: thinnest_barrier(module, kinetics, HEATER, **short),
        "three dimensions": lambda: simulate_heat_3d(module_assembly(module), output_times=2, kinetics=kinetics, **short),
    }


def _refused(calls: dict[str, Callable[[], object]], kind: type[Exception]) -> int:
    count = 0
    for call in calls.values():
        try:
            call()
        except kind:
            count += 1
    return count


def run(record: Record) -> None:
    kinetics = shipped_kinetics("lco_limited")
    tested = oven_test(CELL, kinetics, "160 degC", duration=60.0, output_times=2).attrs["kinetics_digest"]

    def module(cell: CellBody) -> ModuleSpecification:
        return ModuleSpecification(cell=cell, cells=2, barrier=Barrier(thickness=1e-3, conductivity=0.2))

    weak = kinetics.with_values({"anode.heat": 2e5, "cathode.heat": 5e4}).model_copy(update={"name": kinetics.name})
    vent = Vent(pressure=1.02e5, free_volume=1e-6, ejected_fraction=0.8)
    ways = {
        "another set under the same name": (CELL, weak),
        "a cell that reacts in a third of its volume": (CELL.model_copy(update={"reacting_fraction": 0.3}), kinetics),
        "a vent that lets out 80 %": (CELL.model_copy(update={"vent": vent}), kinetics),
    }
    for title, (cell, used) in ways.items():
        calls = _scales(module(cell), used, tested)
        record.check(f"scales that refuse {title}", expected=len(calls), found=_refused(calls, StudyError), tolerance=0)
    changes: dict[str, Callable[[], object]] = {
        "reactions": lambda: kinetics.reactions.update(anode=weak.reactions["anode"]),
        "states": lambda: kinetics.states.pop("anode"),
        "orders": lambda: kinetics.reactions["anode"].orders.clear(),
    }
    record.check("mappings that cannot be changed in place", expected=3, found=_refused(changes, TypeError), tolerance=0)
    record.check_true("digest after the attempts is the one before", kinetics.digest == tested)
    honest = _scales(module(CELL), kinetics, tested)
    # Two seconds are too short for a runaway: the thinnest barrier says so, and not that the kinetics are others.
    record.check(
        "honest scales refused for their kinetics", expected=0, found=_refused(honest_without(honest), StudyError), tolerance=0
    )
    found = _refused({"thinnest barrier": honest["thinnest barrier"]}, InputError)
    record.check_true("a front that any barrier stops is named", found)


def honest_without(calls: dict[str, Callable[[], object]]) -> dict[str, Callable[[], object]]:
    """All but the bisection."""
    return {name: call for name, call in calls.items() if name != "thinnest barrier"}
