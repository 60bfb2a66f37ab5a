"""The graph of rungs: read from the rung modules, and laid out for the materials of one study."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from inspect import signature
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple, get_args, get_type_hints

import scalith.ladder.rungs as _rungs
from scalith.ladder.quantity import Quantity, Settings
from scalith.quantities import InputError, StudyError, digest, file_digest, nearest


@dataclass(frozen=True)
class Rung:
    """One function of the ladder.

    Attributes
    ----------
    name : str
        The quantity.
    scale : str
        Module it lives in: ``"lattice"``.
    quantity : Quantity
        Title, unit, headline.
    needs : dict of str to type
        Parameters with their types: quantities and sections of the study.
    optional : frozenset of str
        Those of them that it does without (``= None``) in a study that neither computes nor gives them.
    returns : type
        `Property`, a `Spec` or `xarray.Dataset`.
    doc : str
        First paragraph of the docstring.
    function : callable
    of_material : bool
        Whether it exists once for each material of a study.
    code : str
        Digest of the source that it comes with; empty for those of the package itself.
    """

    name: str
    scale: str
    quantity: Quantity
    needs: dict[str, type[Any]]
    optional: frozenset[str]
    returns: type[Any]
    doc: str
    function: Any
    of_material: bool
    code: str = ""

    @property
    def path(self) -> str:
        """Import path of the function."""
        return f"{self.function.__module__}.{self.name}"


class GivenOnly(NamedTuple):
    """A quantity that no rung computes."""

    scale: str
    quantity: Quantity
    returns: type[Any]
    of_material: bool


@dataclass(frozen=True)
class Node:
    """A rung in the graph of one study.

    Attributes
    ----------
    name : str
        ``"open_circuit_voltage"``, or ``"positive.open_circuit_voltage"`` in a study whose materials have names.
    rung : Rung
    inputs : dict of str to str
        Node, given quantity or section of the study by parameter; without parameters that this study does not ask for.
    asked : bool
        Whether the study states what the rung is only reached with.
    """

    name: str
    rung: Rung
    inputs: dict[str, str]
    asked: bool = True

    @property
    def seed_of(self) -> str:
        """Node whose seed this one takes: itself, or another of the same material."""
        return self.name.removesuffix(self.rung.name) + (self.rung.quantity.seed_of or self.rung.name)

    @property
    def optional(self) -> set[str]:
        """Inputs that the rung does without."""
        return {self.inputs[key] for key in self.rung.optional if key in self.inputs}


ALWAYS = ("seed",)
"""Inputs that the study's header provides to every rung that asks for them."""

MATERIALS = ("positive", "negative", "electrolyte", "separator")
"""Names that a study may give to its materials."""

ENTRY_POINTS = "scalith.rungs"
"""Group of entry points under which installed packages name modules with rungs."""

SCALES = (
    "atoms",
    "crystal",
    "lattice",
    "particle",
    "lab",
    "electrode",
    "mechanics",
    "electrolyte",
    "interface",
    "cell",
    "solid_state",
    "experiments",
    "design",
    "pack",
    "safety",
)
"""Rung modules from the bottom of the ladder to its top."""


def rung_modules() -> list[ModuleType]:
    """The modules in `scalith.ladder.rungs`, from atoms upwards, and those that installed packages add.

    A package adds a module under its entry points ``[project.entry-points."scalith.rungs"]``.
    """
    names = sorted(module.name for module in pkgutil.iter_modules(_rungs.__path__))
    own = [importlib.import_module(f"{_rungs.__name__}.{name}") for name in names]
    own.sort(key=lambda module: SCALES.index(_scale(module)))
    return own + [_installed(entry) for entry in sorted(entry_points(group=ENTRY_POINTS))]


def _installed(entry: EntryPoint) -> ModuleType:
    try:
        module = entry.load()
    except Exception as error:
        said = f"{type(error).__name__}: {error}"
        raise InputError(f"entry point {ENTRY_POINTS}", entry.name, said, "a module that can be imported") from error
    if not isinstance(module, ModuleType):
        raise InputError(f"entry point {ENTRY_POINTS}", entry.name, entry.value, "a module with rungs")
    return module


@cache
def rungs() -> dict[str, Rung]:
    """All rungs by quantity, bottom to top."""
    found: dict[str, Rung] = {}
    for module in rung_modules():
        for item in rungs_of(module):
            if item.name in found:
                raise InputError(module.__name__, item.name, "a quantity that is there already", "a name of its own")
            found[item.name] = item
    return found


def rungs_of(module: ModuleType) -> list[Rung]:
    """The rungs that a module defines."""
    found = []
    code = _code(module)
    for name, function in vars(module).items():
        quantity = getattr(function, "quantity", None)
        if not isinstance(quantity, Quantity) or function.__module__ != module.__name__:
            continue
        hints = {key: _section_of(hint) for key, hint in get_type_hints(function).items()}
        returns = hints.pop("return")
        optional = frozenset(key for key, item in signature(function).parameters.items() if item.default is None)
        doc = (function.__doc__ or "").split("\n\n")[0].strip()
        found.append(Rung(name, _scale(module), quantity, hints, optional, returns, doc, function, _of_material(module), code))
    return found


