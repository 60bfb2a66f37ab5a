r"""E01: Effective conductivity of bodies that are known.

**[E]** Layers conduct exactly, along and across, at any resolution: electrodes sit on the outer faces. Isotropic mixtures
lie between the bounds of Hashin and Shtrikman. A checkerboard of two phases conducts $\sqrt{\sigma_1 \sigma_2}$ across its
columns (Keller). Its corners hold back the convergence: the field is singular with the exponent

$$\beta = \frac{4}{\pi} \arctan \sqrt{\sigma_1 / \sigma_2},$$

and the error of $\ln \sigma$ falls as $n^{-2\beta}$, so that faces in series give 6.57 instead of 10 at contrast 100 with 64
voxels a square. One number is therefore never given alone: by Keller's duality $\sigma_1\sigma_2/\sigma$ of the same grid bounds
the other side, and pairs of grids are extrapolated with that exponent (at contrast 100 the three extrapolated values once more).

Simple-cubic spheres at a fraction of 0.3 conduct 0.6056 when they insulate and 1.8867 when they conduct ten times better
(multipole solutions: McPhedran and McKenzie, Proc. R. Soc. A 359 (1978) 45); voxels are a staircase whose error falls as $1/n$,
and pairs of grids are extrapolated.

**[E]** Phases with full tensors, in a periodic cell. Layers of crystals turned in space conduct as the laminate formula
says, in all nine components; mirrored in all planes, an image has the three conductivities that electrodes see. A plane
polycrystal that is isotropic conducts $\sqrt{\sigma_1 \sigma_2}$ of its crystal's principal values, whatever its shape
(A. M. Dykhne, Sov. Phys. JETP 32 (1971) 63): here squares of one crystal, turned by 20 and by 110 degrees.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from validation.record import Record

LONG = True


def run(record: Record) -> None:
    """Solve on each body, and extrapolate where the exact value is a limit."""
    import matplotlib.pyplot as plt

    from scalith.electrode import FieldPhase, checkerboard, laminate, random_field, solve_conduction, sphere_lattice

    layers = laminate((12, 8, 6), 1e-7, [("a", 1), ("b", 2)])
    bulk = {"a": 1.0, "b": 10.0}
    exact = {"x": 1.0 / (1 / 3 + 2 / 30), "y": 7.0, "z": 7.0}
    worst = max(
        abs(float(solve_conduction(layers, bulk, axis=a, tolerance=1e-10)["conductivity"]) / exact[a] - 1.0) for a in "xyz"
    )
    record.check_at_most("layers, along and across: relative error", limit=1e-9, found=worst)

    image = random_field((64, 64, 64), 1e-7, {"b": FieldPhase(fraction=0.5, correlation_length=4e-7)}, seed=1, matrix="a")
    for contrast in (10.0, 100.0):
        found = np.mean([float(solve_conduction(image, {"a": 1.0, "b": contrast}, axis=axis)["conductivity"]) for axis in "xyz"])
        low = 1.0 + 0.5 / (1.0 / (contrast - 1.0) + 0.5 / 3.0)
        high = contrast + 0.5 / (1.0 / (1.0 - contrast) + 0.5 / (3.0 * contrast))
        place = (found - low) / (high - low)
        record.check(
            f"place between the Hashin–Shtrikman bounds, contrast {contrast:g}", expected=0.5, found=place, tolerance=0.5
        )

    figure, (left, right) = plt.subplots(1, 2, figsize=(9.6, 3.9), constrained_layout=True)
    squares = np.array([8, 16, 32, 64])
    for contrast, colour, tolerance in ((10.0, "#1f6f8b", 1e-4), (100.0, "#c8553d", 0.03)):
        boards = [checkerboard((2 * n, 2 * n, 2), 1e-7, int(n)) for n in squares]
        found = np.array(
            [float(solve_conduction(board, {"a": 1.0, "b": contrast}, tolerance=1e-9)["conductivity"]) for board in boards]
        )
        root = np.sqrt(contrast)
        inside = bool(np.all((found < root) & (contrast / found > root)))
        record.check(f"checkerboard, contrast {contrast:g}: bracketed on every grid", expected=1.0, found=inside, tolerance=0.0)
        ratio = 2.0 ** (-2.0 * 4.0 / np.pi * np.arctan(1.0 / root))
        limits = (np.log(found[1:]) - ratio * np.log(found[:-1])) / (1.0 - ratio)
        first, second = np.diff(limits)
        # What is left falls geometrically as well where the exponent is small.
        limit = limits[-1] + (second * second / (first - second) if contrast > 50.0 else 0.0)
        record.check(
            f"checkerboard, contrast {contrast:g}, extrapolated", expected=root, found=np.exp(limit), tolerance=tolerance * root
        )
        record.compare(f"checkerboard, contrast {contrast:g}, 64 voxels a square alone", reference=root, found=found[-1])
        left.plot(squares, found / root, "o-", color=colour, label=f"contrast {contrast:g}")
        left.plot(squares, root / found, "o--", color=colour)
    left.axhline(1.0, color="black", linewidth=0.8)
    left.set(xscale="log", xlabel="voxels a square", ylabel="over the exact value", title="checkerboard: the bracket")
    left.legend()

    _tensors(record)

    edges = np.array([32, 64, 128])
    for contrast, exact_value, colour, tolerance in ((0.0, 0.6056, "#1f6f8b", 0.003), (10.0, 1.8867, "#c8553d", 0.003)):
        found = []
        for edge in edges:
            body = sphere_lattice(int(edge), 1e-7, 0.3)
            found.append(float(solve_conduction(body, {"matrix": 1.0, "sphere": contrast}, tolerance=1e-8)["conductivity"]))
        limit = 2.0 * found[-1] - found[-2]
        name = "insulating" if contrast == 0.0 else "ten times conducting"
        record.check(f"spheres, {name}, extrapolated", expected=exact_value, found=limit, tolerance=tolerance * exact_value)
        record.compare(f"spheres, {name}, {edges[-1]}³ alone", reference=exact_value, found=found[-1])
        right.plot(1.0 / edges, np.array(found) / exact_value, "o-", color=colour, label=name)
        right.plot(0.0, limit / exact_value, "x", color=colour)
    right.axhline(1.0, color="black", linewidth=0.8)
    right.set(xlabel="1 / voxels along an edge", title="simple-cubic spheres at 0.3")
    right.legend()
    record.figure(
        "Checkerboards between the value of the grid and its dual (broken); spheres with their extrapolated limits (×).", figure
    )


def _tensors(record: Record) -> None:
    """Full tensors of the phases in a periodic cell."""
    from scalith.electrode import checkerboard, effective_tensor, laminate, mirror, random_sites, solve_conduction

    def crystal(principal: tuple[float, float, float], *axis: float, degrees: float) -> Any:
        one = np.asarray(axis) / np.linalg.norm(axis) * np.radians(degrees)
        turn = Rotation.from_rotvec(one).as_matrix()
        return turn @ np.diag(principal) @ turn.T

    crystals = [crystal((1.0, 0.1, 3.0), 1, 2, 3, degrees=40.0), crystal((5.0, 0.2, 0.5), 3, -1, 1, degrees=70.0)]
    shares, normal = (1 / 3, 2 / 3), np.array([1.0, 0.0, 0.0])
    through = [normal @ one @ normal for one in crystals]
    across = sum(share / one for share, one in zip(shares, through, strict=True))
    slope = sum(share * one @ normal / n for share, one, n in zip(shares, crystals, through, strict=True))
    along = sum(
        share * (one - np.outer(one @ normal, one @ normal) / n) for share, one, n in zip(shares, crystals, through, strict=True)
    )
    layers = laminate((12, 8, 6), 1e-7, [("a", 1), ("b", 2)])
    found = effective_tensor(layers, dict(zip("ab", crystals, strict=True)), tolerance=1e-11)["conductivity"].values
    exact = along + np.outer(slope, slope) / across
    record.check_at_most("layers of turned crystals: error of the tensor", limit=1e-9, found=float(np.abs(found - exact).max()))

    image, bulk = random_sites((20, 18, 16), 1e-7, 0.6, seed=1), {"filled": 1.0, "empty": 0.05}
    faces = np.diag([float(solve_conduction(image, bulk, axis=axis, tolerance=1e-9)["conductivity"]) for axis in "xyz"])
    periodic = effective_tensor(mirror(image, "xyz"), bulk, tolerance=1e-9)["conductivity"].values
    record.check_at_most("mirrored body: difference from electrodes", limit=1e-7, found=float(np.abs(periodic - faces).max()))

    turned = {name: crystal((1.0, 4.0, 1.0), 0, 0, 1, degrees=angle) for name, angle in (("a", 20.0), ("b", 110.0))}
    tensors = [effective_tensor(checkerboard((2 * n, 2 * n, 2), 1e-7, n), turned, tolerance=1e-9) for n in (16, 32, 64)]
    first, second, third = (float(tensor["conductivity"][0, 0]) for tensor in tensors)
    limit = third - (third - second) ** 2 / ((third - second) - (second - first))
    record.check("plane polycrystal, extrapolated", expected=2.0, found=limit, tolerance=2e-3)
    record.compare("plane polycrystal, 64 voxels a crystal alone", reference=2.0, found=third)
