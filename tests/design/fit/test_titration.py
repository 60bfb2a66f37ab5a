"""Titration read through the model: a diffusivity that varies is found by a cell that states a constant one."""

from __future__ import annotations

import numpy as np
import pytest

from scalith.cell import Mesh, read_cell
from scalith.design import fit_titration
from scalith.lab.half_cell import half_cell
from scalith.lab.titration import simulate_gitt_on_cell
from scalith.quantities import InputError, Property, Source, shipped

CELL = read_cell(shipped("cell/nmc532_mohtat2020.toml"))
X = np.linspace(0.0, 1.0, 51)
PLANTED = Property.from_arrays(
    "chemical_diffusivity", {"x": X}, 8e-15 * np.exp(1.2 * np.cos(6.0 * X)), "m2 s-1", Source(kind="assumed")
)
CONSTANT = Property.constant("chemical_diffusivity", 2e-14, "m2 s-1", Source(kind="assumed"))


def with_diffusivity(value, side="positive"):
    electrode = getattr(CELL, f"{side}_electrode")
    material = electrode.material.model_copy(update={"chemical_diffusivity": value})
    return CELL.model_copy(update={f"{side}_electrode": electrode.model_copy(update={"materials": (material,)})})


def with_noise(data, name):
    noise = 5e-5 * np.random.default_rng(1).standard_normal(data.sizes["time"])
    return data.assign({name: data[name] + noise})


def off(found):
    return found["diffusivity"].values / np.asarray(PLANTED(x=found["stoichiometry"].values)) - 1.0


def test_a_planted_diffusivity_comes_back_where_the_electrode_is_thick():
    """Pores and electrolyte of 60 µm are in the pulse: the series takes them for the particle's."""
    data = simulate_gitt_on_cell(half_cell(with_diffusivity(PLANTED)).cell, rate="C/5", pulse=300.0, rest=1800.0, pulses=4)
    found = fit_titration(with_diffusivity(CONSTANT), with_noise(data, "voltage"))
    assert np.all(np.abs(off(found)) < 0.03)
    assert np.median(np.abs(off(found))) < 0.01
    spread = np.log(found["upper"].values / found["lower"].values) / 3.92
    assert np.all(np.abs(np.log1p(off(found))) < 3.5 * spread)
    assert np.all(found["residual"].values < 7e-5)
    series = found["series_diffusivity"].values / np.asarray(PLANTED(x=found["stoichiometry"].values)) - 1.0
    assert np.median(np.abs(series)) > 2.0 * np.median(np.abs(off(found)))


@pytest.mark.long
def test_one_electrode_of_a_full_cell_is_read_against_a_reference():
    """The negative one gives its lithium while the cell is discharged; on a plateau of its potential nothing is told."""
    truth, stated, name = with_diffusivity(PLANTED, "negative"), with_diffusivity(CONSTANT, "negative"), "negative_potential"
    data = simulate_gitt_on_cell(truth, rate="C/10", pulse=600.0, rest=7200.0, pulses=3, state_of_charge=0.2)
    found = fit_titration(stated, with_noise(data, name), "negative", electrode="negative", state_of_charge=0.8)
    assert np.all(np.abs(off(found)) < 0.1)
    series = found["series_diffusivity"].values / np.asarray(PLANTED(x=found["stoichiometry"].values)) - 1.0
    assert np.all(np.abs(series) > 3.0 * np.abs(off(found)))
    data = simulate_gitt_on_cell(truth, rate="C/10", pulse=900.0, rest=7200.0, pulses=6)
    plateau = fit_titration(stated, with_noise(data, name), "negative", electrode="negative")
    assert all("not identifiable" in note for note in plateau["note"].values)


def test_what_cannot_be_read_is_said():
    data = simulate_gitt_on_cell(half_cell(CELL).cell, pulse=600.0, rest=600.0, pulses=2)
    with pytest.raises(InputError, match="negatives"):
        fit_titration(CELL, data.drop_vars("negative_potential"), "negative", electrode="negatives")
    with pytest.raises(InputError, match="no negative_potential"):
        fit_titration(CELL, data.drop_vars("negative_potential"), "negative", electrode="negative")
    with pytest.raises(InputError, match="0 to 100 %"):
        fit_titration(CELL, data, state_of_charge=0.01)


def test_what_changes_a_fit_changes_its_source():
    data = simulate_gitt_on_cell(half_cell(CELL).cell, pulse=600.0, rest=600.0, pulses=2)
    changes = [{}, {"state_of_charge": 1.0}, {"noise": 1e-3}, {"samples": 20}, {"level": 0.9}, {"mesh": Mesh(4, 2, 4)}]
    found = {fit_titration(CELL, data, passes=0, **change).attrs["source"] for change in changes}
    assert len(found) == len(changes)
