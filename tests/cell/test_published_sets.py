"""The shipped cells: each states its sources, and those with windows by voltage are balanced at their cut-offs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scalith.cell import CellSpecification
from scalith.quantities import shipped
from validation.cases.C10_published_sets import SETS, reference

FOLDER = Path(str(shipped("cell/lgm50_chen2020.toml"))).parent
CELLS = sorted(path.stem for path in FOLDER.glob("*.toml"))
BY_VOLTAGE = [name for name in CELLS if re.search(r"20\d\d$", name)]


def test_there_are_nine_published_sets():
    assert len(BY_VOLTAGE) == 9


def test_each_published_set_has_a_reference():
    assert sorted(SETS.values()) == BY_VOLTAGE
    for name in SETS:
        time, voltage, end = reference(name)
        assert 1.0 == time[0] < time[-1] < end
        assert voltage[0] > voltage[-1]


@pytest.mark.parametrize("name", CELLS)
def test_each_shipped_cell_names_its_source(name):
    cell = CellSpecification.read_toml(FOLDER / f"{name}.toml")
    assert "DOI" in cell.reference or "J. Electrochem. Soc." in cell.reference
    assert f"cell/{name}.toml" in (FOLDER.parent / "SOURCES.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", BY_VOLTAGE)
def test_the_windows_of_a_published_set_end_at_its_cut_offs(name):
    cell = CellSpecification.read_toml(FOLDER / f"{name}.toml")
    n, p, T = cell.negative_electrode.material, cell.positive_electrode.material, cell.reference_temperature
    for positive, negative, cut_off in (
        (p.minimum_stoichiometry, n.maximum_stoichiometry, cell.upper_voltage_cut_off),
        (p.maximum_stoichiometry, n.minimum_stoichiometry, cell.lower_voltage_cut_off),
    ):
        voltage = p.open_circuit_voltage(x=positive, T=T) - n.open_circuit_voltage(x=negative, T=T)
        # The limits of Chen 2020 were rounded in print: 2.5 V is met within 2 mV where the graphite is nearly empty.
        assert float(voltage) == pytest.approx(cut_off, abs=2e-3 if name == "lgm50_chen2020" else 2e-4)
    assert cell.capacity_of_window("negative") == pytest.approx(cell.capacity_of_window("positive"), rel=1e-4)
