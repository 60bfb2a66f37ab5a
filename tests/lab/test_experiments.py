"""What experiments find on a virtual electrode, beside what was put in."""

import numpy as np
import pytest

from scalith.cell import Mesh, ThermalSpecification, read_cell, simulate_discharge, simulate_impedance
from scalith.lab import agreement, largest_deviation
from scalith.lab.experiments import (
    Found,
    HeatsOfDischarge,
    charge_transfer_arcs,
    charge_transfer_by_spectra,
    compared,
    conductivity_by_spectra,
    current_of,
    diffusivity_by_titration,
    entropy_by_steps,
    heat_by_discharge,
    heat_of_discharge,
    heats_of_discharge,
    put_in,
    voltage_by_slow_cycle,
)
from scalith.lab.half_cell import half_cell
from scalith.lab.impedance import conductivity_cell
from scalith.lab.titration import simulate_entropy_on_cell, simulate_gitt_on_cell
from scalith.quantities import ErrorComponent, InputError, Property, Result, Source, shipped

CELL = read_cell(shipped("cell/nmc532_mohtat2020.toml"))
MATERIAL = CELL.positive_electrode.material


def test_a_slow_cycle_finds_the_voltage():
    found = voltage_by_slow_cycle(CELL)
    assert found.value is not None
    assert agreement(MATERIAL.open_circuit_voltage, found.value).attrs["verdict"].startswith("agrees")
    assert agreement(MATERIAL.open_circuit_voltage + 0.05, found.value).attrs["verdict"].startswith("differs")
    assert found.note.startswith("virtual slow cycle")
    assert found.value.source.settings == {"rate": "C/20"}


def test_steps_of_temperature_find_the_entropic_coefficient():
    found = entropy_by_steps(CELL, states=4)
    assert found.value is not None
    x = found.value.coordinates["x"]
    assert found.value(x=x) == pytest.approx(np.asarray(MATERIAL.entropic_coefficient(x=x)), rel=1e-2)
    isothermal = entropy_by_steps(shipped("cell/lgm50_chen2020.toml"), states=3)
    assert isothermal.value is None
    assert "does not change with temperature" in isothermal.note


def test_titration_finds_the_diffusivity_virtually_and_from_data():
    found = diffusivity_by_titration(CELL, pulses=4)
    assert found.value is not None
    x = found.value.coordinates["x"]
    assert found.value(x=x) == pytest.approx(np.asarray(MATERIAL.chemical_diffusivity(x=x, T=298.15)), rel=0.03)
    with pytest.raises(InputError, match="at least 3"):
        diffusivity_by_titration(CELL, pulses=2)
    # Measured on the electrode as thick as it is in the cell.
    half = half_cell(CELL)
    data = simulate_gitt_on_cell(half.cell, rate="C/20", pulse=600.0, rest=2000.0, pulses=3)
    told = diffusivity_by_titration(CELL, data=data)
    x, passed = told.value.coordinates["x"], half.cell.nominal_capacity / 20.0 * 600.0 / 3600.0
    assert x == pytest.approx(half.stoichiometry(passed * np.array([0.5, 1.5, 2.5])), abs=1e-5)
    assert told.value(x=x) == pytest.approx(np.asarray(MATERIAL.chemical_diffusivity(x=x, T=298.15)), rel=0.1)
    two = diffusivity_by_titration(CELL, data=data.isel(time=data["time"].values <= 120.0 + 2 * 2600.0 + 1e-6))
    assert two.value is None  # two pulses are no curve
    assert two.note == "measured titration: 2 of 2 pulses tell a diffusivity"


def test_measured_steps_of_temperature_take_the_place_of_virtual_ones():
    half = half_cell(CELL, thickness=5e-6)
    data = [(share, simulate_entropy_on_cell(half.cell, state_of_charge=share)) for share in (0.7, 0.3)]
    found = entropy_by_steps(CELL, data=data)
    x = half.stoichiometry(np.array([0.3, 0.7]) * half.cell.nominal_capacity)
    assert found.value.coordinates["x"] == pytest.approx(x)
    assert found.value(x=x) == pytest.approx(np.asarray(MATERIAL.entropic_coefficient(x=x)), rel=1e-2)
    assert found.note == "measured steps of temperature at 2 states"


def test_spectra_find_the_conductivity_virtually_and_from_data():
    found = conductivity_by_spectra(CELL)
    given = put_in(CELL, "positive", "conductivity")
    c = found.value.coordinates["c"]
    assert found.value(c=c) == pytest.approx(np.asarray(given(c=c)), rel=2e-3)
    assert compared(found, given, CELL).attrs["verdict"].startswith("agrees")
    assert compared(found, given * 1.02, CELL).attrs["verdict"].startswith("differs")
    one = conductivity_cell(CELL, thickness=1e-4)
    data = simulate_impedance(one, np.geomspace(10.0, 1e6, 26), 0.5, mesh=Mesh(1, 20, 1))
    told = compared(conductivity_by_spectra(CELL, data=data, thickness=1e-4), given, CELL)
    assert told.sizes["c"] == 1
    assert told.attrs["verdict"].startswith("agrees")


