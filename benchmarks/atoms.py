"""Energies and forces of a learned potential against the calculator that comes with it."""

from __future__ import annotations

import contextlib
import io
import time
import warnings
from typing import Any

from benchmarks.row import Row
from scalith.atoms import Engine
from scalith.crystal import read_structures
from scalith.quantities import shipped

_EVALUATIONS = 4


def rows() -> list[Row]:
    return [
        Row(
            name="chgnet_forces_and_stress",
            unit="ms/atom",
            ours=lambda: _time(_ours()),
            peer="chgnet",
            theirs=lambda: _time(_theirs()),
            target=10.0,
            target_ratio=1.2,
            note="one energy, forces, stress and moments of a LixFePO4 cell of 52 atoms, one thread; the same numbers to 1e-4",
        )
    ]


def _ours() -> Any:
    return Engine(name="chgnet").calculator()


def _theirs() -> Any:
    import torch
    from chgnet.model.dynamics import CHGNetCalculator
    from chgnet.model.model import CHGNet

    torch.set_num_threads(1)
    with contextlib.redirect_stdout(io.StringIO()):
        return CHGNetCalculator(CHGNet.load(model_name="0.3.0", use_device="cpu", verbose=False), use_device="cpu")


def _time(calculator: Any) -> float:
    """Milliseconds an atom and evaluation."""
    structures = read_structures(shipped("dft_energies/LixFePO4_chgnet/energies.extxyz"))
    atoms = next(item.atoms for item in structures if len(item.symbols) == 52).copy()
    atoms.calc = calculator
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        atoms.get_forces()
        began = time.perf_counter()
        for k in range(_EVALUATIONS):
            atoms.rattle(1e-3, seed=k)
            atoms.get_forces()
    return 1e3 * (time.perf_counter() - began) / _EVALUATIONS / len(atoms)
