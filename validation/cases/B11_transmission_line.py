r"""B11: A transmission line with two rails against a ladder of resistors.

**[E]** Ionic rail 10 Ω, electronic rail 100 Ω, interface of the whole electrode −66.667i Ω (200/3): $Z = 36.25046 - 69.38175i$
Ω. The ladder of N equal
cells is solved as it stands, at two N, and extrapolated over $1/N^2$: it meets the closed form within 1e-6. At high frequency
$R_iR_e/(R_i+R_e)$, at low frequency the real part $(R_i+R_e)/3$. With one rail, de Levie's pore: a third of the rail.
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import solve_banded

from scalith.lab.impedance import parse_circuit
from validation.record import Record

IONIC, ELECTRONIC, INTERFACE = 10.0, 100.0, -200.0j / 3.0


def _ladder(n: int) -> complex:
    """Z of n + 1 nodes a rail; current enters the electronic rail at one end and leaves the ionic rail at the other.

    Unknowns are the voltages v_k = φ_e − φ_i across the interface. What flows in rail i plus what flows in rail e is the current;
    the trapezoidal rule gives the outer nodes half the interface.
    """
    r_i, r_e = IONIC / n, ELECTRONIC / n
    share = np.full(n + 1, 1.0 / n)
    share[[0, -1]] *= 0.5
    y = share / INTERFACE
    # Kirchhoff on the electronic rail, with i_e + i_i = 1: (v_k − v_{k+1} + r_i)/(r_e + r_i) is its current between k and k + 1.
    total = r_i + r_e
    bands = np.zeros((3, n + 1), dtype=np.complex128)
    bands[1] = y
    bands[1, :-1] += 1.0 / total
    bands[1, 1:] += 1.0 / total
    bands[0, 1:] = bands[2, :-1] = -1.0 / total
    right = np.zeros(n + 1, dtype=np.complex128)
    right[0] = 1.0 - r_i / total
    right[-1] = r_i / total
    v = solve_banded((1, 1), bands, right)
    current = (v[:-1] - v[1:] + r_i) / total
    return complex(np.sum(r_e * current) + v[-1])


def run(record: Record) -> None:
    line = parse_circuit("t(R1,R2,C1)")
    frequency = 1.0 / (2.0 * np.pi)
    z = line.impedance([frequency], [IONIC, ELECTRONIC, 1.0 / abs(INTERFACE)])[0]
    record.check("Re Z", expected=36.25046, found=z.real, tolerance=5e-6, unit="Ω")
    record.check("Im Z", expected=-69.38175, found=z.imag, tolerance=5e-6, unit="Ω")
    coarse, fine = _ladder(500), _ladder(1000)
    extrapolated = fine + (fine - coarse) / 3.0
    record.check_at_most("deviation from the ladder of resistors", limit=1e-6, found=abs(extrapolated - z) / abs(z))
    high = line.impedance([1e12], [IONIC, ELECTRONIC, 1.0])[0]
    expected = IONIC * ELECTRONIC / (IONIC + ELECTRONIC)
    record.check("high frequency", expected=expected, found=high.real, tolerance=1e-4, unit="Ω")
    low = line.impedance([1e-6], [IONIC, ELECTRONIC, 1.0])[0]
    record.check("low frequency, real part", expected=(IONIC + ELECTRONIC) / 3.0, found=low.real, tolerance=1e-6, unit="Ω")
    pore = parse_circuit("t(R1,C1)").impedance([1e-6], [IONIC, 1.0])[0]
    record.check("de Levie's pore, low frequency", expected=IONIC / 3.0, found=pore.real, tolerance=1e-6, unit="Ω")
