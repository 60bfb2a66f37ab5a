"""Ratios of time scales and losses of a cell under load: which process is slow."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from scalith.cell import CellSpecification, read_cell
from scalith.cell.runs.load import discharge_load
from scalith.cell.specification.active_material import ActiveMaterial
from scalith.cell.specification.electrode import ElectrodeSpecification
from scalith.interface import debye_length
from scalith.lab.experiments.put_in import exchange_current_at
from scalith.quantities import InputError, Result, arrhenius_factor, labelled, predicted
from scalith.quantities.constants import FARADAY, GAS_CONSTANT

_RELATIVE_PERMITTIVITY = 90.0
"""Of ethylene carbonate near 40 degC, about: the Debye length goes with its root."""


class DimensionlessNumber(NamedTuple):
    """One number: what it divides by what, and what a large one means."""

    name: str
    where: str
    value: float
    numerator: str
    denominator: str
    meaning: str


def dimensionless_numbers(
    specification: CellSpecification | str | Path,
    c_rate: float | str = 1.0,
    *,
    temperature: float | None = None,
    state_of_charge: float = 0.5,
) -> Result:
    r"""Dimensionless numbers of a cell at a rate.

    For each porous electrode of thickness L, with the current density i of the plane, particles of radius R and area a:

    - solid diffusion: :math:`R^2/(D t_d)`, :math:`t_d` the time of the discharge;
    - limiting current of the electrolyte: :math:`i/i_{lim} = iL(1-t_+)/(2F D_e B c_0)`;
    - reaction distribution: :math:`ν^2 = a i_0 L^2 F/(RT)\,(1/κB + 1/σ)`; L/ν is how deep the reaction reaches (Newman and
      Tobias, J. Electrochem. Soc. 109 (1962) 1183, DOI 10.1149/1.2425269);
    - ohmic loss of the electrolyte: :math:`iLF/(κB\,RT)`;
    - charge transfer: :math:`i/(a L i_0)`;
    - Damköhler number of the electrolyte: :math:`i_0 L/(F D_e B c_0)`;
    - mass Biot number: :math:`R_D/R_{ct}` with :math:`R_D = |U'|R/(F c_{max} D)` and :math:`R_{ct} = RT/(F i_0)` of an area
      of particle;
    - Wagner number: :math:`κB\,R_{ct}/(aL^2)`: above one the reaction is even by itself;
    - Debye ratio: :math:`λ_D/L`, with :math:`λ_D^2 = εRT/(2F^2c_0)`: the electrolyte is neutral where it is small.

    Of the cell with heat capacity and cooling: lumped Biot number h L/k and Fourier number where the thickness and the
    conductivity of its stack are stated.

    Parameters
    ----------
    specification : CellSpecification or path
        What `scalith.cell.read_cell` takes.
    c_rate : float or str
        ``"2C"`` or 2.0.
    temperature : float, optional
        K; without it the reference temperature. Activation energies count.
    state_of_charge : float
        At which D(x), U(x), i₀(x) are read.

    Returns
    -------
    Result
        ``value`` over ``number``, with ``where``, ``numerator``, ``denominator`` and ``meaning``.

    Raises
    ------
    InputError
        A rate that is not positive, a state of charge out of 0 … 1.
    """
    cell = read_cell(specification)
    load = discharge_load(cell, c_rate, None)
    if not load > 0.0:
        raise InputError("dimensionless_numbers", "c_rate", c_rate, "a positive rate, such as '1C'")
    rate = 3600.0 * load / cell.nominal_capacity
    if not 0.0 <= state_of_charge <= 1.0:
        raise InputError("dimensionless_numbers", "state_of_charge", state_of_charge, "0 to 1")
    T = cell.reference_temperature if temperature is None else float(temperature)
    density = load / cell.plane_area
    found: list[DimensionlessNumber] = []
    for side, share in (("negative", state_of_charge), ("positive", 1.0 - state_of_charge)):
        found += _of_electrode(cell, side, share, density, 3600.0 / rate, T)
    found += _of_heat(cell, 3600.0 / rate)
    source = predicted(
        "scalith.lab.dimensionless_numbers",
        cell.digest,
        settings={"c_rate": rate, "temperature_K": T, "state_of_charge": state_of_charge},
    )

    def text(field: str, title: str) -> object:
        return labelled("number", np.array([getattr(one, field) for one in found]), title, "")

    return Result(
        {
            "value": labelled("number", np.array([one.value for one in found]), "dimensionless number", "1"),
            "where": text("where", "where"),
            "numerator": text("numerator", "what is divided"),
            "denominator": text("denominator", "by what"),
            "meaning": text("meaning", "what a large one means"),
        },
        {"number": labelled("number", np.array([f"{one.name}, {one.where}" for one in found]), "number", "")},
        {"kind": "dimensionless numbers", "source": source.to_json()},
    )


def _of_electrode(
    cell: CellSpecification, side: str, share: float, density: float, discharge: float, T: float
) -> list[DimensionlessNumber]:
    electrode: ElectrodeSpecification = getattr(cell, f"{side}_electrode")
    if electrode.planar:
        return []
    electrolyte, reference = cell.electrolyte, cell.reference_temperature
    c0, L = electrolyte.initial_concentration, electrode.thickness

    def bulk(name: str, energy: float = 0.0) -> float:
        value = float(getattr(electrolyte, name)(c=c0, T=T, extrapolate="nearest"))
        return value * arrhenius_factor(energy, T, reference)

    efficiency, volt = electrode.efficiency, GAS_CONSTANT * T / FARADAY
    conductivity = bulk("conductivity", electrolyte.conductivity_activation_energy) * efficiency
    diffusivity = bulk("diffusivity", electrolyte.diffusivity_activation_energy) * efficiency
    transference = bulk("transference_number")
    made = []
    area = exchange_area = 0.0
    for k, material in enumerate(electrode.materials):
        place = f"{side} electrode" if len(electrode.materials) == 1 else f"{side} electrode, material {k}"
        D, i0, slope = _of_particle(material, share, T, reference)
        R = material.particle_radius
        area += material.area
        exchange_area += material.area * i0
        diffusion = abs(slope) * R / (FARADAY * material.maximum_concentration * D)
        made += [
            _number("solid diffusion", place, R**2 / D, discharge, "time to diffuse through a particle", "time of the discharge",
                    "particles are full at the surface before their middle is"),
            _number("mass Biot number", place, diffusion, volt / i0, "resistance of diffusion", "resistance of charge transfer",
                    "diffusion in the particles limits, not charge transfer"),
        ]  # fmt: skip
    place, i0 = f"{side} electrode", exchange_area / area
    transfer = volt / i0
    spread = density * L * (1.0 - transference)
    length = debye_length(c0, _RELATIVE_PERMITTIVITY, T, ions=2)
    made += [
        _number("limiting current", place, spread, 2.0 * FARADAY * diffusivity * c0, "current density",
                "that which empties the electrolyte", "the electrolyte runs dry of salt"),
        _number("reaction distribution", place, exchange_area * L**2 / volt * (1.0 / conductivity + 1.0 / electrode.conductivity),
                1.0, "conduction over the thickness", "charge transfer over the thickness", "the reaction stays near one face"),
        _number("ohmic loss of the electrolyte", place, density * L / conductivity, volt, "voltage lost", "RT/F",
                "the electrolyte takes a visible part of the voltage"),
        _number("charge transfer", place, density, exchange_area * L, "current density", "exchange current of the electrode",
                "charge transfer takes a visible part of the voltage"),
        _number("Damköhler number", place, i0 * L, FARADAY * diffusivity * c0, "exchange current density",
                "diffusion of salt over the thickness", "salt comes more slowly than it can react"),
        _number("Wagner number", place, conductivity * transfer, exchange_area / i0 * L**2, "resistance of charge transfer",
                "resistance of the pores", "the reaction is even over the thickness"),
        _number("Debye ratio", place, length, L, "Debye length", "thickness", "the electrolyte is not neutral"),
    ]  # fmt: skip
    return made


def _of_particle(material: ActiveMaterial, share: float, T: float, reference: float) -> tuple[float, float, float]:
    """D, i₀ and dU/dx at a share of the window."""
    x = material.minimum_stoichiometry + share * (material.maximum_stoichiometry - material.minimum_stoichiometry)
    D = float(material.chemical_diffusivity(x=x, T=T, extrapolate="nearest"))
    D *= arrhenius_factor(material.diffusivity_activation_energy, T, reference)
    i0 = float(exchange_current_at(material, x, T)) * arrhenius_factor(material.reaction_activation_energy, T, reference)
    slope = float(material.open_circuit_voltage.derivative("x")(x=x, T=T, extrapolate="nearest"))
    return D, i0, slope


def _of_heat(cell: CellSpecification, discharge: float) -> list[DimensionlessNumber]:
    heat = cell.thermal
    if heat is None or heat.heat_capacity is None:
        return []
    made = []
    if heat.heat_transfer > 0.0:
        made.append(
            _number("cooling", "cell", heat.heat_transfer * discharge, heat.heat_capacity, "time of the discharge",
                    "time in which the cell cools", "the cell is near the temperature of its surroundings")
        )  # fmt: skip
    if heat.thickness is not None and heat.through_conductivity is not None:
        stack = cell.electrode_area
        half = 0.5 * heat.thickness
        coefficient = heat.heat_transfer / (2.0 * stack)
        volume = heat.thickness * stack
        made += [
            _number("heat Biot number", "cell", coefficient * half, heat.through_conductivity, "resistance within the cell",
                    "resistance at its faces", "the cell is hotter in its middle than at its faces"),
            _number("Fourier number", "cell", heat.through_conductivity * discharge * volume, heat.heat_capacity * half**2,
                    "time of the discharge", "time in which heat crosses half the cell", "the profile of temperature is steady"),
        ]  # fmt: skip
    return made


def _number(
    name: str, where: str, above: float, below: float, numerator: str, denominator: str, meaning: str
) -> DimensionlessNumber:
    return DimensionlessNumber(name, where, above / below, numerator, denominator, meaning)
