from __future__ import annotations

import numpy as np
import pytest

from scalith.quantities import InputError, Property, Source, read_columns, read_property_csv, write_property_csv

STATE = {"x": "1", "T": "K"}


@pytest.fixture
def file(tmp_path):
    def write(text):
        path = tmp_path / "measured.csv"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def message(path, name="open_circuit_voltage", unit="V"):
    with pytest.raises(InputError) as caught:
        read_property_csv(path, name, unit, STATE)
    assert str(path) == caught.value.where
    return str(caught.value).removeprefix(str(path))


def test_columns_units_and_comments(file):
    data = read_columns(file("# source: a paper, DOI 10.1/2\n# licence: CC0\ntime [min], voltage [mV]\n0, 3500\n\n1, 3400\n"))
    assert list(data.columns) == ["time", "voltage"]
    assert data.si("time", "s").tolist() == [0.0, 60.0]
    assert data.si("voltage", "V").tolist() == [3.5, 3.4]
    assert data.comments == {"source": "a paper, DOI 10.1/2", "licence": "CC0"}


def test_a_missing_column_names_the_nearest(file):
    data = read_columns(file("time [s], volts [V]\n0, 3.5\n"))
    with pytest.raises(
        InputError, match=r"column 'voltage': found no such column, expected a known name; did you mean 'volts'\?"
    ):
        data.si("voltage", "V")


def test_a_property_with_its_source(file):
    path = file(
        "# source: Somebody 2020\n# kind: published\n# licence: CC0\nx [%], open_circuit_voltage [mV], standard_error [mV]\n0,4000,5\n100,3000,5\n"
    )
    p = read_property_csv(path, "open_circuit_voltage", "V", STATE)
    assert p(0.25) == pytest.approx(3.75)
    assert p.error(0.5) == pytest.approx(0.005)
    assert p.unit == "V"
    assert (p.source.kind, p.source.reference) == ("published", "Somebody 2020")
    assert (p.source.files[0].name, p.source.files[0].licence) == ("measured.csv", "CC0")
    assert len(p.source.files[0].digest) == 32


def test_another_byte_in_the_file_is_another_property(file):
    text = "x [1], open_circuit_voltage [V]\n0,4\n1,3\n"
    first = read_property_csv(file(text), "open_circuit_voltage", "V", STATE)
    second = read_property_csv(file(text + "\n"), "open_circuit_voltage", "V", STATE)
    assert first.digest != second.digest


