"""Structures from a trained model."""

from dataclasses import replace

import numpy as np
import pytest

from scalith.design import StructureTargets, measure_structure, read_trained_model, trained_structure, write_trained_model
from scalith.design.trained import _Guide, _labels, _soft, label_voxels
from scalith.quantities import InputError, shipped


@pytest.fixture(scope="module")
def model():
    return read_trained_model(shipped("trained/taufactor_electrode.npz"))


def test_the_shipped_model_is_small_and_comes_back_as_it_was_written(model, tmp_path):
    path = shipped("trained/taufactor_electrode.npz")
    assert path.stat().st_size < 1e6
    assert 80_000 < sum(one.size for one in model.weights.values()) < 100_000
    assert model.phases == ("pore", "active", "binder")
    write_trained_model(model, tmp_path / "again.npz")
    again = read_trained_model(tmp_path / "again.npz")
    assert again.digest == model.digest
    with np.load(path, allow_pickle=False) as archive:  # arrays alone
        assert all(archive[name].dtype.kind in "fU" for name in archive.files)


def test_what_is_no_model_is_said_to_be_none(model, tmp_path):
    with pytest.raises(InputError, match="no such file"):
        read_trained_model(tmp_path / "none.npz")
    (tmp_path / "text.npz").write_text("weights")
    with pytest.raises(InputError, match="no trained model"):
        read_trained_model(tmp_path / "text.npz")
    whole = shipped("trained/taufactor_electrode.npz").read_bytes()
    for name, content in {
        "empty": b"",
        "cut": whole[: len(whole) // 2],
        "changed": whole[:3000] + bytes(500) + whole[3500:],
    }.items():
        (tmp_path / f"{name}.npz").write_bytes(content)
        with pytest.raises(InputError, match="no trained model") as found:
            read_trained_model(tmp_path / f"{name}.npz")
        assert "\n" not in str(found.value)
    np.save(tmp_path / "array.npy", np.zeros(3))
    with pytest.raises(InputError, match="no trained model"):
        read_trained_model(tmp_path / "array.npy")
    weights = dict(model.weights)
    weights["scores.bias"] = np.zeros(4, np.float32)
    with pytest.raises(InputError, match=r"scores\.bias.*\(4,\).*\(3,\)"):
        replace(model, weights=weights)
    weights["scores.bias"] = np.full(3, np.nan, np.float32)
    with pytest.raises(InputError, match=r"scores\.bias.*finite"):
        replace(model, weights=weights)
    with pytest.raises(InputError, match=r"label_spread.*positive"):
        replace(model, label_spread=0.0 * model.label_spread)
    with pytest.raises(InputError, match=r"voxel_size.*positive"):
        replace(model, voxel_size=0.0)
    with pytest.raises(InputError, match=r"conducting.*carbon.*pore, active, binder"):
        replace(model, conducting="carbon")
    with pytest.raises(InputError, match=r"between.*2 of"):
        replace(model, between=("active", "active"))


def test_labels_have_their_fractions_to_one_voxel():
    scores = np.random.default_rng(1).standard_normal((3, 10, 10, 10))
    labels = label_voxels(scores, np.array([0.45, 0.4, 0.15]))
    assert np.bincount(labels.ravel()).tolist() == [450, 400, 150]
    shares = _soft(scores, np.array([0.45, 0.4, 0.15]))
    np.testing.assert_allclose(shares.mean(axis=(1, 2, 3)), [0.45, 0.4, 0.15], atol=1e-5)
    np.testing.assert_allclose(shares.sum(axis=0), 1.0, rtol=1e-12)


@pytest.mark.long
def test_structures_of_two_seeds_are_independent_and_like_the_tomogram(model):
    found = [trained_structure(model, (32, 32, 32), seed=seed, steps=6) for seed in (1, 2)]
    for one in found:
        assert one.image.volume_fractions == pytest.approx({"pore": 0.45005, "active": 0.4003, "binder": 0.14965}, abs=1e-4)
        assert one.table.sizes["quantity"] == 0
    alike = np.mean(found[0].image.labels == found[1].image.labels)
    assert alike < sum(share**2 for share in found[0].image.volume_fractions.values()) + 0.05
    again = trained_structure(model, (32, 32, 32), seed=1, steps=6)
    np.testing.assert_array_equal(again.image.labels, found[0].image.labels)
    # The model has learned: pieces of pores and particles are many voxels long where independent voxels would have 1/(1 − φ).
    labels = found[0].image.labels
    changes = np.mean(labels[1:] != labels[:-1])
    assert changes < 0.4 * (1.0 - sum(share**2 for share in found[0].image.volume_fractions.values()))


@pytest.mark.long
def test_adjoint_steps_bring_what_is_asked_for(model):
    asked = StructureTargets(interface_area=4.2e5, effective_ionic_conductivity=0.2, ionic={"pore": 1.0}, axis="y")
    found = trained_structure(model, (32, 32, 32), seed=1, steps=6, targets=asked, tolerance=0.03)
    again = measure_structure(found.image, asked)
    np.testing.assert_allclose(list(again.values()), [0.2, 4.2e5], rtol=0.03)
    np.testing.assert_allclose(found.table["measured"], list(again.values()), rtol=1e-12)


def test_steps_go_on_until_pieces_are_joined_to_within_the_margin(model, monkeypatch):
    guide = _Guide(model, None, np.array([0.5, 0.3, 0.2]), {1: 0.9})
    scores = np.random.default_rng(1).standard_normal((3, 8, 8, 8))
    held = iter([0.87, 0.88, 0.895, 0.895])  # by the first largest piece, less than the tolerance away
    monkeypatch.setattr("scalith.design.trained.join_pieces", lambda scores, *_: scores)
    monkeypatch.setattr("scalith.design.trained.largest_share", lambda _: next(held))
    _, steps = guide.finish(scores, 0.05, 10, lambda _: None)
    assert steps == 2


def test_what_is_asked_of_the_conducting_phase_is_told_to_the_network_for_either_carrier(model):
    shares = dict(zip(model.phases, model.fractions.tolist(), strict=True))
    ionic = StructureTargets(effective_ionic_conductivity=0.4, ionic={"pore": 2.0}, axis="y")
    electronic = StructureTargets(effective_electronic_conductivity=0.4, electronic={"pore": 2.0}, axis="y")
    for asked in (ionic, electronic):
        assert _labels(model, asked, shares)[1] == pytest.approx(np.log(0.2))
    other = StructureTargets(effective_electronic_conductivity=0.4, electronic={"active": 2.0}, axis="y")
    np.testing.assert_array_equal(_labels(model, other, shares)[:5], model.tomogram_labels[:5])


def test_what_cannot_be_made_is_named(model):
    with pytest.raises(InputError, match="multiples of 8"):
        trained_structure(model, (30, 32, 32), seed=1)
    with pytest.raises(InputError, match="together 1"):
        trained_structure(model, (32, 32, 32), seed=1, fractions={"pore": 0.5, "active": 0.4, "binder": 0.2})
    with pytest.raises(InputError, match="binder"):
        trained_structure(model, (32, 32, 32), seed=1, targets=StructureTargets(triple_phase_length=1e12))
    too_much = StructureTargets(effective_ionic_conductivity=0.46, ionic={"pore": 1.0})
    with pytest.raises(InputError, match="straight columns"):
        trained_structure(model, (32, 32, 32), seed=1, targets=too_much)
