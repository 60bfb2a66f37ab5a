"""A fitted cell as a specification: its numbers with their errors, its multiplied properties with the fit as their source."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from scalith.cell.specification.electrode import ElectrodeSpecification
from scalith.cell.specification.node_factors import node_of, with_node_factors
from scalith.cell.specification.paths import FACTORS, number_at, vary
from scalith.design.fit.records import INDUCTANCE
from scalith.quantities import ErrorComponent, Property, Uncertain, digest, predicted

if TYPE_CHECKING:
    from scalith.cell import CellSpecification
    from scalith.design.fit.calibration import CellFit

_EXCLUDED = 4.0
"""Standard errors between a prior and the data from which on one of them is wrong."""


def fitted_cell(fit: CellFit) -> CellSpecification:
    """The specification with the numbers of a fit.

    A number becomes an `Uncertain` with its standard error, a multiplied property gains an error component "fit" and a source
    that names the fit and the digests of the data. What the data do not tell keeps the error that it came with.
    """
    numbers: dict[str, float] = {}
    factors: dict[str, tuple[float, float]] = {}
    nodes: dict[str, float] = {}
    at_nodes: dict[str, float] = {}
    for k, one in enumerate(fit._problem.coordinates):
        at = float(fit._at[k])
        deviation = float(np.sqrt(fit.covariance[k, k]))
        deviation = deviation if np.isfinite(deviation) else 0.0
        slopes = one.slopes(at)
        for path, value in one.paths(at).items():
            if path == INDUCTANCE:  # of the leads, not of the cell
                continue
            error = deviation * slopes[path]
            if node_of(path) is not None:
                nodes[path], at_nodes[path] = value, error / value
                continue
            if path in FACTORS:
                factors[path] = (value, error)
            else:
                numbers[path] = _with_known_error(value, error, number_at(fit.specification, path))
    specification, _ = vary(fit.specification, numbers)
    specification = with_node_factors(specification, nodes, at_nodes) if nodes else specification
    for path, (factor, error) in factors.items():
        part, field = path.split(".")
        made = _with_error(getattr(specification, part), field, factor, error, fit)
        specification = specification.model_copy(update={part: made})
    return specification


def _with_error(part: Any, field: str, factor: float, error: float, fit: CellFit) -> Any:
    if isinstance(part, ElectrodeSpecification):
        made = []
        for material in part.materials:
            old = getattr(material, field)
            if old is None:
                rate = material.reaction_rate_constant or 0.0
                number = _with_known_error(rate * factor, rate * error, rate)
                made.append(material.model_copy(update={"reaction_rate_constant": number}))
            else:
                made.append(material.model_copy(update={field: _property(old, factor, error, fit)}))
        return part.model_copy(update={"materials": tuple(made)})
    return part.model_copy(update={field: _property(getattr(part, field), factor, error, fit)})


def _with_known_error(value: float, error: float, given: float) -> float:
    """With the error of the fit; without one, with that which the number came with, relative to it."""
    if error == 0.0 and isinstance(given, Uncertain) and given != 0.0:
        error = given.error * abs(value / float(given))
    return Uncertain(value, error) if error > 0.0 else value


def _property(old: Property, factor: float, error: float, fit: CellFit) -> Property:
    values = old.nominal * factor
    parts = [ErrorComponent(part.name, factor * part.standard_error, part.correlation_length) for part in old.components]
    if error > 0.0:
        parts = [part for part in parts if part.name != "fit"]
        parts.append(ErrorComponent("fit", np.abs(values.values) * error / factor))
    settings: Mapping[str, Any] = {"factor": factor, "records": [record.name for record in fit._problem.records]}
    source = predicted("scalith.design.fit_cell", old.digest, data_digest(fit), settings=settings)
    return Property(old.name, values, old.unit, source, components=tuple(parts))


def data_digest(fit: CellFit) -> str:
    """Of the samples that were fitted."""
    return digest([[record.name, np.asarray(record.samples).tolist()] for record in fit._problem.records])


def conflicts_of(fit: CellFit) -> list[str]:
    """Priors that the data exclude, in words.

    With the prior (μ, s²) the fit has (θ, C); the data alone have θ + (θ − μ) C/(s² − C) with the variance C s²/(s² − C), which
    is |θ − μ|/√(s² − C) standard errors of both from the prior.
    """
    said = []
    for k, one in enumerate(fit._problem.coordinates):
        if one.prior is None or not fit.covariance[k, k] < 0.99 * one.prior[1] ** 2:
            continue
        (mean, deviation), at, variance = one.prior, float(fit._at[k]), float(fit.covariance[k, k])
        left = deviation**2 - variance
        apart = abs(at - mean) / np.sqrt(left)
        if apart > _EXCLUDED:
            alone, error = at + (at - mean) * variance / left, deviation * np.sqrt(variance / left)
            known = f"{one.value(mean):.4g} ± {deviation * one.slope(mean):.2g}"
            told = f"{one.value(alone):.4g} ± {error * one.slope(alone):.2g}"
            said.append(f"the prior of {one.name}, {known}, is excluded by the data, {told}: {apart:.0f} standard errors apart")
    return said


def summary_of(fit: CellFit) -> str:
    """Parameters with 95 % intervals; measurements with their residuals, noise and correlation."""
    width = max(len(name) for name in fit.names)
    lines = [f"{'parameter':{width}}  {'value':>11}  95 % interval"]
    for k, name in enumerate(fit.names):
        unknown = not fit.covariance[k, k] < np.log(1e3) ** 2
        low, high = (0.0, np.inf) if unknown else fit.interval(name)
        said = "not told by the data (or at a bound)" if unknown else f"{low:.4g} to {high:.4g}"
        lines.append(f"{name:{width}}  {fit.values[name]:11.5g}  {said}")
    width = max(len(record.name) for record in fit._problem.records)
    lines.append(f"\n{'record':{width}}  {'samples':>7}  {'rms':>9}  {'noise':>9}  correlation")
    for record, noise in zip(fit._problem.records, fit.noise, strict=True):
        off = fit.residuals[record.name] / record.weight
        rms = float(np.sqrt(off @ off / off.size))
        lines.append(f"{record.name:{width}}  {off.size:7}  {rms:9.3g}  {noise.size:9.3g}  {noise.correlation:.2f}")
    lines.append(f"\nχ² {fit.cost:.5g} with {fit.degrees_of_freedom} degrees of freedom")
    if len(fit.minima) + len(fit.failed_starts) > 1:
        best = fit.minima[0][0]
        same = sum(score - best < 1.0 for score, _ in fit.minima)
        lines.append(f"{same} of {len(fit.minima) + len(fit.failed_starts)} starts lead to this minimum")
    lines += fit.conflicts
    if fit.failed_starts:
        lines.append(f"{len(fit.failed_starts)} lead nowhere, such as: {fit.failed_starts[0]}")
    return "\n".join(lines)
