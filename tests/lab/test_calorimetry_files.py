"""Exports of calorimeters as instruments write them: one curve, many spellings."""

import numpy as np
import pytest

from scalith.lab.calorimetry import read_dsc
from scalith.lab.calorimetry_files import read_calorimetry_columns, read_table
from scalith.quantities import InputError

T = np.linspace(50.0, 250.0, 41)
MINUTES = (T - 50.0) / 10.0
FLOW = 2.0 * np.exp(-(((T - 150.0) / 10.0) ** 2)) - 0.1
"""W/g, exothermic up, over a ramp of 10 K/min."""


def rows(columns, separator=",", comma=False, form="%.6e"):
    lines = [separator.join(form % value for value in row) for row in zip(*columns, strict=True)]
    return "\n".join(line.replace(".", ",") if comma else line for line in lines) + "\n"


NETZSCH = (
    "#EXPORTTYPE:                 ;DATA ALL\n#FORMAT:                     ;NETZSCH5\n#DECIMAL:                    ;COMMA\n"
    "#SAMPLE MASS /mg:            ;23,8825\n#EXO:                        ;{exo}\n"
    "#RANGE:                      ;50°C/10,0(K/min)/250°C\n##Temp./°C;Time/min;DSC/({unit})\n"
)
EXPORTS = {
    "Netzsch, exotherms up": (NETZSCH.format(exo="+1", unit="mW/mg") + rows((T, MINUTES, FLOW), ";", comma=True), "latin-1"),
    "Netzsch, exotherms down": (NETZSCH.format(exo="-1", unit="mW/mg") + rows((T, MINUTES, -FLOW), ";", comma=True), "latin-1"),
    "Netzsch, mW": (NETZSCH.format(exo="+1", unit="mW") + rows((T, MINUTES, 23.8825 * FLOW), ";", comma=True), "latin-1"),
    "TRIOS, units in a line": (
        "Filename,x.tri\nSample Mass,5.2 mg\nExotherm,Exo Up\nTime,Temperature,Heat Flow (Normalized)\nmin,°C,W/g\n"
        + rows((MINUTES, T, FLOW)),
        "utf-8",
    ),
    "TRIOS, UTF-16 and tabs": (
        "Size\t5.2 mg\nExotherm Down\nTime (min)\tTemperature (°C)\tHeat Flow (mW)\n" + rows((MINUTES, T, -5.2 * FLOW), "\t"),
        "utf-16",
    ),
    "Pyris": ("Sample Weight: 4.1 mg\nTime,Temperature,Heat Flow Endo Up\nmin,C,mW\n" + rows((MINUTES, T, -4.1 * FLOW)), "utf-8"),
    "ISO 11357": (
        "Size,5.2 mg\nExotherm,Exo Up\nTime,Temperature,Heat flow rate\nmin,°C,W/g\n" + rows((MINUTES, T, FLOW)),
        "utf-8",
    ),
    "STARe": ("^exo\nWeight: 3.0 mg\nt [s];Ts [°C];Value [mW]\n" + rows((60 * MINUTES, T, 3.0 * FLOW), ";"), "utf-8"),
}


@pytest.mark.parametrize("name", EXPORTS)
def test_one_curve_in_many_spellings(name, tmp_path):
    text, encoding = EXPORTS[name]
    path = tmp_path / "curve.txt"
    path.write_bytes(text.encode(encoding))
    found = read_dsc(path)
    np.testing.assert_allclose(found["time"], 60 * MINUTES, atol=1e-9)
    np.testing.assert_allclose(found["temperature"], T + 273.15)
    np.testing.assert_allclose(found["heat_flow"], 1e3 * FLOW, atol=1e-2)
    assert found.attrs["heating_rate"] == pytest.approx(1 / 6)


def test_without_time_the_stated_rate_makes_it(tmp_path):
    head = NETZSCH.format(exo="+1", unit="mW/mg").replace(";Time/min", "")
    path = tmp_path / "curve.txt"
    path.write_bytes((head + rows((T, FLOW), ";", comma=True)).encode("latin-1"))
    np.testing.assert_allclose(read_dsc(path)["time"], 60 * MINUTES, atol=1e-9)
    np.testing.assert_allclose(read_dsc(path, heating_rate=1 / 3)["time"], 30 * MINUTES, atol=1e-9)


@pytest.mark.parametrize(
    ("head", "arguments", "message"),
    [
        ("Time,Temperature,Heat Flow\nmin,C,mW\n", {"exotherm": "up"}, "mass='5.2 mg'"),
        ("Time,Temperature,Heat Flow\nmin,C,W/g\n", {}, "exotherm='up' or exotherm='down'"),
        ("Exo down\nTime,Temperature,Heat Flow\nmin,C,W/g\n", {"exotherm": "up"}, "one direction"),
        ("Time,Temperature,Heat Flow\n", {"exotherm": "up"}, "column titles with units"),
        ("", {}, "column titles with units above"),
        ("Time,Temperature,Pressure\nmin,C,bar\n", {"exotherm": "up"}, "heat flow"),
    ],
)
def test_what_is_missing_is_named(head, arguments, message, tmp_path):
    path = tmp_path / "curve.csv"
    path.write_text(head + rows((MINUTES, T, FLOW)))
    with pytest.raises(InputError, match=message):
        read_calorimetry_columns(path, **arguments)


def test_given_mass_and_direction_are_used(tmp_path):
    path = tmp_path / "curve.csv"
    path.write_text("Time,Temperature,Heat Flow\nmin,C,mW\n" + rows((MINUTES, T, -5.0 * FLOW)))
    found = read_dsc(path, mass="5 mg", exotherm="down")
    np.testing.assert_allclose(found["heat_flow"], 1e3 * FLOW, atol=1e-2)


def test_a_torn_row_is_named(tmp_path):
    path = tmp_path / "curve.csv"
    path.write_text("Exo up\nTime,Temperature,Heat Flow\nmin,C,W/g\n" + rows((MINUTES, T, FLOW)) + "21.0,260.0\n")
    with pytest.raises(InputError, match="3 numbers"):
        read_calorimetry_columns(path)


@pytest.mark.parametrize("titles", [None, ("time [min]", "temperature [degC]", "rate [K/min]")])
def test_rows_whose_first_cells_are_empty_are_rows(titles, tmp_path):
    body = "0.0;50.0;\n1.0;51.0;\n" + "".join(f"{k}.0;{50 + k}.0;0.5\n" for k in range(2, 8))
    head = "" if titles else "remark;;\ntime [min];temperature [degC];rate [K/min]\n"
    path = tmp_path / "arc.csv"
    path.write_text(head + body)
    found = read_table(path, titles)
    np.testing.assert_allclose(found.columns["time"][2], np.arange(8.0))
    np.testing.assert_array_equal(np.isnan(found.columns["temperature_rate"][2]), [True, True] + [False] * 6)


def test_a_column_that_is_often_empty_leaves_rows_rows(tmp_path):
    path = tmp_path / "arc.csv"
    lines = [f"{k}.0;{50 + k}.0;{'' if k % 2 else 0.5}" for k in range(8)]
    path.write_text("\n".join(["time [min];temperature [degC];rate [K/min]", *lines]))
    np.testing.assert_allclose(read_table(path).columns["temperature"][2], 50.0 + np.arange(8.0))
