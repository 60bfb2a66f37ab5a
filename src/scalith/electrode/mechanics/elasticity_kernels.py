"""Kernels of elasticity in voxels: displacements at the corners, one strain and one stress a voxel."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scalith.numerics.compiled import compiled, compiled_inline

Floats = NDArray[np.float64]
Complexes = NDArray[np.complex128]


@compiled_inline
def _gradient(u: Floats, i: int, j: int, k: int, ip: int, jp: int, kp: int, g: Floats, q: Floats) -> None:
    # Gradient g[a, b] = ∂u_a/∂x_b at the centre of a voxel, and the four patterns q[a, m] of its corners that strain no centre.
    for a in range(3):
        u000, u100, u010, u110 = u[a, i, j, k], u[a, ip, j, k], u[a, i, jp, k], u[a, ip, jp, k]
        u001, u101, u011, u111 = u[a, i, j, kp], u[a, ip, j, kp], u[a, i, jp, kp], u[a, ip, jp, kp]
        near, far = u110 - u000, u111 - u001
        near_cross, far_cross = u100 - u010, u101 - u011
        near_sum, far_sum = u000 + u110, u001 + u111
        near_other, far_other = u100 + u010, u101 + u011
        g[a, 0] = 0.25 * (near + far + near_cross + far_cross)
        g[a, 1] = 0.25 * (near + far - near_cross - far_cross)
        g[a, 2] = 0.25 * (far_sum + far_other - near_sum - near_other)
        q[a, 0] = near_sum - near_other + far_sum - far_other
        q[a, 1] = (far + far_cross) - (near + near_cross)
        q[a, 2] = (far - far_cross) - (near - near_cross)
        q[a, 3] = (far_sum - far_other) - (near_sum - near_other)


@compiled_inline
def _elastic_strain(g: Floats, mean: Floats, eigenstrain: Floats, expansion: float, e: Floats) -> None:
    # ε̄ + sym g − ε* in Voigt's order.
    e[0] = mean[0] + g[0, 0] - expansion * eigenstrain[0]
    e[1] = mean[1] + g[1, 1] - expansion * eigenstrain[1]
    e[2] = mean[2] + g[2, 2] - expansion * eigenstrain[2]
    e[3] = mean[3] + g[1, 2] + g[2, 1] - expansion * eigenstrain[3]
    e[4] = mean[4] + g[0, 2] + g[2, 0] - expansion * eigenstrain[4]
    e[5] = mean[5] + g[0, 1] + g[1, 0] - expansion * eigenstrain[5]


@compiled_inline
def _stress(stiffness: Floats, intact: float, e: Floats, s: Floats) -> None:
    for row in range(6):
        total = 0.0
        for column in range(6):
            total += stiffness[row, column] * e[column]
        s[row] = intact * total


@compiled
def forces_of(
    u: Floats,
    mean: Floats,
    index: NDArray[np.uint8],
    stiffness: Floats,
    eigenstrain: Floats,
    warping: Floats,
    intact: Floats,
    expansion: Floats,
    force: Floats,
    total: Floats,
) -> None:
    """Forces on the corners of the voxels under given displacements: the gradient of the elastic energy.

    The energy of a voxel is that of the strain at its centre, and ½ w Σ q² of the patterns that strain no centre.

    Parameters
    ----------
    u : (3, nx, ny, nz)
        Displacements at the lower corners of the voxels, in voxel edges; periodic.
    mean : (6,)
        Mean strain ε̄ (xx, yy, zz, and twice yz, xz, xy).
    index : (nx, ny, nz)
        Row of the phase.
    stiffness, eigenstrain, warping : (phases, 6, 6), (phases, 6), (phases,)
        C, ε* and w.
    intact, expansion : (nx, ny, nz)
        Factors on stiffness (and w) and on ε* of each voxel.
    force : (3, nx, ny, nz)
        Written.
    total : (6,)
        Sum of the stress over the voxels, written.
    """
    _, nx, ny, nz = u.shape
    e, s = np.empty(6), np.empty(6)
    g, q = np.empty((3, 3)), np.empty((3, 4))
    total[:] = 0.0
    force[:] = 0.0
    for i in range(nx):
        ip = i + 1 if i + 1 < nx else 0
        for j in range(ny):
            jp = j + 1 if j + 1 < ny else 0
            for k in range(nz):
                kp = k + 1 if k + 1 < nz else 0
                p = index[i, j, k]
                if stiffness[p, 0, 0] == 0.0:
                    continue
                _gradient(u, i, j, k, ip, jp, kp, g, q)
                _elastic_strain(g, mean, eigenstrain[p], expansion[i, j, k], e)
                _stress(stiffness[p], intact[i, j, k], e, s)
                for row in range(6):
                    total[row] += s[row]
                w = warping[p] * intact[i, j, k]
                for a in range(3):
                    # Rows of σ_ax, σ_ay, σ_az.
                    x = 0.25 * (s[0] if a == 0 else (s[5] if a == 1 else s[4]))
                    y = 0.25 * (s[5] if a == 0 else (s[1] if a == 1 else s[3]))
                    z = 0.25 * (s[4] if a == 0 else (s[3] if a == 1 else s[2]))
                    a0, a1, a2, a3 = w * q[a, 0], w * q[a, 1], w * q[a, 2], w * q[a, 3]
                    force[a, i, j, k] += -x - y - z + a0 + a1 + a2 - a3
                    force[a, ip, j, k] += x - y - z - a0 - a1 + a2 + a3
                    force[a, i, jp, k] += -x + y - z - a0 + a1 - a2 + a3
                    force[a, ip, jp, k] += x + y - z + a0 - a1 - a2 - a3
                    force[a, i, j, kp] += -x - y + z + a0 - a1 - a2 + a3
                    force[a, ip, j, kp] += x - y + z - a0 + a1 - a2 - a3
                    force[a, i, jp, kp] += -x + y + z - a0 - a1 + a2 - a3
                    force[a, ip, jp, kp] += x + y + z + a0 + a1 + a2 + a3


@compiled
def stress_of(
    u: Floats,
    mean: Floats,
    index: NDArray[np.uint8],
    stiffness: Floats,
    eigenstrain: Floats,
    intact: Floats,
    expansion: Floats,
    stress: Floats,
) -> None:
    """Stress (6, nx, ny, nz) at the centre of each voxel; arguments as in `forces_of`."""
    _, nx, ny, nz = u.shape
    e, s = np.empty(6), np.empty(6)
    g, q = np.empty((3, 3)), np.empty((3, 4))
    for i in range(nx):
        ip = i + 1 if i + 1 < nx else 0
        for j in range(ny):
            jp = j + 1 if j + 1 < ny else 0
            for k in range(nz):
                p = index[i, j, k]
                _gradient(u, i, j, k, ip, jp, k + 1 if k + 1 < nz else 0, g, q)
                _elastic_strain(g, mean, eigenstrain[p], expansion[i, j, k], e)
                _stress(stiffness[p], intact[i, j, k], e, s)
                for row in range(6):
                    stress[row, i, j, k] = s[row]


@compiled_inline
def _principal(a: float, b: float, c: float, d: float, e: float, f: float, values: Floats) -> None:
    # Eigenvalues of [[a, f, e], [f, b, d], [e, d, c]] by the angle in the deviatoric plane.
    mean = (a + b + c) / 3.0
    a, b, c = a - mean, b - mean, c - mean
    radius = np.sqrt((a * a + b * b + c * c + 2.0 * (d * d + e * e + f * f)) / 6.0)
    if radius == 0.0:
        values[:] = mean
        return
    determinant = (a * (b * c - d * d) - f * (f * c - d * e) + e * (f * d - b * e)) / (2.0 * radius**3)
    angle = np.arccos(min(max(determinant, -1.0), 1.0)) / 3.0
    values[0] = mean + 2.0 * radius * np.cos(angle)
    values[2] = mean + 2.0 * radius * np.cos(angle + 2.0 * np.pi / 3.0)
    values[1] = 3.0 * mean - values[0] - values[2]


@compiled
def strain_energies(
    u: Floats,
    mean: Floats,
    index: NDArray[np.uint8],
    moduli: Floats,
    eigenstrain: Floats,
    expansion: Floats,
    tensile: Floats,
    whole: Floats,
) -> None:
    """Energy density of intact isotropic voxels under given displacements: that of tension, and all of it.

    ψ⁺ = ½ λ ⟨tr ε⟩₊² + μ Σ ⟨ε_i⟩₊² with the principal strains ε_i, and ψ = ½ λ (tr ε)² + μ Σ ε_i².

    Parameters
    ----------
    moduli : (phases, 2)
        λ and μ.
    tensile, whole : (nx, ny, nz)
        Written. Other arguments as in `forces_of`.
    """
    _, nx, ny, nz = u.shape
    e, values = np.empty(6), np.empty(3)
    g, q = np.empty((3, 3)), np.empty((3, 4))
    for i in range(nx):
        ip = i + 1 if i + 1 < nx else 0
        for j in range(ny):
            jp = j + 1 if j + 1 < ny else 0
            for k in range(nz):
                p = index[i, j, k]
                _gradient(u, i, j, k, ip, jp, k + 1 if k + 1 < nz else 0, g, q)
                _elastic_strain(g, mean, eigenstrain[p], expansion[i, j, k], e)
                _principal(e[0], e[1], e[2], 0.5 * e[3], 0.5 * e[4], 0.5 * e[5], values)
                trace, squares, pulled = e[0] + e[1] + e[2], 0.0, 0.0
                for one in range(3):
                    squares += values[one] ** 2
                    pulled += max(values[one], 0.0) ** 2
                tensile[i, j, k] = 0.5 * moduli[p, 0] * max(trace, 0.0) ** 2 + moduli[p, 1] * pulled
                whole[i, j, k] = 0.5 * moduli[p, 0] * trace**2 + moduli[p, 1] * squares


@compiled
def undo_homogeneous(fx: Complexes, fy: Complexes, fz: Complexes, nz: int, lame: float, shear: float, warping: float) -> None:
    """Fourier coefficients of forces to those of displacements in a homogeneous isotropic body, in place.

    The gradient at the voxels' centres has the wave vector k_x = 2 sin(ξ_x/2) cos(ξ_y/2) cos(ξ_z/2) (and so on) times a phase
    that all three share, so that the body is the matrix (λ + μ) k kᵀ + (μ k² + w) 1, with w of the four patterns.
    """
    mx, my, mz = fx.shape
    for i in range(mx):
        sx, cx = np.sin(np.pi * i / mx), np.cos(np.pi * i / mx)
        for j in range(my):
            sy, cy = np.sin(np.pi * j / my), np.cos(np.pi * j / my)
            for k in range(mz):
                sz, cz = np.sin(np.pi * k / nz), np.cos(np.pi * k / nz)
                x, y, z = 2.0 * sx * cy * cz, 2.0 * cx * sy * cz, 2.0 * cx * cy * sz
                square = x * x + y * y + z * z
                patterns = (cx * sy * sz) ** 2 + (sx * cy * sz) ** 2 + (sx * sy * cz) ** 2 + (sx * sy * sz) ** 2
                across = shear * square + 64.0 * warping * patterns
                if i == 0 and j == 0 and k == 0:
                    fx[i, j, k] = 0.0
                    fy[i, j, k] = 0.0
                    fz[i, j, k] = 0.0
                    continue
                along = x * fx[i, j, k] + y * fy[i, j, k] + z * fz[i, j, k]
                along *= (lame + shear) / (across + (lame + shear) * square)
                fx[i, j, k] = (fx[i, j, k] - along * x) / across
                fy[i, j, k] = (fy[i, j, k] - along * y) / across
                fz[i, j, k] = (fz[i, j, k] - along * z) / across
