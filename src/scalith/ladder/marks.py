"""Marks: which quantities are bounds, assumed, or carried over states that do not exist, and what rests on them."""

from __future__ import annotations

from collections.abc import Sequence

from scalith.ladder.ledger import Entry


def with_marks(entries: Sequence[Entry]) -> list[Entry]:
    """Entries with their marks: of their own source, and of all that they were computed from.

    ``"upper bound"`` and ``"carried over"`` are those of `scalith.quantities.Source`; ``"assumed"`` is a value that was given
    without a measurement or a paper. Settings of a study are not marked.

    Parameters
    ----------
    entries : sequence of Entry
        Of a ledger, in any order.

    Returns
    -------
    list of Entry
        `Entry.marks` holds, for each mark, the quantities it comes from, the nearest first.
    """
    known = {entry.quantity: entry for entry in entries}
    found: dict[str, dict[str, tuple[str, ...]]] = {}

    def marks(name: str) -> dict[str, tuple[str, ...]]:
        if name not in known:
            return {}
        if name not in found:
            found[name] = {}  # a ledger has no circles; a damaged one must not hang
            own: dict[str, tuple[str, ...]] = dict.fromkeys(own_marks(known[name]), (name,))
            for parent in known[name].parents:
                for mark, names in marks(parent).items():
                    own[mark] = tuple(dict.fromkeys((*own.get(mark, ()), *names)))
            found[name] = own
        return found[name]

    return [entry.model_copy(update={"marks": marks(entry.quantity)}) for entry in entries]


def own_marks(entry: Entry) -> tuple[str, ...]:
    """Marks of an entry's own source."""
    if entry.source is None:
        return ()
    assumed = ("assumed",) if entry.origin == "given" and entry.source.kind == "assumed" else ()
    return (*entry.source.marks, *assumed)
