from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import pytest
from bpx import convert_v0_to_v1

from scalith.cell import Mesh, simulate_discharge, simulate_protocol, specification_from_bpx
from scalith.quantities import InputError

DATA = Path(__file__).resolve().parents[3] / "validation" / "data"
POUCH = DATA / "about_energy" / "NMC" / "nmc_pouch_cell_BPX.json"
MESH = Mesh(5, 3, 5, nodes=10, finest=0.05)
RUNS = {
    "nmc_pouch_cell_BPX_blended_electrode": 3727.0,
    "AE_gen1_BPX": 3391.0,
    "pybamm_chen2020": 3594.0,
    "pybamm_prada2013": 3034.0,
    "old_header_with_state": 0.0,
}
REFUSED = {
    "nmc_pouch_cell_BPX_SPM": r"Electrolyte: found nothing \(Model SPM\)",
    # The branches of this file are exchanged: lithium would leave at a lower potential than it enters.
    "nmc_pouch_cell_BPX_user-defined_hysteresis": r"OCP \(delithiation\).*0\.1778 V below the lithiation.*below at 98% of the stoichiometries: are the two exchanged",
    "pybamm_mohtat2020": r"chemical_diffusivity: found x from 0\.005 to 0\.995, expected at least the window 0\.00149924",
    # 3.2e-6 m2/s: ten thousand times that of a liquid electrolyte.
    "pybamm_ai2020": r"electrolyte\.diffusivity: found 3\.22272e-06.*check_plausible=False",
    "invalid_blended_state": r"must be a dict with keys",
}


@pytest.fixture
def changed(tmp_path):
    """A function that writes the pouch cell as BPX 1.x with some entries changed, and gives the path."""
    plain = convert_v0_to_v1(json.loads(POUCH.read_text()))

    def write(**sections):
        content = json.loads(json.dumps(plain))
        for path, values in sections.items():
            part = content
            for key in path.split("__"):
                part = part.setdefault(key.replace("_", " "), {})
            part.update(values)
        (tmp_path / "cell.json").write_text(json.dumps(content))
        return tmp_path / "cell.json"

    return write


def test_published_files_are_read(pouch, lfp_file):
    assert pouch.plane_area == pytest.approx(34 * 0.016808)
    assert pouch.thermal is not None
    assert pouch.thermal.mass == pytest.approx(0.000128 * 1847)
    assert pouch.thermal.heat_transfer == pytest.approx(10.0 * 0.0379)
    # Of version 0.x, which the schema of 1.x drops.
    assert pouch.thermal.through_conductivity == 2.04
    cell = specification_from_bpx(lfp_file)
    low, high = cell.positive_electrode.material.open_circuit_voltage.domain["x"]
    assert low < 0.0875 < 0.95038 < high


@pytest.mark.parametrize("name", RUNS)
def test_public_files_run(name):
    data = simulate_discharge(specification_from_bpx(DATA / "bpx" / f"{name}.json"), 1.0)
    assert data.attrs["reason"] == "lower voltage reached"
    assert float(data.time[-1]) == pytest.approx(RUNS[name], abs=1.0)


@pytest.mark.parametrize("name", REFUSED)
def test_public_files_that_do_not_run_are_refused_in_one_sentence(name):
    with pytest.raises(InputError, match=REFUSED[name]) as error:
        specification_from_bpx(DATA / "bpx" / f"{name}.json")
    assert "\n" not in str(error.value)


def test_odd_values_are_taken_where_they_are_meant():
    cell = specification_from_bpx(DATA / "bpx" / "pybamm_ai2020.json", check_plausible=False)
    assert float(cell.electrolyte.diffusivity(c=1000.0, extrapolate="nearest")) > 1e-6


