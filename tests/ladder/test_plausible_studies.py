"""Wrong cells and wrong settings are refused by name before anything is published."""

from __future__ import annotations

import numpy as np
import pytest

from scalith.ladder import climb, read_study
from scalith.quantities import Property, ScalithError, Source, shipped

MEASURED = Source(kind="measured", reference="a lab")


@pytest.fixture(scope="module")
def cell_study(tmp_path_factory):
    """The cell and the pack of the example, with the lower rungs given: text, and a folder with what it names."""
    folder = tmp_path_factory.mktemp("cell")
    x, T = np.linspace(0.001, 0.999, 41), np.array([278.15, 298.15, 338.15])
    voltage = 3.42 + 0.05 * (1.0 - 2.0 * x[None, :]) - 1e-4 * (T[:, None] - 298.15) * (x[None, :] - 0.5)
    voltage = voltage.T + 0.3 * np.exp(-x / 0.01)[:, None]
    Property.from_arrays("open_circuit_voltage", {"x": x, "T": T}, voltage, "V", MEASURED).save(folder / "voltage.nc")
    text = shipped("studies/lfp.toml").read_text()
    cell = text[text.index("# --- cell") : text.index("# --- what is given")].replace("[0.2, 1.0, 2.0]", "[1.0]")
    return (
        folder,
        '[study]\ntitle = "n"\ntargets = ["pack_temperature", "cell_temperature"]\n'
        + cell
        + '\n[given]\nnegative_open_circuit_voltage = "shipped:open_circuit_voltage/graphite_LGM50_ocp_Chen2020.csv"\n'
        + 'open_circuit_voltage = "voltage.nc"\nentropic_coefficient = "0 V/K"\n'
        + 'positive_diffusivity\nmaximum_concentration = "22806 mol/m3"\n'.replace(
            "positive_diffusivity", 'chemical_diffusivity = "6e-18 m2/s"'
        ),
    )


def climbed(cell_study, tmp_path, *changes):
    folder, text = cell_study
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (folder / "n.toml").write_text(text)
    return climb(read_study(folder / "n.toml"), tmp_path / "out")


WRONG = {
    "pack heat capacity": ('cell_heat_capacity = "77 J/K"', 'cell_heat_capacity = "7.7 J/K"', "heat capacity"),
    "bare temperature": ('\ntemperature = "25 degC"', "\ntemperature = 25", r"temperature: found 25.*degC"),
    "90 degC": ('\ntemperature = "25 degC"', '\ntemperature = "90 degC"', r"363\.15 K in \[discharge\]"),
    "thickness in mm": ('thickness = "34 um"', 'thickness = "34 mm"', "negative_electrode.thickness: found 34 mm"),
    "thickness in m": ('thickness = "34 um"', "thickness = 34", "negative_electrode.thickness: found 34"),
    "particle of 5 m": ('particle_radius = "5 um"', "particle_radius = 5", r"particle_radius: found 5\.0"),
    "transference 1.5": ("transference_number = 0.36", "transference_number = 1.5", "transference_number: found 1.5"),
    "transference -1": ("transference_number = 0.36", "transference_number = -1", "transference_number: found -1"),
    "negative diffusivity": ('diffusivity = "2e-10', 'diffusivity = "-2e-10', "electrolyte.diffusivity: found -2e-10"),
    "negative conductivity": ('"0.41253 + 5.007e-3 * c', '"-0.41253 - 5.007e-3 * c', "electrolyte.conductivity: found -10.9"),
    "bare capacity": ('nominal_capacity = "2.3 A h"', "nominal_capacity = 2.3", "nominal_capacity: found 2.3, expected a charge"),
    "coulombs": ('nominal_capacity = "2.3 A h"', 'nominal_capacity = "2.3 C"', "nominal_capacity: found 0.0006389 A h"),
    "2300 A h": ('nominal_capacity = "2.3 A h"', 'nominal_capacity = "2300 A h"', "nominal_capacity: found 2300 A h"),
    "area": ('electrode_area = "0.18 m2"', 'electrode_area = "1800 m2"', "electrode_area: found 1800 m2"),
    "area in range": ('electrode_area = "0.18 m2"', 'electrode_area = "1.8 m2"', r"nominal_capacity: found 2\.3 A h.*within"),
    "diffusivity 3e15": ('"3e-15 m2/s"', '"3e15 m2/s"', r"chemical_diffusivity: found 3000000000000000\.0"),
    "activation energy": ('"35 kJ/mol"', '"1e30 kJ/mol"', "reaction_activation_energy: found 1e30 kJ/mol"),
    "rate constant": ('"7.11e-6 mol m-2 s-1"', '"7.11 mol m-2 s-1"', "reaction_rate_constant: found 7.11 mol"),
    "no active material": ("active_volume_fraction = 0.58", "active_volume_fraction = 0", "active_volume_fraction: found 0"),
    "lower cut-off": ('cut_off = "2.0 V"', 'cut_off = "-2.0 V"', "lower_voltage_cut_off: found -2.0 V"),
    "upper cut-off": ('cut_off = "3.6 V"', 'cut_off = "36 V"', "upper_voltage_cut_off: found 36 V"),
    "1000C": ("c_rates = [1.0]", "c_rates = [1000.0]", r"c_rates\.0: found 1000"),
    "hot surroundings": (
        'K-1"\nambient_temperature = "25',
        'K-1"\nambient_temperature = "500',
        "ambient_temperature: found 500 degC",
    ),
    "too many cells": ("cells = 12", "cells = 200000", "cells: found 200000"),
    "full window": ("maximum_stoichiometry = 0.76", "maximum_stoichiometry = 1.0", "open_circuit_voltage"),
    "same rate twice": ("c_rates = [1.0]", "c_rates = [1.0, 1.0]", "c_rates: found .*each rate once"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_cell_is_refused_by_name(cell_study, tmp_path, wrong):
    old, new, words = WRONG[wrong]
    with pytest.raises(ScalithError, match=words) as refused:
        climbed(cell_study, tmp_path, (old, new))
    assert "\n" not in str(refused.value)
    assert not (tmp_path / "out" / "ledger.json").exists()


@pytest.mark.long
def test_the_right_cell_climbs_with_a_value_for_every_quantity(cell_study, tmp_path):
    ledger = climbed(cell_study, tmp_path)
    quantities = [entry for entry in ledger.entries if entry.scale != "study"]
    assert all(entry.value is not None and entry.unit for entry in quantities)
    assert ledger.entry("discharges").value == pytest.approx(8280.0, rel=0.3)
    assert ledger.entry("pack_temperature").value_of == "peak temperature"
    assert ledger.entry("cell.negative_electrode.thickness").value == 3.4e-5
    assert {
        entry.constants["heat capacity of the cell"]
        for entry in ledger.entries
        if entry.constants.get("heat capacity of the cell")
    } == {77.0}


@pytest.mark.long
def test_an_odd_cell_climbs_when_it_is_meant(cell_study, tmp_path):
    meant = 'nominal_capacity = { value = "0.5 A h", implausible = true }'
    ledger = climbed(cell_study, tmp_path, ('nominal_capacity = "2.3 A h"', meant))
    assert ledger.entry("cell_specification").value == 1800.0
