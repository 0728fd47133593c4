"""Reading and writing wire integers at a memory address, in compiled code.

``addr`` is the address of the first byte of a message as an integer (a socket buffer's, a ring
slot's, ``array.ctypes.data``) and ``offset`` counts bytes from it. Each function is one unaligned
machine load or store with a byte swap. Nothing is checked: the caller has made sure that the bytes
are there (``validate`` in the protocol modules).

Values are int64 throughout, since Numba turns int64 mixed with uint64 into float64. Eight-byte
fields are taken as int64 too: order reference numbers, match numbers, prices and times that venues
send fit 63 bits; a value from 2**63 on would read as negative.

Text of up to eight bytes can travel as one integer whose bytes *in memory order* are the characters
(:func:`get_raw8`, :func:`put_raw8`, no swap): see :func:`schemas.venue.text.symbol_to_int`.
"""

import sys

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.errors import TypingError
from numba.extending import intrinsic

from schemas.pointer import kernel

__all__ = [
    "fill",
    "get_raw4",
    "get_raw8",
    "get_u16",
    "get_u32",
    "get_u48",
    "get_u64",
    "get_u8",
    "load_be",
    "load_raw",
    "put_bytes",
    "put_raw4",
    "put_raw8",
    "put_u16",
    "put_u32",
    "put_u48",
    "put_u64",
    "put_u8",
    "store_be",
    "store_raw",
]

HOST_IS_LITTLE = sys.byteorder == "little"


def _require_integers(**arguments):
    for name, given in arguments.items():
        if not isinstance(given, (types.Integer, types.IntegerLiteral, types.IntEnumMember)):
            raise TypingError(f"{name} must be an integer, got {given}")


def _literal_width(width) -> int:
    if not isinstance(width, types.IntegerLiteral) or not 1 <= width.literal_value <= 8:
        raise TypingError(f"width must be a literal number of bytes, 1 to 8, got {width}")
    return width.literal_value


def _pointer(context, builder, signature, arguments):
    """The address ``addr + offset`` as a byte pointer."""
    addr, offset = (
        context.cast(builder, value, given, types.int64)
        for value, given in zip(arguments[:2], signature.args[:2], strict=True)
    )
    return builder.inttoptr(builder.add(addr, offset), cgutils.voidptr_t)


def _typed(builder, pointer, integer):
    return builder.bitcast(pointer, integer.as_pointer())


def _load(addr, offset, width, swap):
    _require_integers(addr=addr, offset=offset)
    size = _literal_width(width)

    def codegen(context, builder, signature, arguments):
        integer = ir.IntType(8 * size)
        pointer = _typed(builder, _pointer(context, builder, signature, arguments), integer)
        value = builder.load(pointer, align=1)
        if swap and size > 1:
            value = builder.bswap(value)
        return builder.zext(value, ir.IntType(64)) if size < 8 else value

    return types.int64(addr, offset, width), codegen


def _store(addr, offset, width, value, swap):
    _require_integers(addr=addr, offset=offset, value=value)
    size = _literal_width(width)

    def codegen(context, builder, signature, arguments):
        integer = ir.IntType(8 * size)
        pointer = _typed(builder, _pointer(context, builder, signature, arguments), integer)
        wide = context.cast(builder, arguments[3], signature.args[3], types.int64)
        narrow = builder.trunc(wide, integer) if size < 8 else wide
        if swap and size > 1:
            narrow = builder.bswap(narrow)
        builder.store(narrow, pointer, align=1)

    return types.void(addr, offset, width, value), codegen


@intrinsic(prefer_literal=True)
def load_be(typing_context, addr, offset, width):
    """``load_be(addr, offset, width) -> int64``: ``width`` (a literal, even or 1) bytes,
    big-endian, zero-extended."""
    return _load(addr, offset, width, HOST_IS_LITTLE)


@intrinsic(prefer_literal=True)
def load_raw(typing_context, addr, offset, width):
    """``load_raw(addr, offset, width) -> int64``: ``width`` bytes in memory order."""
    return _load(addr, offset, width, False)


