r"""P04: One particle that separates against MPET, its critical current, and its nucleation barrier.

**[P]** With the numbers of case P03 and the reaction that $k_0$ was published for, $i_0=k_0(1-x)e^{\mu/2RT}$ with gradient and
strain in $\mu$ (Bai, Cogswell and Bazant, DOI 10.1021/nl202764f):

1. MPET's own outputs (tests 001 to 003: a depth-averaged particle, a wetted cylinder, a wetted sphere, C/100) within 0.3 mV rms.
2. Linear stability of the depth-averaged particle: above $1.954\,k_0$ without strain and $0.575\,k_0$ with it, lithiation
   is uniform. With $\sqrt{x(1-x)}$ there is no such current.
3. Middle of a particle of 100 nm (20 nm thick, both sides held at 0.98) at a mean x of 0.5: separated at C/10, uniform at
   20C.
4. Lowest voltage while it is lithiated at C/1000 with wetted sides: the nucleation barrier grows with the size and is gone
   at 10 nm; without strain there is none (Cogswell and Bazant, DOI 10.1021/nl400497t). Three places per nm.
5. A sphere that is lithiated slowly keeps the rich phase in its shell, at C/1000 and C/10000 as at C/10, in fewer than
   2,000 steps: about as many as at C/10.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from scalith.particle import PhaseField, critical_current, simulate_depth_averaged, simulate_phase_field
from scalith.quantities import InputError, read_columns
from scalith.quantities.constants import AVOGADRO
from validation.record import Record

DATA = Path(__file__).resolve().parents[1] / "data" / "phase_field"
T, SITES, START = 298.0, 1.3793e28, 0.01
MATERIAL = PhaseField.regular_solution(
    1.8560e-20 * AVOGADRO,
    gradient_energy=5.0148e-10,
    coherency_strain=0.1916e9,
    maximum_concentration=SITES / AVOGADRO,
    tracer_diffusivity=5.3e-19,
    reference_voltage=3.422,
    exchange_current_density=0.16,
)
SOFT = MATERIAL.model_copy(update={"coherency_strain": 0.0})
WETTING = {"cylinder": -5e-30 * SITES, "sphere": 2e-30 * SITES}  # J/m², of MPET's dγ/dc


def published(test: str) -> tuple[np.ndarray, np.ndarray]:
    """Stoichiometry and voltage of MPET."""
    columns = read_columns(DATA / f"mpet_{test}.csv").columns
    return columns["filling fraction"][1:], columns["voltage"][1:]


def against_mpet(record: Record) -> None:
    rate = 0.01 / 3600.0
    mean, voltage = published("test001")
    times = np.concatenate([[0.0], (mean - START) / rate])
    data = simulate_depth_averaged(
        MATERIAL, 40e-9, 20e-9, times, rate=rate, initial=START, wetted_sides=0.98, temperature=T, nodes=40
    )
    _rms(record, "depth-averaged", data.voltage.values[1:] - voltage)
    for test, geometry, dimensions in (("test002", "cylinder", 2), ("test003", "sphere", 3)):
        mean, voltage = published(test)
        data = simulate_phase_field(
            MATERIAL.model_copy(update={"surface_wetting": WETTING[geometry]}),
            40e-9,
            np.concatenate([[0.0], (mean - START) / rate]),
            initial=START,
            surface_flux=-rate * 40e-9 / dimensions,
            temperature=T,
            geometry=geometry,
            nodes=41,
            noise=0.0,
        )
        _rms(record, geometry, data.voltage.values[1:] - voltage)


def _rms(record: Record, words: str, error: np.ndarray) -> None:
    record.check_at_most(f"{words} against MPET, rms", limit=0.3, found=1e3 * np.sqrt(np.mean(error**2)), unit="mV")


def barrier(material: PhaseField, length: float) -> tuple[np.ndarray, np.ndarray]:
    """Mean stoichiometry and voltage less V⁰ (mV) at C/1000 with wetted sides."""
    rate = 1e-3 / 3600.0
    nodes = round(3e9 * length)
    data = simulate_depth_averaged(
        material, length, 20e-9, np.linspace(0.0, 0.9 / rate, 301), rate=rate, wetted_sides=0.98, temperature=T, nodes=nodes
    )
    return data.mean_stoichiometry.values[2:], 1e3 * (data.voltage.values[2:] - 3.422)


def run(record: Record) -> None:
    import matplotlib.pyplot as plt

    against_mpet(record)
    k0 = 0.16
    record.check("critical current without strain over k₀", expected=1.954, found=critical_current(SOFT, T) / k0, tolerance=1e-3)
    record.check("critical current with strain over k₀", expected=0.575, found=critical_current(MATERIAL, T) / k0, tolerance=1e-3)
    try:
        critical_current(MATERIAL.model_copy(update={"reaction": "symmetric"}), T)
        refused = False
    except InputError:
        refused = True
    record.check_true("√(x(1 − x)) has no critical current, and says so", refused)

    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(13, 3.6))
    expected = {True: (0.099, 0.194, 0.436, 0.472, 0.489), False: (0.014, 0.036, None, 0.442, None)}
    for strained, values in expected.items():
        words = "with strain" if strained else "without strain"
        found = []
        for c_rate, value in zip((0.1, 1.0, 5.0, 10.0, 20.0), values, strict=True):
            rate = c_rate / 3600.0
            half = simulate_depth_averaged(
                MATERIAL if strained else SOFT,
                100e-9,
                20e-9,
                [0.0, (0.5 - START) / rate],
                rate=rate,
                wetted_sides=0.98,
                temperature=T,
                nodes=100,
            )
            found.append(float(half.stoichiometry[-1, 50]))
            if value is not None:
                record.check(f"middle at a mean x of 0.5, {c_rate:g}C, {words}", expected=value, found=found[-1], tolerance=0.01)
            if strained:
                left.plot(1e9 * half.position, half.stoichiometry[-1], label=f"{c_rate:g}C")
        middle.semilogx([0.1, 1.0, 5.0, 10.0, 20.0], found, "o-", label=words)
    for length, value in ((20, -14.4), (30, -20.5), (40, -23.5), (60, -26.7), (100, -29.6), (150, -31.3)):
        mean, voltage = barrier(MATERIAL, 1e-9 * length)
        record.check(f"lowest V − V⁰ at {length} nm", expected=value, found=voltage.min(), tolerance=0.7, unit="mV")
        right.plot(mean, voltage, label=f"{length} nm")
        if length in (20, 150):
            deepest = max(0.0, -barrier(SOFT, 1e-9 * length)[1].min())
            record.check_at_most(f"barrier without strain at {length} nm", limit=0.15, found=deepest, unit="mV")
    record.check_at_most("barrier at 10 nm", limit=0.0, found=max(0.0, -barrier(MATERIAL, 10e-9)[1].min()), unit="mV")

    steps = []
    for c_rate in (0.1, 1e-3, 1e-4):
        times = np.linspace(0.0, 0.5 * 3600.0 / c_rate, 6)
        slow = simulate_phase_field(
            MATERIAL, 40e-9, times, initial=0.015, surface_flux=-c_rate / 3600.0 * 40e-9 / 3.0, temperature=T, nodes=60, noise=0.0
        )
        x = slow.stoichiometry[-1].values
        record.check_true(f"rich shell and poor core at a mean x of 0.5, C/{1.0 / c_rate:g}", x[-1] > 0.85 and x[0] < 0.15)
        record.check_at_most(f"steps at C/{1.0 / c_rate:g}", limit=2000, found=slow.attrs["time_steps"])
        steps.append(slow.attrs["time_steps"])
    record.check_at_most("steps at C/10000 over those at C/10", limit=1.5, found=steps[-1] / steps[0])
    left.set(xlabel="position (nm)", ylabel="x", title="mean x = 0.5, with strain")
    middle.set(xlabel="rate (1/h)", ylabel="x in the middle", title="mean x = 0.5, 100 nm")
    right.set(xlabel="mean x", ylabel="V − V⁰ (mV)", title="C/1000, wetted sides", ylim=(-35, 15))
    for axis in (left, middle, right):
        axis.legend(frameon=False, fontsize=8)
    figure.tight_layout()
    record.figure("Profiles, the way to uniform lithiation, and the nucleation barrier", figure)
