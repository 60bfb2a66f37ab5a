"""Measurements as a fit sees them: samples, the cell's answer to the same load, and its derivatives by parameters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scalith.cell import CellSpecification, Mesh, simulate_impedance_batch, simulate_sensitivities
from scalith.cell.runs.protocol_steps import JUMP, ProtocolStep
from scalith.cell.runs.tolerance import TOLERANCE
from scalith.cell.specification.node_factors import node_of, with_node_factors
from scalith.cell.specification.paths import FACTORS, number_at, with_factors
from scalith.lab.measurement import spectrum_arrays
from scalith.quantities import ConvergenceError, InputError, parse_quantity

if TYPE_CHECKING:
    import xarray as xr

    from scalith.cell.runs.protocol_text import Steps

Array = NDArray[np.float64]
INDUCTANCE = "inductance"
"""What leads add to a spectrum, H: a parameter of a fit, though no number of the cell."""
_SAME = 1e-6
"""Rows closer than this, s, are of one time."""
_ANY = "contact_resistance"
"""A number of every cell: what runs that vary nothing are asked about."""
_BEYOND = 0.1
"""V that a measured voltage may lie beyond the cell's window, and share of the capacity that a charge may."""
_OTHER, _OTHER_TIMES = 0.4, 30.0
"""V (median), and factor of |Z|, by which data differ from the cell as it is given from which on they are of another one."""
_APART = 1e-3
"""Relative change of a parameter that a spectrum's central differences are taken over."""


class Answer(NamedTuple):
    """What the cell gives where a record was sampled, shape (n,), and its derivatives by each path, shape (n, paths)."""

    values: Array
    by_path: Array


class Record(Protocol):
    """A measurement, or one that is only planned: then `samples` is `None`."""

    @property
    def name(self) -> str:
        """What the fit calls it."""

    @property
    def samples(self) -> Array | None:
        """What was measured, shape (n,)."""

    @property
    def spread(self) -> Array | None:
        """Standard error of each sample, shape (n,); without it the scatter of the residuals is taken."""

    @property
    def weight(self) -> Array:
        """Size of each sample's error relative to the others', shape (n,)."""

    @property
    def correlation(self) -> float | None:
        """Correlation of neighbouring samples; without it that of the residuals is taken."""

    def answer(self, specification: CellSpecification, values: dict[str, float]) -> Answer:
        """The cell's samples with `values` by path, multipliers of properties among them; there may be none."""


@dataclass(frozen=True, eq=False)
class VoltageRecord:
    """Voltages over time under a load.

    Attributes
    ----------
    name : str
    protocol : ProtocolStep or as in `scalith.cell.simulate_protocol`
        The load; of a measurement its current.
    times : ndarray
        s, of the samples.
    samples : ndarray, optional
        V.
    state_of_charge : float
        At the start, at rest.
    temperature : float, optional
        K.
    noise : float, optional
        Standard error of a sample, V.
    correlation : float, optional
        Of neighbouring samples, 0 to 1.
    mesh : Mesh, optional
    tolerance : float
        Of a time step, V: less where small changes of the voltage are what tells.
    cell : str
        Digest of the cell, where the data say it.
    """

    name: str
    protocol: Steps
    times: Array
    samples: Array | None
    state_of_charge: float
    temperature: float | None = None
    noise: float | None = None
    correlation: float | None = None
    mesh: Mesh | None = None
    tolerance: float = TOLERANCE
    cell: str = ""

    @property
    def spread(self) -> Array | None:
        """As stated."""
        return None if self.noise is None else np.full(self.times.size, self.noise)

    @property
    def weight(self) -> Array:
        """All alike."""
        return np.ones(self.times.size)

    def answer(self, specification: CellSpecification, values: dict[str, float]) -> Answer:
        """The cell under the same load (see `scalith.cell.simulate_sensitivities`).

        A cell that cannot carry the load to the last sample gives its last voltages beyond: a fit comes back from there.
        """
        of_cell = {name: value for name, value in values.items() if name != INDUCTANCE}
        varied = with_factors(specification, of_cell)
        run = simulate_sensitivities(
            varied,
            list(of_cell) or [_ANY],
            protocol=self.protocol,
            temperature=self.temperature,
            initial_state_of_charge=self.state_of_charge,
            output_times=[*self.times],
            mesh=self.mesh,
            tolerance=self.tolerance,
        )
        found, by_path = run.voltage.values, run.voltage_by_parameter.values.T[:, : len(of_cell)]
        for k, name in enumerate(of_cell):
            if name in FACTORS:
                by_path[:, k] /= values[name]
        if INDUCTANCE in values:  # over seconds it does nothing
            by_path = np.insert(by_path, list(values).index(INDUCTANCE), 0.0, axis=1)
        missing = self.times.size - found.size
        if found.size == 0:
            raise ConvergenceError(f"fit to {self.name!r}", f"the cell ends at once: {run.attrs['reason']}")
        if missing:
            found = np.concatenate([found, np.repeat(found[-1], missing)])
            by_path = np.concatenate([by_path, np.zeros((missing, by_path.shape[1]))])
        return Answer(found, by_path)


