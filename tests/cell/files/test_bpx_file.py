from __future__ import annotations

import json

import numpy as np
import pytest

from scalith.cell import CellSpecification, simulate_discharge, specification_from_bpx, to_bpx
from scalith.quantities import InputError, Property, Source


def test_published_files_are_read(pouch, lfp_file):
    assert pouch.plane_area == pytest.approx(34 * 0.016808)
    assert pouch.thermal is not None
    assert pouch.thermal.mass == pytest.approx(0.000128 * 1847)
    assert pouch.thermal.heat_transfer == pytest.approx(10.0 * 0.0379)
    cell = specification_from_bpx(lfp_file)
    low, high = cell.positive_electrode.material.open_circuit_voltage.domain["x"]
    assert low < 0.0875 < 0.95038 < high


def test_a_written_file_gives_the_same_cell_back(tmp_path, lgm50):
    from scalith.interface import linear, overvoltage_property

    x, T = np.linspace(0.0, 1.0, 21), np.array([280.0, 300.0, 320.0])
    source = Source(kind="predicted", by="a lower scale", parents=("abc",))
    exchange = Property.from_arrays(
        "exchange_current_density", {"x": x, "T": T}, 1.0 + x[:, None] * (1 + 0.01 * (T - 300.0))[None, :], "A m-2", source
    )
    plain = lgm50.model_dump()
    material = plain["positive_electrode"]["materials"][0] | {
        "exchange_current_density": exchange,
        "reaction_rate_constant": None,
        "overvoltage_function": overvoltage_property(linear, nodes=11),
        "film_resistance": 0.003,
    }
    changed = {"materials": [material], "double_layer_capacitance": 0.1}
    cell = CellSpecification.read(
        plain | {"positive_electrode": plain["positive_electrode"] | changed, "contact_resistance": 0.01}
    )
    to_bpx(cell, tmp_path / "cell.json")
    again = specification_from_bpx(tmp_path / "cell.json")
    back = again.positive_electrode.material
    assert back.exchange_current_density == exchange
    assert back.film_resistance == 0.003
    assert again.contact_resistance == 0.01
    assert again.positive_electrode.double_layer_capacitance == 0.1
    assert back.open_circuit_voltage == cell.positive_electrode.material.open_circuit_voltage
    ours, theirs = simulate_discharge(cell, 1.0), simulate_discharge(again, 1.0)
    assert float(theirs.time[-1]) == pytest.approx(float(ours.time[-1]), abs=1e-3)


def test_a_formula_that_is_code_is_refused_and_not_run(tmp_path, lfp_file):
    data = json.loads(lfp_file.read_text())
    data["Parameterisation"]["Positive electrode"]["OCP [V]"] = f"__import__('pathlib').Path('{tmp_path}/made').touch()"
    (tmp_path / "bad.json").write_text(json.dumps(data))
    with pytest.raises(InputError, match="OCP"):
        specification_from_bpx(tmp_path / "bad.json")
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "BPX file"),
        ("{}", "no Header"),
        ('{"Header": {"BPX": "1.0.0", "Model": "DFN"}, "Parameterisation": {}}', "BPX|Field|required"),
    ],
)
def test_what_is_no_bpx_is_said(tmp_path, content, message):
    (tmp_path / "file.json").write_text(content)
    with pytest.raises(InputError, match=message):
        specification_from_bpx(tmp_path / "file.json")
    with pytest.raises(InputError, match="no such file"):
        specification_from_bpx(tmp_path / "none.json")
