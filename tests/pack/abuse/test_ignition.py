import pytest

from scalith.pack import critical_ambient_temperature, critical_frank_kamenetskii, shipped_kinetics
from scalith.quantities import InputError


@pytest.mark.parametrize(("shape", "limit"), [("slab", 0.878458), ("cylinder", 2.0), ("sphere", 3.321992)])
def test_critical_numbers(shape, limit):
    assert critical_frank_kamenetskii(shape) == pytest.approx(limit, abs=2e-6)


def test_larger_bodies_ignite_at_lower_temperature():
    kinetics = shipped_kinetics("lco_hatchard_kim")
    temperatures = [
        critical_ambient_temperature(kinetics, "cathode", half_size=size, conductivity=1.0, shape="slab")
        for size in (0.005, 0.02, 0.1)
    ]
    assert temperatures == sorted(temperatures, reverse=True)
    assert 330 < temperatures[-1] < temperatures[0] < 500


def test_unknown_reaction_is_named():
    with pytest.raises(InputError, match="binder"):
        critical_ambient_temperature(shipped_kinetics("ncm_feng"), "binder", half_size=0.01, conductivity=1.0, shape="slab")
