"""Impedance fits, Kramers–Kronig, relaxation times, titration and reading of files."""

from __future__ import annotations

import tempfile
import time
from functools import cache
from pathlib import Path

import numpy as np

from benchmarks.row import Row
from scalith.quantities import Result, shipped

_CIRCUIT = "R0-p(R1-Ws1,Q1)"
_VALUES = [10.0, 50.0, 80.0, 20.0, 1e-5, 0.85]
_NMC = shipped("cell/nmc532_mohtat2020.toml")
_GUESS = [13.0, 65.0, 60.0, 30.0, 1.3e-5, 0.8]


@cache
def _spectrum() -> Result:
    from scalith.lab import parse_circuit, spectrum

    f = np.geomspace(1e-2, 1e5, 60)
    z = parse_circuit(_CIRCUIT).impedance(f, _VALUES)
    noise = np.random.default_rng(1).standard_normal((2, f.size))
    return spectrum(f, z + 1e-3 * np.abs(z) * (noise[0] + 1j * noise[1]))


def _fit(with_guess: bool) -> float:
    from scalith.lab import fit_circuit, parse_circuit

    data = _spectrum()
    guess = dict(zip(parse_circuit(_CIRCUIT).names, _GUESS, strict=True)) if with_guess else None
    start = time.perf_counter()
    for _ in range(10):
        fit_circuit(_CIRCUIT, data, start=guess)
    return 100.0 * (time.perf_counter() - start)


def _impedance_py() -> float:
    from impedance.models.circuits import CustomCircuit

    data = _spectrum()
    f, z = data["frequency"].values, data["resistance"].values + 1j * data["reactance"].values
    start = time.perf_counter()
    CustomCircuit("R0-p(R1-Ws1,CPE1)", initial_guess=_GUESS).fit(f, z, weight_by_modulus=True)
    return 1e3 * (time.perf_counter() - start)


def _kramers_kronig() -> float:
    from scalith.lab import kramers_kronig

    data = _spectrum()
    start = time.perf_counter()
    for _ in range(10):
        kramers_kronig(data)
    return 100.0 * (time.perf_counter() - start)


def _relaxation_times(samples: int) -> float:
    from scalith.lab import relaxation_times

    data = _spectrum()
    start = time.perf_counter()
    relaxation_times(data, samples=samples)
    return 1e3 * (time.perf_counter() - start)


@cache
def _pulses() -> Result:
    from scalith.lab.titration import Particle, simulate_gitt

    data = simulate_gitt(Particle(5e-6, 1e-14, -1e-5, 0.05), current=1.0, pulse=600.0, rest=3600.0, pulses=40)
    noise = 1e-4 * np.random.default_rng(1).standard_normal(data.sizes["time"])
    return Result.of(data.assign(voltage=data["voltage"] + noise))


def _gitt() -> float:
    from scalith.lab.titration import extract_gitt

    data = _pulses()
    start = time.perf_counter()
    extract_gitt(data, radius=5e-6, slope=-1e-5)
    return time.perf_counter() - start


@cache
def _half_cells() -> dict[str, Result]:
    """Forty pulses on each electrode of an NMC cell, 1 % of its charge each, 50 µV of noise."""
    from scalith.lab.half_cell import half_cell
    from scalith.lab.titration import simulate_gitt_on_cell

    numbers, made = np.random.default_rng(1), {}
    for side in ("positive", "negative"):
        half = half_cell(_NMC, side).cell
        data = simulate_gitt_on_cell(half, rate="C/10", pulse=360.0, rest=3600.0, pulses=40, state_of_charge=0.9)
        made[side] = data.assign(voltage=data["voltage"] + 5e-5 * numbers.standard_normal(data.sizes["time"]))
    return made


def _gitt_by_model() -> float:
    from scalith.design import fit_titration

    both = _half_cells()
    start = time.perf_counter()
    for side, data in both.items():
        fit_titration(_NMC, data, side, state_of_charge=0.9)
    return time.perf_counter() - start