@dataclass(frozen=True, eq=False)
class SpectrumRecord:
    """An impedance spectrum at rest: real parts, then imaginary parts.

    Attributes
    ----------
    name : str
    frequencies : ndarray
        Hz.
    impedance : ndarray of complex, optional
        Ohm.
    state_of_charge : float
    temperature : float, optional
        K.
    noise : float, optional
        Standard error of both parts relative to |Z|.
    size : ndarray, optional
        |Z| of a planned spectrum, from the first answer.
    mesh : Mesh, optional
    cell : str
        As of a `VoltageRecord`.
    """

    name: str
    frequencies: Array
    impedance: NDArray[np.complex128] | None
    state_of_charge: float
    temperature: float | None = None
    noise: float | None = None
    size: Array | None = None
    mesh: Mesh | None = None
    correlation: float | None = 0.0
    cell: str = ""

    @property
    def samples(self) -> Array | None:
        """Re Z, then Im Z."""
        return None if self.impedance is None else np.concatenate([self.impedance.real, self.impedance.imag])

    @property
    def weight(self) -> Array:
        """|Z| for both parts."""
        size = self.size if self.impedance is None else np.abs(self.impedance)
        return np.ones(2 * self.frequencies.size) if size is None else np.tile(size, 2)

    @property
    def spread(self) -> Array | None:
        """Noise times |Z|."""
        return None if self.noise is None else self.noise * self.weight

    def answer(self, specification: CellSpecification, values: dict[str, float]) -> Answer:
        """All changed cells in one batch, central differences (see `scalith.cell.simulate_impedance_batch`)."""
        names = [name for name in values if name != INDUCTANCE]
        steps = np.array([_APART * abs(values[name]) if values[name] else 1e-6 for name in names])
        runs = 2 * len(names) + 1
        columns = {} if names else {_ANY: np.array([number_at(specification, _ANY)])}
        for k, name in enumerate(names):
            column = np.full(runs, values[name])
            column[1 + 2 * k] += steps[k]
            low = values[name] - steps[k]
            column[2 + 2 * k] = max(low, 0.0) if values[name] >= 0.0 else low
            columns[name] = column
        found = simulate_impedance_batch(
            specification, columns, self.frequencies, self.state_of_charge, temperature=self.temperature, mesh=self.mesh
        )
        z = np.concatenate([found.resistance.values, found.reactance.values], axis=1)
        by_path = {
            name: (z[1 + 2 * k] - z[2 + 2 * k]) / (columns[name][1 + 2 * k] - columns[name][2 + 2 * k])
            for k, name in enumerate(names)
        }
        answer = z[0]
        if INDUCTANCE in values:
            by_path[INDUCTANCE] = np.concatenate([np.zeros(self.frequencies.size), 2.0 * np.pi * self.frequencies])
            answer = answer + values[INDUCTANCE] * by_path[INDUCTANCE]
        return Answer(answer, np.array([by_path[name] for name in values]).T.reshape(answer.size, len(values)))


