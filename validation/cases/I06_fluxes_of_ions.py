r"""I06: Constant-field flux, and a binary salt.

**[E]** In a constant field the Nernst–Planck equation gives Goldman, Hodgkin and Katz's $J =
Pv\,(c_i-c_oe^{-v})/(1-e^{-v})$, $v=zF\Delta\phi/RT$: zero at the Nernst potential, $P(c_i-c_o)$ without field, and equal to
a finite-volume solution of $(c'+vc)'=0$ between. A neutral binary salt diffuses with $2D_+D_-/(D_++D_-)$: two Nernst–Planck
fluxes without current, eliminated numerically, give the same; so does a numerical solution in time, in which the slower ion
is carried along.
"""

from __future__ import annotations

import numpy as np

from scalith.interface import constant_field_flux, salt_diffusivity, salt_transference_number
from scalith.quantities.constants import FARADAY, GAS_CONSTANT
from validation.record import Record

T = 298.15


def _finite_volumes(inside: float, outside: float, v: float, cells: int) -> float:
    """Flux L/D of the steady −(c′ − v c) with values at both ends (the field drives from inside to outside): central."""
    h = 1.0 / cells
    matrix = np.zeros((cells + 1, cells + 1))
    right = np.zeros(cells + 1)
    matrix[0, 0] = matrix[-1, -1] = 1.0
    right[0], right[-1] = inside, outside
    for k in range(1, cells):
        matrix[k, k - 1 : k + 2] = [-1.0 / h - 0.5 * v, 2.0 / h, -1.0 / h + 0.5 * v]
    c = np.linalg.solve(matrix, right)
    return float(-(c[1] - c[0]) / h + 0.5 * v * (c[0] + c[1]))


def run(record: Record) -> None:
    import matplotlib.pyplot as plt

    thermal = GAS_CONSTANT * T / FARADAY
    inside, outside, permeability = 140.0, 5.0, 1e-8
    nernst = -thermal * np.log(inside / outside)
    scale = permeability * inside
    record.check_at_most(
        "flux at the Nernst potential over P c",
        limit=1e-14,
        found=abs(constant_field_flux(permeability, inside, outside, nernst, T)) / scale,
    )
    free = constant_field_flux(permeability, inside, outside, 0.0, T)
    record.check(
        "without field, over P(c_i − c_o)", expected=1.0, found=free / (permeability * (inside - outside)), tolerance=1e-12
    )
    for potential in (-0.1, -0.03, 0.05):
        rough, fine = (_finite_volumes(inside, outside, potential / thermal, n) for n in (200, 400))
        solved = permeability * (4.0 * fine - rough) / 3.0
        found = constant_field_flux(permeability, inside, outside, potential, T)
        record.check(f"against finite volumes at {potential:g} V", expected=1.0, found=found / solved, tolerance=1e-6)
    plus, minus = 1.73e-16, 5.69e-16
    # Both fluxes carry no current together: D₊(g + c e) = D₋(g − c e) for the field e, at a gradient g and a concentration c.
    gradient, c = -3.0e6, 1000.0
    field = (minus - plus) / (plus + minus) * gradient / c
    flux = -plus * (gradient + c * field)
    record.check(
        "salt diffusivity over that of two fluxes without current",
        expected=1.0,
        found=salt_diffusivity(plus, minus) * -gradient / flux,
        tolerance=1e-12,
    )
    record.check(
        "2 D₊D₋/(D₊ + D₋)",
        expected=2 * plus * minus / (plus + minus) / 1e-16,
        found=salt_diffusivity(plus, minus) / 1e-16,
        tolerance=1e-12,
        unit="1e-16 m²/s",
    )
    record.check(
        "t₊ = D₊/(D₊ + D₋)", expected=plus / (plus + minus), found=salt_transference_number(plus, minus), tolerance=1e-14
    )
    record.check("2:1 salt of equal ions", expected=1.0, found=salt_diffusivity(1.0, 1.0, cation_charge=2), tolerance=1e-14)
    # In time: two ions with the field that keeps them neutral, explicit steps in a closed slab.
    cells, steps, ratio = 100, 20000, 4.0
    x = (np.arange(cells) + 0.5) / cells
    salt = 1.0 + 0.5 * np.cos(np.pi * x)
    start = salt.copy()
    dt = 0.2 / cells**2 / ratio
    for _ in range(steps):
        slope = np.diff(salt) * cells
        middle = 0.5 * (salt[1:] + salt[:-1])
        drift = (ratio - 1.0) / (ratio + 1.0) * slope / middle  # D₊ = 1, D₋ = ratio
        flow = -(slope + middle * drift)
        salt[1:] += dt * cells * flow
        salt[:-1] -= dt * cells * flow
    decay = -np.log(np.dot(salt - 1.0, np.cos(np.pi * x)) / np.dot(start - 1.0, np.cos(np.pi * x))) / (steps * dt)
    record.check(
        "decay of a cosine over π² D", expected=1.0, found=decay / (np.pi**2 * salt_diffusivity(1.0, ratio)), tolerance=1e-3
    )
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6))
    potentials = np.linspace(-0.2, 0.2, 200)
    left.plot(1e3 * potentials, constant_field_flux(permeability, inside, outside, potentials, T) * 1e6, "k")
    left.axvline(1e3 * nernst, color="0.7", ls=":")
    left.axhline(0.0, color="0.8", lw=0.8)
    left.set(xlabel="φ inside − outside (mV)", ylabel="flux (µmol m⁻² s⁻¹)", title="constant field (dotted: Nernst potential)")
    ratios = np.logspace(-2, 2, 200)
    right.loglog(ratios, [salt_diffusivity(1.0, float(r)) for r in ratios], "k")
    right.set(xlabel="D₋/D₊", ylabel="D/D₊", title="binary salt")
    figure.tight_layout()
    record.figure("Flux in a constant field; diffusivity of a neutral salt", figure)
