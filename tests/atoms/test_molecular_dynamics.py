"""Molecular dynamics against Brownian motion in closed form, and runs that are interrupted."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms, units
from ase.calculators.calculator import Calculator, all_changes

from scalith.atoms import DynamicsSettings, Engine, simulate_ion_motion, trajectory_diffusivity
from scalith.quantities import InputError
from scalith.quantities.constants import BOLTZMANN


class Free(Calculator):
    """Ions without forces; other atoms, and ions where `stiffness` is above 0, on springs to where they started."""

    implemented_properties = ("energy", "forces")

    def __init__(self, stiffness=0.0):
        super().__init__()
        self.stiffness = stiffness

    def calculate(self, atoms=None, properties=None, system_changes=all_changes):
        super().calculate(atoms, properties, system_changes)
        home = atoms.get_array("home")
        away = atoms.positions - home
        spring = np.where(atoms.numbers == 3, self.stiffness, 5.0)[:, None]
        self.results = {"energy": 0.5 * float(np.sum(spring * away**2)), "forces": -spring * away}


def gas(ions=48, held=16):
    numbers = np.random.default_rng(1)
    atoms = Atoms(["Li"] * ions + ["O"] * held, positions=10 * numbers.random((ions + held, 3)), cell=[10, 10, 10], pbc=True)
    atoms.set_array("home", atoms.positions.copy())
    return atoms


ENGINE = Engine(name="tests.atoms.test_molecular_dynamics:Free")
BROWNIAN = DynamicsSettings(time_step=1e-14, duration=6e-12, equilibration=5e-13, friction_time=1e-13, frames=150, runs=2)


def test_free_ions_diffuse_as_einstein_says():
    """D* = kT/(mγ), and D_σ = D*: they do not see each other."""
    motion = simulate_ion_motion(gas(), "Li", ENGINE, [600.0], BROWNIAN, seed=3)
    mass = 6.94 * units._amu
    expected = BOLTZMANN * np.array([600.0]) * 1e-13 / mass
    tracer, charge = trajectory_diffusivity(motion), trajectory_diffusivity(motion, "charge")
    assert tracer.unit == "m2 s-1"
    assert np.all(np.abs(tracer.values / expected - 1.0) < 0.15)
    assert np.all(np.abs(tracer.values - expected) < 4 * tracer.standard_error + 0.03 * expected)
    assert np.all(np.abs(charge.values - expected) < 4 * charge.standard_error)
    assert np.all(charge.standard_error > tracer.standard_error)
    assert motion["mean_temperature"].values.mean(axis=1) == pytest.approx([600.0], rel=0.03)


@pytest.mark.long
def test_bound_ions_do_not_diffuse():
    """⟨|r(t) − r(0)|²⟩ → 6 kT/k."""
    engine = Engine(name="tests.atoms.test_molecular_dynamics:Free", settings={"stiffness": 1.0})
    motion = simulate_ion_motion(gas(), "Li", engine, [300.0], BROWNIAN, seed=3)
    late = motion["tracer_displacement"].values[0, :, -10:].mean()
    assert late == pytest.approx(1e-20 * 6 * units.kB * 300.0 / 1.0, rel=0.05)
    assert abs(trajectory_diffusivity(motion).values[0]) < 1e-10


@pytest.mark.long
def test_an_interrupted_run_ends_with_the_numbers_of_an_undisturbed_one(tmp_path, monkeypatch):
    settings = DynamicsSettings(time_step=5e-15, duration=2e-12, equilibration=1e-13, friction_time=1e-12, frames=400, runs=2)
    atoms, engine = gas(2, 2), ENGINE
    whole = simulate_ion_motion(atoms, "Li", engine, [500.0], settings, seed=5, folder=tmp_path / "whole")
    told = []

    def stop(fraction, words):
        told.append((fraction, words))
        if len(told) == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulate_ion_motion(atoms, "Li", engine, [500.0], settings, seed=5, folder=tmp_path / "kept", progress=stop)
    assert len(list((tmp_path / "kept").iterdir())) == 2
    again = simulate_ion_motion(atoms, "Li", engine, [500.0], settings, seed=5, folder=tmp_path / "kept")
    assert np.array_equal(again["tracer_displacement"], whole["tracer_displacement"])
    assert np.array_equal(again["mean_temperature"], whole["mean_temperature"])
    # What is done is read, not computed; a damaged file is computed anew.
    damaged = sorted((tmp_path / "kept").iterdir())[0]
    damaged.write_bytes(damaged.read_bytes()[:100])
    repaired = simulate_ion_motion(atoms, "Li", engine, [500.0], settings, seed=5, folder=tmp_path / "kept")
    assert np.array_equal(repaired["tracer_displacement"], whole["tracer_displacement"])
    monkeypatch.setattr("ase.md.langevin.Langevin.run", None)
    assert np.array_equal(
        simulate_ion_motion(atoms, "Li", engine, [500.0], settings, seed=5, folder=tmp_path / "kept")["tracer_displacement"],
        whole["tracer_displacement"],
    )


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: simulate_ion_motion(gas(), "Na", ENGINE, [300.0], seed=1), "ion: found 'Na'"),
        (lambda: simulate_ion_motion(gas(), "Li", ENGINE, [600.0, 300.0], seed=1), "increasing temperatures above 0 K"),
        (lambda: DynamicsSettings.read({"runs": 1}), "runs"),
        (lambda: DynamicsSettings.read({"time_step": "1 ps"}), "time_step"),
    ],
)
def test_bad_input_is_named(call, said):
    with pytest.raises(InputError) as caught:
        call()
    assert said in str(caught.value)
