"""Voids in lithium that is stripped from a solid electrolyte, and how creep and self-diffusion close them."""

from __future__ import annotations

import math
from typing import Annotated, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import Field

from scalith.quantities import SI, InputError, Spec, arrhenius_factor
from scalith.quantities.constants import FARADAY, GAS_CONSTANT, LITHIUM_MOLAR_VOLUME
from scalith.quantities.specification import MolarEnergy

FLOW_RATE = 1e-3
"""Strain rate at which the flow stress is stated, 1/s."""


class StrippingVoids(Spec):
    r"""Half-spheres of radius a on the electrolyte, one in each cell of radius b, in lithium that creeps under the pressure P.

    Power-law creep closes such a void in a shell (Wilkinson and Ashby, Acta Metall. 23 (1975) 1277; the electrolyte, on
    which lithium slides, is the plane of symmetry of the sphere), and so does lithium that the pressure drives to its free
    surface by self-diffusion. With φ = (a/b)³ both are, as a volume per area and time,

    .. math::

        w_c = b φ \, \dot ε_0 \left[\frac{3 P}{2 m σ_0 (1 - φ^{1/m})}\right]^m, \qquad
        w_d = \frac{2 D V_{Li} P}{R T \, b} \, \frac{a}{b - a}, \qquad
        \dot ε = \dot ε_0 \left(\frac{σ}{σ_0}\right)^m e^{-\frac{Q}{R} \left(\frac1T - \frac1{T_0}\right)}

    The law of creep, m and Q are those of LePage et al. (DOI 10.1149/2.0221902jes); other defaults are assumed. Samples creep at
    rates that differ by two orders of magnitude (Darnbrough et al., DOI 10.1016/j.matdes.2023.112200), so that a pressure from
    here is known within a factor of two. The surface energy, which closes voids well below a micrometre faster, is left out.

    Attributes
    ----------
    flow_stress : σ₀, Pa
        At 1e-3 s⁻¹ and the reference temperature; 0.6 MPa is assumed.
    creep_exponent : m
    creep_activation_energy : Q, J mol-1
    self_diffusivity : D, m2 s-1
        At the reference temperature; 6e-15 is assumed.
    diffusion_activation_energy : J mol-1
        Of it; 53 kJ/mol is assumed.
    spacing : m
        Of the voids, in squares: π b² is the area of one; 10 µm is assumed.
    kept : share of the contact
        A stripping current is critical when less than this share is left in the long run; 0.9 is a choice.
    reference_temperature : T₀, K
    """

    flow_stress: Annotated[float, SI("Pa"), Field(gt=0)] = 0.6e6
    creep_exponent: Annotated[float, Field(ge=1)] = 6.55
    creep_activation_energy: MolarEnergy = 37e3
    self_diffusivity: Annotated[float, SI("m2 s-1"), Field(ge=0)] = 6e-15
    diffusion_activation_energy: MolarEnergy = 53e3
    spacing: Annotated[float, SI("m"), Field(gt=0)] = 10e-6
    kept: Annotated[float, Field(gt=0, lt=1)] = 0.9
    reference_temperature: Annotated[float, SI("K"), Field(gt=0)] = 298.15

    @property
    def cell_radius(self) -> float:
        """b, m."""
        return self.spacing / math.sqrt(math.pi)

    def depth(self, ratio: ArrayLike) -> Any:
        """Volume of the voids per area where a/b = `ratio`, m: 2b/3 (a/b)³."""
        return 2.0 / 3.0 * self.cell_radius * np.power(ratio, 3)

    def closing(self, ratio: float, pressure: float, T: float) -> tuple[float, float]:
        """Volume of voids that creep and self-diffusion close, per area and time, m/s.

        Parameters
        ----------
        ratio : float
            a/b, from 0 to below 1; the share 1 − (a/b)² touches.
        pressure : float
            P in the lithium, Pa.
        T : float
            K.

        Returns
        -------
        creep, diffusion : float
        """
        if ratio <= 0.0:
            return 0.0, 0.0
        m, b = self.creep_exponent, self.cell_radius
        rate = FLOW_RATE * arrhenius_factor(self.creep_activation_energy, T, self.reference_temperature)
        shell = -math.expm1(3.0 * math.log(ratio) / m)
        faster = m * math.log(1.5 * pressure / (m * self.flow_stress * shell))
        creep = b * ratio**3 * rate * math.exp(min(faster, 500.0))  # beyond that it closes at once
        D = self.self_diffusivity * arrhenius_factor(self.diffusion_activation_energy, T, self.reference_temperature)
        driven = 2.0 * D * LITHIUM_MOLAR_VOLUME * pressure / (GAS_CONSTANT * T * b)
        return creep, driven * ratio / (1.0 - ratio)

    def closing_current(self, contact: float, pressure: float, T: float) -> float:
        """Stripping current density that leaves this share of the contact in the long run, A m-2: F (w_c + w_d)/V_Li."""
        if not 0.0 < contact <= 1.0:
            raise InputError("voids on stripping", "contact", contact, "above 0 to 1")
        closed: float = sum(self.closing(math.sqrt(1.0 - contact), pressure, T))
        return closed * FARADAY / LITHIUM_MOLAR_VOLUME

    def critical_current_density(self, pressure: float, T: float) -> float:
        """Stripping current density per area that touches, above which less than `kept` of it is left, A m-2."""
        return self.closing_current(self.kept, pressure, T)

    def lasting_contact(self, current_density: float, pressure: float, T: float) -> float:
        """Share of the contact that is left in the long run at a stripping current per area that touches (A m-2)."""
        from scipy.optimize import brentq

        if current_density <= 0.0:
            return 1.0
        removed = current_density * LITHIUM_MOLAR_VOLUME / FARADAY
        found = brentq(lambda ratio: sum(self.closing(ratio, pressure, T)) - removed, 0.0, 1.0 - 1e-12, xtol=1e-15)
        return 1.0 - float(found) ** 2

    def step(self, ratio: float, removed: float, duration: float, pressure: float, T: float) -> float:
        """a/b after some time (s) in which `removed` (m) of lithium is stripped: one implicit step of the balance of volume."""
        from scipy.optimize import brentq

        before = float(self.depth(ratio)) + removed
        if before <= 0.0:
            return 0.0
        highest = min(float((before / self.depth(1.0)) ** (1.0 / 3.0)), 1.0 - 1e-12)

        def excess(a: float) -> float:
            creep, diffusion = self.closing(a, pressure, T)
            return float(self.depth(a)) + duration * (creep + diffusion) - before

        if excess(highest) <= 0.0:
            return highest
        return float(brentq(excess, 0.0, highest, xtol=1e-15, rtol=1e-14))


