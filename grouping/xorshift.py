"""Random numbers for compiled code, the same on every machine (xorshift64*, Vigna 2016)."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def next_below(random, below):  # type: ignore[no-untyped-def]  # numba compiles it; the types are in the docstring
    """A random whole number below ``below``; the state is ``random`` (1,) of 64 bits, not 0."""
    x = random[0]
    x ^= x >> np.uint64(12)
    x ^= x << np.uint64(25)
    x ^= x >> np.uint64(27)
    random[0] = x
    return np.int64((x * np.uint64(0x2545F4914F6CDD1D) >> np.uint64(33)) % np.uint64(below))
