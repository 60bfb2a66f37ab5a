"""Heat in three dimensions: finite volumes on a structured grid, with or without reactions in the cells."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scalith.pack.heat.assembly import Assembly, Grid, make_grid
from scalith.pack.heat.block_reactions import BlockReactions
from scalith.pack.heat.block_vents import BlockVents
from scalith.pack.heat.body_properties import BodyProperties
from scalith.pack.heat.conduction import Conduction
from scalith.quantities import ConvergenceError, InputError, Result, labelled, nearest, predicted
from scalith.reactions.kinetics import ReactionSet, require_same_kinetics

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

Array = NDArray[np.float64]
_WHERE = "simulate_heat_3d"


def simulate_heat_3d(
    assembly: Assembly,
    *,
    duration: float,
    output_times: int = 61,
    initial_temperature: float = 298.15,
    heat: dict[str, tuple[ArrayLike, ArrayLike]] | None = None,
    heat_shape: dict[str, Array] | None = None,
    kinetics: ReactionSet | None = None,
    kinetics_digest: str | None = None,
    largest_step: float | None = None,
    change_per_step: float = 10.0,
    runaway_rate: float = 1.0,
    progress: Callable[[float, str], None] | None = None,
) -> Result:
    r"""Temperatures of an assembly of cells, plates, spacers, busbars.

    ρ c(T) ∂T/∂t = ∇·(k(T) ∇T) + q(x, t) + Σ_r heat_r ∂ξ_r/∂t,   contact resistances between blocks,
    −k ∂T/∂n = h (T − T_s) + ε σ (T⁴ − T_s⁴) at the sides, and at the faces towards an open space between the blocks.

    A cell with a vent gathers the gas of all its volumes; when the pressure reaches the vent's, boiling takes its heat from the
    cell, and later a share of the reaction heat leaves with gas and particles (`BlockVents`). Faces take the two half volumes
    and a contact in series. Conduction is advanced by the L-stable two-stage SDIRK method of
    order 2 (γ = 1 − 1/√2), each stage solved by conjugate gradients with a multigrid cycle, cost linear in the volumes;
    reactions by a Rosenbrock method in each volume, in a symmetric (Strang) splitting. Radiation and temperature-dependent
    properties are taken at the start of a step. The step follows the change of temperature; the energy balance is exact for
    whatever the step is.

    Parameters
    ----------
    assembly : Assembly
        Geometry, materials, surfaces.
    duration : float
        s.
    output_times : int
        Outputs, evenly spaced.
    initial_temperature : float
        K.
    heat : dict, optional
        By block: times (s) and powers (W), linear between the times; a time given twice is a jump. Powers of shape
        (times, nx, ny, nz) are those of the block's own volumes.
    heat_shape : dict, optional
        By block: relative density of its heat on the block's own volumes, shape (nx, ny, nz) of the block's box; even when
        not given. A spot for a nail, a profile from the cell scale.
    kinetics : ReactionSet, optional
        Reactions in the blocks that react.
    kinetics_digest : str, optional
        Needed with `kinetics`: digest that the result of the scale before carries (`CellBody.kinetics_digest`); another set, or
        blocks that react in another share or have another vent, are rejected.
    largest_step : float, optional
        s; a fiftieth of the duration when not given.
    change_per_step : float
        A step ends before reactions warm the mean of any block by more, or conduction changes any volume by more than
        25 times this, K.
    runaway_rate : float
        Mean self-heating of a block that counts as runaway, K s-1.
    progress : callable, optional
        Called with (fraction, message).

    Returns
    -------
    Result
        Dimensions ``time``, ``block``, ``x``, ``y``, ``z``: ``temperature`` (K, at the outputs), ``block_temperature`` (mean),
        ``block_peak`` (K, highest ever in it), ``runaway_time`` (s), ``heat_released`` (J, by block), ``heat_supplied``,
        ``heat_stored``, ``heat_lost`` (J), ``maximum_temperature``, with vents ``pressure``, ``gas_made``, ``heat_ejected``,
        ``mass_lost``, ``vent_time``, with streams (dimension ``side``) ``coolant_outlet`` (K) and ``coolant_heat`` (J, by the
        enthalpy of the coolant) and ``coolant_balance_error`` (that enthalpy against the heat that left the body to it); scalars
        ``peak_temperature``, ``energy_balance_error``, ``solver_imbalance`` (what the linear solves were off by in all, closed
        step by step with a constant: the balance does not show it), ``volumes``, ``steps``.

    Raises
    ------
    InputError
        Geometry with overlap or gap, an unknown block, numbers out of range.
    StudyError
        Kinetics other than those of `kinetics_digest`.
    ConvergenceError
        A linear solve did not converge, a reaction's step became too small, or the energy balance is open by more than 1e-8.
    """
    if not 0 < duration < np.inf or output_times < 2 or not change_per_step > 0 or not (largest_step is None or largest_step > 0):
        found = (duration, output_times, change_per_step, largest_step)
        raise InputError(_WHERE, "duration, output_times, change_per_step, largest_step", found, "positive, at least two outputs")
    if not 150.0 <= initial_temperature <= 3000.0:
        raise InputError(_WHERE, "initial_temperature", initial_temperature, "kelvin between 150 and 3000")
    if kinetics is not None:
        _require_kinetics(assembly, kinetics, kinetics_digest)
    grid = make_grid(assembly)
    run = _Stepper(assembly, grid, initial_temperature, heat or {}, heat_shape or {}, kinetics, runaway_rate)
    outputs = np.linspace(0.0, duration, output_times)
    stops = np.unique(np.concatenate([outputs, *[np.asarray(t, dtype=np.float64) for t, _ in (heat or {}).values()]]))
    stops = stops[(stops > 0) & (stops <= duration)]
    longest = duration / 50.0 if largest_step is None else largest_step
    fields, rows = [run.state.T.copy()], [run.ledger()]
    step, out = min(longest, 1e-2 * longest), 1
    for stop in stops:
        while stop - run.state.time > 1e-10 * (1.0 + stop):
            left = stop - run.state.time
            trial = left if step >= 0.999 * left else min(step, 0.5 * left) if step > 0.5 * left else step
            change = run.try_step(trial, change_per_step)
            if change > 2.0 and trial > 1e-6 * duration / 50.0:
                run.undo()
                step = trial * max(0.2, 0.8 / change)
                continue
            if trial >= step or change > 1.0:
                step = min(longest, trial * min(2.0, max(0.3, 0.8 / max(change, 1e-3))))
        run.catch_up()
        run.state.time = stop
        if abs(stop - outputs[out]) < 1e-9 * (1.0 + stop):
            fields.append(run.state.T.copy())
            rows.append(run.ledger())
            out += 1
        if progress is not None:
            progress(stop / duration, f"t = {stop:.4g} s, hottest place {run.state.T.max():.0f} K, {run.state.steps} steps")
    return _dataset(assembly, grid, run, outputs, np.array(fields), rows, kinetics, kinetics_digest)


def _require_kinetics(assembly: Assembly, kinetics: ReactionSet, wanted: str | None) -> None:
    """Reject kinetics, or blocks in which they act otherwise, that are not those the previous scale used."""
    if wanted is None:
        expected = "that of a test of the cell (its attribute kinetics_digest), or cell.kinetics_digest(kinetics)"
        raise InputError(_WHERE, "kinetics_digest", "none beside kinetics", expected)
    for block in assembly.blocks:
        if block.reacts:
            where = f"heat in three dimensions, block {block.name!r}"
            require_same_kinetics(kinetics, wanted, where, reacting_fraction=block.reacting_fraction, vent=block.vent)


class _Ledger(NamedTuple):
    supplied: float
    lost: float
    released: Array
    stored: float
    block_mean: Array
    gas: Array
    pressure: Array
    ejected: Array
    coolant: Array
    outlet: Array


@dataclass
class _State:
    """What a step changes. `owed` is conduction that lags behind the time, s; heats are since the start, J."""

    T: Array
    extents: Array
    held: Array
    held_at: Array
    released: Array
    runaway: Array
    peak: Array
    last_rate: Array
    time: float = 0.0
    owed: float = 0.0
    supplied: float = 0.0
    lost: float = 0.0
    exchanged: float = 0.0
    coolant: Array | float = 0.0
    steps: int = 0

    def copy(self) -> _State:
        other = copy(self)
        for name, value in vars(self).items():
            if isinstance(value, np.ndarray):
                setattr(other, name, value.copy())
        return other


class _Stepper:
    """One run: conduction and reactions by turns, vents between them."""

    def __init__(
        self,
        assembly: Assembly,
        grid: Grid,
        start: float,
        heat: dict[str, tuple[ArrayLike, ArrayLike]],
        heat_shape: dict[str, Array],
        kinetics: ReactionSet | None,
        runaway_rate: float,
    ) -> None:
        self.grid, self.runaway_rate = grid, runaway_rate
        self.properties = BodyProperties(assembly, grid, float(start))
        self.sources = _sources(assembly, grid, heat, heat_shape)
        self.reactions = BlockReactions(assembly, grid, kinetics)
        self.vents = BlockVents(assembly, grid, self.reactions.arrays, float(start))
        self.conduction = Conduction(self.properties)
        blocks, volumes = len(assembly.blocks), self.reactions.where.size
        self.volume_of = np.array([grid.volume[grid.block == b].sum() for b in range(blocks)])
        self._by_block = np.argsort(grid.block.ravel(), kind="stable")[np.count_nonzero(grid.block < 0) :]
        self._block_starts = np.searchsorted(grid.block.ravel()[self._by_block], np.arange(blocks))
        self.state = _State(
            T=np.full(grid.block.shape, float(start)),
            extents=np.zeros((volumes, self.reactions.count)),
            held=np.zeros((volumes, self.reactions.count)),
            held_at=np.zeros(volumes),
            released=np.zeros(blocks),
            runaway=np.full(blocks, np.nan),
            peak=np.full(blocks, float(start)),
            last_rate=np.zeros(blocks),
        )
        self._before = self.state, self.vents.copy()

    def try_step(self, step: float, change_per_step: float) -> float:
        """Advance by `step`; the largest change relative to what is allowed."""
        self._before = self.state.copy(), self.vents.copy()
        now, reacts = self.state, self.reactions.arrays is not None
        # Strang's splitting; the half step of conduction after the reactions joins the one before the next.
        now.time -= now.owed
        first = self._conduct(now.owed + (0.5 * step if reacts else step))
        now.time += now.owed
        self._note_peaks()
        burnt, now.owed = np.zeros(self.volume_of.size), 0.0
        gas, means = (self.reactions.gas(now.extents), self.block_means()) if self.vents.any else (burnt, burnt)
        if reacts:
            burnt, now.owed = self._react(step), 0.5 * step
        now.time += step
        if self.vents.any:
            # Conduction has come half a step far: the mean before and after the reactions belongs to the step's middle.
            middle = now.time - 0.5 * step
            gas, means = 0.5 * (gas + self.reactions.gas(now.extents)), 0.5 * (means + self.block_means())
            self._vent(gas, means, now.released - 0.5 * burnt, middle)
        now.steps += 1
        rise = burnt / np.maximum(self.properties.capacity_of, 1e-300)
        rate = rise / step
        for b in np.flatnonzero(np.isnan(now.runaway) & (rate >= self.runaway_rate)):
            low = now.last_rate[b]
            share = 1.0 if low <= 0 else float(np.log(self.runaway_rate / low) / np.log(rate[b] / low))
            now.runaway[b] = now.time - 0.5 * step - (1.0 - np.clip(share, 0.0, 1.0)) * step
        now.last_rate = rate
        return float(max(rise.max(initial=0.0) / change_per_step, first / (25.0 * change_per_step)))

    def catch_up(self) -> None:
        """The half step of conduction that is owed: outputs and knots of the sources lie at whole steps."""
        now = self.state
        if now.owed > 0:
            late, now.owed = now.owed, 0.0
            now.time -= late
            self._conduct(late)
            now.time += late
            if self.vents.any:
                self._vent(self.reactions.gas(now.extents), self.block_means(), now.released, now.time)
            self._note_peaks()

    def undo(self) -> None:
        """Go back to before the last step."""
        self.state, vents = self._before
        self.vents.restore(vents)

    def _conduct(self, step: float) -> float:
        """Conduction, sources and surroundings for a while; the largest change of temperature, K."""
        now = self.state
        if self.properties.varies and now.steps:
            self.conduction.refresh(now.T)
        source = np.zeros(now.T.shape)
        for time, power, weight in self.sources:
            energy = _energy(time, power, now.time, now.time + step)
            now.supplied += float(energy.sum())
            source += (weight * energy if energy.ndim == 0 else _over(weight, energy)) / step
        done = self.conduction.step(now.T, source, step, now.time)
        now.T = done.temperature
        now.lost += done.lost
        now.exchanged += done.exchanged
        now.coolant = now.coolant + done.streams
        return done.change

    def _react(self, duration: float) -> Array:
        """Reactions alone for a while; heat of each block, J."""
        now = self.state
        heat, by_block = self.reactions.advance(
            duration, now.T, self.properties.volumetric, now.extents, now.held, now.held_at, now.time
        )
        now.released += by_block
        if self.vents.any:
            kept = self.vents.kept_share()
            self.vents.ejected += (1.0 - kept) * by_block
            heat *= kept[self.reactions.block]
        self._warm_by(heat)
        return by_block

    def _vent(self, gas: Array, means: Array, released: Array, time: float) -> None:
        """Open the valves whose pressure is reached until `time`; boiling then cools what is above the boiling point."""
        for b in self.vents.look(gas, means, released, time):
            vent = self.vents.vents[b]
            assert vent is not None
            T = self.state.T
            above = (self.properties.enthalpy(T) - self.properties.enthalpy(np.minimum(T, vent.boiling_point()))).reshape(-1)
            above = np.where(self.reactions.block == b, above[self.reactions.where], 0.0)
            share = self.vents.boil(b, above * self.grid.volume.reshape(-1)[self.reactions.where])
            self._warm_by(-share * above)

    def _warm_by(self, heat: Array) -> None:
        """Temperatures after `heat`, J m-3, in the volumes that react: where the capacity varies its mean between both counts."""
        now, where = self.state, self.reactions.where
        if not self.properties.varies:
            now.T.reshape(-1)[where] += heat / self.properties.volumetric.reshape(-1)[where]
            return
        full = np.zeros(now.T.size)
        full[where] = heat
        now.T = self.properties.temperature_of(self.properties.enthalpy(now.T) + full.reshape(now.T.shape), now.T)

    def _note_peaks(self) -> None:
        """Highest temperature so far in each block."""
        highest = np.maximum.reduceat(self.state.T.reshape(-1)[self._by_block], self._block_starts)
        np.maximum(self.state.peak, highest, out=self.state.peak)

    def block_means(self) -> Array:
        """Mean temperature of each block, K."""
        heat = self.properties.capacity * self.state.T
        sums = np.bincount(self.grid.block.ravel() + 1, heat.ravel(), minlength=self.volume_of.size + 1)[1:]
        means: Array = sums / self.properties.capacity_of
        return means

    def ledger(self) -> _Ledger:
        """Heat accounts since the start, J, and the mean temperature of each block."""
        now, vents = self.state, self.vents
        stored = float((self.properties.enthalpy(now.T) * self.grid.volume).sum())
        return _Ledger(
            now.supplied, now.lost, now.released.copy(), stored, self.block_means(), self.reactions.gas(now.extents),
            vents.pressure.copy(), vents.ejected.copy(), now.coolant + np.zeros((len(self.properties.streams), 2)),
            np.array([stream.outlet(now.T) for stream in self.properties.streams]),
        )  # fmt: skip


def _sources(
    assembly: Assembly, grid: Grid, heat: dict[str, tuple[ArrayLike, ArrayLike]], heat_shape: dict[str, Array]
) -> list[tuple[Array, Array, Array]]:
    """Times, powers and the share of each volume of every heat source."""
    names = [block.name for block in assembly.blocks]
    for name in [*heat, *heat_shape]:
        if name not in names:
            raise InputError(_WHERE, "heat" if name in heat else "heat_shape", f"block {name!r}", nearest(name, names))
    sources = []
    for name, (time, power) in heat.items():
        t, p = np.asarray(time, dtype=np.float64), np.asarray(power, dtype=np.float64)
        of_volumes = p.ndim == 4 and p[0].size == int((grid.block == names.index(name)).sum()) and name not in heat_shape
        as_many = p.shape[:1] == t.shape and (p.ndim == 1 or of_volumes)
        sound = t.ndim == 1 and t.size > 0 and as_many and bool(np.all(np.isfinite(t)) and np.all(np.isfinite(p)))
        if not sound or np.any(np.diff(t) < 0):
            raise InputError(
                _WHERE, f"heat of {name!r}", f"shapes {t.shape} and {p.shape}", "finite powers at times that do not fall"
            )
        mask = grid.block == names.index(name)
        weight = grid.volume * mask
        if name in heat_shape:
            density = np.asarray(heat_shape[name], dtype=np.float64).ravel()
            if density.size != mask.sum():
                size = f"{density.size} numbers"
                raise InputError(_WHERE, f"heat_shape of {name!r}", size, f"{mask.sum()}, one for each volume of the block")
            weight[mask] *= density
        if not (np.all(weight >= 0) and 0 < weight.sum() < np.inf):
            raise InputError(
                _WHERE, f"heat_shape of {name!r}", "a density below zero, or no heat", "one that is positive somewhere"
            )
        sources.append((t, p, weight / weight.sum()))
    return sources


def _over(weight: Array, energy: Array) -> Array:
    """Energies of a block's volumes on the whole grid."""
    result = np.zeros(weight.shape)
    result[weight > 0] = energy.ravel()
    return result


