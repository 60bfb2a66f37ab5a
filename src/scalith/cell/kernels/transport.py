"""Transport across the layers: its equations linearised, as a block-tridiagonal matrix in (cₑ, φₑ, φₛ)."""

from __future__ import annotations

from scalith.cell.kernels.layout import PLANE_AREA, Array, System, Work
from scalith.numerics.compiled import compiled_inline_inside, compiled_inside
from scalith.quantities.constants import FARADAY, GAS_CONSTANT

_F = FARADAY
_R = GAS_CONSTANT
_DEPLETED, _TAKEN = 0.2, 0.7


@compiled_inside
def local_sources(system: System, y: Array, base: Array, inverse_time: float, work: Work) -> None:
    """Fill `work.local` from the linearised reactions and the double layer."""
    cells = system.width.size
    first_c, first_e, first_s = system.at.salt, system.at.electrolyte, system.at.solid
    for i in range(cells):
        source, local, bulk = work.source[i], work.local[i], work.electrolyte[i]
        layer = system.capacitance[i] * inverse_time / _F
        eta = y[first_s + i] - y[first_e + i]
        local[0] = source[0] + source[1] + layer * (eta - base[first_s + i] + base[first_e + i])
        local[1] = source[3]
        local[2] = source[2] + layer
        stay = 1.0 - bulk[4]
        storage = system.porosity[i] * inverse_time
        local[3] = stay * local[0] - storage * (y[first_c + i] - base[first_c + i]) + bulk[9]
        local[4] = stay * local[1] - bulk[5] * local[0] - storage + bulk[10]
        local[5] = stay * local[2]


@compiled_inline_inside
def electrolyte_face(system: System, i: int, a: Array, b: Array) -> tuple[float, float, float, float, float, float, float, float]:
    """Between volumes i and i + 1: conductance for bulk values of one, that of charge, and weights of the source on either side.

    The last two say whether the weight in the potential goes by the volume's own conductivity (1) or, where that is depleted, by
    a share of its neighbour's (0): a parabola through a volume that hardly conducts says nothing of the potential at its face.

    In the coordinate ∫ dz/B, B the transport efficiency, c has no kink where B jumps: the flux by ∫ D dc is exact across the
    jump, and so is the mean resistance between the two concentrations.
    """
    wide_a, wide_b = system.width[i], system.width[i + 1]
    transport_a, transport_b = system.transport[i], system.transport[i + 1]
    G = 1.0 / (0.5 * wide_a / transport_a + 0.5 * wide_b / transport_b)
    bend_a = system.curvature[i, 1] * wide_a * wide_a / transport_a
    bend_b = system.curvature[i + 1, 0] * wide_b * wide_b / transport_b
    total = a[0] + b[0]
    k = G * (total + 2.0 * a[0] * b[0] / total) / 3.0
    own_a = 1.0 if a[0].real > _DEPLETED * b[0].real else 0.0
    own_b = 1.0 if b[0].real > _DEPLETED * a[0].real else 0.0
    over_a = _F * bend_a / (a[0] if own_a == 1.0 else _DEPLETED * b[0])
    over_b = _F * bend_b / (b[0] if own_b == 1.0 else _DEPLETED * a[0])
    return G, k, bend_a, bend_b, over_a, over_b, own_a, own_b


@compiled_inline_inside
def bent_salt(bend: float, local: Array, D: float, c: float) -> tuple[float, float, float]:
    """What the source within a volume adds to its ∫ D dc at a face, with slopes by cₑ and by φₛ − φₑ.

    It takes a part of what there is at most: no flux then flows out of an empty volume.
    """
    if bend * local[3].real < -_TAKEN * D.real * c:
        return -_TAKEN * D * c + 0.0 * local[3], -_TAKEN * D + 0.0 * local[4], 0.0 * local[5]
    return bend * local[3], bend * local[4], bend * local[5]


@compiled_inline_inside
def solid_face(system: System, i: int) -> tuple[float, float, float]:
    """Between volumes i and i + 1 of one electrode: conductance of the solid, and weights of the source on either side."""
    sa, sb = system.solid_conductivity[i], system.solid_conductivity[i + 1]
    wide_a, wide_b = system.width[i], system.width[i + 1]
    g = 1.0 / (0.5 * wide_a / sa + 0.5 * wide_b / sb)
    return g, _F * system.curvature[i, 1] * wide_a * wide_a / sa, _F * system.curvature[i + 1, 0] * wide_b * wide_b / sb


