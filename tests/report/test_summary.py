"""The summary: its numbers are those of the results, with the scatter of the members."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from scalith.crystal import read_host
from scalith.ladder.bands import summarised
from scalith.ladder.ledger import Entry, Ledger
from scalith.ladder.stacking import by_rate
from scalith.quantities import Property, Source, shipped
from scalith.quantities.constants import FARADAY
from scalith.report.summary import Found, summary

SOURCE = Source(kind="predicted")


def run(rate: float, charge: float) -> xr.Dataset:
    """A discharge from 4 V to 3 V, linear in the charge."""
    time = np.linspace(0.0, 3600.0 / rate, 21)
    voltage = ("time", np.linspace(4.0, 3.0, 21), {"units": "V"})
    return xr.Dataset({"voltage": voltage, "capacity": ("time", charge * time / time[-1], {"units": "C"})}, {"time": time})


def discharges(charge: float) -> xr.Dataset:
    return by_rate([0.2, 1.0, 2.0], [run(rate, charge / (1 + 0.1 * rate)) for rate in (0.2, 1.0, 2.0)], SOURCE)


def entry(quantity: str, **fields) -> Entry:
    plain = {"title": quantity, "scale": "cell", "origin": "computed", "headline": "", "digest": ""}
    return Entry(quantity=quantity, **plain | fields)


def found(values: dict, members: dict | None = None, **fields) -> Found:
    entries = tuple(entry(name, **fields.get(name, {})) for name in values)
    ledger = Ledger(study="s", title="t", version="0", code="", study_file="", entries=entries)
    return Found(ledger, values, members or {})


def lines(topics) -> dict[tuple[str, str], object]:
    return {(topic.title, line.label): line for topic in topics for line in topic.lines}


def test_energy_is_the_integral_of_voltage_over_charge():
    shown = lines(summary(found({"discharges": discharges(3600.0)})))
    slow, fast = shown["Energy", "cell at C/5"], shown["Energy", "cell at 2C"]
    assert slow.value == pytest.approx(3.5 * 3600.0 / 1.02)
    assert fast.value == pytest.approx(3.5 * 3600.0 / 1.2)
    assert slow.error is None
    assert slow.words == "3.431 W h"
    assert shown["Capacity", "cell at 2C"].words == "0.8333 A h"
    assert shown["Average voltage", "cell, mean over the discharge at C/5"].value == pytest.approx(3.5)
    assert ("Energy", "cell at 1C") not in shown


def test_errors_are_the_scatter_of_the_members():
    nominal, charges = discharges(3600.0), [3400.0, 3500.0, 3600.0, 3700.0, 3800.0]
    members, _ = summarised(nominal, [discharges(charge) for charge in charges])
    shown = lines(summary(found({"discharges": nominal}, {"discharges": members})))
    deviation = float(np.std(charges, ddof=1))
    assert shown["Capacity", "cell at C/5"].error == pytest.approx(deviation / 1.02)
    assert shown["Energy", "cell at 2C"].error == pytest.approx(3.5 * deviation / 1.2)
    assert shown["Energy", "cell at 2C"].words == "2.92 ± 0.13 W h"
    assert shown["Average voltage", "cell, mean over the discharge at C/5"].error == pytest.approx(0.0, abs=1e-12)


def test_voltages_temperatures_and_verdicts_are_those_of_the_ledger():
    voltage = Property.constant("average_voltage", 3.42, "V", SOURCE, 0.02)
    agreement = xr.Dataset(attrs={"verdict": "agrees"})
    values = {"positive.average_voltage": voltage, "positive.voltage_agreement": agreement, "pack_temperature": xr.Dataset()}
    fields = {
        "positive.average_voltage": {"value": 3.42, "standard_error": 0.02, "unit": "V"},
        "pack_temperature": {"value": 303.15, "unit": "K"},
    }
    shown = lines(summary(found(values, **fields)))
    assert shown["Average voltage", "positive host"].words == "3.420 ± 0.020 V"
    assert shown["Peak temperature", "hottest cell of the row"].words == "30 °C"
    assert shown["Verdicts", "positive voltage"].words == "agrees"


def test_an_ensemble_of_temperatures_gives_the_peak_its_error():
    peaks = xr.Dataset({"peak_temperature_deviation": ((), 1.5)})
    fields = {"cell_temperature": {"value": 303.15, "unit": "K"}}
    shown = lines(summary(found({"cell_temperature": xr.Dataset()}, {"cell_temperature": peaks}, **fields)))
    assert shown["Peak temperature", "one cell"].words == "30.0 ± 1.5 °C"


def test_the_capacity_of_a_host_is_also_told_of_the_stoichiometries_whose_voltage_is_known():
    host = read_host(shipped("dft_energies/LixMn2O4/LixMn2O4_prim.json"))  # energies from empty to two thirds of its sites
    ends = {name: np.array([0.0, last]) for name, last in (("part", 2.0 / 3.0), ("whole", 0.99975))}
    voltages = {
        name: Property.from_arrays("open_circuit_voltage", {"x": x}, np.array([4.0, 3.0]), "V", SOURCE)
        for name, x in ends.items()
    }
    shown = lines(summary(found({"host": host, "open_circuit_voltage": voltages["part"]})))
    whole = shown["Capacity", f"host, all sites of {host.name}"]
    part = shown["Capacity", "host, x = 0.00 to 0.67 where its voltage is known"]
    # Six lithium ions for four manganese and eight oxygen ions.
    assert whole.value == pytest.approx(FARADAY * 6 / (1e-3 * (6 * 6.94 + 4 * 54.938044 + 8 * 15.999)))
    assert part.value == pytest.approx(2.0 / 3.0 * whole.value)
    assert len(lines(summary(found({"host": host, "open_circuit_voltage": voltages["whole"]})))) == 1


def test_a_study_without_any_of_these_has_no_summary():
    assert summary(found({"phase_boundaries": xr.Dataset()})) == []