def test_a_spectrum_that_tells_nothing_is_said_and_a_length_that_is_none_raises():
    f = np.geomspace(1e-2, 1.0, 20)
    noise = 1.0 + 0.01 * np.random.default_rng(2).standard_normal(20)
    z = 1.0 - 1j * noise / (2.0 * np.pi * f * 1e-5)  # a double layer that hides the resistance
    data = Result({"resistance": ("frequency", z.real), "reactance": ("frequency", z.imag)}, {"frequency": ("frequency", f)})
    found = conductivity_by_spectra(CELL, data=data)
    assert found.value is None
    assert found.note.startswith("measured spectrum: extract_conductivity: resistance")
    assert compared(found, put_in(CELL, "positive", "conductivity"), CELL).attrs["verdict"].startswith("not told")
    with pytest.raises(InputError, match="area: found -1"):
        conductivity_by_spectra(CELL, data=data, area=-1.0)


def test_virtual_spectra_stay_where_all_of_the_electrolyte_is_known():
    own = CELL.electrolyte.initial_concentration
    source = Source(kind="measured", reference="a lab")
    known = Property.from_arrays("diffusivity", {"c": own * np.array([0.8, 1.3])}, np.array([3e-10, 3e-10]), "m2 s-1", source)
    electrolyte = CELL.electrolyte.model_copy(update={"diffusivity": known})
    found = conductivity_by_spectra(CELL.model_copy(update={"electrolyte": electrolyte}), thickness=3e-5, area=2e-3)
    assert found.value.coordinates["c"] == pytest.approx(own * np.array([0.875, 1.0, 1.125, 1.25]))
    assert found.note == "virtual spectra at 4 of 4 concentrations between blocking electrodes"
    assert found.value.source.settings == {"thickness_m": 3e-5, "area_m2": 2e-3}
    x = found.value.coordinates["c"]
    assert found.value(c=x) == pytest.approx(np.asarray(CELL.electrolyte.conductivity(c=x, T=298.15)), rel=5e-3)


def test_a_resistance_is_put_in_over_the_whole_window_whatever_the_nodes_of_its_table():
    source = Source(kind="measured", reference="a lab")
    table = Property.from_arrays("i0", {"x": np.array([0.0, 0.5, 1.0])}, np.array([1.0, 3.0, 2.0]), "A m-2", source)
    material = MATERIAL.model_copy(update={"exchange_current_density": table, "reaction_rate_constant": None})
    electrode = CELL.positive_electrode.model_copy(update={"materials": (material,)})
    found = put_in(CELL.model_copy(update={"positive_electrode": electrode}), "positive", "charge_transfer_resistance")
    ends = (material.minimum_stoichiometry, material.maximum_stoichiometry)
    assert found.domain["x"] == pytest.approx(ends)
    x = np.linspace(*ends, 37)
    symmetric = 8.314462618 * 298.15 / (96485.33212 * np.asarray(table(x=x)))
    assert np.asarray(found(x=x)) == pytest.approx(symmetric + material.film_resistance, rel=1e-3)


def test_the_current_of_a_discharge_is_that_of_its_longest_step_not_of_a_pulse():
    time = np.arange(0.0, 4000.0, 10.0)
    current = np.where((time > 500.0) & (time <= 800.0), 3.0, np.where(time > 1500.0, 1.2, 0.0))
    series = {"voltage": ("time", 4.0 - 1e-5 * time), "current": ("time", current)}
    data = Result(series, {"time": ("time", time)})
    assert current_of(data) == pytest.approx(1.2)
    with pytest.raises(InputError, match="heat_by_discharge: discharge"):
        current_of(data.assign(current=-data["current"]))


def test_one_discharge_gives_both_heats_and_its_parents_are_named(monkeypatch):
    source = Source(kind="measured", reference="a lab")
    at_rest = Found(MATERIAL.open_circuit_voltage, "as put in")
    entropy = Found(Property.from_arrays("e", {"x": np.array([0.0, 1.0])}, np.array([1e-4, 1e-4]), "V K-1", source), "flat")
    runs = []

    def simulate(*arguments, **options):
        runs.append(simulate_discharge(*arguments, **options))
        return runs[-1]

    monkeypatch.setattr("scalith.lab.experiments.discharge_heat.simulate_discharge", simulate)
    heats = heats_of_discharge(CELL, rate="2C", at_rest=at_rest, entropy=entropy)
    assert isinstance(heats, HeatsOfDischarge)
    assert len(runs) == 1
    parents = heats.found.value.source.parents
    assert parents == (half_cell(CELL).cell.digest, at_rest.value.digest, entropy.value.digest)
    assert heats.found.value.source.settings == {"rate": "2C"}
    # I (U − V − T ∂U/∂T) of that run.
    run, half = runs[0], half_cell(CELL)
    x = half.stoichiometry(run["capacity"].values[5:-1])
    volts = np.asarray(MATERIAL.open_circuit_voltage(x=x, T=298.15)) - run["voltage"].values[5:-1]
    assert np.asarray(heats.found.value(x=x)) == pytest.approx(run["current"].values[-1] * (volts - 298.15e-4), rel=1e-3)
    assert np.asarray(heats.put_in(x=x)) == pytest.approx(run["heat"].values[5:-1], rel=1e-9)