def test_the_initial_state_of_charge_and_temperature_are_where_simulations_start(changed):
    cell = specification_from_bpx(
        changed(State__Initial_conditions={"Initial state-of-charge": 0.5, "Initial temperature [K]": 273.15})
    )
    assert cell.initial_state.state_of_charge == 0.5
    run = simulate_discharge(cell, 0.2, mesh=MESH, duration=60.0)
    assert set(run.temperature.values) == {273.15}
    given = simulate_discharge(cell, 0.2, mesh=MESH, duration=60.0, initial_state_of_charge=0.5, temperature=273.15)
    np.testing.assert_array_equal(run.voltage, given.voltage)
    rest = simulate_protocol(cell, ["Rest for 60 s"], mesh=MESH)
    assert float(rest.voltage[0]) == pytest.approx(float(rest.voltage[-1]), abs=1e-6)
    material = cell.negative_electrode.material
    middle = 0.5 * (material.minimum_stoichiometry + material.maximum_stoichiometry)
    assert float(rest.stoichiometry_negative[0]) == pytest.approx(middle, abs=1e-12)
    full = simulate_discharge(cell, 0.2, mesh=MESH, duration=60.0, initial_state_of_charge=1.0, temperature=298.15)
    assert float(full.voltage[0]) > float(run.voltage[0]) + 0.3


BRANCHES = {
    "OCP (delithiation) [V]": {"x": [0.0, 0.5, 1.0], "y": [0.75, 0.5, 0.25]},
    "OCP (lithiation) [V]": {"x": [0.0, 0.25, 1.0], "y": [0.65, 0.525, 0.15]},
}


def test_the_decay_constant_is_twice_ours_and_the_state_is_honoured(changed):
    """BPX: dh/dx = γ (1 ∓ h)/2. From −1, after Δx while lithium leaves: h = 1 − 2 exp(−γ Δx/2)."""
    gamma = 20.0
    path = changed(
        Parameterisation__Negative_electrode=BRANCHES | {"OCP hysteresis decay constant": gamma},
        State__Initial_conditions={"Initial hysteresis state: Negative electrode": -1.0},
    )
    cell = specification_from_bpx(path)
    material = cell.negative_electrode.material
    assert (material.hysteresis_decay, material.initial_hysteresis) == (0.5 * gamma, -1.0)
    x = np.linspace(0.0, 1.0, 11)
    np.testing.assert_allclose(material.open_circuit_voltage(x=x), 0.7 - 0.5 * x, atol=1e-12)
    np.testing.assert_allclose(material.hysteresis(x=x), 0.05, atol=1e-12)
    without = specification_from_bpx(
        changed(Parameterisation__Negative_electrode={"OCP [V]": {"x": [0.0, 1.0], "y": [0.7, 0.2]}})
    )
    setting = {"mesh": MESH, "duration": 3600.0, "cut_off": 0.1}
    run, plain = (simulate_discharge(one, 0.02, **setting) for one in (cell, without))
    passed = float(run.stoichiometry_negative[0] - run.stoichiometry_negative[-1])
    h = 1.0 - 2.0 * np.exp(-0.5 * gamma * passed)
    difference = float(run.voltage[-1]) - float(np.interp(run.time[-1], plain.time, plain.voltage))
    assert difference == pytest.approx(-0.05 * h, abs=2e-4)


@pytest.mark.parametrize(
    ("sections", "message"),
    [
        ({"Parameterisation__Negative_electrode": {"OCP hysteresis decay constant": 5.0}}, "decay constant.*beside it OCP"),
        ({"Parameterisation__Negative_electrode": {"OCP (lithiation) [V]": 0.1}}, r"OCP \(delithiation\) \[V\]: missing"),
        (
            {
                "Parameterisation__Negative_electrode": BRANCHES,
                "State__Initial_conditions": {"Initial hysteresis state: Negative electrode": 0.5},
            },
            "Initial hysteresis state: Negative electrode.*no memory",
        ),
        (
            {
                "Parameterisation__Negative_electrode": BRANCHES | {"OCP hysteresis decay constant": 5.0},
                "State__Initial_conditions": {"Initial hysteresis state: Negative electrode": 5.0},
            },
            "initial_hysteresis",
        ),
        ({"State__Initial_conditions": {"Initial state-of-charge": 1.5}}, "initial_state.state_of_charge"),
        ({"State__Initial_conditions": {"Initial electrolyte concentration [mol.m-3]": None}}, "Initial electrolyte conc.*missing"),
        ({"State__Thermal_environment": {"Heat transfer coefficient [W.m-2.K-1]": 5.0}, "Parameterisation__Cell": {"External surface area [m2]": None}}, "External surface area"),
        ({"Parameterisation__Cell": {"Volume [m3]": None}}, "Volume"),
        ({"Parameterisation__Cell": {"Density [kg.m-3]": None}}, "Density"),
        ({"Parameterisation__User-defined": {"Activation overpotential [V]": 0.1}}, r"User-defined\.Activation overpotential \[V\].*ignore"),
        ({"Parameterisation__User-defined": {"Silicon: Negative electrode lithiation OCP [V]": 0.1}}, "material that the file does not have"),
        ({"Parameterisation__User-defined": {"Negative particle hysteresis decay rate": 3.0}}, "unknown meaning"),
        ({"Parameterisation__User-defined": {"Electrolyte": {"viscosity": 3.0}}}, r"Electrolyte\.viscosity"),
        ({"State__Degradation": {"LLI": 1.2, "LAM: Positive electrode": 0.0, "LAM: Negative electrode": 0.0}}, "LLI|lithium_loss"),
        ({"State__Degradation": {"LLI": 0.1, "LAM: Positive electrode": -0.2, "LAM: Negative electrode": 0.0}}, "positive_loss"),
        ({"Header": {"BPX": "latest"}}, r"Header\.BPX"),
        ({"Parameterisation__Cell": {"Colour": 1.0}}, "Colour"),
    ],
)  # fmt: skip
def test_what_cannot_be_honoured_is_refused_by_its_name(changed, sections, message):
    with pytest.raises(InputError, match=message):
        specification_from_bpx(changed(**sections))