@compiled_inside
def factorise(system: System, y: Array, base: Array, inverse_time: float, T: float, work: Work) -> None:
    """Assemble the block-tridiagonal matrix and right-hand sides, and factorise the matrix from left to right."""
    cells = system.width.size
    first_c, first_e, first_s = system.at.salt, system.at.electrolyte, system.at.solid
    area = system.scalars[PLANE_AREA]
    thermal = 2.0 * _R * T / _F
    # Flux of salt N, currents in electrolyte and solid through the left face (left) and the right face of a volume, and
    # their derivatives by (cₑ, φₑ, φₛ) of the volume on the left (A) and on the right (B) of the face.
    flux_left, flux = work.faces[0, 0], work.faces[0, 1]
    left_A, left_B, A, B, D = work.faces[1], work.faces[2], work.faces[3], work.faces[4], work.faces[5]
    work.bent[1] = 0.0
    for m in range(3):
        flux_left[m] = 0.0
        for n in range(3):
            left_A[m, n] = left_B[m, n] = 0.0
    local = work.local[0]
    bend = _F * system.curvature[0, 0] * system.width[0] ** 2 / system.solid_conductivity[0]
    g = system.solid_conductivity[0] / (0.5 * system.width[0])
    flux_left[2] = g * (-y[first_s] + bend * local[0])
    left_B[2, 0], left_B[2, 1], left_B[2, 2] = g * bend * local[1], -g * bend * local[2], g * (bend * local[2] - 1.0)
    for i in range(cells):
        h = system.width[i]
        c, phi_s = y[first_c + i], y[first_s + i]
        here = work.local[i]
        if i < cells - 1:
            a, b = work.electrolyte[i], work.electrolyte[i + 1]
            there = work.local[i + 1]
            G, k, bend_a, bend_b, over_a, over_b, own_a, own_b = electrolyte_face(system, i, a, b)
            total = a[0] + b[0]
            k_ca = G * a[1] * (1.0 + 2.0 * (b[0] / total) ** 2) / 3.0
            k_cb = G * b[1] * (1.0 + 2.0 * (a[0] / total) ** 2) / 3.0
            X = 0.5 * thermal * (a[6] + b[6])
            dl = b[8] - a[8]
            drive = y[first_e + i] - y[first_e + i + 1] + X * dl + over_a * here[0] - over_b * there[0]
            current = k * drive
            by_a = (1.0 - own_b) * over_b * there[0] - own_a * over_a * here[0]
            by_b = own_b * over_b * there[0] - (1.0 - own_a) * over_a * here[0]
            A[1, 0] = k_ca * drive + k * (0.5 * thermal * a[7] * dl - X * a[11] + over_a * here[1] + by_a * a[1] / a[0])
            A[1, 1] = k * (1.0 - over_a * here[2])
            A[1, 2] = k * over_a * here[2]
            B[1, 0] = k_cb * drive + k * (0.5 * thermal * b[7] * dl + X * b[11] - over_b * there[1] + by_b * b[1] / b[0])
            B[1, 1] = k * (over_b * there[2] - 1.0)
            B[1, 2] = -k * over_b * there[2]
            t = 0.5 * (a[4] + b[4]) / _F
            salt_a, by_c_a, by_eta_a = bent_salt(bend_a, here, a[3], c)
            salt_b, by_c_b, by_eta_b = bent_salt(bend_b, there, b[3], y[first_c + i + 1])
            flux[0] = G * (a[2] - b[2] + salt_a - salt_b) + t * current
            flux[1] = current
            A[0, 0] = G * (a[3] + by_c_a) + t * A[1, 0] + 0.5 * a[5] * current / _F
            A[0, 1] = -G * by_eta_a + t * A[1, 1]
            A[0, 2] = G * by_eta_a + t * A[1, 2]
            B[0, 0] = -G * (b[3] + by_c_b) + t * B[1, 0] + 0.5 * b[5] * current / _F
            B[0, 1] = G * by_eta_b + t * B[1, 1]
            B[0, 2] = -G * by_eta_b + t * B[1, 2]
            if system.solid_conductivity[i] > 0.0 and system.solid_conductivity[i + 1] > 0.0:
                g, over_a, over_b = solid_face(system, i)
                flux[2] = g * (phi_s - y[first_s + i + 1] - over_a * here[0] + over_b * there[0])
                A[2, 0], A[2, 1], A[2, 2] = -g * over_a * here[1], g * over_a * here[2], g * (1.0 - over_a * here[2])
                B[2, 0], B[2, 1], B[2, 2] = g * over_b * there[1], -g * over_b * there[2], g * (over_b * there[2] - 1.0)
            else:
                flux[2] = 0.0
                for n in range(3):
                    A[2, n] = B[2, n] = 0.0
        else:
            flux[0] = flux[1] = 0.0
            flux[2] = y[y.size - 1] / area
            for m in range(3):
                for n in range(3):
                    A[m, n] = B[m, n] = 0.0
        storage = system.porosity[i] * h * inverse_time
        bulk = work.electrolyte[i]
        for m in range(3):
            for n in range(3):
                D[m, n] = A[m, n] - left_B[m, n]
        # Rows: salt −h Σaj, charge in the electrolyte −F h Σaj, charge in the solid +F h Σaj.
        D[0, 0] += storage - h * (here[1] + bulk[10])
        D[0, 1] += h * here[2]
        D[0, 2] -= h * here[2]
        D[1, 0] -= _F * h * here[1]
        D[1, 1] += _F * h * here[2]
        D[1, 2] -= _F * h * here[2]
        D[2, 0] += _F * h * here[1]
        D[2, 1] -= _F * h * here[2]
        D[2, 2] += _F * h * here[2]
        right = work.right[i]
        right[0, 0] = -(storage * (c - base[first_c + i]) + flux[0] - flux_left[0] - h * (here[0] + bulk[9]))
        right[1, 0] = -(flux[1] - flux_left[1] - _F * h * here[0])
        right[2, 0] = -(flux[2] - flux_left[2] + _F * h * here[0])
        right[0, 1] = right[1, 1] = 0.0
        right[2, 1] = -1.0 / area if i == cells - 1 else 0.0
        L = work.lowers[i]
        for m in range(3):
            for n in range(3):
                L[m, n] = -left_A[m, n]
        if system.solid_conductivity[i] == 0.0:
            D[2, 0] = D[2, 1] = 0.0
            D[2, 2] = 1.0
            right[2, 0] = 0.0
            L[2, 0] = L[2, 1] = L[2, 2] = 0.0
        if i > 0:
            X_left = work.products[i - 1]
            for m in range(3):
                for n in range(3):
                    D[m, n] -= L[m, 0] * X_left[0, n] + L[m, 1] * X_left[1, n] + L[m, 2] * X_left[2, n]
        M = work.inverses[i]
        m_00 = D[1, 1] * D[2, 2] - D[1, 2] * D[2, 1]
        m_10 = D[1, 2] * D[2, 0] - D[1, 0] * D[2, 2]
        m_20 = D[1, 0] * D[2, 1] - D[1, 1] * D[2, 0]
        over = 1.0 / (D[0, 0] * m_00 + D[0, 1] * m_10 + D[0, 2] * m_20)
        if over.real < 0.0:
            work.bent[1] += 1.0
        M[0, 0], M[1, 0], M[2, 0] = m_00 * over, m_10 * over, m_20 * over
        M[0, 1] = (D[0, 2] * D[2, 1] - D[0, 1] * D[2, 2]) * over
        M[1, 1] = (D[0, 0] * D[2, 2] - D[0, 2] * D[2, 0]) * over
        M[2, 1] = (D[0, 1] * D[2, 0] - D[0, 0] * D[2, 1]) * over
        M[0, 2] = (D[0, 1] * D[1, 2] - D[0, 2] * D[1, 1]) * over
        M[1, 2] = (D[0, 2] * D[1, 0] - D[0, 0] * D[1, 2]) * over
        M[2, 2] = (D[0, 0] * D[1, 1] - D[0, 1] * D[1, 0]) * over
        product = work.products[i]
        if system.solid_conductivity[i] == 0.0:
            B_row = 0.0
        else:
            B_row = 1.0
        for m in range(3):
            for n in range(3):
                product[m, n] = M[m, 0] * B[0, n] + M[m, 1] * B[1, n] + B_row * M[m, 2] * B[2, n]
        left_A, A = A, left_A
        left_B, B = B, left_B
        flux_left, flux = flux, flux_left


