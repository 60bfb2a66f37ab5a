import numpy as np
import pytest

from scalith.atoms.polaron_conductivity import (
    SmallPolaronHop,
    marcus_rate,
    polaron_diffusivity,
    small_polaron_conductivity,
)
from scalith.quantities import InputError
from scalith.quantities.constants import BOLTZMANN, BOLTZMANN_EV, ELEMENTARY_CHARGE
from scalith.quantities.uncertain import log_of_deviation

HOP = SmallPolaronHop(
    barrier_empty="133 meV",
    barrier_full="170 meV",
    barrier_error="20 meV",
    attempt_frequency="10 THz",
    hop_distance="3.87 angstrom",
    neighbours=4,
    site_density=1.37e28,
)
X, T = np.linspace(0.0, 1.0, 21), np.linspace(250.0, 350.0, 11)


def test_conductivity_is_nernst_einstein_of_the_polarons():
    found = small_polaron_conductivity(HOP, X, T)
    carriers = HOP.site_density * 0.25
    wanted = carriers * ELEMENTARY_CHARGE**2 * float(polaron_diffusivity(HOP, 0.5, 300.0)) / (BOLTZMANN * 300.0)
    assert found(0.5, 300.0) == pytest.approx(wanted, rel=1e-12)


def test_no_conduction_without_both_charges_and_more_in_the_empty_half():
    found = small_polaron_conductivity(HOP, X, T)
    assert found(0.0, 300.0) == found(1.0, 300.0) == 0.0
    assert found(0.2, 300.0) > found(0.8, 300.0)
    even = small_polaron_conductivity(HOP.model_copy(update={"barrier_full": HOP.barrier_empty}), X, T)
    np.testing.assert_allclose(even.values, even.values[::-1], rtol=1e-10)


def test_slope_over_inverse_temperature_is_the_barrier():
    found = small_polaron_conductivity(HOP, X, T)
    slope = np.polyfit(1.0 / T, np.log(T * found.values.values[10]), 1)[0]
    assert -BOLTZMANN_EV * slope == pytest.approx(0.5 * (0.133 + 0.170), rel=1e-9)


def test_error_of_the_barrier_reaches_the_conductivity():
    found = small_polaron_conductivity(HOP, X, T)
    ratio = found.error(0.5, 300.0) / found(0.5, 300.0)
    # E is normal, the conductivity log-normal: its standard deviation is that of e^(−E/kT).
    assert log_of_deviation(ratio) == pytest.approx(0.020 / (BOLTZMANN_EV * 300.0))


def test_marcus_keeps_detailed_balance_and_has_a_quarter_of_lambda_as_barrier():
    forth = marcus_rate(0.02, 0.8, 300.0, driving_energy=0.1)
    back = marcus_rate(0.02, 0.8, 300.0, driving_energy=-0.1)
    assert forth / back == pytest.approx(np.exp(-0.1 / (BOLTZMANN_EV * 300.0)))
    temperature = np.array([280.0, 320.0])
    rate = marcus_rate(0.02, 0.8, temperature) * np.sqrt(temperature)
    barrier = -BOLTZMANN_EV * np.diff(np.log(rate))[0] / np.diff(1.0 / temperature)[0]
    assert barrier == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: small_polaron_conductivity(HOP, [-0.1], T), "from 0 to 1"),
        (lambda: small_polaron_conductivity(HOP, X, [0.0]), "greater than 0 K"),
        (lambda: marcus_rate(0.1, 0.0, 300.0), "greater than 0"),
        (lambda: SmallPolaronHop.read({**HOP.model_dump(), "barrier_empty": -0.1}), "barrier_empty"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(InputError, match=message):
        call()
