"""Kernels that find what is missing of a stream, and ask for it.

What is missing after a short wait is asked of the retransmission server, whose answers are one more
line (:mod:`actors.feed.lines`). What it cannot give is given up: the caller rebuilds its books from
a snapshot, or goes on without. Times are arguments.
"""

import enum

import numpy as np

from actors.feed.lines import LINES, RETRANSMISSION, line_at, lines_at, slot_of
from actors.runtime.native import kernel, send
from schemas.venue import moldudp64 as mold
from schemas.venue.big_endian import put_raw8, put_u16

__all__ = ["Act", "ask", "first_buffered", "look_at_gap", "resume_at"]


class Act(enum.IntEnum):
    """What :func:`look_at_gap` says to do."""

    NOTHING = 0
    ASK = 1
    GIVE_UP = 2


_WAIT, _ASK, _GIVE_UP = (int(a) for a in Act)
_REQUEST_AT = LINES.fields["request"][1]
_REQUEST_LENGTH = mold.REQUEST_LENGTH
_MOST_ASKED = mold.MAX_MESSAGE_COUNT
_MOST_DOUBLINGS = 6
_DONTWAIT, _NOSIGNAL = 0x40, 0x4000


@kernel
def _missing(lines):
    """How many messages from the expected one on have not come, as many as a request can name."""
    record = lines_at(lines)
    most = min(record.highest - record.expected, record.mask + 1, _MOST_ASKED)
    n = np.int64(1)
    while n < most and slot_of(lines, record.expected + n).sequence != record.expected + n:
        n += 1
    return n


@kernel
def look_at_gap(lines, now_ns):
    """Whether something is missing, and what to do about it now: an :class:`Act`.

    A gap is waited for, then asked for; an answer that fills a part of it is followed by the next
    request at once, none by another after twice the time. More missing than the ring could keep up
    with is not waited for, and is what snapshots are for.
    """
    record = lines_at(lines)
    if record.expected >= record.highest:
        record.recovered += record.recovering
        record.recovering = 0
        record.gap_at = 0
        return _WAIT
    if slot_of(lines, record.expected).sequence == record.expected:
        return _WAIT
    much = record.highest - record.expected > record.mask
    if much and record.has_snapshot != 0:
        return _GIVE_UP
    if record.gap_at != record.expected:
        if record.gap_at == 0:
            record.gap_since_ns = now_ns
            record.gap_due_ns = now_ns + record.wait_ns
        elif record.recovering != 0:
            record.gap_due_ns = now_ns
        record.gap_at = record.expected
        record.attempts = 0
    if now_ns < record.gap_due_ns and not (much and record.attempts == 0):
        return _WAIT
    if line_at(lines, RETRANSMISSION).fd < 0 or record.attempts >= record.most_attempts:
        return _GIVE_UP
    if now_ns - record.asked_ns < record.ask_every_ns:
        return _WAIT
    return _ASK


@kernel
def ask(lines, now_ns):
    """Asks the retransmission server for what is missing. Returns how many messages that is."""
    record = lines_at(lines)
    n = _missing(lines)
    request = lines + _REQUEST_AT
    put_raw8(request, 0, record.session_0)
    put_u16(request, 8, record.session_1)
    mold.put_request(request, request, record.expected, n)
    send(np.int32(line_at(lines, RETRANSMISSION).fd), request, _REQUEST_LENGTH,
         _DONTWAIT | _NOSIGNAL)
    record.gaps += 1 - record.recovering
    record.recovering = 1
    record.asked += 1
    record.asked_ns = now_ns
    record.gap_due_ns = now_ns + (record.timeout_ns << min(record.attempts, _MOST_DOUBLINGS))
    record.attempts += 1
    return n


@kernel
def first_buffered(lines):
    """The oldest message kept that is newer than the expected one; the next to come if none is."""
    record = lines_at(lines)
    for sequence in range(record.expected, min(record.highest, record.expected + record.mask + 1)):
        if slot_of(lines, sequence).sequence == sequence:
            return np.int64(sequence)
    return record.highest


@kernel
def resume_at(lines, sequence):
    """From now on ``sequence`` is expected, whatever was."""
    record = lines_at(lines)
    record.expected = sequence
    record.highest = max(record.highest, sequence)
    record.gap_at = 0
    record.attempts = 0
    record.recovering = 0
