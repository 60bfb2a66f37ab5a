"""Random numbers inside kernels: SplitMix64 (Steele, Lea, Flood 2014, DOI 10.1145/2714064.2660195), one word of state."""

from __future__ import annotations

import numpy as np

from scalith.numerics.compiled import compiled_inline

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)
_S27, _S30, _S31, _S11, _S32 = np.uint64(27), np.uint64(30), np.uint64(31), np.uint64(11), np.uint64(32)


@compiled_inline
def advance(state: np.uint64) -> np.uint64:
    """The next state."""
    return state + _GOLDEN


@compiled_inline
def mixed(state: np.uint64) -> np.uint64:
    """64 random bits of a state."""
    z = (state ^ (state >> _S30)) * _FIRST
    z = (z ^ (z >> _S27)) * _SECOND
    return z ^ (z >> _S31)


@compiled_inline
def unit_interval(bits: np.uint64) -> float:
    """A number in [0, 1) from 64 random bits."""
    return float(bits >> _S11) * 1.1102230246251565e-16


@compiled_inline
def below(bits: np.uint64, count: int) -> int:
    """An integer in [0, count) from 64 random bits; count < 2³²."""
    return int(((bits >> _S32) * np.uint64(count)) >> _S32)
