r"""E06: A tomogram of an electrode gives its published fractions and tortuosities.

**[P]** The sample that comes with TauFactor (MIT licence beside the file): 256³ voxels of pore, active material and binder, with
the fractions 0.450, 0.400 and 0.150. Conduction through the pores, with all else insulating, gives the tortuosity factors

$$\tau_\mathrm{f} = \varepsilon \, \sigma / \sigma_\mathrm{eff}$$

2.077, 2.076 and 2.210 along the three axes of the stack (pages, rows, columns). Each is solved to a relative residual of
$10^{-5}$; the currents at the two ends agree, and what of the pores joins both ends is found first.
"""

from __future__ import annotations

from pathlib import Path

from validation.record import Record

LONG = True

FILE = Path(__file__).resolve().parents[1] / "data" / "microstructure" / "taufactor_electrode.tiff"
FRACTIONS = {"pore": 0.450, "active": 0.400, "binder": 0.150}
TORTUOSITIES = {"x": 2.077, "y": 2.076, "z": 2.210}


def run(record: Record) -> None:
    """Read, and solve along each axis."""
    import matplotlib.pyplot as plt

    from scalith.electrode import read_image, solve_conduction

    labels = {"pore": 0, "active": 85, "binder": 170}
    image = read_image(FILE, phases=labels, voxel_size="0.1 um", axes="xyz")  # the file does not say its voxel; it has no effect
    for name, fraction in FRACTIONS.items():
        record.check(f"fraction of {name}", expected=fraction, found=image.volume_fractions[name], tolerance=0.0006)
    for axis, published in TORTUOSITIES.items():
        found = solve_conduction(image, {"pore": 1.0}, axis=axis, tolerance=1e-5)
        factor = image.volume_fractions["pore"] / float(found["conductivity"])
        record.check(
            f"tortuosity factor of the pores along {axis}", expected=published, found=factor, tolerance=0.001 * published
        )
        record.check_at_most(f"mismatch of the end currents along {axis}", limit=1e-5, found=float(found["mismatch"]))
    figure, axes = plt.subplots(figsize=(4.8, 4.2), constrained_layout=True)
    shown = axes.imshow(image.labels[:, :, 128], cmap="cividis", interpolation="nearest")
    bar = figure.colorbar(shown, ax=axes, ticks=list(labels.values()))
    bar.ax.set_yticklabels(list(labels))
    axes.set(xlabel="y / voxels", ylabel="x / voxels")
    record.figure("The plane through the middle of the sample.", figure)
