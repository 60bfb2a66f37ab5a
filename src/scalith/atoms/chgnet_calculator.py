"""CHGNet for ASE, with forces and stress from one backward pass.

chgnet's own calculator differentiates twice and keeps the graph of second derivatives that training needs: the same numbers
at about twice the time. This module is loaded only when CHGNet is used.
"""

from __future__ import annotations

import contextlib
import io
import warnings
from functools import cache
from typing import Any, ClassVar

import numpy as np
import torch
from ase.calculators.calculator import Calculator, all_changes
from chgnet.model.model import BatchedGraph, CHGNet
from pymatgen.io.ase import AseAtomsAdaptor


@cache
def chgnet_weights(model: str) -> Any:
    """Weights of a model, read once in a process."""
    # CHGNet tells of its start on standard output: that is not for the user.
    with contextlib.redirect_stdout(io.StringIO()):
        weights = CHGNet.load(model_name=model, use_device="cpu", verbose=False)
    weights.graph_converter.set_isolated_atom_response("ignore")
    weights.requires_grad_(False)
    weights.eval()
    return weights


class OnePass(Calculator):  # type: ignore[misc]
    """Energy (eV), forces (eV/Å), stress (eV/Å³) and magnetic moments (μ_B) of one CHGNet model."""

    implemented_properties: ClassVar[list[str]] = ["energy", "free_energy", "forces", "stress", "magmoms"]

    def __init__(self, model: str, threads: int) -> None:
        super().__init__()
        self.threads = threads
        self.weights = chgnet_weights(model)

    def calculate(self, atoms: Any = None, properties: Any = None, system_changes: Any = all_changes) -> None:
        """All properties at once."""
        super().calculate(atoms, properties, system_changes)
        torch.set_num_threads(self.threads)
        weights, count = self.weights, len(atoms)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch and pymatgen warn of their own habits
            graph = weights.graph_converter(AseAtomsAdaptor.get_structure(atoms))
            batch = BatchedGraph.from_graphs(
                [graph],
                bond_basis_expansion=weights.bond_basis_expansion,
                angle_basis_expansion=weights.angle_basis_expansion,
                compute_stress=True,
            )
            found = weights._compute(batch, compute_magmom=True)
            scale = count if weights.is_intensive else 1
            total = found["e"].sum() * scale
            slopes = torch.autograd.grad(total, [batch.atom_positions[0], batch.strains[0]])
            composition = 0.0 if weights.composition_model is None else weights.composition_model([graph]).sum() * scale
        # Single precision inside; the sums of an optimiser are done in double.
        forces, virial = (slope.detach().numpy().astype(np.float64) for slope in slopes)
        stress = (virial + virial.T) / (2.0 * float(atoms.get_volume()))
        energy = float(total.detach() + composition)
        self.results = {
            "energy": energy,
            "free_energy": energy,
            "forces": -forces,
            "stress": stress[[0, 1, 2, 1, 0, 0], [0, 1, 2, 2, 2, 1]],
            "magmoms": found["m"][0].detach().numpy().astype(np.float64),
        }
