"""Average voltage between two compositions, from total energies."""

from __future__ import annotations

from scalith.quantities import InputError


def average_voltage(energy_1: float, x_1: float, energy_2: float, x_2: float, metal_energy: float, charge: int = 1) -> float:
    """V = −[E(x₂) − E(x₁) − (x₂ − x₁) E_metal] / (z (x₂ − x₁) e), V.

    Positive when inserting the ion from its metal sets energy free (Aydinol et al. 1997,
    DOI 10.1103/PhysRevB.56.1354). Entropy and pressure terms are left out.

    Parameters
    ----------
    energy_1, energy_2 : float
        Energy per formula unit at compositions x_1 and x_2, eV.
    x_1, x_2 : float
        Working ions per formula unit.
    metal_energy : float
        Energy of the working ion's metal per atom on the same scale, eV.
    charge : int
        Electrons z that come with each ion.

    Raises
    ------
    InputError
        The two compositions are the same.
    """
    if x_1 == x_2:
        raise InputError("average voltage", "x_2", x_2, "another composition than x_1")
    return -(energy_2 - energy_1 - (x_2 - x_1) * metal_energy) / (charge * (x_2 - x_1))
