"""Calorimetry: DSC and ARC, simulated on a reaction set or read from a file, in one and the same form."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import xarray as xr
from pydantic import Field

from scalith.pack import ReactionSet
from scalith.pack.module.thermal_network import ThermalNetwork, simulate_network
from scalith.quantities import SI, ConvergenceError, FileRecord, InputError, Source, Spec, file_digest, predicted, read_columns

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from scalith.lab.calorimetry_files import Direction

    Array = NDArray[np.float64]

HeatingRate = Annotated[float, SI("K s-1"), Field(gt=0)]
FASTEST_HEATING = 5.0
"""K s-1; 300 K/min is more than a heat-flux calorimeter follows."""


class HeatWaitSeek(Spec):
    """How an accelerating-rate calorimeter looks for an exotherm.

    Attributes
    ----------
    step, step_rate : float
        By how much it warms the sample, K, and how fast, K s-1.
    wait, seek : float
        How long it waits then, and how long it looks, s.
    threshold : float
        Self-heating that counts as exotherm, K s-1.
    """

    step: Annotated[float, SI("K"), Field(gt=0)] = 5.0
    step_rate: HeatingRate = 2.0 / 60.0
    wait: Annotated[float, SI("s"), Field(gt=0)] = 900.0
    seek: Annotated[float, SI("s"), Field(gt=0)] = 600.0
    threshold: HeatingRate = 0.02 / 60.0


def simulate_dsc(
    kinetics: ReactionSet,
    heating_rate: float,
    *,
    start: float = 323.15,
    end: float = 623.15,
    sample_density: float = 1.0,
    points: int = 1201,
    tolerance: float = 1e-8,
) -> xr.Dataset:
    """Differential scanning calorimetry: heat flow of a sample whose temperature rises steadily.

    T(t) = T_start + β t;  q(t) = Σ_r heat_r dξ_r/dt / ρ_sample.

    Parameters
    ----------
    kinetics : ReactionSet
        The reactions of the sample.
    heating_rate : float
        β, K s-1.
    start, end : float
        K.
    sample_density : float
        Sample in the volume that the contents of the set refer to, kg m-3: the content of the component when one
        component alone is in the pan.
    points : int
        Number of outputs, evenly spaced.
    tolerance : float
        Local error of a step.

    Returns
    -------
    xarray.Dataset
        Dimensions ``time``, ``reaction``: ``temperature`` (K), ``heat_flow`` and ``heat_flow_by_reaction`` (W per kg of
        sample, exothermic positive); attributes ``heating_rate`` (K s-1) and ``kinetics_digest``.

    Raises
    ------
    InputError
        A heating rate or density that is not positive, temperatures that do not rise or look like degrees Celsius.
    """
    from scalith.pack.kernels.network import heat_by_reaction

    if not heating_rate > 0 or not sample_density > 0:
        raise InputError("simulate_dsc", "heating_rate, sample_density", (heating_rate, sample_density), "positive numbers")
    if heating_rate > FASTEST_HEATING:
        stated = f"{heating_rate:g} K/s, that is {60 * heating_rate:g} K/min"
        raise InputError("simulate_dsc", "heating_rate", stated, f"K/s, {FASTEST_HEATING:g} at most (10 K/min is 0.1667 K/s)")
    if not 150.0 <= start < end <= 3000.0:
        raise InputError("simulate_dsc", "start, end", (start, end), "rising temperatures in kelvin")
    time = np.linspace(0.0, (end - start) / heating_rate, points)
    temperature, extents = at_prescribed_temperature(kinetics, time, time[[0, -1]], np.array([start, end]), tolerance)
    heat = np.empty((points, 1, extents.shape[1]))
    heat_by_reaction(kinetics.arrays(), np.array([1.0 / sample_density]), temperature[:, None], extents[:, None], heat)
    settings = {"heating_rate": heating_rate, "start": start, "end": end, "sample_density": sample_density}
    source = predicted("scalith.lab.simulate_dsc", kinetics.digest, settings=settings)
    found = dsc_curve(time, temperature, heat[:, 0].sum(axis=1), heating_rate, source)
    found["heat_flow_by_reaction"] = (
        ("time", "reaction"),
        heat[:, 0],
        {"units": "W kg-1", "long_name": "heat flow of each reaction"},
    )
    return found.assign_coords(reaction=("reaction", kinetics.names)).assign_attrs(kinetics_digest=kinetics.digest)


def temperature_program(
    time: NDArray[np.float64], temperature: NDArray[np.float64], within: float = 0.02
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Ramps and holds: the fewest straight pieces that follow a measured temperature within `within` K, or within its noise.

    Knots of the polyline: times, s, and temperatures, K (U. Ramer, Comput. Graph. Image Process. 1 (1972) 244).
    """
    if time.size > 4:
        noise = np.median(np.abs(np.diff(temperature, 2) - np.median(np.diff(temperature, 2)))) / (0.6745 * np.sqrt(6.0))
        within = max(within, 4.0 * float(noise))
    knots, open_pieces = {0, time.size - 1}, [(0, time.size - 1)]
    while open_pieces:
        low, high = open_pieces.pop()
        line = np.interp(time[low : high + 1], time[[low, high]], temperature[[low, high]])
        away = np.abs(temperature[low : high + 1] - line)
        worst = low + int(np.argmax(away))
        if away.max() > within and low < worst < high:
            knots.add(worst)
            open_pieces += [(low, worst), (worst, high)]
    chosen = np.array(sorted(knots))
    return time[chosen], temperature[chosen]


