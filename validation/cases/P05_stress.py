r"""P05: Stress of an elastic sphere by its own gradient, and diffusion by the same chemical potential.

**[E]** 1. A sphere whose surface is held: the largest stress at its centre is 0.38557 of $E\Omega\Delta c/(3(1-\nu))$, at
$Dt/R^2=0.0574$. 2. Under constant flux, once steady, $\sigma_r=\sigma_0(1-\rho^2)$, $\sigma_\theta=\sigma_0(1-2\rho^2)$ with
$\sigma_0=E\Omega JR/(15(1-\nu)D)$, strain energy $\frac{4\pi}{7}(1-\nu)R^3\sigma_0^2/E$; it swells by a third of its mean volume
strain whatever the profile. 3. Force balances on every cut, $\sigma_\theta=\frac{1}{2r}\frac{d(r^2\sigma_r)}{dr}$ (cylinder
$d(r\sigma_r)/dr$), and the surface is free. 4. $D_{eff}=D(1-S/(FU'))$: the flux is $-M\,\partial\mu$ with the $\mu$ that also
sets the voltage of the surface; with $U$ of a dilute solid it is Zhang's $1+\theta c$, 0.359 at $x=1$ for LiMn₂O₄
(DOI 10.1149/1.2759840).
"""

from __future__ import annotations

import numpy as np

from scalith.particle import ParticleStress, elastic_stress, galvanostatic_stress, simulate_particle, stress_assisted_diffusivity
from scalith.quantities import Property, Source
from scalith.quantities.constants import FARADAY, GAS_CONSTANT
from validation.record import Record

MANGANATE = ParticleStress(youngs_modulus=1e10, poisson_ratio=0.3, partial_molar_volume=3.497e-6)
DENSITY, RADIUS, D, T = 2.29e4, 5e-6, 7.08e-15, 298.15


def run(record: Record) -> None:
    import matplotlib.pyplot as plt

    plain = Property.constant("chemical_diffusivity", D, "m2 s-1", Source(kind="assumed"))
    second = RADIUS**2 / D
    held = simulate_particle(plain, RADIUS, 0.2 * second, initial=0.2, surface_value=0.6, nodes=80, time_steps=800)
    found = elastic_stress(held, MANGANATE, DENSITY)
    scale = 1e10 * 3.497e-6 * DENSITY * 0.4 / (3.0 * 0.7)
    centre = found.radial_stress[:, 0].values / scale
    record.check("largest stress at the centre, held surface", expected=0.38557, found=centre.max(), tolerance=2e-4)
    record.check("and its time over R²/D", expected=0.0574, found=float(held.time[centre.argmax()]) / second, tolerance=3e-4)

    flux = -4e-10
    steady = simulate_particle(plain, RADIUS, 0.4 * second, initial=0.2, surface_flux=flux * 0.5, nodes=80)
    stress = elastic_stress(steady, MANGANATE, DENSITY)
    radial, hoop = galvanostatic_stress(MANGANATE, DENSITY, D, RADIUS, flux * 0.5, steady.radius.values / RADIUS)
    middle = radial[0]
    for name, exact in (("radial_stress", radial), ("hoop_stress", hoop)):
        away = float(np.abs(stress[name][-1].values - exact).max()) / middle
        record.check_at_most(f"{name.replace('_', ' ')} under constant flux, over σ₀", limit=2e-3, found=away)
    energy = float(stress.strain_energy[-1]) / (3.0 / 7.0 * 0.7 * middle**2 / 1e10)
    record.check("strain energy over (4π/7)(1 − ν)R³σ₀²/E", expected=1.0, found=energy, tolerance=5e-3)
    volume = 3.497e-6 * DENSITY * steady.mean_stoichiometry.values
    record.check_at_most(
        "swelling against a third of the mean volume strain",
        limit=1e-10,
        found=np.abs(stress.swelling.values - volume / 3.0).max(),
    )
    for geometry, power in (("sphere", 2), ("cylinder", 1)):
        profile = simulate_particle(
            plain, RADIUS, 0.05 * second, initial=0.2, surface_value=0.6, geometry=geometry, nodes=400, finest=1.0
        )
        one = elastic_stress(profile, MANGANATE, DENSITY, geometry=geometry)
        r, inward = profile.radius.values, one.radial_stress[-1].values
        around = np.gradient(r**power * inward, r, edge_order=2)[20:-20] / (power * r[20:-20] ** (power - 1))
        away = np.abs(around - one.hoop_stress[-1].values[20:-20]).max() / np.abs(inward).max()
        record.check_at_most(f"balance of forces in a {geometry}", limit=2e-3, found=away)
        record.check_at_most(f"radial stress at the surface of a {geometry}", limit=1e-9, found=abs(inward[-1]) / abs(inward[0]))

    x = np.linspace(0.01, 0.99, 491)
    thermal = GAS_CONSTANT * T
    dilute = Property.from_arrays("open_circuit_voltage", {"x": x}, -thermal / FARADAY * np.log(x), "V", Source(kind="assumed"))
    numbers = {"partial_molar_volume": 3.497e-6, "youngs_modulus": 1e10, "poisson_ratio": 0.3, "maximum_concentration": DENSITY}
    zhang = stress_assisted_diffusivity(plain, **numbers)
    ours = stress_assisted_diffusivity(plain, **numbers, open_circuit_voltage=dilute, window=(0.01, 0.99))
    inner = x[50:-50]
    record.check("Zhang's factor less one at x = 1", expected=0.359, found=float(zhang(1.0)) / D - 1.0, tolerance=5e-4)
    away = float(np.abs(np.asarray(ours(inner)) / np.asarray(zhang(inner)) - 1.0).max())
    record.check_at_most("factor by the voltage of a dilute solid against Zhang's", limit=2e-3, found=away)

    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4))
    for k in range(100, 801, 175):
        left.plot(held.radius * 1e6, found.radial_stress[k] / 1e6, label=f"Dt/R² = {float(held.time[k]) / second:.3f}")
        left.plot(held.radius * 1e6, found.hoop_stress[k] / 1e6, "--", color=left.lines[-1].get_color())
    left.set(xlabel="r (µm)", ylabel="stress (MPa), hoop dashed", title="surface held")
    left.legend(frameon=False, fontsize=8)
    right.plot(held.time / second, centre)
    right.axhline(0.38557, color="k", lw=0.8, ls=":")
    right.set(xlabel="Dt/R²", ylabel="stress at the centre over EΩΔc/3(1 − ν)")
    figure.tight_layout()
    record.figure("A sphere that fills from its surface", figure)
