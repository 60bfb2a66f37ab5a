"""Decomposition kinetics: reaction sets read from TOML, one object at every scale that uses it."""

from __future__ import annotations

from math import inf, log
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Self

import numpy as np
from pydantic import Field, model_validator

from scalith.quantities import SI, InputError, Spec, StudyError, nearest, shipped
from scalith.quantities import digest as content_digest
from scalith.quantities.constants import GAS_CONSTANT
from scalith.quantities.specification import Length, Temperature

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from scalith.reactions.kernels import ReactionArrays

PositivePower = Annotated[float, Field(gt=0)]


class DiffusionLimit(Spec):
    r"""Diffusion through the shell of product round a particle, in series with the reaction at its surface.

    k_D(T) = 3 D(T) r_i / (r_o² (r_o − r_i)),   D(T) = D_ref exp(−(E_D/R) (1/T − 1/T_ref)):

    the steady flux through a spherical shell from r_o to r_i by volume of the particle of radius r_o. With it the rate constant
    of a reaction is k/(1 + k/k_D); k/k_D is the Damköhler number. A. Kurzawski et al., Proc. Combust. Inst. (2020),
    DOI 10.1016/j.proci.2020.06.270.

    Attributes
    ----------
    diffusivity : float
        D_ref, m2 s-1.
    activation_energy : float
        E_D, J mol-1.
    reference_temperature : float
        T_ref, K.
    inner_radius, outer_radius : float
        r_i and r_o, m.
    """

    diffusivity: Annotated[float, SI("m2 s-1"), Field(gt=0)]
    activation_energy: Annotated[float, SI("J mol-1"), Field(ge=0)]
    reference_temperature: Temperature = 298.15
    inner_radius: Length
    outer_radius: Length

    @model_validator(mode="after")
    def _has_shell(self) -> Self:
        if not self.outer_radius > self.inner_radius:
            radii = f"outer_radius {self.outer_radius:g} m, inner_radius {self.inner_radius:g} m"
            raise InputError("diffusion_limit", "", radii, "an outer radius beyond the inner one")
        return self

    @property
    def log_frequency(self) -> float:
        """ln of k_D extrapolated to infinite temperature, k_D in s-1."""
        shell = 3.0 * self.inner_radius / (self.outer_radius**2 * (self.outer_radius - self.inner_radius))
        return log(shell * self.diffusivity) + self.activation_energy / (GAS_CONSTANT * self.reference_temperature)


class Reaction(Spec):
    r"""One decomposition reaction, with rate

    dξ/dt = k/(1 + k/k_D) Π_s x_s^{n_s} (1 − x_s)^{p_s},   k = A exp(−E/RT) Π_s exp(−x_s/z_s),

    (k_D infinite without a diffusion limit), which changes states by ``changes`` × ξ and makes heat ``heat × content`` × ξ in
    unit volume of cell.

    Attributes
    ----------
    frequency_factor : float
        A, s-1.
    activation_energy : float
        E, J mol-1.
    heat : float
        Heat of unit extent, J per kg of reactant; negative for an endothermic reaction (melting).
    content : float
        Reactant in unit volume of cell, kg m-3.
    orders : dict
        n_s of each state that the rate depends on.
    autocatalysis : dict
        p_s.
    tunnelling : dict
        z_s: the rate falls as the state (a layer) grows.
    changes : dict
        Change of each state by unit extent; −1 for each state in ``orders`` when not given.
    gas : float
        Gas of unit extent, mol per kg of reactant.
    gas_composition : dict
        Mole fractions of its species (``{"CO2": 0.5, "C2H4": 0.5}``), which add up to 1; not known when empty.
    onset_temperature : float, optional
        Below it, K, the reaction rests.
    diffusion_limit : DiffusionLimit, optional
        What bounds the rate of a hot reaction; none when not given. A front of runaway has a speed of its own only with it:
        without, it runs as fast as the mesh lets it.
    """

    frequency_factor: Annotated[float, SI("s-1"), Field(gt=0)]
    activation_energy: Annotated[float, SI("J mol-1"), Field(gt=0)]
    heat: Annotated[float, SI("J kg-1")]
    content: Annotated[float, SI("kg m-3"), Field(gt=0)] = 1.0
    orders: dict[str, PositivePower]
    autocatalysis: dict[str, PositivePower] = Field(default_factory=dict)
    tunnelling: dict[str, PositivePower] = Field(default_factory=dict)
    changes: dict[str, float] | None = None
    gas: Annotated[float, SI("mol kg-1"), Field(ge=0)] = 0.0
    gas_composition: dict[str, PositivePower] = Field(default_factory=dict)
    onset_temperature: Temperature | None = None
    diffusion_limit: DiffusionLimit | None = None

    @model_validator(mode="after")
    def _in_joules(self) -> Self:
        # Between the zero of an artificial reaction and the smallest published energies of a few kJ/mol lies only a missing kilo.
        if 1.0 < self.activation_energy < 2000.0:
            energy = self.activation_energy
            raise InputError("", "activation_energy", f"{energy:g} J/mol", f"J/mol; write '{energy:g} kJ/mol' for kilojoules")
        return self

    @model_validator(mode="after")
    def _whole_gas(self) -> Self:
        total = sum(self.gas_composition.values())
        if self.gas_composition and abs(total - 1.0) > 1e-6:
            raise InputError("", "gas_composition", f"fractions that add up to {total:g}", "mole fractions that add up to 1")
        if self.gas_composition and self.gas == 0.0:
            raise InputError("", "gas", 0.0, "how much gas the reaction makes, mol per kg, beside its composition")
        return self

    @property
    def changed(self) -> dict[str, float]:
        """Change of each state by unit extent."""
        return dict.fromkeys(self.orders, -1.0) if self.changes is None else self.changes