def test_entries_can_be_left_out_by_name(changed):
    path = changed(**{"Parameterisation__User-defined": {"Colour index": 1.0, "Contact resistance [Ohm]": 0.001}})
    assert specification_from_bpx(path, ignore=["Colour index"]).contact_resistance == 0.001
    with pytest.raises(InputError, match="ignore: found 'Color'"):
        specification_from_bpx(path, ignore=["Color"])


def test_names_of_other_programs_in_the_user_defined_section(tmp_path, changed):
    entries = {
        "description": "as PyBaMM and About:Energy name them",
        "Negative electrode delithiation OCP [V]": BRANCHES["OCP (delithiation) [V]"],
        "Negative electrode lithiation OCP [V]": BRANCHES["OCP (lithiation) [V]"],
        "Positive electrode double-layer capacity [F.m-2]": 0.2,
        "Thermal conductivity [W.m-1.K-1]": 2.0,
    }
    cell = specification_from_bpx(changed(**{"Parameterisation__User-defined": entries}))
    assert cell.negative_electrode.material.hysteresis_decay is None
    assert float(cell.negative_electrode.material.open_circuit_voltage(x=0.4)) == pytest.approx(0.5)
    assert cell.positive_electrode.double_layer_capacitance == 0.2
    assert cell.thermal.through_conductivity == 2.0
    # Version 0.x of About:Energy: a decay proportional to 1 ∓ h, without the half.
    old = json.loads(POUCH.read_text())
    old["Parameterisation"]["User-defined"] = {key: value for key, value in entries.items() if "OCP" in key} | {
        "Negative particle hysteresis decay rate": 7.0
    }
    (tmp_path / "old.json").write_text(json.dumps(old))
    assert specification_from_bpx(tmp_path / "old.json").negative_electrode.material.hysteresis_decay == 7.0


def test_a_blend_has_a_state_of_hysteresis_and_a_loss_for_each_material(tmp_path):
    content = convert_v0_to_v1(json.loads((DATA / "bpx" / "nmc_pouch_cell_BPX_blended_electrode.json").read_text()))
    keys = list(content["Parameterisation"]["Positive electrode"]["Particle"])
    for key in keys:
        particle = content["Parameterisation"]["Positive electrode"]["Particle"][key]
        particle |= {title: f"{particle['OCP [V]']} {shift}" for title, shift in zip(BRANCHES, ("+ 0.02", "- 0.02"), strict=True)}
        particle["OCP hysteresis decay constant"] = 4.0
    content["State"]["Initial conditions"]["Initial hysteresis state: Positive electrode"] = dict(
        zip(keys, (1.0, -1.0), strict=True)
    )
    fresh = specification_from_bpx(_written(tmp_path, content))
    assert [one.initial_hysteresis for one in fresh.positive_electrode.materials] == [1.0, -1.0]
    # They start apart in stoichiometry, at one potential.
    rest = simulate_protocol(fresh, ["Rest for 10 hours"], initial_state_of_charge=0.5, mesh=MESH)
    assert np.ptp(rest.voltage.values) < 1e-5
    loss = dict(zip(keys, (0.0, 0.25), strict=True))
    content["State"]["Degradation"] = {"LLI": 0.15, "LAM: Positive electrode": loss, "LAM: Negative electrode": 0.1}
    aged = specification_from_bpx(_written(tmp_path, content))
    pairs = zip(aged.positive_electrode.materials, fresh.positive_electrode.materials, strict=True)
    assert [one.area / other.area for one, other in pairs] == pytest.approx([1.0, 0.75])
    assert aged.negative_electrode.material.area == pytest.approx(0.9 * fresh.negative_electrode.material.area)


