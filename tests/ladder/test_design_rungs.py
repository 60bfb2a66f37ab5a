"""Rungs of design: a structure made to order on its way to a cell, and a front of recipes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from scalith.cell import read_cell
from scalith.electrode import VoxelImage, image_dataset, image_from_dataset, laminate
from scalith.ladder import climb, read_entry, read_study
from scalith.ladder.member_draws import drawn_inputs
from scalith.ladder.numbers import ledger_number
from scalith.ladder.run import rung_seed
from scalith.ladder.rungs import design as rungs
from scalith.ladder.rungs import electrode as electrode_rungs
from scalith.ladder.rungs.cell import Discharge
from scalith.ladder.rungs.electrode import BulkConductivities, subvolume_properties
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
salt_concentration = ["0.8 mol/l", "1.4 mol/l"]
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
    study = written(tmp_path, text)
    climb(study, tmp_path / "out")
    # Before the order it was the structure of the same seed.
    order = study.settings["microstructure"].order
    begun = order.begin((24, 24, 24), 4e-7, seed=rung_seed(study.header.seed, "voxel_image"))
    before = image_from_dataset(read_entry(tmp_path / "out", "recipe_image").value)
    np.testing.assert_array_equal(before.labels, begun.labels)
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
    assert list(front["parameter"].values) == ["thickness", "porosity", "carbon_fraction", "salt_concentration"]
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


def test_what_is_made_to_order_is_reached_with_an_order_only(tmp_path):
    text = EXAMPLE.read_text().replace('targets = ["designed_image", "discharges", "design_gain"]\n', "")
    ordered = {"recipe_image", "recipe_transport", "designed_image", "designed_transport", "design_gain"}
    study = written(tmp_path, text)
    assert ordered <= set(study.targets)
    nodes = {name: study.graph.nodes[name] for name in ("voxel_image", "recipe_image")}
    assert drawn_inputs(dict.fromkeys(nodes), nodes).seeded == {"voxel_image, sampled": ("voxel_image",)}
    field = '[microstructure.field]\npore = { fraction = 0.35, correlation_length = "1 um" }\n'
    other = text[: text.index("[microstructure.order]")] + field + text[text.index("[conductivities]") :]
    other = other.replace('{ active = "0.2 S/m", carbon = "100 S/m" }', '{ pore = "0.2 S/m" }')
    assert set(study.targets) - set(written(tmp_path, other).targets) == ordered
    asked = written(tmp_path, other.replace("seed = 3", 'seed = 3\ntargets = ["recipe_image"]'))
    with pytest.raises(InputError, match=r"\[microstructure\]: order: found 'none', expected what is asked of the structure"):
        climb(asked, tmp_path / "asked")
    for stated, reached in ((text, True), (other, False)):
        named = stated.replace("\nopen_circuit_voltage", "\n[materials.positive.given]\nopen_circuit_voltage")
        for section in ("microstructure", "conductivities"):
            named = named.replace(f"[{section}", f"[materials.positive.{section}")
        assert ("positive.recipe_image" in written(tmp_path, named).targets) == reached


def test_the_gain_of_one_carrier_and_of_what_did_not_connect(monkeypatch):
    def carriers(**values):
        at = {"parts_per_axis": ("part", [1])}
        return xr.Dataset({name: ("part", [value], {"units": "1"}) for name, value in values.items()}, at)

    tried = []
    monkeypatch.setattr(
        "scalith.design.recipe.discharge_energy", lambda cell, *rest, **named: tried.append(cell) or 10.0 * rest[0]
    )
    cell, discharge = read_cell("lgm50_chen2020"), Discharge(c_rates=(1.0, 2.0))
    own = cell.positive_electrode
    found = rungs.design_gain(
        cell, discharge, carriers(effective_electronic_conductivity=2.0), carriers(effective_electronic_conductivity=3.0)
    )
    assert [one.positive_electrode.conductivity for one in tried] == [2.0, 2.0, 3.0, 3.0]
    assert {one.positive_electrode.efficiency for one in tried} == {own.efficiency}
    assert found["energy"].values.tolist() == [[10.0, 20.0], [10.0, 20.0]]
    assert rungs._gain(found) == "+0 % of energy at 1C, +0 % of energy at 2C"
    apart = carriers(ionic_transport_efficiency=0.2, effective_electronic_conductivity=0.0)
    joined = carriers(ionic_transport_efficiency=0.2, effective_electronic_conductivity=1.0)
    found = rungs.design_gain(cell, discharge, apart, joined)
    assert found["energy"].sel(structure="before").values.tolist() == [0.0, 0.0]
    assert rungs._gain(found) == "the structure before the order does not connect"
    assert ledger_number("design_gain", found).value is None
    with pytest.raises(InputError, match="the whole image, 1, among them"):
        rungs.design_gain(cell, discharge, joined.assign_coords(parts_per_axis=("part", [2])), joined)


def test_cracks_are_in_neither_of_the_structures_that_are_compared():
    image = laminate((8, 8, 8), 1e-6, [("pore", 1), ("active", 1)])
    bulk = BulkConductivities(ionic={"pore": 1.0}, electronic={"active": 1.0}, electrolyte="pore", axis="y", parts=(1,))
    labels = np.array(image.labels)
    labels[:, 4, :] = 5
    cracked = VoxelImage(labels, image.voxel_size, {**image.phases, "crack": 5})
    whole, broken = (image_dataset(one) for one in (image, cracked))
    measured = subvolume_properties(broken, bulk)
    assert electrode_rungs.designed_transport(whole, measured, bulk) is measured
    found = electrode_rungs.designed_transport(whole, measured, bulk, broken)
    assert float(measured["effective_electronic_conductivity"][0]) == 0.0
    assert float(found["effective_electronic_conductivity"][0]) == pytest.approx(0.5)
