"""Physical constants (CODATA, through scipy), in SI."""

from __future__ import annotations

from scipy import constants as _codata

AVOGADRO: float = _codata.Avogadro
"""Avogadro constant N_A, mol-1."""
BOLTZMANN: float = _codata.Boltzmann
"""Boltzmann constant k, J K-1."""
ELEMENTARY_CHARGE: float = _codata.elementary_charge
"""Elementary charge e, C."""
GAS_CONSTANT: float = _codata.gas_constant
"""Molar gas constant R = N_A k, J mol-1 K-1."""
FARADAY: float = _codata.Avogadro * _codata.elementary_charge
"""Faraday constant F = N_A e, C mol-1."""
BOLTZMANN_EV: float = _codata.Boltzmann / _codata.elementary_charge
"""Boltzmann constant k/e, eV K-1."""
VACUUM_PERMITTIVITY: float = _codata.epsilon_0
"""Vacuum permittivity ε₀, F m-1."""
STEFAN_BOLTZMANN: float = _codata.Stefan_Boltzmann
"""Stefan–Boltzmann constant σ, W m-2 K-4."""
PLANCK: float = _codata.Planck
"""Planck constant h, J s."""
ELECTRON_MASS: float = _codata.electron_mass
"""Electron mass, kg."""
ZERO_CELSIUS: float = _codata.zero_Celsius
"""0 °C in K."""
