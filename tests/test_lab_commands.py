"""``scalith lab``: what it says, what it writes, and its exit code."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from scalith import cli
from scalith.lab import parse_circuit

DATA = Path(__file__).resolve().parents[1] / "validation" / "data"


@pytest.fixture
def scalith(monkeypatch, capsys, tmp_path):
    """Runs the command line in a temporary folder: (exit code, what it said, what it said of errors)."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "250")

    def call(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["scalith", "lab", *arguments])
        monkeypatch.setattr(cli, "_debug", False)
        try:
            cli.main()
            code = 0
        except SystemExit as stop:
            code = int(stop.code or 0)
        said = capsys.readouterr()
        return code, said.out, said.err

    return call


def test_read_says_what_is_in_files(scalith):
    code, out, _ = scalith(
        "read", *(str(DATA / "readers" / name) for name in ("novonix.csv", "exampleDataGamry.DTA")), "-j", "a.json"
    )
    assert code == 0
    assert "Gamry" in out
    assert "positive current charges in this file" in out
    assert [row["size"] for row in json.loads(Path("a.json").read_text(encoding="utf-8"))] == [99, 72]


def test_eis_fits_and_compares(scalith):
    file = str(DATA / "readers" / "Circuit1_EIS_1.z")
    code, out, _ = scalith("eis", file, "-c", "R0-p(R1,C1)", "-c", "R0-p(R1,C1)-p(R2,C2)", "-j", "fit.json", "-p", "fit.png")
    assert code == 0
    assert "circuits, the best first" in out
    found = json.loads(Path("fit.json").read_text(encoding="utf-8"))
    assert found["circuit"] == "R0-p(R1,C1)"
    low, high = found["parameters"]["R1"]["interval"]
    assert low < found["parameters"]["R1"]["value"] < high
    assert Path("fit.png").stat().st_size > 1000


def test_kk_ends_with_one_for_a_spectrum_that_is_not_valid(scalith):
    f = np.geomspace(1e5, 1e-2, 60)
    rows = []
    for k, one in enumerate(f):
        z = parse_circuit("R0-p(R1-W1,C1)").impedance(one, [10, 100 * (1 + 0.2 * k / 59), 20, 2e-5])[0]
        rows.append(f"{one},{z.real},{z.imag}")
    Path("drift.csv").write_text("\n".join(["freq/Hz,Re(Z)/Ohm,Im(Z)/Ohm", *rows]), encoding="utf-8")
    code, out, _ = scalith("kk", "drift.csv", "--noise", "0.1")
    assert code == 1
    assert "does not obey the Kramers–Kronig relations" in out
    assert scalith("kk", "drift.csv")[0] == 0


def test_drt_lists_peaks(scalith):
    code, out, _ = scalith("drt", str(DATA / "readers" / "Circuit2_EIS_1.z"), "-j", "a.json", "-p", "a.svg")
    assert code == 0
    assert "probability" in out
    peaks = json.loads(Path("a.json").read_text(encoding="utf-8"))
    largest = max(peaks, key=lambda peak: peak["resistance"])
    assert largest["time"] == pytest.approx(502.9 * 3.12e-8, rel=0.2)


def test_gitt_reads_pulses(scalith):
    file = str(DATA / "lgm50_gitt" / "pulse_11.csv")
    code, out, _ = scalith("gitt", file, "--radius", "5.86 um", "--electrode", "negative", "-j", "a.json")
    assert code == 0
    assert "not identifiable" in out
    assert json.loads(Path("a.json").read_text(encoding="utf-8"))[0]["diffusivity"] is None


def test_mistakes_are_one_sentence(scalith):
    code, _, err = scalith("eis", "nothing.z", "-c", "R0")
    assert (code, err.strip()) == (2, "error: nothing.z: found no such file, expected a measurement")
    code, _, err = scalith("eis", str(DATA / "readers" / "exampleDataGamry.DTA"), "-c", "R0-X1")
    assert code == 2
    assert "character 4: found 'X1'" in err
    assert "--plot" in scalith("drt", "nothing.z", "-p", "a.doc")[2]
