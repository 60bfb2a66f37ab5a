from __future__ import annotations

import json
import re
import textwrap
from pathlib import Path

import pytest

from scalith.quantities import InputError
from validation import __main__ as command
from validation import running
from validation.gallery import write_gallery
from validation.record import Check, Record

HOLDS = '''
"""L90: A case that holds.

The equation $a = b$.
"""
def run(record):
    from matplotlib.figure import Figure

    record.check("a", expected=1.0, found=1.0 + 1e-9, tolerance=1e-6, unit="V")
    record.check_at_most("b", limit=1e-3, found=9e-4)
    record.compare("c | d", reference=3.4, found=3.5, unit="V", note="measured")
    figure = Figure(figsize=(2, 2))
    figure.add_subplot().plot([0, 1])
    record.figure("A line.", figure)
'''
FAILS = '"""L91: A case that fails."""\nLONG = True\ndef run(record):\n    record.check("a", expected=1.0, found=float("nan"), tolerance=0.1)\n'
RAISES = '"""C90: A case that stops."""\ndef run(record):\n    record.check("a", expected=1, found=1, tolerance=0)\n    raise ValueError("no root")\n'
EMPTY = '"""C91: A case without anything."""\ndef run(record):\n    pass\n'
STATES = (
    '"""C92: A case that only states."""\ndef run(record):\n    record.compare("voltage", reference=3.4, found=3.5, unit="V")\n'
)


@pytest.fixture
def cases(tmp_path, monkeypatch):
    """A folder with five cases, found by the command in place of the project's own."""
    folder = tmp_path / "cases"
    folder.mkdir()
    for name, text in {
        "L90_holds": HOLDS,
        "L91_fails": FAILS,
        "C90_raises": RAISES,
        "C91_empty": EMPTY,
        "C92_states": STATES,
    }.items():
        (folder / f"{name}.py").write_text(textwrap.dedent(text).lstrip())
    import validation.cases

    monkeypatch.setattr(validation.cases, "__path__", [str(folder)])
    monkeypatch.setattr(command, "find_cases", lambda: running.find_cases(folder))
    return {case.id: case for case in running.find_cases(folder)}


def test_cases_are_found_in_order_without_being_imported(cases):
    assert list(cases) == ["C90", "C91", "C92", "L90", "L91"]
    assert cases["L90"].title == "A case that holds"
    assert cases["L90"].text == "The equation $a = b$."
    assert [case.id for case in cases.values() if case.long] == ["L91"]


def test_outcomes(cases):
    holds = running.run_case(cases["L90"])
    assert holds.ok
    assert holds.hardest.quantity == "b"  # 0.9 of its tolerance
    fails = running.run_case(cases["L91"])
    assert not fails.ok
    assert not fails.error
    assert fails.to_plain()["found"] is None
    raises = running.run_case(cases["C90"])
    assert not raises.ok
    assert raises.error == "ValueError: no root"
    assert "Traceback" in raises.trace
    assert running.run_case(cases["C91"]).error == "the case recorded neither a check nor a comparison"
    states = running.run_case(cases["C92"])
    assert states.ok
    assert states.to_plain()["tolerance"] is None


def test_nan_never_holds_and_a_failed_check_speaks_before_one_that_holds():
    assert not Check("a", 1.0, float("nan"), 1e9).ok
    assert Check("a", 1.0, 1.0, 0.0).ok
    record = Record()
    record.check("strained", expected=0.0, found=0.99, tolerance=1.0)
    record.check("failed", expected=0.0, found=float("nan"), tolerance=1.0)
    assert running.Outcome(None, record, 0.0).hardest.quantity == "failed"


def test_selection(cases):
    chosen = running.select_cases(cases.values(), ["l90", "C90", "L90"])
    assert [case.id for case in chosen] == ["L90", "C90"]
    assert "L91" not in [case.id for case in running.select_cases(cases.values(), [], quick=True)]
    assert [case.id for case in running.select_cases(cases.values(), ["L91"], quick=True)] == ["L91"]
    with pytest.raises(InputError, match="case: found 'L99', expected one of C90, C91, C92, L90, L91"):
        running.select_cases(cases.values(), ["L99"])


@pytest.mark.parametrize("text", ['"""A title without its id."""\n', "x = 1\n", '"""L93: Another id."""\n', '"""L92:"""\n'])
def test_a_file_without_id_and_title_is_said(text, tmp_path):
    (tmp_path / "L92_case.py").write_text(text)
    with pytest.raises(
        InputError, match=r"L92_case\.py: docstring: found .*expected a first line such as 'L92: what the case shows'"
    ):
        running.find_cases(tmp_path)


def test_an_id_is_used_once(tmp_path):
    for name in ("L92_one", "L92_two"):
        (tmp_path / f"{name}.py").write_text('"""L92: Title."""\n')
    with pytest.raises(InputError, match=r"L92_two\.py: id: found 'L92', expected an id of its own"):
        running.find_cases(tmp_path)


def test_the_command_writes_table_json_and_gallery(cases, tmp_path, capsys):
    code = command.main(["L90", "L91", "C90", "--json", str(tmp_path / "out.json"), "--gallery", str(tmp_path / "gallery")])
    assert code == 1
    shown = capsys.readouterr().out
    assert "3 cases, 2 failed" in shown
    assert "C90 ValueError: no root" in shown
    assert "L91 a: found nan, expected 1 ± 0.1" in shown
    results = json.loads((tmp_path / "out.json").read_text())
    assert [result["id"] for result in results] == ["L90", "L91", "C90"]
    assert {"id", "title", "expected", "found", "tolerance", "ok", "seconds"} <= set(results[0])
    assert results[0]["ok"] is True
    assert [check["quantity"] for check in results[0]["checks"]] == ["a", "b"]
    assert results[0]["comparisons"][0]["note"] == "measured"
    page = (tmp_path / "gallery" / "L90.md").read_text()
    assert "# L90: A case that holds" in page
    assert "The equation $a = b$." in page
    assert "![A line.](L90_1.png)" in page
    assert r"| c \| d | 3.4 | 3.5 | V | measured |" in page
    assert (tmp_path / "gallery" / "L90_1.png").stat().st_size > 100
    assert "Not run in this build" in (tmp_path / "gallery" / "C92.md").read_text()
    assert "ValueError: no root" in (tmp_path / "gallery" / "C90.md").read_text()


def test_exit_codes_and_messages(cases, capsys):
    assert command.main(["L90"]) == 0
    assert command.main(["L99"]) == 2
    assert capsys.readouterr().err == "validation: case: found 'L99', expected one of C90, C91, C92, L90, L91\n"
    assert command.main(["--list", "--quick"]) == 0
    assert "L91" not in capsys.readouterr().out


def test_pages_of_cases_that_are_gone_are_removed(cases, tmp_path):
    write_gallery(tmp_path, cases.values())
    assert (tmp_path / "C90.md").is_file()
    write_gallery(tmp_path, [cases["L90"]])
    assert sorted(path.name for path in Path(tmp_path).glob("*.md")) == ["L90.md", "index.md"]


def test_every_case_stands_in_the_list_of_what_counts_as_right():
    listed = re.findall(
        r"^- ([A-Z]\d+) ", (running.FOLDER.parent / "ACCEPTANCE.md").read_text(encoding="utf-8"), flags=re.MULTILINE
    )
    assert len(set(listed)) == len(listed)
    assert {case.id for case in running.find_cases()} <= set(listed)
