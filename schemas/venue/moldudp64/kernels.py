"""Kernels to build MoldUDP64 packets and to find the messages in one.

::

    ┌─── 10 ───┬────── 8 ───────┬─── 2 ────┐┌── 2 ───┬─ length ─┐┌── 2 ───┬─ …
    │ session  │ sequence number│ count    ││ length │ message  ││ length │
    └──────────┴────────────────┴──────────┘└────────┴──────────┘└────────┴─ …

The first message has the sequence number of the header and each following one the next. A request
is a header alone: REQUEST_LENGTH bytes exactly. Source: Nasdaq MoldUDP64 1.00, sections 2 to 4.
"""

import enum

import numpy as np

from schemas.pointer import kernel
from schemas.venue.big_endian import get_u16, put_bytes, put_u16, put_u64
from schemas.venue.moldudp64 import tables

__all__ = [
    "END_OF_SESSION_COUNT",
    "HEADER_LENGTH",
    "HEARTBEAT_COUNT",
    "MAX_MESSAGE_COUNT",
    "MAX_MESSAGE_LENGTH",
    "MESSAGE_COUNT",
    "NO_ROOM",
    "PacketStatus",
    "REQUEST_LENGTH",
    "SEQUENCE_NUMBER",
    "SESSION",
    "SESSION_LENGTH",
    "append_message",
    "begin_packet",
    "next_message",
    "put_end_of_session",
    "put_request",
    "reserve_message",
    "validate_packet",
]

SESSION = tables.DOWNSTREAM_HEADER["session"].offset
SESSION_LENGTH = tables.DOWNSTREAM_HEADER["session"].length
SEQUENCE_NUMBER = tables.DOWNSTREAM_HEADER["sequence_number"].offset
MESSAGE_COUNT = tables.DOWNSTREAM_HEADER["message_count"].offset
HEADER_LENGTH = tables.DOWNSTREAM_HEADER.length
REQUEST_LENGTH = tables.REQUEST.length

HEARTBEAT_COUNT = 0
END_OF_SESSION_COUNT = 0xFFFF
MAX_MESSAGE_COUNT = END_OF_SESSION_COUNT - 1
MAX_MESSAGE_LENGTH = 0xFFFF
NO_ROOM = -1
BLOCK_HEADER = np.int64(tables.MESSAGE_BLOCK.length)


class PacketStatus(enum.IntEnum):
    """WHOLE, or what is wrong with a packet. ``Packet.decode`` on the same bytes raises the error
    that explains it."""

    WHOLE = 0
    NO_HEADER = 1  # fewer bytes than a header has
    TRUNCATED = 2  # ends before the messages it counts: cut short, or the count is too large
    OVERLONG = 3  # goes on after the messages it counts


WHOLE = np.int64(PacketStatus.WHOLE)
NO_HEADER = np.int64(PacketStatus.NO_HEADER)
TRUNCATED = np.int64(PacketStatus.TRUNCATED)
OVERLONG = np.int64(PacketStatus.OVERLONG)


# ---- writing


@kernel
def _put_header(addr, session_at, sequence_number, count):
    put_bytes(addr, SESSION, session_at, SESSION_LENGTH)
    put_u64(addr, SEQUENCE_NUMBER, sequence_number)
    put_u16(addr, MESSAGE_COUNT, count)
    return HEADER_LENGTH


@kernel
def begin_packet(addr, session_at, sequence_number):
    """Begin a packet whose first message is number ``sequence_number`` of the session whose name
    is the ten bytes at the address ``session_at``. Returns its length so far.

    As it is, without a message, it is a heartbeat: ``sequence_number`` is the next one to come.
    After each message that is added it is a whole packet too; nothing finishes it.
    """
    return _put_header(addr, session_at, sequence_number, HEARTBEAT_COUNT)


@kernel
def put_end_of_session(addr, session_at, next_sequence_number):
    """A packet that says that the session is over. Returns its length."""
    return _put_header(addr, session_at, next_sequence_number, END_OF_SESSION_COUNT)


@kernel
def reserve_message(addr, length, limit, message_length):
    """Add to the packet of ``length`` bytes at ``addr`` a message that the caller writes next.

    Returns the offset of its ``message_length`` bytes (0 is allowed), after which the packet ends;
    or NO_ROOM, and the packet is as it was, if that would make it longer than ``limit`` bytes, if
    it has MAX_MESSAGE_COUNT messages, or if ``message_length`` is not 0 to MAX_MESSAGE_LENGTH.
    """
    at = length + BLOCK_HEADER
    count = get_u16(addr, MESSAGE_COUNT)
    if at + message_length > limit or count >= MAX_MESSAGE_COUNT:
        return NO_ROOM
    if message_length < 0 or message_length > MAX_MESSAGE_LENGTH:
        return NO_ROOM
    put_u16(addr, length, message_length)
    put_u16(addr, MESSAGE_COUNT, count + 1)
    return at


@kernel
def append_message(addr, length, limit, source, message_length):
    """Add the message at the address ``source``. Returns the packet's new length, or NO_ROOM
    (see :func:`reserve_message`)."""
    at = reserve_message(addr, length, limit, message_length)
    if at < 0:
        return NO_ROOM
    put_bytes(addr, at, source, message_length)
    return at + message_length


@kernel
def put_request(addr, session_at, sequence_number, message_count):
    """A request for ``message_count`` messages from ``sequence_number`` on. Returns its length."""
    _put_header(addr, session_at, sequence_number, message_count)
    return REQUEST_LENGTH


# ---- reading


@kernel
def next_message(addr, position, end):
    """Find the message whose length stands at offset ``position`` of a packet of ``end`` bytes.

    Begin with HEADER_LENGTH and do it as often as the header counts, unless that is
    END_OF_SESSION_COUNT. Returns ``(status, offset, length, next_position)``, offsets from
    ``addr``: WHOLE, or TRUNCATED with offset and length 0. Reads nothing from ``end`` on.
    """
    start = position + BLOCK_HEADER
    if start > end:
        return TRUNCATED, np.int64(0), np.int64(0), position
    length = get_u16(addr, position)
    if start + length > end:
        return TRUNCATED, np.int64(0), np.int64(0), position
    return WHOLE, start, length, start + length


@kernel
def validate_packet(addr, length):
    """Whether the ``length`` bytes at ``addr`` are one whole downstream packet.

    Returns a :class:`PacketStatus`. WHOLE says that all messages that the header counts are there;
    their contents are the upper protocol's. Reads no byte beyond ``length``.
    """
    if length < HEADER_LENGTH:
        return NO_HEADER
    count = get_u16(addr, MESSAGE_COUNT)
    if count == END_OF_SESSION_COUNT:
        count = 0
    position = np.int64(HEADER_LENGTH)
    for _ in range(count):
        status, _, _, position = next_message(addr, position, length)
        if status != WHOLE:
            return TRUNCATED
    return WHOLE if position == length else OVERLONG
