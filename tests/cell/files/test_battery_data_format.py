from __future__ import annotations

import numpy as np
import pytest

from scalith.cell import read_battery_data, simulate_protocol, write_battery_data
from scalith.quantities import InputError

HEADER = "Test Time / s,Voltage / V,Current / A"


def test_a_protocol_survives_the_file_and_its_signs_are_turned(tmp_path, lgm50):
    steps = ["Discharge at C/2 for 10 minutes", "Rest for 5 minutes", "Charge at C/5 for 5 minutes"]
    data = simulate_protocol(lgm50, steps, cycles=2)
    write_battery_data(data, tmp_path / "run.bdf.csv")
    titles, first, *rest = (tmp_path / "run.bdf.csv").read_text().splitlines()
    assert titles.startswith(HEADER + ",Cycle Count / 1,Step Count / 1,Step ID,")
    assert first.split(",")[2] == "-2.5"  # discharging is negative there
    assert [float(line.split(",")[4]) for line in (first, rest[-1])] == [0, 5]
    again = read_battery_data(tmp_path / "run.bdf.csv")
    for name in ("voltage", "current", "temperature", "capacity", "cycle", "step"):
        np.testing.assert_allclose(again[name], data[name], rtol=1e-12, atol=1e-11)
        assert again[name].attrs["units"] == data[name].attrs["units"]
    np.testing.assert_allclose(again.time, data.time)


def test_machine_names_empty_cells_and_unknown_columns(tmp_path):
    text = "test_time_second,voltage_volt,current_ampere,Temperature T1 / degC,Phase / deg\n0,3.7,1,25,0\n1,3.8,1,,0\n"
    (tmp_path / "a.csv").write_text(text)
    data = read_battery_data(tmp_path / "a.csv")
    assert data.current.values.tolist() == [-1.0, -1.0]
    assert data.temperature.values[0] == 298.15
    assert np.isnan(data.temperature.values[1])
    assert data.attrs["left_out"] == "Phase / deg"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Test Time / s,Voltage / V\n0,1\n", "a column 'Current / A'"),
        (HEADER + "\n", "a header only"),
        (HEADER + "\n0,3.7,1\n1,3.7\n", "line 3: found 2 values"),
        (HEADER + "\n0,3.7,1\n1,high,1\n", r"line 3, column 'Voltage / V': found 'high'"),
        (HEADER + "\n0,3.7,1\n1,3.7,\n", r"line 3, column 'Current / A': missing"),
        (HEADER + "\n1,3.7,1\n0,3.7,1\n", "times that do not fall"),
    ],
)
def test_a_bad_file_is_named_with_its_line(tmp_path, text, message):
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(InputError, match=message):
        read_battery_data(tmp_path / "a.csv")
    with pytest.raises(InputError, match="no such file"):
        read_battery_data(tmp_path / "b.csv")


def test_a_data_set_without_a_current_is_refused(tmp_path):
    import xarray as xr

    with pytest.raises(InputError, match="current over time"):
        write_battery_data(xr.Dataset({"voltage": ("time", [1.0])}, {"time": [0.0]}), tmp_path / "a.csv")
