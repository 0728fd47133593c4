"""Kernels that make one stream of several MoldUDP64 lines: arbitration, reordering, gaps.

Every line carries the same numbered messages. Whichever line brings the message that is expected
next, it is taken from there, where it lies. An older one is a duplicate, and counted. A newer one
is kept in a ring until those before it have come:

::

    ring   slot [sequence & mask]   ... | expected: empty | 17 | 18 | empty | 20 | ... highest

What is missing is for :mod:`actors.feed.gaps`. Nothing here knows what the messages say, nor reads
a clock: times are arguments.

LINES, with a LINE for each socket, is one record in memory; ``lines`` is its address. The
housekeeper owns it while ``state`` is IDLE, FORGETTING or ROLLING, otherwise the reactor does.

Source: Nasdaq MoldUDP64 1.00.
"""

import enum

import numpy as np

from actors.book.memory import record_at
from actors.runtime.native import (
    errno_location, kernel, load_i64, memcpy, recv,
)
from schemas.venue import moldudp64 as mold
from schemas.venue.big_endian import get_raw8, get_u16, get_u64

__all__ = ["KEPT", "LINE", "LINES", "LinesState", "MAX_LINES", "NO_LINE", "Opened",
           "PACKET_BYTES", "RETRANSMISSION", "SLOT", "at_hand", "close_at_hand", "keep_packet",
           "line_at", "line_of", "lines_at", "offer", "open_packet", "receive", "slot_of"]

#: Sockets that bring packets: three lines, and the retransmission server, which is the last.
MAX_LINES = 4
RETRANSMISSION = MAX_LINES - 1
NO_LINE = -1
#: Bytes of a message that are kept: ITCH's longest has 50. A longer one is cut, and no message.
KEPT = 56
PACKET_BYTES = 1 << 16


class LinesState(enum.IntEnum):
    """Who owns the lines and what is done with what they bring."""

    IDLE = 0        #: the housekeeper: no sockets yet
    FOLLOWING = 1   #: the reactor: messages are taken in order
    SNAPSHOT = 2    #: the reactor keeps what comes, while the books are rebuilt from a snapshot
    FORGETTING = 3  #: the housekeeper: messages are gone for good, the books are void
    ROLLING = 4     #: the housekeeper: another session has begun


class Opened(enum.IntEnum):
    """What :func:`open_packet` found."""

    NOTHING = 0   #: nothing to take: a heartbeat, not ours, or no packet
    MESSAGES = 1  #: messages to take
    NEW_SESSION = 2  #: the session is over and this is the next one's; the packet stays


#: A message that came too early. ``size`` is what it had, of which KEPT bytes are here.
SLOT = np.dtype([("sequence", "i8"), ("received_ns", "i8"), ("size", "i8"),
                 ("data", "u1", (KEPT,))])

#: A socket and the packet at hand: ``left`` messages from ``at`` on, the first with number
#: ``sequence``; ``size`` is 0 when there is none, ``opened`` whether its header has been read.
#: ``heard_ns``: the last packet of the session. ``first``: messages that this line brought first.
LINE = np.dtype([
    ("fd", "i8"), ("packet", "i8"), ("size", "i8"), ("opened", "i8"), ("at", "i8"), ("left", "i8"),
    ("sequence", "i8"), ("received_ns", "i8"), ("heard_ns", "i8"), ("packets", "i8"),
    ("bytes", "i8"), ("first", "i8"), ("duplicates", "i8"), ("early", "i8"), ("malformed", "i8"),
    ("foreign", "i8"), ("errors", "i8"), ("stale", "i8"),
])