def answer_by_path(record: Record, specification: CellSpecification, paths: dict[str, float]) -> tuple[Array, dict[str, Array]]:
    """Samples of the cell and their derivatives by path; those by factors at nodes are differences of whole answers."""
    nodes = {name: value for name, value in paths.items() if node_of(name) is not None}
    others = {name: value for name, value in paths.items() if name not in nodes}
    if not nodes:
        found = record.answer(specification, others)
        return found.values, dict(zip(others, found.by_path.T, strict=True))
    found = record.answer(with_node_factors(specification, nodes), others)
    by_path = dict(zip(others, found.by_path.T, strict=True))
    for name, value in nodes.items():
        moved = with_node_factors(specification, nodes | {name: value * (1.0 + _APART)})
        by_path[name] = (record.answer(moved, others).values - found.values) / (value * _APART)
    return found.values, by_path


def voltage_record(
    data: xr.Dataset,
    state_of_charge: float | str,
    *,
    name: str = "",
    temperature: float | None = None,
    noise: float | str | None = None,
    correlation: float | None = None,
    samples: int = 200,
    mesh: Mesh | None = None,
) -> VoltageRecord:
    """A measured voltage under its own measured current, as a fit takes it.

    Parameters
    ----------
    data : Dataset
        ``voltage`` (V) and ``current`` (A, positive discharges) over ``time`` (s), as `scalith.lab.read_measurement` or a
        simulation of `scalith.cell` gives them.
    state_of_charge : float
        At the first sample, 0 to 1; the cell is at rest there.
    name : str
        Shown with the residuals; without it the kind of the data.
    temperature : float, optional
        K; without it that of the cell.
    noise : float or str, optional
        Standard error of a voltage, V (``"2 mV"``). Without it the scatter of the residuals is taken.
    correlation : float, optional
        Of the errors of neighbouring samples, 0 to 1. Without it that of the residuals is taken: voltages of one run are not
        independent, and intervals that say so are too small by √((1 + ρ)/(1 − ρ)).
    samples : int
        Longer records are thinned to so many, even in time; the current is kept whole.
    mesh : Mesh, optional

    Raises
    ------
    InputError
        No voltage or current over time, numbers that are not finite, a state of charge out of 0 … 1.
    """
    where = "voltage_record"
    for wanted in ("voltage", "current"):
        if wanted not in getattr(data, "variables", {}) or data[wanted].dims != ("time",):
            found = type(data).__name__ if not hasattr(data, "variables") else ", ".join(map(str, data.variables))
            raise InputError(where, wanted, found, f"a data set with {wanted} over time")
    time = np.asarray(data["time"].values, dtype=np.float64)
    voltage = np.asarray(data["voltage"].values, dtype=np.float64)
    current = np.asarray(data["current"].values, dtype=np.float64)
    bad = np.flatnonzero(~(np.isfinite(time) & np.isfinite(voltage) & np.isfinite(current)))
    if bad.size or time.size < 3:
        found = f"a number that is not finite at row {bad[0] + 1}" if bad.size else f"{time.size} rows"
        raise InputError(where, "data", found, "at least three rows of finite times, voltages and currents")
    if np.any(np.diff(time) < 0.0):
        row = int(np.argmax(np.diff(time) < 0.0)) + 2
        raise InputError(where, "time", f"{time[row - 1]:g} s after {time[row - 2]:g} s at row {row}", "times that do not fall")
    time = time - time[0]
    times, loads = _without_jumps(time, current)
    step = ProtocolStep(text="measured current", mode="current", times=tuple(times), loads=tuple(loads))
    chosen = np.arange(time.size)
    if samples < time.size:
        places = np.searchsorted(time, np.linspace(time[0], time[-1], samples))
        chosen = np.minimum(np.unique(places), time.size - 1)
    rows = chosen[np.concatenate([[True], np.diff(time[chosen]) > _SAME])]
    # At the first instant the load is not yet felt.
    rows = rows[time[rows] > 0.0]
    return VoltageRecord(
        name or str(data.attrs.get("kind", "voltage")),
        step,
        time[rows],
        voltage[rows],
        _share(state_of_charge, where),
        temperature,
        _noise(noise, "V", where),
        _correlation(correlation, where),
        mesh,
        cell=str(data.attrs.get("cell", "")),
    )


