"""`Property`: a material property as a function of state, with unit, error and source."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import xarray as xr

from scalith.numerics.content_digest import digest
from scalith.numerics.cubic_hermite import interpolate, nodal_slopes, nodal_values
from scalith.quantities.errors import DomainError, InputError
from scalith.quantities.named_deviates import within
from scalith.quantities.result import Result
from scalith.quantities.results_file import read_results, write_results
from scalith.quantities.source import Source, predicted
from scalith.quantities.uncertain import ErrorComponent, Uncertain, correlated_deviates, scale_of, shifted

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import ArrayLike, NDArray
    from pydantic_core import CoreSchema

    from scalith.numerics.kernel_table import KernelTable

Extrapolation = Literal["nearest", "linear"]

_NUMBERS = (int, float, np.integer, np.floating)
COORDINATE_UNITS = {"x": "1", "T": "K", "c": "mol m-3", "t": "s"}
"""Units of the coordinates that properties depend on."""


@dataclass(frozen=True, eq=False)
class Property:
    """A material property as a function of state.

    Between the nodes it is the cubic Hermite interpolant of `scalith.numerics.cubic_hermite`.

    Parameters
    ----------
    name : str
        The quantity, in the field's standard words: ``"open_circuit_voltage"``.
    values : xarray.DataArray
        Values on a rectilinear grid; dimensions out of ``x`` (filled fraction of the host's sites), ``T`` (K),
        ``c`` (mol m-3), …; an optional leading ``draw`` holds the members of an ensemble.
    unit : str
        SI unit of the values.
    source : Source
        Where it comes from.
    standard_error : xarray.DataArray, optional
        Standard error on the same grid (without ``draw``). With draws and no error given: their standard deviation.
    components : tuple of ErrorComponent, optional
        The parts of the error by name, each with its correlation length; `standard_error` is then the root of the sum of their
        squares. An error without parts is one, called ``"stated"``: one number for the whole curve.

    Raises
    ------
    InputError
        Values or coordinates are not finite, a coordinate does not increase, the grids differ.
    """

    name: str
    values: xr.DataArray
    unit: str
    source: Source
    standard_error: xr.DataArray | None = field(default=None)
    components: tuple[ErrorComponent, ...] = ()

    def __post_init__(self) -> None:
        dims = tuple(str(dim) for dim in self.values.dims)
        if "draw" in dims and dims[0] != "draw":
            raise InputError(self.name, "dimensions", dims, "'draw' as the leading dimension")
        values = self.values.astype(np.float64)
        for dim in dims:
            if dim == "draw":
                continue
            if dim not in values.coords:
                raise InputError(self.name, dim, "no coordinate", "a coordinate for every dimension")
            grid = values[dim].values
            if not np.all(np.isfinite(grid)) or np.any(np.diff(grid) <= 0):
                raise InputError(self.name, dim, grid, "finite, strictly increasing values")
        if not np.all(np.isfinite(values.values)):
            where = np.argwhere(~np.isfinite(values.values))[0]
            raise InputError(
                self.name, "values", f"{values.values[tuple(where)]} at index {tuple(int(i) for i in where)}", "finite numbers"
            )
        object.__setattr__(self, "values", values)
        self._settle_errors()

    def _settle_errors(self) -> None:
        """The total error from its parts, or the one part from the total."""
        drawn = "draw" in self.values.dims
        wanted = tuple(size for dim, size in self.values.sizes.items() if dim != "draw")
        parts = [*self.components]
        if not parts and self.standard_error is not None:
            parts = [ErrorComponent("stated", self.standard_error.values)]
        for part in parts:
            error, length = part.standard_error, part.correlation_length
            if error.shape != wanted or not np.all(np.isfinite(error) & (error >= 0)):
                field = "standard_error" if part.name == "stated" else f"error {part.name!r}"
                found = f"shape {error.shape}, least {error.min():.3g}"
                raise InputError(self.name, field, found, f"finite, non-negative numbers of shape {wanted}")
            if length is not None and self._composition is None:
                raise InputError(self.name, "correlation_length", length, "none: it depends on no composition to correlate over")
        if len({part.name for part in parts}) < len(parts):
            raise InputError(self.name, "components", [part.name for part in parts], "each name once")
        if parts:
            total = np.sqrt(np.sum([part.standard_error**2 for part in parts], axis=0))
            total = parts[0].standard_error.copy() if len(parts) == 1 else total  # to the last bit
            grid = self.values.isel(draw=0, drop=True) if drawn else self.values
            # What scatters among draws is drawn from them, not from parts.
            object.__setattr__(self, "components", () if drawn else tuple(parts))
            object.__setattr__(self, "standard_error", grid.copy(data=total))
        elif drawn and self.values.sizes["draw"] > 1:
            object.__setattr__(self, "standard_error", self.values.std("draw", ddof=1))

    @property
    def _composition(self) -> str | None:
        """The coordinate over which errors are correlated: the first that is no temperature or time, where it has two nodes."""
        return next((dim for dim, grid in self.coordinates.items() if dim not in ("T", "t") and grid.size > 1), None)

    # -- making -------------------------------------------------------------------------------------------------

    @classmethod
    def constant(cls, name: str, value: float, unit: str, source: Source, standard_error: float | None = None) -> Property:
        """A property that depends on nothing; an `Uncertain` value brings its error."""
        if standard_error is None and isinstance(value, Uncertain):
            standard_error = value.error
        error = None if standard_error is None else xr.DataArray(float(standard_error))
        return cls(name, xr.DataArray(float(value)), unit, source, error)

    @classmethod
    def from_arrays(
        cls,
        name: str,
        coordinates: Mapping[str, ArrayLike],
        values: ArrayLike,
        unit: str,
        source: Source,
        standard_error: ArrayLike | None = None,
        components: Sequence[ErrorComponent] = (),
    ) -> Property:
        """From plain arrays; `values` of shape (len(coordinate) for each coordinate), or (draws, …) with an ensemble."""
        grids = {dim: np.asarray(grid, dtype=np.float64) for dim, grid in coordinates.items()}
        array = np.asarray(values, dtype=np.float64)
        dims = tuple(grids)
        error = None if standard_error is None else xr.DataArray(np.asarray(standard_error, dtype=np.float64), grids, dims)
        if array.ndim == len(dims) + 1:
            dims = ("draw", *dims)
        if array.shape[array.ndim - len(grids) :] != tuple(grid.size for grid in grids.values()):
            raise InputError(name, "values", f"shape {array.shape}", f"shape {tuple(grid.size for grid in grids.values())}")
        return cls(name, xr.DataArray(array, grids, dims), unit, source, error, tuple(components))

    @classmethod
    def from_function(
        cls, name: str, function: Callable[..., Any], coordinates: Mapping[str, ArrayLike], unit: str, source: Source
    ) -> Property:
        """Sample ``function(**coordinates)`` (vectorised) on the grid of `coordinates`."""
        grids = {dim: np.asarray(grid, dtype=np.float64) for dim, grid in coordinates.items()}
        mesh = dict(zip(grids, np.meshgrid(*grids.values(), indexing="ij"), strict=True))
        shape = tuple(grid.size for grid in grids.values())
        return cls.from_arrays(name, grids, np.broadcast_to(function(**mesh), shape), unit, source)

    # -- reading ------------------------------------------------------------------------------------------------

    @property
    def coordinates(self) -> dict[str, NDArray[np.float64]]:
        """Nodes of each state coordinate, in order."""
        return {str(dim): self.values[dim].values.astype(np.float64) for dim in self.values.dims if dim != "draw"}

    @property
    def domain(self) -> dict[str, tuple[float, float]]:
        """Lowest and highest value of each coordinate."""
        return {dim: (float(grid[0]), float(grid[-1])) for dim, grid in self.coordinates.items()}

    @property
    def draws(self) -> int:
        """Number of members of the ensemble; 0 when there is none."""
        return int(self.values.sizes.get("draw", 0))

    @cached_property
    def nominal(self) -> xr.DataArray:
        """Values without the `draw` dimension: the mean of the members."""
        return self.values.mean("draw") if self.draws else self.values

    @cached_property
    def _nodal(self) -> list[NDArray[np.float64]]:
        return nodal_values(list(self.coordinates.values()), self.nominal.values)

    def member(self, draw: int) -> Property:
        """One member of the ensemble; a property without draws is its own member."""
        if not self.draws:
            return self
        if not 0 <= draw < self.draws:
            raise InputError(self.name, "draw", draw, f"0 to {self.draws - 1}")
        source = predicted("scalith.quantities.Property.member", self.digest, settings={"draw": draw})
        return Property(self.name, self.values.isel(draw=draw, drop=True), self.unit, source)

    def drawn(self, numbers: np.random.Generator) -> Property:
        """A member of what its error allows, without an error of its own: one of its draws, or its values moved by each part
        of the error.

        Each part moves by normal deviates that are correlated over the composition within its length, and are one number over
        all temperatures. Positive properties (but for potentials and energies, whose zero is a choice) move on a logarithmic
        scale, on which their median is the value and their standard deviation the error.
        """
        if self.draws:
            return self.member(int(numbers.integers(self.draws)))
        total = self.standard_error
        if total is None or not np.any(total.values > 0):
            return self
        scale, axis = scale_of(self.values, self.unit), self._composition
        deviates = np.zeros(self.values.shape)
        for part in self.components:
            of_part = within(numbers, part.name) if len(self.components) > 1 else numbers
            along = correlated_deviates(self.coordinates[axis] if axis else np.zeros(1), part.correlation_length, of_part)
            spread = [along.size if dim == axis else 1 for dim in self.values.dims]
            share = np.divide(part.standard_error, total.values, out=np.zeros(total.shape), where=total.values > 0)
            deviates += share * along.reshape(spread if axis else [1] * self.values.ndim)
        source = predicted("scalith.quantities.Property.drawn", self.digest)
        return Property(self.name, self.values.copy(data=shifted(self.values, total, deviates, scale)), self.unit, source)

    def error_parts(self, *state: ArrayLike, extrapolate: Extrapolation | None = None, **named: ArrayLike) -> dict[str, Any]:
        """Standard error at a state (as `__call__`), part by part."""
        grids = list(self.coordinates.values())
        return {
            part.name: self._evaluate(nodal_values(grids, part.standard_error), state, named, extrapolate, None)
            for part in self.components
        }

    def __call__(self, *state: ArrayLike, extrapolate: Extrapolation | None = None, **named: ArrayLike) -> Any:
        """Value at a state, given in the order of the coordinates or by name; arrays broadcast.

        Coordinates that the property does not depend on may be given by name and are ignored: ``p(x=0.5, T=300)``
        works for a property of `x` alone.

        Raises
        ------
        DomainError
            The state lies outside the grid and no `extrapolate` was asked for.
        """
        return self._evaluate(self._nodal, state, named, extrapolate, None)

    def error(self, *state: ArrayLike, extrapolate: Extrapolation | None = None, **named: ArrayLike) -> Any:
        """Standard error at a state (as `__call__`); 0 when none is known."""
        if self.standard_error is None:
            return self(*state, extrapolate=extrapolate, **named) * 0.0
        nodal = nodal_values(list(self.coordinates.values()), self.standard_error.values)
        return self._evaluate(nodal, state, named, extrapolate, None)

    def mean(self, dim: str, low: float, high: float, **state: float) -> float:
        """Mean between two values of one coordinate; `Uncertain` with the mean error, as if errors everywhere went together."""
        at: dict[str, Any] = {**state, dim: np.linspace(low, high, 201)}
        value, error = (float(np.trapezoid(found(**at), dx=1.0 / 200.0)) for found in (self, self.error))
        return Uncertain(value, error) if error > 0.0 else value

    def slope(self, dim: str, *state: ArrayLike, extrapolate: Extrapolation | None = None, **named: ArrayLike) -> Any:
        """Exact derivative of the interpolant by `dim` at a state."""
        self._require(dim)
        return self._evaluate(self._nodal, state, named, extrapolate, list(self.coordinates).index(dim))

    def derivative(self, dim: str) -> Property:
        """The derivative by `dim` as a property on the same grid (nodal slopes of the interpolant)."""
        self._require(dim)
        axis = self.values.get_axis_num(dim)
        slopes = nodal_slopes(self.coordinates[dim], self.values.values, int(axis))
        coordinate_unit = COORDINATE_UNITS.get(dim, "1")
        unit = self.unit if coordinate_unit == "1" else f"{self.unit} / ({coordinate_unit})"
        source = predicted("scalith.quantities.Property.derivative", self.digest, settings={"by": dim})
        return Property(f"{self.name}_by_{dim}", self.values.copy(data=slopes), unit, source)

    def _require(self, dim: str) -> None:
        if dim not in self.coordinates:
            raise InputError(self.name, "coordinate", dim, f"one of {', '.join(self.coordinates) or 'none: it is a constant'}")

    def _evaluate(
        self,
        nodal: list[NDArray[np.float64]],
        state: tuple[ArrayLike, ...],
        named: Mapping[str, ArrayLike],
        extrapolate: Extrapolation | None,
        derivative: int | None,
    ) -> Any:
        grids = self.coordinates
        given = dict(zip(grids, state, strict=False)) | dict(named)
        if len(state) > len(grids) and not (len(grids) == 0 or all(np.size(s) == 1 for s in state)):
            raise InputError(self.name, "state", f"{len(state)} arguments", f"{len(grids)}: {', '.join(grids)}")
        missing = [dim for dim, grid in grids.items() if dim not in given and grid.size > 1]
        if missing:
            raise InputError(self.name, missing[0], "nothing", f"a value: the property depends on {', '.join(grids)}")
        wanted = [np.asarray(given.get(dim, grid[0]), dtype=np.float64) for dim, grid in grids.items()]
        ignored = [np.asarray(value, dtype=np.float64) for dim, value in given.items() if dim not in grids]
        shape = np.broadcast_shapes(*(point.shape for point in [*wanted, *ignored]))
        points = [np.broadcast_to(point, shape).ravel() for point in wanted]
        inside: list[NDArray[np.float64]] = []
        for (dim, grid), point in zip(grids.items(), points, strict=True):
            slack = 1e-12 * max(abs(grid[0]), abs(grid[-1]), 1e-300)
            outside = ~((point >= grid[0] - slack) & (point <= grid[-1] + slack))
            if grid.size > 1 and np.any(outside) and (extrapolate is None or np.any(np.isnan(point))):
                raise DomainError(self.name, dim, float(point[outside][0]), f"{grid[0]:.6g} to {grid[-1]:.6g}")
            inside.append(np.clip(point, grid[0], grid[-1]) if grid.size > 1 else np.full_like(point, grid[0]))
        result = interpolate(list(grids.values()), nodal, inside, derivative)
        if not grids:
            result = np.broadcast_to(result, (int(np.prod(shape)),))
        if extrapolate == "nearest" and derivative is not None:
            result = np.where(points[derivative] == inside[derivative], result, 0.0)
        if extrapolate == "linear" and derivative is None:
            for axis, (point, clipped) in enumerate(zip(points, inside, strict=True)):
                if grids[list(grids)[axis]].size > 1 and np.any(point != clipped):
                    result = result + (point - clipped) * interpolate(list(grids.values()), nodal, inside, axis)
        return float(result[0]) if shape == () else result.reshape(shape)

    # -- with numbers -------------------------------------------------------------------------------------------

    def _scaled(self, factor: float, shift: float) -> Property:
        """``factor · p + shift``; the error scales with the factor."""
        source = predicted("scalith.quantities.Property", self.digest, settings={"factor": factor, "shift": shift})
        size = abs(factor)
        parts = tuple(ErrorComponent(part.name, size * part.standard_error, part.correlation_length) for part in self.components)
        return Property(self.name, factor * self.values + shift, self.unit, source, components=parts)

    def __add__(self, shift: object) -> Property:
        return self._scaled(1.0, float(shift)) if isinstance(shift, _NUMBERS) else NotImplemented

    def __sub__(self, shift: object) -> Property:
        return self._scaled(1.0, -float(shift)) if isinstance(shift, _NUMBERS) else NotImplemented

    def __mul__(self, factor: object) -> Property:
        return self._scaled(float(factor), 0.0) if isinstance(factor, _NUMBERS) else NotImplemented

    def __truediv__(self, divisor: object) -> Property:
        return self._scaled(1.0 / float(divisor), 0.0) if isinstance(divisor, _NUMBERS) else NotImplemented

    __radd__, __rmul__ = __add__, __mul__
    __array_ufunc__ = None  # an array times a property is no array of properties

    # -- kernels ------------------------------------------------------------------------------------------------

    def table(self, T: float | None = None, *, pieces: int | None = None, T_pieces: int = 16) -> KernelTable:
        """The form that kernels take: uniform cubic pieces in (state coordinate, temperature).

        Parameters
        ----------
        T : float, optional
            Temperature to fix, K. Without it a property that depends on T gives a table that does too.
        pieces : int, optional
            Pieces along the state coordinate. Without it the number is doubled from 256 until the table agrees with the
            property within 1e-6 of its range at and between the nodes, at the temperatures of the table's own nodes. Where
            4096 pieces do not suffice (a step narrower than that), the step is spread over one piece, without overshoot.
        T_pieces : int
            Pieces along temperature.

        Raises
        ------
        InputError
            The property has more than one coordinate besides T.
        """
        from scalith.numerics.kernel_table import table_from_nodes

        grids = self.coordinates
        others = [dim for dim, grid in grids.items() if dim != "T" and grid.size > 1]
        if len(others) > 1:
            raise InputError(self.name, "coordinates", list(grids), "one coordinate besides T for a kernel table")
        by_T = "T" in grids and grids["T"].size > 1 and T is None
        T_nodes = np.linspace(*self.domain["T"], T_pieces + 1) if by_T else np.array([298.15 if T is None else float(T)])
        lower, upper = self.domain[others[0]] if others else (0.0, 1.0)
        counts = [1] if not others else [pieces] if pieces else [256, 512, 1024, 2048, 4096]
        for count in counts:
            nodal = self._table_nodes(others, np.linspace(lower, upper, count + 1), T_nodes)
            table = table_from_nodes(lower, upper, float(T_nodes[0]), float(T_nodes[-1]), nodal)
            if len(counts) == 1 or all(self._table_agrees(table, others[0], grids[others[0]], float(node)) for node in T_nodes):
                return table
        # A step narrower than the finest piece: its true slopes would swing far over it, so the pieces take slopes of
        # their own nodes, which never overshoot.
        nodal = self._table_nodes(others, np.linspace(lower, upper, counts[-1] + 1), T_nodes, own_slopes=bool(others))
        return table_from_nodes(lower, upper, float(T_nodes[0]), float(T_nodes[-1]), nodal)

    def _table_nodes(
        self, others: list[str], x: NDArray[np.float64], T: NDArray[np.float64], *, own_slopes: bool = False
    ) -> NDArray[np.float64]:
        grids, nodal = list(self.coordinates.values()), self._nodal
        mesh = {"T": np.repeat(T, x.size)} | ({others[0]: np.tile(x, T.size)} if others else {})
        points = [
            mesh[dim] if dim in mesh and grid.size > 1 else np.full(x.size * T.size, grid[0])
            for dim, grid in self.coordinates.items()
        ]
        if "T" in self.coordinates and self.coordinates["T"].size > 1:
            low, high = self.domain["T"]
            if T[0] < low - 1e-9 or T[-1] > high + 1e-9:
                raise DomainError(self.name, "T", float(T[0]), f"{low:.6g} to {high:.6g}")
        shape = (T.size, x.size)
        value = np.broadcast_to(interpolate(grids, nodal, points), (x.size * T.size,)).reshape(shape)
        axis = list(self.coordinates).index(others[0]) if others else None
        if own_slopes:
            slope = nodal_slopes(x, value, 1)
        else:
            slope = interpolate(grids, nodal, points, axis).reshape(shape) if axis is not None else np.zeros(shape)
        # Slopes in T are taken again on the table's own nodes: value and slope in x then agree with each other.
        return np.stack([value, slope, nodal_slopes(T, value, 0), nodal_slopes(T, slope, 0)])

    def _table_agrees(self, table: KernelTable, dim: str, grid: NDArray[np.float64], T: float) -> bool:
        from scalith.numerics.kernel_table import evaluate_many

        probes = np.unique(np.concatenate([grid, 0.5 * (grid[1:] + grid[:-1])]))
        state: dict[str, Any] = {dim: probes, "T": T}
        exact = np.asarray(self(**state), dtype=np.float64)
        span = float(np.ptp(exact)) or abs(float(exact[0])) or 1.0
        return float(np.max(np.abs(evaluate_many(table, probes, T)[0] - exact))) <= 1e-6 * span

    # -- identity and files -------------------------------------------------------------------------------------

    @cached_property
    def digest(self) -> str:
        """Content digest: covers name, unit, grid, values, error and source."""
        return digest(
            self.name,
            self.unit,
            list(self.values.dims),
            [[dim, grid] for dim, grid in self.coordinates.items()],
            self.values.values,
            None if self.standard_error is None else self.standard_error.values,
            [part.to_plain() for part in self.components],
            self.source.to_json(),
        )

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> CoreSchema:
        """Lets specifications hold properties, and write and read them as plain JSON."""
        from pydantic_core import core_schema

        def read(value: Any) -> Property:
            if isinstance(value, Property):
                return value
            if not isinstance(value, Mapping):
                raise ValueError("a Property")
            return cls.from_plain(value)

        def write(value: Property, info: Any) -> dict[str, Any]:
            # A digest of what holds properties takes theirs, which each property knows once.
            by_digest = bool(info.context and info.context.get("by_digest"))
            return {"digest": value.digest} if by_digest else value.to_plain()

        return core_schema.no_info_plain_validator_function(
            read, serialization=core_schema.plain_serializer_function_ser_schema(write, info_arg=True)
        )

    def to_plain(self) -> dict[str, Any]:
        """As plain data (numbers, lists, text) for JSON."""
        return {
            "name": self.name,
            "coordinates": {dim: grid.tolist() for dim, grid in self.coordinates.items()},
            "values": self.values.values.tolist(),
            "unit": self.unit,
            "source": self.source.model_dump(mode="json"),
            "components": [part.to_plain() for part in self.components],
        }

    @classmethod
    def from_plain(cls, data: Mapping[str, Any]) -> Property:
        """Read what `to_plain` made."""
        parts = tuple(ErrorComponent(**part) for part in data.get("components", ()))
        return cls.from_arrays(**(dict(data) | {"source": Source.model_validate(data["source"]), "components": parts}))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Property) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    def __repr__(self) -> str:
        return f"Property({self.describe()}; {self.source.kind})"

    def describe(self) -> str:
        """One line: name, value or range, unit, domain."""
        low, high = float(self.nominal.min()), float(self.nominal.max())
        shown = f"{low:.5g}" if low == high else f"{low:.4g} … {high:.4g}"
        over = ", ".join(f"{dim} {a:.3g}–{b:.3g}" for dim, (a, b) in self.domain.items() if a < b)
        return f"{self.name} = {shown} {self.unit}" + (f" over {over}" if over else "")

    def plot(self, *, figure: Figure | None = None, label: str | None = None) -> Figure:
        """Draw it over its coordinates, a single curve with the band of its standard error.

        Parameters
        ----------
        figure, label
            As in `scalith.quantities.plot_result`.

        Raises
        ------
        InputError
            It is a constant.
        """
        from scalith.quantities.result_plot import coordinate, plot_result

        data, values = self.to_dataset(), self.nominal.squeeze()
        drawn = plot_result(data.mean("draw", keep_attrs=True) if self.draws else data, self.name, figure=figure, label=label)
        if self.standard_error is not None and values.ndim == 1:
            dim, axis = str(values.dims[0]), drawn.axes[0]
            middle, error = axis.lines[-1].get_ydata(), self.standard_error.values.ravel()
            axis.fill_between(coordinate(data[self.name], dim)[0], middle - error, middle + error, alpha=0.2)
        return drawn

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            if name.startswith("_"):
                raise AttributeError(name)
            known = ", ".join(item for item in dir(type(self)) if not item.startswith("_"))
            raise AttributeError(
                f"a Property has no {name!r}: it is called, p(x, T), added to or multiplied by numbers, and has {known}"
            )

    def to_dataset(self) -> Result:
        """As a dataset with `units` and `long_name` on every variable and the source in `attrs`."""
        values = self.values.assign_attrs(units=self.unit, long_name=self.name.replace("_", " "))
        for dim in self.coordinates:
            values[dim].attrs.update(units=COORDINATE_UNITS.get(dim, "1"), long_name=dim)
        data = Result({self.name: values})
        if self.standard_error is not None:
            data["standard_error"] = self.standard_error.assign_attrs(units=self.unit, long_name="standard error")
            for number, part in enumerate(self.components):
                length = {} if part.correlation_length is None else {"correlation_length": part.correlation_length}
                about = {"units": self.unit, "long_name": f"standard error: {part.name}", "component": part.name}
                data[f"error_{number}"] = (self.standard_error.dims, part.standard_error, about | length)
        return data.assign_attrs(property=self.name, source=self.source.to_json(), digest=self.digest)

    @classmethod
    def from_dataset(cls, data: xr.Dataset, where: str = "dataset") -> Property:
        """Read what `to_dataset` made; the digest is checked.

        Raises
        ------
        InputError
            The dataset is not a property, or its content is not what its digest says.
        """
        name = data.attrs.get("property")
        if name is None or name not in data:
            raise InputError(where, "property", list(data), "a data set written by Property.save")
        values = data[name]
        for attribute, place in (("units", values.attrs), ("source", data.attrs)):
            if attribute not in place:
                raise InputError(where, "attribute", f"no {attribute}", f"{attribute}, as Property.save writes them")
        error = data.get("standard_error")
        parts = (item for key, item in data.data_vars.items() if str(key).startswith("error_") and "component" in item.attrs)
        components = tuple(
            ErrorComponent(str(item.attrs["component"]), item.values, item.attrs.get("correlation_length")) for item in parts
        )
        made = cls(
            str(name),
            values.drop_attrs(),
            str(values.attrs["units"]),
            Source.from_json(data.attrs["source"]),
            None if error is None else error.drop_attrs(),
            components,
        )
        if data.attrs.get("digest") not in (None, made.digest):
            raise InputError(where, "digest", made.digest, f"{data.attrs['digest']}: the file was changed after it was written")
        return made

    def save(self, path: str | Path) -> None:
        """Write to a NetCDF file, whole or not at all."""
        write_results(self.to_dataset(), path)

    @classmethod
    def load(cls, path: str | Path) -> Property:
        """Read a file that `save` wrote."""
        return cls.from_dataset(read_results(path), str(path))
