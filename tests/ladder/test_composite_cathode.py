"""The composite cathode: generated voxels become the positive electrode of a solid-state cell."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from scalith.electrode import image_from_dataset, random_sites, write_image
from scalith.ladder import climb, read_entry, read_study
from scalith.quantities import InputError, ScalithError, Source, shipped
from scalith.report import write_report
from scalith.report.figures import figures_of

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "composite_cathode.toml"
SMALL = EXAMPLE.read_text().replace("[72, 64, 64]", "[36, 32, 32]").replace('"0.4 um"', '"0.8 um"')
SMALL = SMALL.replace("porosity = [0.05, 0.15, 0.25]", "porosity = [0.05, 0.25]\nshape = [24, 24, 24]")
TARGETS = SMALL[SMALL.index("targets = ") : SMALL.index("\nseed")]
STRUCTURE = """
[given.electrode_structure]
ionic_transport_efficiency = 0.1
electronic_conductivity = 1.0
electrolyte_volume_fraction = 0.4
active_volume_fraction = 0.5
interface_area = "0.5 1/um"
particle_radius = "2.5 um ± 4 %"
"""


def _study(folder: Path, text: str) -> Path:
    path = folder / "study.toml"
    path.write_text(text)
    return path


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """The example on a coarser image."""
    folder = tmp_path_factory.mktemp("composite")
    return folder / "out", climb(read_study(_study(folder, SMALL)), folder / "out")


def test_the_cell_takes_the_structure_over(results):
    folder, ledger = results
    cell = read_entry(folder, "cell_specification").value
    positive, found = cell.positive_electrode, {
        name: read_entry(folder, name).value
        for name in ("ionic_transport_efficiency", "effective_electronic_conductivity", "active_interface_area", "utilised_volume_fraction", "active_particle_radius")
    }  # fmt: skip
    assert positive.efficiency == pytest.approx(found["ionic_transport_efficiency"]())
    assert positive.conductivity == pytest.approx(found["effective_electronic_conductivity"]())
    assert positive.material.area == pytest.approx(found["active_interface_area"]())
    assert positive.material.volume_fraction == pytest.approx(found["utilised_volume_fraction"]())
    assert positive.material.particle_radius == pytest.approx(found["active_particle_radius"]())
    # Five particles across: spheres of 2.5 um (median), with contacts that do not count as longer diffusion.
    assert 2.4e-6 < positive.material.particle_radius < 3.4e-6 < 0.6 * positive.material.storage_radius
    assert found["ionic_transport_efficiency"].error() > 0.0
    assert "electrode_structure" in ledger.entry("cell_specification").parents


def test_the_structure_has_its_composition_and_repeats(results, tmp_path):
    folder, ledger = results
    image = image_from_dataset(read_entry(folder, "voxel_image").value)
    solid = 0.85
    assert image.volume_fractions == pytest.approx(
        {"pore": 0.15, "active": 0.473 * solid, "electrolyte": 0.527 * solid}, abs=1e-4
    )
    again = climb(read_study(_study(tmp_path, SMALL)), tmp_path / "out", until="voxel_image")
    assert again.entry("voxel_image").digest == ledger.entry("voxel_image").digest
    other = climb(read_study(_study(tmp_path, SMALL.replace("seed = 4", "seed = 5"))), tmp_path / "out", until="voxel_image")
    assert other.entry("voxel_image").digest != ledger.entry("voxel_image").digest


def test_the_cell_discharges_and_loses_more_at_higher_rates(results):
    folder, _ = results
    data = read_entry(folder, "discharges").value
    capacity = data["capacity"].max("sample").values / 3.6
    assert np.all(np.diff(capacity) < 0)
    assert 0.5 < capacity[0] < 2.6  # mA h


def test_the_bulk_conductivity_of_the_image_need_not_be_that_of_the_cell(results, tmp_path):
    """Both are one electrolyte: only the ratio of effective and bulk conductivity is handed over."""
    folder, _ = results
    text = SMALL.replace('ionic = { electrolyte = "2.05 mS/cm" }', 'ionic = { electrolyte = "1 S/m" }')
    assert text != SMALL
    climb(read_study(_study(tmp_path, text)), tmp_path / "out", until="cell_specification")
    cells = [read_entry(one, "cell_specification").value for one in (folder, tmp_path / "out")]
    assert cells[1].positive_electrode.efficiency == pytest.approx(cells[0].positive_electrode.efficiency, rel=1e-6)
    assert cells[0].positive_electrode.efficiency < cells[0].positive_electrode.porosity


def test_errors_of_the_structure_reach_the_discharge(results):
    folder, ledger = results
    data, structure = (read_entry(folder, name).value for name in ("discharges", "electrode_structure"))
    assert structure.electronic_conductivity.error == pytest.approx(
        read_entry(folder, "effective_electronic_conductivity").value.error()
    )
    error = data["capacity_error"].values
    assert np.all(error > 0.02 * data["capacity"].max("sample").values)
    assert " ± " in ledger.entry("discharges").headline


def test_pictures_are_drawn(results):
    folder, ledger = results
    for name, count in (("voxel_image", 2), ("subvolume_properties", 1), ("electrode_currents", 2), ("composition_map", 2)):
        figures = figures_of(name, read_entry(folder, name).value)
        assert len(figures) == count
        assert all(len(figure.data) > 0 for figure in figures)
    page = write_report(folder, ledger).read_text()
    assert "data-figure='voxel_image'" in page
    assert len(page) < 5e6


def test_other_recipes_stand_beside_the_chosen_one(results):
    folder, ledger = results
    data = read_entry(folder, "composition_map").value
    assert data["effective_ionic_conductivity"].dims == ("active_fraction", "porosity", "seed")
    ions, electrons = (data[f"effective_{kind}_conductivity"].mean("seed").values for kind in ("ionic", "electronic"))
    assert np.all(ions[0] > ions[-1])
    assert np.all(electrons[0] < electrons[-1])
    chosen = json.loads(data.attrs["chosen"])
    assert chosen["active_fraction"] == 0.473
    assert chosen["effective_ionic_conductivity"] == pytest.approx(read_entry(folder, "effective_ionic_conductivity").value())
    assert "electrons connect from" in ledger.entry("composition_map").headline


def test_one_line_of_recipes_has_one_picture(tmp_path):
    text = SMALL.replace("porosity = [0.05, 0.25]\n", "structures = 1\n").replace("0.27, 0.34, 0.41, 0.48, ", "")
    climb(read_study(_study(tmp_path, text)), tmp_path / "out", until="composition_map")
    data = read_entry(tmp_path / "out", "composition_map").value
    assert data["effective_ionic_conductivity"].shape == (3, 1)
    assert len(figures_of("composition_map", data)) == 1


def test_the_structure_may_be_given(tmp_path):
    text = SMALL[: SMALL.index("# --- structure")] + SMALL[SMALL.index("# --- cell:") :] + STRUCTURE
    text = text.replace(TARGETS, 'targets = ["cell_specification"]')
    climb(read_study(_study(tmp_path, text)), tmp_path / "out")
    positive = read_entry(tmp_path / "out", "cell_specification").value.positive_electrode
    assert positive.efficiency == 0.1
    assert (positive.material.particle_radius, positive.material.area) == (2.5e-6, 0.5e6)
    assert positive.material.volume_fraction == 0.5
    with pytest.raises(ScalithError, match=r"ionic_transport_efficiency: found '0\.5', expected at most 0\.4"):
        read_study(_study(tmp_path, text.replace("efficiency = 0.1", "efficiency = 0.5")))


def test_a_property_may_be_given_alone(tmp_path):
    text = SMALL + '\n[given.effective_electronic_conductivity]\nvalue = "2 S/cm"\nkind = "assumed"\n'
    climb(read_study(_study(tmp_path, text)), tmp_path / "out", until="cell_specification")
    assert read_entry(tmp_path / "out", "cell_specification").value.positive_electrode.conductivity == pytest.approx(200.0)


def test_a_file_takes_the_place_of_the_generator(tmp_path):
    image = random_sites((16, 16, 16), 5e-7, 0.5, seed=1, phases=("electrolyte", "active"))
    write_image(image, tmp_path / "tomogram.tif")
    start, end = SMALL.index("[microstructure]\nvoxel"), SMALL.index("[conductivities]")
    stated = '[microstructure]\nfile = "tomogram.tif"\nvoxel_size = "0.5 um"\nphases = { electrolyte = 0, active = 1 }\n\n'
    study = _study(tmp_path, SMALL[:start] + stated + SMALL[end:])
    ledger = climb(read_study(study), tmp_path / "out", until="electrode_structure")
    found = read_entry(tmp_path / "out", "voxel_image").value
    np.testing.assert_array_equal(found["phase"], image.labels)
    assert Source.from_json(found.attrs["source"]).files[0].name == "tomogram.tif"
    assert "tomogram.tif" in {file.name for file in ledger.entry("microstructure").source.files}
    with pytest.raises(ScalithError, match="a composite, whose recipe is varied"):
        climb(read_study(study), tmp_path / "out", until="composition_map")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('voxel_size = "0.8 um"', 'voxel_size = "0.8 s"', ["[microstructure]", "voxel_size", "unit 's'"]),
        ("[microstructure.composite]", '[microstructure.field.active]\nfraction = 0.4\ncorrelation_length = "2 um"\n\n[microstructure.composite]', ["[microstructure]", "exactly one of them"]),
        ("porosity = [0.05, 0.25]", "porosity = [0.05]\ncarbon_fraction = [0.0, 0.02]", ["[composition_study]", "at most one other"]),
        ("[0.2, 0.27,", "[0.27, 0.2,", ["[composition_study]", "values that rise"]),
        ("pore_size =", "pore_sze =", ["[microstructure]", "composite.pore_sze", "did you mean 'pore_size'?"]),
        ('active = "0.01 S/cm"', 'actve = "0.01 S/cm"', ["'actve'", "did you mean 'active'?"]),
        ('thickness = "90 um"', 'thickness = "90 um"\nporosity = 0.4', ["[cell]", "positive_electrode.porosity", "the microstructure gives it"]),
        ('thickness = "90 um"\nminimum', "minimum", ["[cell]", "thickness"]),
    ],
)  # fmt: skip
def test_bad_studies(tmp_path, old, new, said):
    assert old in SMALL
    with pytest.raises(ScalithError) as caught:
        climb(read_study(_study(tmp_path, SMALL.replace(old, new))), tmp_path / "out", until="electrode_structure")
    for words in said:
        assert words in str(caught.value)


def test_without_a_structure_the_cell_must_state_its_electrode(tmp_path):
    text = SMALL[: SMALL.index("# --- structure")] + SMALL[SMALL.index("# --- cell:") :]
    text = text.replace(TARGETS, 'targets = ["discharges"]')
    with pytest.raises(InputError, match=r"\[cell\].*porosity"):
        read_study(_study(tmp_path, text))


def test_the_shipped_study_is_the_example():
    assert shipped("studies/composite_cathode.toml").read_text() == EXAMPLE.read_text()


def test_lines_areas_sizes_and_stress_are_quantities_of_a_study(tmp_path):
    start, end = SMALL.index("[microstructure]\nvoxel"), SMALL.index("[conductivities]")
    numbers = np.random.default_rng(1)
    labels = numbers.integers(0, 3, (6, 8, 10)).repeat(2, 0).repeat(2, 1).astype(np.uint8)
    labels.transpose(1, 0, 2).tofile(tmp_path / "scan.raw")  # stored y, x, z: z fastest
    stated = """[microstructure]
