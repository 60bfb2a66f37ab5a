from __future__ import annotations

import numpy as np
import pytest

from scalith.particle import simulate_particle
from scalith.quantities import InputError, Property, Source

R, D0 = 5e-6, 1e-14
CONSTANT = Property.constant("chemical_diffusivity", D0, "m2 s-1", Source(kind="assumed"))


def test_steady_flux_leaves_a_parabola_and_conserves_lithium():
    flux = 3e-10
    data = simulate_particle(CONSTANT, R, 1.5 * R**2 / D0, initial=0.9, surface_flux=flux, nodes=20, finest=0.02)
    np.testing.assert_allclose(data.mean_stoichiometry, 0.9 - 3.0 * flux * data.time / R, atol=1e-13)
    last = data.stoichiometry[-1]
    rho = data.radius.values / R
    parabola = float(data.mean_stoichiometry[-1]) - flux * R / D0 * (0.5 * rho**2 - 0.3)
    np.testing.assert_allclose(last, parabola, atol=1e-8)


@pytest.mark.parametrize(("geometry", "first"), [("slab", np.pi / 2.0), ("sphere", np.pi), ("cylinder", 2.404825557695773)])
def test_a_held_surface_relaxes_with_the_first_eigenvalue(geometry, first):
    data = simulate_particle(
        CONSTANT, R, 0.6 * R**2 / D0, initial=0.0, surface_value=1.0, geometry=geometry, nodes=50, finest=0.01
    )
    left = 1.0 - data.mean_stoichiometry.values
    time = data.time.values
    rate = -np.log(left[-1] / left[-60]) / (time[-1] - time[-60])
    assert rate * R**2 / D0 == pytest.approx(first**2, rel=2e-3)


def test_finite_exchange_is_slower_than_a_held_surface():
    uptake = [
        float(simulate_particle(CONSTANT, R, 300.0, initial=0.0, surface_value=1.0, biot=biot, nodes=30).mean_stoichiometry[-1])
        for biot in (0.1, 1.0, 10.0, np.inf)
    ]
    assert np.all(np.diff(uptake) > 0.0)


def test_a_front_where_the_diffusivity_falls_by_six_decades_still_balances():
    x = np.linspace(0.0, 1.0, 201)
    steep = Property.from_arrays(
        "chemical_diffusivity",
        {"x": x},
        10.0 ** (-13.0 - 6.0 / (1.0 + np.exp(-(x - 0.7) / 0.02))),
        "m2 s-1",
        Source(kind="assumed"),
    )
    data = simulate_particle(steep, 1e-6, 300.0, initial=0.2, surface_flux=-3e-10, nodes=40)
    np.testing.assert_allclose(data.mean_stoichiometry, 0.2 + 3.0 * 3e-10 * data.time / 1e-6, atol=1e-11)
    assert np.all(np.isfinite(data.stoichiometry))


def test_nonsense_is_refused():
    with pytest.raises(InputError, match="radius"):
        simulate_particle(CONSTANT, -1.0, 10.0, initial=0.5)


def test_the_source_tells_runs_apart():
    settings = {"initial": 0.5, "surface_flux": 1e-12, "nodes": 10, "finest": 0.05, "time_steps": 3}
    changes = [{}, {"initial": 0.4}, {"surface_flux": 0.0}, {"surface_value": 0.5}, {"temperature": 310.0}]
    changes += [{"geometry": "slab"}, {"nodes": 11}, {"finest": 0.04}, {"time_steps": 4}]
    sources = [simulate_particle(CONSTANT, R, 10.0, **settings | change).attrs["source"] for change in changes]
    sources.append(simulate_particle(CONSTANT, R, 11.0, **settings).attrs["source"])
    sources.append(simulate_particle(CONSTANT, R, 10.0, **settings, surface_value=0.5, biot=2.0).attrs["source"])
    assert len(set(sources)) == len(sources)
