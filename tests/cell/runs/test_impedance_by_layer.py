"""A spectrum split into its layers."""

import numpy as np
import pytest

from scalith.cell import Mesh, read_cell, simulate_impedance
from scalith.quantities import InputError, shipped

CELL = read_cell(shipped("cell/lgm50_chen2020.toml"))
F = np.geomspace(1e-3, 1e6, 10)
MESH = Mesh(negative=10, separator=6, positive=10)


@pytest.mark.long
def test_the_parts_make_the_whole_and_the_separator_is_its_resistance():
    cell = CELL.model_copy(update={"contact_resistance": 2e-3})
    z = simulate_impedance(cell, F, 0.5, by_layer=True, mesh=MESH)
    whole = z["resistance"].values + 1j * z["reactance"].values
    parts = {
        name: z[f"resistance_{name}"].values + 1j * z[f"reactance_{name}"].values
        for name in ("negative", "separator", "positive")
    }
    assert sum(parts.values()) + 2e-3 == pytest.approx(whole, rel=1e-12)
    c, T = cell.electrolyte.initial_concentration, 298.15
    ohms = cell.separator.thickness / (
        float(cell.electrolyte.conductivity(c=c, T=T)) * cell.separator.efficiency * cell.plane_area
    )
    assert parts["separator"][-1].real == pytest.approx(ohms, rel=1e-9)
    # At high frequency each electrode answers for itself: half the other one changes nothing of it.
    half = cell.model_copy(
        update={
            "positive_electrode": cell.positive_electrode.model_copy(
                update={"conductivity": 10 * cell.positive_electrode.conductivity}
            )
        }
    )
    other = simulate_impedance(half, F, 0.5, by_layer=True, mesh=MESH)
    fast = F > 10.0
    assert other["resistance_negative"].values[fast] == pytest.approx(z["resistance_negative"].values[fast], rel=1e-6)
    assert np.all(other["resistance_positive"].values < z["resistance_positive"].values)


def test_an_inductance_adds_its_reactance():
    plain, wound = (simulate_impedance(CELL, F[-3:], 0.5, inductance=one, mesh=MESH) for one in (0.0, 5e-7))
    assert wound["reactance"].values - plain["reactance"].values == pytest.approx(2.0 * np.pi * F[-3:] * 5e-7)
    assert wound["resistance"].values == pytest.approx(plain["resistance"].values)
    with pytest.raises(InputError, match="inductance"):
        simulate_impedance(CELL, F, 0.5, inductance=-1.0)
