"""Files of every instrument are read by what is in them; what is wrong in a file is said with its line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from scalith.lab.readers import read_measurement, read_measurements
from scalith.quantities import InputError, MissingDependencyError

FILES = Path(__file__).resolve().parents[3] / "validation" / "data" / "readers"
SPECTRA = {
    # file: format, frequencies, first frequency, its impedance
    "Circuit1_EIS_1.z": ("ZView", 48, 5e4, 29.036 + 0.63662j),
    "exampleData.csv": ("columns", 66, 3.1623e-3, 4.94998978e-2 - 2.04386985e-2j),
    "exampleDataAutolab.txt": ("ZView", 41, 1e4, 1.3785863964e-2 + 7.191946306e-3j),
    "exampleDataBioLogic.mpt": ("BioLogic", 43, 1000.3201, 65.470886 - 0.38998979j),
    "exampleDataGamry.DTA": ("Gamry", 72, 200015.6, 825.8584 - 1367.239j),
    "exampleDataGamryABORT.DTA": ("Gamry", 72, 200015.6, 825.8584 - 1367.239j),
    "exampleDataZPlot.z": ("ZView", 21, 3e5, 147.77 - 11.335j),
    "exampleDataZPlot_noComments.z": ("ZView", 31, 3e5, 642.62 - 85.821j),
    "exampleDataCHInstruments.txt": ("columns", 73, 9.961e4, 98.91 - 2.748j),
    "exampleDataPowersuite.txt": ("columns", 30, 0.1, 423929.46 - 49014.063j),
    "exampleDataVersaStudio.par": ("VersaStudio", 61, 1e5, 55.31571 + 4.575431j),
}
SERIES = {
    # file: rows, first voltage, first and last current (discharge positive), last time after the first
    "DLR__LiLNMOHydra0b__20221125__POCV__25degC__Basytec.bdf.csv": (399, 3.79767300543967, 0.0, None),
    "SINTEF__SLPBA842124HV__2024-10-23__Rate_25degC__Neware__Time_Bug.bdf.csv": (399, 3.8133, 0.0, 3970.0),
    "Sample_data_biologic_no_header.mpt": (13, 2.9344745, 0.0, None),
    "Sample_data_biologic_timestamped.txt": (8, 4.1465597, 0.0, 12.464),
    "neware_uio.csv": (199, 2.917, 0.0, 198 * 60.0),
    "novonix.csv": (99, 3.84318331, 0.0, 1.6089389 * 3600),
    "pec.csv": (117, 3.272632, 0.0, None),
    "sample_data_arbin.csv": (13, 3.534595, 0.0, 301.214 - 30.0005),
    "sample_data_basytec.txt": (74, 3.52575489148741, 0.0, 70.2358),
}


@pytest.mark.parametrize("name", SPECTRA)
def test_spectra_of_every_instrument(name):
    form, count, frequency, impedance = SPECTRA[name]
    data = read_measurement(FILES / name)
    assert data.attrs["format"] == form
    assert data.sizes == {"frequency": count}
    assert float(data.frequency[0]) == pytest.approx(frequency, rel=1e-6)
    assert complex(data.resistance[0], data.reactance[0]) == pytest.approx(impedance, rel=1e-6)
    assert data.attrs["kind"] == "impedance spectrum"


@pytest.mark.parametrize("name", SERIES)
def test_time_series_of_every_cycler(name):
    rows, voltage, current, last = SERIES[name]
    data = read_measurement(FILES / name)
    assert data.sizes["time"] == rows
    assert float(data.voltage[0]) == pytest.approx(voltage, rel=1e-9)
    assert float(data.current[0]) == current
    if last is not None:
        assert float(data.time[-1] - data.time[0]) == pytest.approx(last, abs=1e-3)
    assert np.all(np.diff(data.time) >= 0)


def test_rows_without_a_frequency_are_passed_over():
    data = read_measurement(FILES / "exampleDataParstat.txt")
    assert data.sizes["frequency"] == 31
    assert "781 rows without a frequency were passed over" in data.attrs["notes"]


def test_an_aborted_experiment_is_said():
    assert "aborted" in read_measurement(FILES / "exampleDataGamryABORT.DTA").attrs["notes"]


def test_charging_is_negative_whatever_the_file_says():
    """Both files charge the cell; Novonix and Basytec write that as positive current."""
    for name, charging in (("novonix.csv", True), ("sample_data_basytec.txt", True)):
        data = read_measurement(FILES / name)
        assert (float(data.current.min()) < -0.1) == charging
        assert "positive current charges in this file" in data.attrs["notes"]


def test_minutes_without_a_unit_are_told_by_the_dates():
    data = read_measurement(FILES / "maccor_two.txt", repair=True)
    assert float(data.time[1]) == 60.0
    assert "by the dates beside it, in min" in data.attrs["notes"]
    assert "the last row was cut off and is left out" in data.attrs["notes"]
    assert float(data.voltage[0]) == pytest.approx(0.1377)


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("exampleDataBioLogic_MissingFreq.mpt", {}, "expected a column with the frequency as well"),
        ("bad_custom_missing_column.csv", {}, "line 20: found index, test_time"),
        ("bad_custom_nan_inf.csv", {}, "'current' without a unit, expected units={'current': 'mA'}"),
        (
            "bad_custom_nan_inf.csv",
            {"units": {"current": "mA"}},
            "line 24, column 'voltage': missing, expected a finite number",
        ),
        ("bad_custom_truncated.csv", {"units": {"current": "mA"}}, "the row is cut off, expected 10; repair=True leaves it out"),
        ("maccor_two.txt", {}, "the row is cut off"),
        ("SOURCES.md", {}, "no titles of a measurement"),
        ("no_such_file.csv", {}, "found no such file"),
        ("exampleDataGamry.DTA", {"which": 3}, "which: found 3, expected 0 to 0"),
        ("novonix.csv", {"units": {"current": "V"}}, "a unit of this quantity"),
        ("novonix.csv", {"units": {"frequency": "Hz"}}, "found no such column"),
    ],
)
def test_what_is_wrong_is_said(name, options, words):
    with pytest.raises(InputError) as caught:
        read_measurement(FILES / name, **options)
    assert words in str(caught.value).replace('"', "")


def written(path, rows, header="Time [s],Voltage [V],Current [A]", separator=","):
    path.write_text("\n".join([header, *(separator.join(str(cell) for cell in row) for row in rows)]) + "\n", encoding="utf-8")
    return path


def discharge(sign, count=20):
    return [(k * 60.0, round(4.0 - 0.01 * k, 4), sign * 1.0) for k in range(count)]


@pytest.mark.parametrize(("sign", "words"), [(1.0, "discharges in this file"), (-1.0, "charges in this file")])
def test_discharge_is_positive_whichever_sign_the_file_has(tmp_path, sign, words):
    data = read_measurement(written(tmp_path / "a.csv", discharge(sign)))
    assert np.all(data.current == 1.0)
    assert words in data.attrs["notes"]


def test_a_battery_data_file_with_the_wrong_sign_is_recognised(tmp_path):
    path = written(tmp_path / "a.csv", discharge(1.0), "Test Time / s,Voltage / V,Current / A")
    data = read_measurement(path)
    assert np.all(data.current == 1.0)
    assert "kept so" in data.attrs["notes"]


def test_a_sign_that_contradicts_itself_stops(tmp_path):
    rows = [*discharge(1.0), *((1200.0 + 60 * k, 3.8, 0.0) for k in range(3))]
    rows += [(1400.0 + 60 * k, 3.8 - 0.01 * k, -1.0) for k in range(20)]
    with pytest.raises(InputError, match="a current against the sign of the others"):
        read_measurement(written(tmp_path / "a.csv", rows))


def test_a_clock_that_falls_stops_or_goes_on_when_asked(tmp_path):
    rows = discharge(1.0)
    rows += [(t, v - 0.3, i) for t, v, i in discharge(1.0)]
    path = written(tmp_path / "a.csv", rows)
    with pytest.raises(InputError, match="line 22: found 0 s after 1140 s"):
        read_measurement(path)
    data = read_measurement(path, repair=True)
    assert float(data.time[-1]) == 39 * 60.0
    assert "the clock fell 1 times" in data.attrs["notes"]


def test_rows_that_stand_twice_stop_or_go_when_asked(tmp_path):
    rows = discharge(1.0)
    path = written(tmp_path / "a.csv", [*rows[:5], rows[4], *rows[5:]])
    with pytest.raises(InputError, match="line 7: found the row above again"):
        read_measurement(path)
    assert read_measurement(path, repair=True).sizes["time"] == 20


def test_milliampere_under_ampere_are_told_by_the_capacity(tmp_path):
    path = written(tmp_path / "a.csv", [(t, v, 1000.0 * i) for t, v, i in discharge(1.0)])
    with pytest.raises(InputError, match="milliampere under A"):
        read_measurement(path, nominal_capacity=3600.0)
    assert float(read_measurement(path, nominal_capacity=3600.0, repair=True).current[0]) == 1.0


def test_kelvin_under_celsius_is_not_plausible(tmp_path):
    path = written(
        tmp_path / "a.csv", [(*row, 298.15) for row in discharge(1.0)], "Time [s],Voltage [V],Current [A],Temperature [degC]"
    )
    with pytest.raises(InputError, match=r"571\.3 K"):
        read_measurement(path)


def test_decimal_comma_semicolon_and_latin_1(tmp_path):
    path = tmp_path / "a.csv"
    lines = ["Test Time (s);Voltage (V);Current (mA);Temperature (°C)"]
    lines += [f"{t:.1f};{v:.4f};{-1000 * i:.1f};25,5".replace(".", ",") for t, v, i in discharge(1.0)]
    path.write_bytes("\n".join(lines).encode("latin-1"))
    data = read_measurement(path)
    assert float(data.current[0]) == pytest.approx(1.0)
    assert float(data.temperature[0]) == pytest.approx(298.65)


def test_a_turned_imaginary_part_stops_or_is_turned_when_asked(tmp_path):
    f = np.geomspace(1e4, 1e-1, 30)
    z = 1 + 1 / (1 + 1j * f)
    path = written(tmp_path / "a.csv", [(x, y.real, -y.imag) for x, y in zip(f, z, strict=True)], "freq/Hz,Re(Z)/Ohm,Im(Z)/Ohm")
    with pytest.raises(InputError, match="Im Z below zero there; repair=True"):
        read_measurement(path)
    data = read_measurement(path, repair=True)
    assert np.allclose(data.reactance, z.imag)


def test_degrees_under_radians_stop(tmp_path):
    rows = [(10.0**k, 2.0, -30.0) for k in range(4)]
    path = written(tmp_path / "a.csv", rows, "Frequency [Hz],|Z| [ohm],phases [rad]")
    with pytest.raises(InputError, match="radians up to π"):
        read_measurement(path)
    data = read_measurement(path, units={"phase": "deg"})
    assert complex(data.resistance[0], data.reactance[0]) == pytest.approx(2 * np.exp(-1j * np.pi / 6))


def test_several_spectra_in_one_file(tmp_path):
    rows = [(f, 1.0 + k, -0.1) for k in range(3) for f in (100.0, 10.0, 1.0)]
    path = written(tmp_path / "a.csv", rows, "freq/Hz,Re(Z)/Ohm,Im(Z)/Ohm")
    assert [float(one.resistance[0]) for one in read_measurements(path)] == [1.0, 2.0, 3.0]
    assert float(read_measurement(path, which=1).resistance[0]) == 2.0
    with pytest.raises(InputError, match="found 3 spectra, expected which=0 … 2"):
        read_measurement(path)


def test_binary_files_say_what_they_need(tmp_path):
    path = tmp_path / "a.mpr"
    path.write_bytes(b"BIO-LOGIC MODULAR FILE\x1a" + b"\x00" * 100)
    with pytest.raises(InputError, match=r"the text export \.mpt, or the package galvani"):
        read_measurement(path)
    path = tmp_path / "a.nda"
    path.write_bytes(b"NEWARE" + b"\x00" * 100)
    with pytest.raises(MissingDependencyError, match="fastnda"):
        read_measurement(path)
    path.write_bytes(b"\x01\x00" * 100)
    with pytest.raises(InputError, match="a binary file of unknown kind"):
        read_measurement(path)


def test_the_source_is_the_file():
    data = read_measurement(FILES / "exampleData.csv")
    assert '"digest"' in data.attrs["source"]
    assert "exampleData.csv" in data.attrs["source"]


def test_a_row_of_too_many_cells_is_named(tmp_path):
    lines = [
        "Time [s],Voltage [V],Current [A],Temperature [degC]",
        *(f"{30 * k},4.1,1.0,25.0" for k in range(5)),
        "150,4,0,1.0,25.0",
    ]
    path = tmp_path / "a.csv"
    path.write_text("\n".join(lines))
    with pytest.raises(InputError, match="line 7: found 5 cells, expected 4"):
        read_measurement(path)


def test_mega_is_not_milli(tmp_path):
    rows = [(f, 2.0, -0.5) for f in (1.0, 0.1, 0.01)]
    data = read_measurement(written(tmp_path / "a.csv", rows, "Freq (MHz),Z' (MOhm),Z'' (MOhm)"))
    assert float(data.frequency.max()) == pytest.approx(1e6)
    assert float(data.resistance[0]) == pytest.approx(2e6)
    data = read_measurement(written(tmp_path / "b.csv", rows, "Freq (mHz),Z' (mOhm),Z'' (mOhm)"))
    assert float(data.frequency.max()) == pytest.approx(1e-3)
    assert float(data.resistance[0]) == pytest.approx(2e-3)


def test_stamps_that_are_bare_numbers_are_no_nanoseconds(tmp_path):
    rows = [(1_600_000_000 + 10 * k, 4.1 - 0.01 * k, 1.0) for k in range(20)]
    with pytest.raises(InputError):
        read_measurement(written(tmp_path / "a.csv", rows, "DateTime,Voltage [V],Current [A]"))


def test_the_sheet_with_titles_holds_the_data(tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.title = "Info"
    book.active.append(["Channel", "7"])
    sheet = book.create_sheet("Data")
    sheet.append(["Time [s]", "Voltage [V]", "Current [A]"])
    for row in discharge(1.0):
        sheet.append(list(row))
    last = book.create_sheet("Statistics")
    last.append(["Cycle", "Capacity"])
    last.append([1, 2.3])
    book.save(tmp_path / "a.xlsx")
    assert read_measurement(tmp_path / "a.xlsx").sizes["time"] == 20
