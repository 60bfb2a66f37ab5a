"""The single-particle models, without (SPM) and with electrolyte (SPMe), as reductions of the same description."""

from __future__ import annotations

from typing import Any

from scalith.cell.model.mesh import Mesh
from scalith.cell.specification.cell import CellSpecification
from scalith.quantities import Property, predicted

_WITHOUT_ELECTROLYTE = Mesh(negative=1, separator=1, positive=1)
_WITH_ELECTROLYTE = Mesh(negative=1, separator=3, positive=1)


def single_particle(specification: CellSpecification, *, electrolyte: bool = False) -> tuple[CellSpecification, Mesh]:
    r"""The cell whose particles react alike in each electrode, and the mesh of one volume an electrode that makes it so.

    Without `electrolyte` (SPM) all losses in electrolyte and solid are left out as well: diffusion in one particle of each
    electrode and its charge transfer remain. With it (SPMe) a uniform reaction drives the electrolyte,

    .. math::

        V = U_p - U_n + η_p - η_n + \overline{φ_e}^p - \overline{φ_e}^n
            - \frac{I}{3A}\left(\frac{L_n}{σ_n} + \frac{L_p}{σ_p}\right)

    with the averages of φₑ over the electrodes, which for constant κ are those of Marquis et al.
    (DOI 10.1149/2.0341915jes), I/A (L_n/3B_n + L_s/B_s + L_p/3B_p)/κ and 2RT/F χ(1 − t₊) Δ ln c. As in Richardson et al.
    (DOI 10.1016/j.electacta.2020.135862), D, κ, t₊ and χ may depend on c. Within an electrode c is the parabola that belongs
    to its mean: exact once the electrolyte is in its steady state. The voltage is then right to first order in the current, its
    deviation from the full model of second order; that of the SPM is of first order.

    ``simulate_discharge(cell, 1.0, mesh=mesh)`` solves it with the kernel of the full model, and so do protocols, batches,
    impedance and networks of cells that are given the mesh.

    Parameters
    ----------
    specification : CellSpecification
    electrolyte : bool

    Returns
    -------
    CellSpecification, Mesh
    """
    if electrolyte:
        return specification, _WITH_ELECTROLYTE
    source = predicted("scalith.cell.single_particle", specification.digest)
    salt = {"transference_number": Property.constant("transference_number", 1.0, "1", source)}
    changes: dict[str, Any] = {"electrolyte": specification.electrolyte.model_copy(update=salt)}
    for name in ("negative_electrode", "separator", "positive_electrode"):
        layer = {"transport_efficiency": 1e6} | ({} if name == "separator" else {"conductivity": 1e5})
        changes[name] = getattr(specification, name).model_copy(update=layer)
    fields = {field: getattr(specification, field) for field in type(specification).model_fields}
    return CellSpecification.model_validate(fields | changes), _WITHOUT_ELECTROLYTE
