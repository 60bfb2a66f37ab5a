"""Safety: decomposition kinetics from calorimetry, one cell in an oven, the module that it may take along.

One parameter set goes all the way: `cell_kinetics` and `module_kinetics` are the fitted set unless a study gives another, and a
module whose kinetics are not those of the cell is rejected with both digests.
"""

from __future__ import annotations

from typing import Annotated, Any, Self

import numpy as np
import xarray as xr
from pydantic import Field, model_validator

from scalith import pack as pack_package
from scalith.lab.kinetic_fit import KineticFit, fit_kinetics
from scalith.lab.kinetic_posterior import sample_posterior
from scalith.ladder import progress
from scalith.ladder.progress import report_progress
from scalith.ladder.quantity import InputFile, Quantity, Settings, draw_within_error, rung
from scalith.pack import ModuleSpecification, ReactionSet, Trigger, require_same_kinetics
from scalith.quantities import SI, InputError, Property, predicted
from scalith.quantities.specification import Duration, Length, Temperature

HeatingRate = Annotated[float, SI("K s-1"), Field(gt=0)]
SpecificPower = Annotated[float, SI("W kg-1")]


def _form(kinetics: ReactionSet) -> str:
    return f"{kinetics.name}: {', '.join(kinetics.names)}"


GIVEN: dict[str, tuple[Quantity, type[Any]]] = {
    "starting_kinetics": (
        Quantity("reaction set whose form the fit takes", headline=_form),
        ReactionSet,
    ),
}


class Calorimetry(Settings):
    """``[calorimetry]``: DSC curves from files, or without files a virtual experiment on the starting set.

    Attributes
    ----------
    curves : tuple of InputFile
        CSV files with ``time [s], temperature [degC], heat_flow [W/g]``, or exports of instruments that state mass and sign.
    adiabatic_records : tuple of InputFile
        ARC records, fitted together with the curves (`scalith.lab.read_arc`).
    thermal_inertia, specific_heat, onset : float
        Of the records: φ; of the sample, J kg-1 K-1; where their exotherm begins, K, if they hold heat steps.
    heating_rates : tuple of float
        Of the virtual experiment, K s-1.
    start, end : float
        Of the virtual experiment, K.
    noise, offset : float
        Of the virtual experiment's heat flow, W kg-1.
    sample_density : float
        kg of sample in the volume that the contents of the set refer to, kg m-3.
    baseline_before, baseline_after : float
        Below and above these temperatures (K) nothing reacts; without the upper one the curves end before the reactions do.
    parameters : tuple of str
        Numbers to fit; frequency factor, activation energy and heat of every reaction when empty.
    posterior : bool
        Sample the posterior of the fit (minutes; needs emcee) instead of taking its normal distribution.
    """

    curves: tuple[InputFile, ...] = ()
    adiabatic_records: tuple[InputFile, ...] = ()
    thermal_inertia: Annotated[float, Field(ge=1)] | None = None
    specific_heat: Annotated[float, SI("J kg-1 K-1"), Field(gt=0)] | None = None
    onset: Temperature | None = None
    heating_rates: tuple[HeatingRate, ...] = ()
    start: Temperature = 330.0
    end: Temperature = 600.0
    noise: Annotated[float, SI("W kg-1"), Field(ge=0)] = 0.0
    offset: SpecificPower = 0.0
    sample_density: Annotated[float, SI("kg m-3"), Field(gt=0)]
    baseline_before: Temperature
    baseline_after: Temperature | None = None
    parameters: tuple[str, ...] = ()
    posterior: bool = False

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if bool(self.curves) == bool(self.heating_rates):
            raise InputError(
                "",
                "curves, heating_rates",
                "both" if self.curves else "neither",
                "files with curves, or heating_rates of a virtual experiment",
            )
        if not self.adiabatic_records and {"thermal_inertia", "specific_heat", "onset"} & self.model_fields_set:
            expected = "records that thermal_inertia, specific_heat and onset belong to"
            raise InputError("", "adiabatic_records", "nothing", expected)
        if self.adiabatic_records and (self.thermal_inertia is None or self.specific_heat is None):
            raise InputError("", "thermal_inertia, specific_heat", "nothing", "both, of the adiabatic_records")
        return self

    def records(self) -> list[xr.Dataset]:
        """The ARC records, read."""
        from scalith.lab.arc_files import read_arc

        inertia, heat = self.thermal_inertia or 1.0, self.specific_heat or 0.0
        return [
            read_arc(file.path, thermal_inertia=inertia, specific_heat=heat, onset=self.onset) for file in self.adiabatic_records
        ]


