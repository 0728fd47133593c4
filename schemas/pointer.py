"""Memory by address, for kernels."""

from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

__all__ = ["address_to_pointer", "kernel", "record_at", "without_literals"]


def without_literals(dispatcher):
    """Makes a kernel compile once for integers, instead of once for every constant it is given.

    Left alone, Numba takes ``count(ctx, 3, 1)`` and ``count(ctx, 4, 1)`` for two different kernels;
    half of all compiling was such copies. Inlining still sees the constants. Not for a kernel that
    needs a literal argument itself (:func:`numba.literally`).
    """
    resolve = dispatcher.get_call_template

    def resolve_plain(args, kws):
        return resolve(tuple(types.unliteral(a) for a in args),
                       {name: types.unliteral(a) for name, a in kws.items()})

    dispatcher.get_call_template = resolve_plain
    return dispatcher


def kernel(function):
    """Compiles ``function`` for the hot path: no GIL, NumPy's error model, cached on disk."""
    return without_literals(njit(function, cache=True, nogil=True, error_model="numpy"))


@intrinsic
def address_to_pointer(typingctx, address):
    """int64 address -> void pointer, for ``numba.carray``."""
    def codegen(context, builder, signature, args):
        return builder.inttoptr(args[0], ir.IntType(8).as_pointer())
    return types.voidptr(types.int64), codegen


@intrinsic
def record_at(typingctx, address, index, dtype):
    """In a kernel: element ``index`` of an array of a structured ``dtype`` at ``address``, to read
    and write in place."""
    if not isinstance(dtype, types.DType) or not isinstance(dtype.dtype, types.Record):
        return None
    record = dtype.dtype

    def codegen(context, builder, signature, args):
        address, index, _ = args
        offset = builder.mul(index, index.type(record.size))
        return builder.inttoptr(builder.add(address, offset), context.get_value_type(record))

    return record(types.int64, types.int64, dtype), codegen