def _virtual_gitt() -> float:
    from scalith.lab.half_cell import half_cell
    from scalith.lab.titration import simulate_gitt_on_cell

    half = half_cell(_NMC).cell
    start = time.perf_counter()
    simulate_gitt_on_cell(half, rate="C/10", pulse=360.0, rest=3600.0, pulses=40, state_of_charge=0.9)
    return time.perf_counter() - start


def _loop() -> float:
    """Titration of the positive electrode at twenty states, with steps of current and of potential, read back."""
    from scalith.lab.experiments import diffusivity_by_titration
    from scalith.lab.half_cell import half_cell
    from scalith.lab.titration import extract_pitt, simulate_pitt_on_cell

    half = half_cell(_NMC, thickness=5e-6).cell
    start = time.perf_counter()
    diffusivity_by_titration(_NMC, pulses=20)
    for share in np.linspace(0.95, 0.1, 20):
        (data,) = simulate_pitt_on_cell(half, step=-0.005, hold=3600.0, state_of_charge=float(share))
        extract_pitt(data, radius=half.positive_electrode.material.particle_radius, step=-0.005)
    return time.perf_counter() - start


@cache
def _file() -> Path:
    """50 MB as a cycler writes them."""
    path = Path(tempfile.mkdtemp()) / "cycler.csv"
    titles = (
        "Data,Test Time (s),Step Time (s),Cycle Index,Step Index,Current (A),Voltage (V),Charge Capacity (Ah),Temperature (C)"
    )
    row = "{0},{0}.0000,{1}.0000,{2},3,{3:.7f},{4:.7f},{5:.7f},25.1234"
    with path.open("w", encoding="utf-8") as stream:
        stream.write(titles + "\n")
        for k in range(710_000):
            sign = 1.0 if (k // 3600) % 2 else -1.0
            voltage = 3.6 + sign * 0.0001 * (k % 3600)
            stream.write(row.format(k, k % 3600, k // 7200, sign, voltage, 1e-4 * k) + "\n")
    return path


def _read() -> float:
    from scalith.lab import read_measurement

    path = _file()
    start = time.perf_counter()
    read_measurement(path)
    return (time.perf_counter() - start) * 100e6 / path.stat().st_size


def rows() -> list[Row]:
    return [
        Row(
            name="circuit_fit_from_a_guess",
            unit="ms",
            ours=lambda: _fit(True),
            peer="impedance",
            theirs=_impedance_py,
            target=6.0,
            note="60 points, six parameters, 0.1 % noise; the same start on both sides",
        ),
        Row(
            name="circuit_fit_without_a_guess",
            unit="ms",
            ours=lambda: _fit(False),
            target=20.0,
            note="start from relaxation times",
        ),
        Row(name="kramers_kronig_automatic_order", unit="ms", ours=_kramers_kronig, target=5.0, note="60 points"),
        Row(name="relaxation_times_strength_chosen", unit="ms", ours=lambda: _relaxation_times(0), target=30.0, note="60 points"),
        Row(name="relaxation_times_with_band", unit="ms", ours=lambda: _relaxation_times(200), target=200.0, note="200 members"),
        Row(
            name="gitt_40_pulses_inversion", unit="s", ours=_gitt, target=1.0, note="200 samples a pulse with its rest, intervals"
        ),
        Row(
            name="gitt_40_pulses_both_electrodes_by_the_model",
            unit="s",
            ours=_gitt_by_model,
            target=30.0,
            note="half cells of full thickness, 160 samples a pulse with its rest, two passes, intervals",
        ),
        Row(name="virtual_gitt_40_pulses", unit="s", ours=_virtual_gitt, note="porous half cell, 160 samples a pulse and rest"),
        Row(
            name="titration_loop_20_states",
            unit="s",
            ours=_loop,
            target=20.0,
            note="steps of current and of potential on a virtual half cell, both read back",
        ),
        Row(name="read_100_mb_of_csv", unit="s", ours=_read, target=3.0, note="50 MB read, scaled to 100"),
    ]
