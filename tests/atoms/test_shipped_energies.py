"""The energies that the package ships are what they say."""

from __future__ import annotations

import json

import numpy as np
import pytest

from scalith.atoms import BarrierCorrection, check_structure, fit_barrier_correction
from scalith.atoms.barrier_correction import PublishedBarrier
from scalith.atoms.barriers import Barrier
from scalith.crystal import map_orderings, read_host, read_structures, write_structures
from scalith.lattice import HopBarriers
from scalith.lattice.hopping.hop_barriers import hops_of
from scalith.quantities import shipped

STATES = {
    "LixFePO4": {"Li": 1, "Fe": (2, 3), "P": 5, "O": -2},
    "LixCoO2": {"Li": 1, "Co": (3, 4), "O": -2},
}
MODELS = {"LixFePO4": "0.3.0", "LixCoO2": "r2scan"}


@pytest.mark.parametrize("name", STATES)
def test_structures_are_whole_relaxed_and_of_one_model(name):
    structures = read_structures(shipped(f"dft_energies/{name}_chgnet/energies.extxyz"))
    settings = json.loads(shipped(f"dft_energies/{name}_chgnet/settings.json").read_text())
    assert len(structures) == settings["structures"]
    assert structures.source.settings["engine"] == f"chgnet {MODELS[name]}"
    assert settings["engine"] == {"name": "chgnet", "settings": {"model": MODELS[name]}}
    limit = settings["relaxation"]["force_tolerance"]
    for item in structures:
        check_structure(item.atoms, STATES[name])
        assert item.atoms.info["forces_left"] <= limit + 1e-4
    assert len({item.origin for item in structures}) == len(structures)


@pytest.mark.parametrize("name", STATES)
def test_all_map_on_the_host_and_none_twice(name):
    host = read_host(shipped(f"dft_energies/{name}_chgnet/{name}_prim.json"))
    assert host.name == name
    assert sum(site.redox for site in host.sites) == len(host.active)
    orderings = map_orderings(host, read_structures(shipped(f"dft_energies/{name}_chgnet/energies.extxyz")))
    assert orderings.sizes["rejected"] == 0
    assert np.all(orderings["duplicate_of"].values == -1)
    assert {0.0, 1.0} <= set(orderings["x"].values.tolist())


def test_barriers_are_corrected_and_fit_the_host():
    data = json.loads(shipped("dft_energies/LixFePO4_chgnet/barriers.json").read_text())
    correction = BarrierCorrection.model_validate(data["correction"])
    found = [Barrier.model_validate(band) for band in data["raw"]]
    published = {name: PublishedBarrier(barrier=known, method="GGA", reference="") for name, _, known in correction.hops}
    again = fit_barrier_correction(found, published)
    assert (again.factor, again.error) == pytest.approx((correction.factor, correction.error))
    assert data["hop_barriers"]["barrier_error"] == pytest.approx(correction.error, abs=1e-4)
    hops = HopBarriers.read(data["hop_barriers"])
    host = read_host(shipped("dft_energies/LixFePO4_chgnet/LixFePO4_prim.json"))
    vectors = np.array([hop.vector for site in hops_of(host, hops.at(0.5)) for hop in site])
    assert len(vectors) == 8  # up and down each channel, from four sites
    assert np.allclose(vectors[:, [0, 2]], 0.0)


@pytest.mark.parametrize("name", ["LixFePO4_chgnet", "LixCoO2_chgnet", "LixTiS2_gpaw"])
def test_the_source_tells_every_setting(name):
    folder = shipped(f"dft_energies/{name}/energies.extxyz").parent
    source = read_structures(folder / "energies.extxyz").source
    written = json.loads((folder / "settings.json").read_text())
    assert source.settings["engine_settings"] == written["engine"]["settings"]
    assert source.settings["relaxation"] == written["relaxation"]
    assert [record.name for record in source.files] == ["energies.extxyz", "settings.json"]


def test_settings_of_another_engine_stay_out(tmp_path):
    structures = read_structures(shipped("dft_energies/LixTiS2_gpaw/energies.extxyz"))
    write_structures(structures, tmp_path / "energies.extxyz")
    (tmp_path / "settings.json").write_text(json.dumps({"engine": {"name": "vasp", "settings": {}}}))
    source = read_structures(tmp_path / "energies.extxyz").source
    assert source.settings == {"engine": "gpaw"}
    assert len(source.files) == 1
