"""Rolling statistics of a price, exact and O(1) an update. Kernels; the hot path.

Prices enter as integers. Sums are kept of their deviations from an anchor price, so that they stay
small and exact: nothing drifts, however long it runs.
"""

import math

import numpy as np

from actors.runtime import kernel

__all__ = ["WINDOW", "add_price", "z_score"]

#: One rolling window: samples held, place of the next, the anchor, and the two sums.
WINDOW = np.dtype([("filled", "i8"), ("next", "i8"), ("anchor", "i8"), ("sum", "i8"),
                   ("sum_squares", "i8")])

#: Beyond this deviation from the anchor the window starts anew: its squares, summed over the longest
#: window (65,536), still fit 63 bits.
_LARGEST_DEVIATION = 10_000_000


@kernel
def add_price(window, samples, price):
    """Adds ``price`` to ``window`` (record) over ``samples`` (int64, shape (length,))."""
    if window.filled == 0 or abs(price - window.anchor) > _LARGEST_DEVIATION:
        window.filled = 0
        window.next = 0
        window.anchor = price
        window.sum = 0
        window.sum_squares = 0
    deviation = price - window.anchor
    if window.filled == samples.size:
        oldest = samples[window.next]
        window.sum -= oldest
        window.sum_squares -= oldest * oldest
    else:
        window.filled += 1
    samples[window.next] = deviation
    window.next = (window.next + 1) % samples.size
    window.sum += deviation
    window.sum_squares += deviation * deviation


@kernel
def z_score(window, samples, price):
    """How many standard deviations ``price`` lies from the window's mean; 0 until it is full, and
    while the price has not moved at all. Population standard deviation."""
    n = window.filled
    if n < samples.size:
        return 0.0
    spread = float(n) * float(window.sum_squares) - float(window.sum) * float(window.sum)
    if spread <= 0.0:
        return 0.0
    deviation = float(n) * float(price - window.anchor) - float(window.sum)
    return deviation / math.sqrt(spread)
