"""Training of a model on patches."""

import sys

import numpy as np
import pytest

from scalith.design import train_model, trained_structure
from scalith.electrode import FieldPhase, random_field
from scalith.quantities import InputError, MissingDependencyError

STATED = {"conducting": "pore", "between": ("active", "pore"), "line": ("active", "pore", "carbon"), "seed": 1}


def structure(size, seed):
    phases = {
        "active": FieldPhase(fraction=0.5, correlation_length=6e-7),
        "carbon": FieldPhase(fraction=0.15, correlation_length=3e-7),
    }
    return random_field((size,) * 3, 1e-7, phases, seed=seed)


def test_without_pytorch_it_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingDependencyError, match=r"scalith\[design\]"):
        train_model(structure(24, 1), **STATED)


@pytest.mark.long
def test_a_few_steps_learn_something_and_again_the_same():
    pytest.importorskip("torch")
    with pytest.raises(InputError, match="at least 96 voxels"):
        train_model(structure(64, 1), **STATED)
    image = structure(96, 1)
    said = []
    models = [train_model(image, **STATED, steps=12, progress=lambda _, words: said.append(words)) for _ in range(2)]
    assert models[0].digest == models[1].digest
    losses = models[0].source.settings["loss"]
    assert losses < np.log(3.0)
    found = trained_structure(models[0], (32, 32, 32), seed=1, steps=3)
    assert found.image.volume_fractions == pytest.approx(image.volume_fractions, abs=1e-4)
