r"""D05: Structures of a trained model are not pieces of the tomogram, and two seeds are independent.

**[E]** Two seeds agree in no more voxels than independent structures of the same fractions do, $\sum \varphi_k^2$, and 0.05. A
block of $24^3$ voxels of a structure is laid over the first 192 planes of the tomogram, which the model was trained on, at all
places: nowhere are more than 90 % of the voxels equal (by the Fourier transform of the masks, exactly).
"""

from __future__ import annotations

import numpy as np

from validation.cases.D04_copied_tomogram import LABELS, tomogram
from validation.record import Record

LONG = True
BLOCK = 24


def most_alike(block: np.ndarray, whole: np.ndarray) -> float:
    """Largest share of equal voxels of a block over all of its places in a whole; both hold rows of phases."""
    from scipy import fft

    shape = tuple(fft.next_fast_len(size) for size in whole.shape)
    equal = np.zeros(shape, np.float32)
    for row in range(len(LABELS)):
        waves = fft.rfftn((whole == row).astype(np.float32), shape)
        waves *= np.conj(fft.rfftn((block == row).astype(np.float32), shape))
        equal += fft.irfftn(waves, shape)
    inside = tuple(slice(size - edge + 1) for size, edge in zip(whole.shape, block.shape, strict=True))
    return float(equal[inside].max()) / block.size


def run(record: Record) -> None:
    """Two seeds in 32³ voxels, and the block in the middle of the first."""
    from scalith.design import read_trained_model, trained_structure
    from scalith.quantities import shipped

    model = read_trained_model(shipped("trained/taufactor_electrode.npz"))
    one, other = (trained_structure(model, (32, 32, 32), seed=seed, steps=10).image for seed in (1, 2))
    independent = sum(share**2 for share in one.volume_fractions.values())
    alike = float(np.mean(one.labels == other.labels))
    record.check_at_most("two seeds: voxels alike beyond independent ones", limit=0.05, found=max(alike - independent, 0.0))
    known = (tomogram().labels[:192] // 85).astype(np.uint8)
    itself = most_alike(known[10:34, 50:74, 100:124], known)
    record.check("a block of the tomogram is found in it", expected=1.0, found=itself, tolerance=1e-4)
    found = most_alike(one.labels[4:28, 4:28, 4:28], known)
    record.check_at_most("most that a block has in common with the tomogram", limit=0.9, found=found)