def spectrum_record(
    data: xr.Dataset,
    state_of_charge: float | str,
    *,
    name: str = "",
    temperature: float | None = None,
    noise: float | str | None = None,
    mesh: Mesh | None = None,
) -> SpectrumRecord:
    """A measured impedance spectrum, as a fit takes it.

    Parameters
    ----------
    data : Dataset
        A spectrum: `scalith.lab.read_measurement`, `scalith.lab.spectrum`, `scalith.cell.simulate_impedance`.
    state_of_charge : float
        0 to 1, at rest.
    name, temperature, mesh
        As in `voltage_record`.
    noise : float or str, optional
        Standard error of either part relative to |Z| (``"0.5 %"``); without it the scatter of the residuals is taken.

    Raises
    ------
    InputError
        No spectrum, or a number out of its range.
    """
    where = "spectrum_record"
    f, z = spectrum_arrays(data, where, least=2)
    return SpectrumRecord(
        name or str(data.attrs.get("kind", "spectrum")),
        f,
        z,
        _share(state_of_charge, where),
        temperature,
        _noise(noise, "1", where),
        mesh=mesh,
        cell=str(data.attrs.get("cell", "")),
    )


def require_one_cell(specification: CellSpecification, records: Sequence[Record]) -> None:
    """Measurements are of one cell, and within its window.

    Raises
    ------
    InputError
        Data that name two cells, voltages or charges outside the window.
    """
    where = "fit_cell"
    said = {record.cell: record.name for record in records if isinstance(record, VoltageRecord | SpectrumRecord) and record.cell}
    if len(said) > 1:
        found = " and ".join(repr(name) for name in list(said.values())[:2])
        raise InputError(where, "records", f"{found} of two cells", "measurements of one cell")
    lower, upper = specification.lower_voltage_cut_off, specification.upper_voltage_cut_off
    capacity = min(specification.capacity_of_window("negative"), specification.capacity_of_window("positive"))
    for record in records:
        if not isinstance(record, VoltageRecord) or record.samples is None:
            continue
        outside = np.flatnonzero((record.samples < lower - _BEYOND) | (record.samples > upper + _BEYOND))
        if outside.size:
            found = f"{record.samples[outside[0]]:.4g} V after {record.times[outside[0]]:.4g} s"
            raise InputError(where, repr(record.name), found, f"voltages of the cell's window, {lower:g} to {upper:g} V")
        left = record.state_of_charge - _charge(record) / capacity
        if left.size and not (left.min() > -_BEYOND and left.max() < 1.0 + _BEYOND):
            reached = 100.0 * (left.min() if left.min() <= -_BEYOND else left.max())
            found = f"{reached:.0f} % reached from the state of charge {100.0 * record.state_of_charge:.3g} %"
            raise InputError(where, repr(record.name), found, f"0 to 100 % of the {capacity / 3600.0:.4g} A h of the cell")


def require_alike(records: Sequence[Record], differences: Sequence[Array]) -> None:
    """No data that the cell as it is given is far from: `differences` are the cell minus each record.

    Raises
    ------
    InputError
    """
    expected = "measurements of this cell, from the state of charge at which they began"
    for record, off in zip(records, differences, strict=True):
        apart = float(np.median(np.abs(off)))
        if isinstance(record, VoltageRecord) and not apart < _OTHER:
            found = f"voltages {apart:.2g} V from those of the cell as it is given"
            raise InputError("fit_cell", repr(record.name), found, expected)
        if isinstance(record, SpectrumRecord) and record.impedance is not None:
            n = record.frequencies.size
            model = off[:n] + 1j * off[n:] + record.impedance
            times = float(np.median(np.abs(record.impedance) / np.abs(model)))
            if not 1.0 / _OTHER_TIMES < times < _OTHER_TIMES:
                found = f"impedances {times:.2g} times those of the cell as it is given"
                raise InputError("fit_cell", repr(record.name), found, expected)