#: ``expected`` is the next message to take, ``highest`` one more than the last known to exist,
#: ``began`` the number that the session's first packet had.
#: Session names are their ten bytes as two integers. ``gap_*``: the gap at ``gap_at`` has been
#: there since ``gap_since_ns`` and is looked at again at ``gap_due_ns``; ``attempts`` requests went
#: in vain. ``jump`` is a number that was too far ahead to be believed at once.
LINES = np.dtype([
    ("state", "i8"), ("known", "i8"), ("session_0", "i8"), ("session_1", "i8"), ("former_0", "i8"),
    ("former_1", "i8"), ("ended", "i8"), ("heard_ns", "i8"),
    ("began", "i8"), ("expected", "i8"), ("highest", "i8"), ("jump", "i8"), ("ring", "i8"),
    ("mask", "i8"),
    ("payload", "i8"), ("payload_size", "i8"), ("sequence", "i8"), ("received_ns", "i8"),
    ("gap_at", "i8"), ("gap_since_ns", "i8"), ("gap_due_ns", "i8"), ("asked_ns", "i8"),
    ("attempts", "i8"), ("recovering", "i8"), ("told_ns", "i8"),
    ("wait_ns", "i8"), ("timeout_ns", "i8"), ("most_attempts", "i8"), ("ask_every_ns", "i8"),
    ("silence_ns", "i8"), ("has_snapshot", "i8"), ("snapshot", "i8"),
    ("early", "i8"), ("overruns", "i8"), ("asked", "i8"), ("gaps", "i8"), ("recovered", "i8"),
    ("lost", "i8"), ("request", "u1", (24,)), ("line", LINE, (MAX_LINES,)),
])
_LINE_AT = LINES.fields["line"][1]
_SLOT_SIZE = SLOT.itemsize
_DATA_AT = SLOT.fields["data"][1]

_NOTHING, _MESSAGES, _NEW_SESSION = (int(o) for o in Opened)
_WHOLE = int(mold.PacketStatus.WHOLE)
_HEADER_LENGTH = mold.HEADER_LENGTH
_SEQUENCE, _COUNT = mold.SEQUENCE_NUMBER, mold.MESSAGE_COUNT
_END_OF_SESSION = mold.END_OF_SESSION_COUNT
_DONTWAIT = 0x40
_EINTR, _EAGAIN = 4, 11


@kernel
def lines_at(lines):
    """The LINES record."""
    return record_at(lines, 0, LINES)


@kernel
def line_at(lines, i):
    """The LINE record number ``i``."""
    return record_at(lines + _LINE_AT, i, LINE)


@kernel
def line_of(lines, fd):
    """Which line has this descriptor, or NO_LINE."""
    for i in range(MAX_LINES):
        if line_at(lines, i).fd == fd:
            return np.int64(i)
    return np.int64(NO_LINE)


# ---- packets -------------------------------------------------------------------------------------

@kernel
def receive(lines, i):
    """Takes one packet off line ``i``, if there is one and none is at hand. Returns its size, 0 if
    there is none; :func:`offer` says when it came. A socket's error is counted and passed over."""
    line = line_at(lines, i)
    if line.size > 0:
        return np.int64(0)
    size = recv(np.int32(line.fd), line.packet, PACKET_BYTES, _DONTWAIT)
    if size >= 0:
        if size == 0:  # a packet without a byte
            line.malformed += 1
        return np.int64(size)
    error = load_i64(errno_location()) & 0xFFFFFFFF
    if error != _EAGAIN and error != _EINTR:
        line.errors += 1
    return np.int64(0)


@kernel
def offer(lines, i, size, now_ns):
    """Says that ``size`` bytes, one packet, came on line ``i`` at ``now_ns``."""
    line = line_at(lines, i)
    line.size = size
    line.opened = 0
    line.left = 0
    line.received_ns = now_ns
    line.packets += 1
    line.bytes += size


@kernel
def _is_ours(record, name_0, name_1):
    """Whether a packet is of the session at hand. The first one decides which that is; it must not
    be of the one that is over."""
    if record.known == 0:
        return name_0 != record.former_0 or name_1 != record.former_1
    return name_0 == record.session_0 and name_1 == record.session_1


@kernel
def _is_over(lines_record, now_ns):
    """Whether the session said that it is over, or has not been heard of for too long."""
    return lines_record.ended != 0 or now_ns - lines_record.heard_ns > lines_record.silence_ns


@kernel
def _believe(record, sequence, following):
    """Whether a packet may have this number. One too far ahead must be followed by another like it:
    a single damaged packet would make a gap that nothing can fill."""
    if sequence < 1 or following < sequence:
        return False
    if record.known == 0 or sequence - record.highest <= record.mask:
        record.jump = 0
        return True
    believed = record.jump != 0 and 0 <= sequence - record.jump <= record.mask
    record.jump = 0 if believed else sequence
    return believed


