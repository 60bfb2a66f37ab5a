from __future__ import annotations

import importlib
import json
import subprocess
import sys

import pytest

from benchmarks import __main__ as command
from benchmarks import measuring
from benchmarks.row import Row
from scalith.quantities import InputError


def series(*figures):
    iterator = iter(figures)
    return lambda: next(iterator)


def raises(error):
    def measure_once():
        raise error

    return measure_once


def test_by_turns_and_medians():
    turns = []
    row = Row("time", "s", ours=lambda: turns.append("ours") or 2.0, peer="numpy", theirs=lambda: turns.append("theirs") or 6.0)
    result = measuring.measure("lattice", row, repeats=3)
    assert turns == ["ours", "theirs"] * 3
    assert (result.our_median, result.their_median, result.ratio) == (2.0, 6.0, 3.0)
    assert result.peer_version
    assert measuring.measure("lattice", Row("time", "s", ours=series(1.0, 50.0, 3.0)), repeats=3).our_median == 3.0


def test_the_ratio_says_how_many_times_better():
    rate = Row("rate", "steps/s", ours=lambda: 100.0, peer="numpy", theirs=lambda: 20.0, higher_is_better=True)
    assert measuring.measure("lattice", rate, 1).ratio == 5.0


@pytest.mark.parametrize(
    ("row", "met"),
    [
        (Row("a", "s", ours=lambda: 2.0, target=3.0), True),
        (Row("a", "s", ours=lambda: 4.0, target=3.0), False),
        (Row("a", "1/s", ours=lambda: 4.0, target=3.0, higher_is_better=True), True),
        (Row("a", "s", ours=lambda: 2.0, target=3.0, target_ratio=2.0, peer="numpy", theirs=lambda: 3.0), False),
        (Row("a", "s", ours=lambda: 2.0, target_ratio=2.0, peer="numpy", theirs=raises(ImportError("no"))), None),
        (Row("a", "s", ours=lambda: 2.0), None),
    ],
)
def test_targets(row, met):
    assert measuring.measure("lattice", row, 1).target_met is met


def test_a_peer_that_is_not_installed_is_said_and_ours_is_measured():
    row = Row("a", "s", ours=lambda: 1.0, peer="no-such-distribution", theirs=raises(ImportError("no")))
    result = measuring.measure("lattice", row, 2)
    assert (result.peer_state, result.peer_version, result.our_median, result.ratio) == ("not installed", "", 1.0, None)


def test_what_goes_wrong_is_said():
    broken_peer = measuring.measure("lattice", Row("a", "s", ours=lambda: 1.0, peer="numpy", theirs=raises(ValueError("bad"))), 2)
    assert broken_peer.peer_state == "ValueError: bad"
    assert broken_peer.our_median == 1.0
    assert measuring.measure("lattice", Row("a", "s", ours=raises(ValueError("bad"))), 2).error == "ValueError: bad"
    assert (
        measuring.measure("lattice", Row("a", "s", ours=lambda: 1.0, prepare=raises(OSError("full"))), 2).error == "OSError: full"
    )


ROWS = {
    "cell": [Row("discharge_1C", "s", ours=lambda: 1.0), Row("discharge_2C", "s", ours=lambda: 2.0)],
    "lattice": [Row("steps", "1/s", ours=lambda: 3.0)],
}


@pytest.fixture
def rows(monkeypatch):
    monkeypatch.setattr(measuring, "groups", lambda: list(ROWS))
    monkeypatch.setattr(measuring, "_rows", ROWS.__getitem__)


def test_selection(rows):
    def names(*wanted):
        return [row.name for _, row in measuring.select_rows(wanted)]

    assert names() == ["discharge_1C", "discharge_2C", "steps"]
    assert names("lattice") == ["steps"]
    assert names("discharge") == ["discharge_1C", "discharge_2C"]
    assert names("lattice", "discharge_2C") == ["steps", "discharge_2C"]
    with pytest.raises(
        InputError, match=r"found 'pack', expected a group \(cell, lattice\) or a row: discharge_1C, discharge_2C, steps"
    ):
        names("pack")


def test_the_command_writes_table_and_json(rows, tmp_path, capsys):
    assert command.main(["lattice", "--json", str(tmp_path / "out.json"), "--repeats", "2"]) == 0
    assert "steps" in capsys.readouterr().out
    (row,) = json.loads((tmp_path / "out.json").read_text())
    assert {"name", "peer", "peer_version", "ours", "theirs", "ratio"} <= set(row)
    assert (row["group"], row["ours"], row["ours_each"], row["theirs"]) == ("lattice", 3.0, [3.0, 3.0], None)
    assert command.main(["pack"]) == 2
    assert "found 'pack'" in capsys.readouterr().err


@pytest.mark.long
def test_every_file_lists_its_rows_without_its_peers():
    """Peers are imported when they are measured; here they cannot be."""
    rows = [row for group in measuring.groups() for row in importlib.import_module(f"benchmarks.{group}").rows()]
    peers = {row.peer.replace("-", "_") for row in rows if row.peer} - {"scipy", "numpy"}
    program = f"""
import importlib, json, sys
for peer in {sorted(peers)!r}:
    sys.modules[peer] = None
names = {{group: [row.name for row in importlib.import_module(f"benchmarks.{{group}}").rows()] for group in {measuring.groups()!r}}}
print(json.dumps(names))
"""
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    names = json.loads(result.stdout)
    assert list(names) == measuring.groups()
    assert all(names.values())
    assert len({name for group in names.values() for name in group}) == len(rows)


def test_the_rows_of_the_quantities_measure_something():
    from benchmarks import quantities

    for row in quantities.rows():
        result = measuring.measure("quantities", row, 1)
        assert not result.error, (row.name, result.error)
        assert result.our_median > 0
        assert not row.theirs or result.their_median > 0
