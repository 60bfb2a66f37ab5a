r"""A04: Harmonic vibrations: heat capacity, zero-point energy, the Einstein solid

**[E]** Each mode of frequency ν adds, with $u=h\nu/kT$,

$$F=\tfrac12 h\nu+kT\ln(1-e^{-u}),\qquad E=\tfrac12 h\nu+\frac{h\nu}{e^u-1},\qquad C_v=k\,\frac{u^2 e^u}{(e^u-1)^2},$$

so that $C_v\to 3Nk$ at high and $F\to\sum\tfrac12 h\nu$ at low temperature. One frequency for all modes is the Einstein solid,

$$C_v=3Nk\left(\frac{\theta/2T}{\sinh(\theta/2T)}\right)^2,\qquad \theta=h\nu/k.$$

Checked: sums over one frequency against Einstein's closed form; the frequencies of a face-centred cubic crystal of springs $k$
between neighbours, which Born and von Kármán give in closed form ($m\omega^2 = 4k, 4k, 8k$ at X and $2k, 2k, 8k$ at L), from
finite displacements of a Lennard-Jones crystal that is cut off between first and second neighbours; its heat capacity and
zero-point energy; $S=-\partial F/\partial T$. Stated beside it: the entropy of olivine FePO4 from the shipped frequencies
of CHGNet 0.3.0 against that measured on the quartz-like polymorph (Q. Shi et al. 2013, DOI 10.1016/j.jct.2013.02.017), which
holds the magnetic part as well; and the heat capacity of LiFePO4 against Dulong and Petit.
"""

from __future__ import annotations

import numpy as np

from scalith.atoms import (
    Engine,
    einstein_solid,
    harmonic_thermodynamics,
    imaginary_share,
    phonon_frequencies,
)
from scalith.quantities import Source, read_results, shipped
from scalith.quantities.constants import AVOGADRO, ELEMENTARY_CHARGE, GAS_CONSTANT, PLANCK
from validation.record import Record

SIGMA, EPSILON = 3.4, 0.0104
NEAREST = 2.0 ** (1.0 / 6.0) * SIGMA


def _one_frequency(frequency: float):
    import xarray as xr

    return xr.Dataset(
        {"frequency": (("q", "mode"), np.full((1, 3), frequency)), "weight": ("q", [1.0]), "formula_units": 1},
        attrs={"source": Source(kind="assumed", reference="Einstein solid").to_json()},
    )


def run(record: Record) -> None:
    from ase.build import bulk
    from ase.units import _amu
    from matplotlib import pyplot as plt

    frequency = 6e12
    T = np.geomspace(10.0, 3000.0, 60)
    closed, summed = einstein_solid(frequency, T), harmonic_thermodynamics(_one_frequency(frequency), T)
    for name in ("heat_capacity", "free_energy", "energy"):
        worst = float(np.max(np.abs(summed[name].values / closed[name].values - 1.0)))
        record.check_at_most(f"Einstein solid, {name.replace('_', ' ')} (relative)", limit=1e-10, found=worst)

    springs = Engine(name="ase.calculators.lj:LennardJones", settings={"sigma": SIGMA, "epsilon": EPSILON, "rc": 1.25 * NEAREST})
    crystal = bulk("Ar", "fcc", a=NEAREST * np.sqrt(2.0))
    spring_constant = 72.0 * EPSILON / NEAREST**2
    unit = np.sqrt(spring_constant * ELEMENTARY_CHARGE * 1e20 / (crystal.get_masses()[0] * _amu)) / (2 * np.pi)
    corners = phonon_frequencies(crystal, springs, supercell=(3, 3, 3), q_points=[[0.0, 0.5, 0.5], [0.5, 0.5, 0.5]])
    for name, found, factors in zip("XL", corners["frequency"].values, ((4, 4, 8), (2, 2, 8)), strict=True):
        worst = float(np.max(np.abs(np.sort(found) / (unit * np.sqrt(factors)) - 1.0)))
        record.check_at_most(f"frequencies at {name} (relative)", limit=2e-4, found=worst)

    phonons = phonon_frequencies(crystal, springs, supercell=(3, 3, 3), mesh=(8, 8, 8))
    data = harmonic_thermodynamics(phonons, [0.0, 100.0, 5000.0])
    record.check(
        "heat capacity at 5000 K",
        expected=3.0 * GAS_CONSTANT,
        found=float(data["heat_capacity"][2]),
        tolerance=1e-3,
        unit="J/(mol K)",
    )
    modes = 0.5 * AVOGADRO * PLANCK * float(np.sum(phonons["weight"].values[:, None] * phonons["frequency"].values))
    record.check("zero-point energy", expected=modes, found=float(data["zero_point_energy"]), tolerance=1e-9, unit="J/mol")
    record.check("free energy at 0 K", expected=modes, found=float(data["free_energy"][0]), tolerance=1e-9, unit="J/mol")
    step = 1e-2
    beside = harmonic_thermodynamics(phonons, [100.0 - step, 100.0 + step])["free_energy"].values
    slope = -(beside[1] - beside[0]) / (2 * step)
    record.check("−∂F/∂T at 100 K", expected=float(data["entropy"][1]), found=slope, tolerance=1e-6, unit="J/(mol K)")

    shipped_phonons = {
        name: read_results(shipped(f"vibrational_free_energy/phonons_{name}_chgnet.nc")) for name in ("FePO4", "LiFePO4")
    }
    at = {name: harmonic_thermodynamics(data, [298.15]) for name, data in shipped_phonons.items()}
    olivine = harmonic_thermodynamics(shipped_phonons["LiFePO4"], T)
    record.compare(
        "entropy of FePO4 at 298 K",
        reference=122.2,
        found=float(at["FePO4"]["entropy"][0]),
        unit="J/(mol K)",
        note="measured on the quartz-like polymorph, against olivine without its magnetic part",
    )
    for name, count in (("FePO4", 18), ("LiFePO4", 21)):
        record.check_at_most(
            f"heat capacity of {name} at 298 K over that of Dulong and Petit",
            limit=1.0,
            found=float(at[name]["heat_capacity"][0]) / (count * GAS_CONSTANT),
        )
        record.check(f"imaginary modes of {name}", expected=0.0, found=imaginary_share(shipped_phonons[name]), tolerance=0.0)

    figure, axis = plt.subplots(figsize=(5.5, 3.6))
    axis.plot(T, closed["heat_capacity"] / (3 * GAS_CONSTANT), label="Einstein, 6 THz")
    springs_heat = harmonic_thermodynamics(phonons, T)["heat_capacity"]
    axis.plot(T, springs_heat / (3 * GAS_CONSTANT), label="springs between neighbours")
    axis.plot(T, olivine["heat_capacity"] / (21 * GAS_CONSTANT), label="LiFePO4, CHGNet 0.3.0")
    axis.axhline(1.0, color="0.7", lw=0.8)
    axis.set_xscale("log")
    axis.set_xlabel("T (K)")
    axis.set_ylabel("$C_v$ / 3Nk")
    axis.legend()
    record.figure("Heat capacity per oscillator.", figure)
