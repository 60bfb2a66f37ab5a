r"""P03: LiFePO₄ as a regular solution, with and without coherency strain.

**[P]** Cogswell and Bazant's numbers (DOI 10.1021/nn204177u): $\Omega=115.8$ meV $=4.511\,kT$,
$\kappa=5.0148\times10^{-10}$ J/m, $B=0.1916$ GPa, $1.3793\times10^{28}$ sites/m³, $k_0=0.16$ A/m², $V^0=3.422$ V. Without
and with strain, which adds $\tfrac12Bx^2$ to the free energy of each place of a coherent particle: the spinodals, the gap
between the extrema of the homogeneous voltage, the energy $\int\sqrt{2\kappa\Delta g}\,dx$ of an interface, and its width
between $x=0.1$ and 0.9 (inside of the phases' own fractions).

A mosaic of many particles that share a potential and pass the barrier one after the other at C/1000 has a gap near 20 mV
between charge and discharge (Dreyer et al. measured it, DOI 10.1038/nmat2730). The particles, each of the coherent material
and uniform, give the barrier of 16.2 mV and what their reaction needs on top; without strain the gap would be that of
73.8 mV.
"""

from __future__ import annotations

import numpy as np

from scalith.particle import PhaseField, phase_separation
from scalith.quantities.constants import AVOGADRO, BOLTZMANN_EV, FARADAY, GAS_CONSTANT
from validation.record import Record

INTERACTION_EV = 0.1158
T = INTERACTION_EV / (4.511 * BOLTZMANN_EV)  # at which Ω is 4.511 kT
DENSITY = 1.3793e28 / AVOGADRO
STRAIN = 0.1916e9
MATERIAL = PhaseField.regular_solution(
    INTERACTION_EV * FARADAY,
    gradient_energy=5.0148e-10,
    coherency_strain=STRAIN,
    maximum_concentration=DENSITY,
    tracer_diffusivity=1e-16,
    reference_voltage=3.422,
    exchange_current_density=0.16,
)
PARTICLES = 60
RADIUS = 50e-9


