from __future__ import annotations

import numpy as np
import pytest

from scalith.crystal import enumerate_orderings, map_orderings, read_host, read_structures
from scalith.lattice import ClusterExpansion, fit_cluster_expansion
from scalith.lattice.expansion.cluster_expansion import lower_hull
from scalith.lattice.expansion.cluster_space import design_matrix
from scalith.quantities import InputError, shipped
from tests.lattice.models import FCC, fcc_model, host


@pytest.fixture(scope="module")
def lixnio2():
    found = read_host(shipped("dft_energies/LixNiO2/smol_lno_prim.json"))
    return found, map_orderings(found, read_structures(shipped("dft_energies/LixNiO2/smol_lno_entries.json")), repeated="all")


def test_fit_of_lixnio2_meets_its_errors_and_survives_json(lixnio2):
    found, orderings = lixnio2
    plain = fit_cluster_expansion(found, orderings, pair_cutoff=7.0, triplet_cutoff=0.0)
    charged = fit_cluster_expansion(found, orderings, pair_cutoff=7.0, triplet_cutoff=0.0, electrostatics=True)
    assert plain.leave_one_out_error < 0.0223
    assert charged.leave_one_out_error < 0.0128
    again = ClusterExpansion.model_validate_json(charged.model_dump_json())
    assert again.digest == charged.digest
    for k in (0, 11, 27):
        filled = orderings["filled"].values[k]
        arrays = (filled, orderings["sublattice"].values[k], orderings["offset"].values[k])
        energy = charged.energy(orderings["supercell"].values[k], *arrays)
        assert energy == pytest.approx(float(orderings["energy"][k]), abs=0.02)


def test_draws_scatter_as_the_widened_posterior_says(lixnio2):
    found, orderings = lixnio2
    expansion = fit_cluster_expansion(found, orderings, pair_cutoff=6.0, triplet_cutoff=0.0, method="bayesian")
    members = np.array([member.interactions for member in expansion.draws(400, seed=1)])
    wider = max(expansion.leave_one_out_error, *expansion.grouped_error.values()) / expansion.noise
    assert wider > 1.1
    spread = wider * np.sqrt(np.diag(np.array(expansion.covariance)))
    assert np.allclose(members.std(axis=0), spread, rtol=0.15)
    assert np.allclose(members.mean(axis=0), expansion.interactions, atol=5 * spread.max() / 20)
    assert expansion.draws(2, seed=1)[1].digest == expansion.draws(2, seed=1)[1].digest
    assert expansion.draws(2, seed=1)[0].digest != expansion.draws(2, seed=1)[1].digest


def test_hull_report_names_ground_states():
    orderings = enumerate_orderings(host(), [1, 2, 3, 4])
    model = fcc_model(pairs=(0.02, 0.0, 0.0), triplet=0.0)
    energy = design_matrix(model.orbits, orderings) @ np.array(model.interactions)
    fitted = fit_cluster_expansion(host(), orderings.assign(energy=("structure", energy)), pair_cutoff=4.95, triplet_cutoff=2.9)
    assert fitted.hull is not None
    assert fitted.hull.kept
    assert fitted.hull.spurious == ()
    assert len(fitted.hull.ground_states) > 2


def test_lower_hull_is_convex():
    rng = np.random.default_rng(0)
    x, energy = rng.random(200), rng.random(200)
    corners = list(lower_hull(x, energy))
    slopes = np.diff(energy[corners]) / np.diff(x[corners])
    assert np.all(np.diff(slopes) > 0)
    line = np.interp(x, x[corners], energy[corners])
    assert np.all(energy >= line - 1e-12)


def test_orderings_of_another_host_are_refused():
    orderings = enumerate_orderings(host(), [1, 2, 3])
    other = host(rows=tuple(tuple(1.1 * v for v in row) for row in FCC))
    with pytest.raises(InputError, match="mapped on host"):
        fit_cluster_expansion(
            other,
            orderings.assign(energy=("structure", np.zeros(orderings.sizes["structure"]))),
            pair_cutoff=3.2,
            triplet_cutoff=0.0,
        )


