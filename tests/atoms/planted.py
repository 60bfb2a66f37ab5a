"""Calculators whose energies are known."""

from __future__ import annotations

import numpy as np
from ase.calculators.calculator import Calculator, SCFError, all_changes
from ase.neighborlist import neighbor_list


class Planted(Calculator):
    """E = Σ_Li ε + Σ_{Li pairs within reach} w + ½ k Σ |r − r₀|² + ½ K V₀ (ln V/V₀)², r₀ following the cell.

    The cell wants to be larger than it started by the share `volume`.
    """

    implemented_properties = ("energy", "forces", "stress")

    def __init__(self, site=-3.0, pair=0.1, reach=3.2, stiffness=1.0, bulk=0.5, volume=0.0, fails=False):
        super().__init__()
        self.numbers = (site, pair, reach, stiffness, bulk, volume)
        self.fails, self.start = fails, None

    def calculate(self, atoms=None, properties=None, system_changes=all_changes):
        super().calculate(atoms, properties, system_changes)
        if self.fails:
            raise SCFError("no convergence in 100 cycles")
        site, pair, reach, stiffness, bulk, volume = self.numbers
        if self.start is None:
            self.start = atoms.copy()
        # Pairs are counted in the structure as it started: the planted interactions do not depend on strain.
        ions = self.start[self.start.numbers == 3]
        pairs = 0.5 * len(neighbor_list("i", ions, reach)) if len(ions) else 0.0
        wanted = self.start.get_volume() * (1 + volume)
        away = atoms.positions - self.start.get_scaled_positions(wrap=False) @ np.asarray(atoms.cell)
        strain = np.log(atoms.get_volume() / wanted)
        self.results = {
            "energy": site * len(ions) + pair * pairs + 0.5 * stiffness * np.sum(away**2) + 0.5 * bulk * wanted * strain**2,
            "forces": -stiffness * away,
            "stress": np.array([1, 1, 1, 0, 0, 0]) * bulk * wanted * strain / atoms.get_volume(),
        }


class Washboard(Calculator):
    """The last atom in B/2 (1 − cos 2πx/a) + t x/a + ½ k (y² + z²); the others are held where they started."""

    implemented_properties = ("energy", "forces")

    def __init__(self, height=0.3, period=3.0, tilt=0.0, stiffness=4.0):
        super().__init__()
        self.numbers = (height, period, tilt, stiffness)
        self.home = None

    def calculate(self, atoms=None, properties=None, system_changes=all_changes):
        super().calculate(atoms, properties, system_changes)
        height, period, tilt, stiffness = self.numbers
        if self.home is None:
            self.home = atoms.positions[:-1].copy()
        x, y, z = atoms.positions[-1]
        angle = 2 * np.pi * x / period
        away = atoms.positions[:-1] - self.home
        forces = np.zeros((len(atoms), 3))
        forces[:-1] = -stiffness * away
        forces[-1] = [-height * np.pi / period * np.sin(angle) - tilt / period, -stiffness * y, -stiffness * z]
        energy = 0.5 * height * (1 - np.cos(angle)) + tilt * x / period + 0.5 * stiffness * (y**2 + z**2)
        self.results = {"energy": energy + 0.5 * stiffness * np.sum(away**2), "forces": forces}
