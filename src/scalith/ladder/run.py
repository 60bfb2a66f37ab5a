"""One run through the graph: each rung computed once and kept."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from scalith.ladder import progress
from scalith.ladder.graph import Node
from scalith.ladder.invariance import drawn_once
from scalith.ladder.ledger import headline
from scalith.ladder.member_draws import MemberDraws
from scalith.ladder.store import Kept, MemberStore, MemoryStore, Store, value_digest
from scalith.ladder.study import Study
from scalith.quantities import Property, ScalithError, digest, package_digest
from scalith.quantities.plausible_ranges import require_plausible_property, require_plausible_results


class Reference(NamedTuple):
    """What members of an ensemble re-weight instead of sampling anew, of one rung of the nominal climb.

    Attributes
    ----------
    value : object
    prepared : xarray.Dataset
    arguments : dict of str to object
        Of the rung in the nominal climb.
    key : str
        Under which `prepared` is kept.
    """

    value: Any
    prepared: xr.Dataset
    arguments: dict[str, Any]
    key: str


class Run:
    """One climb in progress: walks the graph of the study and computes or reuses each rung.

    Attributes
    ----------
    values, digests : dict
        By name, of all that was given, read or computed so far.
    keys : dict of str to str
        Under which each computed value is kept.
    kept : dict of str to Kept
        What the store knows of each computed value.
    member : MemberDraws, optional
        What a member of an ensemble draws: what was fitted is then drawn from the posterior of its fit.
    references : dict of str to Reference
        By rung, what a member re-weights instead of sampling anew.
    anew : dict of str to str
        Why it had to sample anew, by rung.
    """

    def __init__(
        self,
        study: Study,
        store: Store | MemoryStore | MemberStore,
        listener: progress.Listener,
        *,
        member: MemberDraws | None = None,
        references: Mapping[str, Reference] | None = None,
    ) -> None:
        self.member, self.references = member, dict(references or {})
        self.anew: dict[str, str] = {}
        self.study, self.store, self.listener = study, store, listener
        self._drawn: dict[str, float] = {}
        self.values: dict[str, Any] = {}
        self.digests: dict[str, str] = {}
        self.keys: dict[str, str] = {}
        self.kept: dict[str, Kept] = {}

    def execute(self, targets: Sequence[str], failed: dict[str, str] | None = None) -> None:
        """Climb to `targets`.

        Parameters
        ----------
        targets : sequence of str
        failed : dict of str to str, optional
            Where a rung that fails is noted with its reason, and what depends on it with the same; the others go on. Without it
            the first failure is raised.
        """
        study = self.study
        needed = study.needed_for(targets)
        self._forget_all_but(set(needed))
        for name in needed:
            if name in study.given or name in study.settings:
                self._hold(name, study.given.get(name, study.settings.get(name)))
            elif name in study.graph.nodes:
                node = study.graph.nodes[name]
                below = next((need for need in node.inputs.values() if failed and need in failed), None)
                if failed is not None and below is not None:
                    failed[name] = failed[below]
                    continue
                try:
                    self._climb_to(node)
                except (ScalithError, ArithmeticError, ValueError) as error:
                    if failed is None:
                        raise
                    failed[name] = f"{name.replace('_', ' ')}: {error}"

    def _forget_all_but(self, needed: set[str]) -> None:
        """An optional quantity that the study states no more must not be found: what is computed again comes from the store."""
        for known in (self.values, self.digests, self.keys, self.kept):
            for name in known.keys() - needed:
                del known[name]

    def _hold(self, name: str, value: Any) -> None:
        if name in self.values and self.values[name] is value:
            return
        if self.member is not None:
            value = drawn_once(name, value, self._drawn)
        self.values[name] = value
        self.digests[name] = value_digest(value)

    def _climb_to(self, node: Node) -> None:
        """Read the value of a rung from the store, or compute and keep it."""
        name, rung = node.name, node.rung
        arguments, key = self._arguments(node)
        began, found, value = time.perf_counter(), None, None
        if name in self.references:
            reweighted = digest(key, self.references[name].key)
            found = self.store.find(reweighted, rung.returns)
            value = self._reweighted(node, arguments) if found is None else None
            if found is not None or value is not None:
                key = reweighted
        self.keys[name] = key
        if found is None and value is None:
            found = self.store.find(key, rung.returns)
        if found is None:
            self.listener.started(name)
            token = progress.listening.set((self.listener, name))
            try:
                value = rung.function(**arguments) if value is None else value
            finally:
                progress.listening.reset(token)
            self._require_plausible(name, value)
            kept = self.store.keep(key, name, value, time.perf_counter() - began, package_digest())
        else:
            value, kept = found
            self._require_plausible(name, value)
        found_digest = kept.digest
        if self.member is not None and (draw := rung.quantity.draw) is not None:
            value = drawn_once(name, self.member.drawn(name, value, draw, self._seed(f"draw {name}")), self._drawn)
            found_digest = value_digest(value)
        self.values[name], self.digests[name], self.kept[name] = value, found_digest, kept
        self.listener.finished(name, kept.seconds, headline(value, rung.quantity.headline), reused=found is not None)

    def _arguments(self, node: Node) -> tuple[dict[str, Any], str]:
        """Arguments of a rung, and the key of its value."""
        arguments = {key: self.values.get(source) for key, source in node.inputs.items()}
        inputs = {key: self.digests.get(source) or value_digest(None) for key, source in node.inputs.items()}
        if "seed" in arguments:
            arguments["seed"] = self._seed(node.seed_of)
            inputs["seed"] = value_digest(arguments["seed"])
        return arguments, digest(node.name, package_digest(), node.rung.code, inputs)

    def reference(self, node: Node) -> Reference | None:
        """What members of an ensemble about this climb re-weight of a rung; it is prepared once and kept."""
        how = node.rung.quantity.reweighting
        if how is None or node.name not in self.kept:
            return None
        arguments, computed = self._arguments(node)
        key = digest("re-weighting", computed)
        found = self.store.find(key, xr.Dataset)
        if found is None:
            began = time.perf_counter()
            prepared = how.prepare(self.values[node.name], arguments)
            self.store.keep(key, f"{node.name}-prepared", prepared, time.perf_counter() - began, package_digest())
        else:
            prepared = found[0]
        return Reference(self.values[node.name], prepared, arguments, key)

    def _reweighted(self, node: Node, arguments: dict[str, Any]) -> Any:
        """A value from the samples of the nominal climb; `None` where the member lies too far off, which is noted."""
        how, reference = node.rung.quantity.reweighting, self.references[node.name]
        assert how is not None
        try:
            return how.member(reference.value, reference.prepared, reference.arguments, arguments)
        except ScalithError as error:
            self.anew[node.name] = str(error)
            return None

    def _seed(self, name: str) -> int:
        of_member = self.study.header.seed
        return rung_seed(of_member if self.member is None else self.member.seeds.get(name, of_member), name)

    def _require_plausible(self, name: str, value: Any) -> None:
        """Refuse a computed value that cannot be: an input, or a model outside what it holds for, is wrong."""
        if name in self.study.header.implausible:
            return
        where, by_name = str(self.study.path), f"implausible = [{name!r}] under [study]"
        if isinstance(value, Property):
            require_plausible_property(value, where=f"{where}: computed", field=name, by_name=by_name)
        elif isinstance(value, xr.Dataset):
            require_plausible_results(value, where=f"{where}: computed {name}", by_name=by_name)


def rung_seed(seed: int, name: str) -> int:
    """The seed of one rung, spawned from the study's seed: stable against adding other rungs."""
    spawned = np.random.SeedSequence([seed, *name.encode()])
    return int(spawned.generate_state(1, np.uint32)[0])
