"""The single-particle model as a reduction of the same description."""

from __future__ import annotations

from typing import Any

from scalith.cell.mesh import Mesh
from scalith.cell.specification import CellSpecification
from scalith.quantities import Property, predicted


def single_particle(specification: CellSpecification) -> tuple[CellSpecification, Mesh]:
    """The cell without losses in electrolyte and solid, and the mesh of one volume a layer that is exact for it.

    Every grain of an electrode then reacts alike: what is left is diffusion in one grain of each electrode and its charge
    transfer (SPM). ``simulate_discharge(cell, 1.0, mesh=mesh)`` solves it with the same kernel.

    Returns
    -------
    CellSpecification, Mesh
    """
    source = predicted("scalith.cell.single_particle", specification.digest)
    salt = {"transference_number": Property.constant("transference_number", 1.0, "1", source)}
    changes: dict[str, Any] = {"electrolyte": specification.electrolyte.model_copy(update=salt)}
    for name in ("negative_electrode", "separator", "positive_electrode"):
        layer = {"transport_efficiency": 1e6} | ({} if name == "separator" else {"conductivity": 1e5})
        changes[name] = getattr(specification, name).model_copy(update=layer)
    fields = {field: getattr(specification, field) for field in type(specification).model_fields}
    return CellSpecification.model_validate(fields | changes), Mesh(negative=1, separator=1, positive=1)
