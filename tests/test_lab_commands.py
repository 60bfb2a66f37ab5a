"""``scalith lab``: what it says, what it writes, and its exit code."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from scalith import cli
from scalith.cell import read_cell
from scalith.lab import parse_circuit
from scalith.lab.experiments import put_in
from scalith.lab.half_cell import half_cell
from scalith.lab.titration import Particle, simulate_entropy, simulate_gitt, simulate_pitt
from scalith.quantities import Result

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
    code, out, _ = scalith("gitt", file, "--radius", "5.86 um", "--electrode", "negative", "-j", "a.json", "-p", "a.svg")
    assert code == 0
    assert Path("a.svg").is_file()
    assert "not identifiable" in out
    assert json.loads(Path("a.json").read_text(encoding="utf-8"))[0]["diffusivity"] is None


def written(path, data):
    """A time series as a table with units in its titles, discharge current negative."""
    columns = [data["time"].values, data["voltage"].values, -data["current"].values]
    head = "time [s],voltage [V],current [A]"
    if "ambient_temperature" in data:
        columns.append(data["ambient_temperature"].values)
        head += ",ambient temperature [K]"
    np.savetxt(path, np.column_stack(columns), delimiter=",", header=head, comments="", fmt="%.12g")
    return path


def slow(path, share=1.0):
    """A slow discharge and charge of a cell whose electrodes are known, after `share` of its lithium is left."""
    x = np.linspace(0.0, 1.0, 401)
    curves = {
        "negative": 0.12 + 0.45 * np.exp(-x / 0.025) - 0.035 * np.tanh((x - 0.52) / 0.03) - 0.1 * x**12,
        "positive": 4.35 - x + 0.3 * x**2 - 0.3 * np.exp((x - 1.0) / 0.02),
    }
    for name, u in curves.items():
        np.savetxt(f"{name}.csv", np.column_stack([x, u]), delimiter=",", header="x [1],open_circuit_voltage [V]", comments="")
    total = 16_000.0 * share
    time = np.arange(0.0, 2.0 * total + 1.0, 80.0)
    q = np.minimum(time, 2.0 * total - time)
    volts = np.interp(0.12 + (1.0 - share) * 0.1 + q / 20_000.0, x, curves["positive"])
    volts -= np.interp(0.92 * share - q / 18_000.0, x, curves["negative"])
    current = np.where(time <= total, 1.0, -1.0)
    return written(path, Result({"voltage": ("time", volts), "current": ("time", current)}, {"time": ("time", time)}))


def test_ocv_and_balance_read_a_slow_cycle(scalith):
    slow("fresh.csv")
    slow("aged.csv", 0.95)
    code, out, _ = scalith("ocv", "fresh.csv", "-p", "a.png", "-j", "a.json")
    assert code == 0
    assert "took 4.4 h" in out
    assert Path("a.png").is_file()
    assert len(json.loads(Path("a.json").read_text(encoding="utf-8"))["voltage"]) == 401
    curves = ("--negative", "negative.csv", "--positive", "positive.csv", "--by", "voltage")
    code, out, _ = scalith("balance", "aged.csv", *curves, "--first", "fresh.csv", "-j", "b.json", "-p", "b.png")
    assert code == 0
    assert Path("b.png").is_file()
    assert "lost since fresh.csv" in out
    found = json.loads(Path("b.json").read_text(encoding="utf-8"))
    assert found["values"]["Q_negative"]["value"] == pytest.approx(18_000.0, rel=0.02)
    assert abs(found["modes"]["LAM_negative"]["value"]) < 0.01


def test_entropy_pulses_rate_and_interruptions(scalith):
    steps = simulate_entropy(coefficient=2e-4, time_constant=600.0)
    written("steps.csv", steps.assign(current=("time", np.zeros(steps.sizes["time"]))))
    code, out, _ = scalith("entropy", "steps.csv", "-p", "entropy.svg")
    assert code == 0
    assert "0.2 mV/K" in out
    particle = Particle(radius=5e-6, diffusivity=4e-15, slope=-2e-4, resistance=0.02)
    data = simulate_gitt(particle, current=1.0, pulse=60.0, rest=60.0, pulses=2)
    written("pulses.csv", data)
    code, out, _ = scalith("pulses", "pulses.csv", "--window", "1", "--window", "10", "-j", "p.json", "-p", "pulses.svg")
    assert code == 0
    assert len(json.loads(Path("p.json").read_text(encoding="utf-8"))) == 2
    code, out, _ = scalith("rate", "pulses.csv", "-p", "rate.svg")
    assert code == 0
    assert "0.016667" in out
    code, out, _ = scalith("ici", "pulses.csv", "--radius", "5 um", "--longest", "100", "-p", "ici.svg")
    assert code == 0
    assert "interruptions" in out
    assert all(Path(f"{name}.svg").stat().st_size > 1000 for name in ("entropy", "pulses", "rate", "ici"))


@pytest.mark.long
def test_pitt_reads_the_holds_of_a_titration(scalith):
    held = simulate_pitt(radius=5e-6, diffusivity=1e-14, step=-0.01, capacity=10.0, kinetic_resistance=0.05)
    time = np.concatenate([np.arange(0.0, 100.0, 10.0), 90.0 + held["time"].values])
    volts = np.concatenate([np.full(10, 3.70), np.full(held.sizes["time"], 3.69)])
    current = np.concatenate([np.zeros(10), -held["current"].values])
    written("holds.csv", Result({"voltage": ("time", volts), "current": ("time", current)}, {"time": ("time", time)}))
    code, *_ = scalith("pitt", "holds.csv", "--radius", "5 um", "-j", "a.json", "-p", "a.svg")
    assert code == 0
    assert Path("a.svg").is_file()
    (found,) = json.loads(Path("a.json").read_text(encoding="utf-8"))
    assert found["diffusivity"] == pytest.approx(1e-14, rel=0.05)


def measured_on_a_half_cell(cell):
    """Options of `agree`: steps of temperature and arcs of charge transfer at nine states, as files."""
    half = half_cell(cell)
    electrode = half.cell.positive_electrode
    resistance, coefficient = (put_in(cell, "positive", name) for name in ("charge_transfer_resistance", "entropic_coefficient"))
    surface, options = half.cell.plane_area * electrode.thickness * electrode.material.area, []
    f = np.geomspace(1e5, 1e-2, 50)
    for share in np.linspace(0.9, 0.1, 9).round(1):
        x = float(half.stoichiometry(np.array([(1.0 - share) * half.cell.nominal_capacity]))[0])
        arc = [0.01, float(resistance(x=x, T=298.15)) / surface, 0.05, 0.95]
        z = parse_circuit("R0-p(R1,Q1)").impedance(f, arc)
        head = "freq/Hz,Re(Z)/Ohm,Im(Z)/Ohm"
        np.savetxt(f"arc{share}.csv", np.stack([f, z.real, z.imag], 1), delimiter=",", header=head, comments="", fmt="%.9g")
        steps = simulate_entropy(coefficient=float(coefficient(x=x)), time_constant=600.0)
        written(f"steps{share}.csv", steps.assign(current=("time", np.zeros(steps.sizes["time"]))))
        options += ["--temperature-steps", f"steps{share}.csv", "--temperature-steps-at", str(share)]
        options += ["--electrode-spectra", f"arc{share}.csv", "--electrode-spectra-at", str(share)]
    return options


@pytest.mark.long
def test_agree_sets_experiments_beside_what_was_put_in(scalith):
    options = measured_on_a_half_cell(read_cell("nmc532_mohtat2020"))
    code, out, _ = scalith("agree", "nmc532_mohtat2020", *options, "-j", "a.json", "-p", "a.png")
    assert code == 0
    assert "virtual slow cycle" in out
    assert Path("a.png").is_file()
    found = json.loads(Path("a.json").read_text(encoding="utf-8"))
    for name in (
        "open_circuit_voltage",
        "entropic_coefficient",
        "exchange_current_density",
        "charge_transfer_resistance",
        "conductivity",
        "heat",
    ):
        assert found[name]["verdict"].startswith("agrees"), name
        assert abs(found[name]["z"]) < 4.0
    assert found["conductivity"]["predicted"] == pytest.approx(found["conductivity"]["found"], rel=2e-3)
    assert "measured steps of temperature at 9 states" in out
    assert "measured spectra: 9 of 9 states" in out


def test_mistakes_are_one_sentence(scalith):
    code, _, err = scalith("eis", "nothing.z", "-c", "R0")
    assert (code, err.strip()) == (2, "error: nothing.z: found no such file, expected a measurement")
    code, _, err = scalith("eis", str(DATA / "readers" / "exampleDataGamry.DTA"), "-c", "R0-X1")
    assert code == 2
    assert "character 4: found 'X1'" in err
    for options in ((), ("--radius", "5 um", "--cell", "lgm50_chen2020")):
        code, _, err = scalith("gitt", "nothing.csv", *options)
        assert code == 2
        assert "one of the two" in err
    code, _, err = scalith("gitt", "nothing.csv", "--cell", "lgm50_chen2020", "--shape", "slab")
    assert (code, "--shape: found 'slab', expected that of the particles of --cell" in err) == (2, True)
    code, _, err = scalith("gitt", "nothing.csv", "--radius", "5 um", "--side", "negative")
    assert (code, "--side: found 'negative', expected --cell" in err) == (2, True)
    np.savetxt("cold.csv", np.ones((12, 3)) * np.arange(12.0)[:, None], delimiter=",", header="time [s],voltage [V],current [A]")
    code, _, err = scalith("entropy", "cold.csv")
    assert code == 2
    assert err.startswith("error: cold.csv: temperature: found no such column")
    assert "--plot" in scalith("drt", "nothing.z", "-p", "a.doc")[2]
    for option in ("--temperature-steps", "--electrode-spectra"):
        code, _, err = scalith("agree", "lgm50_chen2020", option, "a.csv", option, "b.csv", f"{option}-at", "0.5")
        assert code == 2
        assert f"{option}-at: found 1 states of charge for 2 files, expected a state of charge for each file" in err
    code, _, err = scalith("agree", "lgm50_chen2020", "--electrode-spectra-at", "50")
    assert code == 2
    assert "Invalid value for '--electrode-spectra-at'" in err
