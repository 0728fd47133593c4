"""Memory by address, for kernels."""

from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

__all__ = ["address_to_pointer", "kernel"]


def kernel(function):
    """Compiles ``function`` for the hot path: no GIL, NumPy's error model, cached on disk."""
    return njit(function, cache=True, nogil=True, error_model="numpy")


@intrinsic
def address_to_pointer(typingctx, address):
    """int64 address -> void pointer, for ``numba.carray``."""
    def codegen(context, builder, signature, args):
        return builder.inttoptr(args[0], ir.IntType(8).as_pointer())
    return types.voidptr(types.int64), codegen
