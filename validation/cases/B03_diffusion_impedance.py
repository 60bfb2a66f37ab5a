r"""B03: Diffusion into particles: impedance in closed form, and what Warburg's slope makes of it.

**[E]** With $u=\sqrt{iωR^2/D}$ a sphere has $z = \tanh u/(u-\tanh u)$, a cylinder $I_0(u)/(u I_1(u))$, a slab $\coth u/u$, in
units of
$R_D = (dU/dc)\,R/(FAD)$. At low frequency the real part is $R_D/(d+2)$ (1/5, 1/4, 1/3) and $ω\,\mathrm{Im}\,z\,R^2/D = -d$
(−3, −2, −1); at
$ωR^2/D = 10$ the sphere has 0.179416 − 0.347314i.

The slope of Re Z or of −Im Z over $ω^{-1/2}$ gives D exactly for a plane. On a sphere, a straight line through 40 points from
$ωR^2/D$ = 10 to 1000 gives 1.396 D from the real part and 0.430 D from the imaginary part; from 100 to 10,000, 1.020 and
0.757. Planted D
comes back from the slope once this bias is taken off, and from the fitted element within its interval.
"""

from __future__ import annotations

import numpy as np

from scalith.lab.impedance import (
    blocked_diffusion,
    diffusivity_from_warburg,
    diffusivity_of_element,
    fit_circuit,
    parse_circuit,
    warburg_bias,
)
from scalith.lab.impedance.elements import DIMENSIONS, Shape
from scalith.lab.measurement import spectrum
from scalith.quantities.constants import FARADAY
from validation.record import Record

RADIUS, DIFFUSIVITY, AREA, SLOPE = 5e-6, 1e-14, 0.1, 2e-5


def run(record: Record) -> None:
    import matplotlib.pyplot as plt

    low = np.array([1e-5])
    shape: Shape
    for shape, d in DIMENSIONS.items():
        z, _ = blocked_diffusion(np.sqrt(1j * low), shape)
        record.check(f"{shape}: Re z at low frequency", expected=1.0 / (d + 2), found=z[0].real, tolerance=1e-7)
        record.check(f"{shape}: ω Im z R²/D", expected=-d, found=z[0].imag * low[0], tolerance=1e-7)
    z, _ = blocked_diffusion(np.sqrt(1j * np.array([10.0])), "sphere")
    record.check("sphere: Re z at ωR²/D = 10", expected=0.179416, found=z[0].real, tolerance=5e-7)
    record.check("sphere: Im z at ωR²/D = 10", expected=-0.347314, found=z[0].imag, tolerance=5e-7)
    for window, (real, imaginary) in {(10.0, 1e3): (1.396, 0.430), (100.0, 1e4): (1.020, 0.757)}.items():
        found = warburg_bias("sphere", np.geomspace(*window, 40))
        place = f"ωR²/D = {window[0]:g} … {window[1]:g}"
        record.check(f"D/D from the slope of Re Z, {place}", expected=real, found=found[0], tolerance=6e-4)
        record.check(f"D/D from the slope of Im Z, {place}", expected=imaginary, found=found[1], tolerance=6e-4)

    time, resistance = RADIUS**2 / DIFFUSIVITY, SLOPE * RADIUS / (FARADAY * AREA * DIFFUSIVITY)
    f = np.geomspace(1e-4, 1e3, 71)
    clean = parse_circuit("R0-p(R1-S1,Q1)").impedance(f, [1e-3, 2e-3, resistance, time, 1.0, 0.95])
    window = (100.0 / time / (2.0 * np.pi), 1e4 / time / (2.0 * np.pi))
    planar = spectrum(f, parse_circuit("R0-S1").impedance(f, [1e-3, resistance, time]))
    corrected = diffusivity_from_warburg(planar, *window, potential_slope=SLOPE, area=AREA, length=RADIUS)
    record.check("D from the slope, bias taken off", expected=1.0, found=corrected.value / DIFFUSIVITY, tolerance=1e-6)
    numbers = np.random.default_rng(3)
    noisy = clean + 2e-3 * np.abs(clean) * (numbers.standard_normal(f.size) + 1j * numbers.standard_normal(f.size))
    element = diffusivity_of_element(fit_circuit("R0-p(R1-S1,Q1)", spectrum(f, noisy)), "S1", RADIUS)
    reach = np.log(element.high / element.low) / 2.0 / 1.96
    strain = abs(np.log(element.value / DIFFUSIVITY)) / reach
    record.check_at_most("D from the element, 0.2 % noise: standard errors off", limit=3.0, found=strain)
    record.compare("D from the element, 0.2 % noise", reference=DIFFUSIVITY, found=element.value, unit="m2 s-1")

    reduced = np.geomspace(0.1, 1e4, 200)
    figure, axis = plt.subplots(figsize=(5.0, 3.6), layout="constrained")
    for shape in DIMENSIONS:
        z, _ = blocked_diffusion(np.sqrt(1j * reduced), shape)
        axis.plot(z.real, -z.imag, label=shape)
    axis.set(xlabel="Re Z/R_D", ylabel="−Im Z/R_D", xlim=(0, 0.5), ylim=(0, 1))
    axis.legend()
    record.figure("Diffusion into slab, cylinder and sphere.", figure)
