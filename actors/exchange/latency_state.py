"""What the exchange knows of messages that are under way: how late each is, and until when.

Into the engine a client's bytes wait where they were received; beside the buffer stands which of
them came when. Out of it they wait where they are published: a log is read by its sessions and
lines up to its ``limit``, and an OUTLET says from when on that may be further. Both are rings of a
fixed size. When one is full, what comes then shares the last entry and is as late as the latest of
its messages, so nothing is lost, and nothing ever overtakes.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

import numpy as np

from actors.book.memory import aligned_zeros

__all__ = ["ARRIVALS", "DELAY", "Direction", "Kind", "LATENCY", "Latency", "MARK", "OUTLET",
           "OUTLET_MARKS", "allocate_latency"]

#: Reads of a session whose requests wait at most, and entries of an outlet.
ARRIVALS, OUTLET_MARKS = 512, 8_192


class Direction(IntEnum):
    """Which way a message goes."""

    ORDERS = 0
    REPLIES = 1
    MARKET_DATA = 2


class Kind(IntEnum):
    """How a delay is drawn."""

    NONE = 0
    CONSTANT = 1   #: ``low`` ns
    UNIFORM = 2    #: ``low`` to ``high`` ns
    LOGNORMAL = 3  #: median ``low`` ns, ``shape`` the standard deviation of the logarithm
    SPIKES = 4     #: ``low`` ns, or ``high`` with the probability ``shape``


#: How one direction is delayed.
DELAY = np.dtype([("kind", "i8"), ("low", "f8"), ("high", "f8"), ("shape", "f8"), ("seed", "u8"),
                  ("reserved", "i8", (3,))])

#: What ends before position ``end`` is due at ``due_ns`` (monotonic).
MARK = np.dtype([("end", "i8"), ("due_ns", "i8")])

#: A log's way out. Its messages before position ``noted`` (message number ``number``) have their
#: time; those before ``open`` are out. The others' MARKs are numbers ``head`` to ``tail`` in the
#: ring at ``marks_at``; the last is due at ``last_ns``.
OUTLET = np.dtype([("noted", "i8"), ("number", "i8"), ("open", "i8"), ("head", "i8"),
                   ("tail", "i8"), ("last_ns", "i8"), ("marks_at", "i8"), ("cleared", "i8")])

#: ``delays_at``: a DELAY a direction; ``outlets_at``: an OUTLET a log; ``arrivals_at``: of each
#: session, ARRIVALS marks of what was read when. ``out`` says whether anything leaves late, and
#: ``next_ns`` when the next message is due, or a little before; 0 if none waits.
LATENCY = np.dtype([("delays_at", "i8"), ("outlets_at", "i8"), ("arrivals_at", "i8"),
                    ("next_ns", "i8"), ("orders", "i8"), ("out", "i8"), ("reserved", "i8", (2,))])


class Latency(NamedTuple):
    """``state``: one LATENCY; the rest is what it points to, touched only as used."""

    state: np.ndarray
    delays: np.ndarray
    outlets: np.ndarray
    marks: np.ndarray
    arrivals: np.ndarray


def allocate_latency(n_logs: int, n_sessions: int) -> Latency:
    """Nothing is late yet."""
    state, delays = aligned_zeros(1, LATENCY), aligned_zeros(len(Direction), DELAY)
    outlets = aligned_zeros(n_logs, OUTLET)
    marks = np.zeros((n_logs, OUTLET_MARKS), MARK)
    arrivals = np.zeros((n_sessions, ARRIVALS), MARK)
    outlets["marks_at"] = marks.ctypes.data + np.arange(n_logs) * OUTLET_MARKS * MARK.itemsize
    row = state[0]
    row["delays_at"], row["outlets_at"] = delays.ctypes.data, outlets.ctypes.data
    row["arrivals_at"] = arrivals.ctypes.data
    return Latency(state, delays, outlets, marks, arrivals)
