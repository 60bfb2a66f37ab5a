"""What limits a discharge, by numbers and by gains."""

from __future__ import annotations

import numpy as np
import pytest

from scalith.cell import Mesh, read_cell, simulate_discharge
from scalith.cell.specification.paths import with_factors
from scalith.lab import dimensionless_numbers, find_bottlenecks
from scalith.quantities import InputError

CELL = read_cell("lgm50_chen2020")
COARSE = Mesh(negative=6, separator=3, positive=6, nodes=12)


def numbers(cell=CELL, rate=1.0, **more):
    found = dimensionless_numbers(cell, rate, **more)
    return dict(zip(found.number.values.tolist(), found["value"].values.tolist(), strict=True))


def test_numbers_are_ratios_of_what_they_say():
    found, material = numbers(), CELL.negative_electrode.materials[0]
    D = float(material.chemical_diffusivity(x=0.5, T=298.15))
    assert found["solid diffusion, negative electrode"] == pytest.approx(material.particle_radius**2 / D / 3600.0)
    electrolyte, electrode = CELL.electrolyte, CELL.negative_electrode
    c0 = electrolyte.initial_concentration
    density = CELL.nominal_capacity / 3600.0 / CELL.plane_area
    salt = float(electrolyte.diffusivity(c=c0)) * electrode.efficiency * c0 * 2.0 * 96485.33212
    transference = float(electrolyte.transference_number(c=c0))
    expected = density * electrode.thickness * (1.0 - transference) / salt
    assert found["limiting current, negative electrode"] == pytest.approx(expected, rel=1e-6)


def test_they_scale_with_rate_and_size_as_they_must():
    slow, fast = numbers(rate="1C"), numbers(rate="3C")
    for name in slow:
        kind = name.split(",")[0]
        power = (
            1.0 if kind in ("solid diffusion", "limiting current", "ohmic loss of the electrolyte", "charge transfer") else 0.0
        )
        power = -1.0 if kind == "cooling" else power
        assert fast[name] == pytest.approx(slow[name] * 3.0**power)
    twice = numbers(with_factors(CELL, {"positive_electrode.exchange_current_density": 2.0}))
    place = "positive electrode"
    assert twice[f"mass Biot number, {place}"] == pytest.approx(2.0 * slow[f"mass Biot number, {place}"])
    assert twice[f"charge transfer, {place}"] == pytest.approx(0.5 * slow[f"charge transfer, {place}"])
    assert twice[f"reaction distribution, {place}"] == pytest.approx(2.0 * slow[f"reaction distribution, {place}"])


def test_heat_where_it_is_stated():
    found = numbers(read_cell("kokam_ecker2015"))
    assert ("cooling, cell" in found) == (read_cell("kokam_ecker2015").thermal is not None)


def test_a_gain_is_the_difference_of_two_discharges():
    found = find_bottlenecks(CELL, "1C", mesh=COARSE)
    faster = with_factors(CELL, {"electrolyte.conductivity": 2.0})
    grid = np.linspace(0.0, 3500.0, 2001)
    runs = [simulate_discharge(cell, 1.0, mesh=COARSE, tolerance=1e-6, duration=3600.0) for cell in (CELL, faster)]
    volts = [np.interp(grid, run.time, run.voltage) for run in runs]
    gain = float(np.trapezoid(volts[1] - volts[0], grid)) * CELL.nominal_capacity / 3600.0
    assert float(found.energy_gain.sel(process="electrolyte.conductivity")) == pytest.approx(
        gain, rel=0.1
    )  # the rest is in the last hundred seconds
    assert np.all(np.diff(found.energy_gain.values) <= 0.0)
    assert float(found.loss.sum()) == pytest.approx(1.0)


def test_a_resistance_in_series_is_a_process():
    found = find_bottlenecks(with_factors(CELL, {"contact_resistance": 0.02}), "1C", mesh=COARSE)
    assert found.process.values[0] == "contact_resistance"


@pytest.mark.parametrize(
    ("function", "more"), [(find_bottlenecks, {"faster": 1.0}), (dimensionless_numbers, {"state_of_charge": 50})]
)
def test_wrong_input_gets_one_sentence(function, more):
    with pytest.raises(InputError, match="positive rate"):
        function(CELL, -1.0)
    with pytest.raises(InputError, match=next(iter(more))):
        function(CELL, 1.0, **more)
