"""One run through the graph: each rung computed once and kept."""

from __future__ import annotations

import logging
import os
import time
from typing import Any

import numpy as np
import xarray as xr

from scalith.ladder import graph, progress
from scalith.ladder.graph import needed_for, rungs
from scalith.ladder.ledger import headline
from scalith.ladder.store import Kept, Store, value_digest
from scalith.ladder.study import Study
from scalith.quantities import Property, digest, package_digest
from scalith.quantities.plausible_ranges import require_plausible_property, require_plausible_results


class Run:
    """One climb in progress: Hamilton walks the graph, this class computes or reuses each node.

    Attributes
    ----------
    values, digests : dict
        By name, of all that was given, read or computed so far.
    kept : dict of str to Kept
        What the store knows of each computed value.
    member : bool
        Whether this is a member of an ensemble: what was fitted is then drawn from the posterior of its fit.
    """

    def __init__(self, study: Study, store: Store, listener: progress.Listener, *, member: bool = False) -> None:
        self.member = member
        self.study, self.store, self.listener = study, store, listener
        self.values: dict[str, Any] = {}
        self.digests: dict[str, str] = {}
        self.kept: dict[str, Kept] = {}

    def execute(self, targets: list[str]) -> None:
        """Climb to `targets`."""
        names = needed_for(targets, set(self.study.given), set(self.study.settings))
        targets = [target for target in targets if target not in self.study.given]
        for name in names:
            if name in self.study.given or name in self.study.settings:
                self._hold(name, self.study.given.get(name, self.study.settings.get(name)))
        if not targets:
            return
        # Hamilton would load every plotting and learning library that is installed, for adapters that no rung uses.
        os.environ.setdefault("HAMILTON_AUTOLOAD_EXTENSIONS", "0")
        from hamilton import driver
        from hamilton.lifecycle import NodeExecutionMethod

        run = self

        class ComputeOrReuse(NodeExecutionMethod):  # type: ignore[misc]
            def run_to_execute_node(self, *, node_name: str, node_callable: Any, node_kwargs: dict[str, Any], **_: Any) -> Any:
                return run.value(node_name, node_callable, node_kwargs)

        built = driver.Builder().with_modules(*graph.rung_modules()).with_adapters(ComputeOrReuse()).build()
        needed = set(names)
        inputs = {name: self.values[name] for name in names if name in self.values and name not in rungs()}
        inputs |= {name: self.study.header.seed for name in ("seed",) if name in needed}
        overrides = {name: self.values[name] for name in names if name in self.study.given and name in rungs()}
        # Optional quantities that this study does not have.
        overrides |= {name: None for item in rungs().values() for name in item.optional if name not in needed}
        # Hamilton logs a page for every failed node; the error itself reaches the user.
        log = logging.getLogger("hamilton")
        before = log.level
        log.setLevel(logging.CRITICAL + 1)
        try:
            built.execute(targets, inputs=inputs, overrides=overrides)
        finally:
            log.setLevel(before)

    def _hold(self, name: str, value: Any) -> None:
        self.values[name] = value
        self.digests[name] = value_digest(value)

    def value(self, name: str, function: Any, arguments: dict[str, Any]) -> Any:
        """The value of one node: read from the store, or computed and kept."""
        known = rungs().get(name)
        if known is None:  # an input: Hamilton passes it through a node of its own
            return function(**arguments)
        if "seed" in arguments:
            arguments = arguments | {"seed": rung_seed(self.study.header.seed, name)}
        inputs = {key: self.digests.get(key) or value_digest(value) for key, value in arguments.items()}
        key = digest(name, package_digest(), inputs)
        found = self.store.find(key, known.returns)
        if found is None:
            self.listener.started(name)
            token = progress.listening.set((self.listener, name))
            began = time.perf_counter()
            try:
                value = function(**arguments)
            finally:
                progress.listening.reset(token)
            self._require_plausible(name, value)
            kept = self.store.keep(key, name, value, time.perf_counter() - began, package_digest())
        else:
            value, kept = found
            self._require_plausible(name, value)
        found_digest = kept.digest
        if self.member and (draw := known.quantity.draw) is not None:
            value = draw(value, rung_seed(self.study.header.seed, f"draw {name}"))
            found_digest = value_digest(value)
        self.values[name], self.digests[name], self.kept[name] = value, found_digest, kept
        self.listener.finished(name, kept.seconds, headline(value, known.quantity.headline), reused=found is not None)
        return value

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
