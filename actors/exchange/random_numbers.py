"""Random numbers in kernels: SplitMix64 (Steele, Lea, Flood, 2014), a function of its seed alone.

The state is one uint64, kept in the field ``random`` of a record.
"""

import math

import numpy as np

from actors.book.memory import kernel

__all__ = ["below", "exponential", "gaussian", "next_bits", "uniform"]

_GAMMA = np.uint64(0x9E3779B97F4A7C15)
_MIX_1, _MIX_2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_30, _27, _31, _11, _33 = (np.uint64(n) for n in (30, 27, 31, 11, 33))
_TO_UNIT = 2.0**-53
_SQRT_3 = math.sqrt(3.0)


@kernel
def next_bits(record):
    """The next 64 random bits, as uint64."""
    record.random += _GAMMA
    z = record.random
    z = (z ^ (z >> _30)) * _MIX_1
    z = (z ^ (z >> _27)) * _MIX_2
    return z ^ (z >> _31)


@kernel
def uniform(record):
    """A float in [0, 1)."""
    return np.int64(next_bits(record) >> _11) * _TO_UNIT


@kernel
def below(record, n):
    """An integer in 0 .. n - 1, for n up to 2**31."""
    return (np.int64(next_bits(record) >> _33) * n) >> 31


@kernel
def gaussian(record):
    """Mean 0, variance 1, nearly normal: the sum of four uniforms, so within 3.5 deviations."""
    total = uniform(record) + uniform(record) + uniform(record) + uniform(record)
    return (total - 2.0) * _SQRT_3


@kernel
def exponential(record):
    """Mean 1: the gaps of a Poisson process."""
    return -math.log(1.0 - uniform(record))
