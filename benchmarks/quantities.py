"""Kernel tables against SciPy's interpolants; the time to import the package and to show its help."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from benchmarks.row import Row
from scalith.quantities import Property, Source

_EVALUATIONS = 20_000
_ROUNDS = 25
_X = np.random.default_rng(1).uniform(0.02, 0.98, _EVALUATIONS)
_GRID = np.linspace(0.0, 1.0, 61)


def rows() -> list[Row]:
    return [
        Row(
            name="kernel_table_1d_value_and_slope",
            unit="ns",
            ours=lambda: _table_ns(_of_x()),
            peer="scipy",
            theirs=lambda: _scipy_ns("CubicSpline"),
            prepare=lambda: _warm(_of_x()),
            target=10.0,
            note="value and slope at random x, inside compiled code; the peer's vectorised CubicSpline is called for both",
        ),
        Row(
            name="kernel_table_1d_against_pchip",
            unit="ns",
            ours=lambda: _table_ns(_of_x()),
            peer="scipy",
            theirs=lambda: _scipy_ns("PchipInterpolator"),
            prepare=lambda: _warm(_of_x()),
            target=10.0,
            note="as above; PCHIP keeps data monotone, as our interpolant does",
        ),
        Row(
            name="kernel_table_2d_value_and_slope",
            unit="ns",
            ours=lambda: _table_ns(_of_x_and_T()),
            peer="scipy",
            theirs=_scipy_2d_ns,
            prepare=lambda: _warm(_of_x_and_T()),
            note="bicubic in x and T; the peer's RectBivariateSpline.ev called for value and slope",
        ),
        Row(
            name="import_scalith",
            unit="s",
            ours=lambda: _seconds_inside("import scalith"),
            target=0.3,
            note="inside a fresh interpreter, without the interpreter's own start",
        ),
        Row(
            name="scalith_help",
            unit="s",
            ours=_help_seconds,
            target=0.5,
            note="the whole process, start to end",
        ),
    ]


def _of_x() -> Property:
    return Property.from_function("example", lambda x: np.tanh(8 * (x - 0.5)) + x**2, {"x": _GRID}, "V", Source(kind="assumed"))


def _of_x_and_T() -> Property:
    grids = {"x": _GRID, "T": np.linspace(260.0, 340.0, 17)}
    return Property.from_function("example", lambda x, T: np.tanh(8 * (x - 0.5)) * T / 300.0, grids, "V", Source(kind="assumed"))


def _warm(value: Property) -> None:
    from scalith.numerics.kernel_table import evaluate_many

    evaluate_many(value.table(), _X, 300.0)


def _table_ns(value: Property) -> float:
    from scalith.numerics.kernel_table import evaluate_many

    table = value.table()
    start = time.perf_counter()
    for _ in range(_ROUNDS):
        evaluate_many(table, _X, 300.0)
    return (time.perf_counter() - start) / (_ROUNDS * _EVALUATIONS) * 1e9


def _scipy_ns(name: str) -> float:
    from scipy import interpolate

    spline = getattr(interpolate, name)(_GRID, _of_x()(_GRID))
    start = time.perf_counter()
    for _ in range(_ROUNDS):
        spline(_X)
        spline(_X, 1)
    return (time.perf_counter() - start) / (_ROUNDS * _EVALUATIONS) * 1e9


def _scipy_2d_ns() -> float:
    from scipy.interpolate import RectBivariateSpline

    value = _of_x_and_T()
    spline = RectBivariateSpline(*value.coordinates.values(), value.nominal.values)
    T = np.full_like(_X, 300.0)
    start = time.perf_counter()
    spline.ev(_X, T)
    spline.ev(_X, T, dx=1)
    return (time.perf_counter() - start) / _EVALUATIONS * 1e9


def _seconds_inside(statement: str) -> float:
    program = f"import time; start = time.perf_counter(); {statement}; print(time.perf_counter() - start)"
    return float(subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout)


def _help_seconds() -> float:
    command = Path(sys.executable).with_name("scalith")
    start = time.perf_counter()
    subprocess.run([command, "--help"], check=True, capture_output=True)
    return time.perf_counter() - start
