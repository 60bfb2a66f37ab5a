"""The cell at rest: voltage and entropic coefficient are the differences of its electrodes'."""

from __future__ import annotations

import numpy as np
import pytest

from scalith.cell import cell_entropic_coefficient, cell_open_circuit_voltage, read_cell, simulate_discharge
from scalith.quantities import Property, Source, shipped

ASSUMED = Source(kind="assumed")


@pytest.fixture
def lgm50():
    """NMC811 against graphite, both with measured entropic coefficients."""
    return read_cell(shipped("cell/lgm50_oregan2022.toml"))


def negative_stoichiometry(cell, x):
    sites = [side.thickness * side.material.volume_fraction * side.material.maximum_concentration
             for side in (cell.positive_electrode, cell.negative_electrode)]  # fmt: skip
    full = cell.positive_electrode.material.minimum_stoichiometry
    return cell.negative_electrode.material.maximum_stoichiometry - sites[0] / sites[1] * (x - full)


def with_material(cell, side, **changes):
    electrode = getattr(cell, side)
    material = electrode.material.model_copy(update=changes)
    return cell.model_copy(update={side: electrode.model_copy(update={"materials": (material,)})})


def test_the_entropic_coefficient_is_that_of_the_positive_electrode_less_that_of_the_negative(lgm50):
    found = cell_entropic_coefficient(lgm50)
    x = np.linspace(*found.domain["x"], 40)[1:-1]
    own = [lgm50.positive_electrode.material.entropic_coefficient, lgm50.negative_electrode.material.entropic_coefficient]
    assert found.unit == "V K-1"
    assert found(x) == pytest.approx(own[0](x) - own[1](negative_stoichiometry(lgm50, x)), abs=2e-8)
    # Graphite that is emptied: what it measures at x = 0.083 comes with the opposite sign.
    at = float(x[np.argmin(found(x))])
    assert negative_stoichiometry(lgm50, at) == pytest.approx(0.083, abs=0.03)


def test_a_voltage_without_temperature_moves_with_its_entropic_coefficient(lgm50):
    # The positive voltage over T, as a climb gives it; the negative one with a coefficient beside it.
    material = lgm50.positive_electrode.material
    x, T, reference = np.linspace(0.2, 1.0, 81), np.array([278.15, 298.15, 318.15]), lgm50.reference_temperature
    slope = np.linspace(-1e-4, 2e-4, 81)
    values = material.open_circuit_voltage(x)[:, None] + slope[:, None] * (T - reference)
    climbed = Property.from_arrays("open_circuit_voltage", {"x": x, "T": T}, values, "V", ASSUMED)
    cell = with_material(lgm50, "positive_electrode", open_circuit_voltage=climbed, entropic_coefficient=None)
    voltage, coefficient = cell_open_circuit_voltage(cell), cell_entropic_coefficient(cell)
    at = np.linspace(*voltage.domain["x"], 30)
    rise = (voltage(at, 318.15) - voltage(at, 278.15)) / 40.0
    assert rise == pytest.approx(coefficient(at, 298.15), abs=1e-9)
    graphite = cell.negative_electrode.material.entropic_coefficient(negative_stoichiometry(cell, at[1:-1]))
    assert rise[1:-1] == pytest.approx(np.interp(at[1:-1], x, slope) - graphite, abs=2e-8)
    assert voltage(at, reference) == pytest.approx(cell_open_circuit_voltage(lgm50)(at), abs=2e-5)


def test_what_is_not_known_counts_as_zero_and_is_said(lgm50):
    half = with_material(lgm50, "positive_electrode", entropic_coefficient=None)
    found = cell_entropic_coefficient(half)
    assert found.source.note == "none is known of the positive electrode: counted as zero there"
    x = np.linspace(*found.domain["x"], 20)[1:-1]
    graphite = half.negative_electrode.material.entropic_coefficient
    assert found(x) == pytest.approx(-graphite(negative_stoichiometry(half, x)), abs=2e-8)
    assert cell_entropic_coefficient(lgm50).source.note == ""


def test_lithium_has_no_entropic_coefficient_against_itself():
    xu = read_cell(shipped("cell/nmc532_lithium_xu2019.toml"))
    steady = Property.constant("entropic_coefficient", 1e-4, "V K-1", ASSUMED)
    found = cell_entropic_coefficient(with_material(xu, "positive_electrode", entropic_coefficient=steady))
    assert found.source.note == ""
    assert np.allclose(found.values, 1e-4)


def test_errors_of_both_coefficients_add_in_squares(lgm50):
    sides = {"positive_electrode": 3e-5, "negative_electrode": 4e-5}
    cell = lgm50
    for side, error in sides.items():
        cell = with_material(
            cell, side, entropic_coefficient=Property.constant("entropic_coefficient", 1e-4, "V K-1", ASSUMED, error)
        )
    found = cell_entropic_coefficient(cell)
    assert np.allclose(found.values, 0.0)
    assert np.allclose(found.standard_error, 5e-5)


def test_the_slope_of_a_voltage_with_an_error_has_none_and_says_so(lgm50):
    # The error of the other electrode alone would be too small.
    x, T = np.linspace(0.2, 1.0, 9), np.array([278.15, 318.15])
    coefficient = Property.constant("entropic_coefficient", 1e-4, "V K-1", ASSUMED, 3e-5)
    for error in (None, np.full((9, 2), 0.01)):
        voltage = Property.from_arrays("open_circuit_voltage", {"x": x, "T": T}, 4.0 - x[:, None] + 0.0 * T, "V", ASSUMED, error)
        cell = with_material(lgm50, "positive_electrode", open_circuit_voltage=voltage, entropic_coefficient=None)
        found = cell_entropic_coefficient(with_material(cell, "negative_electrode", entropic_coefficient=coefficient))
        said = "its error is not known: that of the positive electrode is the slope of a voltage over T"
        assert found.source.note == ("" if error is None else said)
        assert (found.standard_error is None) == (error is not None)
    assert np.allclose(found.values, -1e-4)


@pytest.mark.long
def test_the_entropic_heat_of_a_discharge_follows_it(lgm50):
    cell = lgm50
    for side, value in (("positive_electrode", 1e-4), ("negative_electrode", -5e-5)):
        cell = with_material(cell, side, entropic_coefficient=Property.constant("entropic_coefficient", value, "V K-1", ASSUMED))
    found = cell_entropic_coefficient(cell)
    data = simulate_discharge(cell, "1C", temperature=298.15)
    # Where the coefficients are the same at all stoichiometries, gradients within the particles make no difference.
    assert np.allclose(data["heat_entropic"], -data["current"] * 298.15 * float(found(0.5)), rtol=1e-6)
    assert float(found(0.5)) == pytest.approx(1.5e-4)
