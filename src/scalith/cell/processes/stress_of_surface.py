"""Stress at the surface of a particle that swells with its content, per stoichiometry that the surface lacks against the mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scalith.quantities import InputError

if TYPE_CHECKING:
    from scalith.cell.specification.active_material import ActiveMaterial
    from scalith.particle.stress_assisted_diffusion import ParticleStress


def require_stress(material: ActiveMaterial, kind: str) -> ParticleStress:
    """Elasticity and swelling of a material.

    Raises
    ------
    InputError
        It has none, or is a lithium metal or a phase field, whose stress is another one.
    """
    if material.phase_field is not None or material.metal_thickness is not None:
        found = "a phase field" if material.phase_field is not None else "a lithium metal"
        raise InputError("active material", "processes", f"{kind} on {found}", "particles that are solid solutions")
    if material.stress is None:
        raise InputError(
            "active material", "stress", f"nothing beside {kind}", "Young's modulus, Poisson's ratio and molar volume"
        )
    return material.stress


def tangential_stress(material: ActiveMaterial) -> float:
    """Ω E c_max/(3(1 − ν)), Pa."""
    stress = require_stress(material, "a process driven by stress")
    stiffness = stress.youngs_modulus / (3.0 * (1.0 - stress.poisson_ratio))
    return stress.partial_molar_volume * stiffness * material.maximum_concentration


def hydrostatic_stress(material: ActiveMaterial) -> float:
    """2 Ω E c_max/(9(1 − ν)), Pa: at the free surface of a sphere two thirds of the tangential one."""
    return 2.0 / 3.0 * tangential_stress(material)
