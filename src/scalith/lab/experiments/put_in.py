"""What the parameters of a cell say of the quantities that experiments find."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from scalith.lab.half_cell import Side
from scalith.quantities import ErrorComponent, InputError, Property, nearest, predicted
from scalith.quantities.constants import FARADAY, GAS_CONSTANT

if TYPE_CHECKING:
    from scalith.cell import ActiveMaterial, CellSpecification

Array = NDArray[np.float64]


def put_in(cell: CellSpecification, side: Side, name: str) -> Property | None:
    """What was put into a cell of its electrode or electrolyte, at its reference temperature; `None` where it states none.

    Parameters
    ----------
    cell : CellSpecification
    side : {"positive", "negative"}
    name : str
        ``"conductivity"``, ``"exchange_current_density"``, ``"charge_transfer_resistance"``, or a property of
        the active material.

    Raises
    ------
    InputError
        Another name.
    """
    material = (cell.positive_electrode if side == "positive" else cell.negative_electrode).material
    if name == "conductivity":
        return cell.electrolyte.conductivity
    if name == "exchange_current_density":
        return exchange_current_density(material, cell.reference_temperature)
    if name == "charge_transfer_resistance":
        return charge_transfer_resistance(material, cell.reference_temperature)
    known = ("open_circuit_voltage", "entropic_coefficient", "chemical_diffusivity")
    if name not in known:
        expected = nearest(name, [*known, "conductivity", "exchange_current_density", "charge_transfer_resistance"])
        raise InputError("put_in", "name", name, expected)
    found: Property | None = getattr(material, name)
    return found


def exchange_current_at(material: ActiveMaterial, x: Array | float, T: float) -> Array:
    r"""i₀ at the initial concentration of the electrolyte, A m-2: as stated, or F k (1 − x)^α_a x^α_c."""
    if material.exchange_current_density is not None:
        return np.asarray(material.exchange_current_density(x=x, T=T, extrapolate="nearest"), dtype=np.float64)
    assert material.reaction_rate_constant is not None
    filled = np.asarray(x, dtype=np.float64)
    shape = (1.0 - filled) ** material.anodic_transfer_coefficient * filled**material.cathodic_transfer_coefficient
    return np.asarray(FARADAY * material.reaction_rate_constant * shape)


def exchange_current_density(material: ActiveMaterial, T: float) -> Property:
    r"""i₀ over the window, `exchange_current_at`: as stated, or as a table."""
    if material.exchange_current_density is not None:
        return material.exchange_current_density
    assert material.reaction_rate_constant is not None
    x = np.linspace(max(material.minimum_stoichiometry, 1e-3), min(material.maximum_stoichiometry, 1.0 - 1e-3), 201)
    values = exchange_current_at(material, x, T)
    source = predicted("scalith.lab.exchange_current_density", material.digest, settings={"temperature_K": T})
    error = getattr(material.reaction_rate_constant, "error", 0.0) / material.reaction_rate_constant
    parts = (ErrorComponent("rate constant", error * values),) if error > 0.0 else ()
    return Property.from_arrays("exchange_current_density", {"x": x}, values, "A m-2", source, None, parts)


def charge_transfer_resistance(material: ActiveMaterial, T: float) -> Property:
    """RT/(F i₀ h'(0)) and the film, per surface of the particles, ohm m2."""
    density = exchange_current_density(material, T)
    low, high = density.domain.get("x", (material.minimum_stoichiometry, material.maximum_stoichiometry))
    x = np.linspace(max(low, material.minimum_stoichiometry), min(high, material.maximum_stoichiometry), 201)
    i0 = np.asarray(density(x=x, T=T, extrapolate="nearest"), dtype=np.float64)
    x, i0 = x[i0 > 0.0], i0[i0 > 0.0]
    bare = GAS_CONSTANT * T / (FARADAY * i0 * slope_of_rate(material))
    parts = [
        ErrorComponent(name, bare * np.asarray(error, dtype=np.float64) / i0)
        for name, error in density.error_parts(x=x, T=T, extrapolate="nearest").items()
    ]
    source = predicted("scalith.lab.charge_transfer_resistance", material.digest, settings={"temperature_K": T})
    return Property.from_arrays(
        "charge_transfer_resistance", {"x": x}, bare + material.film_resistance, "ohm m2", source, None, parts
    )


def slope_of_rate(material: ActiveMaterial) -> float:
    """h'(0) of the law of the reaction, j = (i₀/F) h(Fη/RT)."""
    if material.overvoltage_function is not None:
        return float(material.overvoltage_function.slope("x", x=0.0))
    return material.anodic_transfer_coefficient + material.cathodic_transfer_coefficient
