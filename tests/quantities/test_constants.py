"""The constants that are written out are those of CODATA."""

import pytest
from scipy import constants as codata

from scalith.quantities import constants


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (constants.AVOGADRO, codata.Avogadro),
        (constants.BOLTZMANN, codata.Boltzmann),
        (constants.ELEMENTARY_CHARGE, codata.elementary_charge),
        (constants.PLANCK, codata.Planck),
        (constants.GAS_CONSTANT, codata.gas_constant),
        (constants.STEFAN_BOLTZMANN, codata.Stefan_Boltzmann),
        (constants.VACUUM_PERMITTIVITY, codata.epsilon_0),
        (constants.ELECTRON_MASS, codata.electron_mass),
        (constants.ZERO_CELSIUS, codata.zero_Celsius),
    ],
)
def test_constants_are_those_of_codata(ours: float, theirs: float) -> None:
    assert ours == pytest.approx(theirs, rel=2e-9)  # measured ones move that little from one edition to the next


def test_derived_constants() -> None:
    assert constants.FARADAY == constants.AVOGADRO * constants.ELEMENTARY_CHARGE
    assert pytest.approx(constants.AVOGADRO * constants.BOLTZMANN, rel=1e-15) == constants.GAS_CONSTANT
