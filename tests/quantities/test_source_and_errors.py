from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from scalith import __version__
from scalith.quantities import (
    ConvergenceError,
    DomainError,
    FileRecord,
    InputError,
    MissingDependencyError,
    ScalithError,
    Source,
    StudyError,
    nearest,
    predicted,
)


def test_a_source_passes_through_json():
    source = Source(
        kind="measured",
        by="potentiostat",
        reference="Somebody 2020, DOI 10.1/2",
        reference_state="lithium metal",
        settings={"seed": 3, "sweeps": [1, 2.5]},
        parents=("a" * 32,),
        files=(FileRecord(name="a.csv", digest="b" * 32, licence="CC0"),),
        note="with care",
    )
    assert Source.from_json(source.to_json()) == source
    assert "\n" not in source.to_json()
    with pytest.raises(ValidationError, match="frozen"):
        source.kind = "assumed"
    with pytest.raises(ValidationError):
        Source(kind="guessed")
    with pytest.raises(ValidationError):
        Source(kind="assumed", author="me")


def test_a_prediction_names_function_version_and_parents():
    source = predicted("scalith.lattice.fit", "d1", "d2", settings={"seed": 1}, note="n")
    assert source.kind == "predicted"
    assert source.by == f"scalith.lattice.fit {__version__}"
    assert source.parents == ("d1", "d2")
    assert source.settings == {"seed": 1}


def test_input_errors_name_place_found_and_expected():
    error = InputError("study.toml", "cell.thickness", "75 V", "a length")
    assert str(error) == "study.toml: cell.thickness: found 75 V, expected a length"
    assert str(InputError("study.toml", "", 3, "a table")) == "study.toml: found 3, expected a table"
    assert isinstance(error, ScalithError)
    assert isinstance(error, ValueError)
    assert issubclass(DomainError, InputError)
    assert issubclass(StudyError, ScalithError)
    long = str(InputError("f", "a", list(range(1000)), "less"))
    assert len(long) < 200
    assert "…" in long


def test_solver_errors_say_what_why_and_when():
    error = ConvergenceError("the P2D solver", "the current is above the limiting current", time=12.5, partial=[1])
    assert str(error) == "the P2D solver stopped at t = 12.5 s: the current is above the limiting current"
    assert error.partial == [1]
    assert str(ConvergenceError("the fit", "too few data")) == "the fit stopped: too few data"


def test_a_missing_package_comes_with_the_command():
    error = MissingDependencyError("chgnet", "machine-learned energies", "mlip")
    assert str(error) == "chgnet is needed for machine-learned energies: install it with  pip install 'scalith[mlip]'"


def test_the_nearest_name_or_all_of_them():
    assert nearest("temprature", ["temperature", "time"]) == "a known name; did you mean 'temperature'?"
    assert nearest("zzz", {"b": 1, "a": 2}) == "one of a, b"


def test_settings_of_numpy_within_lists_are_plain():
    settings = {"pairs": np.array([[0.0, 1.0]]), "rates": [np.float32(1.5), np.int64(2)], "by": {"a": (np.array([1]),)}}
    source = predicted("scalith.somewhere", settings=settings)
    assert Source.from_json(source.to_json()) == source
    assert source.settings == {"pairs": [[0.0, 1.0]], "rates": [1.5, 2], "by": {"a": [[1]]}}
