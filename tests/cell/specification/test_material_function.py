from __future__ import annotations

import numpy as np
import pytest

from scalith.cell import CellSpecification
from scalith.cell.specification.material_function import CONDUCTIVITY
from scalith.quantities import DomainError, InputError


def test_a_wrong_unit_of_a_material_function_is_called_a_wrong_unit(lgm50):
    plain = lgm50.model_dump()
    for text in ("1.1 m2", "1.1 mS", "3 furlong"):
        with pytest.raises(InputError, match="a unit convertible to S m-1"):
            CellSpecification.read(plain | {"electrolyte": plain["electrolyte"] | {"conductivity": text}})
    with pytest.raises(InputError, match="'foo'"):
        CellSpecification.read(plain | {"electrolyte": plain["electrolyte"] | {"conductivity": "0.1 * foo"}})


def test_a_value_states_where_it_is_from(lgm50):
    plain = lgm50.model_dump()
    for given, kind, at in (
        ({"value": "9.5 mS/cm", "reference": "Nyman 2008"}, "published", 0.95),
        ({"formula": "1e-3 * c", "over": [1, 5000], "kind": "measured", "reference": "Nyman 2008"}, "measured", 1.0),
        ({"c": [0, 2000], "values": [0, 20], "unit": "mS/cm", "kind": "assumed"}, "assumed", 1.0),
    ):
        cell = CellSpecification.read(plain | {"electrolyte": plain["electrolyte"] | {"conductivity": given}})
        conductivity = cell.electrolyte.conductivity
        assert conductivity.source.kind == kind
        assert float(conductivity(c=1000.0)) == pytest.approx(at)
    for wrong, message in (
        ({"value": "1 S/m", "kind": "certain"}, "published, measured, assumed or predicted"),
        ({"c": [0, 1], "vlaues": [1, 1]}, "did you mean 'values'"),
        ({"formula": "c", "over": [5, 1]}, "two increasing numbers"),
        ({"reference": "nobody"}, "one of value, formula, values and file"),
    ):
        with pytest.raises(InputError, match=message):
            CellSpecification.read(plain | {"electrolyte": plain["electrolyte"] | {"conductivity": wrong}})


def test_a_formula_may_hold_the_temperature():
    formula = "1e-3 * c * exp(-2000 / T)"
    conductivity = CONDUCTIVITY.read(formula)
    assert conductivity.coordinates["T"].size > 1
    for c, T in ((1000.0, 298.15), (333.0, 260.0), (2500.0, 340.0)):
        assert float(conductivity(c=c, T=T)) == pytest.approx(1e-3 * c * np.exp(-2000 / T), rel=1e-6)
    narrow = CONDUCTIVITY.read({"formula": formula, "temperatures": [280, 310]})
    with pytest.raises(DomainError):
        narrow(c=1000.0, T=320.0)
    with pytest.raises(InputError, match="two increasing numbers"):
        CONDUCTIVITY.read({"formula": formula, "temperatures": [310, 280]})
    assert "T" not in CONDUCTIVITY.read("1e-3 * c * exp(-2000 / 298)").coordinates