class Oven(Settings):
    """``[oven]``: the oven test of one cell.

    Attributes
    ----------
    temperature : float
        K.
    heat_transfer_coefficient, emissivity : float
        Between cell and oven, W m-2 K-1 and 1.
    """

    temperature: Temperature
    heat_transfer_coefficient: Annotated[float, SI("W m-2 K-1"), Field(ge=0)] = 7.17
    emissivity: Annotated[float, Field(ge=0, le=1)] = 0.8


class Module(Settings, ModuleSpecification):
    """``[module]``: cells, barriers, plate; see `scalith.pack.ModuleSpecification`."""


class ModuleTrigger(Settings, Trigger):
    """``[trigger]``: what sets off the first cell; see `scalith.pack.Trigger`."""


class ResolvedModule(Settings):
    """``[resolved_module]``: the same module in three dimensions.

    Attributes
    ----------
    spacing : three floats
        Largest edges of a volume along the row, the width and the height, m; along the row the volumes are at least as thin as
        those on which the propagation was found.
    times : int
        Temperature fields to keep.
    """

    spacing: tuple[Length, Length, Length] = (3e-3, 25e-3, 20e-3)
    times: Annotated[int, Field(ge=2)] = 31


class Propagation(Settings):
    """``[propagation]``: how long to watch, how many members to draw.

    Attributes
    ----------
    duration : float
        s.
    members : int
        Drawn from the fit of the kinetics and from every number of ``[module]`` and ``[trigger]`` that states an error.
    conductivities, thicknesses : tuple of float
        Of the barriers in the map of verdicts, W m-1 K-1 and m; thicknesses that are safe are found for the conductivities.
    """

    duration: Duration = 3600.0
    members: Annotated[int, Field(ge=2)] = 40
    conductivities: tuple[Annotated[float, SI("W m-1 K-1"), Field(gt=0)], ...] = (0.03, 0.1, 0.3)
    thicknesses: tuple[Annotated[float, SI("m"), Field(gt=0)], ...] = (1e-3, 2e-3, 4e-3)


class BarrierSearch(Settings):
    """``[barrier_search]``: between which thicknesses the thinnest barrier is looked for.

    Attributes
    ----------
    thinnest, thickest : float
        m.
    resolution : float
        Relative width of the bracket.
    """

    thinnest: Length = 1e-4
    thickest: Length = 0.02
    resolution: Annotated[float, Field(gt=0, lt=1)] = 0.005


def _fitted(fit: KineticFit) -> str:
    words = []
    for key in fit.parameters:
        name, field = key.split(".", 1)
        if field == "activation_energy":
            words.append(f"{name} {fit.kinetics.value(key) / 1e3:.1f} ± {fit.standard_error(key) / 1e3:.2g} kJ/mol")
    return ", ".join(words) or fit.kinetics.name


def _named(kinetics: ReactionSet) -> str:
    return f"{kinetics.name} (digest {kinetics.digest[:12]})"


@rung("calorimetry curves", headline=lambda data: f"{data.sizes['curve']} curves")
def calorimetry_curves(calorimetry: Calorimetry, starting_kinetics: ReactionSet, seed: int) -> xr.Dataset:
    """Heat flow of a sample at steady heating rates: read, or simulated with noise; baseline subtracted."""
    from scalith.lab.baselines import subtract_baseline
    from scalith.lab.calorimetry import read_dsc
    from scalith.lab.dsc_series import simulate_dsc_series, stack_dsc

    curves = [read_dsc(file.path) for file in calorimetry.curves] or simulate_dsc_series(
        starting_kinetics,
        calorimetry.heating_rates,
        start=calorimetry.start,
        end=calorimetry.end,
        sample_density=calorimetry.sample_density,
        noise=calorimetry.noise,
        baseline=calorimetry.offset,
        seed=seed,
    )
    before, after = calorimetry.baseline_before, calorimetry.baseline_after
    return stack_dsc([subtract_baseline(curve, before=before, after=after) for curve in curves])


def _member_of_the_fit(fit: KineticFit, seed: int) -> KineticFit:
    return fit.model_copy(update={"kinetics": fit.draws(1, seed)[0]})