def _energy(time: Array, power: Array, start: float, end: float) -> Array:
    """∫ power dt over a step that contains no knot inside; of each volume where the powers are."""
    middle = 0.5 * (start + end)
    if time.size == 1 or middle <= time[0]:
        return np.asarray(power[0] * (end - start))
    if middle >= time[-1]:
        return np.asarray(power[-1] * (end - start))
    i = int(np.searchsorted(time, middle, side="right")) - 1
    share = (middle - time[i]) / (time[i + 1] - time[i])
    return np.asarray((power[i] + share * (power[i + 1] - power[i])) * (end - start))


def _dataset(
    assembly: Assembly,
    grid: Grid,
    run: _Stepper,
    time: Array,
    fields: Array,
    rows: list[_Ledger],
    kinetics: ReactionSet | None,
    kinetics_digest: str | None,
) -> Result:
    supplied, lost, stored = (np.array([getattr(row, name) for row in rows]) for name in ("supplied", "lost", "stored"))
    released, ejected = np.array([row.released for row in rows]), np.array([row.ejected for row in rows])
    # Heat that goes through the body from one side to the other counts too.
    largest = max(run.state.exchanged, *(np.abs(part).max() for part in (supplied, stored, released.sum(axis=1))))
    account = max(largest, 1e-3 * run.properties.capacity.sum())
    error = float(np.abs(released.sum(axis=1) + supplied - stored - lost - ejected.sum(axis=1)).max() / account)
    if not error < 1e-8:
        raise ConvergenceError(
            "heat in three dimensions", f"the energy balance is open by {error:.1e}: use smaller steps", partial=fields
        )
    if assembly.open_space is not None:
        fields[:, grid.block < 0] = np.nan
    data: dict[str, Any] = {
        "temperature": (("time", "x", "y", "z"), fields, "K", "temperature"),
        "maximum_temperature": ("time", np.nanmax(fields, axis=(1, 2, 3)), "K", "hottest place"),
        "block_temperature": (
            ("time", "block"),
            np.array([row.block_mean for row in rows]),
            "K",
            "mean temperature of each block",
        ),
        "block_peak": ("block", run.state.peak, "K", "highest temperature in each block"),
        "runaway_time": ("block", run.state.runaway, "s", f"mean self-heating reaches {run.runaway_rate:g} K/s"),
        "heat_released": (("time", "block"), released, "J", "heat of reaction since the start"),
        "heat_supplied": ("time", supplied, "J", "heat of sources since the start"),
        "heat_stored": ("time", stored, "J", "heat stored since the start"),
        "heat_lost": ("time", lost, "J", "heat given to the surroundings since the start"),
        "peak_temperature": ((), float(run.state.peak.max()), "K", "highest temperature in a block"),
        "energy_balance_error": ((), error, "1", "largest relative error of the energy balance"),
        "solver_imbalance": (
            (),
            run.conduction.closing_heat / account,
            "1",
            "heat that the solver was off by, closed step by step with a constant, over the largest account",
        ),
        "volumes": ((), int(np.isfinite(fields[0]).sum()), "1", "finite volumes"),
        "steps": ((), run.state.steps, "1", "time steps"),
    }
    if kinetics is not None:
        data |= _vented(assembly, run, time, rows, kinetics)
    data |= _coolant(run, rows, account)
    parents = [assembly.digest] if kinetics is None else [kinetics.digest, assembly.digest]
    source = predicted("scalith.pack.simulate_heat_3d", *parents)
    attrs = {"source": source.to_json()} | ({} if kinetics is None else {"kinetics_digest": kinetics_digest})
    return Result(
        {name: labelled(dims, values, title, unit) for name, (dims, values, unit, title) in data.items()},
        coords=_coordinates(assembly, grid, run, time),
        attrs=attrs,
    )


