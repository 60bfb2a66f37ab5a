"""What changed between two climbs, from the settings to the pack."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from scalith.ladder.graph import SCALES
from scalith.ladder.ledger import Entry, Ledger


@dataclass(frozen=True)
class Change:
    """One quantity or setting that differs between two ledgers.

    Attributes
    ----------
    quantity : str
    before, after : Entry, optional
        `None` in the ledger that does not have it.
    because : tuple of str
        What it was computed from that differs too; ``"code"`` where only the code differs, empty for what was stated.
    """

    quantity: str
    before: Entry | None
    after: Entry | None
    because: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """The change in words, relative where that has a meaning."""
        if self.before is None:
            return "new"
        if self.after is None:
            return "gone"
        old, new = self.before.value, self.after.value
        if old is None or new is None or self.before.unit != self.after.unit:
            return "other" if self.before.headline != self.after.headline else "other content"
        if old == new:
            return "same number, other content"
        # Potentials, energies and temperatures have a zero of choice: their change is a difference.
        if old == 0.0 or self.after.unit in ("V", "eV", "K", "J mol-1"):
            return f"{new - old:+.4g} {self.after.unit}".rstrip()
        return f"{100.0 * (new - old) / abs(old):+.4g} %"

    def shown(self, which: Literal["before", "after"]) -> str:
        """Number with error and unit, or what stands for it."""
        entry = self.before if which == "before" else self.after
        if entry is None:
            return ""
        if entry.value is None:
            return entry.headline
        error = f" ± {entry.standard_error:.2g}" if entry.standard_error else ""
        return f"{entry.value:.6g}{error} {entry.unit}".rstrip()


def ledger_difference(before: Ledger, after: Ledger) -> list[Change]:
    """Entries whose digests differ between two ledgers, settings first, then scale by scale up to the pack.

    Parameters
    ----------
    before, after : Ledger
        From `scalith.ladder.read_ledger`.

    Returns
    -------
    list of Change
        Empty for ledgers of equal content, however long either climb took. A section of a study is told by its settings.
    """
    old = {entry.quantity: entry for entry in before.entries if entry.origin != "study"}
    new = {entry.quantity: entry for entry in after.entries if entry.origin != "study"}
    order = {name: place for place, name in enumerate([*new, *old])}
    changed = [
        name
        for name in sorted({*old, *new}, key=lambda name: (_place(new.get(name) or old[name]), order[name]))
        if name not in old or name not in new or old[name].digest != new[name].digest
    ]
    sections = {entry.quantity: entry for ledger in (before, after) for entry in ledger.entries if entry.origin == "study"}
    return [Change(name, old.get(name), new.get(name), _causes(name, changed, before, after, sections)) for name in changed]


def _place(entry: Entry) -> int:
    return SCALES.index(entry.scale) if entry.scale in SCALES else len(SCALES) if entry.scale != "study" else -1


def _causes(name: str, changed: list[str], before: Ledger, after: Ledger, sections: dict[str, Entry]) -> tuple[str, ...]:
    entries = [entry for ledger in (before, after) for entry in ledger.entries if entry.quantity == name]
    if len(entries) < 2 or entries[1].origin != "computed":
        return ()
    parents = dict.fromkeys(parent for entry in entries for parent in entry.parents)
    # A section stands for those of its settings that differ.
    stated = [leaf for parent in parents for leaf in (sections[parent].parents if parent in sections else [parent])]
    leaves = [leaf for leaf in stated if leaf in changed]
    if leaves:
        return tuple(dict.fromkeys(leaves))
    return ("code",) if before.code != after.code else ("seed",)
