"""Which pictures a quantity has: one table from names to the functions that draw them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from scalith.quantities import Property
from scalith.report import axes
from scalith.report.ageing_figures import fade_figure, losses_figure, mechanisms_figure, modes_figure, resistance_figure
from scalith.report.cell_figures import (
    BANDS,
    add_bands,
    cell_temperature_figure,
    discharges_figure,
    heat_figure,
    pack_temperature_figure,
)
from scalith.report.design_figures import front_figure, gain_figure, requested_figure
from scalith.report.electrode_figures import (
    blocking_figure,
    composition_figure,
    composition_map_figure,
    currents_figure,
    cuts_figure,
    loss_figure,
    particles_figure,
    slices_figure,
    subvolumes_figure,
)
from scalith.report.lattice_figures import (
    activation_figure,
    cluster_expansion_figure,
    interactions_figure,
    orderings_figure,
    phase_boundaries_figure,
    phase_diagram_figure,
    snapshot_figure,
)
from scalith.report.moments import field_figure, row_figure, stress_figure
from scalith.report.property_figures import LOGARITHMIC, Beside, agreement_figure, arrhenius_figure, property_figure
from scalith.report.safety_figures import (
    barrier_map_figure,
    calorimetry_figure,
    inputs_figure,
    oven_figure,
    safe_thickness_figure,
    temperature_field_figure,
)
from scalith.report.solid_state_figures import (
    critical_current_figure,
    homogeneous_figure,
    hysteresis_figure,
    loss_by_cracks_figure,
    part_by_part_figure,
)

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

EXPERIMENTS = {
    "slow_cycle_agreement": "voltage by a slow cycle",
    "titration_agreement": "diffusivity by titration",
    "entropy_agreement": "entropic coefficient by steps of temperature",
    "conductivity_agreement": "conductivity of the electrolyte by spectra",
    "exchange_current_agreement": "exchange current density by spectra",
    "charge_transfer_agreement": "resistance of charge transfer by spectra",
    "heat_agreement": "heat of a discharge",
}
"""What experiments find beside what was put in, and how it is called."""

MAIN = {
    "atoms": ("partial_molar_volume", "electronic_conductivity"),
    "crystal": ("mapped_orderings",),
    "lattice": ("open_circuit_voltage",),
    "lab": ("voltage_agreement", "diffusivity_agreement"),
    "electrode": ("composition_map", "designed_image", "voxel_image"),
    "particle": ("particle_hysteresis", "particle_stress"),
    "design": ("design_front",),
    "mechanics": ("loss_by_cracks",),
    "electrolyte": ("ionic_conductivity",),
    "cell": ("discharges", "cycle_life", "cell_open_circuit_voltage"),
    "solid_state": ("critical_current",),
    "experiments": (*EXPERIMENTS, "degradation_modes"),
    "pack": ("pack_temperature", "cell_temperature"),
    "safety": ("module_propagation", "oven_exposure", "calorimetry_curves"),
}
"""The picture of each scale: that of the first of these quantities that a study has."""


def figures_of(name: str, value: Any, members: xr.Dataset | None = None, beside: Beside | None = None) -> list[Figure]:
    """The pictures of a quantity; none for what has none, and never one without a trace.

    Parameters
    ----------
    name : str
        Of the quantity.
    value : Property, Spec or xarray.Dataset
    members : xarray.Dataset, optional
        Members of an ensemble, for bands about runs.
    beside : Beside, optional
        What is drawn with a property.

    Returns
    -------
    list of plotly.graph_objects.Figure
    """
    if name in _SPECIAL:
        drawn = [draw(value) for draw in _SPECIAL[name]]
    elif isinstance(value, Property) and any(grid.size > 1 for grid in value.coordinates.values()):
        drawn = [property_figure(value, beside)]
        if value.name in LOGARITHMIC and all(value.coordinates.get(dim, np.zeros(1)).size > 1 for dim in "xT"):
            drawn.append(arrhenius_figure(value, beside))
    else:
        drawn = []
    if drawn and drawn[0] is not None and members is not None and name in BANDS:
        add_bands(drawn[0], value, members, name)
    return [axes.settled(figure) for figure in drawn if figure is not None and figure.data]


_SPECIAL: dict[str, tuple[Callable[[Any], Figure | None], ...]] = {
    "mapped_orderings": (orderings_figure,),
    "cluster_expansion": (cluster_expansion_figure, interactions_figure),
    "lattice_snapshot": (snapshot_figure,),
    "diffusion_activation": (activation_figure,),
    "phase_boundaries": (phase_boundaries_figure,),
    "phase_diagram": (phase_diagram_figure,),
    **dict.fromkeys(("voltage_agreement", "diffusivity_agreement", *EXPERIMENTS), (agreement_figure,)),
    "voxel_image": (slices_figure, cuts_figure),
    "recipe_image": (slices_figure, cuts_figure),
    "design_gain": (gain_figure,),
    "subvolume_properties": (subvolumes_figure,),
    "electrode_currents": (currents_figure, loss_figure),
    "composition_map": (composition_figure, composition_map_figure),
    "blocking_impedance": (blocking_figure,),
    **dict.fromkeys(("separated_particles", "pore_network"), (particles_figure,)),
    "particle_stress": (stress_figure,),
    "particle_phase_field": (homogeneous_figure,),
    "designed_image": (requested_figure,),
    "design_front": (front_figure,),
    "particle_hysteresis": (hysteresis_figure,),
    "loss_by_cracks": (loss_by_cracks_figure,),
    "critical_current": (critical_current_figure,),
    "part_by_part": (part_by_part_figure,),
    "discharges": (discharges_figure,),
    "cycle_life": (fade_figure, losses_figure, resistance_figure, mechanisms_figure),
    "degradation_modes": (modes_figure,),
    "heat_generation": (heat_figure,),
    "cell_temperature": (cell_temperature_figure,),
    "pack_temperature": (pack_temperature_figure, row_figure),
    "calorimetry_curves": (calorimetry_figure,),
    "oven_exposure": (oven_figure,),
    "module_propagation": (pack_temperature_figure,),
    "module_temperature_field": (temperature_field_figure, field_figure),
    "cell_temperature_field": (field_figure,),
    "propagation_probability": (inputs_figure, safe_thickness_figure),
    "barrier_map": (barrier_map_figure,),
}
