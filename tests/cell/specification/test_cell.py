from __future__ import annotations

import numpy as np
import pytest

from scalith.cell import CellSpecification, simulate_discharge
from scalith.quantities import InputError


def _plain(cell: CellSpecification) -> dict:
    return cell.model_dump()


def test_units_formulas_and_files_are_read(tmp_path, lgm50):
    assert lgm50.nominal_capacity == pytest.approx(18000.0)
    assert lgm50.negative_electrode.thickness == pytest.approx(85.2e-6)
    assert lgm50.electrolyte.initial_concentration == pytest.approx(1000.0)
    assert float(lgm50.electrolyte.conductivity(1000.0)) == pytest.approx(0.1297 - 2.51 + 3.329, rel=1e-6)
    (tmp_path / "ocv.csv").write_text("# source: measured here\nx [1], open_circuit_voltage [mV]\n0, 4300\n0.5, 3900\n1, 3400\n")
    text = (tmp_path / "cell.toml").parent / "cell.toml"
    from scalith.quantities import shipped

    lines = shipped("cell/lgm50_chen2020.toml").read_text().splitlines()
    at = [k for k, line in enumerate(lines) if line.startswith("open_circuit_voltage")][1]
    lines[at] = 'open_circuit_voltage = {file = "ocv.csv"}'
    text.write_text("\n".join(lines))
    cell = CellSpecification.read_toml(text)
    assert float(cell.positive_electrode.material.open_circuit_voltage(0.5)) == pytest.approx(3.9)


def test_specification_survives_json_and_keeps_its_digest(lgm50):
    again = CellSpecification.model_validate_json(lgm50.model_dump_json())
    assert again.digest == lgm50.digest


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"separator": {"thickness": "12 V", "porosity": 0.4}}, r"separator\.thickness"),
        ({"separator": {"thickness": 1e-5, "porosity": -0.4}}, r"separator\.porosity"),
        ({"electrode_aera": 1.0}, "did you mean 'electrode_area'"),
        ({"upper_voltage_cut_off": 1.0}, "more than lower_voltage_cut_off"),
    ],
)
def test_a_wrong_field_gets_one_sentence(lgm50, change, message):
    with pytest.raises(InputError, match=message) as caught:
        CellSpecification.read(_plain(lgm50) | change, where="cell.toml")
    assert "cell.toml" in str(caught.value)


def test_too_much_in_an_electrode_or_unbalanced_windows_are_refused(lgm50):
    plain = _plain(lgm50)
    full = plain | {"positive_electrode": plain["positive_electrode"] | {"porosity": 0.6}}
    with pytest.raises(InputError, match="together at most 1"):
        CellSpecification.read(full)
    thick = plain | {"positive_electrode": plain["positive_electrode"] | {"thickness": 2e-4}}
    with pytest.raises(InputError, match="windows of equal charge"):
        simulate_discharge(CellSpecification.read(thick), 1.0)


def test_capacity_of_both_windows_is_the_same(lgm50):
    assert lgm50.capacity_of_window("negative") == pytest.approx(lgm50.capacity_of_window("positive"), rel=1e-3)
    assert np.isclose(lgm50.plane_area, 0.1027)
