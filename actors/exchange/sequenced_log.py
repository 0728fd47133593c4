"""The sequenced messages of a SoupBinTCP stream, kept for everybody who reads it.

A log is a ring of bytes that holds the packets exactly as they go over the wire, framed. A reader
is a position in it, so sending is one ``send`` of the bytes from there, whether a moment or an hour
old, and a slow reader costs nobody anything. Positions count the bytes ever written; when the ring
goes round, the oldest packets are gone, and with them readers that had not got so far.

::

    position   oldest                 cursor                       end
       ...┊┊┊┊┊┊┊│▒▒▒▒▒▒│▒▒▒│▒▒▒▒▒▒▒▒▒▒▒│▒▒▒▒▒▒▒▒│▒▒▒▒│▒▒▒▒▒▒▒▒▒▒│ ←append
                 └────────────── capacity at most ──────────────┘
    mark          ↑ every MARK_EVERY-th packet's position, to find a sequence number

A packet is written in one piece: the memory goes on a little after the ring's end, and what a
packet puts there is copied to the ring's beginning, so that it can be sent from either place.
"""

from typing import NamedTuple

import numpy as np

from actors.book.memory import kernel
from actors.runtime.native import fence_release, load_i64, store_i64
from schemas.venue.big_endian import get_u16, put_bytes
from schemas.venue.soupbintcp import HEADER_LENGTH, SEQUENCED_DATA, put_packet_header

__all__ = ["LOG", "LogMemory", "MARK_EVERY", "MAX_MESSAGE", "NOT_RETAINED", "SLACK",
           "allocate_logs", "append", "locate", "message_address", "readable_bytes"]

#: Longest message that fits: no ITCH message is longer, nor an OUCH response with a few options.
MAX_MESSAGE = 252
MARK_EVERY = 64
#: Answer of :func:`locate` when the message is no longer there, or is not yet.
NOT_RETAINED = -1

#: What lies behind a ring's end, of its beginning.
SLACK = 256
_SMALLEST = 2 * MARK_EVERY * SLACK  # so that the newest mark is always retained
_SHORTEST_PACKET = HEADER_LENGTH + 10  # an OUCH system event; it bounds the number of marks
assert HEADER_LENGTH + MAX_MESSAGE <= SLACK

#: One log. ``base`` and ``marks`` are addresses; ``capacity`` (bytes) and ``n_marks`` are powers of
#: two; ``end`` is a position; ``next_seq`` is the number of the next message, from 1. Up to
#: ``limit`` it may be sent: to the end, unless it ``holds`` what is not on the disk yet; ``marked``
#: is the next limit.
LOG = np.dtype([("base", "i8"), ("capacity", "i8"), ("marks", "i8"), ("n_marks", "i8"),
                ("end", "i8"), ("next_seq", "i8"), ("limit", "i8"), ("marked", "i8"),
                ("holds", "i8"), ("reserved", "i8", (7,))])
assert LOG.itemsize == 128


class LogMemory(NamedTuple):
    """``logs``: LOG records; ``rings`` and ``marks``: the arrays they point into."""

    logs: np.ndarray
    rings: list[np.ndarray]
    marks: list[np.ndarray]

    def oldest_retained(self, number: int, spare: int = 0) -> int:
        """Sequence number of the oldest marked message that log ``number`` retains, and will when
        ``spare`` more bytes are written, of at most half the capacity.

        May be called while the log is written: what it names was there a moment ago.
        """
        log, marks = self.logs[number], self.marks[number]
        newest = (int(log["next_seq"]) - 1) // MARK_EVERY
        oldest_position = int(log["end"]) + spare - int(log["capacity"])
        low, high = max(0, newest - marks.size + 2), newest
        while low < high:
            middle = (low + high) // 2
            if marks[middle & (marks.size - 1)] >= oldest_position:
                high = middle
            else:
                low = middle + 1
        return low * MARK_EVERY + 1


def allocate_logs(capacities: list[int]) -> LogMemory:
    """Empty logs that each retain at least the last ``capacities[i]`` bytes, and 32 KiB. The memory
    is touched only as it is used."""
    memory = LogMemory(np.zeros(len(capacities), LOG), [], [])
    for log, capacity in zip(memory.logs, capacities):
        size = 1 << (max(capacity, _SMALLEST) - 1).bit_length()
        n_marks = 1 << (size // (_SHORTEST_PACKET * MARK_EVERY) + 1).bit_length()
        ring, marks = np.zeros(size + SLACK, np.uint8), np.zeros(n_marks, np.int64)
        memory.rings.append(ring)
        memory.marks.append(marks)
        log["base"], log["capacity"] = ring.ctypes.data, size
        log["marks"], log["n_marks"] = marks.ctypes.data, n_marks
        log["next_seq"] = 1
    return memory


# --- kernels ----------------------------------------------------------------------------------


@kernel
def message_address(log):
    """Where to write the next message, of MAX_MESSAGE bytes at most, before :func:`append`."""
    return log.base + (log.end & (log.capacity - 1)) + HEADER_LENGTH


@kernel
def append(log, length):
    """Make the ``length`` bytes at :func:`message_address` the next message of the stream."""
    at = log.end & (log.capacity - 1)
    put_packet_header(log.base + at, length, SEQUENCED_DATA)
    beyond = at + HEADER_LENGTH + length - log.capacity
    if beyond > 0:
        put_bytes(log.base, 0, log.base + log.capacity, beyond)
    number = log.next_seq - 1
    if number % MARK_EVERY == 0:
        store_i64(log.marks + 8 * ((number // MARK_EVERY) & (log.n_marks - 1)), log.end)
    fence_release()  # the housekeeper reads up to ``end``
    log.end += HEADER_LENGTH + length
    log.next_seq += 1
    if log.holds == 0:
        log.limit = log.end


@kernel
def locate(log, sequence_number):
    """Position of the packet of that number, ``end`` for the next one to come, or NOT_RETAINED."""
    if sequence_number == log.next_seq:
        return log.end
    if sequence_number < 1 or sequence_number > log.next_seq:
        return np.int64(NOT_RETAINED)
    mark = (sequence_number - 1) // MARK_EVERY
    if mark + log.n_marks <= (log.next_seq - 2) // MARK_EVERY:
        return np.int64(NOT_RETAINED)
    position = load_i64(log.marks + 8 * (mark & (log.n_marks - 1)))
    if log.end - position > log.capacity:
        return np.int64(NOT_RETAINED)
    for _ in range((sequence_number - 1) % MARK_EVERY):
        packet = log.base + (position & (log.capacity - 1))
        position += HEADER_LENGTH - 1 + get_u16(packet, 0)
    return position


@kernel
def readable_bytes(log, position):
    """How many bytes from ``position`` on may be sent and lie in one piece; 0 at the limit,
    NOT_RETAINED if they are gone."""
    if log.end - position > log.capacity:
        return np.int64(NOT_RETAINED)
    available = max(log.limit - position, np.int64(0))
    return min(available, log.capacity - (position & (log.capacity - 1)))
