from __future__ import annotations

import importlib

import numpy as np
import pytest
import xarray as xr

from scalith.quantities import InputError, Result, labelled, read_results, write_results
from scalith.quantities.result import _PLOTS


def curve() -> xr.Dataset:
    volts = ("time", np.linspace(4.2, 2.5, 11), {"units": "V", "long_name": "terminal voltage"})
    return xr.Dataset({"voltage": volts}, {"time": ("time", np.linspace(0.0, 3600.0, 11))}, {"source": "x"})


def test_a_result_keeps_the_data_and_what_is_made_of_it_is_a_result():
    result = Result.of(curve(), "cell run")
    assert result.attrs == {"source": "x", "kind": "cell run"}
    assert xr.Dataset.equals(result, curve())
    half = result.time < 1800.0
    made = [result.isel(time=0), result.sel(time=360.0), result.where(half, drop=True), result.assign(double=2 * result.voltage)]
    made += [result.interp(time=[1.0]), result.copy(), result.assign_attrs(a=1)]
    assert all(type(item) is Result and item.attrs["kind"] == "cell run" for item in made)
    assert result.where(half, drop=True).time.size == 5


def test_it_comes_back_from_a_file_as_what_it_was(tmp_path):
    write_results(Result.of(curve(), "cell run"), tmp_path / "r.nc")
    again = read_results(tmp_path / "r.nc")
    assert isinstance(again, Result)
    assert again.plot().axes[0].get_ylabel() == "terminal voltage / V"
    write_results(curve(), tmp_path / "plain.nc")
    assert "kind" not in read_results(tmp_path / "plain.nc").attrs


def test_it_is_drawn_as_its_kind_says_and_as_xarray_draws():
    result = Result.of(curve(), "cell run")
    line = result.plot("voltage").axes[0].lines[0]
    np.testing.assert_allclose(line.get_ydata(), curve().voltage)
    assert result.plot.scatter(x="time", y="voltage") is not None


def test_each_kind_has_its_function():
    for module, name in _PLOTS.values():
        assert callable(getattr(importlib.import_module(module), name))


def test_names_are_told_where_there_is_one_picture():
    for kind in ("ageing", "degradation modes", "Kramers–Kronig test", "open circuit", "pulse resistances", "rate test"):
        with pytest.raises(InputError, match="plot: names: found voltage, current, expected none"):
            Result.of(curve(), kind).plot("voltage", "current")


def test_an_unknown_kind_is_said():
    with pytest.raises(InputError, match=r"found 'battery', expected one of .*cell batch, cell run"):
        Result(curve().data_vars, attrs={"kind": "battery"}).plot()
    with pytest.raises(InputError, match="did you mean 'cell run'"):
        Result.of(curve(), "cell runs")


def test_a_result_without_a_kind_is_drawn_variable_by_variable():
    T = labelled("time", np.linspace(300.0, 310.0, 11), "temperature", "K")
    rise = labelled("time", np.linspace(0.0, 10.0, 11), "temperature rise", "K")
    by_axis = labelled(("axis", "time"), np.ones((3, 11)), "conductivity", "S m-1")
    time = labelled("time", np.linspace(0.0, 3600.0, 11), "time", "s")
    data = Result(
        {"by_axis": by_axis, "T": T, "rise": rise, "n": labelled((), 3, "number", "1")}, {"time": time, "axis": list("xyz")}
    )
    figure = data.plot()
    assert [axis.get_ylabel() for axis in figure.axes] == ["temperature / °C", "temperature rise / K", "conductivity / S m⁻¹"]
    assert figure.axes[0].get_xlabel() == "time / min"
    np.testing.assert_allclose(figure.axes[0].lines[0].get_ydata(), T.values - 273.15)
    np.testing.assert_allclose(figure.axes[1].lines[0].get_ydata(), rise.values)
    assert [line.get_label() for line in figure.axes[2].lines] == ["axis x", "axis y", "axis z"]
    assert len(data.plot("T", figure=data.plot("T"), label="again").axes[0].lines) == 2
    named = Result({"tau": labelled("axis", [1.0, 2.0, 3.0], "tortuosity factor", "1")}, {"axis": list("xyz")})
    assert [label.get_text() for label in named.plot().axes[0].get_xticklabels()] == list("xyz")
    with pytest.raises(InputError, match="found no such variable over a dimension, expected a known name; did you mean 'rise'"):
        data.plot("rize")
    with pytest.raises(InputError, match="found single numbers: n"):
        data[["n"]].plot()


def test_a_field_is_cut_in_the_middle_and_a_large_table_is_a_map():
    field = np.zeros((20, 30, 5))
    field[..., 2] = 1.0
    axes = Result({"phi": labelled(("x", "y", "z"), field, "potential", "V")}).plot().axes
    np.testing.assert_allclose(axes[0].collections[0].get_array(), 1.0)
    assert axes[1].get_ylabel() == "potential / V"
