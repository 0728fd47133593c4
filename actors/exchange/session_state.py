"""What the exchange knows of each client's connection, and who may touch it when.

A session is a row of one table. Its ``state`` says which thread owns the row, so that no lock is
needed: the housekeeper, which accepts and logs in, or the reactor, which serves.

::

    FREE ──(housekeeper: client logged in)──▶ OFFERED ──(reactor)──▶ ACTIVE
      ▲                                                                │ (reactor: see EndReason)
      └────────(housekeeper: logged, closed)◀── ENDED ◀────────────────┘
"""

from enum import IntEnum
from typing import NamedTuple

import numpy as np

from schemas.venue.soupbintcp import MAX_PACKET_LENGTH

__all__ = ["EVIDENCE", "EVIDENCE_AT", "EndReason", "RECEIVE_BYTES", "SESSION", "STATE_AT",
           "SessionKind", "SessionMemory", "SessionState", "allocate_sessions"]

#: Room for received bytes: the longest packet and what comes behind it.
RECEIVE_BYTES = 131_072
assert RECEIVE_BYTES > MAX_PACKET_LENGTH
#: How many bytes of an offending packet are kept for the log.
EVIDENCE = 64


class SessionState(IntEnum):
    """Who owns the row, and for what."""

    FREE = 0
    OFFERED = 1
    ACTIVE = 2
    ENDED = 3


class SessionKind(IntEnum):
    """What a session is for."""

    ORDER_ENTRY = 1  #: in OUCH 5.0
    MARKET_DATA = 2
    GLIMPSE = 3      #: never the reactor's: see :mod:`actors.exchange.glimpse`
    OUCH42 = 4       #: order entry in OUCH 4.2


class EndReason(IntEnum):
    """Why the reactor ended a session."""

    NONE = 0
    LOGOUT = 1            #: the client asked
    CLIENT_CLOSED = 2     #: end of file
    CONNECTION_LOST = 3   #: an error of the socket; ``detail`` is the errno
    SILENT = 4            #: nothing heard for the limit
    FELL_BEHIND = 5       #: what it should get next is no longer in the log
    BAD_FRAMING = 6       #: a packet of length 0
    BAD_PACKET = 7        #: a packet type that has no place in a session
    BAD_MESSAGE = 8       #: not a message of the protocol; ``detail`` is its Validity
    DAY_OVER = 9          #: the exchange closes
    OPERATOR = 10         #: the venue's operator wanted it so


#: One session. ``cursor`` is a position in log number ``log``; ``start_seq`` the sequence number it
#: was promised; ``receive_at`` the address of its buffer, of which [begin, filled) waits;
#: ``heard_ns`` and ``sent_ns`` are monotonic; ``heartbeat_left`` bytes of a heartbeat still have to
#: go. ``blocked``: the socket took no more, and will say when it does; ``readable``: it has bytes;
#: ``backlog``: so has the buffer; ``hung_up``: it sends no more. ``faults`` counts bad messages
#: that did not end the session, ``evidence`` is the first of them, or the one that did, and
#: ``detail`` belongs to it or to ``reason``. ``at_boundary``: what was sent are whole packets.
#: ``silence_ns``: for how long it may be silent. Where orders are late (``notes``): how many bytes
#: ``arrived`` and were ``taken`` from the buffer, the numbers ``first_mark`` to ``last_mark`` of
#: its notes of what came when, how many ``requests`` there were, when the next is due (``due_ns``,
#: 0: not drawn yet) and when the last was.
SESSION = np.dtype([
    ("state", "i8"), ("fd", "i8"), ("kind", "i8"), ("account", "i8"), ("log", "i8"),
    ("start_seq", "i8"), ("cursor", "i8"), ("receive_at", "i8"), ("begin", "i8"), ("filled", "i8"),
    ("heard_ns", "i8"), ("sent_ns", "i8"), ("heartbeat_left", "i8"), ("blocked", "i8"),
    ("readable", "i8"), ("hung_up", "i8"), ("reason", "i8"), ("detail", "i8"),
    ("evidence_length", "i8"), ("faults", "i8"), ("backlog", "i8"), ("at_boundary", "i8"),
    ("silence_ns", "i8"), ("notes", "i8"), ("arrived", "i8"), ("taken", "i8"),
    ("first_mark", "i8"), ("last_mark", "i8"), ("requests", "i8"), ("due_ns", "i8"),
    ("last_due_ns", "i8"), ("reserved", "i8"), ("evidence", "u1", (EVIDENCE,)),
])
assert SESSION.itemsize == 320
STATE_AT = SESSION.fields["state"][1]
EVIDENCE_AT = SESSION.fields["evidence"][1]


class SessionMemory(NamedTuple):
    """``sessions``: SESSION records; ``buffers``: what they receive into, uint8 (n, RECEIVE_BYTES),
    touched only as used."""

    sessions: np.ndarray
    buffers: np.ndarray


def allocate_sessions(n: int) -> SessionMemory:
    """``n`` free sessions, and behind them a row for requests that come from no session."""
    sessions, buffers = np.zeros(n + 1, SESSION)[:n], np.zeros((n, RECEIVE_BYTES), np.uint8)
    sessions["fd"] = -1
    sessions["receive_at"] = buffers.ctypes.data + np.arange(n) * RECEIVE_BYTES
    return SessionMemory(sessions, buffers)