class ReactionSet(Spec):
    """A set of reactions that share states; its digest is the name by which every scale knows it.

    Attributes
    ----------
    name, reference, note : str
        What it describes and where it comes from.
    states : dict
        Initial value of each state: remaining fractions, layer thickness.
    reactions : dict
        The reactions by name.
    """

    name: str
    reference: str
    note: str = ""
    states: dict[str, Annotated[float, Field(ge=0)]]
    reactions: dict[str, Reaction]

    @model_validator(mode="after")
    def _known_states(self) -> Self:
        if not self.reactions:
            raise InputError("kinetics", "", "no reaction", "at least one reaction")
        for title, reaction in self.reactions.items():
            for kind in ("orders", "autocatalysis", "tunnelling", "changed"):
                for state in getattr(reaction, kind):
                    if state not in self.states:
                        raise InputError("kinetics", "", f"state {state!r} in reaction {title!r}", nearest(state, self.states))
            for state in reaction.autocatalysis:
                if not 0 < self.states[state] < 1:
                    raise InputError(
                        "kinetics",
                        "",
                        f"state {state!r} = {self.states[state]}",
                        "between 0 and 1: an autocatalytic reaction must have begun",
                    )
        return self

    @property
    def names(self) -> list[str]:
        """Names of the reactions, in order."""
        return list(self.reactions)

    def digest_in(self, reacting_fraction: float = 1.0, vent: Spec | None = None) -> str:
        """What names the set as it takes place in a cell: the share of the volume that reacts, what the vent lets out.

        The digest of the set itself where all of the volume reacts and nothing leaves.
        """
        if reacting_fraction == 1.0 and vent is None:
            return self.digest
        return content_digest("kinetics in a cell", self.digest, reacting_fraction, None if vent is None else vent.digest)

    @property
    def stored_heat(self) -> float:
        """Largest heat that the reactions can free in unit volume of cell, J m-3: every reactant used up.

        A state that several reactions use counts for the one that frees most from it.
        """
        best: dict[str, float] = {}
        for reaction in self.reactions.values():
            for state, change in reaction.changed.items():
                if change < 0 and state in reaction.orders:
                    freed = reaction.heat * reaction.content * self.states[state] / -change
                    best[state] = max(best.get(state, 0.0), freed)
                    break
        extra = 0.0
        for reaction in self.reactions.values():
            # What another reaction makes of a reactant (a layer that grows again) can decompose in turn.
            for state, change in reaction.changed.items():
                if change > 0 and state in best and self.states[state] > 0:
                    fuel = next(s for s, c in reaction.changed.items() if c < 0)
                    extra = max(extra, change * self.states[fuel] * best[state] / self.states[state])
        return sum(best.values()) + extra

    def with_values(self, values: dict[str, float]) -> ReactionSet:
        """A set with some numbers replaced; being another set, it has another digest.

        Keys are ``"anode.activation_energy"``, ``"anode.orders.anode"`` or ``"states.anode"``; values are SI.
        """
        data = self.model_dump(mode="json")
        for key, value in values.items():
            path = key.split(".")
            place: dict[str, Any] = data if path[0] == "states" else data["reactions"]
            for depth, part in enumerate(path):
                if not isinstance(place, dict) or part not in place:
                    kind = "a reaction" if depth == 0 else "a field"
                    known = [*self.reactions, "states"] if depth == 0 else list(place) if isinstance(place, dict) else []
                    raise InputError("kinetics", key, f"{part!r}, not known as {kind}", nearest(part, known))
                if depth == len(path) - 1:
                    place[part] = float(value)
                else:
                    place = place[part]
        return ReactionSet.read(data, "kinetics")

    def value(self, key: str) -> float:
        """The number under a key of `with_values`."""
        place: Any = self.model_dump(mode="json")
        for part in key.split(".") if key.startswith("states.") else ["reactions", *key.split(".")]:
            if not isinstance(place, dict) or part not in place:
                raise InputError("kinetics", key, f"{part!r}", nearest(part, place) if isinstance(place, dict) else "a number")
            place = place[part]
        return float(place)

    def arrays(self) -> ReactionArrays:
        """The form that kernels take."""
        from scalith.reactions.kernels import ReactionArrays

        index = {state: s for s, state in enumerate(self.states)}
        reactions = list(self.reactions.values())

        def column(values: list[float]) -> NDArray[np.float64]:
            return np.array(values, dtype=np.float64)

        def matrix(entries: list[dict[str, float]], inverse: bool = False) -> NDArray[np.float64]:
            result = np.zeros((len(reactions), len(index)))
            for r, entry in enumerate(entries):
                for state, value in entry.items():
                    result[r, index[state]] = 1.0 / value if inverse else value
            return result

        kinds = ("orders", "autocatalysis", "tunnelling")
        terms = [
            [
                (index[state], kind, 1.0 / value if kind == 2 else value)
                for kind in range(3)
                for state, value in getattr(r, kinds[kind]).items()
            ]
            for r in reactions
        ]
        flat = [term for of_one in terms for term in of_one]
        return ReactionArrays(
            log_frequency=np.log(column([r.frequency_factor for r in reactions])),
            activation_temperature=column([r.activation_energy / GAS_CONSTANT for r in reactions]),
            heat=column([r.heat * r.content for r in reactions]),
            gas=column([r.gas * r.content for r in reactions]),
            log_limit=column([inf if r.diffusion_limit is None else r.diffusion_limit.log_frequency for r in reactions]),
            limit_temperature=column(
                [0.0 if r.diffusion_limit is None else r.diffusion_limit.activation_energy / GAS_CONSTANT for r in reactions]
            ),
            onset=column([r.onset_temperature or 0.0 for r in reactions]),
            orders=matrix([r.orders for r in reactions]),
            autocatalysis=matrix([r.autocatalysis for r in reactions]),
            tunnelling=matrix([r.tunnelling for r in reactions], inverse=True),
            first_term=np.concatenate([[0], np.cumsum([len(of_one) for of_one in terms])]).astype(np.int64),
            term_state=np.array([term[0] for term in flat], dtype=np.int64),
            term_kind=np.array([term[1] for term in flat], dtype=np.int64),
            term_value=np.array([term[2] for term in flat], dtype=np.float64),
            changes=matrix([r.changed for r in reactions]),
            initial=column(list(self.states.values())),
        )


