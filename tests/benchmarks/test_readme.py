"""The README's figures are those that were measured."""

from __future__ import annotations

import json

import pytest

from benchmarks import readme
from benchmarks.measuring import select_rows
from scalith.quantities import InputError

ROW = {
    "group": "cell",
    "name": "discharge_1C",
    "unit": "s",
    "peer": "pybamm",
    "peer_version": "26.1",
    "ours": 0.00329,
    "theirs": 0.0473,
    "ratio": 14.38,
    "target": None,
    "target_ratio": 10.0,
}


def test_the_readme_holds_the_committed_figures():
    text = readme.README.read_text()
    assert readme.filled(text, json.loads(readme.MEASURED.read_text())) == text


def test_every_shown_row_is_one_that_can_be_measured():
    assert set(readme.SHOWN) <= {row.name for _, row in select_rows([])}


def test_a_new_figure_takes_the_place_of_the_old_one_and_a_failed_one_does_not():
    old = readme.merged([], [ROW, ROW | {"name": "cycling_10_cc_cv"}], "2026-01-01")
    new = readme.merged(old, [ROW | {"ours": 0.002}, {"name": "cycling_10_cc_cv", "ours": None, "error": "no"}], "2026-02-01")
    assert [(row["name"], row["ours"], row["measured"]) for row in new] == [
        ("cycling_10_cc_cv", 0.00329, "2026-01-01"),
        ("discharge_1C", 0.002, "2026-02-01"),
    ]


def test_the_table_says_ours_the_peers_and_what_was_promised():
    (line,) = [line for line in readme.table([ROW | {"measured": "2026-01-01"}]).splitlines() if "discharge_1C" in line]
    assert "| 3.29 ms | pybamm 26.1: 47.3 ms | 14.4 | 10 times | 2026-01-01 | `discharge_1C` |" in line


def test_a_readme_without_the_marks_is_refused():
    with pytest.raises(InputError, match="marks of the table"):
        readme.filled("# Scalith\n", [ROW])


def test_the_command_fills_the_readme_and_refuses_other_files(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(readme, "MEASURED", tmp_path / "measured.json")
    monkeypatch.setattr(readme, "README", tmp_path / "README.md")
    (tmp_path / "README.md").write_text(f"# A\n{readme.START}\nold\n{readme.END}\n## B\n")
    (tmp_path / "run.json").write_text(json.dumps([ROW]))
    assert readme.main([str(tmp_path / "run.json")]) == 0
    text = (tmp_path / "README.md").read_text()
    assert text.startswith("# A\n")
    assert text.endswith(f"{readme.END}\n## B\n")
    assert "old" not in text
    assert "3.29 ms" in text
    (tmp_path / "bad.json").write_text("{}{")
    assert readme.main([str(tmp_path / "bad.json")]) == 2
    assert "bad.json" in capsys.readouterr().err
