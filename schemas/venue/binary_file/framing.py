"""How messages follow one another in a file: kernels that find and frame them, and plain Python.

::

    LENGTH_PREFIXED                                   RAW
    ┌── 2 ──┬── length ──┬── 2 ──┬─ …  ┌── 2 ──┐      ┌─────────┬─────────┬─ …
    │ length│  message   │ length│     │ 0, end│      │ message │ message │
    └───────┴────────────┴───────┴─ …  └───────┘      └─────────┴─────────┴─ …

A length is big-endian and does not count itself; 0 ends the session, and so does the end of the
file. Raw messages follow each other bare: the length of each is that of its type, the first byte.
Source: Nasdaq BinaryFILE 1.00.
"""

import enum
from collections.abc import Iterable, Iterator

import numpy as np

from schemas.pointer import kernel
from schemas.venue import itch50
from schemas.venue.big_endian import get_u8, get_u16, put_bytes, put_u16
from schemas.venue.layouts import ProtocolError

__all__ = ["Framing", "detect", "find_messages", "frame_messages", "pack", "unpack"]

PREFIX = np.int64(2)
SHOWN_BYTES = 16

# What find_messages stopped at:
EVERY_BYTE = 0  # the last message ends where the bytes do
PARTIAL = 1  # the rest is the beginning of a message
SESSION_ENDED = 2  # a length of 0
UNKNOWN_TYPE = 3  # raw, and the next byte is no message's type


class Framing(enum.IntEnum):
    """Whether messages have their length before them."""

    RAW = 0
    LENGTH_PREFIXED = 1


def detect(head: bytes, lengths_by_type: np.ndarray = itch50.LENGTH) -> Framing:
    """The framing of a file whose first bytes (4096 are plenty) are ``head``.

    ``lengths_by_type``, int64[256], has the length of each message type of the protocol recorded,
    0 where there is none (:meth:`Catalogue.lengths`). No confusion is possible: messages are
    shorter than 256 bytes, so that a length begins with a zero byte, which is no type. An empty
    file counts as length-prefixed. ProtocolError if the bytes are neither.
    """
    head = bytes(head)
    if not head or head[0] == 0:
        return Framing.LENGTH_PREFIXED
    first = int(lengths_by_type[head[0]])
    following = head[first : first + 1]
    if first and (not following or lengths_by_type[following[0]]):
        return Framing.RAW
    types = "".join(chr(kind) for kind in np.flatnonzero(lengths_by_type))
    raise ProtocolError(
        "not a file of messages: it begins neither with a length below 256, as a BinaryFILE does, "
        f"nor with two messages of the types {types}; the bytes begin "
        f"{head[:SHOWN_BYTES].hex(' ')}. If it is of another protocol, give its lengths_by_type, "
        "or the framing"
    )


def unpack(data: bytes) -> Iterator[bytes]:
    """The messages in ``data``. ProtocolError, after the whole ones, if the last is cut short."""
    position = 0
    while position < len(data):
        length = int.from_bytes(data[position : position + 2], "big")
        end = position + 2 + length
        if position + 2 > len(data) or end > len(data):
            raise ProtocolError(
                f"BinaryFILE of {len(data)} bytes is cut short: the message whose length stands at "
                f"byte {position} is not whole"
            )
        if length == 0:
            return
        yield data[position + 2 : end]
        position = end


def pack(messages: Iterable[bytes]) -> bytes:
    """The messages with their lengths, and the end of session mark."""
    framed = (len(data).to_bytes(2, "big") + data for data in messages)
    return b"".join(framed) + b"\x00\x00"


# ---- kernels -------------------------------------------------------------------------------------


@kernel
def find_messages(addr, end, prefixed, lengths_by_type, offsets, lengths):
    """Find the whole messages in the ``end`` bytes at ``addr``.

    ``prefixed`` is a :class:`Framing`; ``lengths_by_type`` (int64[256]) is used if that is RAW.
    Writes each message's offset from ``addr`` and length into ``offsets`` and ``lengths``, int64
    arrays of one size; messages for which these have no room are counted all the same, so that
    empty arrays ask how many there are. Returns ``(status, count, position)``: EVERY_BYTE, PARTIAL,
    SESSION_ENDED or UNKNOWN_TYPE, and the offset of the first byte not taken.
    """
    room = offsets.size
    position = np.int64(0)
    count = np.int64(0)
    status = np.int64(EVERY_BYTE)
    while position < end:
        if prefixed:
            start = position + PREFIX
            length = get_u16(addr, position) if start <= end else np.int64(1)
            if length == 0:
                status = np.int64(SESSION_ENDED)
                break
        else:
            start = position
            length = lengths_by_type[get_u8(addr, position)]
            if length == 0:
                status = np.int64(UNKNOWN_TYPE)
                break
        if start + length > end:
            status = np.int64(PARTIAL)
            break
        if count < room:
            offsets[count] = start
            lengths[count] = length
        count += 1
        position = start + length
    return status, count, position


@kernel
def frame_messages(addr, source, prefixed, offsets, lengths):
    """Write messages one after another at ``addr``, each after its length if ``prefixed``.

    ``offsets`` and ``lengths`` (int64 arrays of one size) say where they lie from the address
    ``source``. The caller provides room for them and for two bytes more each if ``prefixed``.
    Returns the number of bytes written.
    """
    position = np.int64(0)
    for message in range(offsets.size):
        if prefixed:
            put_u16(addr, position, lengths[message])
            position += PREFIX
        put_bytes(addr, position, source + offsets[message], lengths[message])
        position += lengths[message]
    return position
