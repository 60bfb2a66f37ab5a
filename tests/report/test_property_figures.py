"""Bands of a property: its whole error, and each named part of it."""

from __future__ import annotations

import numpy as np

from scalith.quantities import ErrorComponent, Property, Source
from scalith.report.property_figures import property_figure

X, T = np.linspace(0.0, 1.0, 5), np.array([280.0, 298.15])


def voltage(*parts):
    components = [ErrorComponent(name, np.full((5, 2), error)) for name, error in parts]
    source = Source(kind="assumed", reference="test")
    return Property.from_arrays("open_circuit_voltage", {"x": X, "T": T}, np.full((5, 2), 3.0), "V", source, None, components)


def bands(figure):
    return {trace.name: (min(trace.y), max(trace.y)) for trace in figure.data if trace.fill == "toself"}


def test_each_named_part_of_an_error_has_a_band_of_its_own():
    found = bands(property_figure(voltage(("sampling", 0.003), ("cluster expansion", 0.004), ("metal", 0.0))))
    assert list(found) == ["± standard error, 25 °C", "± cluster expansion", "± sampling"]
    for name, error in zip(found, (0.005, 0.004, 0.003), strict=True):
        np.testing.assert_allclose(found[name], (3.0 - error, 3.0 + error), rtol=1e-9)


def test_an_error_of_one_part_has_one_band():
    assert list(bands(property_figure(voltage(("sampling", 0.003))))) == ["± standard error, 25 °C"]
