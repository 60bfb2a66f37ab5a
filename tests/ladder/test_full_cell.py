"""Two hosts, each climbed from the energies of its own orderings, make one cell: its voltage is that of two chemical potentials."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from scalith.ladder import Climb, climb, read_entry, read_study
from scalith.ladder.quantity import draw_stated
from scalith.quantities import InputError, shipped
from scalith.quantities.constants import AVOGADRO, ELEMENTARY_CHARGE, FARADAY
from scalith.report import write_report
from tests.ladder.smaller_study import smaller

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "full_cell.toml"
AGEING = EXAMPLE.with_name("ageing.toml")

SMALLER = {
    'temperatures = ["5 degC", "25 degC", "45 degC", "65 degC"]': 'temperatures = ["15 degC", "35 degC"]',
    'temperatures = ["5 degC", "25 degC", "65 degC"]': 'temperatures = ["15 degC", "35 degC"]',
    "sweeps = 150": "sweeps = 60",
    "cells = [12, 12, 4]\nevents = 5000": "cells = [6, 6, 4]\nevents = 2000",
    '[experiments]\nelectrode = "positive"\n': "",
}
SIDES = ("positive", "negative")


@pytest.fixture
def given(tmp_path):
    """The example with given materials: no sampling."""
    live = Climb(read_study(EXAMPLE))
    for side, curve in (("positive", "nmc_LGM50_ocp_Chen2020"), ("negative", "graphite_LGM50_ocp_Chen2020")):
        live.set(f"{side}.open_circuit_voltage", f"shipped:open_circuit_voltage/{curve}.csv")
        live.set(f"{side}.entropic_coefficient", "0 V/K")
        live.set(f"{side}.chemical_diffusivity", "1e-14 m2/s")
        live.set(f"{side}.maximum_concentration", "50000 mol/m3" if side == "positive" else "30000 mol/m3")
    live.set("positive.partial_molar_volume", "-4e-7 m3/mol ± 1e-7 m3/mol")
    live.set("cell.upper_voltage_cut_off", "4.3 V")
    return live


def test_the_shipped_study_is_the_example():
    assert shipped("studies/full_cell.toml").read_text() == EXAMPLE.read_text()


def test_barriers_that_are_taken_over_from_another_host_are_assumed():
    given = read_study(EXAMPLE).given
    kinds = {side: given[f"{side}.hop_barriers"].source.kind for side in SIDES}
    assert kinds == {"positive": "published", "negative": "assumed"}
    assert "taken over for LixTiS2" in given["negative.hop_barriers"].source.note


def test_materials_fill_the_cell(given):
    cell = given["cell_specification"]
    for side, electrode in (("positive", cell.positive_electrode), ("negative", cell.negative_electrode)):
        assert electrode.material.open_circuit_voltage.digest == given[f"{side}.open_circuit_voltage"].digest
        assert electrode.material.maximum_concentration == given[f"{side}.maximum_concentration"]()
        assert float(electrode.material.chemical_diffusivity(0.5)) == pytest.approx(1e-14)
    c = np.array([500.0, 1000.0])
    assert np.allclose(
        cell.electrolyte.conductivity(c), 0.1297 * (c / 1e3) ** 3 - 2.51 * (c / 1e3) ** 1.5 + 3.329 * (c / 1e3), rtol=1e-4
    )
    assert float(cell.electrolyte.transference_number()) == 0.2594


def test_voltage_at_rest_is_the_difference_over_balanced_stoichiometries(given):
    voltage, cell = given["cell_open_circuit_voltage"], given["cell_specification"]
    positive, negative = cell.positive_electrode, cell.negative_electrode
    full = positive.material.minimum_stoichiometry
    x = np.linspace(*voltage.domain["x"], 7)
    # Ions that the positive electrode took came from the negative one.
    took = positive.thickness * 0.60 * 50000.0 * (x - full)
    there = negative.material.maximum_stoichiometry - took / (negative.thickness * 0.55 * 30000.0)
    expected = positive.material.open_circuit_voltage(x) - negative.material.open_circuit_voltage(there)
    assert np.allclose(voltage(x), expected, atol=1e-4)
    assert voltage.domain["x"][0] == full
    ends = [positive.material.maximum_stoichiometry - x[-1], there[-1] - negative.material.minimum_stoichiometry]
    assert min(ends) == pytest.approx(0.0, abs=1e-9)
    assert min(ends) > -1e-9


def test_the_entropic_coefficient_of_the_cell_has_both_hosts(given):
    given.set("positive.entropic_coefficient", "1e-4 V/K")
    given.set("negative.entropic_coefficient", "-5e-5 V/K")
    assert np.allclose(given["cell_entropic_coefficient"].values, 1.5e-4)
    assert given.headline("cell_entropic_coefficient") == "+0.150 mV/K over its charge"


def test_what_is_stated_once_counts_in_cell_discharge_and_pack(given):
    settings = given.study.settings
    assert settings["pack"].heat_capacity == 40.0
    assert settings["pack"].ambient_temperature == settings["discharge"].temperature == pytest.approx(298.15)
    given.set("cell.thermal.ambient_temperature", "35 degC")
    settings = given.study.settings
    assert settings["pack"].ambient_temperature == settings["discharge"].temperature == pytest.approx(308.15)
    given.set("pack.cell_heat_capacity", "41 J/K")
    assert given.study.settings["pack"].heat_capacity == 41.0


def test_a_value_that_a_material_gives_is_not_stated_in_the_cell(given):
    with pytest.raises(InputError, match=r"positive_electrode.open_circuit_voltage.*\[materials.positive.given\]"):
        given.set("cell.positive.open_circuit_voltage", 4.0)
    with pytest.raises(InputError, match=r"electrolyte.conductivity: .*ionic_conductivity of the electrolyte material"):
        given.set("cell.electrolyte.conductivity", "1 S/m")
    with pytest.raises(InputError, match=r"negative_electrode.maximum_concentration"):
        given.set("cell.negative.maximum_concentration", "30000 mol/m3")


def test_swelling_of_a_stressed_material_is_that_of_its_atoms(given, tmp_path):
    stress = given["cell_specification"].positive_electrode.material.stress
    assert stress.partial_molar_volume == pytest.approx(-4e-7)
    assert stress.partial_molar_volume.error == pytest.approx(1e-7)
    member = draw_stated(given["cell_specification"], 1).positive_electrode.material.stress
    assert member.partial_molar_volume != stress.partial_molar_volume  # the error reaches the members of an ensemble
    nodes = given.study.graph.nodes["cell_specification"].inputs
    assert nodes["positive_partial_molar_volume"] == "positive.partial_molar_volume"
    assert "negative_partial_molar_volume" not in nodes  # no stress is asked for there
    with pytest.raises(InputError, match=r"stress.partial_molar_volume.*partial_molar_volume of the positive material fills"):
        given.set("cell.positive_electrode.stress.partial_molar_volume", "1e-6 m3/mol")
    # One that changes with the content counts by its mean over the window.
    (tmp_path / "omega.csv").write_text("# reference: a straight line\nx [1],partial_molar_volume [m3/mol]\n0,0\n1,2e-6\n")
    given.set("positive.partial_molar_volume", str(tmp_path / "omega.csv"))
    material = given["cell_specification"].positive_electrode.material
    middle = 0.5 * (material.minimum_stoichiometry + material.maximum_stoichiometry)
    assert material.stress.partial_molar_volume == pytest.approx(2e-6 * middle, rel=1e-9)


def test_carbon_and_particles_conduct_side_by_side(given, tmp_path):
    assert "positive_electronic_conductivity" not in given.study.graph.nodes["cell_specification"].inputs
    text = EXAMPLE.read_text().replace('conductivity = "10 S/m"', 'carbon_conductivity = "3 S/m ± 0.1 S/m"')
    polarons = "[materials.positive.small_polarons]\nbarrier_empty = 0.3\nbarrier_full = 0.3\nhop_distance = '2.8 angstrom'\n"
    for side, voltage in (("positive", 4.0), ("negative", 2.0)):
        text += f"\n[materials.{side}.given]\nopen_circuit_voltage = {voltage}\nentropic_coefficient = 0.0\n"
        text += "chemical_diffusivity = 1e-14\nmaximum_concentration = 50000.0\npartial_molar_volume = 0.0\n"
    path = tmp_path / "study.toml"
    path.write_text(_data_alone(text) + polarons)
    live = Climb(read_study(path))
    found = live.compute(["cell_specification"])
    electrode, sigma = found.values["cell_specification"].positive_electrode, live["positive.electronic_conductivity"]
    x = np.linspace(0.48, 0.96, 201)
    share = 0.6**1.5 / 0.48
    assert electrode.conductivity == pytest.approx(3.0 + share * np.trapezoid(sigma(x, 298.15), x), rel=1e-6)
    error = share * np.trapezoid(sigma.error(x, 298.15), x)
    assert electrode.conductivity.error == pytest.approx(np.hypot(0.1, error), rel=1e-6)
    # Free polarons are an upper bound, and so is then the cell.
    assert "positive.electronic_conductivity" in found.ledger.entry("cell_specification").marks["upper bound"]
    path.write_text(path.read_text().replace('carbon_conductivity = "3', 'conductivity = 1.0\ncarbon_conductivity = "3'))
    with pytest.raises(InputError, match=r"positive_electrode.conductivity: .*carbon_conductivity and the particles make it"):
        read_study(path)
    path.write_text(_data_alone(text))
    with pytest.raises(InputError, match=r"carbon_conductivity.*\[small_polarons\], \[rigid_bands\] or a given one"):
        read_study(path)


def _data_alone(text: str) -> str:
    """The example whose materials are given at its end: without their crystals, energies and barriers."""
    start = text.index("# --- positive electrode: LixCoO2"), text.index("# --- electrolyte: LiPF6")
    return text[: start[0]] + text[start[1] :]


@pytest.mark.long
def test_the_entropies_of_both_electrodes_are_in_the_heat(given):
    given.set("discharge.c_rates", [1.0])
    given.set("discharge.volumes", [3, 3, 3])
    given.set("positive.entropic_coefficient", "-2e-4 V/K")
    given.set("negative.entropic_coefficient", "1e-4 V/K")
    found = given["discharges"].isel(c_rate=0)
    # −I T (dU₊/dT − dU₋/dT), whatever else loses heat.
    expected = found["current"].values * found["temperature"].values * 3e-4
    np.testing.assert_allclose(found["heat_entropic"].values, expected, rtol=1e-6)


def test_without_a_swelling_material_stress_states_its_own(tmp_path):
    text = AGEING.read_text().replace("shifts_voltage = false", 'shifts_voltage = false\npartial_molar_volume = "3e-6 m3/mol"')
    (tmp_path / "study.toml").write_text(text)
    with pytest.raises(InputError, match=r"partial_molar_volume of the negative material fills this field; to state it, put"):
        read_study(tmp_path / "study.toml")
    own = "\n".join(line for line in text.splitlines() if not line.startswith("partial_molar_volume = {"))
    (tmp_path / "study.toml").write_text(own)
    stated = Climb(read_study(tmp_path / "study.toml"))["cell_specification"].negative_electrode.material.stress
    assert stated.partial_molar_volume == 3e-6
    (tmp_path / "study.toml").write_text(own.replace('partial_molar_volume = "3e-6 m3/mol"', ""))
    with pytest.raises(InputError, match="partial_molar_volume"):
        read_study(tmp_path / "study.toml")


def test_a_separator_may_be_a_material(tmp_path):
    text = EXAMPLE.read_text().replace("porosity = 0.45\n", "")
    text += "\n[materials.separator.given]\nelectrolyte_volume_fraction = 0.5\nionic_transport_efficiency = 0.35\n"
    (tmp_path / "study.toml").write_text(text)
    settings = read_study(tmp_path / "study.toml").settings["cell"]
    assert "porosity" not in settings.separator
    (tmp_path / "study.toml").write_text(text.replace('thickness = "20 um"', 'thickness = "20 um"\nporosity = 0.45'))
    with pytest.raises(InputError, match=r"separator.porosity: .*electrolyte_volume_fraction of the separator material"):
        read_study(tmp_path / "study.toml")


@pytest.mark.long
def test_experiments_on_the_cell_find_what_was_put_in(given):
    for name in ("conductivity", "exchange_current"):
        assert given[f"{name}_agreement"].attrs["verdict"].startswith("agrees"), name


@pytest.mark.long
def test_two_climbed_hosts_from_the_file_to_the_report(tmp_path):
    path = tmp_path / "small.toml"
    path.write_text(smaller(EXAMPLE.read_text(), SMALLER))
    ledger = climb(read_study(path), tmp_path / "out")
    found = {name: read_entry(tmp_path / "out", name).value for name in (
        "cell_open_circuit_voltage", "cell_specification", "discharges", "pack_temperature",
        *(f"{side}.{name}" for side in SIDES for name in ("chemical_potential", "lithium_energy")),
    )}  # fmt: skip
    voltage, cell = found["cell_open_circuit_voltage"], found["cell_specification"]
    x, T = np.linspace(*voltage.domain["x"], 15), 298.15
    positive, negative = cell.positive_electrode, cell.negative_electrode
    sites = [
        item.thickness * item.material.volume_fraction * item.material.maximum_concentration for item in (positive, negative)
    ]
    there = negative.material.maximum_stoichiometry - sites[0] / sites[1] * (x - x[0])
    potentials = [
        found[f"{side}.chemical_potential"](at, T) - found[f"{side}.lithium_energy"]() * ELEMENTARY_CHARGE * AVOGADRO
        for side, at in (("positive", x), ("negative", there))
    ]
    assert np.allclose(voltage(x, T), -(potentials[0] - potentials[1]) / FARADAY, atol=2e-3)
    # Averages of the two hosts: 4.08 V and 2.11 V.
    assert voltage(x, T).mean() == pytest.approx(1.7, abs=0.4)
    assert np.all(np.diff(voltage(x, T)) < 1e-6)
    # The particles swell as the orderings do.
    omega = read_entry(tmp_path / "out", "positive.partial_molar_volume").value
    within = np.linspace(positive.material.minimum_stoichiometry, positive.material.maximum_stoichiometry, 2001)
    assert positive.material.stress.partial_molar_volume == pytest.approx(np.mean(omega(within)), rel=1e-3)
    assert 0.0 < positive.material.stress.partial_molar_volume.error < 1e-6
    assert "positive.partial_molar_volume" in ledger.entry("cell_specification").parents
    # A discharge follows it from below.
    discharge = found["discharges"].isel(c_rate=0).dropna("sample", subset=["time"])
    assert float(discharge["voltage"].max()) < float(voltage(x[0], T)) + 0.01
    assert float(np.abs(found["discharges"]["lithium_error"]).max()) < 1e-8
    assert 298.0 < float(found["pack_temperature"]["peak_temperature"]) < 320.0
    page = write_report(tmp_path / "out", ledger).read_text()
    for side in SIDES:
        assert f"id='{side}.open_circuit_voltage'" in page
    below = {entry.quantity for _, entry, _ in ledger.ancestry("cell_open_circuit_voltage")}
    assert {"positive.mapped_orderings", "negative.mapped_orderings"} <= below
