from __future__ import annotations

import numpy as np
import pytest

from scalith.crystal import Host, HostSite, distinct_supercells, enumerate_orderings
from scalith.crystal.enumeration import hermite_normal_forms
from scalith.crystal.equivalence import duplicates
from scalith.quantities import InputError

FCC = ((0.0, 2.0, 2.0), (2.0, 0.0, 2.0), (2.0, 2.0, 0.0))


def host(places=((0.0, 0.0, 0.0),), rows=FCC):
    sites = tuple(HostSite(position=place, species=("Li", "vacancy"), charges=(1, 0)) for place in places)
    return Host(name="fcc", working_ion="Li", lattice=rows, sites=sites)


def test_hermite_normal_forms_number_the_sublattices_of_index_n():
    # Σ over d | n of d σ(d)
    for n in range(1, 13):
        expected = sum(d * sum(k for k in range(1, d + 1) if d % k == 0) for d in range(1, n + 1) if n % d == 0)
        forms = hermite_normal_forms(n)
        assert len(forms) == expected
        assert np.all(np.round(np.linalg.det(forms)) == n)


def test_distinct_fcc_supercells_are_the_published_ones():
    assert [len(distinct_supercells(host(), n)) for n in range(1, 9)] == [1, 2, 3, 7, 5, 10, 7, 20]


def test_distinct_fcc_binaries_are_the_published_631():
    found = enumerate_orderings(host(), range(1, 9))
    assert found.sizes["structure"] == 631


def test_no_two_enumerated_orderings_are_the_same():
    found = enumerate_orderings(host(), range(1, 5))
    arrays = [found[name].values for name in ("supercell", "filled", "sublattice", "offset")]
    assert np.all(duplicates(host(), *arrays) == -1)


def test_two_sublattices_of_diamond():
    diamond = host(places=((0.0, 0.0, 0.0), (0.25, 0.25, 0.25)))
    found = enumerate_orderings(diamond, [1])
    # both empty, one filled (equivalent either way), both filled
    assert sorted(found["x"].values.tolist()) == [0.0, 0.5, 1.0]


def test_range_of_stoichiometry():
    found = enumerate_orderings(host(), [4], x=(0.5, 0.5))
    assert np.all(found["x"].values == 0.5)
    assert 0 < found.sizes["structure"] < 19


def test_too_large_is_refused():
    with pytest.raises(InputError, match="1 to 20"):
        enumerate_orderings(host(), [21])


@pytest.mark.parametrize(("x", "message"), [((0.9, 0.1), "from 0 to 1"), ((0.0, 1.5), "from 0 to 1"), ((0.4, 0.45), "can have")])
def test_ranges_of_fillings_that_hold_none_are_said(x, message):
    with pytest.raises(InputError, match=message):
        enumerate_orderings(host(), [1, 2], x=x)
