from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scalith.particle import radial_mesh, simulate_particle
from scalith.particle.mesh import dimensions_of
from scalith.quantities import InputError, Property, Source


@given(st.integers(4, 60), st.floats(0.001, 0.5), st.sampled_from([1, 2, 3]))
def test_volumes_fill_the_particle_and_a_parabola_balances_exactly(nodes, finest, dimensions):
    mesh = radial_mesh(nodes, finest, dimensions)
    assert mesh.nodes[0] == 0.0
    assert mesh.nodes[-1] == 1.0
    assert mesh.volumes.sum() == pytest.approx(1.0 / dimensions, rel=1e-12)
    assert np.all(mesh.volumes > 0.0)
    # Under steady flux x = ρ²/2 grows everywhere at the rate d: flux out of each volume = d times what it encloses.
    flow = mesh.conductances * np.diff(0.5 * mesh.nodes**2)
    np.testing.assert_allclose(flow, dimensions * np.cumsum(mesh.volumes)[:-1], rtol=1e-9)
    mean = dimensions * float(mesh.volumes @ mesh.nodes**2)
    assert mean == pytest.approx(dimensions / (dimensions + 2.0), rel=1e-9)


def test_a_lumped_mesh_has_no_couplings_and_the_finest_interval_is_at_the_surface():
    mesh = radial_mesh(20, 0.01, lumped=True)
    assert not mesh.couplings.any()
    assert np.diff(mesh.nodes)[-1] == pytest.approx(0.01, rel=1e-6)
    assert np.all(np.diff(mesh.nodes, 2) < 0.0)


def test_another_geometry_is_named_wherever_it_is_stated():
    assert [dimensions_of(name) for name in ("slab", "cylinder", "sphere")] == [1, 2, 3]
    constant = Property.constant("chemical_diffusivity", 1e-14, "m2 s-1", Source(kind="assumed"))
    with pytest.raises(InputError, match=r"simulate_particle.*'sphere', 'cylinder' or 'slab'"):
        simulate_particle(constant, 1e-6, 1.0, geometry="ball", surface_flux=0.0, initial=0.5)
