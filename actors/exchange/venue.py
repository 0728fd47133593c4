"""Everything the exchange's kernels work on, by address: the :data:`VENUE` record.

The housekeeper builds it once (:func:`build_venue`); it is the actor's one table. Kernels take its
address, ``venue``, and numbers: of sessions, accounts, symbols, logs.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from actors.book.ahead import LOOK_AHEAD_FROM, RING
from actors.book.memory import aligned_zeros, kernel, record_at
from actors.book.order_map import MAP_HEADER, OrderMap, allocate_map, get_in, map_put
from actors.exchange.engine_state import Engine
from actors.exchange.flow_state import Flow
from actors.exchange.history_state import History
from actors.exchange.latency_state import Latency, allocate_latency
from actors.exchange.operation_state import DROP, OPERATION
from actors.exchange.sequenced_log import LOG, LogMemory
from actors.exchange.session_state import SESSION, SessionMemory
from actors.exchange.sockets import EVENT_BYTES
from actors.runtime.native import load_i64, store_i64
from schemas.venue import symbol_to_int
from schemas.venue.soupbintcp import END_OF_SESSION, SERVER_HEARTBEAT, packet

if TYPE_CHECKING:
    from actors.exchange.ouch42_state import Ouch42

__all__ = ["ACCESS", "ACCOUNT", "BACKGROUND", "COUNTER_NAMES", "Counter", "DATAGRAM_SLOT",
           "Directive", "EPOLL_EVENTS", "LISTING", "MARKET_DATA_LOG", "Phase", "VENUE", "Venue",
           "AHEAD_OF_REQUESTS", "access_at", "account_at", "build_venue", "bump", "find_symbol",
           "listing_at", "log_at", "session_at", "venue_at"]

#: Owner number of the flow, synthetic or recorded. Account number a owns orders as a + 1 and reads
#: log a + 1.
BACKGROUND = 0
MARKET_DATA_LOG = 0
EPOLL_EVENTS = 64
#: In place of a session's slot, in events of the retransmission server's socket.
DATAGRAM_SLOT = -1


class Phase(IntEnum):
    """Where the trading day is; ``VENUE.phase``, the reactor's."""

    BEFORE_OPEN = 0
    OPEN = 1
    CLOSED = 2  #: the last messages are in the logs; sessions end when they have them


class Directive(IntEnum):
    """What the housekeeper wants; ``VENUE.directive``."""

    NONE = 0
    CLOSE = 1    #: end the day, and each session when it has everything
    END_ALL = 2  #: end every session at once


class Counter(IntEnum):
    """The actor's counters, by place."""

    ORDERS_IN = 0         #: Enter and Replace requests
    CANCELS_IN = 1        #: Cancel and Mass Cancel requests
    ACKS = 2              #: Accepted and Replaced sent
    FILLS = 3             #: Executed sent to accounts
    CANCELS = 4           #: Canceled sent
    REJECTS = 5           #: Rejected sent
    IGNORED = 6           #: requests that OUCH answers with silence
    TRADES = 7            #: matches, the background's included
    MD_MESSAGES = 8
    FLOW_EVENTS = 9
    LATE_FLOW = 10        #: synthetic events left out, recorded ones put off: there was no time
    LOGINS = 11
    REFUSED_LOGINS = 12
    DROPPED_SESSIONS = 13  #: ended by the exchange, not by the client
    BYTES_IN = 14
    BYTES_OUT = 15
    FLOW_GONE = 16         #: recorded events of orders that are gone: clients took them
    FLOW_OUT_OF_TURN = 17  #: recorded executions that others in the queue had priority over
    FLOW_REFUSED = 18      #: recorded orders that the engine refused
    REGIME_CHANGES = 19    #: of the synthetic flow
    DATAGRAMS = 20         #: MoldUDP64 packets sent, on all lines
    DATAGRAMS_UNSENT = 21  #: those the system did not take: full buffers, no way there
    REQUESTS_IN = 22       #: at the retransmission server
    BAD_REQUESTS = 23      #: those that are no requests, or of another session
    REQUESTS_UNANSWERED = 24  #: those for what is not kept any more, or is not there yet
    RETRANSMITTED = 25     #: messages sent again
    SNAPSHOTS = 26         #: clients who got a whole one
    THROTTLED = 27         #: orders refused because their account sent too many
    DESERTIONS = 28        #: times that an account's orders were canceled with its last session
    TOKENS_FULL = 29       #: orders refused because their account has used all its tokens
    CANCELS_PENDING = 30   #: cancels that wait, see actors.exchange.cancel_freeze
    CANCELS_REJECTED = 31  #: cancels that were refused there
    EXPIRIES = 32          #: times that orders' time was over
    BROKEN_TRADES = 33
    REQUESTS_DROPPED = 34  #: swallowed because the operator wanted it so
    DATAGRAMS_DROPPED = 35  #: likewise, on each line


