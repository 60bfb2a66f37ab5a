from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from scalith.quantities import InputError, dataset_digest, digest, file_digest, package_digest

plain = st.recursive(
    st.none() | st.booleans() | st.integers(-10, 10) | st.floats(allow_nan=False) | st.text(max_size=4),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=3), children, max_size=3),
    max_leaves=6,
)


def written(value):
    """`repr` tells 0.0, -0.0, 0, False and None apart and, with sorted keys, is the same for the same content."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{key!r}:{written(value[key])}" for key in sorted(value)) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(written, value)) + "]"
    return repr(value)


@given(plain, plain)
def test_same_content_same_digest_and_only_then(first, second):
    assert (digest(first) == digest(second)) == (written(first) == written(second))


def test_grouping_counts():
    assert len({digest("a", "b"), digest("ab"), digest(["a", "b"]), digest(["a"], "b"), digest([["a"], "b"])}) == 5


def test_arrays_count_with_kind_shape_and_last_bit():
    a = np.arange(6.0)
    kinds = [a, a.reshape(2, 3), a.reshape(3, 2), a.astype(np.float32), a.astype(np.int64), np.nextafter(a, 9), a.tolist()]
    assert len({digest(kind) for kind in kinds}) == len(kinds)
    assert digest(a.reshape(2, 3).T) == digest(np.ascontiguousarray(a.reshape(2, 3).T))
    assert digest(np.float64(0.1)) == digest(0.1)
    assert digest(np.array(["a", "b"])) == digest(["a", "b"])


def test_the_digest_of_a_value_never_changes():
    """Ledgers of earlier versions are read by later ones: these are written in stone."""
    assert digest("x", 1, 0.1, None, True, [1, 2], {"b": 1, "a": "Å"}, np.array([1.0, 2.0])) == "c30fcdfffbcec47c6fc4ff721f26c1ec"


def test_another_process_agrees():
    program = "from scalith.quantities import digest; print(digest({'a': [1, 2.5, 'x'], 'b': None}))"
    other = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert other.stdout.strip() == digest({"b": None, "a": [1, 2.5, "x"]})


def test_what_has_no_content_is_refused():
    with pytest.raises(TypeError, match="cannot take the digest of object"):
        digest(object())


def test_files_and_the_package(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")
    assert file_digest(tmp_path / "a") == "ba7816bf8f01cfea414140de5dae2223"  # the SHA-256 of "abc", FIPS 180-2
    assert len(package_digest()) == 32


def test_a_file_that_cannot_be_read_is_named(tmp_path, monkeypatch):
    with pytest.raises(InputError, match="found is a directory, expected a file that can be read"):
        file_digest(tmp_path)

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied", "secret.csv")

    monkeypatch.setattr("pathlib.Path.open", refuse)
    with pytest.raises(InputError, match=r"secret\.csv: found permission denied"):
        file_digest(tmp_path / "secret.csv")


def test_datasets_count_with_everything():
    data = xr.Dataset({"a": ("t", [1.0, 2.0], {"units": "V"})}, {"t": [0.0, 1.0]}, {"source": "s"})
    others = [
        data,
        data.rename(a="b"),
        data.rename(t="x"),
        data.assign_attrs(source="other"),
        data.assign(a=data.a.assign_attrs(units="mV")),
        data.assign(a=data.a + 1e-15),
        data.assign_coords(t=[0.0, 2.0]),
        data.isel(t=[1, 0]),
    ]
    assert len({dataset_digest(other) for other in others}) == len(others)
    assert dataset_digest(data) == dataset_digest(data.copy(deep=True))
