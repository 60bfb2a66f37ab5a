r"""B05: Agreement: planted values and curves are told from others at the rate that is stated.

**[E]** Two hundred planted values are read from noisy experiments (diffusivities from pulses, entropic coefficients from
steps of temperature, resistances from spectra); the deviations over the stated errors are standard normal (Kolmogorov and
Smirnov, p > 0.01).

**[E]** Two hundred pairs of curves whose errors have the correlation that they state agree in at least 90 of 100, and curves
that are off by four standard errors in a window of one correlation length in less than one of five.
"""

from __future__ import annotations

import numpy as np
from scipy.stats import kstest

from scalith.lab import agreement, fit_circuit, parse_circuit, spectrum
from scalith.lab.titration import Particle, extract_entropy, extract_gitt, simulate_entropy, simulate_gitt
from scalith.quantities import ErrorComponent, Property, Source
from scalith.quantities.uncertain import correlated_deviates
from validation.record import Record

LONG = True
NORMAL = 1.959964
SOURCE = Source(kind="assumed", reference="planted")


def _planted(numbers: np.random.Generator) -> np.ndarray:
    scores = []
    truth = Particle(radius=5e-6, diffusivity=4e-15, slope=-2e-5)
    data = simulate_gitt(truth, current=1.0, pulse=600.0, rest=6000.0, pulses=40, points=60)
    data = data.assign(voltage=data["voltage"] + 1e-4 * numbers.standard_normal(data.sizes["time"]))
    found = extract_gitt(data, radius=5e-6, slope=-2e-5)
    reach = np.log(found["upper"].values / found["lower"].values) / (2.0 * NORMAL)
    scores += list(np.log(found["diffusivity"].values / 4e-15) / reach)
    for _ in range(80):
        data = simulate_entropy(coefficient=1e-4, time_constant=900.0, drift=1e-8, interval=120.0)
        volts = data["voltage"].values + 2e-5 * numbers.standard_normal(data.sizes["time"])
        one = extract_entropy(data["time"].values, volts, data["ambient_temperature"].values)
        scores.append((one.value - 1e-4) / ((one.upper - one.lower) / (2.0 * NORMAL)))
    circuit, frequency = "R0-p(R1,Q1)", np.geomspace(1e4, 0.1, 40)
    clean = parse_circuit(circuit).impedance(frequency, [0.02, 0.1, 0.5, 0.9])
    for _ in range(80):
        noise = numbers.standard_normal((2, 40))
        fit = fit_circuit(circuit, spectrum(frequency, clean + 2e-3 * np.abs(clean) * (noise[0] + 1j * noise[1])))
        scores.append(np.log(fit.values["R1"] / 0.1) / (fit.standard_error("R1") / fit.values["R1"]))
    return np.array(scores)


def _curves(numbers: np.random.Generator, shift: float) -> float:
    """Share of pairs that agree."""
    x, error, length = np.linspace(0.0, 1.0, 41), 0.01, 0.15
    agreed = 0
    for _ in range(200):
        both = []
        for size in (shift, 0.0):
            off = error * correlated_deviates(x, length, numbers) + size * error * np.exp(-0.5 * ((x - 0.5) / length) ** 2)
            part = (ErrorComponent("planted", np.full(x.size, error), length),)
            both.append(Property.from_arrays("u", {"x": x}, 3.5 - 0.5 * x + off, "V", SOURCE, components=part))
        agreed += agreement(*both, points=41).attrs["verdict"].startswith("agrees")
    return agreed / 200.0


def run(record: Record) -> None:
    import matplotlib.pyplot as plt

    numbers = np.random.default_rng(5)
    scores = _planted(numbers)
    record.check_true("200 planted values: p of Kolmogorov and Smirnov above 0.01", kstest(scores, "norm").pvalue > 0.01)
    record.compare("200 planted values: p", reference=0.5, found=kstest(scores, "norm").pvalue)
    record.compare("standard deviation of their deviations", reference=1.0, found=float(np.std(scores)))
    right, wrong = _curves(numbers, 0.0), _curves(numbers, 4.0 * np.sqrt(2.0))
    record.check_at_most("planted curves that are said to differ", limit=0.1, found=1.0 - right)
    record.check_at_most("curves off by four standard errors that are said to agree", limit=0.2, found=wrong)
    figure, axis = plt.subplots(figsize=(5.0, 3.4), layout="constrained")
    z = np.linspace(-3.5, 3.5, 200)
    axis.hist(scores, bins=25, density=True)
    axis.plot(z, np.exp(-0.5 * z**2) / np.sqrt(2.0 * np.pi))
    axis.set(xlabel="deviation / stated error", ylabel="density")
    record.figure("Deviations of 200 planted values.", figure)