def at_prescribed_temperature(
    kinetics: ReactionSet,
    time: NDArray[np.float64],
    program_time: NDArray[np.float64],
    program: NDArray[np.float64],
    tolerance: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Temperatures and extents, shapes (m,) and (m, r), of a sample that the furnace keeps on a program of straight pieces."""
    network = ThermalNetwork()
    network.add(1.0)
    # The furnace takes up the heat of reaction: a reacting unit volume without feedback on its temperature.
    network.bodies[0] |= {"volume": 1.0, "feedback": 0.0}
    slopes = np.diff(program) / np.diff(program_time)
    network.heat(0, np.repeat(program_time, 2)[1:-1], np.repeat(slopes, 2))
    start = float(program[0])
    # A step ends at every knot: a short pulse of heating between two outputs would otherwise go unseen.
    stops = np.union1d(program_time, time)
    found = simulate_network(network, kinetics, stops, initial_temperature=start, tolerance=tolerance, land=True)
    at = np.searchsorted(stops, time)
    return found.temperature[at, 0], found.extents[at, 0]


def simulate_arc(
    kinetics: ReactionSet,
    *,
    specific_heat: float,
    sample_density: float = 1.0,
    thermal_inertia: float = 1.0,
    start: float = 323.15,
    end: float = 623.15,
    search: HeatWaitSeek | None = None,
    tolerance: float = 1e-7,
) -> xr.Dataset:
    """Accelerating-rate calorimetry with heat, wait and seek.

    The calorimeter warms the sample by a step, waits, and looks whether its self-heating exceeds a threshold. If it
    does, the calorimeter follows the sample's temperature (adiabatic); when the self-heating falls below the threshold
    again, heating goes on. φ ρ c dT/dt = Σ_r heat_r dξ_r/dt in the adiabatic phases, φ the thermal inertia of the bomb.

    Parameters
    ----------
    kinetics : ReactionSet
        The reactions.
    specific_heat : float
        c of the sample, J kg-1 K-1.
    sample_density : float
        ρ, sample in the volume that the contents of the set refer to, kg m-3: as in `simulate_dsc`.
    thermal_inertia : float
        φ ≥ 1.
    start, end : float
        First and last temperature, K.
    search : HeatWaitSeek, optional
        Step, pauses and threshold of the calorimeter.
    tolerance : float
        Local error of a step.

    Returns
    -------
    xarray.Dataset
        Dimension ``time``: ``temperature`` (K), ``self_heating`` (K s-1), ``exotherm`` (true while adiabatic); scalars
        ``onset_temperature`` (start of the first exotherm, NaN if none), ``final_temperature``; attributes
        ``thermal_inertia``, ``specific_heat`` (J kg-1 K-1) and ``kinetics_digest``.

    Raises
    ------
    InputError
        A setting out of its range.
    """
    from scalith.pack.kernels.network import heat_by_reaction

    search = search or HeatWaitSeek()
    settings = {"specific_heat": specific_heat, "sample_density": sample_density, "thermal_inertia": thermal_inertia}
    for name, value in settings.items():
        if not value > 0 or (name == "thermal_inertia" and value < 1):
            raise InputError(
                "simulate_arc", name, value, "a positive number" if name != "thermal_inertia" else "a number of at least 1"
            )
    if not 150.0 <= start < end <= 3000.0:
        raise InputError("simulate_arc", "start, end", (start, end), "rising temperatures in kelvin")
    capacity = thermal_inertia * sample_density * specific_heat
    set_ = kinetics.arrays()
    extents = np.zeros((1, set_.heat.size))
    clock, now = 0.0, start
    times, temperatures, rates, exotherm = [np.array([0.0])], [np.array([start])], [np.array([0.0])], [np.array([False])]

    def phase(duration: float, power: float, points: int, hot: bool) -> float:
        nonlocal extents, clock, now
        network = ThermalNetwork()
        network.add(capacity)
        network.bodies[0]["volume"] = 1.0
        if power > 0:
            network.heat(0, np.array([0.0]), np.array([power]))
        time = np.linspace(0.0, duration, points)
        found = simulate_network(
            network, kinetics, time, initial_temperature=now, initial_extents=extents, tolerance=tolerance, land=True
        )
        heat = np.empty_like(found.extents)
        heat_by_reaction(set_, np.ones(1), found.temperature, found.extents, heat)
        heating = heat[:, 0].sum(axis=1) / capacity
        kept = slice(
            1, points if found.temperature[-1, 0] <= end or not hot else int(np.argmax(found.temperature[:, 0] > end)) + 1
        )
        times.append(clock + time[kept])
        temperatures.append(found.temperature[kept, 0])
        rates.append(heating[kept])
        exotherm.append(np.full(times[-1].size, hot))
        last = min(kept.stop, points) - 1
        clock, now, extents = clock + time[last], float(found.temperature[last, 0]), found.extents[last]
        return float(heating[last])

    for _ in range(10_000):
        phase(search.step / search.step_rate, capacity * search.step_rate, 11, hot=False)
        rate = phase(search.wait + search.seek, 0.0, 11, hot=False)
        while rate >= search.threshold and now < end:
            # Short enough that the temperature changes by about one step, long enough to come to an end.
            rate = phase(max(min(search.seek, search.step / rate), 1e-3), 0.0, 21, hot=True)
        if now >= end:
            break
    else:
        raise ConvergenceError("the ARC", f"end was not reached within 10000 steps of {search.step} K", time=clock)
    source = predicted("scalith.lab.simulate_arc", kinetics.digest, settings=settings | search.model_dump())
    columns = [np.concatenate(parts) for parts in (times, temperatures, rates)]
    found = arc_record(columns[0], columns[1], columns[2], np.concatenate(exotherm), thermal_inertia, specific_heat, source)
    return found.assign_attrs(kinetics_digest=kinetics.digest)


def read_dsc(
    path: str | Path,
    heating_rate: float | None = None,
    *,
    mass: float | str | None = None,
    exotherm: Direction | None = None,
) -> xr.Dataset:
    """Read a measured DSC curve: a CSV with units in its titles, or an instrument's text export (`calorimetry_files`).

    Parameters
    ----------
    path : path
        CSV such as ``time [s], temperature [degC], heat_flow [W/g]`` (exothermic heat flow is positive), or an export of Netzsch
        Proteus, TA TRIOS, PerkinElmer Pyris, Mettler STARe and the like.
    heating_rate : float, optional
        K s-1; the mean slope of temperature over time when not given. A file without a time column needs it, or states it.
    mass : float or str, optional
        Of the sample, kg or text with a unit, for a heat flow in watts whose file does not state it.
    exotherm : {"up", "down"}, optional
        Sign of exothermic heat flow, where the file does not state it.

    Raises
    ------
    InputError
        As `read_columns`, or what is missing in an export; times that do not increase; temperatures in °C that are labelled K;
        a rate that is not positive.
    """
    name, (time, temperature, flow), comments, stated = _dsc_columns(path, mass, exotherm)
    if temperature.size < 10:
        raise InputError(name, "time", f"{temperature.size} rows", "at least 10 rows")
    if temperature.min() < 200.0:
        expected = "kelvin above 200; degrees Celsius carry the unit degC"
        raise InputError(name, "column 'temperature'", f"{temperature.min():.6g} K", expected)
    heating_rate = stated if heating_rate is None and time is None else heating_rate
    if time is None:
        if heating_rate is None or not heating_rate > 0:
            raise InputError(name, "column 'time'", "no such column", "a time column, or heating_rate= for a straight ramp")
        time = (temperature - temperature[0]) / heating_rate
    if np.any(np.diff(time) <= 0):
        row = int(np.argmax(np.diff(time) <= 0)) + 2
        found = f"{time[row - 1]:.6g} after {time[row - 2]:.6g}"
        raise InputError(name, f"column 'time', row {row}", found, "strictly increasing values")
    rate = float(np.polyfit(time, temperature, 1)[0]) if heating_rate is None else heating_rate
    if not rate > 0:
        raise InputError(name, "heating_rate", rate, "a positive rate")
    record = FileRecord(name=Path(path).name, digest=file_digest(path), licence=comments.get("licence", ""))
    source = Source(kind="measured", reference=comments.get("source", "not stated in the file"), files=(record,))
    return dsc_curve(time, temperature, flow, rate, source)


def _is_plain(path: str | Path) -> bool:
    """Whether the titles are the plain ones, ``heat_flow [unit]`` among them; what cannot be read is left to `read_columns`."""
    try:
        lines = Path(path).read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError:
        return False
    except OSError:
        return True
    titles = next((line for line in lines if line.strip() and not line.lstrip().startswith("#")), "")
    return not titles or ("[" in titles and "heat flow" not in titles.lower())


def _dsc_columns(
    path: str | Path, mass: float | str | None, exotherm: Direction | None
) -> tuple[str, tuple[Array | None, Array, Array], dict[str, str], float | None]:
    """Name of the file; time, temperature and heat flow in SI units; its remarks; the heating rate that it states."""
    from scalith.lab.calorimetry_files import read_calorimetry_columns

    if _is_plain(path):
        data = read_columns(path)
        columns = data.si("time", "s"), data.si("temperature", "K"), data.si("heat_flow", "W kg-1")
        return data.path, columns, data.comments, None
    found = read_calorimetry_columns(path, mass=mass, exotherm=exotherm)
    return found.path, (found.time, found.temperature, found.heat_flow), found.remarks, found.heating_rate


def dsc_curve(
    time: NDArray[np.float64], temperature: NDArray[np.float64], flow: NDArray[np.float64], rate: float, source: Source
) -> xr.Dataset:
    """A curve in the form that all calorimetry here has: s, K, W kg-1 (exothermic positive), K s-1."""
    return xr.Dataset(
        {
            "temperature": ("time", temperature, {"units": "K", "long_name": "sample temperature"}),
            "heat_flow": ("time", flow, {"units": "W kg-1", "long_name": "heat flow, exothermic positive"}),
        },
        coords={"time": ("time", time, {"units": "s", "long_name": "time"})},
        attrs={"source": source.to_json(), "heating_rate": rate},
    )


def arc_record(
    time: NDArray[np.float64],
    temperature: NDArray[np.float64],
    self_heating: NDArray[np.float64],
    exotherm: NDArray[np.bool_],
    thermal_inertia: float,
    specific_heat: float,
    source: Source,
) -> xr.Dataset:
    """A record in the form that all adiabatic calorimetry here has: s, K, K s-1, whether the calorimeter follows the sample."""
    onset = float(temperature[max(int(np.argmax(exotherm)) - 1, 0)]) if exotherm.any() else float("nan")
    return xr.Dataset(
        {
            "temperature": ("time", temperature, {"units": "K", "long_name": "sample temperature"}),
            "self_heating": ("time", self_heating, {"units": "K s-1", "long_name": "self-heating"}),
            "exotherm": ("time", exotherm, {"units": "1", "long_name": "calorimeter follows the sample"}),
            "onset_temperature": ((), onset, {"units": "K", "long_name": "start of the first exotherm"}),
            "final_temperature": ((), float(temperature.max()), {"units": "K", "long_name": "highest temperature"}),
        },
        coords={"time": ("time", time, {"units": "s", "long_name": "time"})},
        attrs={"source": source.to_json(), "thermal_inertia": thermal_inertia, "specific_heat": specific_heat},
    )


def name_of(curve: xr.Dataset) -> str:
    """A curve in words: its file or origin, and its heating rate."""
    source = Source.from_json(curve.attrs["source"])
    origin = source.files[0].name if source.files else source.by or source.reference
    return (
        f"{origin} at {60 * float(curve.attrs['heating_rate']):.3g} K/min" if "heating_rate" in curve.attrs else f"{origin} (ARC)"
    )