def voids_in_time(
    voids: StrippingVoids, pressure: float, time: NDArray[np.float64], removed: NDArray[np.float64], T: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Voids along what is stripped, from none.

    Parameters
    ----------
    voids : StrippingVoids
    pressure : float
        Pa.
    time, removed, T : ndarray
        s; lithium that is stripped in each interval between the times (m, per area pressed flat); K.

    Returns
    -------
    ratio, crept, diffused : ndarray
        a/b; volume of voids closed by creep and by self-diffusion up to each time, m.
    """
    ratio, crept, diffused = np.zeros(time.size), np.zeros(time.size), np.zeros(time.size)
    for k in range(1, time.size):
        duration, warmth = float(time[k] - time[k - 1]), 0.5 * float(T[k] + T[k - 1])
        ratio[k] = voids.step(float(ratio[k - 1]), float(removed[k - 1]), duration, pressure, warmth)
        closed = max(voids.depth(ratio[k - 1]) + removed[k - 1] - voids.depth(ratio[k]), 0.0)
        creep, diffusion = voids.closing(float(ratio[k]), pressure, warmth)
        share = creep / (creep + diffusion) if creep > 0.0 else 0.0
        crept[k], diffused[k] = crept[k - 1] + share * closed, diffused[k - 1] + (1.0 - share) * closed
    return ratio, crept, diffused
