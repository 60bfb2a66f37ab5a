"""A generator that knows what it draws: the same stream as without names, and a plan in its place."""

from __future__ import annotations

import numpy as np

from scalith.quantities.named_deviates import NamedDeviates, within


def test_without_a_plan_it_is_the_generator_of_its_seed():
    named, plain = NamedDeviates.seeded(5, "cell"), np.random.default_rng(5)
    part = named.within("electrolyte")
    assert part.standard_normal() == plain.standard_normal()
    assert np.array_equal(named.standard_normal((2, 3)), plain.standard_normal((2, 3)))
    assert named.integers(10) == plain.integers(10)
    assert {name: sum(p.size for p in parts) for name, parts in named.taken.items()} == {"cell.electrolyte": 1, "cell": 7}
    assert within(plain, "electrolyte") is plain


def test_a_plan_is_taken_in_order_and_others_stay_random():
    planned = {"cell.a": np.array([0.5, -1.0, 2.0]), "pick": np.array([0.0])}
    numbers = NamedDeviates.seeded(5, "cell", planned)
    part = numbers.within("a")
    assert part.standard_normal() == 0.5
    assert part.standard_normal(2).tolist() == [-1.0, 2.0]
    assert numbers.within("b").standard_normal() == np.random.default_rng(5).standard_normal()
    assert NamedDeviates.seeded(0, "pick", planned).integers(10) == 5  # the middle of the probability
