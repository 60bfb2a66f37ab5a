"""Physical constants in SI: the exact ones of the 2019 definitions, the others CODATA's (2022).

Written out, because reading them from `scipy.constants` takes a tenth of a second at each start; a test compares the two.
"""

from __future__ import annotations

import math

AVOGADRO: float = 6.02214076e23
"""Avogadro constant N_A, mol-1 (exact)."""
BOLTZMANN: float = 1.380649e-23
"""Boltzmann constant k, J K-1 (exact)."""
ELEMENTARY_CHARGE: float = 1.602176634e-19
"""Elementary charge e, C (exact)."""
PLANCK: float = 6.62607015e-34
"""Planck constant h, J s (exact)."""
GAS_CONSTANT: float = 8.31446261815324
"""Molar gas constant R = N_A k, J mol-1 K-1 (exact)."""
FARADAY: float = AVOGADRO * ELEMENTARY_CHARGE
"""Faraday constant F = N_A e, C mol-1 (exact)."""
BOLTZMANN_EV: float = BOLTZMANN / ELEMENTARY_CHARGE
"""Boltzmann constant k/e, eV K-1 (exact)."""
STEFAN_BOLTZMANN: float = 2.0 * math.pi**5 * BOLTZMANN**4 / (15.0 * PLANCK**3 * 299792458.0**2)
"""Stefan–Boltzmann constant σ, W m-2 K-4 (exact)."""
VACUUM_PERMITTIVITY: float = 8.8541878188e-12
"""Vacuum permittivity ε₀, F m-1."""
ELECTRON_MASS: float = 9.1093837139e-31
"""Electron mass, kg."""
ZERO_CELSIUS: float = 273.15
"""0 °C in K (exact)."""
LITHIUM_MOLAR_VOLUME: float = 6.94e-3 / 534.0
"""Molar volume of lithium metal, m3 mol-1: 6.94 g/mol over 0.534 g/cm3."""