@pytest.mark.long
@pytest.mark.parametrize("side", ["positive", "negative"])
def test_arcs_find_the_exchange_current_and_the_resistance(side):
    found = charge_transfer_by_spectra(CELL, side)
    for name, one in (
        ("exchange_current_density", found.exchange_current_density),
        ("charge_transfer_resistance", found.resistance),
    ):
        data = compared(one, put_in(CELL, side, name), CELL)
        assert data.attrs["verdict"].startswith("agrees"), name
        assert data.attrs["median_ratio"] == pytest.approx(1.0, abs=5e-3)


def test_measured_arcs_are_those_of_the_electrode_as_it_is():
    half = half_cell(CELL)
    film, share = 2e-3, 0.6
    electrode = half.cell.positive_electrode
    filmed = electrode.material.model_copy(update={"film_resistance": film})
    electrode = electrode.model_copy(update={"double_layer_capacitance": 0.2, "materials": (filmed,), "thickness": 5e-6})
    cell = CELL.model_copy(update={"positive_electrode": electrode})
    made = half_cell(cell).cell
    spectra = [(share, simulate_impedance(made, np.geomspace(1e-2, 1e5, 50), share, mesh=Mesh(1, 6, 6, nodes=40, finest=0.0005)))]
    arcs = charge_transfer_arcs(cell, data=spectra)
    assert arcs.attrs["note"] == "measured spectra: 1 of 1 states show an arc of charge transfer"
    found = charge_transfer_by_spectra(cell, data=spectra)
    assert charge_transfer_by_spectra(cell, arcs=arcs) == found
    x = float(found.resistance.value.coordinates["x"][0])
    given = [float(put_in(cell, "positive", name)(x=x)) for name in ("charge_transfer_resistance", "exchange_current_density")]
    assert float(found.resistance.value(x=x)) == pytest.approx(given[0], rel=0.01)
    assert float(found.exchange_current_density.value(x=x)) == pytest.approx(given[1], rel=0.02)
    assert given[0] > film
    np.testing.assert_allclose(arcs["resistance"].values, found.resistance.value(x=arcs["x"].values), rtol=1e-12)
    ohmic = [(share, spectra[0][1].isel(frequency=slice(-8, None)))]  # far above the arc
    assert charge_transfer_arcs(cell, data=ohmic).sizes["x"] == 0
    assert charge_transfer_by_spectra(cell, data=ohmic).resistance.value is None


@pytest.mark.long
def test_a_discharge_finds_its_heat_by_voltage_and_by_calorimeter():
    data = compared(heat_by_discharge(CELL), heat_of_discharge(CELL), CELL)
    assert data.attrs["verdict"].startswith("agrees")
    assert float(np.abs(data["deviation"]).median()) < 0.02 * float(np.abs(data["predicted"]).median())
    # A calorimeter sees the heat of mixing as well.
    half = half_cell(CELL).cell.model_copy(update={"thermal": ThermalSpecification(heat_of_mixing=True)})
    measured = simulate_discharge(half, c_rate=0.5, initial_state_of_charge=1.0)
    noise = 1e-3 * np.random.default_rng(1).standard_normal(measured.sizes["time"])
    found = heat_by_discharge(CELL, data=measured.assign(heat=measured["heat"] + noise))
    assert found.note.startswith("measured heat of a discharge")
    given = heat_of_discharge(CELL, "positive", current_of(measured))
    x = found.value.coordinates["x"][20:60]
    assert found.value(x=x) == pytest.approx(np.asarray(given(x=x)), rel=0.05)


def test_the_row_of_a_table_is_where_two_curves_differ_most():
    x, source = np.linspace(0.2, 0.8, 5), Source(kind="measured", reference="a lab")
    part = (ErrorComponent("reading", np.full(5, 2e-3), 0.05),)
    given = Property.from_arrays("open_circuit_voltage", {"x": x}, 3.9 - 0.5 * x, "V", source)
    found = Property.from_arrays("open_circuit_voltage", {"x": x}, 3.9 - 0.51 * x, "V", source, None, part)
    data = compared(Found(found, "as drawn"), given, CELL)
    assert largest_deviation(data) == pytest.approx((0.8, 3.5, 0.0, 3.492, 2e-3, 4.0))
    nothing = compared(Found(None, "no pulses"), None, CELL)
    assert largest_deviation(nothing) is None
    assert nothing.attrs["verdict"] == "not told by this experiment: no pulses"
