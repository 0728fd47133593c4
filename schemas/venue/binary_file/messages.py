"""The messages of a file, or of a chunk of one: a buffer, where each lies in it, how it ended."""

import enum
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from schemas.venue import itch50
from schemas.venue.binary_file import framing
from schemas.venue.binary_file.framing import Framing, detect, find_messages

__all__ = ["End", "EndReason", "Messages", "index"]

NONE = np.empty(0, np.int64)
SHOWN_BYTES = 16


class EndReason(enum.Enum):
    END_OF_SESSION = "end of session"  # the zero length that marks it
    END_OF_FILE = "end of file"  # after a whole message, as real days' files do
    CUT_SHORT = "cut short"  # in the middle of a message
    UNKNOWN_TYPE = "unknown type"  # in a raw file, whose lengths follow from the types
    DAMAGED_GZIP = "damaged gzip"  # cut short, or its checksum is wrong


@dataclass(frozen=True, slots=True)
class End:
    """How a file ended: ``offset`` counts (uncompressed) bytes from its start to the end of its
    last whole message; ``text`` says it in a sentence."""

    reason: EndReason
    offset: int
    text: str

    @property
    def whole(self) -> bool:
        """Whether nothing is missing or damaged."""
        return self.reason in (EndReason.END_OF_SESSION, EndReason.END_OF_FILE)


@dataclass(frozen=True, slots=True, eq=False)
class Messages:
    """A sequence of messages: ``messages[i]`` is one as bytes. Kernels take the arrays.

    Message ``i`` is the ``lengths[i]`` bytes of ``buffer`` (uint8) from ``offsets[i]`` on (both
    int64). ``buffer[0]`` is byte ``position`` of the (uncompressed) file and message 0 the file's
    message number ``first``. ``end`` is None if the file goes on after this chunk.
    """

    buffer: np.ndarray
    offsets: np.ndarray
    lengths: np.ndarray
    end: End | None
    position: int = 0
    first: int = 0

    @property
    def types(self) -> np.ndarray:
        """uint8: the type byte of each message."""
        return self.buffer[self.offsets]

    def __len__(self) -> int:
        return self.offsets.size

    def __getitem__(self, number: int) -> bytes:
        start = self.offsets[number]
        return self.buffer[start : start + self.lengths[number]].tobytes()

    def __iter__(self) -> Iterator[bytes]:
        return (self[number] for number in range(len(self)))


def index(
    data,
    framing: Framing | None = None,
    lengths_by_type: np.ndarray = itch50.LENGTH,
) -> Messages:
    """The messages in a whole file's uncompressed bytes: any bytes-like object or uint8 array,
    which is not copied. The framing is told by :func:`detect` if it is not given; ProtocolError if
    that cannot be done."""
    buffer = np.frombuffer(data, np.uint8)
    if framing is None:
        framing = detect(buffer[:4096].tobytes(), lengths_by_type)
    messages, status, rest = find(buffer, framing, lengths_by_type)
    return Messages(*messages, ending(status, rest, buffer[rest:], framing))


def find(buffer: np.ndarray, prefixed: Framing, lengths_by_type: np.ndarray) -> tuple:
    """``((buffer, offsets, lengths), status, position)`` as of :func:`find_messages`."""
    # Always a writable int64 array: kernels compile once for each type of array.
    table = np.array(lengths_by_type, np.int64)
    where = (buffer.ctypes.data, buffer.size, int(prefixed), table)
    _, count, _ = find_messages(*where, NONE, NONE)
    offsets = np.empty(count, np.int64)
    lengths = np.empty(count, np.int64)
    status, _, position = find_messages(*where, offsets, lengths)
    return (buffer, offsets, lengths), status, position


def ending(status: int, offset: int, rest: np.ndarray, prefixed: Framing) -> End:
    """How a file ended whose bytes from ``offset`` on, ``rest``, hold no further message."""
    shown = f"the bytes there begin {rest[:SHOWN_BYTES].tobytes().hex(' ')}"
    if status == framing.SESSION_ENDED:
        return End(EndReason.END_OF_SESSION, offset, f"end of session marked at byte {offset}")
    if status == framing.PARTIAL:
        text = (
            f"cut short: the message at byte {offset} has only {rest.size} bytes"
            f"{', its length included' if prefixed else ''}; {shown}"
        )
        return End(EndReason.CUT_SHORT, offset, text)
    if status == framing.UNKNOWN_TYPE:
        text = f"no message type of the protocol at byte {offset}: {shown}"
        return End(EndReason.UNKNOWN_TYPE, offset, text)
    return End(EndReason.END_OF_FILE, offset, f"end of file after {offset} bytes")
