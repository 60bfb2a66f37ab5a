"""Cells fitted to measurements, and electrode structures to order."""

from __future__ import annotations

import time
from functools import cache
from typing import Any

from benchmarks.row import Row

_LABELS = 5
_RECIPES = 480 + 2 * 60


@cache
def _planted() -> Any:
    from validation.cases.U03_planted_cell import start_and_records

    return start_and_records()


def _joint() -> float:
    from scalith.design import fit_cell
    from validation.cases.U03_planted_cell import BOUNDS, PLANTED

    cell, records = _planted()
    start = time.perf_counter()
    fit_cell(cell, records, list(PLANTED), bounds=BOUNDS)
    return time.perf_counter() - start


def _joint_by_pybop() -> float:
    from benchmarks.peers.pybop_joint import seconds_of_an_evaluation

    return seconds_of_an_evaluation(_planted()[1])


def _spectra() -> float:
    from scalith.design import fit_cell
    from validation.cases.U04_measured_spectra import NAMES, cell_of_its_own_curves, measured

    cell, records = cell_of_its_own_curves(), measured()
    start = time.perf_counter()
    fit_cell(cell, records, NAMES, start={"inductance": 1e-8})
    return time.perf_counter() - start


def _labels() -> float:
    from scalith.design import designed_image, measure_structure
    from validation.cases.D03_asked_for import ask

    structure, targets, _ = ask(0, 64)
    start = time.perf_counter()
    for seed in range(_LABELS):
        measure_structure(designed_image(structure, structure.noise(seed)), targets)
    return (time.perf_counter() - start) * 1000 / _LABELS


def _to_order() -> float:
    from scalith.design import conditioned_structure
    from validation.cases.D03_asked_for import ask

    structure, targets, _ = ask(0, 64)
    start = time.perf_counter()
    conditioned_structure(structure, targets, seed=1000, tolerance=0.03)
    return time.perf_counter() - start


def _front() -> float:
    from scalith.design import RecipeEvaluation

    bulk = {"ionic": {"pore": 1.0}, "electronic": {"active": 0.2, "carbon": 100.0}}
    evaluation = RecipeEvaluation(base="lgm50_chen2020", voxel_size=5e-7, **bulk)
    numbers = {"thickness": 80e-6, "porosity": 0.35, "pore_size": 1.5e-6, "carbon_fraction": 0.1, "carbon_size": 1.2e-6}
    evaluation(numbers, 1)
    start = time.perf_counter()
    evaluation(numbers, 2)
    return (time.perf_counter() - start) * _RECIPES


def rows() -> list[Row]:
    return [
        Row(
            name="fit_joint_records",
            unit="s",
            ours=_joint,
            peer="pybop",
            theirs=_joint_by_pybop,
            target=10.0,
            note="case U03: ten parameters of a P2D cell, two discharges, a pulse and three spectra at once; ours a search, "
            "PyBOP's one evaluation of all six records on PyBaMM's P2D cell of the same mesh, of which a search needs hundreds",
        ),
        Row(
            name="fit_measured_spectra",
            unit="s",
            ours=_spectra,
            target=5.0,
            note="case U04: ten multipliers of a P2D cell, three measured spectra",
        ),
        Row(
            name="labels_1000_structures",
            unit="s",
            ours=_labels,
            target=600.0,
            note=f"64³ voxels, three phases: structure, both conductivities, areas, triple-phase line; 1,000 from {_LABELS}",
        ),
        Row(
            name="structure_to_order",
            unit="s",
            ours=_to_order,
            target=60.0,
            note="case D03: 64³ voxels, both conductivities, area and triple-phase line within 3 %",
        ),
        Row(
            name="front_of_60_recipes",
            unit="s",
            ours=_front,
            target=1200.0,
            note=f"{_RECIPES} recipes (480 tried, 60 checked with two seeds), from one: two structures of 48³ voxels, two rates",
        ),
    ]
