"""Latency histograms recorded by kernels into shared memory, in HdrHistogram's own layout.

Values are nanoseconds from 1 to 10 s at 3 significant digits. The counts lie as HdrHistogram's
counts array does (bucket by bucket, each but the first without its lower half), so the
``hdrhistogram`` package and every other implementation reads them. Source: G. Tene, HdrHistogram,
counts array.
"""

from __future__ import annotations

import numpy as np
from hdrh.histogram import HdrHistogram
from llvmlite import ir
from numba import carray, types
from numba.extending import intrinsic

from actors.runtime.native import address_to_pointer, kernel

__all__ = ["COUNTS", "HIGHEST_NS", "HISTOGRAM", "LOWEST_NS", "SIGNIFICANT_DIGITS",
           "percentile_ns", "record_ns", "summary", "to_hdr"]

LOWEST_NS = 1
HIGHEST_NS = 10_000_000_000
SIGNIFICANT_DIGITS = 3

_HALF_MAGNITUDE = 10             # sub-buckets: 2^11, the least power of two >= 2 * 10^3
_HALF_COUNT = 1 << _HALF_MAGNITUDE
_BUCKETS = 24                    # 2^11 * 2^23 > HIGHEST_NS
COUNTS = (_BUCKETS + 1) * _HALF_COUNT

#: total, sum and extremes beside the counts; ``max_ns`` 0 and ``min_ns`` 0 while empty.
HISTOGRAM = np.dtype([("total", "i8"), ("sum_ns", "i8"), ("min_ns", "i8"), ("max_ns", "i8"),
                      ("counts", "i8", (COUNTS,))])


@intrinsic
def _leading_zeros(typingctx, value):
    def codegen(context, builder, signature, args):
        return builder.ctlz(args[0], ir.Constant(ir.IntType(1), 0))
    return types.int64(types.int64), codegen


@kernel
def counts_index(value):
    """Place of ``value`` (1..HIGHEST_NS) in the counts array."""
    bucket = 64 - _HALF_MAGNITUDE - 1 - _leading_zeros(value | (2 * _HALF_COUNT - 1))
    sub_bucket = value >> bucket
    return ((bucket + 1) << _HALF_MAGNITUDE) + sub_bucket - _HALF_COUNT


@kernel
def record_ns(address, value):
    """Counts ``value`` ns in the :data:`HISTOGRAM` at ``address``; clamps to its range."""
    histogram = carray(address_to_pointer(address), 1, HISTOGRAM)[0]
    value = min(max(value, LOWEST_NS), HIGHEST_NS)
    histogram.counts[counts_index(value)] += 1
    histogram.sum_ns += value
    if histogram.total == 0 or value < histogram.min_ns:
        histogram.min_ns = value
    if value > histogram.max_ns:
        histogram.max_ns = value
    histogram.total += 1


def to_hdr(histogram: np.ndarray) -> HdrHistogram:
    """An ``hdrhistogram`` object with the same counts; ``histogram`` is one HISTOGRAM record."""
    hdr = HdrHistogram(LOWEST_NS, HIGHEST_NS, SIGNIFICANT_DIGITS)
    counts = np.array(histogram["counts"])
    for index in np.nonzero(counts)[0]:
        hdr.record_value(hdr.get_value_from_index(int(index)), int(counts[index]))
    return hdr


def _values(indexes: np.ndarray) -> np.ndarray:
    """Highest value, in ns, that counts at each of ``indexes``."""
    bucket = np.maximum((indexes >> _HALF_MAGNITUDE) - 1, 0)
    upper_half = (indexes & (_HALF_COUNT - 1)) + _HALF_COUNT
    sub_bucket = np.where(indexes < 2 * _HALF_COUNT, indexes, upper_half)
    return ((sub_bucket + 1) << bucket) - 1


def percentile_ns(counts: np.ndarray, percentile: float) -> int:
    """Value at or below which ``percentile`` % of ``counts`` (shape (COUNTS,)) lie; 0 if empty."""
    total = int(counts.sum())
    if total == 0:
        return 0
    wanted = max(1, int(percentile / 100.0 * total + 0.5))  # rounds as HdrHistogram does
    index = int(np.searchsorted(np.cumsum(counts), wanted))
    return int(_values(np.array([index]))[0])


def summary(counts: np.ndarray, max_ns: int = 0) -> dict[str, int]:
    """``count, p50, p95, p99, p999, max`` of ``counts``, in ns; ``max_ns`` is the exact maximum, if
    known."""
    points = {"p50": 50.0, "p95": 95.0, "p99": 99.0, "p999": 99.9}
    found = {name: percentile_ns(counts, p) for name, p in points.items()}
    return {"count": int(counts.sum()), **found, "max": max_ns or percentile_ns(counts, 100.0)}