def _coordinates(assembly: Assembly, grid: Grid, run: _Stepper, time: Array) -> dict[str, Any]:
    centres = [0.5 * (line[1:] + line[:-1]) for line in grid.edges]
    return {
        "time": labelled("time", time, "time", "s"),
        "block": ("block", [block.name for block in assembly.blocks], {"long_name": "block"}),
        **_stream_sides(run),
        **{name: labelled(name, centre, name, "m") for name, centre in zip("xyz", centres, strict=True)},
    }


def _vented(
    assembly: Assembly, run: _Stepper, time: Array, rows: list[_Ledger], kinetics: ReactionSet
) -> dict[str, tuple[Any, Any, str, str]]:
    """What left through vents, and how much of what could react has."""
    mass = np.array([assembly.materials[block.material].density for block in assembly.blocks]) * run.volume_of
    fraction = np.array([block.reacting_fraction for block in assembly.blocks])
    gas, pressure, released, ejected = (
        np.array([getattr(row, name) for row in rows]) for name in ("gas", "pressure", "released", "ejected")
    )
    whole = kinetics.stored_heat * fraction * run.volume_of
    return run.vents.outputs(time, gas, pressure, ejected, released, whole, mass)


def _stream_sides(run: _Stepper) -> dict[str, Any]:
    streams = run.properties.streams
    return {"side": ("side", [stream.side for stream in streams], {"long_name": "side with a stream"})} if streams else {}


def _coolant(run: _Stepper, rows: list[_Ledger], scale: float) -> dict[str, Any]:
    """What the streams have taken up, and how far that is from what left the body where nothing else takes heat."""
    if not run.properties.streams:
        return {}
    heat = np.array([row.coolant for row in rows])
    found: dict[str, Any] = {
        "coolant_heat": (("time", "side"), heat[:, :, 0], "J", "heat taken up by each stream since the start"),
        "coolant_outlet": (("time", "side"), np.array([row.outlet for row in rows]), "K", "outlet temperature of each stream"),
    }
    error = float(np.abs(heat[:, :, 0] - heat[:, :, 1]).max() / scale)
    title = "enthalpy of the streams against the heat that left the body to them, over the largest account"
    return found | {"coolant_balance_error": ((), error, "1", title)}
