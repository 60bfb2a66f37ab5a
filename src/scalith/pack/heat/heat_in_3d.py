"""Heat in three dimensions: finite volumes on a structured grid, with or without reactions in the cells."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from scalith.pack.heat.assembly import Assembly, Grid, make_grid
from scalith.pack.heat.block_vents import BlockVents
from scalith.pack.heat.coarse_levels import coarse_levels
from scalith.quantities import ConvergenceError, InputError, Property, nearest, predicted
from scalith.quantities.constants import STEFAN_BOLTZMANN
from scalith.reactions.kinetics import ReactionSet, require_same_kinetics

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

Array = NDArray[np.float64]
_GAMMA = 1.0 - np.sqrt(0.5)
_WHERE = "heat_in_3d"


def heat_in_3d(
    assembly: Assembly,
    *,
    duration: float,
    times: int = 61,
    initial_temperature: float = 298.15,
    heat: dict[str, tuple[ArrayLike, ArrayLike]] | None = None,
    heat_shape: dict[str, Array] | None = None,
    kinetics: ReactionSet | None = None,
    kinetics_digest: str | None = None,
    largest_step: float | None = None,
    change_per_step: float = 10.0,
    runaway_rate: float = 1.0,
    progress: Callable[[float, str], None] | None = None,
) -> xr.Dataset:
    r"""Temperatures of an assembly of cells, plates, spacers, busbars.

    ρ c(T) ∂T/∂t = ∇·(k(T) ∇T) + q(x, t) + Σ_r heat_r ∂ξ_r/∂t,   contact resistances between blocks,
    −k ∂T/∂n = h (T − T_s) + ε σ (T⁴ − T_s⁴) at the sides.

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
    times : int
        Outputs, evenly spaced.
    initial_temperature : float
        K.
    heat : dict, optional
        By block: times (s) and powers (W), linear between the times; a time given twice is a jump.
    heat_shape : dict, optional
        By block: relative density of its heat on the block's own volumes, shape (nx, ny, nz) of the block's box; even when
        not given. A spot for a nail, a profile from the cell scale.
    kinetics : ReactionSet, optional
        Reactions in the blocks that react.
    kinetics_digest : str, optional
        Digest that the scale before used; another set is refused.
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
    xarray.Dataset
        Dimensions ``time``, ``block``, ``x``, ``y``, ``z``: ``temperature`` (K, at the outputs), ``block_temperature`` (mean),
        ``block_peak`` (K, highest ever in it), ``runaway_time`` (s), ``heat_released`` (J, by block), ``heat_supplied``,
        ``heat_stored``, ``heat_lost`` (J), ``maximum_temperature``, with vents ``pressure``, ``gas_made``, ``heat_ejected``,
        ``mass_lost``, ``vent_time``; scalars ``peak_temperature``, ``energy_balance_error``,
        ``volumes``, ``steps``.

    Raises
    ------
    InputError
        Geometry with overlap or gap, an unknown block, numbers out of range.
    StudyError
        Kinetics other than those of `kinetics_digest`.
    ConvergenceError
        A linear solve did not converge, a reaction's step became too small, or the energy balance is open by more than 1e-8.
    """
    if not 0 < duration < np.inf or times < 2 or not change_per_step > 0 or not (largest_step is None or largest_step > 0):
        found = (duration, times, change_per_step, largest_step)
        raise InputError(_WHERE, "duration, times, change_per_step, largest_step", found, "positive, at least two outputs")
    if not 150.0 <= initial_temperature <= 3000.0:
        raise InputError(_WHERE, "initial_temperature", initial_temperature, "kelvin between 150 and 3000")
    if kinetics_digest is not None and kinetics is not None:
        require_same_kinetics(kinetics, kinetics_digest, "heat in three dimensions")
    grid = make_grid(assembly)
    state = _Stepper(assembly, grid, initial_temperature, heat or {}, heat_shape or {}, kinetics, runaway_rate)
    outputs = np.linspace(0.0, duration, times)
    stops = np.unique(np.concatenate([outputs, *[np.asarray(t, dtype=np.float64) for t, _ in (heat or {}).values()]]))
    stops = stops[(stops > 0) & (stops <= duration)]
    longest = duration / 50.0 if largest_step is None else largest_step
    fields, rows = [state.T.copy()], [state.ledger()]
    step, out = min(longest, 1e-2 * longest), 1
    for stop in stops:
        while stop - state.time > 1e-10 * (1.0 + stop):
            left = stop - state.time
            trial = left if step >= 0.999 * left else min(step, 0.5 * left) if step > 0.5 * left else step
            change = state.try_step(trial, change_per_step)
            if change > 2.0 and trial > 1e-6 * duration / 50.0:
                state.undo()
                step = trial * max(0.2, 0.8 / change)
                continue
            if trial >= step or change > 1.0:
                step = min(longest, trial * min(2.0, max(0.3, 0.8 / max(change, 1e-3))))
        state.catch_up()
        state.time = stop
        if abs(stop - outputs[out]) < 1e-9 * (1.0 + stop):
            fields.append(state.T.copy())
            rows.append(state.ledger())
            out += 1
        if progress is not None:
            progress(stop / duration, f"t = {stop:.4g} s, hottest place {state.T.max():.0f} K, {state.steps} steps")
    return _dataset(assembly, grid, state, outputs, np.array(fields), rows, kinetics)


class _Ledger(NamedTuple):
    supplied: float
    lost: float
    released: Array
    stored: float
    block_mean: Array
    gas: Array
    pressure: Array
    ejected: Array


class _Stepper:
    """The state of one run: temperatures, extents, heat accounts, and the work arrays of the solver."""

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
        self.assembly, self.grid, self.start, self.runaway_rate = assembly, grid, start, runaway_rate
        self.time, self.steps, self.owed = 0.0, 0, 0.0  # owed: conduction that lags behind the time, s
        shape = grid.block.shape
        self.T = np.full(shape, float(start))
        blocks = assembly.blocks
        names = [block.name for block in blocks]
        self.volume_of = np.array([grid.volume[grid.block == b].sum() for b in range(len(blocks))])
        self._properties(start)
        self.supplied, self.lost, self.exchanged = 0.0, 0.0, 0.0
        self.sources = []
        for name in [*heat, *heat_shape]:
            if name not in names:
                raise InputError(_WHERE, "heat" if name in heat else "heat_shape", f"block {name!r}", nearest(name, names))
        for name, (time, power) in heat.items():
            t, p = np.asarray(time, dtype=np.float64), np.asarray(power, dtype=np.float64)
            sound = t.ndim == 1 and t.size > 0 and t.shape == p.shape and np.all(np.isfinite(t)) and np.all(np.isfinite(p))
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
            self.sources.append((t, p, weight / weight.sum()))
        reacting = np.array([block.reacts for block in blocks] + [False])
        self.where = np.flatnonzero(reacting[grid.block.ravel()]) if kinetics is not None else np.empty(0, dtype=np.int64)
        if kinetics is not None and not self.where.size:
            raise InputError(_WHERE, "kinetics", "no block that reacts", "reacts = true for the cells")
        self.set_ = None if kinetics is None else kinetics.arrays()
        count = 0 if self.set_ is None else self.set_.heat.size
        self.extents = np.zeros((self.where.size, count))
        self.held, self.held_at = np.zeros((self.where.size, count)), np.zeros(self.where.size)
        self.cell_of = grid.block.ravel()[self.where]
        self.volume_at = grid.volume.ravel()[self.where]
        self.fraction_at = np.array([block.reacting_fraction for block in blocks] + [1.0])[self.cell_of]
        self.released = np.zeros(len(blocks))
        self.vents = BlockVents(assembly, grid, self.set_, float(start))
        self.runaway = np.full(len(blocks), np.nan)
        self.peak = np.full(len(blocks), float(start))
        self.last_rate = np.zeros(len(blocks))
        self.levels = coarse_levels(shape, self.faces)
        length = self.levels.length
        self.gx, self.gy, self.gz, self.shift, self.diagonal, self.inverse = (np.zeros(length) for _ in range(6))
        self.right, self.x, self.work = np.zeros(length), np.zeros(length), np.zeros(3 * length)
        self.finest = slice(int(self.levels.offsets[0]), int(self.levels.offsets[0]) + self.T.size)
        self.known_step, self.coarse_known = -1.0, False
        self.before: tuple[Any, ...] = ()
        self.by_block = np.argsort(grid.block.ravel(), kind="stable")[np.count_nonzero(grid.block < 0) :]
        self.block_starts = np.searchsorted(grid.block.ravel()[self.by_block], np.arange(len(blocks)))

    # -- properties ----------------------------------------------------------------------------------------------

    def _properties(self, T: float | Array) -> None:
        """Heat capacities, conductances of faces and sides at temperature T."""
        grid, assembly = self.grid, self.assembly
        order = [block.material for block in assembly.blocks] + ([assembly.background] if assembly.background else [])
        materials = [assembly.materials[name] for name in order]
        self.varies = any(isinstance(m.specific_heat, Property) or m.conductivity_factor is not None for m in materials)
        self.radiates = any(surface.emissivity > 0 for surface in assembly.surfaces.values())
        temperature = np.broadcast_to(np.asarray(T, dtype=np.float64), grid.block.shape)
        capacity = np.empty(grid.block.shape)
        k = [np.empty(grid.block.shape) for _ in range(3)]
        for b, material in enumerate(materials):
            mask = grid.block == (b if b < len(assembly.blocks) else -1)
            if not mask.any():
                continue
            c = material.specific_heat
            capacity[mask] = material.density * (
                np.asarray(c(T=temperature[mask], extrapolate="nearest")) if isinstance(c, Property) else c
            )
            factor = material.conductivity_factor
            scale = 1.0 if factor is None else np.asarray(factor(T=temperature[mask], extrapolate="nearest"))
            for axis in range(3):
                k[axis][mask] = material.along[axis] * scale
        self.volumetric = capacity
        self.capacity = capacity * grid.volume
        self.capacity_of = np.bincount(grid.block.ravel() + 1, self.capacity.ravel(), minlength=len(assembly.blocks) + 1)[1:]
        self.faces = [_face_conductances(assembly, grid, k[axis], axis) for axis in range(3)]
        self.sides = {}
        self.boundary: tuple[Array, Array] | None = None
        for side, surface in assembly.surfaces.items():
            axis, end = "xyz".index(side[0]), 0 if side.endswith("low") else -1
            if assembly.axisymmetric and (axis == 1 or (side == "x_low" and grid.edges[0][0] == 0)):
                raise InputError(
                    "assembly",
                    f"surfaces.{side}",
                    "no such surface of an axisymmetric body",
                    "x_high, z_low, z_high, or x_low of a hollow one",
                )
            index: list[Any] = [slice(None)] * 3
            index[axis] = end
            width = np.diff(grid.edges[axis])[end]
            half = 0.5 * width / k[axis][tuple(index)]
            self.sides[side] = (tuple(index), grid.areas[axis][tuple(index)], half, surface)

    def _boundary(self) -> tuple[Array, Array]:
        """Conductance to the surroundings, W K-1, and its product with their temperature, at the present temperatures."""
        if self.boundary is not None and not self.radiates:
            return self.boundary
        conductance, pull = np.zeros(self.T.shape), np.zeros(self.T.shape)
        for index, area, half, surface in self.sides.values():
            h = np.full(area.shape, surface.heat_transfer_coefficient)
            if surface.emissivity > 0:
                T, other = self.T[index], surface.temperature
                h = h + surface.emissivity * STEFAN_BOLTZMANN * (T**2 + other**2) * (T + other)
            g = np.where(h > 0, area / (half + 1.0 / np.maximum(h, 1e-300)), 0.0)
            conductance[index] += g
            pull[index] += g * surface.temperature
        self.boundary = conductance, pull
        return self.boundary

    def _note_peaks(self) -> None:
        """Highest temperature so far in each block."""
        np.maximum(self.peak, np.maximum.reduceat(self.T.reshape(-1)[self.by_block], self.block_starts), out=self.peak)

    # -- stepping ------------------------------------------------------------------------------------------------

    def try_step(self, step: float, change_per_step: float) -> float:
        """Advance by `step`; the largest change relative to what is allowed."""
        self.before = (
            self.time, self.owed, self.T.copy(), self.extents.copy(), self.held.copy(), self.held_at.copy(), self.released.copy(),
            self.supplied, self.lost, self.exchanged, self.runaway.copy(), self.peak.copy(), self.last_rate.copy(),
            self.vents.copy(),
        )  # fmt: skip
        # Strang's splitting; the half step of conduction after the reactions joins the one before the next.
        self.time -= self.owed
        first = self._conduct(self.owed + (step if self.set_ is None else 0.5 * step))
        self.time += self.owed
        self._note_peaks()
        burnt, self.owed = np.zeros(len(self.volume_of)), 0.0
        gas, means = (self._gas(), self._block_means()) if self.vents.any else (burnt, burnt)
        if self.set_ is not None:
            burnt, self.owed = self._react(step), 0.5 * step
        self.time += step
        if self.vents.any:
            # Conduction has come half a step far: the mean before and after the reactions belongs to the step's middle.
            middle = self.time - 0.5 * step
            self._vent(0.5 * (gas + self._gas()), 0.5 * (means + self._block_means()), self.released - 0.5 * burnt, middle)
        self.steps += 1
        rise = burnt / np.maximum(self.capacity_of, 1e-300)
        rate = rise / step
        for b in np.flatnonzero(np.isnan(self.runaway) & (rate >= self.runaway_rate)):
            low = self.last_rate[b]
            share = 1.0 if low <= 0 else float(np.log(self.runaway_rate / low) / np.log(rate[b] / low))
            self.runaway[b] = self.time - 0.5 * step - (1.0 - np.clip(share, 0.0, 1.0)) * step
        self.last_rate = rate
        return float(max(rise.max(initial=0.0) / change_per_step, first / (25.0 * change_per_step)))

    def catch_up(self) -> None:
        """The half step of conduction that is owed: outputs and knots of the sources lie at whole steps."""
        if self.owed > 0:
            late, self.owed = self.owed, 0.0
            self.time -= late
            self._conduct(late)
            self.time += late
            if self.vents.any:
                self._vent(self._gas(), self._block_means(), self.released, self.time)
            self._note_peaks()

    def undo(self) -> None:
        """Go back to before the last step."""
        (
            self.time, self.owed, self.T, self.extents, self.held, self.held_at, self.released, self.supplied, self.lost,
            self.exchanged, self.runaway, self.peak, self.last_rate, vents,
        ) = self.before  # fmt: skip
        self.vents.restore(vents)
        self.steps -= 1

    def _react(self, duration: float) -> Array:
        """Reactions alone for a while; heat of each block, J."""
        assert self.set_ is not None
        from scalith.pack.kernels.voxel_reactions import react

        heat = np.zeros(self.where.size)
        flat = self.T.reshape(-1)
        # A volume that reacts in part only is one of larger capacity, by volume that reacts.
        capacity = np.ascontiguousarray(self.volumetric.reshape(-1)[self.where]) / self.fraction_at
        status = react(self.set_, duration, 1e-3, self.where, capacity, flat, self.extents, self.held, self.held_at, heat)
        if status < 0:
            raise ConvergenceError(
                "reactions in a volume", "the step became too small: look for a jump in the reaction set", time=self.time
            )
        heat *= self.fraction_at
        by_block: Array = np.bincount(self.cell_of, heat * self.volume_at, minlength=len(self.volume_of)).astype(np.float64)
        self.released += by_block
        if self.vents.any:
            kept = self.vents.kept_share()
            self.vents.ejected += (1.0 - kept) * by_block
            heat *= kept[self.cell_of]
        self._warm_by(heat)
        return by_block

    def _vent(self, gas: Array, means: Array, released: Array, time: float) -> None:
        """Open the valves whose pressure is reached until `time`; boiling cools its block evenly."""
        taken = self.vents.look(gas, means, released, time)
        if np.any(taken > 0):
            self._warm_by(-(taken / self.volume_of)[self.cell_of])

    def _gas(self) -> Array:
        """Gas made in each block since the start, mol."""
        if self.set_ is None:
            return np.zeros(len(self.volume_of))
        made = (self.extents @ self.set_.gas) * self.volume_at * self.fraction_at
        return np.bincount(self.cell_of, made, minlength=len(self.volume_of)).astype(np.float64)

    def _block_means(self) -> Array:
        """Mean temperature of each block, K."""
        weight = self.capacity * (self.grid.block >= 0)
        bins, count = self.grid.block.ravel() + 1, len(self.volume_of) + 1
        means: Array = np.bincount(bins, (weight * self.T).ravel(), count)[1:] / np.bincount(bins, weight.ravel(), count)[1:]
        return means

    def _warm_by(self, heat: Array) -> None:
        """Temperatures after `heat`, J m-3, in the volumes that react: where the capacity varies its mean between both counts."""
        if not self.varies:
            self.T.reshape(-1)[self.where] += heat / self.volumetric.reshape(-1)[self.where]
            return
        full = np.zeros(self.T.size)
        full[self.where] = heat
        self.T = self._temperature_of(self._enthalpy(self.T) + full.reshape(self.T.shape), self.T)

    def _enthalpy(self, T: Array) -> Array:
        """∫ρc dT from the start temperature, J m-3."""
        result = np.empty(T.shape)
        for mask, curve in self._curves():
            result[mask] = curve[1](T[mask])
        return result

    def _temperature_of(self, enthalpy: Array, guess: Array) -> Array:
        result = guess.copy()
        for mask, (slope, integral) in self._curves():
            T, wanted = guess[mask], enthalpy[mask]
            for _ in range(50):
                change = (integral(T) - wanted) / slope(T)
                T = T - change
                if np.abs(change).max() < 1e-12 * 300:
                    break
            result[mask] = T
        return result

    def _curves(self) -> list[tuple[NDArray[np.bool_], tuple[Callable[[Array], Array], Callable[[Array], Array]]]]:
        if not hasattr(self, "_curve_list"):
            assembly, curves = self.assembly, []
            order = [block.material for block in assembly.blocks] + ([assembly.background] if assembly.background else [])
            for b, name in enumerate(order):
                mask = self.grid.block == (b if b < len(assembly.blocks) else -1)
                material = assembly.materials[name]
                curves.append((mask, _heat_curve(material.density, material.specific_heat, self.start)))
            self._curve_list = curves
        return self._curve_list

    def _conduct(self, step: float) -> float:
        """A whole step of conduction, sources and surroundings; the largest change of temperature, K."""
        from scalith.pack.kernels.multigrid import coarsen_faces, fill_diagonals, solve

        if self.varies and self.steps:
            self._properties(self.T)
            self.coarse_known = False
        levels, finest = self.levels, self.finest
        if not self.coarse_known:
            for flat, faces in zip((self.gx, self.gy, self.gz), self.faces, strict=True):
                flat[finest] = faces.reshape(-1)
            coarsen_faces(levels.shapes, levels.offsets, levels.factors, self.gx, self.gy, self.gz)
            self.coarse_known, self.known_step = True, -1.0
        conductance, pull = self._boundary()
        inertia = self.capacity / (_GAMMA * step)
        if step != self.known_step or self.radiates or self.varies:
            self.shift[finest] = (inertia + conductance).reshape(-1)
            fill_diagonals(levels.shapes, levels.offsets, levels.factors, self.gx, self.gy, self.gz, self.shift, self.diagonal)
            np.divide(1.0, self.diagonal, out=self.inverse, where=self.diagonal > 0)
            self.known_step = step
        source = pull.copy()
        for time, power, weight in self.sources:
            energy = _energy(time, power, self.time, self.time + step)
            self.supplied += energy
            source += weight * (energy / step)
        known = self.T
        self.x[finest] = known.reshape(-1)
        slope = np.zeros(known.shape)
        for stage, share in enumerate((1.0 - _GAMMA, _GAMMA)):
            base = known if stage == 0 else known + (1.0 - _GAMMA) * step * slope
            self.right[finest] = (inertia * base + source).reshape(-1)
            count, left = solve(
                levels.shapes, levels.offsets, levels.factors, self.gx, self.gy, self.gz, self.shift, self.diagonal, self.inverse,
                self.right, self.x, self.work, 3e-4, 60,
            )  # fmt: skip
            if left > 1e-3:
                raise ConvergenceError(
                    "conduction", f"the linear solve kept {left:.1e} of its residual after {count} iterations", time=self.time
                )
            x = self.x[finest].reshape(known.shape)
            slope = (x - base) / (_GAMMA * step)
            flow = conductance * x - pull
            self.lost += step * share * float(flow.sum())
            self.exchanged += step * share * float(np.abs(flow).sum())
            if stage == 0:
                self.x[finest] = (known + step * slope).reshape(-1)
        change = x - known
        if self.varies:
            self.T = self._temperature_of(self._enthalpy(known) + self.volumetric * change, known + change)
        else:
            self.T = known + change
        if not np.all(np.isfinite(self.T)):
            raise ConvergenceError("conduction", "a temperature is not finite: look at the heat sources", time=self.time)
        return float(np.abs(change).max())

    def ledger(self) -> _Ledger:
        """Heat accounts since the start, J, and the mean temperature of each block."""
        rise = self._enthalpy(self.T) if self.varies else self.volumetric * (self.T - self.start)
        stored = float((rise * self.grid.volume).sum())
        vents = self.vents
        return _Ledger(
            self.supplied, self.lost, self.released.copy(), stored, self._block_means(), self._gas(), vents.pressure.copy(),
            vents.ejected.copy(),
        )  # fmt: skip


def _heat_curve(density: float, c: float | Property, start: float) -> tuple[Callable[[Array], Array], Callable[[Array], Array]]:
    """ρc(T) and its integral from `start`: exact for a constant, of a fine polyline for a property."""
    if not isinstance(c, Property):
        volumetric = density * c
        return (lambda T: np.full(T.shape, volumetric)), (lambda T: volumetric * (T - start))
    nodes = np.linspace(100.0, 3000.0, 5801)
    values = density * np.asarray(c(T=nodes, extrapolate="nearest"), dtype=np.float64)
    sums = np.concatenate([[0.0], np.cumsum(0.5 * (values[1:] + values[:-1]) * np.diff(nodes))])
    width = nodes[1] - nodes[0]

    def integral(T: Array) -> Array:
        i = np.clip(((T - nodes[0]) / width).astype(np.int64), 0, nodes.size - 2)
        s = T - nodes[i]
        total: Array = sums[i] + s * (values[i] + 0.5 * s * (values[i + 1] - values[i]) / width)
        return total

    base = integral(np.array([start]))[0]
    return (lambda T: np.interp(T, nodes, values)), (lambda T: integral(T) - base)


def _face_conductances(assembly: Assembly, grid: Grid, k: Array, axis: int) -> Array:
    """W K-1 of the face of each volume towards higher x, y or z; zero at the last."""
    shape = k.shape
    result = np.zeros(shape)
    if shape[axis] == 1:
        return result
    low: list[Any] = [slice(None)] * 3
    high: list[Any] = [slice(None)] * 3
    low[axis], high[axis] = slice(0, -1), slice(1, None)
    lower, upper = tuple(low), tuple(high)
    inner: list[Any] = [slice(None)] * 3
    inner[axis] = slice(1, -1)
    width = np.diff(grid.edges[axis]).reshape([-1 if a == axis else 1 for a in range(3)])
    resistance = 0.5 * width[lower] / k[lower] + 0.5 * width[upper] / k[upper]
    names = [block.name for block in assembly.blocks]
    for contact in assembly.contacts:
        a, b = (names.index(name) for name in contact.between)
        met = ((grid.block[lower] == a) & (grid.block[upper] == b)) | ((grid.block[lower] == b) & (grid.block[upper] == a))
        resistance = resistance + contact.resistance * met
    result[lower] = grid.areas[axis][tuple(inner)] / resistance
    return result


def _energy(time: Array, power: Array, start: float, end: float) -> float:
    """∫ power dt over a step that contains no knot inside."""
    middle = 0.5 * (start + end)
    if time.size == 1 or middle <= time[0]:
        return float(power[0] * (end - start))
    if middle >= time[-1]:
        return float(power[-1] * (end - start))
    i = int(np.searchsorted(time, middle, side="right")) - 1
    share = (middle - time[i]) / (time[i + 1] - time[i])
    return float((power[i] + share * (power[i + 1] - power[i])) * (end - start))


def _dataset(
    assembly: Assembly, grid: Grid, state: _Stepper, time: Array, fields: Array, rows: list[_Ledger], kinetics: ReactionSet | None
) -> xr.Dataset:
    supplied, lost, stored = (np.array([getattr(row, name) for row in rows]) for name in ("supplied", "lost", "stored"))
    released, ejected = np.array([row.released for row in rows]), np.array([row.ejected for row in rows])
    # Heat that goes through the body from one side to the other counts too.
    scale = max(state.exchanged, *(np.abs(part).max() for part in (supplied, stored, released.sum(axis=1))))
    residual = np.abs(released.sum(axis=1) + supplied - stored - lost - ejected.sum(axis=1)).max()
    error = float(residual / max(scale, 1e-3 * state.capacity.sum()))
    if not error < 1e-8:
        raise ConvergenceError(
            "heat in three dimensions", f"the energy balance is open by {error:.1e}: use smaller steps", partial=fields
        )
    data: dict[str, Any] = {
        "temperature": (("time", "x", "y", "z"), fields, "K", "temperature"),
        "maximum_temperature": ("time", fields.max(axis=(1, 2, 3)), "K", "hottest place"),
        "block_temperature": (
            ("time", "block"),
            np.array([row.block_mean for row in rows]),
            "K",
            "mean temperature of each block",
        ),
        "block_peak": ("block", state.peak, "K", "highest temperature in each block"),
        "runaway_time": ("block", state.runaway, "s", f"mean self-heating reaches {state.runaway_rate:g} K/s"),
        "heat_released": (("time", "block"), released, "J", "heat of reaction since the start"),
        "heat_supplied": ("time", supplied, "J", "heat of sources since the start"),
        "heat_stored": ("time", stored, "J", "heat stored since the start"),
        "heat_lost": ("time", lost, "J", "heat given to the surroundings since the start"),
        "peak_temperature": ((), float(state.peak.max()), "K", "highest temperature in a block"),
        "energy_balance_error": (
            (),
            error,
            "1",
            "largest relative error of the energy balance",
        ),
        "volumes": ((), int(state.T.size), "1", "finite volumes"),
        "steps": ((), state.steps, "1", "time steps"),
    }
    if kinetics is not None:
        mass = np.array([assembly.materials[block.material].density for block in assembly.blocks]) * state.volume_of
        fraction = np.array([block.reacting_fraction for block in assembly.blocks])
        gas, pressure = np.array([row.gas for row in rows]), np.array([row.pressure for row in rows])
        whole = kinetics.stored_heat * fraction * state.volume_of
        data |= state.vents.outputs(time, gas, pressure, ejected, released, whole, mass)
    parents = [assembly.digest] if kinetics is None else [kinetics.digest, assembly.digest]
    source = predicted("scalith.pack.heat_in_3d", *parents)
    centres = [0.5 * (line[1:] + line[:-1]) for line in grid.edges]
    attrs = {"source": source.to_json()} | ({} if kinetics is None else {"kinetics_digest": kinetics.digest})
    return xr.Dataset(
        {name: (dims, values, {"units": unit, "long_name": title}) for name, (dims, values, unit, title) in data.items()},
        coords={
            "time": ("time", time, {"units": "s", "long_name": "time"}),
            "block": ("block", [block.name for block in assembly.blocks], {"long_name": "block"}),
            **{name: (name, centre, {"units": "m", "long_name": name}) for name, centre in zip("xyz", centres, strict=True)},
        },
        attrs=attrs,
    )
