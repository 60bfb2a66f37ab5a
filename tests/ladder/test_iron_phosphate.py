"""Lithium iron phosphate from shipped energies to the heat of a pack: plateau, miscibility gap, diffusivity, cell."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from scalith.cell import read_cell
from scalith.ladder import climb, read_entry, read_study
from scalith.quantities import shipped
from tests.ladder.smaller_study import smaller

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "lfp.toml"


SMALLER = {
    'temperatures = ["5 degC", "25 degC", "45 degC", "65 degC"]': 'temperatures = ["15 degC", "35 degC"]',
    'temperatures = ["5 degC", "25 degC", "65 degC"]': 'temperatures = ["15 degC", "35 degC"]',
    "sweeps = 150": "sweeps = 60",
    "temperatures = [200, 300, 400, 500, 600, 700]": "temperatures = [300, 500]",
    "c_rates = [0.2, 1.0, 2.0]": "c_rates = [1.0]",
}


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lfp")
    study = folder / "small.toml"
    study.write_text(smaller(EXAMPLE.read_text(), SMALLER))
    return folder / "out", climb(read_study(study), folder / "out")


def test_the_shipped_study_is_the_example():
    assert shipped("studies/lfp.toml").read_text() == EXAMPLE.read_text()


def test_graphite_states_the_entropy_that_was_measured_on_it():
    given = read_study(EXAMPLE).given["negative_entropic_coefficient"]
    assert given.unit == "V K-1"
    assert given.source.kind == "published"
    measured = read_cell(shipped("cell/lgm50_oregan2022.toml")).negative_electrode.material.entropic_coefficient
    x = np.linspace(0.01, 0.99, 99)
    assert given(x) == pytest.approx(measured(x), abs=1e-9)


@pytest.mark.long
def test_the_reversible_heat_has_both_electrodes(results):
    folder, _ = results
    found, cell = (read_entry(folder, name).value for name in ("cell_entropic_coefficient", "cell_specification"))
    olivine, graphite = cell.positive_electrode.material, cell.negative_electrode.material
    sites = [side.thickness * side.material.volume_fraction * side.material.maximum_concentration
             for side in (cell.positive_electrode, cell.negative_electrode)]  # fmt: skip
    x = np.linspace(*found.domain["x"], 21)[1:-1]
    there = graphite.maximum_stoichiometry - sites[0] / sites[1] * (x - olivine.minimum_stoichiometry)
    expected = olivine.entropic_coefficient(x, 298.15) - graphite.entropic_coefficient(there)
    assert found(x, 298.15) == pytest.approx(expected, abs=1e-6)
    assert found.source.note == ""


@pytest.mark.long
def test_every_ordering_is_the_host(results):
    """Orderings that slid or lost their order were left out when the set was made, with their reasons."""
    folder, _ = results
    mapped = read_entry(folder, "mapped_orderings").value
    assert mapped.sizes["rejected"] == 0
    assert {0.0, 1.0} <= set(np.round(mapped["x"].values, 9))


@pytest.mark.long
def test_plateau_lies_at_the_average_voltage(results):
    """The correction does not touch the ends, so that the area under V(x) is that of the end members."""
    folder, ledger = results
    voltage = read_entry(folder, "open_circuit_voltage").value
    x = np.linspace(0.02, 0.98, 97)
    plateau = voltage(x, 298.15)
    assert np.ptp(plateau) < 2e-3
    # The fit of the interactions meets the end members within its own error.
    fit = read_entry(folder, "cluster_expansion").value
    assert plateau.mean() == pytest.approx(ledger.entry("average_voltage").value, abs=2 * fit.leave_one_out_error)
    assert 3.38 < plateau.mean() < 3.48  # measured: 3.41 to 3.45


@pytest.mark.long
def test_two_phases_are_olivine_and_heterosite(results):
    folder, _ = results
    regions = read_entry(folder, "phase_boundaries").value
    assert regions.sizes["region"] == len(np.unique(regions["T"]))
    assert np.all(regions["x_low"] < 0.05)
    assert np.all(regions["x_high"] > 0.95)


@pytest.mark.long
def test_uncorrected_energies_keep_no_gap(results):
    """What the correction is for: without it some ordering lies below the mixture of the ends."""
    folder, _ = results
    data = read_entry(folder, "localised_orderings").value
    x = data["x"].values
    for name, bound in (("energy_uncorrected", -0.1), ("energy", -1e-9)):
        energy = data[name].values
        empty, full = energy[x == 0].min(), energy[x == 1].min()
        above = energy - (1 - x) * empty - x * full
        assert above.min() < bound if name == "energy_uncorrected" else above.min() >= bound


@pytest.mark.long
def test_ions_move_and_the_cell_delivers(results):
    folder, _ = results
    diffusivity = read_entry(folder, "chemical_diffusivity").value
    assert diffusivity.nominal.min() > 0
    discharge = read_entry(folder, "discharges").value
    assert 1.5 < float(discharge["capacity"].max()) / 3600 < 2.5
    pack = read_entry(folder, "pack_temperature").value
    assert 298.0 < float(pack["peak_temperature"]) < 330.0


@pytest.mark.long
def test_experiments_on_the_electrode_find_what_was_put_in_or_say_that_they_do_not(results):
    folder, _ = results
    slow = read_entry(folder, "slow_cycle_agreement").value
    assert slow.attrs["verdict"].startswith("agrees")
    assert slow.attrs["rms"] < 2e-3
    # Along the plateau the voltage hardly changes with temperature, here not at all between two temperatures that were sampled.
    assert read_entry(folder, "entropy_agreement").value.attrs["verdict"].startswith(("agrees", "not told by this experiment"))
    # Particles of 50 nm are even before the first sample.
    assert read_entry(folder, "titration_agreement").value.attrs["verdict"].startswith("not told by this experiment")
    assert read_entry(folder, "conductivity_agreement").value.attrs["verdict"].startswith("agrees")
    for name in ("exchange_current_agreement", "charge_transfer_agreement"):
        assert read_entry(folder, name).value.attrs["median_ratio"] == pytest.approx(1.0, abs=0.01)
    # A curve of Monte Carlo bends between the nine states at which its entropic coefficient is read: that is in the heat.
    assert read_entry(folder, "heat_agreement").value.attrs["median_ratio"] == pytest.approx(1.0, abs=0.4)