@compiled_inside
def solve_blocks(work: Work, right: Array, columns: int) -> None:
    """Solve for the first `columns` right-hand sides in place: `right` of shape (cells, 3, m)."""
    cells = right.shape[0]
    for i in range(cells):
        if i > 0:
            L = work.lowers[i]
            for m in range(columns):
                z_c, z_e, z_s = right[i - 1, 0, m], right[i - 1, 1, m], right[i - 1, 2, m]
                right[i, 0, m] -= L[0, 0] * z_c + L[0, 1] * z_e + L[0, 2] * z_s
                right[i, 1, m] -= L[1, 0] * z_c + L[1, 1] * z_e + L[1, 2] * z_s
                right[i, 2, m] -= L[2, 0] * z_c + L[2, 1] * z_e + L[2, 2] * z_s
        M = work.inverses[i]
        for m in range(columns):
            r_c, r_e, r_s = right[i, 0, m], right[i, 1, m], right[i, 2, m]
            right[i, 0, m] = M[0, 0] * r_c + M[0, 1] * r_e + M[0, 2] * r_s
            right[i, 1, m] = M[1, 0] * r_c + M[1, 1] * r_e + M[1, 2] * r_s
            right[i, 2, m] = M[2, 0] * r_c + M[2, 1] * r_e + M[2, 2] * r_s
    for i in range(cells - 2, -1, -1):
        X = work.products[i]
        for m in range(columns):
            z_c, z_e, z_s = right[i + 1, 0, m], right[i + 1, 1, m], right[i + 1, 2, m]
            right[i, 0, m] -= X[0, 0] * z_c + X[0, 1] * z_e + X[0, 2] * z_s
            right[i, 1, m] -= X[1, 0] * z_c + X[1, 1] * z_e + X[1, 2] * z_s
            right[i, 2, m] -= X[2, 0] * z_c + X[2, 1] * z_e + X[2, 2] * z_s
