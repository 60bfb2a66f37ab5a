"""Rungs of design: a structure made to order on its way to a cell, and a front of recipes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from scalith.ladder import climb, read_entry, read_study
from scalith.quantities import ConvergenceError, InputError, shipped
from scalith.report.figures import figures_of

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "designed_electrode.toml"

SEARCH = """
[recipe_search]
thickness = ["60 um", "160 um"]
porosity = [0.25, 0.45]
pore_size = ["1.2 um", "1.2 um"]
carbon_fraction = [0.1, 0.2]
carbon_size = ["1.2 um", "1.2 um"]
ionic = { pore = "1 S/m" }
electronic = { active = "0.2 S/m", carbon = "100 S/m" }
shape = [16, 16, 16]
voxel_size = "0.6 um"
evaluations = 32
structures = 2
"""


def written(tmp_path, text):
    (tmp_path / "study.toml").write_text(text)
    return read_study(tmp_path / "study.toml")


def test_the_example_has_what_it_asks_for_and_discharges(tmp_path):
    text = EXAMPLE.read_text()
    assert shipped("studies/designed_electrode.toml").read_text() == text
    text = text.replace("[40, 40, 40]", "[24, 24, 24]").replace("tolerance = 0.02", "tolerance = 0.03")
    climb(written(tmp_path, text), tmp_path / "out")
    table = read_entry(tmp_path / "out", "designed_image").value
    assert list(table["quantity"]) == ["effective_ionic_conductivity", "effective_electronic_conductivity", "interface_area"]
    assert float(abs(table["deviation"]).max()) <= 0.03
    handed = read_entry(tmp_path / "out", "effective_ionic_conductivity").value()
    assert handed == pytest.approx(0.15, rel=0.03)
    discharges = read_entry(tmp_path / "out", "discharges").value
    assert discharges.sizes["c_rate"] == 3
    # Electrons move five times as well as before the order, ions a little worse: ions are what limits this cell at the highest rate.
    ratio = (table["requested"] / table["before"]).values
    assert ratio[1] > 4.0
    assert 0.95 < ratio[0] < 1.0
    gain = read_entry(tmp_path / "out", "design_gain").value["energy"]
    more = (gain.sel(structure="designed") / gain.sel(structure="before")).values
    assert 0.95 < more[2] < 1.0
    assert more[0] == pytest.approx(1.0, abs=0.005)
    # The cell with the designed structure is the cell of the discharges.
    run = discharges.isel(c_rate=2)
    known = np.isfinite(run["time"].values)
    power = (run["voltage"] * 0.053 * 3.0).values[known]
    assert float(gain.sel(structure="designed")[2]) == pytest.approx(np.trapezoid(power, run["time"].values[known]), rel=0.01)
    pictures = {name: figures_of(name, read_entry(tmp_path / "out", name).value) for name in ("designed_image", "design_gain")}
    assert [len(drawn) for drawn in pictures.values()] == [1, 1]
    (bars,) = pictures["designed_image"][0].data
    np.testing.assert_allclose(bars.x, 0.0, atol=3.0)
    assert all("←" in words for words in bars.text)


@pytest.mark.long
def test_a_front_of_recipes_climbs(tmp_path):
    text = EXAMPLE.read_text()
    cell = text[text.index("[cell]") : text.index("[discharge]")].replace(
        'thickness = "80 um"',
        'thickness = "80 um"\nporosity = 0.35\nactive_volume_fraction = 0.5\nparticle_radius = "3 um"\nconductivity = "1 S/m"',
    )
    head = '[study]\ntitle = "front"\ntargets = ["design_front"]\nseed = 1\n'
    climb(written(tmp_path, head + SEARCH + cell + text[text.index("[given]") :]), tmp_path / "out")
    front = read_entry(tmp_path / "out", "design_front").value
    assert list(front["parameter"]) == ["thickness", "porosity", "carbon_fraction"]
    assert front.sizes["evaluation"] == 32
    slow, fast = front["found"].transpose("objective_name", "point").values
    assert np.all(np.diff(slow) > 0.0)
    assert np.all(np.diff(fast) < 0.0)
    assert bool(front["holds"].any())
    (drawn,) = figures_of("design_front", front)
    tried = next(trace for trace in drawn.data if trace.name == "tried")
    np.testing.assert_allclose(tried.x, front["evaluated"].values[:, 0] / 3.6e6)


def test_an_order_beside_another_structure_and_one_that_is_out_of_reach(tmp_path):
    text = EXAMPLE.read_text().replace("[40, 40, 40]", "[16, 16, 16]")
    with pytest.raises(InputError, match="exactly one of them"):
        written(
            tmp_path,
            text.replace(
                "[microstructure.order]",
                'field = { pore = { fraction = 0.3, correlation_length = "1 um" } }\n[microstructure.order]',
            ),
        )
    far = written(tmp_path, text.replace("3.2e5 1/m", "3e6 1/m"))
    with pytest.raises(ConvergenceError, match="out of reach of this recipe"):
        climb(far, tmp_path / "out")