def _section_of(hint: Any) -> Any:
    """The section that an optional parameter stands for; other types as they are."""
    inner = [part for part in get_args(hint) if isinstance(part, type) and issubclass(part, Settings)]
    return inner[0] if len(inner) == 1 else hint


@cache
def given_only() -> dict[str, GivenOnly]:
    """Quantities that no rung computes, from the modules' ``GIVEN``."""
    return {name: item for module in rung_modules() for name, item in given_of(module).items()}


def given_of(module: ModuleType) -> dict[str, GivenOnly]:
    """What a module's ``GIVEN`` names."""
    return {
        name: GivenOnly(_scale(module), quantity, kind, _of_material(module))
        for name, (quantity, kind) in getattr(module, "GIVEN", {}).items()
    }


def _code(module: ModuleType) -> str:
    """Digest of the source of a module from outside the package, or of all files of a package."""
    if module.__name__.startswith("scalith."):
        return ""
    if source := getattr(module, "__source__", None):
        return digest(source)
    folders = [Path(place) for place in getattr(module, "__path__", ())]
    files = [path for folder in folders for path in sorted(folder.rglob("*.py"))] or [Path(str(module.__file__))]
    return digest([file_digest(path) for path in files])


def _scale(module: ModuleType) -> str:
    return str(getattr(module, "SCALE", module.__name__.rsplit(".", 1)[-1]))


def _of_material(module: ModuleType) -> bool:
    return bool(getattr(module, "OF_MATERIAL", False))


@cache
def sections() -> dict[str, type[Settings]]:
    """Sections that a study may have, with their specifications."""
    return sections_of(rungs().values())


def sections_of(known: Iterable[Rung]) -> dict[str, type[Settings]]:
    """Sections that set these rungs."""
    return {
        name: kind for item in known for name, kind in item.needs.items() if isinstance(kind, type) and issubclass(kind, Settings)
    }