def _mosaic(interaction: float, rate: float, seed: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Mean filled fraction and voltage (V) of many uniform particles at `rate` (1/h, positive fills); Ω in RT."""
    rng = np.random.default_rng(seed)
    radius = RADIUS * np.exp(0.2 * rng.standard_normal(PARTICLES))
    weights = radius**3 / np.sum(radius**3)
    filled = rate > 0.0
    x = np.full(PARTICLES, 0.02 if filled else 0.98)
    thermal = GAS_CONSTANT * T
    speed = 3.0 * 0.16 / (radius * DENSITY * FARADAY)  # 1/s of filled fraction at i = k₀
    wanted = rate / 3600.0
    time, means, levels = 0.0, [], []
    level = np.log(x / (1.0 - x)).mean() + interaction * (1.0 - 2.0 * x.mean())
    longest = 0.0005 / abs(wanted)
    h = longest
    while 0.015 < (weights @ x) < 0.985:
        # One implicit step of all particles and of their common potential; short while a particle passes its barrier.
        new, new_level, settled = x.copy(), level, False
        for _ in range(25):
            mu = np.log(new / (1.0 - new)) + interaction * (1.0 - 2.0 * new)
            slope = 1.0 / (new * (1.0 - new)) - 2.0 * interaction
            i0 = speed * np.sqrt(new * (1.0 - new))
            drive = np.clip(0.5 * (new_level - mu), -20.0, 20.0)
            rest = new - x - h * i0 * 2.0 * np.sinh(drive)
            by_level = h * i0 * np.cosh(drive)
            by_x = 1.0 + by_level * slope - h * i0 * np.sinh(drive) * (1.0 - 2.0 * new) / (new * (1.0 - new))
            total = weights @ (new - x) - h * wanted
            # δx = (by_level δL − rest)/by_x with Σ w δx = −total.
            d_level = (weights @ (rest / by_x) - total) / (weights @ (by_level / by_x))
            dx = (by_level * d_level - rest) / by_x
            new = new + np.clip(dx, -0.5 * new, 0.5 * (1.0 - new))
            new_level += d_level
            if np.abs(dx).max() < 1e-10 and abs(d_level) < 1e-9:
                settled = bool(by_x.min() > 0.0)
                break
        if not settled or np.abs(new - x).max() > 0.02:
            h *= 0.5
            continue
        x, level, time = new, new_level, time + h
        h = min(1.5 * h, longest)
        means.append(float(weights @ x))
        levels.append(3.422 - thermal / FARADAY * level)
    return np.array(means), np.array(levels)


def run(record: Record) -> None:
    import matplotlib.pyplot as plt

    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(13, 3.6))
    expected = {False: (0.127, 0.873, 73.8, 113.6, 3.2), True: (0.230, 0.770, 16.2, 39.4, 11.5)}
    for coherent, (low, high, gap, energy, width) in expected.items():
        words = "with strain" if coherent else "without strain"
        found = phase_separation(MATERIAL, T, coherent=coherent)
        record.check(f"spinodal, poor side, {words}", expected=low, found=found.spinodal[0], tolerance=6e-4)
        record.check(f"spinodal, rich side, {words}", expected=high, found=found.spinodal[1], tolerance=6e-4)
        record.check(f"homogeneous gap, {words}", expected=gap, found=1e3 * found.voltage_gap, tolerance=0.1, unit="mV")
        record.check(
            f"interface energy, {words}", expected=energy, found=1e3 * found.interface_energy, tolerance=0.1, unit="mJ/m²"
        )
        ends = np.interp([0.1, 0.9], found.filled_fraction, found.position)
        record.check(
            f"width from x = 0.1 to 0.9, {words}", expected=width, found=1e9 * (ends[1] - ends[0]), tolerance=0.1, unit="nm"
        )
        left.plot(1e9 * found.position, found.filled_fraction, label=words)
        x = np.linspace(0.002, 0.998, 500)
        omega = 4.511 - (0.5 * STRAIN / (DENSITY * GAS_CONSTANT * T) if coherent else 0.0)
        level = 3.422 - GAS_CONSTANT * T / FARADAY * (np.log(x / (1.0 - x)) + omega * (1.0 - 2.0 * x))
        middle.plot(x, level, label=words)
    record.check(
        "binodal, poor side, without strain", expected=0.0121, found=phase_separation(MATERIAL, T).binodal[0], tolerance=1e-4
    )
    left.set(xlabel="distance (nm)", ylabel="x", xlim=(-8, 8), title="interface")
    middle.set(xlabel="x", ylabel="voltage (V)", ylim=(3.3, 3.55), title="uniform particle")
    effective = 4.511 - 0.5 * STRAIN / (DENSITY * GAS_CONSTANT * T)
    stoichiometry, discharge = _mosaic(effective, 1e-3)
    emptying, charge = _mosaic(effective, -1e-3)
    inner = np.linspace(0.25, 0.75, 501)
    difference = np.interp(inner, emptying[::-1], charge[::-1]) - np.interp(inner, stoichiometry, discharge)
    gap = 1e3 * float(difference.mean())
    record.check("gap of a coherent mosaic at C/1000", expected=20.0, found=gap, tolerance=5.0, unit="mV")
    record.compare("the same, without reaction", reference=16.2, found=gap, unit="mV", note="barrier alone")
    right.plot(stoichiometry, discharge, label="discharge, C/1000")
    right.plot(emptying, charge, label="charge, C/1000")
    right.set(xlabel="mean x", ylabel="voltage (V)", ylim=(3.39, 3.46), title=f"mosaic of {PARTICLES} particles: {gap:.1f} mV")
    for axis in (left, middle, right):
        axis.legend(frameon=False, fontsize=8)
    figure.tight_layout()
    record.figure("Interface, homogeneous voltage, and a mosaic of particles", figure)
