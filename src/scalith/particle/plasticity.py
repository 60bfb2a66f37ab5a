"""Hosts that swell so much that they yield: a film on its substrate, and a core in a shell that has reacted."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import BeforeValidator, Field, model_validator

from scalith.quantities import SI, InputError, Property, Result, Source, Spec, digest, labelled, predicted
from scalith.quantities.constants import FARADAY
from scalith.quantities.uncertain import parse_uncertain

Array = NDArray[np.float64]


def _modulus(value: Any) -> Any:
    """A number, or text with a unit, as a property that does not depend on x."""
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        number = parse_uncertain(value, "Pa", where="host", field="youngs_modulus")
        return Property.constant("youngs_modulus", number, "Pa", Source(kind="assumed"))
    return value


class PlasticHost(Spec):
    """A host that swells, and flows at its yield stress.

    Attributes
    ----------
    youngs_modulus : Property of x, or a number, Pa
        As a test on the host finds it at that content, by the area and length that it then has. Silicon softens as it is filled;
        where its springs per atom of the host stay as they are, E falls as 1/(1 + Ω c_max x): `with_constant_springs`.
    poisson_ratio
    tensile_yield, compressive_yield : Pa
        Stress at which it flows while it shrinks against its substrate, and while it swells (both positive).
    partial_molar_volume : m3 mol-1
        Ω of the working ion.
    maximum_concentration : mol m-3
        Per volume of the empty host.
    """

    youngs_modulus: Annotated[Property, BeforeValidator(_modulus)]
    poisson_ratio: Annotated[float, Field(gt=-1, lt=0.5)]
    tensile_yield: Annotated[float, SI("Pa"), Field(gt=0)]
    compressive_yield: Annotated[float, SI("Pa"), Field(gt=0)]
    partial_molar_volume: Annotated[float, SI("m3 mol-1"), Field(gt=0)]
    maximum_concentration: Annotated[float, SI("mol m-3"), Field(gt=0)]

    @property
    def swelling(self) -> float:
        """Ω c_max: volume of the full host over that of the empty one, less one."""
        return self.partial_molar_volume * self.maximum_concentration

    @model_validator(mode="after")
    def _stiff(self) -> Self:
        least = float(self.youngs_modulus.nominal.min())
        if not least > 0.0:
            raise InputError("host", "youngs_modulus", least, "positive values, Pa")
        return self

    def modulus(self, x: ArrayLike) -> Array:
        """E(x), Pa."""
        at = np.asarray(x, dtype=np.float64)
        return np.asarray(np.broadcast_to(self.youngs_modulus(x=at), at.shape), dtype=np.float64)

    def with_constant_springs(self) -> Self:
        """The host whose E counts per volume of the empty host, E(0)/(1 + Ω c_max x) where it is filled."""
        x = np.linspace(0.0, 1.0, 401)
        values = float(self.modulus(0.0)) / (1.0 + self.swelling * x)
        source = predicted("scalith.particle.PlasticHost.with_constant_springs", self.youngs_modulus.digest)
        softer = Property.from_arrays("youngs_modulus", {"x": x}, values, "Pa", source)
        return self.model_copy(update={"youngs_modulus": softer})


def cycle_film(host: PlasticHost, stoichiometry: ArrayLike) -> Result:
    r"""A thin film on a stiff substrate along a path of stoichiometries: elastic, then flowing at its yield stress.

    In the plane the film keeps its length: ln(1 + Ω c_max x)/3 + ε_el + ε_pl = 0, with σ = E(x) ε_el/(1 − ν) from −σ_c to σ_t.
    The stress shifts the equilibrium voltage by (2/3) Ω σ/F (Larché and Cahn; Sethuraman et al., DOI 10.1149/1.3489378), which is
    58.7 mV per GPa for 8.5 cm³/mol. Over a closed cycle the work of the voltage, F c_max ∮ΔV dx, is the plastic work (as long as
    the elastic strain is small beside one).

    Parameters
    ----------
    host : PlasticHost
    stoichiometry : array_like
        x along the path; it starts without stress.

    Returns
    -------
    Result
        Over ``step``: ``stoichiometry``, ``stress`` (Pa, biaxial), ``voltage_shift`` (V), ``plastic_strain`` and ``plastic_work``
        (J per m3 of the empty host, up to there).

    Raises
    ------
    InputError
    """
    x = np.asarray(stoichiometry, dtype=np.float64)
    if x.ndim != 1 or x.size < 2 or not np.all((x >= 0.0) & (x <= 1.0)):
        raise InputError("cycle_film", "stoichiometry", stoichiometry, "a path of numbers from 0 to 1")
    biaxial = host.modulus(x) / (1.0 - host.poisson_ratio)
    strain, volume = -np.log1p(host.swelling * x) / 3.0, 1.0 + host.swelling * x
    stress, plastic, work = np.zeros(x.size), np.zeros(x.size), np.zeros(x.size)
    for k in range(1, x.size):
        trial = biaxial[k] * (strain[k] - strain[0] - plastic[k - 1])
        stress[k] = min(max(trial, -host.compressive_yield), host.tensile_yield)
        plastic[k] = plastic[k - 1] + (trial - stress[k]) / biaxial[k]
        work[k] = work[k - 1] + 2.0 * stress[k] * (plastic[k] - plastic[k - 1]) * 0.5 * (volume[k] + volume[k - 1])
    source = predicted("scalith.particle.cycle_film", host.digest, settings={"path": digest(x)})
    return Result(
        {
            "stoichiometry": labelled("step", x, "stoichiometry", "1"),
            "stress": labelled("step", stress, "biaxial stress", "Pa"),
            "voltage_shift": labelled(
                "step", 2.0 / 3.0 * host.partial_molar_volume * stress / FARADAY, "shift of the equilibrium voltage", "V"
            ),
            "plastic_strain": labelled("step", plastic, "plastic strain in the plane", "1"),
            "plastic_work": labelled("step", work, "plastic work", "J m-3"),
        },
        {"step": ("step", np.arange(x.size))},
        {"source": source.to_json()},
    )


def core_shell_pressure(core_fraction: ArrayLike, yield_stress: float, volume_ratio: float = 1.0) -> Array:
    r"""Hydrostatic stress of a core in a shell that flows throughout, Pa (negative: pressed).

    .. math:: σ_{core} = -2 σ_y \ln\frac{b}{a}, \qquad b^3 = a^3 + J (b_0^3 - a^3)

    with the core's radius a, and the outer radius b of the shell once its material swelled by J from b₀ (Hill, The Mathematical
    Theory of Plasticity, § V.2; a two-phase particle such as silicon that is lithiated for the first time).

    Parameters
    ----------
    core_fraction : array_like
        a/b₀, above 0 to 1.
    yield_stress : float
        σ_y of the shell, Pa.
    volume_ratio : float
        J; 1 with radii as they are now.
    """
    a = np.asarray(core_fraction, dtype=np.float64)
    if not np.all((a > 0.0) & (a <= 1.0)):
        raise InputError("core_shell_pressure", "core_fraction", core_fraction, "above 0 to 1")
    for name, value in (("yield_stress", yield_stress), ("volume_ratio", volume_ratio)):
        if not value > 0.0:
            raise InputError("core_shell_pressure", name, value, "a positive number")
    return np.asarray(-2.0 / 3.0 * yield_stress * np.log1p(volume_ratio * (a**-3.0 - 1.0)))


class FilmHysteresis(NamedTuple):
    """What plastic flow does to an equilibrium voltage, V, and how fast its branch follows: see `film_hysteresis`."""

    shift: float
    half: float
    decay: float


def film_hysteresis(host: PlasticHost, stoichiometry: float = 0.5) -> FilmHysteresis:
    r"""The hysteresis of a host that flows on both ways, as a cell takes it: `hysteresis` and `hysteresis_decay` of a material.

    .. math::

        U_{\pm} = U + \frac{2 Ω}{3 F} \left[\frac{σ_t - σ_c}{2} \pm \frac{σ_t + σ_c}{2}\right], \qquad
        \frac{2}{γ} = \frac{3 (1 - ν) (σ_t + σ_c)}{E} \, \frac{1 + Ω c_{max} x}{Ω c_{max}}

    between the stresses at which a film flows. Turned over, the film is elastic over 2/γ of stoichiometry. The one-state model of
    the cell, dh = −γ (h ± 1) |dx|, rounds that off and loses the same work over a cycle that is long against it, M (2 X − 4/γ).

    Parameters
    ----------
    host : PlasticHost
    stoichiometry : float
        x at which γ is taken.

    Returns
    -------
    shift, half, decay : float
        Of the mean of the branches, V; half their distance, V; γ.
    """
    if not 0.0 <= stoichiometry <= 1.0:
        raise InputError("film_hysteresis", "stoichiometry", stoichiometry, "0 to 1")
    per_stress = 2.0 / 3.0 * host.partial_molar_volume / FARADAY
    biaxial = float(host.modulus(stoichiometry)) / (1.0 - host.poisson_ratio)
    span = host.tensile_yield + host.compressive_yield
    elastic = 3.0 * span / biaxial * (1.0 + host.swelling * stoichiometry) / host.swelling
    return FilmHysteresis(
        0.5 * per_stress * (host.tensile_yield - host.compressive_yield), 0.5 * per_stress * span, 2.0 / elastic
    )