def shipped_kinetics(name: str) -> ReactionSet:
    """A reaction set that comes with the package.

    LiCoO₂: ``"lco_hatchard_kim"``, for modules ``"lco_limited"``; NMC111: ``"ncm_feng"``; NMC532: ``"nmc532_cai"``; LiMn₂O₄:
    ``"lmo_wang"``; fitted to ARC records of cells, with gas: ``"nmc_21700"`` (rich in nickel), ``"nca_21700"``, ``"lfp_21700"``.
    Each file says where its numbers were read, and what is assumed.
    """
    return ReactionSet.read_toml(Path(shipped(f"runaway_kinetics/{name}.toml")))


def require_same_kinetics(
    kinetics: ReactionSet, digest: str, where: str, *, reacting_fraction: float = 1.0, vent: Spec | None = None
) -> None:
    """Reject kinetics, or a cell in which they act otherwise, that are not those the previous scale used.

    Raises
    ------
    StudyError
        Names both digests.
    """
    found = kinetics.digest_in(reacting_fraction, vent)
    if found == digest:
        return
    here = f"{where}: the kinetics {kinetics.name!r} have digest {kinetics.digest}"
    if found != kinetics.digest:
        vented = "without a vent" if vent is None else "with a vent"
        here += f", in a cell that reacts in {reacting_fraction:g} of its volume, {vented}, {found}"
    raise StudyError(
        f"{here}; the previous scale used {digest}: one parameter set in one cell must serve every scale; "
        "fit it once and hand the same objects on"
    )