@kernel
def open_packet(lines, i):
    """Reads the header of the packet at hand on line ``i``. Returns an :class:`Opened`."""
    record, line = lines_at(lines), line_at(lines, i)
    if line.size <= 0 or line.opened != 0:
        return _MESSAGES if line.left > 0 else _NOTHING
    packet, size = line.packet, line.size
    line.size = 0
    if mold.validate_packet(packet, size) != _WHOLE:
        line.malformed += 1
        return _NOTHING
    name_0, name_1 = get_raw8(packet, 0), get_u16(packet, 8)
    sequence, count = get_u64(packet, _SEQUENCE), get_u16(packet, _COUNT)
    ended = count == _END_OF_SESSION
    if ended:
        count = 0
    if not _is_ours(record, name_0, name_1):
        former = name_0 == record.former_0 and name_1 == record.former_1
        if former or i == RETRANSMISSION or not _is_over(record, line.received_ns):
            line.foreign += 1
            return _NOTHING
        line.size = size
        return _NEW_SESSION
    if not _believe(record, sequence, sequence + count):
        line.malformed += 1
        return _NOTHING
    if record.known == 0:
        record.known = 1
        record.began = sequence
        record.session_0 = name_0
        record.session_1 = name_1
    if i != RETRANSMISSION:
        line.heard_ns = line.received_ns
        record.heard_ns = line.received_ns
    if ended:
        record.ended = 1
    record.highest = max(record.highest, sequence + count)
    line.opened = 1
    line.sequence = sequence
    line.left = count
    line.at = _HEADER_LENGTH
    line.size = size if count > 0 else 0
    return _MESSAGES if count > 0 else _NOTHING


@kernel
def slot_of(lines, sequence):
    """The place in the ring where a message with this number is kept; see SLOT."""
    record = lines_at(lines)
    return record_at(record.ring, sequence & record.mask, SLOT)


@kernel
def _keep(lines, line, sequence, source, size, newest_wins):
    """Keeps a message that came early. Beyond the ring's end there is no room, unless the newest
    may have that of the oldest."""
    record, slot = lines_at(lines), slot_of(lines, sequence)
    if slot.sequence == sequence:
        line.duplicates += 1
        return
    if newest_wins:
        if slot.sequence > sequence:
            line.duplicates += 1
            return
    elif sequence - record.expected > record.mask:
        record.overruns += 1
        return
    slot.sequence = sequence
    slot.received_ns = line.received_ns
    slot.size = size
    memcpy(record.ring + (sequence & record.mask) * _SLOT_SIZE + _DATA_AT, source, min(size, KEPT))
    line.early += 1
    record.early += 1


@kernel
def next_in_packet(lines, i):
    """Whether the packet at hand on line ``i`` has the message that is expected: then that is at
    hand. Older ones before it are counted as duplicates, newer ones kept."""
    record, line = lines_at(lines), line_at(lines, i)
    while line.left > 0:
        if line.sequence + line.left <= record.expected:
            line.duplicates += line.left
            line.left = 0
            break
        _, at, size, following = mold.next_message(line.packet, line.at, line.size)
        sequence = line.sequence
        line.at = following
        line.sequence += 1
        line.left -= 1
        if sequence == record.expected:
            record.payload = line.packet + at
            record.payload_size = size
            record.sequence = sequence
            record.received_ns = line.received_ns
            line.first += 1
            return True
        if sequence < record.expected:
            line.duplicates += 1
        else:
            _keep(lines, line, sequence, line.packet + at, size, False)
    line.size = 0 if line.opened != 0 else line.size
    return False


@kernel
def keep_packet(lines, i):
    """Keeps all messages of the packet at hand, whatever is expected: a snapshot will say."""
    line = line_at(lines, i)
    while line.left > 0:
        _, at, size, following = mold.next_message(line.packet, line.at, line.size)
        _keep(lines, line, line.sequence, line.packet + at, size, True)
        line.at = following
        line.sequence += 1
        line.left -= 1
    line.size = 0 if line.opened != 0 else line.size


@kernel
def next_buffered(lines):
    """Whether the message that is expected was kept: then it is at hand."""
    record = lines_at(lines)
    slot = slot_of(lines, record.expected)
    if slot.sequence != record.expected:
        return False
    record.payload = record.ring + (record.expected & record.mask) * _SLOT_SIZE + _DATA_AT
    record.payload_size = slot.size
    record.sequence = record.expected
    record.received_ns = slot.received_ns
    return True


@kernel
def at_hand(lines, i):
    """Whether the expected message is at hand, from what was kept or from line ``i``'s packet."""
    return next_buffered(lines) or next_in_packet(lines, i)


@kernel
def close_at_hand(lines):
    """Ends the message at hand: the next one is expected."""
    lines_at(lines).expected += 1