def _charge(record: VoltageRecord) -> Array:
    """Charge drawn since the start where the measured current states one, C; positive discharges."""
    step = record.protocol
    if not isinstance(step, ProtocolStep) or not step.times or not step.loads:
        return np.empty(0)
    times, loads = np.asarray(step.times), np.asarray(step.loads)
    return np.asarray(np.concatenate([[0.0], np.cumsum(0.5 * (loads[1:] + loads[:-1]) * np.diff(times))]))


def planned_run(
    specification: CellSpecification,
    protocol: Steps,
    state_of_charge: float | str,
    *,
    noise: float | str,
    name: str = "",
    temperature: float | None = None,
    correlation: float = 0.0,
    samples: int = 200,
    mesh: Mesh | None = None,
) -> VoltageRecord:
    """A run that could be measured: what `rank_measurements` chooses among.

    Parameters
    ----------
    specification : CellSpecification
        As far as it is known: it says how long the run takes.
    protocol : as in `scalith.cell.simulate_protocol`
    noise : float or str
        Standard error that a voltage would have (``"1 mV"``).
    state_of_charge, name, temperature, correlation, samples, mesh
        As in `voltage_record`.

    Raises
    ------
    InputError, ConvergenceError
        A protocol that cannot be read, or carried out.
    """
    where = "planned_run"
    run = simulate_sensitivities(
        specification,
        ["contact_resistance"],
        protocol=protocol,
        temperature=temperature,
        initial_state_of_charge=_share(state_of_charge, where),
        mesh=mesh,
    )
    end = float(run.attrs["end_time"])
    times = np.linspace(0.0, end, samples + 1)[1:]
    times[-1] = end * (1.0 - 1e-9)
    words = [protocol] if isinstance(protocol, str) else protocol if isinstance(protocol, Sequence) else ["run"]
    return VoltageRecord(
        name or "; ".join(map(str, words)),
        protocol,
        times,
        None,
        _share(state_of_charge, where),
        temperature,
        _noise(noise, "V", where),
        _correlation(correlation, where),
        mesh,
    )


def planned_spectrum(
    specification: CellSpecification,
    frequencies: ArrayLike,
    state_of_charge: float | str,
    *,
    noise: float | str,
    name: str = "",
    temperature: float | None = None,
    mesh: Mesh | None = None,
) -> SpectrumRecord:
    """A spectrum that could be measured: what `rank_measurements` chooses among; `noise` relative to |Z|."""
    where = "planned_spectrum"
    f = np.atleast_1d(np.asarray(frequencies, dtype=np.float64))
    share = _share(state_of_charge, where)
    title = name or f"spectrum at {100 * share:.3g} %, {f.min():.3g} to {f.max():.3g} Hz"
    made = SpectrumRecord(title, f, None, share, temperature, _noise(noise, "1", where), mesh=mesh)
    values = made.answer(specification, {"contact_resistance": number_at(specification, "contact_resistance")}).values
    return replace(made, size=np.abs(values[: f.size] + 1j * values[f.size :]))


def _without_jumps(time: Array, current: Array) -> tuple[Array, Array]:
    """Load over increasing times: two rows of one time are a jump, taken at most a millisecond long."""
    times = time.copy()
    for k in range(1, times.size):
        if times[k] - times[k - 1] < _SAME:
            later = times[k + 1 :][times[k + 1 :] > times[k - 1] + _SAME]
            times[k] = times[k - 1] + min(JUMP, 0.5 * (later[0] - times[k - 1]) if later.size else JUMP)
    return times, current


def _share(value: float | str, where: str) -> float:
    if isinstance(value, str):
        value = parse_quantity(value, "1", where=where, field="state_of_charge")
    if not 0.0 <= value <= 1.0:
        raise InputError(where, "state_of_charge", value, "0 to 1")
    return float(value)


def _noise(value: float | str | None, unit: str, where: str) -> float | None:
    if value is None:
        return None
    number = parse_quantity(value, unit, where=where, field="noise") if isinstance(value, str) else float(value)
    if not (np.isfinite(number) and number > 0.0):
        raise InputError(where, "noise", value, "a positive standard error; leave it out to take the scatter of the residuals")
    return number


def _correlation(value: float | None, where: str) -> float | None:
    if value is not None and not 0.0 <= value < 1.0:
        raise InputError(where, "correlation", value, "0 to below 1")
    return value
