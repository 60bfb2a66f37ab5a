from __future__ import annotations

import pytest

from scalith.cell import CellSpecification
from scalith.quantities import InputError


def test_tables_that_do_not_cover_the_window_are_refused(lgm50):
    plain = lgm50.model_dump()
    material = dict(plain["positive_electrode"]["materials"][0])
    material["open_circuit_voltage"] = {"x": [0.4, 0.9], "values": [4.1, 3.5], "unit": "V"}
    plain["positive_electrode"] = plain["positive_electrode"] | {"materials": [material]}
    with pytest.raises(InputError, match=r"window 0\.26"):
        CellSpecification.read(plain)
