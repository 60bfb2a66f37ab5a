"""A chain of four rungs that are linear in what is uncertain: its errors are known exactly."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import xarray as xr
from pydantic import Field

from scalith.ladder.quantity import Quantity, Settings, draw_stated, rung
from scalith.quantities import SI, ErrorComponent, Property, Spec, predicted
from scalith.quantities.specification import Length

NOISE, SAMPLES = 0.05, 25


class Beam(Settings):
    """A setting with errors of two kinds, and parts that are read by a rung, as those of a cell are."""

    length: Length
    offset: Annotated[float, SI("N")] = 0.0
    part: dict[str, str] = Field(default_factory=dict)


class Part(Spec):
    """What a rung reads from text and puts together with what was predicted."""

    width: Length
    load: Property


GIVEN = {"stiffness": (Quantity("stiffness", unit="N m-1", over={"x": "1"}), Property)}


@rung("stretch, measured often", unit="1")
def stretch(seed: int) -> Property:
    """The mean of many noisy readings of 2: an error of the sampling."""
    readings = 2.0 + NOISE * np.random.default_rng(seed).standard_normal(SAMPLES)
    return Property.constant("stretch", readings.mean(), "1", predicted("toy.stretch"), NOISE / np.sqrt(SAMPLES))


@rung("load", unit="N", over="x")
def load(stiffness: Property, stretch: Property, beam: Beam) -> Property:
    """F = k(x) s L + F₀, with the error that the chain states."""
    x = stiffness.coordinates["x"]
    k, s, length = stiffness.values.values, stretch(), float(beam.length)
    parts = [
        ErrorComponent(part.name, part.standard_error * s * length, part.correlation_length) for part in stiffness.components
    ] + [
        ErrorComponent("sampling", k * length * stretch.error()),
        ErrorComponent("length", k * s * getattr(beam.length, "error", 0.0)),
        ErrorComponent("offset", np.full(x.size, getattr(beam.offset, "error", 0.0))),
    ]
    source = predicted("toy.load", stiffness.digest, stretch.digest)
    return Property.from_arrays("load", {"x": x}, k * s * length + beam.offset, "N", source, components=parts)


@rung("part", draw=draw_stated)
def part(beam: Beam, load: Property) -> Part:
    """Text and what was predicted, put together."""
    return Part.read(dict(beam.part) | {"load": load}, "[beam] part")


@rung("trace")
def trace(part: Part) -> xr.Dataset:
    """A run over time that ends when it has passed the width times the load."""
    end = part.width * float(part.load(0.5))
    time = np.linspace(0.0, end, 21)
    voltage = ("time", 4.0 - time / end, {"units": "V", "long_name": "voltage"})
    data = xr.Dataset({"voltage": voltage, "end": ((), end, {"units": "N m"})}, {"time": time})
    return data.assign_attrs(source=predicted("toy.trace", part.digest).to_json())
