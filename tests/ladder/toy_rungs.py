"""A ladder of four rungs whose physics fits on a page: a spring's energy, its force, its oscillation."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import xarray as xr

from scalith.ladder.progress import report_progress
from scalith.ladder.quantity import InputFile, Quantity, Settings, rung
from scalith.quantities import Property, Source, Spec, predicted


class Spring(Settings):
    """Settings of the toy."""

    stiffness: float
    nodes: int = 21
    wait: float = 0.0
    file: InputFile | None = None


class Damper(Settings):
    """Settings of what a study may have or not."""

    shortening: float


class Shape(Spec):
    """A specification that passes between rungs."""

    length: float
    source: Source


GIVEN = {
    "shape": (Quantity("shape of the spring"), Shape),
    "mass": (Quantity("mass", unit="kg"), Property),
}


def _count(name: str) -> None:
    folder = os.environ.get("TOY_COUNTS")
    if folder:
        with (Path(folder) / name).open("a") as stream:
            stream.write("1")


@rung("elastic energy", unit="J", over="x")
def elastic_energy(spring: Spring) -> Property:
    """E = k x²/2."""
    _count("elastic_energy")
    x = np.linspace(-1.0, 1.0, spring.nodes)
    return Property.from_arrays("elastic_energy", {"x": x}, spring.stiffness * x**2 / 2, "J", predicted("toy.elastic_energy"))


@rung("force", unit="N", over="x")
def force(elastic_energy: Property) -> Property:
    """F = -dE/dx."""
    _count("force")
    x = elastic_energy.coordinates["x"]
    values = -elastic_energy.slope("x", x)
    return Property.from_arrays("force", {"x": x}, values, "N", predicted("toy.force", elastic_energy.digest))


@rung("oscillation")
def oscillation(force: Property, mass: Property, spring: Spring, seed: int) -> xr.Dataset:
    """x(t) from rest at 0.5 with a seeded phase error."""
    report_progress(0.5, "half way")
    if spring.wait:
        time.sleep(spring.wait)
    _count("oscillation")
    data = _position(force, mass, seed)
    return data.assign_attrs(source=predicted("toy.oscillation", force.digest, mass.digest).to_json(), headline="it swings")


def _position(force: Property, mass: Property, seed: int) -> xr.Dataset:
    omega = np.sqrt(-force.slope("x", 0.0) / mass())
    t = np.linspace(0.0, 1.0, 11)
    phase = 1e-3 * np.random.default_rng(seed).standard_normal()
    return xr.Dataset({"x": ("time", 0.5 * np.cos(omega * t + phase), {"units": "m", "long_name": "position"})}, {"time": t})


@rung("shortening", unit="m")
def shortening(damper: Damper) -> Property:
    """What a damper takes from the length."""
    return Property.constant("shortening", damper.shortening, "m", predicted("toy.shortening"))


@rung("outline")
def outline(oscillation: xr.Dataset, shape: Shape, shortening: Property | None = None) -> Shape:
    """The length that the spring reaches."""
    _count("outline")
    length = shape.length + float(oscillation["x"].max()) - (0.0 if shortening is None else shortening())
    return Shape(length=length, source=predicted("toy.outline", shape.digest))
