from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from scalith.crystal.enumeration import hermite_normal_forms
from scalith.crystal.supercells import hermite_normal_form


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_equal_lattices_have_one_hermite_normal_form(seed):
    rng = np.random.default_rng(seed)
    forms = hermite_normal_forms(int(rng.integers(1, 13)))
    form = forms[rng.integers(len(forms))]
    basis = form
    for _ in range(6):  # steps that leave the lattice as it is
        i, j = rng.choice(3, 2, replace=False)
        basis = basis.copy()
        basis[i] += int(rng.integers(-3, 4)) * basis[j]
        basis = basis[rng.permutation(3)] * rng.choice([-1, 1], (3, 1))
    assert np.array_equal(hermite_normal_form(basis), form)
    more = np.concatenate([basis, rng.integers(-2, 3, (2, 3)) @ basis])
    assert np.array_equal(hermite_normal_form(more), form)


def test_vectors_beyond_a_basis_give_the_lattice_that_all_span():
    assert np.array_equal(
        hermite_normal_form(np.array([[2, 0, 0], [0, 2, 0], [0, 0, 2], [1, 1, 0]])), [[2, 0, 0], [1, 1, 0], [0, 0, 2]]
    )
