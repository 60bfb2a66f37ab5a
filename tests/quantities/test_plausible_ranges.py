"""Plausible numbers pass, odd ones are refused with their range, and an odd one that is meant is taken."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as some

from scalith.quantities import SI, InputError, Property, Source, Spec, read_property_csv
from scalith.quantities.plausible_ranges import (
    RANGES,
    UNCHECKED,
    Plausible,
    meant,
    plausible_range,
    require_plausible,
    require_plausible_property,
    require_plausible_results,
)
from scalith.quantities.specification import WRITTEN_BY_HAND, Charge, Temperature

LAB = Source(kind="measured", reference="a lab")


class Layer(Spec):
    thickness: Annotated[float, SI("m"), Plausible("layer thickness")]
    temperature: Temperature = 298.15
    capacity: Charge = 3600.0


@pytest.mark.parametrize("name", RANGES)
def test_the_bounds_belong_to_the_range_and_nothing_beyond_does(name):
    known = RANGES[name]
    require_plausible(name, [known.low, 0.5 * (known.low + known.high), known.high])
    for beyond in (np.nextafter(known.low, -np.inf), np.nextafter(known.high, np.inf)):
        with pytest.raises(InputError, match="where it is meant, "):
            require_plausible(name, [known.low, beyond])


@given(some.floats(1e-9, 5e-3))
def test_a_number_in_range_is_read_as_it_is(thickness):
    assert Layer.read({"thickness": thickness}).thickness == thickness


@given(some.floats(allow_nan=False, allow_infinity=False).filter(lambda t: not 1e-9 <= t <= 5e-3))
def test_a_number_out_of_range_is_refused_or_meant(thickness):
    with pytest.raises(InputError, match="thickness"):
        Layer.read({"thickness": thickness})
    assert Layer.read({"thickness": {"value": thickness, "implausible": True}}).thickness == thickness


def test_the_message_shows_what_was_written_and_what_is_plausible():
    with pytest.raises(InputError) as refused:
        Layer.read({"thickness": "34 mm"}, "study.toml [cell]")
    assert str(refused.value) == (
        "study.toml [cell]: thickness: found 34 mm, expected a thickness of 1 nm to 5 mm, such as '80 um'; "
        "where it is meant, { value = …, implausible = true }"
    )


def test_celsius_that_was_written_as_kelvin_is_pointed_out():
    with pytest.raises(InputError, match=r"temperature: found 25\.0, expected kelvin .*write '25 degC'"):
        Layer.read({"thickness": "1 um", "temperature": 25})


@pytest.mark.parametrize("value", [2.3, 2, "2300", "2.3e3"])
def test_a_bare_capacity_written_by_hand_is_refused(value):
    with pytest.raises(InputError, match=r"a charge with its unit, such as '2\.3 A h'"):
        Layer.read({"thickness": "1 um", "capacity": value}, context=WRITTEN_BY_HAND)
    assert Layer.read({"thickness": "1 um", "capacity": "2.3 A h"}, context=WRITTEN_BY_HAND).capacity == pytest.approx(8280)
    assert Layer.read({"thickness": "1 um", "capacity": value}).capacity == float(value)  # SI, from Python


@pytest.mark.parametrize("value", ["2.3 ± 0.1", "2.3 × 1.1", {"value": 2.3, "standard_error": 0.1}])
def test_a_bare_capacity_with_an_error_is_refused_too(value):
    with pytest.raises(InputError, match=r"a charge with its unit, such as '2\.3 A h'"):
        Layer.read({"thickness": "1 um", "capacity": value}, context=WRITTEN_BY_HAND)


def test_a_number_that_is_meant_keeps_its_error():
    odd = Layer.read({"thickness": {"value": "34 mm", "standard_error": "1 mm", "implausible": True}})
    assert (odd.thickness, odd.thickness.error) == (0.034, 0.001)
    assert Layer.model_validate_json(odd.model_dump_json(), context=UNCHECKED).digest == odd.digest


@pytest.mark.parametrize("accepted", [False, 1, "yes", None])
def test_implausible_is_true_or_not_there(accepted):
    with pytest.raises(InputError, match="implausible"):
        Layer.read({"thickness": {"value": "34 mm", "implausible": accepted}})


def test_what_was_meant_is_read_back():
    odd = Layer.read({"thickness": {"value": "34 mm", "implausible": True}})
    assert Layer.model_validate_json(odd.model_dump_json(), context=UNCHECKED) == odd


def test_names_that_end_alike_share_a_range():
    assert plausible_range("measured_open_circuit_voltage") == plausible_range("positive.open_circuit_voltage") is not None
    assert plausible_range("stiffness") is None
    require_plausible("stiffness", 1e300)


def test_properties_are_looked_at_with_their_states():
    x = np.array([0.0, 1.0])
    good = Property.from_arrays("open_circuit_voltage", {"x": x}, [3.4, 3.3], "V", LAB)
    require_plausible_property(good)
    odd = Property.from_arrays("open_circuit_voltage", {"x": x}, [3400.0, 3300.0], "V", LAB)
    with pytest.raises(InputError, match=r"open_circuit_voltage: found 3400\.0, expected a voltage between"):
        require_plausible_property(odd)
    require_plausible_property(meant(odd))
    percent = Property.from_arrays("open_circuit_voltage", {"x": 100 * x}, [3.4, 3.3], "V", LAB)
    with pytest.raises(InputError, match=r"open_circuit_voltage, x: found 100\.0, expected a stoichiometry"):
        require_plausible_property(percent)


def test_results_are_looked_at_but_for_what_is_not_there():
    require_plausible_results(xr.Dataset({"voltage": ("sample", [3.4, np.nan]), "peak_temperature": 1500.0}))
    with pytest.raises(InputError, match=r"voltage: found -1\.17e\+19"):
        require_plausible_results(xr.Dataset({"voltage": ("sample", [3.4, -1.17e19])}))


CSV = {
    "x outside": ("x [1], open_circuit_voltage [V]\n-0.5, 3.4\n1.7, 3.3\n", r"line 2, column 'x': found -0\.5"),
    "percent and mV": ("x [1], open_circuit_voltage [V]\n0, 3400\n100, 3300\n", r"column 'open_circuit_voltage': found 3400"),
    "degrees labelled K": ("x [1], T [K], open_circuit_voltage [V]\n0, 25, 3.4\n1, 25, 3.3\n", r"column 'T': found 25\.0"),
    "kelvin below zero": ("x [1], T [K], open_circuit_voltage [V]\n0, -5, 3.4\n1, -5, 3.3\n", r"column 'T': found -5\.0"),
}


@pytest.mark.parametrize("wrong", CSV)
def test_columns_of_a_csv_file_are_looked_at(tmp_path, wrong):
    text, words = CSV[wrong]
    (tmp_path / "m.csv").write_text(text)
    arguments = (tmp_path / "m.csv", "open_circuit_voltage", "V", {"x": "1", "T": "K"})
    with pytest.raises(InputError, match=words):
        read_property_csv(*arguments)
    assert read_property_csv(*arguments, implausible=True).values.size == 2


@pytest.mark.parametrize("values", ["-1e-14, 1e-14", "0, 1e-14", "1e5, 1e5"])
def test_diffusivities_that_cannot_be_are_refused(tmp_path, values):
    first, second = values.split(",")
    (tmp_path / "m.csv").write_text(f"x [1], chemical_diffusivity [m2/s]\n0, {first}\n1, {second}\n")
    with pytest.raises(InputError, match=r"line 2, column 'chemical_diffusivity'.*1e-22 to 1e-6 m2/s"):
        read_property_csv(tmp_path / "m.csv", "chemical_diffusivity", "m2 s-1", {"x": "1", "T": "K"})
