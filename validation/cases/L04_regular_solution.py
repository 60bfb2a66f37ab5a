r"""L04: Regular solution with a miscibility gap

[E] $g(x)/kT = x\ln x + (1-x)\ln(1-x) + (\Omega/kT)\,x(1-x)$ with $\Omega = 4.511\,kT$ (115.8 meV, the value for LiFePO4).
The binodal solves $\ln[x/(1-x)] = -(\Omega/kT)(1-2x)$: 0.0121 and 0.9879; the spinodal $x(1-x) = kT/2\Omega$: 0.127
and 0.873; between the spinodal points the voltage of a homogeneous particle would span 73.8 mV. The common tangent
comes from the convex hull of $g$ and is refined to 1e-6 by construction; a tilted copy of $g$ must give the same two
compositions. The package has two ways to a binodal, this one and that of phase fields (`scalith.particle.phase_separation`, which
finds the spinodal and the gap from its own $g$): they must agree.
"""

import numpy as np

from scalith.lattice import common_tangents
from scalith.particle import PhaseField, phase_separation
from scalith.quantities.constants import BOLTZMANN_EV, FARADAY
from validation.record import Record

OMEGA = 4.511
THERMAL = 0.1158 / OMEGA


def run(record: Record) -> None:
    import matplotlib.pyplot as plt
    from scipy.optimize import brentq

    def g(x: np.ndarray, tilt: float = 0.0) -> np.ndarray:
        return x * np.log(x) + (1 - x) * np.log(1 - x) + OMEGA * x * (1 - x) + tilt * x

    def mu(x: np.ndarray, tilt: float = 0.0) -> np.ndarray:
        return np.log(x / (1 - x)) + OMEGA * (1 - 2 * x) + tilt

    binodal = brentq(lambda x: np.log(x / (1 - x)) + OMEGA * (1 - 2 * x), 1e-6, 0.1, xtol=1e-14)
    found = common_tangents(g, mu)
    record.check("number of tangents", expected=1, found=len(found), tolerance=0)
    record.check("binodal, low", expected=binodal, found=found[0].low, tolerance=1e-6)
    record.check("binodal, high", expected=1 - binodal, found=found[0].high, tolerance=1e-6)
    record.check("binodal as listed", expected=0.0121, found=found[0].low, tolerance=5e-5)
    tilted = common_tangents(lambda x: g(x, 3.7), lambda x: mu(x, 3.7))
    record.check("binodal of the tilted free energy", expected=binodal, found=tilted[0].low, tolerance=1e-6)
    record.check("its slope", expected=3.7, found=tilted[0].slope, tolerance=1e-6, unit="kT")
    material = PhaseField.regular_solution(
        OMEGA * THERMAL * FARADAY,
        gradient_energy=5.0148e-10,
        coherency_strain=0.0,
        maximum_concentration=2.29e4,
        tracer_diffusivity=1e-16,
        reference_voltage=3.422,
        exchange_current_density=0.16,
    )
    phases = phase_separation(material, THERMAL / BOLTZMANN_EV, coherent=False)
    record.check("binodal of the phase field", expected=found[0].low, found=phases.binodal[0], tolerance=1e-6)
    spinodal = 0.5 - 0.5 * np.sqrt(1 - 2 / OMEGA)
    record.check("spinodal", expected=spinodal, found=phases.spinodal[0], tolerance=1e-6)
    record.check("spinodal as listed", expected=0.127, found=phases.spinodal[0], tolerance=5e-4)
    gap = 1e3 * THERMAL * (mu(np.array(spinodal)) - mu(np.array(1 - spinodal)))
    record.check("homogeneous voltage gap", expected=gap, found=1e3 * phases.voltage_gap, tolerance=1e-3, unit="mV")
    record.check("homogeneous voltage gap as listed", expected=73.8, found=1e3 * phases.voltage_gap, tolerance=0.2, unit="mV")
    record.check(
        "tangents of an ideal solution",
        expected=0,
        found=len(common_tangents(lambda x: g(x) - OMEGA * x * (1 - x), lambda x: np.log(x / (1 - x)))),
        tolerance=0,
    )

    x = np.linspace(0.002, 0.998, 500)
    figure, axes = plt.subplots(1, 2, figsize=(9, 4))
    axes[0].plot(x, g(x))
    ends = np.array([found[0].low, found[0].high])
    axes[0].plot(ends, g(ends), "ko--")
    axes[0].set(xlabel="x", ylabel="g [kT]")
    axes[1].plot(x, -1e3 * THERMAL * mu(x))
    axes[1].axhline(0, color="k", ls="--")
    axes[1].set(xlabel="x", ylabel="U − U⁰ [mV]")
    record.figure("Free energy with its common tangent; voltage of a homogeneous particle and of two phases.", figure)
