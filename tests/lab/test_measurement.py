"""Labelled spectra from plain arrays."""

from __future__ import annotations

import numpy as np
import pytest

from scalith.lab.measurement import spectrum, spectrum_arrays
from scalith.quantities import InputError


def test_arrays_come_back():
    f, z = spectrum_arrays(spectrum([1.0, 10.0], [2 - 1j, 1 - 0.5j]), "test")
    assert f.tolist() == [1.0, 10.0]
    assert z.tolist() == [2 - 1j, 1 - 0.5j]


@pytest.mark.parametrize(
    ("frequency", "impedance", "words"),
    [
        ([1.0, 2.0], [1.0], "expected one impedance for each frequency"),
        ([1.0, -2.0], [1, 1], "-2 Hz"),
        ([1.0, 2.0], [1, np.nan], "at row 2, expected finite impedances"),
        ([1.0, 1.0], [1, 2], "1 Hz 2 times"),
    ],
)
def test_what_is_no_spectrum(frequency, impedance, words):
    with pytest.raises(InputError) as caught:
        spectrum(frequency, impedance)
    assert words in str(caught.value).replace("'", "")


def test_another_data_set_is_no_spectrum():
    with pytest.raises(InputError, match="read_measurement"):
        spectrum_arrays({"a": 1}, "test")
