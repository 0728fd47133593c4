"""Memory for books, and the one decorator that makes a function a kernel.

A book is one block of bytes, allocated once, starting on a cache line, with every page touched so
that no kernel meets a page fault. Inside it everything is found by offset, so the block may be
copied, shared, or mapped elsewhere, and means the same there. A kernel is given its address: one
integer, where a structure of arrays would cost some sixty machine words at every call.
"""

from collections.abc import Sequence

import numba
import numpy as np
from numba.core import cgutils, types
from numba.extending import intrinsic

from schemas.pointer import record_at, without_literals

__all__ = ["CACHE_LINE", "aligned_zeros", "kernel", "lay_out", "move_bytes", "record_at", "view_at"]

CACHE_LINE = 64


def kernel(function):
    """Compiles a free function on arrays and integers: no interpreter, no GIL, kept on disk.

    Without Numba's runtime (``_nrt``) a kernel cannot allocate, which is the rule here, and does not
    count references to arrays, which would cost two atomic instructions an array and call.
    """
    compiled = numba.njit(function, cache=True, nogil=True, error_model="numpy", _nrt=False)
    return without_literals(compiled)


def aligned_zeros(count: int, dtype: np.dtype) -> np.ndarray:
    """``count`` zeroed elements starting on a cache line, every page of them already mapped."""
    dtype = np.dtype(dtype)
    raw = np.empty(count * dtype.itemsize + CACHE_LINE, np.uint8)
    raw[:] = 0
    start = -raw.ctypes.data % CACHE_LINE
    return raw[start : start + count * dtype.itemsize].view(dtype)


def lay_out(start: int, sections: Sequence[tuple[np.dtype, int]]) -> list[int]:
    """Offsets of arrays of (dtype, count) one behind the other, each on a cache line of its own.

    The first is at ``start`` or just behind; the last offset returned is that of the end.
    """
    offsets = []
    for dtype, count in sections:
        start = -(-start // CACHE_LINE) * CACHE_LINE
        offsets.append(start)
        start += dtype.itemsize * count
    return [*offsets, -(-start // CACHE_LINE) * CACHE_LINE]


def view_at(memory: np.ndarray, offset: int, dtype: np.dtype, count: int) -> np.ndarray:
    """``count`` records of ``dtype`` at ``offset`` in a block of bytes, sharing its memory."""
    return memory[offset : offset + count * dtype.itemsize].view(dtype)


@intrinsic
def move_bytes(typingctx, target, source, count):
    """In a kernel: copy ``count`` bytes between addresses that may overlap (C's memmove)."""

    def codegen(context, builder, signature, args):
        target, source, count = args
        cgutils.raw_memmove(
            builder,
            builder.inttoptr(target, cgutils.voidptr_t),
            builder.inttoptr(source, cgutils.voidptr_t),
            count,
            1,
        )
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.int64), codegen