class Graph:
    """The rungs of one study, those of its materials once for each.

    Without materials a study has one host, the positive electrode's: rungs are called after their quantity, and
    ``positive_open_circuit_voltage`` among the needs of the cell means ``open_circuit_voltage``. With materials
    it means ``positive.open_circuit_voltage``.

    Parameters
    ----------
    materials : sequence of str
        Names of the study's materials; none for a study of one host.
    stated : iterable of str
        Sections that the study has: one that it states beside its materials serves each material without its own. As a mapping it
        also says what stands in them, which some rungs need to know (`Quantity.asked_by`).
    known : dict of str to Rung, optional
        The package's rungs when not given.
    givens : dict of str to GivenOnly, optional
        What can only be given.

    Attributes
    ----------
    nodes : dict of str to Node
        Bottom to top.
    givens : dict of str to GivenOnly
        Quantities that no rung computes, by full name.
    sections : dict of str to type
        Sections by full name: ``"cell"``, ``"positive.crystal"``, and ``"crystal"`` for all materials.
    material_sections : list of str
        Sections that each material may have of its own.
    """

    def __init__(
        self,
        materials: Sequence[str] = (),
        stated: Iterable[str] = (),
        known: dict[str, Rung] | None = None,
        givens: dict[str, GivenOnly] | None = None,
    ) -> None:
        self._known = rungs() if known is None else known
        only = given_only() if givens is None else givens
        self._of_material = {name for name, item in self._known.items() if item.of_material}
        self._of_material |= {name for name, item in only.items() if item.of_material}
        self._stated = set(stated)
        tables: Mapping[str, Any] = stated if isinstance(stated, Mapping) else {}
        self._materials = tuple(materials)
        kinds = sections_of(self._known.values())
        own = sections_of(item for item in self._known.values() if item.of_material)
        shared = sections_of(item for item in self._known.values() if not item.of_material)
        self.material_sections = [name for name in own if name not in shared]
        self.sections = dict(kinds)
        self.givens: dict[str, GivenOnly] = {}
        self.nodes: dict[str, Node] = {}
        for material in self._materials:
            self.sections |= {f"{material}.{name}": kinds[name] for name in self.material_sections}
        for name, item in only.items():
            self.givens |= dict.fromkeys(self._instances(name, item.of_material), item)
        for name, rung in self._known.items():
            for full in self._instances(name, rung.of_material):
                material = full.rpartition(".")[0]
                asked_by, only_with = rung.quantity.asked_by, rung.quantity.only_with
                asked = [need for need in rung.needs if self._states(asked_by.get(need, ""), rung, material, tables)]
                inputs = {need: self._input(need, rung, material) for need in asked}
                self.nodes[full] = Node(full, rung, inputs, self._states(only_with, rung, material, tables))

    def _instances(self, name: str, of_material: bool) -> list[str]:
        return [f"{material}.{name}" for material in self._materials] if of_material and self._materials else [name]

    def _input(self, need: str, rung: Rung, material: str) -> str:
        """Full name of what a parameter stands for."""
        if material:
            if need in self.material_sections:
                own = f"{material}.{need}"
                return need if need in self._stated and own not in self._stated else own
            return f"{material}.{need}" if need in self._of_material else need
        asked, _, quantity = need.partition("_")
        if rung.of_material or asked not in MATERIALS or quantity not in self._of_material:
            return need
        if self._materials:
            return f"{asked}.{quantity}" if asked in self._materials else need
        return quantity if asked == "positive" else need

    def _states(self, place: str, rung: Rung, material: str, tables: Mapping[str, Any]) -> bool:
        """Whether the study states something at a place, ``"cell.negative_electrode.stress"``; so it does where there is none."""
        if not place:
            return True
        section, *keys = place.split(".")
        found: Any = tables.get(self._input(section, rung, material))
        for key in keys:
            found = found.get(key) if isinstance(found, Mapping) else getattr(found, key, None)
        return found is not None

    def about(self, name: str) -> Rung | GivenOnly | None:
        """What is known of a quantity."""
        return self.nodes[name].rung if name in self.nodes else self.givens.get(name)

    def needed_for(
        self, targets: Sequence[str], given: set[str], present: set[str], known: dict[str, bool] | None = None
    ) -> list[str]:
        """Names that must be computed, given or read to reach `targets`, children before parents, given ones as leaves.

        An optional quantity is among them where it is given, or reached from the sections `present` in the study; which are
        reached is noted in `known`.

        Raises
        ------
        StudyError
            A quantity depends on itself.
        """
        order: dict[str, None] = {}
        above: list[str] = []
        reached = {} if known is None else known

        def visit(name: str) -> None:
            if name in order:
                return
            if name in above:
                raise StudyError(f"{name} depends on itself: {' needs '.join([*above[above.index(name) :], name])}")
            if name in self.nodes and name not in given:
                above.append(name)
                node = self.nodes[name]
                for need in self._taken(node, given, present, reached):
                    visit(need)
                above.pop()
            order[name] = None

        for target in targets:
            visit(target)
        return list(order)

    def reached(self, name: str, given: set[str], present: set[str], known: dict[str, bool] | None = None) -> bool:
        """Whether a quantity is given, or computed from what is given and from sections that the study has or need not have.

        What is found is noted in `known`, and looked up there.
        """
        known = {} if known is None else known
        if name not in known:
            known[name] = self._is_reached(name, given, present, known)
        return known[name]

    def _is_reached(self, name: str, given: set[str], present: set[str], known: dict[str, bool]) -> bool:

        if name in self.sections:
            return name in present

        def there(leaf: str) -> bool:
            unasked = leaf in self.sections and not required(self.sections[leaf])
            asked = leaf in self.nodes and self.nodes[leaf].asked
            return asked or leaf in given or leaf in present or leaf in ALWAYS or unasked

        return (name in self.nodes or name in given) and all(
            there(leaf) for leaf in self.needed_for([name], given, present, known)
        )

    def _taken(self, node: Node, given: set[str], present: set[str], known: dict[str, bool]) -> list[str]:
        """Inputs that a rung is computed from in this study; of those of which one will do, the first where none is reached."""
        taken = [need for need in node.inputs.values() if need not in node.optional or self.reached(need, given, present, known)]
        either = [node.inputs[key] for key in node.rung.quantity.one_of]
        return taken if not either or any(need in taken for need in either) else [*taken, either[0]]

    def missing(self, name: str, wanted_by: Node) -> str:
        """What to do about a need that is neither computed nor given, in one sentence."""
        if self._materials and name in self._of_material:
            once = " or ".join(f"{material}_{name}" for material in self._materials)
            return f"{wanted_by.name} needs {name}, of which each material has its own: its parameter should be {once}"
        asked, _, quantity = name.partition("_")
        if self._materials and asked in MATERIALS and quantity in self._of_material:
            otherwise = f", or {name} under [given]" if name in self.givens else ""
            return f"{wanted_by.name} needs {quantity} of the {asked} material: state [materials.{asked}]{otherwise}"
        material, _, quantity = name.rpartition(".")
        place = f"[materials.{material}.given]" if material else "[given]"
        return f"{wanted_by.name} needs {name}, which no rung computes: state {quantity if material else 'it'} under {place}"

    def check_target(self, name: str, where: str, field: str) -> None:
        """Refuse what no rung computes.

        Raises
        ------
        InputError
            With the nearest name.
        """
        if name not in self.nodes:
            once = [full for full in self.nodes if full.endswith(f".{name}")]
            raise InputError(where, field, name, f"one of {', '.join(once)}" if once else nearest(name, self.nodes))


def required(kind: type[Settings]) -> list[str]:
    """Fields that a section must have."""
    return [field for field, info in kind.model_fields.items() if info.is_required()]