def _written(folder, content):
    (folder / "blend.json").write_text(json.dumps(content))
    return folder / "blend.json"


def test_a_formula_that_is_code_is_refused_and_not_run(tmp_path, lfp_file):
    data = json.loads(lfp_file.read_text())
    for place in ("OCP [V]", "Diffusivity [m2.s-1]"):
        bad = json.loads(json.dumps(data))
        bad["Parameterisation"]["Positive electrode"][place] = f"__import__('pathlib').Path('{tmp_path}/made').touch()"
        (tmp_path / "bad.json").write_text(json.dumps(bad))
        with pytest.raises(InputError, match=place.split(" ")[0]):
            specification_from_bpx(tmp_path / "bad.json")
    data["Parameterisation"]["User-defined"] = {"Contact resistance [Ohm]": f"open('{tmp_path}/made', 'w')"}
    (tmp_path / "bad.json").write_text(json.dumps(data))
    with pytest.raises(InputError, match="Contact resistance"):
        specification_from_bpx(tmp_path / "bad.json")
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "BPX file"),
        ("{}", "no Header"),
        ('{"Header": [], "Parameterisation": {}}', "no Header"),
        ('{"Header": {"BPX": "1.0.0", "Model": "DFN"}, "Parameterisation": {}}', "BPX|Field|required"),
        ('{"Header": {"BPX": "1.0.0", "Model": "DFN"}, "Parameterisation": {"Negative electrode": 3}}', "BPX|Field"),
        ('{"Header": {"BPX": "1.0.0", "Model": NaN}, "Parameterisation": {}}', "NaN"),
    ],
)
def test_what_is_no_bpx_is_said(tmp_path, content, message):
    (tmp_path / "file.json").write_text(content)
    with pytest.raises(InputError, match=message):
        specification_from_bpx(tmp_path / "file.json")
    with pytest.raises(InputError, match="no such file"):
        specification_from_bpx(tmp_path / "none.json")


WRONG = [
    None,
    -1,
    0,
    1e30,
    "x",
    "1/0",
    "10 ** 999",
    "exp(x",
    "",
    [],
    {},
    {"x": [1], "y": [1]},
    {"x": ["a"], "y": [1]},
    True,
    {"a": 1},
]


def _places(content, at=()):
    for key, value in content.items():
        yield (*at, key)
        if isinstance(value, dict) and not {"x", "y"} <= set(value):
            yield from _places(value, (*at, key))


@pytest.mark.parametrize("seed", range(30))
def test_a_damaged_file_is_read_or_refused_in_one_sentence(tmp_path, changed, seed):
    draw = random.Random(seed)
    sections = {
        "Parameterisation__Negative_electrode": BRANCHES | {"OCP hysteresis decay constant": 5.0},
        "State__Degradation": {"LLI": 0.1, "LAM: Positive electrode": 0.05, "LAM: Negative electrode": 0.0},
        "Parameterisation__User-defined": {"Electrolyte": {"thermodynamic_factor": {"298.15 K": 2.0}}},
    }
    path = changed(**sections)
    content = json.loads(path.read_text())
    *above, last = draw.choice(list(_places(content)))
    part = content
    for key in above:
        part = part[key]
    if draw.random() < 0.2:
        del part[last]
    else:
        part[last] = draw.choice(WRONG)
    path.write_text(json.dumps(content))
    said = ""
    try:
        specification_from_bpx(path)
    except InputError as error:
        said = str(error)
    assert "\n" not in said
