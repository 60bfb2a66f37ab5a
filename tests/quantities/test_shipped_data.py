"""What comes with the package says where it comes from."""

from __future__ import annotations

import re
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import numpy as np
import pytest

import scalith
from scalith.quantities import InputError, read_columns, shipped

DATA = Path(scalith.__file__).parent / "data"
FILES = sorted(path.relative_to(DATA).as_posix() for path in DATA.rglob("*") if path.is_file())


def test_a_wrong_name_gets_the_nearest_and_nothing_outside_is_reached():
    assert shipped("open_circuit_voltage/graphite_LGM50_ocp_Chen2020.csv").is_file()
    with pytest.raises(InputError, match=r"did you mean 'open_circuit_voltage/graphite_LGM50_ocp_Chen2020\.csv'\?"):
        shipped("open_circuit_voltage/graphite_LGM50_ocp_Chen2021.csv")
    with pytest.raises(InputError, match="no such file"):
        shipped("../__init__.py")


def test_every_file_has_a_row_with_origin_and_licence():
    text = (DATA / "SOURCES.md").read_text(encoding="utf-8")
    rows = [line.split("|") for line in text.splitlines() if line.startswith("| `")]
    assert all(cell.strip() for row in rows for cell in row[1:5])
    named = [name for row in rows for name in re.findall(r"`([^`]+)`", "|".join(row))]
    # Studies are our own text, each the twin of an example.
    named += ["SOURCES.md", "studies/"]
    unnamed = [
        file
        for file in FILES
        if not any(fnmatch(file, name) or file.startswith(name) or Path(file).name == name for name in named)
    ]
    assert unnamed == []


CURVES = [
    file for file in FILES if file.endswith(".csv") and file.split("/")[0] in ("open_circuit_voltage", "chemical_diffusivity")
]


@pytest.mark.parametrize("file", CURVES)
def test_every_curve_reads_and_names_its_source_and_licence(file):
    data = read_columns(DATA / file)
    assert {"source", "kind", "licence"} <= set(data.comments)
    first = next(iter(data.columns))
    assert np.all(np.diff(data.columns[first]) > 0), first


@pytest.mark.parametrize("file", [file for file in FILES if file.endswith(".toml")])
def test_every_toml_file_reads(file):
    assert tomllib.loads((DATA / file).read_text(encoding="utf-8"))


@pytest.mark.parametrize("file", [file for file in FILES if file.startswith("studies/")])
def test_every_study_is_the_example_of_that_name(file):
    example = Path(__file__).resolve().parents[2] / "examples" / Path(file).name
    assert (DATA / file).read_text(encoding="utf-8") == example.read_text(encoding="utf-8")
