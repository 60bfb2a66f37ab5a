"""The first climb on real input: from the energies of LixNiO2 orderings to the heat of a pack."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from scalith.ladder import climb, read_entry, read_study
from scalith.lattice import open_circuit_voltage
from scalith.quantities import ScalithError, shipped
from tests.ladder.smaller_study import smaller

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "lixnio2.toml"


SMALLER = {
    'temperatures = ["5 degC", "25 degC", "45 degC", "65 degC"]': 'temperatures = ["15 degC", "35 degC"]',
    'temperatures = ["5 degC", "25 degC", "65 degC"]': 'temperatures = ["15 degC", "35 degC"]',
    "cells = [12, 12, 12]\nsweeps = 150": "cells = [6, 6, 6]\nsweeps = 80",
    "cells = [12, 12, 6]\nevents = 5000": "cells = [6, 6, 6]\nevents = 1000",
    "c_rates = [0.2, 1.0, 2.0]": "c_rates = [1.0]",
}


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """A climbed ladder, small but real."""
    folder = tmp_path_factory.mktemp("climb")
    study = folder / "small.toml"
    study.write_text(smaller(EXAMPLE.read_text(), SMALLER))
    ledger = climb(read_study(study), folder / "out")
    return folder / "out", ledger


def test_the_shipped_study_is_the_example():
    assert shipped("studies/lixnio2.toml").read_text() == EXAMPLE.read_text()


def test_every_rung_is_reached(results):
    _, ledger = results
    names = {entry.quantity for entry in ledger.entries if entry.origin == "computed"}
    assert {"cluster_expansion", "open_circuit_voltage", "chemical_diffusivity", "discharges", "pack_temperature"} <= names


def test_the_voltage_is_that_of_the_energies(results):
    folder, ledger = results
    voltage = read_entry(folder, "open_circuit_voltage").value
    # The emptiest mapped ordering has a sixth of the ions (emptier ones slid to another stacking), and the ordering with a quarter
    # stands beside a nearly empty phase, of which nothing was fitted: V(x) begins at a quarter.
    assert voltage.domain["x"] == pytest.approx((1 / 4, 1.0), abs=0.0025)
    # ∫V dx is the energy of filling the host (no entropy at 0 and 1): that of the expansion exactly, all of which is asked here, that
    # of the data within the errors of the fit at both ends.
    sampled = read_entry(folder, "sampled_orderings").value.assign_attrs(known_x=[0.0, 1.0])
    whole = open_circuit_voltage(sampled, read_entry(folder, "lithium_energy").value)
    x = whole.coordinates["x"]
    mean = np.trapezoid(whole(x, 298.15), x) / (x[-1] - x[0])
    fit = read_entry(folder, "cluster_expansion").value
    odd = np.array([orbit.order % 2 for orbit in fit.orbits])
    stoichiometry = 2.0 * float(fit.weights[odd == 1].sum())
    assert mean == pytest.approx(-(stoichiometry + 2.33), abs=0.006)
    part = np.linspace(1 / 6, x[-1], 400)
    mean = np.trapezoid(whole(part, 298.15), part) / (part[-1] - part[0])
    assert mean == pytest.approx(ledger.entry("average_voltage").value, abs=4 * fit.leave_one_out_error)
    assert np.all(np.diff(whole(x, 298.15)) <= 1e-9)


def test_darken_relation_holds_along_the_ladder(results):
    folder, _ = results
    jump, factor, chemical = (
        read_entry(folder, name).value for name in ("jump_diffusivity", "thermodynamic_factor", "chemical_diffusivity")
    )
    x, T = jump.coordinates["x"][1:-1], jump.coordinates["T"][0]
    assert np.allclose(chemical(x, T), jump(x, T) * factor(x, T), rtol=0.1)
    assert chemical.nominal.min() > 0


def test_the_cell_conserves_and_its_heat_reaches_the_pack(results):
    folder, _ = results
    discharges = read_entry(folder, "discharges").value
    assert float(np.abs(discharges["lithium_error"]).max()) < 1e-8
    heat = read_entry(folder, "heat_generation").value
    parts = sum(heat[str(name)] for name in heat.data_vars if str(name).startswith("heat_"))
    assert np.allclose(parts, heat["heat"], atol=1e-9, equal_nan=True)
    one = heat.isel(c_rate=-1).dropna("sample")
    made = float(np.trapezoid(one["heat"], one["time"]))
    pack = read_entry(folder, "pack_temperature").value
    assert float(pack["heat_generated"].isel(time=-1)) == pytest.approx(made * pack.sizes["cell"], rel=1e-9)
    assert float(pack["energy_balance_error"]) < 1e-8


def test_the_lithium_reference_is_traced_as_assumed(results):
    _, ledger = results
    below = {entry.quantity: entry for _, entry, _ in ledger.ancestry("pack_temperature")}
    assert below["lithium_energy"].source.kind == "assumed"
    assert "SCAN" in below["lithium_energy"].source.reference
    assert any(item.name == "smol_lno_entries.json" for entry in below.values() if entry.source for item in entry.source.files)


def test_the_written_bpx_file_gives_the_same_cell(results):
    from scalith.cell import simulate_discharge, specification_from_bpx

    folder, _ = results
    read = specification_from_bpx(folder / "quantities" / "cell_specification.bpx.json")
    again = simulate_discharge(read, 1.0, temperature=298.15)
    first = read_entry(folder, "discharges").value.isel(c_rate=0).dropna("sample", subset=["time"])
    voltage = np.interp([600.0, 1800.0], first["time"], first["voltage"])
    assert np.interp([600.0, 1800.0], again["time"], again["voltage"]) == pytest.approx(voltage, abs=5e-3)


def test_no_machine_is_named_in_the_results(results):
    folder, _ = results
    text = (folder / "ledger.json").read_text()
    assert str(ROOT) not in text
    assert str(folder.parent) not in text


def test_a_curve_named_in_the_cell_counts_by_its_content(tmp_path):
    curve = tmp_path / "diffusivity.csv"
    curve.write_text("# source: a lab\nx [1], chemical_diffusivity [m2/s]\n0, 1e-14\n1, 1e-14\n")
    study = tmp_path / "study.toml"
    study.write_text(EXAMPLE.read_text().replace('"3.3e-14 m2/s"', '{ file = "diffusivity.csv" }'))
    first = read_study(study).settings["cell"]
    assert first.specification(TRIAL).negative_electrode.material.chemical_diffusivity(0.5) == pytest.approx(1e-14)
    curve.write_text(curve.read_text().replace("1e-14", "1e-13"))
    assert read_study(study).settings["cell"].digest != first.digest


TRIAL = {
    "negative_open_circuit_voltage": 0.1,
    "positive_open_circuit_voltage": 4.0,
    "positive_entropic_coefficient": 0.0,
    "positive_chemical_diffusivity": 1e-14,
    "positive_maximum_concentration": 5e4,
}


# -- bad input, early and in one sentence -----------------------------------------------------------------------


def entries_changed(tmp_path, change) -> Path:
    """The example with its energies changed by `change`."""
    data = json.loads(shipped("dft_energies/LixNiO2/smol_lno_entries.json").read_text())
    change(data)
    (tmp_path / "entries.json").write_text(json.dumps(data))
    study = tmp_path / "study.toml"
    study.write_text(EXAMPLE.read_text().replace("shipped:dft_energies/LixNiO2/smol_lno_entries.json", "entries.json"))
    return study


def test_a_run_of_another_chemistry_is_listed_with_the_reason(tmp_path):
    def to_cobalt(data):
        for site in data[3]["structure"]["sites"]:
            for species in site["species"]:
                if species["element"] == "Ni":
                    species["element"] = "Co"

    study = entries_changed(tmp_path, to_cobalt)
    climb(read_study(study), tmp_path / "out", until="mapped_orderings")
    mapped = read_entry(tmp_path / "out", "mapped_orderings").value
    reasons = dict(zip(mapped["rejected_origin"].values.tolist(), mapped["rejected_reason"].values.tolist(), strict=True))
    assert reasons["entries.json entry 3"].startswith("another chemistry: element Co")


def test_a_structure_that_cannot_be_mapped_is_listed_with_the_reason(tmp_path):
    def stretch(data):
        matrix = np.array(data[5]["structure"]["lattice"]["matrix"])
        data[5]["structure"]["lattice"]["matrix"] = (matrix @ np.diag([1.7, 1.0, 1.0])).tolist()

    study = entries_changed(tmp_path, stretch)
    climb(read_study(study), tmp_path / "out", until="mapped_orderings")
    mapped = read_entry(tmp_path / "out", "mapped_orderings").value
    assert mapped.sizes["structure"] + mapped.sizes["rejected"] == 31
    reasons = dict(zip(mapped["rejected_origin"].values, mapped["rejected_reason"].values, strict=True))
    assert len(str(reasons["entries.json entry 5"])) > 10


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('thickness = "85.2 um"', 'thickness = "85.2 V"', ["[cell]", "negative_electrode.thickness", "unit 'V'"]),
        ("porosity = 0.335", "porosity = -0.335", ["[cell]", "positive_electrode.porosity", "greater than 0"]),
        ("porosity = 0.335", "porsity = 0.335", ["[cell]", "positive_electrode", "porsity"]),
        (
            'particle_radius = "5.22 um"',
            'particle_radius = "5.22 um"\nopen_circuit_voltage = 4.0',
            ["[cell]", "positive_electrode.open_circuit_voltage", "under [given]"],
        ),
        ("cells = 12\n", "cells = 0\n", ["[pack]", "cells", "found 0"]),
        ('"-2.33 eV"', '"-2.33 kg"', ["[given]", "lithium_energy", "unit 'kg'", "eV"]),
        ("barrier = 0.672", "barrier = -0.672", ["[given]", "hop_barriers", "barrier", "-0.672"]),
        ("pair_cutoff = 8.0", "pair_cutoff = 0.5", ["pair_cutoff", "0.5"]),
    ],
)
def test_bad_settings(tmp_path, old, new, said):
    study = tmp_path / "study.toml"
    text = EXAMPLE.read_text()
    assert old in text
    study.write_text(text.replace(old, new))
    with pytest.raises(ScalithError) as caught:
        climb(read_study(study), tmp_path / "out", until="cluster_expansion")
    for words in said:
        assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out" / "ledger.json").exists()
