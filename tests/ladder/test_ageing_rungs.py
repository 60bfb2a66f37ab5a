"""A life on the ladder: from the volume that an ion takes to the modes that check-ups read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from scalith.ladder import climb, read_entry, read_study
from scalith.ladder.rungs.experiments import degradation_modes
from scalith.quantities import InputError, Property, Source, shipped
from tests.ladder.smaller_study import smaller

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "ageing.toml"
SMALLER = {
    "seed = 1": 'seed = 1\ntargets = ["degradation_modes"]',
    "check_up_every = 250\nextrapolate = 1e-3\nvolumes = [5, 5, 5]": "check_up_every = 1\nvolumes = [2, 2, 2]",
    "cycles = 1000": "cycles = 1",
    'solvent_diffusivity = "2.5e-21 m2/s"': 'solvent_diffusivity = "2.5e-19 m2/s"',
}
LOST = ("lithium_inventory_lost", "active_material_lost_negative", "active_material_lost_positive")


@pytest.fixture(scope="module")
def climbed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ageing")
    (folder / "study.toml").write_text(smaller(EXAMPLE.read_text(), SMALLER))
    ledger = climb(read_study(folder / "study.toml"), folder / "out")
    names = ("cell_specification", "cycle_life", "degradation_modes")
    return ledger, {name: read_entry(folder / "out", name).value for name in names}


def test_check_ups_that_tell_no_balance_do_not_end_the_climb(climbed):
    life, cell = (climbed[1][name] for name in ("cycle_life", "cell_specification"))
    dead = life.assign(check_up_slow_discharge_voltage=np.nan * life["check_up_slow_discharge_voltage"])
    said = degradation_modes(dead, cell).attrs["verdict"]
    assert said.startswith("not told by check-ups: extract_degradation stopped: the first check-up")


def test_the_shipped_study_is_the_example():
    assert shipped("studies/ageing.toml").read_text() == EXAMPLE.read_text()


def test_check_ups_of_a_climbed_life_read_what_the_model_knows(climbed):
    _, found = climbed
    life, modes = found["cycle_life"], found["degradation_modes"]
    assert modes.check_up.values.tolist() == [0, 1]
    assert float(modes["lithium_inventory_lost_planted"][-1]) > 1e-3
    for name in LOST:
        read, error, planted = (modes[f"{name}{end}"].values for end in ("", "_error", "_planted"))
        assert read[0] == planted[0] == 0.0
        assert abs(read[-1] - planted[-1]) < 2.0 * error[-1]
    left = float(life["active_material_lost_negative"][-1])
    assert float(modes["active_material_lost_negative_planted"][-1]) == pytest.approx(left, rel=1e-12)
    assert float(modes["residual"].max()) < 3e-3


def test_a_life_stands_on_its_cell_and_the_cell_on_the_swelling_of_its_material(climbed):
    ledger, found = climbed
    assert set(ledger.entry("degradation_modes").parents) == {"cycle_life", "cell_specification"}
    assert "negative.partial_molar_volume" in ledger.entry("cell_specification").parents
    assert found["cell_specification"].negative_electrode.material.stress.partial_molar_volume == 3.1e-6


def test_a_life_without_two_check_ups_says_so_in_place_of_modes(climbed):
    _, found = climbed
    without = degradation_modes(found["cycle_life"].drop_dims("check_up"), found["cell_specification"])
    assert not without.data_vars
    assert "two at least" in without.attrs["verdict"]


def test_a_cell_whose_modes_no_check_up_tells_is_said_and_another_cell_s_life_is_refused(climbed):
    _, found = climbed
    cell = found["cell_specification"]
    flat = Property.constant("open_circuit_voltage", 0.0, "V", Source(kind="assumed"))
    side = cell.negative_electrode
    metal = side.model_copy(update={"materials": (side.material.model_copy(update={"open_circuit_voltage": flat}),)})
    told = degradation_modes(found["cycle_life"], cell.model_copy(update={"negative_electrode": metal}))
    assert "a potential that is not over x" in told.attrs["verdict"]
    with pytest.raises(InputError, match="the cell that aged"):
        degradation_modes(found["cycle_life"].assign_attrs(cell="another"), cell)