file = "scan.raw"
dtype = "uint8"
shape = [12, 16, 10]
axes = "yxz"
voxel_size = ["0.5 um", "0.5 um", "1 um"]
cubes = "0.5 um"
phases = { pore = 0, active = 1, electrolyte = 2 }

[triple_phase]
phases = ["pore", "active", "electrolyte"]

[expansion]
strain = { active = 0.01 }
[expansion.elasticity]
pore = { youngs_modulus = 0.0 }
active = { youngs_modulus = "100 GPa" }
electrolyte = { youngs_modulus = "20 GPa" }

"""
    names = ["voxel_image", "triple_phase_length", "phase_areas", "active_particle_sizes", "expansion_stress"]
    text = SMALL[:start] + stated + SMALL[end:]
    text = text.replace(TARGETS, f"targets = {json.dumps(names)}").replace(
        SMALL[SMALL.index("[composition_study]") : SMALL.index("# --- cell")], ""
    )
    climb(read_study(_study(tmp_path, text)), tmp_path / "out")
    image, line, areas, sizes, stress = (read_entry(tmp_path / "out", name).value for name in names)
    np.testing.assert_array_equal(image["phase"].values, labels.repeat(2, 2))
    assert line.unit == "m-2"
    assert 0.0 < line.error() < 0.2 * line()
    assert np.all(areas["active_area"].values <= areas["area"].values + 1e-9)
    assert 0.2e-6 < float(sizes["median_radius"]) < 2e-6
    high = dict(zip(stress["phase"].values.tolist(), stress["high_stress"].values, strict=True))
    assert high["active"] > high["pore"] == 0.0