COUNTER_NAMES = tuple(counter.name.lower() for counter in Counter)

#: Requests that are looked at ahead: ``at`` is where the next one begins in its session's buffer.
AHEAD_OF_REQUESTS = np.dtype([("at", "i8"), ("ring", RING)])

#: The venue. Fields that are not counts or times are addresses: of the engine's block, of arrays of
#: SESSION, LOG, ACCOUNT, ACCESS, LISTING, of the symbols' map, of FLOW and its arrays, of HISTORY
#: (0: there is no recording), of DATAGRAMS (0: there are no lines), of OUCH42 (0: nobody speaks
#: that), of the actor's counters and of its histogram of order_ack, and (``*_at``) of the small
#: buffers at the end.
#: ``midnight_offset_ns`` turns monotonic time into time since local midnight. ``offered`` counts
#: the sessions handed over by the housekeeper, ``adopted`` those taken by the reactor, ``used``
#: bounds their slots, ``unfinished`` counts those that have more to read. ``journal``, ``apply``
#: and ``snapshot`` are addresses: of the JOURNAL, of the code of ``apply_input``, of a SNAPSHOT.
#: ``flow_ns`` is when the flow was played last, ``request_slot`` whose request is carried out
#: (``spare_slot``: nobody's). ``vitals``: address of the actor's page. ``holds``: nothing is sent
#: before it is on the disk; what was
#: appended before record ``held_sequence`` is sent when that is. ``deserted``: some
#: account's last session has just ended. ``latency``, ``operation`` and ``drops`` are addresses of
#: the records of what the operator may do; ``dropping``: some of it is to lose messages.
#: ``outcome``: whether the operator's last input changed anything. ``grace_ns``: until when, after
#: a recovery, accounts that want their orders canceled with their last session may come back (0: all
#: have had the time). ``looks_ahead`` says whether looking ahead pays.
VENUE = np.dtype([
    ("engine", "i8"), ("sessions", "i8"), ("logs", "i8"), ("accounts", "i8"), ("listing", "i8"),
    ("names", "i8"), ("names_header", "i8"), ("flow", "i8"), ("flow_symbols", "i8"),
    ("flow_slots", "i8"), ("counters", "i8"), ("order_ack", "i8"), ("scratch_at", "i8"),
    ("blanks_at", "i8"), ("packets_at", "i8"), ("epoll_events_at", "i8"),
    ("n_logs", "i8"), ("n_symbols", "i8"), ("epoll_fd", "i8"),
    ("midnight_offset_ns", "i8"), ("phase", "i8"), ("directive", "i8"), ("used", "i8"),
    ("offered", "i8"), ("adopted", "i8"), ("unfinished", "i8"), ("history", "i8"),
    ("datagrams", "i8"), ("deserted", "i8"), ("access", "i8"), ("ouch42", "i8"),
    ("journal", "i8"), ("apply", "i8"), ("snapshot", "i8"), ("flow_ns", "i8"),
    ("request_slot", "i8"), ("spare_slot", "i8"), ("holds", "i8"), ("held_sequence", "i8"),
    ("vitals", "i8"),
    ("looks_ahead", "i8"), ("ahead_at", "i8"), ("ahead", AHEAD_OF_REQUESTS),
    ("latency", "i8"), ("operation", "i8"), ("drops", "i8"), ("dropping", "i8"),
    ("outcome", "i8"), ("grace_ns", "i8"),
    ("scratch", "i8", (2,)), ("blanks", "u1", (16,)), ("packets", "u1", (8,)),
    ("epoll_events", "u1", (EPOLL_EVENTS * EVENT_BYTES,)),
], align=True)

#: A symbol's eight characters as an integer in memory order, and the tick of prices of 1.00 and up.
LISTING = np.dtype([("symbol", "i8"), ("tick_e4", "i8")])

#: ``last_user_ref``: the highest UserRefNum used so far. ``order_due_ns`` (since midnight): when
#: the account is even with its throttle.
ACCOUNT = np.dtype([("last_user_ref", "i8"), ("disabled", "i8"), ("order_due_ns", "i8"),
                    ("reserved", "i8")])

#: What is no state of the market: ``sessions`` of order entry at the moment, ``deserted``: the last
#: of them has just ended, ``cancels_then``: whether the orders are canceled then. ``order_gap_ns``
#: is the time that an order costs, 0 if the account may send as many as it likes, and
#: ``order_burst_ns`` how far ahead it may be. ``allowed``: address of a byte for each symbol, 0 for
#: all.
ACCESS = np.dtype([("sessions", "i8"), ("deserted", "i8"), ("cancels_then", "i8"),
                   ("order_gap_ns", "i8"), ("order_burst_ns", "i8"), ("allowed", "i8"),
                   ("reserved", "i8", (2,))])


