r"""A05: Electronic conduction: Drude from Boltzmann's equation, Sommerfeld's number, electrons conserved, small polarons

**[E]** With a relaxation time τ, Boltzmann's equation gives

$$\sigma = e^2\tau\int\frac{g\,d^3k}{(2\pi)^3}\,v\,v\left(-\frac{\partial f}{\partial E}\right),$$

for a parabolic band exactly Drude's $\sigma=ne^2\tau/m^*$, at any temperature and for each axis of an ellipsoidal band. In a
metal the Lorenz number $\kappa/\sigma T$ is Sommerfeld's $\tfrac{\pi^2}{3}(k/e)^2=2.44\times10^{-8}$ W Ω K⁻², with a deviation
that falls with T². The Fermi level is the root of $N(\mu)=n$ and conserves electrons to the last digit.

Small polarons do not move in bands. Beside it stands hopping conduction

$$\sigma(x,T)=\frac{N\,x(1-x)\,e^2 D}{kT},\qquad D=\tfrac{z}{6}a^2\nu\,e^{-E/kT},$$

for LixFePO4 with the barriers of Ong, Chevrier, Ceder 2011 (hybrid functional, DOI 10.1103/PhysRevB.83.075112: 133 meV for an
electron in FePO4, 170 meV for a hole in LiFePO4; Maxisch, Zhou, Ceder 2006, DOI 10.1103/PhysRevB.73.104301 had found
the faster electron in FePO4 as well, with GGA+U). Checked: the slope of ln σT over 1/T, zeros at both ends, detailed
balance of Marcus' rates. LiTiS2, from the shipped bands of GPAW, is a metal that conducts better in its layers than across them.
"""

from __future__ import annotations

import numpy as np

from scalith.atoms import (
    SOMMERFELD_NUMBER,
    SmallPolaronHop,
    band_grid,
    boltzmann_transport,
    density_of_states,
    drude_conductivity,
    effective_mass,
    electrons_held,
    fermi_level,
    marcus_rate,
    small_polaron_conductivity,
)
from scalith.atoms.bands import REDUCED_PLANCK
from scalith.quantities import read_results, shipped
from scalith.quantities.constants import BOLTZMANN_EV, ELECTRON_MASS, ELEMENTARY_CHARGE
from validation.record import Record

LONG = True

EDGE, TAU = 5.0, 1e-14
MASSES = np.array([0.2, 0.25, 0.3])
OLIVINE = SmallPolaronHop(
    barrier_empty=0.133,
    barrier_full=0.170,
    barrier_error=0.05,
    attempt_frequency=1e13,
    hop_distance=3.87e-10,
    neighbours=4,
    site_density=4 / 291.0e-30,
    reference="S. P. Ong, V. L. Chevrier, G. Ceder, Phys. Rev. B 83 (2011) 075112",
)


def _parabola(count: int) -> np.ndarray:
    k = 2.0 * np.pi * np.fft.fftfreq(count) / (1e-10 * EDGE / count) / count
    along = [0.5 * (REDUCED_PLANCK * k) ** 2 / (mass * ELECTRON_MASS * ELEMENTARY_CHARGE) for mass in MASSES]
    return (along[0][:, None, None] + along[1][None, :, None] + along[2][None, None, :])[..., None]


