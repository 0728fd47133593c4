"""Memory for books: allocated once, on a cache line, and touched, so that no kernel meets a page
fault; and the one decorator that makes a function a kernel."""

import numba
import numpy as np
from numba.core import cgutils, types
from numba.extending import intrinsic

import schemas  # noqa: F401  installs the locator that knows when a cached kernel is stale

__all__ = ["CACHE_LINE", "aligned_zeros", "kernel", "move_bytes"]

CACHE_LINE = 64

#: Compiles a free function on arrays and integers: no interpreter, no GIL, kept on disk. Without
#: Numba's runtime (``_nrt``) a kernel cannot allocate, which is the rule here, and does not count
#: references to its arrays: two atomic instructions for every array and call, half the time of an
#: operation on a book.
kernel = numba.njit(cache=True, nogil=True, error_model="numpy", _nrt=False)


def aligned_zeros(count: int, dtype: np.dtype) -> np.ndarray:
    """``count`` zeroed elements starting on a cache line, every page of them already mapped."""
    dtype = np.dtype(dtype)
    raw = np.empty(count * dtype.itemsize + CACHE_LINE, np.uint8)
    raw[:] = 0
    start = -raw.ctypes.data % CACHE_LINE
    return raw[start : start + count * dtype.itemsize].view(dtype)


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

    return types.void(types.intp, types.intp, types.intp), codegen