def test_given_interactions_must_fit_the_orbits():
    with pytest.raises(InputError, match="one an orbit"):
        ClusterExpansion.given(host(), (0.0, 1.0), 2.9)
    with pytest.raises(InputError, match="no posterior"):
        fcc_model().draws(2, 1)


def test_whole_groups_are_left_out():
    rng = np.random.default_rng(1)
    orderings = enumerate_orderings(host(), [1, 2, 3, 4])
    truth = fcc_model()
    A = design_matrix(truth.orbits, orderings)
    orderings["energy"] = ("structure", A @ np.array(truth.interactions) + 1e-3 * rng.standard_normal(len(A)))
    cutoffs = {"pair_cutoff": 4.95, "triplet_cutoff": 2.9}
    found = fit_cluster_expansion(host(), orderings, **cutoffs, groups=["a", "b"] * (len(A) // 2) + ["a"] * (len(A) % 2))
    assert set(found.grouped_error) == {"composition", "supercell", "given"}
    assert found.grouped_error["composition"] > 0.5 * found.leave_one_out_error
    with pytest.raises(InputError, match="one for each structure"):
        fit_cluster_expansion(host(), orderings, **cutoffs, groups=["a"])
    half = ["half" if x == 0.5 else "others" for x in orderings["x"].values]
    with pytest.raises(InputError, match="others, without which"):
        fit_cluster_expansion(host(), orderings, **cutoffs, groups=half)


def test_pinned_ends_keep_the_average_voltage():
    rng = np.random.default_rng(2)
    orderings = enumerate_orderings(host(), [1, 2, 3, 4])
    truth = fcc_model()
    y = design_matrix(truth.orbits, orderings) @ np.array(truth.interactions)
    y += 0.02 * rng.standard_normal(len(y))
    orderings["energy"] = ("structure", y)
    ends = [int(np.argmin(orderings["x"].values)), int(np.argmax(orderings["x"].values))]
    missed = {}
    for importance in (1.0, 100.0):
        fitted = fit_cluster_expansion(host(), orderings, pair_cutoff=4.95, triplet_cutoff=0.0, end_importance=importance)
        A = design_matrix(fitted.orbits, orderings)
        missed[importance] = float(np.abs(A @ np.array(fitted.interactions) - y)[ends].max())
    assert missed[100.0] < 1e-4 < missed[1.0]
    with pytest.raises(InputError, match="end_importance"):
        fit_cluster_expansion(host(), orderings, pair_cutoff=4.0, triplet_cutoff=0.0, end_importance=0.0)


def test_only_a_group_that_cannot_be_tested_is_left_out_and_named():
    """Without the cells of one site the others, all half occupied, do not tell constant and points: these alone are not tested."""
    orderings = enumerate_orderings(host(), [1, 2, 4])
    kept = [
        k
        for k, (x, cell) in enumerate(zip(orderings["x"].values, orderings["supercell"].values, strict=True))
        if round(abs(np.linalg.det(cell))) == 1 or x == 0.5
    ]
    orderings = orderings.isel(structure=kept)
    rng, A = np.random.default_rng(1), design_matrix(fcc_model().orbits, orderings)
    orderings["energy"] = ("structure", A @ np.array(fcc_model().interactions) + 1e-3 * rng.standard_normal(len(A)))
    found = fit_cluster_expansion(host(), orderings, pair_cutoff=4.95, triplet_cutoff=0.0)
    assert found.untested_groups == {"supercell": ("cells of 1",)}
    assert set(found.grouped_error) == {"supercell", "composition"}
    # The same, by fits without the cells of each other size.
    sizes = np.round(np.abs(np.linalg.det(orderings["supercell"].values)))
    errors = []
    for size in (2.0, 4.0):
        others = fit_cluster_expansion(
            host(), orderings.isel(structure=np.flatnonzero(sizes != size)), pair_cutoff=4.95, triplet_cutoff=0.0
        )
        own = np.flatnonzero(sizes == size)
        errors.append(A[own][:, : len(others.interactions)] @ np.array(others.interactions) - orderings["energy"].values[own])
    by_hand = float(np.sqrt(np.mean(np.concatenate(errors) ** 2)))
    assert 0.2 * by_hand < found.grouped_error["supercell"] < 5.0 * by_hand