def run(record: Record) -> None:
    from matplotlib import pyplot as plt

    cell = EDGE * np.eye(3)
    electrons = 0.02
    bands = band_grid(cell, _parabola(48), electrons)
    masses = np.sort(effective_mass(bands, 0)["principal_mass"].values)
    record.check_at_most("effective masses (relative)", limit=1e-10, found=np.max(np.abs(masses / MASSES - 1.0)))
    found = boltzmann_transport(bands, [2500.0], TAU)
    sigma = found["conductivity"].values[0]
    density = electrons / (1e-10 * EDGE) ** 3
    for axis, mass in zip("xyz", MASSES, strict=True):
        place = "xyz".index(axis)
        record.check(
            f"σ along {axis} over Drude's",
            expected=1.0,
            found=sigma[place, place] / drude_conductivity(density, TAU, mass),
            tolerance=1e-6,
        )
    small = band_grid(cell, _parabola(12), electrons)
    worst = max(
        abs(electrons_held(small, fermi_level(small, T, n), T) - n)
        for T in (10.0, 300.0, 3000.0)
        for n in (0.001, 0.02, 0.7, 1.5)
    )
    record.check_at_most("electrons lost by the Fermi level", limit=1e-11, found=worst)

    k = 2.0 * np.pi * np.fft.fftfreq(20001)
    chain = band_grid(cell, (-2.0 * np.cos(k))[:, None, None, None], 0.6)
    T = np.array([50.0, 100.0, 200.0, 400.0, 800.0])
    lorenz = boltzmann_transport(chain, T, TAU)["lorenz_number"].values
    record.check("Sommerfeld's number", expected=2.44e-8, found=SOMMERFELD_NUMBER, tolerance=0.005e-8, unit="W Ω/K²")
    record.check("Lorenz number of a metal at 50 K", expected=2.44e-8, found=lorenz[0], tolerance=0.01e-8, unit="W Ω/K²")
    ratio = (lorenz[1] / SOMMERFELD_NUMBER - 1.0) / (lorenz[0] / SOMMERFELD_NUMBER - 1.0)
    record.check("its deviation at 100 K over that at 50 K", expected=4.0, found=ratio, tolerance=0.1)

    metal = read_results(shipped("bands/LiTiS2_gpaw_bands.nc"))
    level = fermi_level(metal, 300.0)
    record.check("LiTiS2: Fermi level of the shipped bands from GPAW's own", expected=0.0, found=level, tolerance=0.03, unit="eV")
    energy = np.linspace(-8.0, 3.0, 221)
    states = density_of_states(metal, energy)["density_of_states"].values
    transport = boltzmann_transport(metal, [300.0], TAU)
    in_plane, across = (float(transport["conductivity"][0, k, k]) for k in (0, 2))
    record.check("LiTiS2: σ in the layers over that across them exceeds 1", expected=1.0, found=in_plane > across, tolerance=0)

    x, at = np.linspace(0.0, 1.0, 41), np.linspace(250.0, 350.0, 11)
    hopping = small_polaron_conductivity(OLIVINE, x, at)
    record.check_at_most("σ at x = 0 and x = 1", limit=0.0, found=hopping(0.0, 300.0) + hopping(1.0, 300.0), unit="S/m")
    slope = -BOLTZMANN_EV * np.polyfit(1.0 / at, np.log(at * hopping.values.values[20]), 1)[0]
    record.check("slope of ln σT over 1/T at x = 0.5", expected=0.1515, found=slope, tolerance=1e-9, unit="eV")
    forth, back = (float(marcus_rate(0.02, 0.8, 300.0, driving_energy=energy)) for energy in (0.1, -0.1))
    balance = -BOLTZMANN_EV * 300.0 * np.log(forth / back)
    record.check("Marcus: detailed balance of a step of 0.1 eV", expected=0.1, found=balance, tolerance=1e-12, unit="eV")
    record.compare(
        "activation energy of σ in LiFePO4",
        reference=0.5,
        found=OLIVINE.barrier_full,
        unit="eV",
        note="measured on powders, 0.4 to 0.6 eV: there carriers are bound to vacancies, which free polarons are not",
    )

    figure, axes = plt.subplots(1, 3, figsize=(12, 3.6))
    axes[0].plot(T, lorenz / SOMMERFELD_NUMBER, "o-")
    axes[0].set(xscale="log", xlabel="T (K)", ylabel="κ/(σT) over Sommerfeld's number", title="metal (chain, 0.3 filled)")
    for temperature in (260.0, 300.0, 340.0):
        axes[1].plot(x, hopping(x, temperature), label=f"{temperature:g} K")
    axes[1].set(xlabel="x in LixFePO4", ylabel="σ (S/m)", title="free small polarons")
    axes[1].legend()
    axes[2].plot(energy, states)
    axes[2].axvline(level, color="0.7", lw=0.8)
    axes[2].set(xlabel="E − E_F (eV)", ylabel="states per eV and cell", title="LiTiS2 (GPAW, LDA)")
    figure.tight_layout()
    record.figure(
        "Wiedemann and Franz are met at low temperature; hopping against stoichiometry; states of LiTiS2, a metal.", figure
    )
