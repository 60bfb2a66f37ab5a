"""Guided tours: a sentence, its equation, and where on the page to look."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Step:
    """One step of a tour.

    Attributes
    ----------
    sentence, equation : str
    view : str
        View that is shown; see `scalith.app.views.VIEWS`.
    quantity : str
        Box of the ladder that is marked, by its name without material; empty for none.
    knob : str
        End of the name of a knob to turn; empty for none.
    factor, difference : float
        What the step suggests to multiply that knob by, and to add to it, SI.
    """

    sentence: str
    equation: str
    view: str
    quantity: str = ""
    knob: str = ""
    factor: float = 1.0
    difference: float = 0.0


@dataclass(frozen=True)
class Tour:
    """Five steps of a story."""

    name: str
    title: str
    steps: tuple[Step, ...]

    def to_plain(self) -> dict[str, Any]:
        """As plain data for the page."""
        return asdict(self)


TOURS = (
    Tour(
        "voltage",
        "A voltage from atoms",
        (
            Step(
                "Each ordering of ions on the host's sites has an energy; those that no mixture undercuts lie on the hull.",
                "E_f = E(x) − x E(1) − (1 − x) E(0)",
                "material",
                "mapped_orderings",
            ),
            Step(
                "The average voltage is the energy that an ion gains by leaving the metal for the host.",
                "V = −[E(full) − E(empty) − n E(metal)] / (n e)",
                "material",
                "average_voltage",
                "lithium_energy",
                1.01,
            ),
            Step(
                "A cluster expansion says the energy of every ordering as a sum over pairs, triplets and so on.",
                "E(σ) = Σ_α m_α J_α ⟨Φ_α(σ)⟩",
                "material",
                "cluster_expansion",
            ),
            Step(
                "Monte Carlo at a chemical potential gives how many sites are filled: the isotherm of the host.",
                "p(σ) ∝ exp{−[E(σ) − μ N(σ)]/kT}",
                "material",
                "sampled_orderings",
            ),
            Step(
                "Read the other way round it is the open-circuit voltage, at every stoichiometry and temperature.",
                "V(x, T) = −[μ(x, T) − μ(metal)] / e",
                "material",
                "open_circuit_voltage",
            ),
        ),
    ),
    Tour(
        "flat",
        "Why LiFePO₄ is flat",
        (
            Step("Its voltage hardly changes from almost empty to almost full.", "dV/dx ≈ 0", "material", "open_circuit_voltage"),
            Step(
                "Ions attract each other: a mixture costs more than two phases side by side.",
                "g(x) = Ω x(1 − x) + kT [x ln x + (1 − x) ln(1 − x)]",
                "material",
                "cluster_expansion",
                "localisation.interaction",
                0.8,
            ),
            Step(
                "Below a critical temperature the host splits into a poor and a rich phase.",
                "T_c = Ω / 2k",
                "material",
                "phase_diagram",
            ),
            Step(
                "While both are there, the chemical potential is that of their common tangent: one number, so one voltage.",
                "μ(x₁) = μ(x₂) = [g(x₂) − g(x₁)]/(x₂ − x₁)",
                "material",
                "chemical_potential",
            ),
            Step(
                "In the cell the plateau stays: what changes with the rate is what lies below it.",
                "V = U − η_particle − η_reaction − η_electrolyte − i R",
                "cell",
                "discharges",
            ),
        ),
    ),
    Tour(
        "fast",
        "Why fast charging is hard",
        (
            Step(
                "At a higher rate the cell ends earlier: part of its capacity cannot be had.",
                "Q(C) = ∫ I dt until V = V_min",
                "cell",
                "discharges",
            ),
            Step(
                "The voltage is the open-circuit voltage less one part for each process that has to keep up.",
                "V = U + Σ parts",
                "cell",
                "discharges",
            ),
            Step(
                "A thicker electrode stores more and makes ions travel farther: the time goes with the square.",
                "t = L² / (D_e B)",
                "cell",
                "discharges",
                "thickness of both electrodes",
                1.3,
            ),
            Step(
                "A particle is filled by diffusion: its time goes with the square of its radius.",
                "t = R² / D",
                "bottleneck",
                "cell_specification",
                "positive_electrode.particle_radius",
                2.0,
            ),
            Step(
                "Make each process twice as fast in turn: the one that brings most is the bottleneck.",
                "gain = E(2 × faster) − E",
                "bottleneck",
                "cell_specification",
            ),
        ),
    ),
    Tour(
        "life",
        "What kills the cell",
        (
            Step(
                "Each cycle takes a little lithium: the capacity fades.",
                "Q(N) = Q(0) − lost lithium − lost host",
                "life",
                "cycle_life",
            ),
            Step(
                "On graphite a film grows, fed by solvent that diffuses through it: with the root of time.",
                "dδ/dt ∝ D c / δ",
                "life",
                "cycle_life",
            ),
            Step(
                "Where the negative electrode falls below the potential of lithium metal, lithium plates.",
                "i = −i₀ exp(−α F η / RT),  η < 0",
                "life",
                "cycle_life",
            ),
            Step(
                "Particles that swell and shrink crack: new surface, new film, and host that is cut off.",
                "da/dN = C ΔK^m",
                "life",
                "cycle_life",
            ),
            Step(
                "Warmth speeds all of them: turn the temperature.",
                "k(T) = k₀ exp(−E/RT)",
                "life",
                "cycle_life",
                "temperature of the surroundings",
                difference=15.0,
            ),
        ),
    ),
    Tour(
        "burn",
        "Will the pack burn",
        (
            Step("What the cell loses in voltage it gives as heat.", "q = I (U − V) − I T dU/dT", "cell", "heat_generation"),
            Step(
                "In a row, cells warm each other; the base cools them.",
                "C dT/dt = q + Σ G ΔT − h A (T − T_a)",
                "pack",
                "pack_temperature",
            ),
            Step(
                "Better cooling takes the peak down, until conduction through the cell limits it.",
                "Bi = h L / k",
                "pack",
                "pack_temperature",
                "cooling_coefficient",
                2.0,
            ),
            Step(
                "Hot enough, the materials react and heat themselves: a cell in an oven runs away above one temperature.",
                "dα/dt = A exp(−E/RT) f(α)",
                "pack",
                "oven_exposure",
            ),
            Step(
                "A barrier between cells decides whether the next one follows.",
                "q = k (T₁ − T₂) / d",
                "pack",
                "module_propagation",
                "barrier.thickness",
                2.0,
            ),
        ),
    ),
    Tour(
        "electrode",
        "Design an electrode",
        (
            Step(
                "An electrode is a compromise: what stores, what conducts ions, what conducts electrons.",
                "ε + φ_active + φ_inactive = 1",
                "cell",
                "cell_specification",
            ),
            Step(
                "Pores lead ions the worse the more crooked they are.",
                "κ_eff = κ B,  B = ε^1.5 (Bruggeman)",
                "cell",
                "cell_specification",
                "positive_electrode.porosity",
                0.8,
            ),
            Step(
                "Thicker: more energy at a low rate, less at a high one. Look at the Ragone picture.",
                "E ∝ L,  R ∝ L",
                "cell",
                "discharges",
                "thickness of both electrodes",
                1.5,
            ),
            Step(
                "Pin this state, change one thing, and compare both.",
                "ΔE = E(new) − E(pinned)",
                "cell",
                "discharges",
                "positive_electrode.particle_radius",
                0.5,
            ),
            Step(
                "See what limits it now; export the study when you like what you see.",
                "gain of each process",
                "bottleneck",
                "cell_specification",
            ),
        ),
    ),
)
"""In the order of the story."""
