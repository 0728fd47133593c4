"""Kernels for OUCH 5.0 appendages: the options that may follow a message's fixed part.

::

    ┌───────── fixed part ─────────┬── 2 ──┬─ 1 ─┬─ 1 ─┬─ n-1 ─┬─ 1 ─┬─ 1 ─┬─ m-1 ─┐
    │ type, fields …               │ total │  n  │ tag │ value │  m  │ tag │ value │
    └──────────────────────────────┴───────┴─────┴─────┴───────┴─────┴─────┴───────┘

``total`` counts the bytes after it. In messages that always carry it, it is the last field of the
table (``ENTER_ORDER_APPENDAGE_LENGTH``); in the others it comes after the table's last field, so at
``CANCEL_ORDER_LENGTH``, if there are options. Source: OUCH 5.0 specification, section on options.
"""

from schemas.pointer import kernel
from schemas.venue.big_endian import (
    get_raw4,
    get_u8,
    get_u16,
    get_u32,
    get_u64,
    put_raw4,
    put_u8,
    put_u16,
    put_u32,
    put_u64,
)
from schemas.venue.layouts import Appendage
from schemas.venue.ouch50 import offsets as at
from schemas.venue.validity import BAD_APPENDAGE, EMPTY, UNKNOWN_TYPE, VALID, WRONG_LENGTH

__all__ = [
    "ABSENT",
    "MALFORMED",
    "append_option",
    "find_appendage",
    "get_option",
    "validate_in",
    "validate_out",
]

ABSENT = -1
MALFORMED = -2

INBOUND_LENGTH, INBOUND_APPENDAGE = at.INBOUND_LENGTH, at.INBOUND_APPENDAGE
OUTBOUND_LENGTH, OUTBOUND_APPENDAGE = at.OUTBOUND_LENGTH, at.OUTBOUND_APPENDAGE
OPTION_LENGTH = at.OPTION_LENGTH
OPTION_IS_ALPHA, OPTION_IS_SIGNED = at.OPTION_IS_ALPHA, at.OPTION_IS_SIGNED
OPTIONAL, REQUIRED = Appendage.OPTIONAL.value, Appendage.REQUIRED.value


@kernel
def _next_option(addr, offset, end):
    """Offset after the option at ``offset``, which is before ``end``; MALFORMED if the option runs
    past ``end`` or is a known one of the wrong size."""
    size = get_u8(addr, offset)
    following = offset + 1 + size
    if size == 0 or following > end:
        return MALFORMED
    expected = OPTION_LENGTH[get_u8(addr, offset + 1)]
    if expected != 0 and size != expected + 1:
        return MALFORMED
    return following


@kernel
def find_appendage(addr, offset, end, tag):
    """Where the value of option ``tag`` lies.

    ``offset`` is that of the first option (the message's length without options, plus two where
    ``total`` is no table field) and ``end`` that of the message's end, both from ``addr``. Returns
    the value's offset, ABSENT (-1), or MALFORMED (-2) if the options before it overrun. A tag in
    ``OptionTag`` then has its ``OPTION_LENGTH[tag]`` bytes. Of a repeated option, the first counts.
    """
    while offset < end:
        following = _next_option(addr, offset, end)
        if following < 0:
            return MALFORMED
        if get_u8(addr, offset + 1) == tag:
            return offset + 2
        offset = following
    return ABSENT


@kernel
def get_option(addr, offset, tag):
    """The value at ``offset``, found by :func:`find_appendage`, of a tag in ``OptionTag``.

    One letter is its byte value, four letters an integer in memory order. 0 for an unknown tag.
    """
    length = OPTION_LENGTH[tag]
    if length == 1:
        return get_u8(addr, offset)
    if length == 2:
        return get_u16(addr, offset)
    if length == 8:
        return get_u64(addr, offset)
    if length == 4:
        if OPTION_IS_ALPHA[tag]:
            return get_raw4(addr, offset)
        value = get_u32(addr, offset)
        return value - (1 << 32) if OPTION_IS_SIGNED[tag] and value >= 1 << 31 else value
    return 0


@kernel
def append_option(addr, length, appendage_at, tag, value):
    """Add one option at the end of the message of ``length`` bytes at ``addr``.

    ``appendage_at`` is the offset of the two bytes ``total`` (``ENTER_ORDER_APPENDAGE_LENGTH``;
    ``CANCEL_ORDER_LENGTH`` for a message that has no such field), which are brought up to date, or
    written first if the message ends there. ``value`` is as from :func:`get_option`. Returns the
    new length, or -1, and nothing is written, if the tag is not in ``OptionTag``.
    """
    size = OPTION_LENGTH[tag]
    if size == 0:
        return -1
    if length == appendage_at:
        length += 2
    put_u8(addr, length, size + 1)
    put_u8(addr, length + 1, tag)
    value_at = length + 2
    if size == 1:
        put_u8(addr, value_at, value)
    elif size == 2:
        put_u16(addr, value_at, value)
    elif size == 8:
        put_u64(addr, value_at, value)
    elif OPTION_IS_ALPHA[tag]:
        put_raw4(addr, value_at, value)
    else:
        put_u32(addr, value_at, value)
    end = value_at + size
    put_u16(addr, appendage_at, end - appendage_at - 2)
    return end


@kernel
def _validate(addr, length, lengths, appendages):
    if length < 1:
        return EMPTY
    message_type = get_u8(addr, 0)
    fixed = lengths[message_type]
    if fixed == 0:
        return UNKNOWN_TYPE
    options_at = fixed
    if appendages[message_type] != REQUIRED:
        if length == fixed:
            return VALID
        if appendages[message_type] != OPTIONAL:
            return WRONG_LENGTH
        options_at = fixed + 2
    if length < options_at:
        return WRONG_LENGTH
    if options_at + get_u16(addr, options_at - 2) != length:
        return BAD_APPENDAGE
    while options_at < length:
        options_at = _next_option(addr, options_at, length)
        if options_at < 0:
            return BAD_APPENDAGE
    return VALID


@kernel
def validate_in(addr, length):
    """Whether the ``length`` bytes at ``addr`` are one whole OUCH 5.0 request.

    Returns a :class:`schemas.venue.validity.Validity`. VALID says that every field of the message's
    type and every option can be read; it does not judge their values. Reads nothing beyond
    ``length``.
    """
    return _validate(addr, length, INBOUND_LENGTH, INBOUND_APPENDAGE)


@kernel
def validate_out(addr, length):
    """As :func:`validate_in`, for what the exchange sends."""
    return _validate(addr, length, OUTBOUND_LENGTH, OUTBOUND_APPENDAGE)
