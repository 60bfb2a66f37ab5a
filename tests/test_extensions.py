"""What CONTRIBUTING shows, added from outside the package: the few lines here are all there is of each.

A process is added in `tests/cell/processes/test_process.py`, rungs in `tests/ladder/toy_rungs.py` and `test_own_rungs.py`.
"""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from ase import Atoms
from ase.calculators.calculator import Calculator, all_changes

from scalith import discharge, read_cell, tortuosity
from scalith.atoms import Engine, Relaxation, relax
from scalith.electrode import VoxelImage, effective_properties
from scalith.lab import fit_circuit, spectrum
from scalith.ladder import climb, read_entry, read_study
from scalith.quantities import FileRecord, InputError, Property, Source, file_digest, predicted, read_columns
from validation.record import Record
from validation.running import find_cases

# -- an engine: any ASE calculator, named by its import path ------------------------------------------------------------


class Spring(Calculator):
    """E = ½ k (d − d₀)² of two atoms."""

    implemented_properties = ("energy", "forces")

    def __init__(self, stiffness=5.0, length=2.7):
        super().__init__()
        self.stiffness, self.length = stiffness, length

    def calculate(self, atoms=None, properties=None, system_changes=all_changes):
        super().calculate(atoms, properties, system_changes)
        bond = atoms.positions[1] - atoms.positions[0]
        stretch = np.linalg.norm(bond) - self.length
        pull = self.stiffness * stretch * bond / np.linalg.norm(bond)
        self.results = {"energy": 0.5 * self.stiffness * stretch**2, "forces": np.array([pull, -pull])}


def test_an_engine():
    engine = Engine(name="tests.test_extensions:Spring", settings={"length": 2.9})
    pair = Atoms("Li2", positions=[[5.0, 5.0, 5.0], [7.6, 5.0, 5.0]], cell=[10.0] * 3, pbc=True)
    found = relax(pair, engine, Relaxation(cell=False, force_tolerance=1e-4))
    assert found.atoms.get_distance(0, 1) == pytest.approx(2.9, abs=1e-4)
    assert engine.digest != Engine(name="tests.test_extensions:Spring").digest


# -- a reader: a function that hands back one of the two kinds of measured data ---------------------------------------


def read_toy_spectrum(path):
    """Three columns: frequency in kHz, Re Z and −Im Z in mΩ."""
    found = read_columns(path)
    f, real, imaginary = found.si("f", "Hz"), found.si("Re Z", "ohm"), found.si("-Im Z", "ohm")
    source = Source(kind="measured", reference="toy analyser", files=(FileRecord(name=path.name, digest=file_digest(path)),))
    return spectrum(f, real - 1j * imaginary, source=source)


def test_a_reader(tmp_path):
    f = np.geomspace(0.1, 1e4, 41)
    z = 0.02 + 0.03 / (1.0 + 2j * np.pi * f * 0.03 * 2.0)
    rows = [f"{a / 1e3:.12g}, {1e3 * b.real:.12g}, {-1e3 * b.imag:.12g}" for a, b in zip(f, z, strict=True)]
    path = tmp_path / "toy.csv"
    path.write_text("f [kHz], Re Z [mohm], -Im Z [mohm]\n" + "\n".join(rows) + "\n", encoding="utf-8")
    data = read_toy_spectrum(path)
    assert data.plot("nyquist").axes[0].get_xlabel() == "Re Z / mΩ"
    fitted = fit_circuit("R0-p(R1,C1)", data).values
    assert list(fitted.values()) == pytest.approx([0.02, 0.03, 2.0], rel=1e-6)


# -- a generator: a function that hands back an image ------------------------------------------------------------------


def channels(shape, voxel_size, width):
    """Straight pores along x, `width` voxels wide, as many solid ones between them."""
    labels = np.ones(shape, np.uint8)
    labels[:, (np.arange(shape[1]) // width) % 2 == 0, :] = 0
    settings = {"shape": list(shape), "width": width}
    return VoxelImage(labels, voxel_size, {"pore": 0, "active": 1}, predicted("toy.channels", settings=settings))


def test_a_generator():
    image = channels((12, 12, 12), "0.5 um", 3)
    np.testing.assert_allclose(tortuosity(image, "pore").tortuosity_factor.values[[0, 2]], 1.0, rtol=1e-9)
    found = effective_properties(
        image, ionic={"pore": 1.0}, electronic={"active": 10.0}, axis="x", electrolyte="pore", parts=(1,)
    )
    assert found["effective_ionic_conductivity"]() == pytest.approx(0.5)
    assert found["effective_electronic_conductivity"]() == pytest.approx(5.0)


# -- a material: data with a source, and a study -----------------------------------------------------------------------

MATERIAL = """
[study]
title = "toy material"
targets = ["voltage_agreement"]

[given]
open_circuit_voltage = "toy.csv"
measured_open_circuit_voltage = "shipped:open_circuit_voltage/LFP_mean_Dreyer2010.csv"
"""


def test_a_material(tmp_path):
    rows = "\n".join(f"{x:g}, {3.43 - 0.02 * x:g}, 0.01" for x in np.linspace(0.0, 1.0, 11))
    curve = (
        f"# source: A. Person, laboratory book 7\n# kind: measured\nx [1], open_circuit_voltage [V], standard_error [V]\n{rows}\n"
    )
    (tmp_path / "toy.csv").write_text(curve, encoding="utf-8")
    (tmp_path / "toy.toml").write_text(MATERIAL, encoding="utf-8")
    ledger = climb(read_study(tmp_path / "toy.toml"), tmp_path / "results")
    entry = read_entry(tmp_path / "results", "open_circuit_voltage")
    assert "laboratory book 7" in entry.value.source.reference
    assert "voltage_agreement" in [entry.quantity for entry in ledger.entries]


# -- an experiment: simulate and extract side by side, the same code for measured data; a case shows that it is right ------


def simulate_current_steps(cell, currents):
    """The voltage just after a step from rest to each current, at half charge."""
    return [discharge(cell, current=one, initial_state_of_charge=0.5, output_times=[1e-3], duration=1.0) for one in currents]


def extract_resistance(steps: list[xr.Dataset]) -> Property:
    """−dV/dI by least squares through the first points of the steps, ohm."""
    if len(steps) < 2:
        raise InputError("extract_resistance", "steps", len(steps), "at least two currents")
    current, voltage = ([float(step[name][-1]) for step in steps] for name in ("current", "voltage"))
    return Property.constant("resistance", -np.polyfit(current, voltage, 1)[0], "ohm", predicted("toy.extract_resistance"))


def test_an_experiment():
    cell = read_cell("lgm50_chen2020")
    more = cell.model_copy(update={"contact_resistance": cell.contact_resistance + 5e-3})
    found = [extract_resistance(simulate_current_steps(one, (0.5, 1.0)))() for one in (cell, more)]
    record = Record()
    record.check("contact resistance", expected=5e-3, found=found[1] - found[0], tolerance=1e-7, unit="ohm")
    assert all(check.ok for check in record.checks)


def test_a_case_is_found_by_its_file(tmp_path):
    (tmp_path / "Z01_toy.py").write_text(
        '"""Z01: a toy is right."""\n\ndef run(record):\n    record.check("one", expected=1, found=1, tolerance=0)\n'
    )
    (case,) = find_cases(tmp_path)
    assert (case.id, case.title) == ("Z01", "a toy is right")
