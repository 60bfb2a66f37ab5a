"""Files that are dropped onto the page are laid over what was predicted."""

from __future__ import annotations

import json

import numpy as np
import pytest

from scalith.app.exports import exported
from scalith.app.measured import overlay
from scalith.app.views import unpacked
from scalith.cell import Mesh, simulate_discharge, simulate_impedance
from scalith.quantities import InputError
from scalith.report.shown_units import number

MESH = Mesh(6, 4, 6)
"""That of the study."""

WARM = {"temperature of the surroundings": 318.15}


@pytest.fixture(scope="module")
def cell(explorer):
    return explorer.answer({}).climbed.values["cell_specification"]


def discharge_table(cell, shift=0.0, temperature=298.15):
    run = simulate_discharge(cell, current=2.3, temperature=temperature, output_times=np.linspace(0, 2400, 60), mesh=MESH)
    rows = zip(run["time"].values, run["voltage"].values + shift, strict=True)
    return ("time [s],voltage [V],current [A]\n" + "\n".join(f"{t:.6f},{v:.9f},2.3" for t, v in rows)).encode()


def apart(found):
    """mV between a discharge and its prediction."""
    return float(found["words"].split(": ")[1].split(" mV")[0])


def test_a_discharge_is_compared_with_one_at_its_own_current(explorer, cell):
    assert apart(overlay(explorer, {}, "mine.csv", discharge_table(cell, 0.01))) == pytest.approx(10.0, abs=0.02)
    exact = overlay(explorer, {}, "mine.csv", discharge_table(cell))
    assert apart(exact) < 0.5
    assert [trace["name"] for trace in exact["figure"]["data"]] == ["predicted, 1C", "measured: mine.csv"]


def test_measurements_are_compared_at_the_temperature_of_the_state(explorer):
    warm = explorer.answer(WARM).climbed.values["cell_specification"]
    assert apart(overlay(explorer, WARM, "mine.csv", discharge_table(warm, temperature=318.15))) < 0.5
    assert apart(overlay(explorer, WARM, "mine.csv", discharge_table(warm, temperature=298.15))) > 1.0
    f = np.geomspace(0.01, 1000, 12)
    table = "frequency [Hz],Re Z [ohm],Im Z [ohm]\n" + "\n".join(f"{x!r},0.02,-0.005" for x in f.tolist())
    drawn = unpacked(overlay(explorer, WARM, "z.csv", table.encode())["figure"]["data"][0]["x"])
    here, colder = (simulate_impedance(warm, f, 0.5, temperature=T)["resistance"].values for T in (318.15, 298.15))
    assert drawn == pytest.approx(here, rel=1e-9)
    assert drawn != pytest.approx(colder, rel=1e-3)
    same = overlay(explorer, WARM, "same.json", exported(explorer, WARM, "bpx").content)["figure"]["data"]
    for here, other in (same[:2], same[2:]):
        assert unpacked(here["x"])[-1] == pytest.approx(unpacked(other["x"])[-1], rel=1e-6)


def test_a_spectrum_is_compared_with_that_of_the_cell(explorer, cell):
    f, measured = np.geomspace(0.01, 1000, 20), 0.02 - 0.005j
    z = simulate_impedance(cell, f, 0.5)
    table = "frequency [Hz],Re Z [ohm],Im Z [ohm]\n" + "\n".join(f"{x!r},{measured.real},{measured.imag}" for x in f.tolist())
    found = overlay(explorer, {}, "z.csv", table.encode())
    apart = np.sqrt(np.mean(np.abs(z["resistance"].values + 1j * z["reactance"].values - measured) ** 2))
    assert found["words"] == f"z.csv: {number(1e3 * apart, 3)} mΩ apart (root mean square)"
    assert len(found["figure"]["data"]) == 2


def test_a_curve_is_laid_over_the_quantity_of_its_name(explorer):
    found = overlay(explorer, {}, "u.csv", b"x [1],open_circuit_voltage [V]\n0.1,3.4\n0.5,3.4\n0.9,3.4\n")
    assert "mV" in found["words"] or "V (root mean square" in found["words"]


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (
            b"x [1],chemical_diffusivity [m2/s]\n0.1,1e-17\n0.5,1e-17\n0.9,1e-17\n",
            "a study in which chemical_diffusivity is a curve over x",
        ),
        (b"x [1],open_circuit_voltage [V]\n0.0,3.6\n0.0001,3.5\n0.0002,3.4\n", "places within"),
    ],
)
def test_a_curve_without_one_to_lay_it_over_is_one_sentence(explorer, table, said):
    with pytest.raises(InputError, match=said):
        overlay(explorer, {}, "curve.csv", table)


def test_another_cell_is_discharged_at_the_same_rates(explorer):
    thicker = exported(explorer, {"cell.separator.thickness": 3e-5}, "bpx").content
    found = overlay(explorer, {}, "other.json", thicker)
    assert found["words"].startswith("this cell and other.json: 1C ")
    assert len(found["figure"]["data"]) == 4


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.csv", b""),
        ("noise.bin", bytes(range(256)) * 8),
        ("page.csv", b"<script>alert(1)</script>"),
        ("cell.json", json.dumps({"Header": {}}).encode()),
        ("../../escape.csv", b"a,b\n1,2\n"),
    ],
)
def test_what_is_no_measurement_is_one_sentence_and_leaves_no_file(explorer, study_file, name, content):
    with pytest.raises(InputError) as said:
        overlay(explorer, {}, name, content)
    assert name in str(said.value)
    assert ".explorer-" not in str(said.value)
    assert list(study_file.parent.iterdir()) == [study_file]


def test_names_of_files_are_text_in_pictures(explorer, cell):
    found = overlay(explorer, {}, "<img src=x>.csv", discharge_table(cell))
    assert "<img" not in json.dumps(found["figure"])