@rung("decomposition kinetics, fitted", headline=_fitted, draw=_member_of_the_fit)
def decomposition_fit(
    calorimetry_curves: xr.Dataset, starting_kinetics: ReactionSet, calorimetry: Calorimetry, seed: int
) -> KineticFit:
    """One reaction set for all curves, by least squares, with its covariance or samples of its posterior."""
    from scalith.lab.dsc_series import unstack_dsc

    fields = ("frequency_factor", "activation_energy", "heat")
    curves = [*unstack_dsc(calorimetry_curves), *calorimetry.records()]
    fit = fit_kinetics(
        curves,
        starting_kinetics,
        parameters=calorimetry.parameters or [f"{name}.{field}" for name in starting_kinetics.names for field in fields],
        sample_density=calorimetry.sample_density,
        complete=calorimetry.baseline_after is not None,
        progress=report_progress,
    )
    if not calorimetry.posterior:
        return fit
    return sample_posterior(fit, curves, sample_density=calorimetry.sample_density, seed=seed, progress=report_progress)


@rung("kinetics of the cell", headline=_named)
def cell_kinetics(decomposition_fit: KineticFit) -> ReactionSet:
    """The fitted set, unchanged."""
    return decomposition_fit.kinetics


@rung("kinetics of the module", headline=_named)
def module_kinetics(decomposition_fit: KineticFit) -> ReactionSet:
    """The fitted set, unchanged."""
    return decomposition_fit.kinetics


@rung("critical oven temperature", unit="K", draw=draw_within_error)
def critical_oven_temperature(module: Module, cell_kinetics: ReactionSet, oven: Oven) -> Property:
    """Oven temperature above which one cell runs away; its error is half the bracket of the bisection."""
    low, high = pack_package.critical_oven_temperature(
        module.cell, cell_kinetics, heat_transfer_coefficient=oven.heat_transfer_coefficient, emissivity=oven.emissivity
    )
    source = predicted("scalith.pack.critical_oven_temperature", module.cell.digest, cell_kinetics.digest)
    return Property.constant("critical_oven_temperature", 0.5 * (low + high), "K", source, 0.5 * (high - low))


@rung("one cell in an oven", headline=lambda data: f"peak {float(data['temperature'].max()) - 273.15:.0f} °C")
def oven_exposure(module: Module, cell_kinetics: ReactionSet, oven: Oven) -> xr.Dataset:
    """Heat of all reactions against heat given to the oven."""
    return pack_package.oven_test(
        module.cell,
        cell_kinetics,
        oven.temperature,
        heat_transfer_coefficient=oven.heat_transfer_coefficient,
        emissivity=oven.emissivity,
    )


def _verdict(data: xr.Dataset) -> str:
    words = f"{int(data['cells_run_away'])} of {data.sizes['cell']} cells run away"
    undecided = int(data["cells_undecided"])
    return words + (f", {undecided} undecided: the meshes disagree" if undecided else "")


@rung("propagation in the module", headline=_verdict)
def module_propagation(
    module: Module, module_kinetics: ReactionSet, oven_exposure: xr.Dataset, trigger: ModuleTrigger, propagation: Propagation
) -> xr.Dataset:
    """One cell is set off; what do its neighbours do? Kinetics other than the cell's are rejected."""
    return pack_package.propagate_runaway(
        module,
        module_kinetics,
        trigger,
        duration=propagation.duration,
        kinetics_digest=oven_exposure.attrs["kinetics_digest"],
        progress=report_progress,
    )


def _hottest(data: xr.Dataset) -> str:
    cells, undecided = (int((data["verdict"] == value).sum()) for value in (1, -1))
    words = f"{int(data['volumes'])} volumes, {cells} cells run away, peak {float(data['peak_temperature']) - 273.15:.0f} °C"
    return words + (f", {undecided} undecided: the propagation in the module finds otherwise" if undecided else "")


