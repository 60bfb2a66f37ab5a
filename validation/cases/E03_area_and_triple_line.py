r"""E03: Area and triple-phase line of bodies with known ones.

**[E]** Faces of voxels count 3/2 of the area of a ball at every resolution, edges of voxels 4/π of the length of a
circle across an axis. Crofton's formula takes the area from the cuts of straight lines in 13 directions,

$$S_V = 2 \langle P_L \rangle,$$

and the line is the sum of the edges' projections on its local direction. Both must converge on refinement: for a ball,
$4 \pi r^2$ and mean curvature $1/r$; for a ball in two halves, cut along several planes, $2 \pi r$; for two balls that meet in
a neck, $2 \pi r_c$ with $r_c^2 = r^2 - d^2/4$, $d$ the distance of the centres. Centres lie off the lattice. A piece of the
second phase that nothing joins to the face $x = 0$ adds no active line.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from validation.record import Record

SHIFT = (0.13, -0.21, 0.34)
RADII = (8, 16, 32)
NORMALS = {"(001)": (0, 0, 1), "(111)": (1, 1, 1), "(123)": (1, 2, 3)}
EDGE = 1e-7


def _image(labels: Any) -> Any:
    from scalith.electrode import VoxelImage
    from scalith.quantities import Source

    return VoxelImage(labels.astype(np.uint8), EDGE, {"pore": 0, "a": 1, "b": 2}, Source(kind="assumed"))


def _places(shape: tuple[int, ...]) -> float:
    """Volume (m3) that lengths are per: there are fewer edges with four voxels around them than voxels."""
    shares = [np.prod([1.0 - 1.0 / size for size in np.delete(shape, axis)]) for axis in range(3)]
    return float(np.prod(shape) * EDGE**3 * np.mean(shares))


def _axes(shape: tuple[int, ...]) -> list[Any]:
    axes = [np.arange(size) + 0.5 - 0.5 * size - shift for size, shift in zip(shape, SHIFT, strict=True)]
    return list(np.meshgrid(*axes, indexing="ij"))


def run(record: Record) -> None:
    """Ball, halves and necks at three radii in voxels."""
    import matplotlib.pyplot as plt

    from scalith.electrode import connected_to, interface_areas, mean_curvature, triple_phase_length

    lines = ("pore", "a", "b")
    errors: dict[str, list[float]] = {}
    for radius in RADII:
        size = 2 * radius + 8
        x, y, z = _axes((size,) * 3)
        inside = x**2 + y**2 + z**2 <= radius**2
        image, volume = _image(inside), (size * EDGE) ** 3
        area = float(interface_areas(image, periodic=True).sel(phase="a", neighbour="pore")) * volume
        errors.setdefault("area of a ball", []).append(area / (4.0 * np.pi * (radius * EDGE) ** 2) - 1.0)
        curvature = mean_curvature(image, "a", periodic=True)
        errors.setdefault("curvature of a ball", []).append(curvature * radius * EDGE - 1.0)
        faces = sum(np.count_nonzero(np.diff(inside, axis=axis)) for axis in range(3))
        record.compare(
            "faces of voxels over the area", reference=1.5, found=faces / (4.0 * np.pi * radius**2), note=f"r = {radius}"
        )
        for name, normal in NORMALS.items():
            side = normal[0] * x + normal[1] * y + normal[2] * z > 0.0
            found = triple_phase_length(_image(np.where(inside, np.where(side, 1, 2), 0)), lines)
            circle = 2.0 * np.pi * radius * EDGE
            errors.setdefault(f"circle on {name}", []).append(float(found["length"]) * _places(image.labels.shape) / circle - 1.0)
            if name == "(001)":
                steps = float(found["edge_length"]) * _places(image.labels.shape) / circle
                record.compare("edges of voxels over the circle", reference=4.0 / np.pi, found=steps, note=f"r = {radius}")
        shape = (int(3.6 * radius) + 8, size, size)
        x, y, z = _axes(shape)
        half = 0.8 * radius
        pair = [(x - sign * half) ** 2 + y**2 + z**2 <= radius**2 for sign in (-1, 1)]
        necked = np.where(pair[0] & (x <= 0.0), 1, np.where(pair[1], 2, 0))
        found = triple_phase_length(_image(necked), lines)
        neck = 2.0 * np.pi * np.sqrt(1.0 - 0.8**2) * radius * EDGE
        errors.setdefault("neck of two balls", []).append(float(found["length"]) * _places(shape) / neck - 1.0)
    record.check_at_most("error of the area of a ball, r = 32", limit=0.002, found=abs(errors["area of a ball"][-1]))
    record.check_at_most("error of the curvature of a ball, r = 32", limit=0.005, found=abs(errors["curvature of a ball"][-1]))
    for name in (*(f"circle on {normal}" for normal in NORMALS), "neck of two balls"):
        record.check_at_most(f"error of the {name}, r = 32", limit=0.02 if "neck" in name else 0.005, found=abs(errors[name][-1]))
        if "neck" in name:
            record.check_at_most(f"error at r = 32 over r = 8, {name}", limit=0.6, found=abs(errors[name][-1] / errors[name][0]))

    labels = np.zeros((24, 24, 24))
    labels[:, 12:] = 1
    labels[:, 12:, 12:] = 2
    labels[12, 12:, 12:] = 0
    image = _image(labels)
    active = {"b": connected_to(image, {"b": 1.0}, "x", 0)}
    part = triple_phase_length(image, lines, active=active)["edge_length"]
    # The piece that ends at x = 12 has the line of a, b and pore along x and one more at its end.
    record.check(
        "active line, edges of voxels", expected=12 + 12, found=float(part) * _places(labels.shape) / EDGE, tolerance=1.0
    )

    figure, axes = plt.subplots(figsize=(5.6, 3.9), constrained_layout=True)
    for name, values in errors.items():
        axes.loglog(RADII, np.maximum(np.abs(values), 1e-5), "o-", label=name)
    axes.set(xlabel="radius (voxels)", ylabel="relative error")
    axes.legend(fontsize=8)
    record.figure("Errors against the resolution.", figure)
