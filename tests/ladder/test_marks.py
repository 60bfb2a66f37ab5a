"""Marks of what is no estimate: own, and of all below."""

from __future__ import annotations

from scalith.ladder.ledger import Entry
from scalith.ladder.marks import own_marks, with_marks
from scalith.quantities import Source


def entry(quantity: str, source: Source, *parents: str, origin: str = "computed") -> Entry:
    return Entry(
        quantity=quantity,
        title=quantity,
        scale="toy",
        origin=origin,
        headline="",
        digest=quantity,
        source=source,
        parents={name: name for name in parents},
    )


def test_marks_are_handed_up():
    predicted = Source(kind="predicted")
    entries = [
        entry("crystal", Source(kind="assumed"), origin="study"),
        entry("metal", Source(kind="assumed"), origin="given"),
        entry("measured", Source(kind="measured"), origin="given"),
        entry("factor", Source(kind="predicted", marks=("carried over",)), "crystal"),
        entry("hops", Source(kind="predicted", marks=("upper bound",)), "crystal"),
        entry("diffusivity", Source(kind="predicted", marks=("carried over", "upper bound")), "hops", "factor"),
        entry("cell", predicted, "diffusivity", "metal", "measured"),
    ]
    marked = {item.quantity: item.marks for item in with_marks(entries)}
    assert marked["crystal"] == marked["measured"] == {}
    assert marked["metal"] == {"assumed": ("metal",)}
    assert marked["diffusivity"] == {"carried over": ("diffusivity", "factor"), "upper bound": ("diffusivity", "hops")}
    assert marked["cell"] == {
        "carried over": ("diffusivity", "factor"),
        "upper bound": ("diffusivity", "hops"),
        "assumed": ("metal",),
    }
    assert own_marks(entries[-1]) == ()


def test_a_damaged_ledger_with_a_circle_does_not_hang():
    source = Source(kind="predicted", marks=("upper bound",))
    marked = with_marks([entry("one", source, "two"), entry("two", source, "one")])
    assert marked[0].marks["upper bound"][0] == "one"