@rung("temperature field of the module", headline=_hottest)
def module_temperature_field(
    module: Module,
    module_kinetics: ReactionSet,
    oven_exposure: xr.Dataset,
    module_propagation: xr.Dataset,
    trigger: ModuleTrigger,
    propagation: Propagation,
    resolved_module: ResolvedModule,
) -> xr.Dataset:
    """The propagation in three dimensions: conduction, reactions and vents volume by volume, the same kinetics.

    Its ``verdict`` by cell is undecided (−1) where `module_propagation` has found another one.
    """
    nodes = int(module_propagation["nodes_per_cell"])
    divisions = pack_package.Divisions(cell=nodes, barrier=max(2, nodes // 4))
    body = pack_package.module_assembly(module, spacing=resolved_module.spacing, divisions=divisions)
    set_off = f"cell_{pack_package.triggered_cell(module, trigger)}"
    field = pack_package.simulate_heat_3d(
        body,
        duration=propagation.duration,
        output_times=resolved_module.times,
        initial_temperature=module.ambient_temperature,
        heat={set_off: trigger.heat()},
        kinetics=module_kinetics,
        kinetics_digest=oven_exposure.attrs["kinetics_digest"],
        progress=report_progress,
    )
    runs = field["runaway_time"].sel(block=[f"cell_{cell}" for cell in module_propagation["cell"].values]).notnull().values
    verdict = np.where(runs == module_propagation["verdict"].values, runs.astype(int), -1)
    meaning = "verdict (1 runs away, 0 does not, -1 undecided: the propagation in the module finds otherwise)"
    return field.assign(verdict=("cell", verdict, {"units": "1", "long_name": meaning})).assign_coords(
        cell=module_propagation["cell"]
    )


@rung("thinnest barrier that stops runaway", unit="m", draw=draw_within_error)
def barrier_thickness(
    module: Module,
    module_kinetics: ReactionSet,
    oven_exposure: xr.Dataset,
    module_propagation: xr.Dataset,
    trigger: ModuleTrigger,
    propagation: Propagation,
    barrier_search: BarrierSearch,
) -> Property:
    """Thickness at which the verdict turns; within its error the verdict is undecided.

    The error reaches to the thickness of the module's own barrier where `module_propagation` contradicts.
    """
    found = pack_package.thinnest_barrier(
        module,
        module_kinetics,
        trigger,
        duration=propagation.duration,
        kinetics_digest=oven_exposure.attrs["kinetics_digest"],
        thinnest=barrier_search.thinnest,
        thickest=barrier_search.thickest,
        resolution=barrier_search.resolution,
        progress=report_progress,
    )
    thickness, error = float(found()), float(found.error())
    own = module.barrier.thickness if module.barrier is not None else 0.0
    spreads = bool((module_propagation["verdict"].values != 0).sum() > 1)
    if (own > thickness) == spreads:
        error = max(error, abs(own - thickness))
    return Property.constant(found.name, thickness, "m", found.source, error)


def _chance(data: xr.Dataset) -> str:
    """Probability, interval, margin, and what it hangs on."""
    low, high, open_ = (float(data[name]) for name in ("probability_low", "probability_high", "members_undecided"))
    words = f"a second cell: {float(data['probability']):.2f} (95 % interval {low:.2f} to {high:.2f}, {open_:.0f} undecided)"
    if "margin" in data:
        mean, deviation = float(data["margin_mean"]), float(data["margin_deviation"])
        words += f"; barrier {np.exp(mean):.2g} times the thinnest that stops it, within a factor of {np.exp(deviation):.3g}"
    shares = data["first_order"].values
    named = [
        f"{data['input'].values[i]} {shares[i]:.2f} ± {float(data['first_order_error'][i]):.2f}"
        for i in np.argsort(-shares)[:3]
        if shares[i] > 0.01
    ]
    return words + (f"; it hangs on {', '.join(named)}" if named else "")


@rung("probability of propagation", headline=_chance)
def propagation_probability(
    module: Module,
    module_kinetics: ReactionSet,
    decomposition_fit: KineticFit,
    oven_exposure: xr.Dataset,
    trigger: ModuleTrigger,
    propagation: Propagation,
    barrier_search: BarrierSearch,
    seed: int,
) -> xr.Dataset:
    """Share of the members with which runaway reaches a second cell, and what that hangs on.

    Members are drawn from the fit and from every number of module and trigger that states an error.
    """
    require_same_kinetics(module_kinetics, decomposition_fit.kinetics.digest, "probability of propagation: members of the fit")
    return pack_package.assess_propagation(
        module,
        module_kinetics,
        trigger,
        duration=propagation.duration,
        kinetics_digest=oven_exposure.attrs["kinetics_digest"],
        members=propagation.members,
        seed=seed,
        kinetics_draws=decomposition_fit.draws(propagation.members, seed),
        conductivity=propagation.conductivities,
        thinnest=barrier_search.thinnest,
        thickest=barrier_search.thickest,
        executor=progress.executor.get(),
        progress=report_progress,
    )


@rung("map of verdicts", headline=lambda data: f"{data.sizes['conductivity']} × {data.sizes['thickness']} barriers")
def barrier_map(
    module: Module, module_kinetics: ReactionSet, oven_exposure: xr.Dataset, trigger: ModuleTrigger, propagation: Propagation
) -> xr.Dataset:
    """Cells that run away over conductivity and thickness of the barrier."""
    return pack_package.propagation_map(
        module,
        module_kinetics,
        trigger,
        conductivity=list(propagation.conductivities),
        thickness=list(propagation.thicknesses),
        duration=propagation.duration,
        kinetics_digest=oven_exposure.attrs["kinetics_digest"],
        progress=report_progress,
    )