def test_celsius_becomes_kelvin_and_rows_may_come_in_any_order(file):
    path = file("T [degC], x [1], open_circuit_voltage [V]\n25,1,3\n0,0,4\n25,0,4.1\n0,1,2.9\n")
    p = read_property_csv(path, "open_circuit_voltage", "V", STATE)
    assert list(p.coordinates) == ["x", "T"]
    np.testing.assert_allclose(p.coordinates["T"], [273.15, 298.15])
    assert p(1.0, 298.15) == 3.0
    assert p(0.0, 273.15) == 4.0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ": found 0 lines, expected a header such as"),
        ("x [1], open_circuit_voltage [V]\n", ": found 1 lines, expected a header such as"),
        ("x, open_circuit_voltage [V]\n0,4\n", ": line 1: found 'x', expected a column title with its unit, such as 'x [1]' or 'time [s]'"),
        ("x [1], x [1]\n0,4\n", ": line 1: found column 'x' twice, expected each column once"),
        ("# c\nx [1], open_circuit_voltage [V]\n0,4\n1\n", ": line 4: found 1 values, expected 2: x, open_circuit_voltage"),
        ("x [1], open_circuit_voltage [V]\n0,4\n0.5,nan\n", ": line 3, column 'open_circuit_voltage': found 'nan', expected a finite number"),
        ("x [1], open_circuit_voltage [V]\n0,4\n0.5,\n", ": line 3, column 'open_circuit_voltage': found '', expected a finite number"),
        ("x [1], open_circuit_voltage [V]\n0,4\n0.5,3 V\n", ": line 3, column 'open_circuit_voltage': found 3 V, expected a finite number"),
        ("x [1], open_circuit_voltage [V]\n0,inf\n", ": line 2, column 'open_circuit_voltage': found 'inf', expected a finite number"),
        ("x [1], open_circuit_voltage [kg]\n0,4\n1,3\n", ": column 'open_circuit_voltage': found unit 'kg', expected a unit convertible to V"),
        ("x [1], open_circuit_voltage [Volz]\n0,4\n1,3\n", ": column 'open_circuit_voltage': found unit 'Volz', expected a unit convertible to V"),
        ("x [1], open_circuit_voltag [V]\n0,4\n1,3\n", ": column 'open_circuit_voltag': found an unknown column, expected a known name; did you mean 'open_circuit_voltage'?"),
        ("x [1]\n0\n1\n", ": column 'open_circuit_voltage': found no such column, expected one of x"),
        ("x [1], open_circuit_voltage [V]\n0,4\n0.5,3.9\n0.4,3.8\n", ": line 4, column 'x': found 0.4 after 0.5, expected strictly increasing values"),
        ("x [1], open_circuit_voltage [V]\n0,4\n0,3.9\n", ": line 3, column 'x': found 0 after 0, expected strictly increasing values"),
        ("open_circuit_voltage [V]\n4\n3.9\n", ": found 2 rows and no coordinate, expected one row, or a column out of x, T"),
        ("x [1], T [K], open_circuit_voltage [V]\n0,300,4\n1,300,3\n0,310,4\n", ": x, T: found 3 rows, expected every combination once: 2 × 2 rows"),
        ("x [1], T [K], open_circuit_voltage [V]\n0,300,4\n1,300,3\n0,310,4\n0,310,5\n", ": x, T: found 4 rows, expected every combination once: 2 × 2 rows"),
        ("# kind: guessed\nx [1], open_circuit_voltage [V]\n0,4\n1,3\n", ": # kind: found 'guessed', expected predicted, measured, published or assumed"),
    ],
)  # fmt: skip
def test_bad_files_say_where_what_and_what_was_expected(file, text, said):
    assert message(file(text)).startswith(said) or message(file(text)) == said


def test_no_file_and_no_text(tmp_path):
    assert message(tmp_path / "none.csv") == ": found no such file, expected a CSV file"
    (tmp_path / "binary.csv").write_bytes(b"\xff\xfe\x00\x81\x99")
    assert message(tmp_path / "binary.csv").endswith("expected a readable CSV file in UTF-8")
    assert message(tmp_path) == ": found is a directory, expected a CSV file that can be read"


PROPERTIES = {
    "constant": Property.constant("open_circuit_voltage", 1 / 3, "V", Source(kind="assumed", reference="a guess"), 0.01),
    "curve": Property.from_arrays(
        "open_circuit_voltage", {"x": np.sort(np.random.default_rng(1).uniform(size=17))}, np.random.default_rng(2).normal(size=17), "V",
        Source(kind="measured", reference="Somebody 2020"), np.random.default_rng(3).uniform(size=17),
    ),
    "surface": Property.from_arrays(
        "open_circuit_voltage", {"x": [0.0, 0.1, 1.0], "T": [273.15, 298.15]}, np.random.default_rng(2).normal(size=(3, 2)), "V",
        Source(kind="predicted", by="scalith 0.1.0"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", PROPERTIES)
def test_written_and_read_bit_for_bit(kind, tmp_path):
    p = PROPERTIES[kind]
    write_property_csv(p, tmp_path / "p.csv")
    q = read_property_csv(tmp_path / "p.csv", p.name, p.unit, STATE)
    np.testing.assert_array_equal(q.nominal.values, p.nominal.values)
    for dim, grid in p.coordinates.items():
        np.testing.assert_array_equal(q.coordinates[dim], grid)
    if p.standard_error is not None:
        np.testing.assert_array_equal(q.standard_error.values, p.standard_error.values)
    assert q.source.kind == p.source.kind
    assert q.source.reference == (p.source.by or p.source.reference)
    write_property_csv(p, tmp_path / "again.csv")
    assert (tmp_path / "again.csv").read_bytes() == (tmp_path / "p.csv").read_bytes()
