"""``scalith cell``: what it says, what it writes, and that a user's mistake is one sentence."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from scalith import cli
from scalith.cell import CellSpecification, read_battery_data, simulate_impedance, simulate_protocol, to_bpx, write_battery_data
from scalith.quantities import read_results, shipped, write_results

LGM50 = "shipped:cell/lgm50_chen2020.toml"


@pytest.fixture(scope="module")
def lgm50() -> CellSpecification:
    return CellSpecification.read_toml(shipped(LGM50.removeprefix("shipped:")))


@pytest.fixture
def scalith(monkeypatch, capsys, tmp_path):
    """Runs the command line in a temporary folder: (exit code, what it said, what it said of errors)."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")

    def call(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["scalith", "cell", *arguments])
        monkeypatch.setattr(cli, "_debug", False)
        try:
            cli.main()
            code = 0
        except SystemExit as stop:
            code = int(stop.code or 0)
        said = capsys.readouterr()
        return code, said.out, said.err

    return call


def test_run_is_the_protocol_with_its_picture_and_its_file(scalith, tmp_path, lgm50):
    to_bpx(lgm50, tmp_path / "cell.json")
    steps = ["Discharge at 1C for 5 minutes", "Rest for 1 minute"]
    code, out, err = scalith("run", "cell.json", *steps, "--soc", "50 %", "--plot", "run.png", "--out", "run.nc")
    assert code == 0
    assert [line for line in err.splitlines() if "compiling kernels" not in line] == []
    assert out.count("duration reached") == 2
    assert "result written to run.nc" in out
    expected = simulate_protocol(lgm50, steps, initial_state_of_charge=0.5)
    found = read_results("run.nc")
    assert float(found.voltage[-1]) == pytest.approx(float(expected.voltage[-1]), abs=1e-4)  # BPX rounds what it holds
    assert (tmp_path / "run.png").read_bytes().startswith(b"\x89PNG")
    # On from there, twice, into a file of the Battery Data Format.
    code, out, _ = scalith("run", "cell.json", "Rest for 1 minute", "-n", "2", "--initial", "run.nc", "-o", "rest.csv")
    assert code == 0
    rest = read_battery_data("rest.csv")
    assert float(rest.time[-1]) == 120.0
    assert float(rest.voltage[0]) == pytest.approx(float(found.voltage[-1]), abs=1e-6)


def test_run_warns_of_a_step_that_does_not_end(scalith):
    steps = ("Discharge at C/100 until 3 V",)
    code, out, err = scalith("run", LGM50, *steps)
    assert code == 0
    assert "two days passed without reaching its end" in out
    assert err.startswith("warning: protocol: cycle 1, step 1")
    code, _, err = scalith("run", LGM50, *steps, "--strict")
    assert (code, "two days passed" in err) == (2, True)


def test_ageing_is_told_drawn_and_kept_and_goes_on(scalith, tmp_path):
    aged = "shipped:cell/lgm50_okane2022_ageing.toml"
    step = "Rest for 30 days"
    code, out, _ = scalith("age", aged, step, "-n", "2", "--out", "life.nc", "--plot", "life.svg")
    assert code == 0
    assert "all cycles done; 2 of 2 cycles solved" in out
    code, out, _ = scalith("age", aged, step, "-n", "3", "--out", "life.nc", "--resume")
    assert code == 0
    assert read_results(tmp_path / "life.nc").sizes["cycle"] == 3
    code, _, err = scalith("age", aged, step, "--out", "life.csv")
    assert (code, "ends in .nc" in err) == (2, True)


def test_impedance_is_told_drawn_and_kept(scalith, tmp_path, lgm50):
    settings = ("--soc", "0.8", "-T", "10 degC", "--from", "0.01", "--to", "100", "--points", "5")
    code, out, _ = scalith("impedance", LGM50, *settings, "--out", "z.nc", "--plot", "z.svg")
    assert code == 0
    expected = simulate_impedance(lgm50, np.geomspace(0.01, 100.0, 5), 0.8, temperature=283.15)
    np.testing.assert_allclose(read_results("z.nc").resistance, expected.resistance, rtol=1e-12)
    assert f"{1e3 * float(expected.resistance[0]):.4g}" in out
    assert "<svg" in (tmp_path / "z.svg").read_text()


def test_compare_finds_the_difference_that_was_made(scalith, tmp_path, lgm50):
    data = simulate_protocol(lgm50, ["Discharge at 1C for 5 minutes"])
    write_results(data, tmp_path / "a.nc")
    write_results(data.assign(voltage=data.voltage + 2e-3), tmp_path / "b.nc")
    code, out, _ = scalith("compare", "a.nc", "b.nc", "--plot", "both.png")
    assert code == 0
    line = next(line for line in out.splitlines() if "voltage" in line)
    assert line.count("0.002") == 2  # rms and largest
    assert "current" in out
    assert (tmp_path / "both.png").is_file()


@pytest.mark.parametrize("name", ["measured.csv", "measured.txt"])
def test_compare_reads_measurements_of_any_format(scalith, tmp_path, lgm50, name):
    data = simulate_protocol(lgm50, ["Discharge at 1C for 5 minutes"])
    write_results(data, tmp_path / "a.nc")
    moved = data.assign(voltage=data.voltage + 2e-3)
    if name.endswith(".csv"):
        write_battery_data(moved, tmp_path / name)
    else:
        rows = np.column_stack([moved.time, moved.voltage, -moved.current])
        np.savetxt(tmp_path / name, rows, fmt="%.9g", delimiter="\t", header="Time/s\tVoltage/V\tCurrent/A", comments="")
    code, out, err = scalith("compare", "a.nc", name)
    assert code == 0, err
    line = next(line for line in out.splitlines() if "voltage" in line)
    assert line.count("0.002") == 2
    line = next(line for line in out.splitlines() if "current" in line)
    assert float(line.split("│")[2]) < 1e-6


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("run", LGM50, "Jump at 1C"), "found Jump at 1C"),
        (("run", LGM50, "Rest for 1 s", "--plot", "a.txt"), ".png or .svg or .pdf"),
        (("run", "cell.yaml", "Rest for 1 s"), "a cell as .toml"),
        (("run", "none.toml", "Rest for 1 s"), "no such file"),
        (("run", LGM50, "Rest for 1 s", "--soc", "half"), "--soc"),
        (("run", LGM50, "Rest for 1 s", "-T", "10 V"), "--temperature"),
        (("impedance", LGM50, "--from", "10", "--to", "1"), "increasing"),
        (("compare", "a.nc", "b.nc"), "no such file"),
    ],
)
def test_a_mistake_is_one_sentence(scalith, arguments, said):
    code, _, err = scalith(*arguments)
    assert code == 2
    assert said in " ".join(err.split())
    assert "Traceback" not in err
