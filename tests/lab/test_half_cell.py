"""An electrode of a cell against lithium."""

import pytest

from scalith.lab.half_cell import half_cell
from scalith.quantities import InputError, shipped

CELL = shipped("cell/lgm50_chen2020.toml")


def test_a_half_cell_holds_what_its_electrode_holds():
    found = half_cell(CELL, "positive", thickness=5e-6)
    material = found.cell.positive_electrode.material
    window = material.maximum_stoichiometry - material.minimum_stoichiometry
    assert found.cell.capacity_of_window("positive") == pytest.approx(found.capacity * window)
    assert found.cell.nominal_capacity == pytest.approx(found.capacity * window)
    assert float(found.stoichiometry(found.cell.nominal_capacity)) == pytest.approx(material.maximum_stoichiometry)
    assert found.cell.negative_electrode.planar


def test_the_negative_electrode_becomes_the_positive_one_of_its_half_cell():
    found = half_cell(CELL, "negative")
    assert found.cell.upper_voltage_cut_off < 2.0
    with pytest.raises(InputError, match="side"):
        half_cell(CELL, "anode")
    with pytest.raises(InputError, match="one active material"):
        half_cell(_blended())


def _blended():
    from scalith.cell import CellSpecification

    cell = CellSpecification.read_toml(CELL)
    positive = cell.positive_electrode
    half = positive.material.model_copy(update={"active_volume_fraction": 0.3})
    return cell.model_copy(update={"positive_electrode": positive.model_copy(update={"materials": (half, half)})})
