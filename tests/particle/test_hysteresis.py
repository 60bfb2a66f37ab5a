"""Hysteresis of one particle."""

from __future__ import annotations

import numpy as np
import pytest

from scalith.particle import PhaseField, simulate_hysteresis
from scalith.particle.phase_field import homogeneous_functions
from scalith.quantities import InputError
from scalith.quantities.constants import FARADAY

T = 298.15
MATERIAL = PhaseField.regular_solution(
    11173.0,
    gradient_energy="5.0148e-10 J/m",
    coherency_strain="0.1916 GPa",
    maximum_concentration="22.9 mol/L",
    tracer_diffusivity="1e-16 m2/s",
    reference_voltage="3.422 V",
    exchange_current_density="0.16 A/m2",
)


def test_a_particle_too_small_for_an_interface_has_none():
    told: list[float] = []
    data = simulate_hysteresis(MATERIAL, 1.5e-9, [1e-3], nodes=16, progress=lambda share, words: told.append(share))
    assert told == [0.0, 1.0]
    assert '"nodes": 16' in data.attrs["source"] or '"nodes":16' in data.attrs["source"]
    # Uniform throughout: both branches follow the homogeneous voltage, and a uniform particle has no coherency energy.
    potential = homogeneous_functions(MATERIAL, T, 0.0)[0]
    inside = data.voltage.sel(x=slice(0.1, 0.9))
    expected = 3.422 - potential(inside.x.values) / FARADAY
    for branch in ("lithiation", "delithiation"):
        np.testing.assert_allclose(inside.sel(branch=branch).values[0], expected, atol=3e-4)
    assert abs(float(data.hysteresis[0])) < 3e-4


def test_a_cycle_of_a_larger_one_costs_work_and_more_at_a_higher_rate():
    data = simulate_hysteresis(MATERIAL, 40e-9, [0.1, 2.0])
    # The area between the branches; at one x the curvature of the interface may put them the other way round.
    work = (data.voltage.sel(branch="delithiation") - data.voltage.sel(branch="lithiation")).mean("x")
    assert 0.0 < float(work[0]) < float(work[1])
    middle = data.voltage.sel(x=0.5, method="nearest")
    np.testing.assert_allclose(data.hysteresis, middle.sel(branch="delithiation") - middle.sel(branch="lithiation"))


@pytest.mark.parametrize(("changed", "said"), [({"c_rates": []}, "c_rates"), ({"c_rates": [-1.0]}, "positive"), ({"geometry": "ball"}, "sphere")])  # fmt: skip
def test_bad_numbers(changed, said):
    stated = {"c_rates": [1.0], "geometry": "sphere"} | changed
    with pytest.raises(InputError, match=said):
        simulate_hysteresis(MATERIAL, 40e-9, stated["c_rates"], geometry=stated["geometry"])
