r"""U06: An ensemble finds the mean, the covariance and the coverage of a chain that is known in closed form.

**[E]** A potential $V(x) = V_0(x) + b + \bar\varepsilon$ of a curve with an error of correlation length $\ell$, a number with an
error and the mean of $N$ noisy readings is normal with

$$C(x, x') = \sigma^2 e^{-(x-x')^2/2\ell^2} + \sigma_b^2 + s^2/N,$$

and a product of two positive numbers that are known within factors $f$, $g$ is log-normal with
$\sigma^2_{\ln} = \ln^2 f + \ln^2 g$. Both chains are climbed as a study with rungs of its own, 300 members; checked are the mean
to four of its standard errors, each entry of the covariance within 20 %, the share of members inside the curves' $\chi^2$ regions
of 50, 68 and 95 % to three standard errors of such a share, and that the error in the ledger is the analytic one.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from scipy.stats import chi2

from scalith.ladder import climb, read_study
from scalith.quantities import Property
from scalith.quantities.uncertain import correlations
from validation.record import Record

LONG = True

MEMBERS = 300
X = np.linspace(0.0, 1.0, 5)
CURVE, BIAS, NOISE, READINGS, LENGTH = 0.010, 0.006, 0.040, 25, 0.4
FACTORS = (1.3, 1.15)

RUNGS = f'''
"""A potential that is read often, and a product."""

from typing import Annotated

import numpy as np

from scalith.ladder import Quantity, Settings, rung
from scalith.quantities import SI, ErrorComponent, Property, predicted

GIVEN = {{
    "electrode_potential": (Quantity("potential", unit="V", over={{"x": "1"}}), Property),
    "width": (Quantity("width", unit="m"), Property),
    "height": (Quantity("height", unit="m"), Property),
}}


class Meter(Settings):
    """What the potential is read with."""

    bias: Annotated[float, SI("V")]


@rung("mean of the readings", unit="V")
def readings(seed: int) -> Property:
    """The mean of noisy readings of zero."""
    noise = {NOISE} * np.random.default_rng(seed).standard_normal({READINGS})
    return Property.constant("readings", noise.mean(), "V", predicted("case.readings"), {NOISE} / np.sqrt({READINGS}))


@rung("potential as it is read", unit="V", over="x")
def read_potential(electrode_potential: Property, readings: Property, meter: Meter) -> Property:
    """V(x) = V₀(x) + b + ε."""
    x = electrode_potential.coordinates["x"]
    parts = [
        *electrode_potential.components,
        ErrorComponent("bias", np.full(x.size, getattr(meter.bias, "error", 0.0))),
        ErrorComponent("readings", np.full(x.size, float(readings.error()))),
    ]
    source = predicted("case.read_potential", electrode_potential.digest, readings.digest)
    values = electrode_potential.values.values + meter.bias + readings()
    return Property.from_arrays("read_potential", {{"x": x}}, values, "V", source, components=parts)


@rung("area", unit="m2")
def area(width: Property, height: Property) -> Property:
    """A = w h."""
    return Property.constant("area", width() * height(), "m2", predicted("case.area", width.digest, height.digest))
'''

STUDY = f"""
[study]
title = "chain"
targets = ["read_potential", "area"]
seed = 7

[rungs]
modules = ["rungs.py"]

[meter]
bias = "0.1 V ± {BIAS} V"

[given]
electrode_potential = "potential.csv"
width = "20 mm × {FACTORS[0]}"
height = "50 mm × {FACTORS[1]}"
"""


def run(record: Record) -> None:
    import matplotlib.pyplot as plt

    with tempfile.TemporaryDirectory(prefix="scalith-") as name:
        folder = Path(name)
        rows = "".join(f"{x:g}, {3.4 - 0.2 * x:g}, {CURVE}\n" for x in X)
        head = f"# source: planted\n# correlation_length: {LENGTH}\nx [1], electrode_potential [V], standard_error [V]\n"
        (folder / "potential.csv").write_text(head + rows, encoding="utf-8")
        (folder / "rungs.py").write_text(RUNGS, encoding="utf-8")
        (folder / "chain.toml").write_text(STUDY, encoding="utf-8")
        ledger = climb(read_study(folder / "chain.toml", allow_code=True), folder / "out", draws=MEMBERS)
        loaded = {entry.quantity: entry for entry in ledger.entries if entry.ensemble_file}
        curves = Property.load(folder / "out" / loaded["read_potential"].ensemble_file).values.values
        areas = Property.load(folder / "out" / loaded["area"].ensemble_file).values.values.ravel()
        stated = Property.load(folder / "out" / loaded["read_potential"].file)

    truth = 3.5 - 0.2 * X
    covariance = CURVE**2 * correlations(X, LENGTH) + BIAS**2 + NOISE**2 / READINGS
    deviation = np.sqrt(np.diag(covariance))
    record.check_at_most("members that failed", limit=0, found=len(ledger.failed_members))
    record.check("standard error in the ledger", expected=deviation[2], found=stated.error(0.5), tolerance=1e-12, unit="V")
    for k in (0, 2, 4):
        tolerance = 4.0 * deviation[k] / np.sqrt(MEMBERS)
        title = f"mean of the members at x = {X[k]:g}"
        record.check(title, expected=truth[k], found=curves[:, k].mean(), tolerance=tolerance, unit="V")
    found = np.cov(curves, rowvar=False)
    for i, j in ((0, 0), (2, 2), (4, 4), (0, 2), (1, 3), (0, 4)):
        title = f"covariance at x = {X[i]:g}, {X[j]:g} over the analytic one"
        record.check(title, expected=1.0, found=found[i, j] / covariance[i, j], tolerance=0.2)
    off = curves - truth
    squares = np.einsum("ni,ij,nj->n", off, np.linalg.inv(covariance), off)
    for rate in (0.5, 0.68, 0.95):
        inside = np.mean(squares <= chi2(X.size).ppf(rate))
        tolerance = 3.0 * np.sqrt(rate * (1.0 - rate) / MEMBERS)
        record.check(f"curves inside the region of {rate:.0%}", expected=rate, found=inside, tolerance=tolerance)
    spread = np.hypot(*np.log(FACTORS))
    logarithm = np.log(areas / 1e-3)
    record.check("mean of ln A/A₀", expected=0.0, found=logarithm.mean(), tolerance=4.0 * spread / np.sqrt(MEMBERS))
    record.check("standard deviation of ln A", expected=spread, found=logarithm.std(ddof=1), tolerance=0.2 * spread)

    figure, axes = plt.subplots(1, 2, figsize=(8.0, 3.4))
    axes[0].plot(X, 1e3 * off[:60].T, color="0.7", linewidth=0.6)
    axes[0].plot(X, 1e3 * np.outer([-1.0, 1.0], deviation).T, "k--", label="stated standard error")
    axes[0].set(xlabel="x", ylabel="member minus truth (mV)")
    axes[0].legend()
    ranks = (np.arange(MEMBERS) + 0.5) / MEMBERS
    axes[1].plot(chi2(X.size).ppf(ranks), np.sort(squares), ".", markersize=3)
    axes[1].plot([0.0, 15.0], [0.0, 15.0], "k--", linewidth=0.8)
    axes[1].set(xlabel="quantile of χ² with 5 degrees of freedom", ylabel="squared distance of the members")
    figure.tight_layout()
    record.figure("Members about the truth, and their squared distances against the analytic quantiles", figure)
