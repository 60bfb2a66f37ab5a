"""Titration read through the porous-electrode model: D(x) where potential, diffusivity and electrolyte vary within a pulse."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scalith.cell import CellSpecification, Mesh, read_cell
from scalith.cell.runs.protocol_steps import JUMP, ProtocolStep
from scalith.design.fit.calibration import fit_cell
from scalith.design.fit.records import Answer, VoltageRecord
from scalith.lab.half_cell import HalfCell, Side, half_cell
from scalith.lab.protocol_steps import steps
from scalith.lab.titration import extract_gitt
from scalith.quantities import (
    InputError,
    Property,
    Result,
    ScalithError,
    arrhenius_factor,
    dataset_digest,
    labelled,
    nearest,
    predicted,
)

if TYPE_CHECKING:
    import xarray as xr

Array = NDArray[np.float64]
_PATH = "positive_electrode.chemical_diffusivity"
_SEARCHED = 100.0
"""Factor on either side of what the series says within which D is looked for."""
_TOLERANCE = 1e-7
"""Of a time step, V: so little that the sum of squares is smooth, and a search takes some four runs of the cell."""
_NEAR = 3.0
"""Factor within which the series and the cell agree on where to start."""
_ENOUGH = 1e-5
"""Of the sum of squares: some hundred samples then tell no difference, and steps in time are not told apart."""
_WIDEST = 30.0
"""An interval wider than this factor tells nothing."""
_COLUMNS = {"cell": "voltage", "negative": "negative_potential", "positive": "positive_potential"}


@dataclass(frozen=True, eq=False)
class PulseRecord:
    """A pulse and its rest as a fit takes them: what an offset, a resistance and a drift can say is taken out of both sides.

    Attributes
    ----------
    name : str
    inner : VoltageRecord
        The voltages as they were measured, and the load since the pulse before.
    basis : ndarray, shape (samples, 3)
        Orthonormal: offset of the potential, resistance while the current flows, linear drift.
    """

    name: str
    inner: VoltageRecord
    basis: Array

    @property
    def samples(self) -> Array:
        """Voltages without the share of the basis, V."""
        assert self.inner.samples is not None
        return self._rest(self.inner.samples)

    @property
    def spread(self) -> Array | None:
        """As of the voltages."""
        return self.inner.spread

    @property
    def weight(self) -> Array:
        """As of the voltages."""
        return self.inner.weight

    @property
    def correlation(self) -> float | None:
        """As of the voltages."""
        return self.inner.correlation

    def answer(self, specification: CellSpecification, values: dict[str, float]) -> Answer:
        """That of the cell, without the share of the basis."""
        found = self.inner.answer(specification, values)
        return Answer(self._rest(found.values), self._rest(found.by_path))

    def _rest(self, rows: Array) -> Array:
        return np.asarray(rows - self.basis @ (self.basis.T @ rows))


def fit_titration(
    cell: CellSpecification | str | Path,
    data: xr.Dataset,
    side: Side = "positive",
    *,
    electrode: str = "cell",
    state_of_charge: float | None = None,
    thickness: float | None = None,
    temperature: float | None = None,
    history: int = 1,
    passes: int = 2,
    noise: float | None = None,
    samples: int = 80,
    mesh: Mesh | None = None,
    level: float = 0.95,
) -> Result:
    r"""Diffusivity from each pulse of a titration by `fit_cell`: a multiplier of D(x) in the model of a half cell.

    Potential, diffusivity, reaction and electrolyte are those of the cell and vary within the pulse as they do there; the load
    begins `history` pulses earlier, so that what is left of them is in the answer. An offset of the potential, a resistance and a
    linear drift are free for each pulse. The series (`scalith.lab.titration.extract_gitt`) says where to start, and which pulses
    tell nothing: those are not fitted.

    **Bias**: within a pulse D has the shape over x that the cell states, and from the second of `passes` on that of what was
    found; radius, area and the slope of the potential enter as they do in the series. An electrode of a full cell is read as
    one against lithium: what the salt between the two electrodes does beside that makes some 7 % of D (planted in an NMC cell).

    Parameters
    ----------
    cell : CellSpecification or path
        What `scalith.cell.read_cell` takes: area, radius, potential and electrolyte are its own.
    data : xarray.Dataset
        Time series with pulses between rests.
    side : {"positive", "negative"}
        Electrode of the cell that was studied.
    electrode : {"cell", "negative", "positive"}
        Whose potential is read: that of a half cell, or of one electrode of a full cell against a reference.
    state_of_charge : float, optional
        Of the half cell at the first sample, 0 to 1; without it full where the first pulse discharges it, else empty.
    thickness : float, optional
        Of the electrode, m; without it the cell's.
    temperature : float, optional
        K; without it that of the cell.
    history : int
        Pulses before each that are run as well.
    passes : int
        How often all pulses are fitted.
    noise : float, optional
        Standard error of a voltage, V; without it the scatter of the residuals is taken.
    samples : int
        Longer pulses and rests are thinned to so many each, denser where the current has just changed.
    mesh : Mesh, optional
    level : float
        Of the interval.

    Returns
    -------
    Result
        Over ``pulse``: ``stoichiometry``, ``diffusivity``, ``lower``, ``upper``, ``series_diffusivity`` (m² s⁻¹), ``residual``
        (V, rms) and ``note``; not a number where a pulse does not tell it.

    Raises
    ------
    InputError
        No pulses between rests, no such potential, charge beyond what the electrode holds.
    """
    if electrode not in _COLUMNS:
        raise InputError("fit_titration", "electrode", electrode, nearest(electrode, _COLUMNS))
    if _COLUMNS[electrode] not in data.variables:
        raise InputError("fit_titration", "electrode", f"no {_COLUMNS[electrode]}", "a measurement with it, or electrode='cell'")
    half = half_cell(read_cell(cell), side, thickness=thickness)
    own = _against_lithium(data, electrode)
    shares = _states_of_charge(own, half, state_of_charge)
    series = _by_series(own, half, shares)
    windows, model = _windows(own, history), half
    rows: list[dict[str, Any]] = []
    for window, start in zip(windows, series, strict=True):
        passed = 1.0 - 0.5 * float(shares[window.begin] + shares[window.end])
        x = float(half.stoichiometry(passed * half.cell.nominal_capacity))
        rows.append({"stoichiometry": x, "series_diffusivity": start.value, "note": start.note, **_UNTOLD})
    records = [_record(own, one, float(shares[one.first]), temperature, noise, samples, mesh) for one in windows]
    for k in range(passes):
        for record, row in zip(records, rows, strict=True):
            start_at = row["diffusivity"] if k else row["series_diffusivity"]
            if np.isfinite(start_at):
                row |= _UNTOLD | _fit_pulse(model, record, row["stoichiometry"], start_at, level)
        model = _with_shape(half, rows)
    units = {"stoichiometry": "1", "residual": "V"}
    names = ("stoichiometry", "diffusivity", "lower", "upper", "series_diffusivity", "residual")
    settings = {"side": side, "electrode": electrode, "history": history, "temperature_K": temperature}
    settings |= {"state_of_charge": state_of_charge, "passes": passes, "noise": noise, "samples": samples, "level": level}
    settings |= {"mesh": None if mesh is None else asdict(mesh)}
    source = predicted("scalith.design.fit_titration", half.cell.digest, dataset_digest(data), settings=settings)
    columns = {
        name: labelled(
            "pulse", np.array([row[name] for row in rows], dtype=np.float64), name.replace("_", " "), units.get(name, "m2 s-1")
        )
        for name in names
    }
    found = Result(columns, {"pulse": ("pulse", np.arange(len(rows)))}, {"kind": "titration", "source": source.to_json()})
    found["note"] = ("pulse", np.array([str(row["note"]) for row in rows]))
    return found


_UNTOLD = {"diffusivity": np.nan, "lower": np.nan, "upper": np.nan, "residual": np.nan}


def _with_shape(half: HalfCell, rows: list[dict[str, Any]]) -> HalfCell:
    """The half cell with the diffusivity that was found, on a logarithmic scale between the pulses and flat beyond them."""
    told = sorted((row["stoichiometry"], row["diffusivity"]) for row in rows if np.isfinite(row["diffusivity"]))
    if len(told) < 2:
        return half
    electrode = half.cell.positive_electrode
    x = np.linspace(0.0, 1.0, 501)
    values = np.exp(np.interp(x, [place for place, _ in told], [np.log(value) for _, value in told]))
    source = predicted("scalith.design.fit_titration", half.cell.digest)
    found = Property.from_arrays("chemical_diffusivity", {"x": x}, values, "m2 s-1", source)
    material = electrode.material.model_copy(update={"chemical_diffusivity": found, "diffusivity_activation_energy": 0.0})
    electrode = electrode.model_copy(update={"materials": (material,)})
    return half._replace(cell=half.cell.model_copy(update={"positive_electrode": electrode}))


class _Window(NamedTuple):
    """Rows of a pulse: where the load starts that is run, the last before the pulse, the last of it and of its rest."""

    first: int
    begin: int
    end: int
    last: int


class _Start(NamedTuple):
    value: float
    note: str


def _against_lithium(data: xr.Dataset, electrode: str) -> xr.Dataset:
    """Voltage and current of a half cell, positive where lithium enters the electrode that is studied."""
    current = np.asarray(data["current"].values, dtype=np.float64)
    own = data[["current"]].assign(voltage=("time", np.asarray(data[_COLUMNS[electrode]].values, dtype=np.float64)))
    return own.assign(current=("time", -current if electrode == "negative" else current)).assign_attrs(data.attrs)


def _states_of_charge(data: xr.Dataset, half: HalfCell, start: float | None) -> Array:
    """Of the half cell at each sample."""
    current = data["current"].values
    # As `steps` counts charge: the current of a sample has flowed since the one before.
    passed = np.cumsum(current * np.diff(data["time"].values, prepend=data["time"].values[0]))
    if start is None:
        moving = current[np.abs(current) > 0.5 * np.abs(current).max()]
        start = 1.0 if moving.size and moving[0] > 0.0 else 0.0
    shares = start - passed / half.cell.nominal_capacity
    if not (shares.min() > -1e-6 and shares.max() < 1.0 + 1e-6):
        found_here = f"{100.0 * shares.min():.4g} to {100.0 * shares.max():.4g} % of the half cell's window"
        raise InputError("fit_titration", "charge", found_here, "0 to 100 %: state the state of charge at the start, or its area")
    return np.clip(shares, 0.0, 1.0)


def _windows(data: xr.Dataset, history: int) -> list[_Window]:
    found = steps(data)
    at = np.flatnonzero(found["pulse"].values)
    firsts, lasts = found["first"].values, found["last"].values
    windows = []
    for n, k in enumerate(at):
        earlier = at[max(n - history, 0)]
        windows.append(_Window(int(firsts[earlier]) - 1, int(firsts[k]) - 1, int(lasts[k]), int(lasts[k + 1])))
    return windows


def _by_series(data: xr.Dataset, half: HalfCell, shares: Array) -> list[_Start]:
    """D of each pulse by the series, along the potential of the half cell."""
    material, T = half.cell.positive_electrode.material, half.cell.reference_temperature
    nodes = np.linspace(material.minimum_stoichiometry, material.maximum_stoichiometry, 4001)
    volts = np.asarray(material.open_circuit_voltage(x=nodes, T=T), dtype=np.float64)
    first = (1.0 - float(shares[0])) * half.cell.nominal_capacity
    found = extract_gitt(
        data,
        radius=material.particle_radius,
        shape=material.geometry,
        potential=lambda q: np.asarray(np.interp(half.stoichiometry(q + first), nodes, volts)),
    )
    return [
        _Start(float(value), str(note)) for value, note in zip(found["diffusivity"].values, found["note"].values, strict=True)
    ]


def _fit_pulse(half: HalfCell, record: PulseRecord, x: float, start: float, level: float) -> dict[str, Any]:
    material, reference = half.cell.positive_electrode.material, half.cell.reference_temperature
    T = reference if record.inner.temperature is None else record.inner.temperature
    given = float(material.chemical_diffusivity(x=x, T=T))
    given *= arrhenius_factor(material.diffusivity_activation_energy, T, reference)
    starts = [start / given]
    if not 1.0 / _NEAR < starts[0] < _NEAR:
        starts.append(1.0)  # where the series is far from what the cell states, there may be two minima
    fits, failed = [], ""
    for factor in starts:
        bounds = {_PATH: (factor / _SEARCHED, factor * _SEARCHED)}
        try:
            fits.append(fit_cell(half.cell, [record], [_PATH], start={_PATH: factor}, bounds=bounds, tolerance=_ENOUGH))
        except ScalithError as error:
            failed = str(error)
    if not fits:
        return {"note": f"not fitted: {failed}"}
    fit = min(fits, key=lambda one: one.minima[0][0])
    low, high = fit.interval(_PATH, level)
    off = fit.residuals[record.name]
    row: dict[str, Any] = {"residual": float(np.sqrt(np.mean(off**2)))}
    if not (np.isfinite(fit.covariance[0, 0]) and high < _WIDEST * low):
        factor = high / low if low > 0.0 else np.inf
        return row | {"note": f"not identifiable: the interval spans a factor of {factor:.2g}"}
    return row | {"diffusivity": given * fit.values[_PATH], "lower": given * low, "upper": given * high, "note": ""}


def _record(
    data: xr.Dataset, pulse: _Window, soc: float, temperature: float | None, noise: float | None, samples: int, mesh: Mesh | None
) -> PulseRecord:
    origin = float(data["time"].values[pulse.first])
    time = data["time"].values[pulse.begin : pulse.last + 1] - origin
    volts = np.asarray(data["voltage"].values, dtype=np.float64)[pulse.begin : pulse.last + 1]
    begun, ended = float(time[0]), float(time[pulse.end - pulse.begin])
    kept = np.concatenate([_thinned(time, begun, ended, samples), _thinned(time, ended, float(time[-1]), samples)])
    t = time[kept]
    flowing = t <= ended * (1.0 + 1e-12)
    basis = np.linalg.qr(np.stack([np.ones_like(t), flowing.astype(np.float64), t - t.mean()], axis=1))[0]
    inner = VoltageRecord(
        f"pulse at row {pulse.begin}", _load(data, pulse, origin), t, volts[kept], soc, temperature, noise, None, mesh, _TOLERANCE
    )
    return PulseRecord(inner.name, inner, basis)


def _load(data: xr.Dataset, pulse: _Window, origin: float) -> ProtocolStep:
    """The mean current of each step since the start of the record, with jumps between them."""
    found = steps(data)
    times: list[float] = []
    loads: list[float] = []
    for k in np.flatnonzero((found["first"].values > pulse.first) & (found["last"].values <= pulse.last)):
        begin = float(found["start"][k]) - origin
        times += [begin + (JUMP if times else 0.0), begin + float(found["duration"][k])]
        loads += [0.0 if found["kind"].values[k] == "rest" else float(found["mean_current"][k])] * 2
    return ProtocolStep(text="measured current", mode="current", times=tuple(times), loads=tuple(loads))


def _thinned(times: Array, begin: float, end: float, most: int) -> NDArray[np.int64]:
    """Rows after `begin` up to `end`, at most so many, even over the root of the time since."""
    rows = np.flatnonzero((times > begin * (1.0 + 1e-12) + 1e-9) & (times <= end * (1.0 + 1e-12)))
    if rows.size <= most:
        return rows
    wanted = begin + (end - begin) * np.linspace(0.0, 1.0, most + 1)[1:] ** 2
    return np.unique(rows[np.clip(np.searchsorted(times[rows], wanted), 0, rows.size - 1)])
