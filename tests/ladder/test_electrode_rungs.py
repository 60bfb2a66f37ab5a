from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from scalith import electrode
from scalith.ladder.rungs.electrode import subvolume_properties

PARTS = {
    "effective_ionic_conductivity": ("S m-1", [0.5, 0.4, 0.55, 0.6, 0.45, 0.5, 0.52, 0.48, 0.5]),
    "electrolyte_volume_fraction": ("1", [0.4, 0.38, 0.42, 0.41, 0.39, 0.4, 0.4, 0.37, 0.43]),
    "effective_electronic_conductivity": ("S m-1", [np.inf, *8 * [np.inf]]),
}


def image_properties(*, resampled: int) -> xr.Dataset:
    data = xr.Dataset({name: ("part", values, {"units": unit}) for name, (unit, values) in PARTS.items()})
    data = data.assign_coords(parts_per_axis=("part", [1, *8 * [2]]), edge=("part", [2e-5, *8 * [1e-5]]))
    return data.assign_attrs(resampled=resampled)


@pytest.mark.long
def test_members_of_an_ensemble_draw_the_properties_of_a_measured_image_within_their_errors():
    data, draw = image_properties(resampled=0), subvolume_properties.quantity.draw
    for name in ("effective_ionic_conductivity", "electrolyte_volume_fraction"):
        nominal = electrode.effective_property(data, name)
        members = [float(draw(data, seed)[name][0]) for seed in range(400)]
        assert np.mean(members) == pytest.approx(nominal(), abs=4 * nominal.error() / 20)
        assert np.std(members) == pytest.approx(nominal.error(), rel=0.12)
    drawn = draw(data, 1)
    assert np.isinf(drawn["effective_electronic_conductivity"]).all()
    assert drawn.isel(part=slice(1, None)).identical(data.isel(part=slice(1, None)))
    assert draw(data, 1).identical(drawn)


def test_a_generated_image_is_another_in_each_member_and_not_drawn_again():
    data = image_properties(resampled=1)
    assert subvolume_properties.quantity.draw(data, 1) is data