@intrinsic(prefer_literal=True)
def store_be(typing_context, addr, offset, width, value):
    """``store_be(addr, offset, width, value)``: the low ``width`` bytes of ``value``,
    big-endian."""
    return _store(addr, offset, width, value, HOST_IS_LITTLE)


@intrinsic(prefer_literal=True)
def store_raw(typing_context, addr, offset, width, value):
    """``store_raw(addr, offset, width, value)``: the low ``width`` bytes in memory order."""
    return _store(addr, offset, width, value, False)


@intrinsic
def _move(typing_context, addr, offset, source, length):
    _require_integers(addr=addr, offset=offset, source=source, length=length)

    def codegen(context, builder, signature, arguments):
        target = _pointer(context, builder, signature, arguments)
        start, count = (
            context.cast(builder, arguments[i], signature.args[i], types.int64) for i in (2, 3)
        )
        origin = builder.inttoptr(start, cgutils.voidptr_t)
        cgutils.raw_memmove(builder, target, origin, count, 1)

    return types.void(addr, offset, source, length), codegen


@intrinsic
def _set(typing_context, addr, offset, length, byte):
    _require_integers(addr=addr, offset=offset, length=length, byte=byte)

    def codegen(context, builder, signature, arguments):
        target = _pointer(context, builder, signature, arguments)
        count = context.cast(builder, arguments[2], signature.args[2], types.int64)
        value = context.cast(builder, arguments[3], signature.args[3], types.uint8)
        cgutils.memset(builder, target, count, value)

    return types.void(addr, offset, length, byte), codegen


# ---- kernels -------------------------------------------------------------------------------------


@kernel
def get_u8(addr, offset):
    """The byte at ``addr + offset``."""
    return load_be(addr, offset, 1)


@kernel
def get_u16(addr, offset):
    """Two bytes, big-endian, as int64."""
    return load_be(addr, offset, 2)


@kernel
def get_u32(addr, offset):
    """Four bytes, big-endian, as int64."""
    return load_be(addr, offset, 4)


@kernel
def get_u48(addr, offset):
    """Six bytes (an ITCH timestamp), big-endian, as int64."""
    return load_be(addr, offset, 6)


@kernel
def get_u64(addr, offset):
    """Eight bytes, big-endian, as int64 (negative from 2**63 on)."""
    return load_be(addr, offset, 8)


@kernel
def get_raw4(addr, offset):
    """Four characters as an integer in memory order."""
    return load_raw(addr, offset, 4)


@kernel
def get_raw8(addr, offset):
    """Eight characters (a symbol) as an int64 in memory order."""
    return load_raw(addr, offset, 8)


@kernel
def put_u8(addr, offset, value):
    """Write the low byte of ``value``."""
    store_be(addr, offset, 1, value)


@kernel
def put_u16(addr, offset, value):
    """Write the low two bytes of ``value``, big-endian."""
    store_be(addr, offset, 2, value)


@kernel
def put_u32(addr, offset, value):
    """Write the low four bytes of ``value``, big-endian."""
    store_be(addr, offset, 4, value)


@kernel
def put_u48(addr, offset, value):
    """Write the low six bytes of ``value``, big-endian."""
    store_be(addr, offset, 6, value)


@kernel
def put_u64(addr, offset, value):
    """Write ``value``, eight bytes, big-endian."""
    store_be(addr, offset, 8, value)


@kernel
def put_raw4(addr, offset, value):
    """Write four characters held in an integer in memory order."""
    store_raw(addr, offset, 4, value)


@kernel
def put_raw8(addr, offset, value):
    """Write eight characters (a symbol) held in an int64 in memory order."""
    store_raw(addr, offset, 8, value)


@kernel
def put_bytes(addr, offset, source, length):
    """Copy ``length`` bytes from the address ``source``; the two ranges may overlap."""
    _move(addr, offset, source, length)


@kernel
def fill(addr, offset, length, byte):
    """Set ``length`` bytes to ``byte``."""
    _set(addr, offset, length, byte)