class Venue(NamedTuple):
    """The VENUE record, an array of one, and what it points to, to be kept alive."""

    record: np.ndarray
    engine: Engine
    logs: LogMemory
    sessions: SessionMemory
    accounts: np.ndarray
    access: np.ndarray
    listing: np.ndarray
    names: OrderMap
    flow: Flow
    latency: Latency
    operation: np.ndarray
    drops: np.ndarray
    history: History | None = None
    ouch42: Ouch42 | None = None

    @property
    def address(self) -> int:
        """What kernels take as ``venue``."""
        return self.record.ctypes.data


def build_venue(symbols: tuple[str, ...], ticks_e4: int | Sequence[int], n_accounts: int,
                engine: Engine, flow: Flow, logs: LogMemory, sessions: SessionMemory,
                history: History | None = None) -> Venue:
    """Puts the parts together and lists the symbols, each with its tick, or all with one.
    ProtocolError if a symbol's name is too long for the protocols."""
    listing, names = aligned_zeros(len(symbols), LISTING), allocate_map(len(symbols))
    for number, symbol in enumerate(symbols):
        raw = symbol_to_int(symbol)
        listing[number] = (raw, ticks_e4 if isinstance(ticks_e4, int) else ticks_e4[number])
        map_put(names, raw, number)
        engine.list_symbol(number)
    record, accounts = aligned_zeros(1, VENUE), aligned_zeros(n_accounts, ACCOUNT)
    access = aligned_zeros(n_accounts, ACCESS)
    latency = allocate_latency(logs.logs.size, sessions.sessions.size)
    venue = Venue(record, engine, logs, sessions, accounts, access, listing, names, flow, latency,
                  aligned_zeros(1, OPERATION), aligned_zeros(2, DROP), history)
    venue.operation["message_at"] = (venue.operation.ctypes.data
                                     + OPERATION.fields["message"][1])
    _fill(record[0], venue)
    return venue


def _fill(record: np.ndarray, venue: Venue) -> None:
    base = venue.address
    for field in ("scratch", "blanks", "packets", "epoll_events", "ahead"):
        record[f"{field}_at"] = base + VENUE.fields[field][1]
    record["blanks"] = ord(" ")
    record["packets"][:6] = list(packet(SERVER_HEARTBEAT) + packet(END_OF_SESSION))
    record["engine"] = venue.engine.address
    record["history"] = venue.history.state.ctypes.data if venue.history else 0
    record["spare_slot"] = record["request_slot"] = venue.sessions.sessions.size
    record["looks_ahead"] = venue.listing.size >= LOOK_AHEAD_FROM
    record["n_logs"], record["n_symbols"] = venue.logs.logs.size, venue.listing.size
    for field, array in (
        ("logs", venue.logs.logs), ("sessions", venue.sessions.sessions),
        ("accounts", venue.accounts), ("access", venue.access),
        ("listing", venue.listing), ("names", venue.names.entries),
        ("names_header", venue.names.header), ("flow", venue.flow.state),
        ("flow_symbols", venue.flow.symbols), ("flow_slots", venue.flow.slots),
        ("latency", venue.latency.state), ("operation", venue.operation), ("drops", venue.drops),
    ):
        record[field] = array.ctypes.data


# --- kernels ----------------------------------------------------------------------------------


@kernel
def venue_at(venue):
    """The VENUE record."""
    return record_at(venue, 0, VENUE)


@kernel
def session_at(venue, slot):
    """The SESSION record of a slot."""
    return record_at(venue_at(venue).sessions, slot, SESSION)


@kernel
def log_at(venue, number):
    """The LOG number ``number``: MARKET_DATA_LOG, or the owner number of an account's orders."""
    return record_at(venue_at(venue).logs, np.int64(number), LOG)


@kernel
def account_at(venue, account):
    """The ACCOUNT record."""
    return record_at(venue_at(venue).accounts, account, ACCOUNT)


@kernel
def access_at(venue, account):
    """The ACCESS record of an account."""
    return record_at(venue_at(venue).access, np.int64(account), ACCESS)


@kernel
def listing_at(venue, symbol):
    """The LISTING of a symbol's number."""
    return record_at(venue_at(venue).listing, np.int64(symbol), LISTING)


@kernel
def find_symbol(venue, name):
    """The number of the symbol with this name (eight characters as int64), or -1."""
    record = venue_at(venue)
    return get_in(record_at(record.names_header, 0, MAP_HEADER), record.names, name)


@kernel
def bump(venue, counter, n):
    """Add ``n`` to a counter."""
    at = venue_at(venue).counters + 8 * np.int64(counter)
    store_i64(at, load_i64(at) + n)
