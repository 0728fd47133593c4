"""Symbols and numbers as text: the two ways the wire's ASCII fields meet integers.

A symbol travels through kernels as one int64 whose bytes in memory order are its eight characters,
padded with spaces, so that comparing and copying it is one instruction. An order id travels in
OUCH's 14-character ClOrdID as decimal digits.
"""

import sys

import numpy as np

from schemas.pointer import kernel
from schemas.venue.big_endian import fill, get_u8, put_u8
from schemas.venue.layouts import ProtocolError

__all__ = [
    "alpha_to_int",
    "get_decimal",
    "int_to_alpha",
    "int_to_symbol",
    "put_decimal",
    "put_decimal_right",
    "symbol_to_int",
]

SPACE = 0x20
ZERO = 0x30
NINE = 0x39
INT64_MAX = 2**63 - 1


def alpha_to_int(text: str, width: int) -> int:
    """``text`` padded with spaces to ``width`` (1 to 8) bytes, as the integer ``put_raw`` writes.

    Signed for eight bytes, so that it is an int64. Raises ProtocolError if the text is not ASCII or
    too long.
    """
    if not 1 <= width <= 8:
        raise ValueError(f"width must be 1 to 8 bytes, got {width}")
    if not text.isascii() or len(text) > width:
        raise ProtocolError(f"{text!r} is not ASCII text of at most {width} characters")
    return int.from_bytes(text.encode("ascii").ljust(width), sys.byteorder, signed=width == 8)


def int_to_alpha(value: int, width: int) -> str:
    """The text of an integer made by :func:`alpha_to_int`, without its padding."""
    raw = int(value).to_bytes(width, sys.byteorder, signed=width == 8)
    return raw.decode("latin-1").rstrip(" ")


def symbol_to_int(symbol: str) -> int:
    """A symbol of at most 8 ASCII characters as int64; ProtocolError if it is not one."""
    return alpha_to_int(symbol, 8)


def int_to_symbol(value: int) -> str:
    """The symbol that :func:`symbol_to_int` turned into ``value``."""
    return int_to_alpha(value, 8)


# ---- kernels -------------------------------------------------------------------------------------


@kernel
def _put_digits(addr, offset, width, value, right):
    fill(addr, offset, width, SPACE)
    number = np.int64(value)
    if number < 0:
        return -1
    digits = 1
    rest = number // 10
    while rest > 0:
        digits += 1
        rest //= 10
    if digits > width:
        return -1
    start = offset + (width - digits if right else 0)
    rest = number
    for position in range(digits - 1, -1, -1):
        put_u8(addr, start + position, ZERO + rest % 10)
        rest //= 10
    return digits


@kernel
def put_decimal(addr, offset, width, value):
    """Write ``value`` in ASCII digits, left-aligned, padded with spaces to ``width`` bytes.

    Returns the number of digits, or -1 if the value is negative or does not fit; the field is then
    all spaces.
    """
    return _put_digits(addr, offset, width, value, 0)


@kernel
def put_decimal_right(addr, offset, width, value):
    """As :func:`put_decimal`, right-aligned: SoupBinTCP's way with numbers."""
    return _put_digits(addr, offset, width, value, 1)


@kernel
def get_decimal(addr, offset, width):
    """Read ASCII digits padded with spaces on either side.

    Returns the number, or -1 if the field is blank, holds anything else, or exceeds int64.
    """
    first = 0
    while first < width and get_u8(addr, offset + first) == SPACE:
        first += 1
    last = width
    while last > first and get_u8(addr, offset + last - 1) == SPACE:
        last -= 1
    if first == last:
        return -1
    value = 0
    for position in range(first, last):
        character = get_u8(addr, offset + position)
        if character < ZERO or character > NINE:
            return -1
        digit = character - ZERO
        if value > (INT64_MAX - digit) // 10:
            return -1
        value = value * 10 + digit
    return value
