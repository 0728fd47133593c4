"""Everything the exchange's kernels work on, as one value: the :class:`Venue`.

The housekeeper builds it once with :func:`build_venue`; the actor's tables are its arrays, and a
handler puts it together again from them with :func:`venue_of`. Kernels take the venue and numbers.
"""

from enum import IntEnum
from typing import NamedTuple

import numba
import numpy as np

from actors.book.memory import aligned_zeros
from actors.book.order_book import ORDER, ORDER_POOL, OrderBook
from actors.book.order_map import MAP_ENTRY, MAP_HEADER, OrderMap, allocate_map, map_put
from actors.book.price_levels import LEVEL, LEVEL_POOL, RUNG, SIDE, PriceLevels
from actors.exchange.engine_state import (
    ENGINE_STATE, EVENT, INCOMING, SYMBOL, Engine, allocate, list_symbol,
)
from actors.exchange.flow_state import FLOW, FLOW_SYMBOL, Flow
from actors.exchange.sequenced_log import LOG, LogMemory
from actors.exchange.session_state import SESSION, SessionMemory
from actors.exchange.sockets import EVENT_BYTES
from actors.runtime import context, kernel, table
from actors.runtime.layout import COUNTERS
from actors.runtime.native import address_to_pointer
from schemas.venue import symbol_to_int
from schemas.venue.soupbintcp import END_OF_SESSION, SERVER_HEARTBEAT, packet

__all__ = ["ACCOUNT", "BACKGROUND", "CONTROL", "COUNTER_NAMES", "Counter", "EPOLL_EVENTS",
           "Directive", "LISTING", "MARKET_DATA_LOG", "Phase", "TABLE_NAMES", "Venue", "build_venue",
           "tables_of", "venue_of"]

#: Owner number of the synthetic flow. Account number a owns orders as a + 1 and writes log a + 1.
BACKGROUND = 0
MARKET_DATA_LOG = 0
EPOLL_EVENTS = 64


class Phase(IntEnum):
    """Where the trading day is; ``CONTROL.phase``, the reactor's."""

    BEFORE_OPEN = 0
    OPEN = 1
    CLOSED = 2  #: the last messages are in the logs; sessions end when they have them


class Directive(IntEnum):
    """What the housekeeper wants; ``CONTROL.directive``."""

    NONE = 0
    CLOSE = 1    #: end the day, and each session when it has everything
    END_ALL = 2  #: end every session at once


#: ``midnight_offset_ns`` turns monotonic time into time since local midnight. ``offered`` counts the
#: sessions handed over by the housekeeper, ``adopted`` those taken by the reactor; ``used`` bounds
#: their slots; ``unfinished`` counts those that have more to read. ``order_ack`` is the address of
#: the histogram, ``*_at`` are addresses of ``scratch``, ``blanks`` and so on.
CONTROL = np.dtype([
    ("sessions_at", "i8"), ("scratch_at", "i8"), ("blanks_at", "i8"), ("packets_at", "i8"),
    ("epoll_events_at", "i8"), ("epoll_fd", "i8"), ("order_ack", "i8"), ("midnight_offset_ns", "i8"),
    ("phase", "i8"), ("directive", "i8"), ("used", "i8"), ("offered", "i8"), ("adopted", "i8"),
    ("unfinished", "i8"), ("scratch", "i8", (2,)), ("blanks", "u1", (16,)),
    ("packets", "u1", (8,)), ("epoll_events", "u1", (EPOLL_EVENTS * EVENT_BYTES,)),
], align=True)

#: A symbol's eight characters as an integer in memory order, and the tick of prices of 1.00 and up.
LISTING = np.dtype([("symbol", "i8"), ("tick_e4", "i8")])

#: ``last_user_ref``: the highest UserRefNum used so far.
ACCOUNT = np.dtype([("last_user_ref", "i8"), ("disabled", "i8")])


class Counter(IntEnum):
    """The actor's counters, by place."""

    ORDERS_IN = 0        #: Enter and Replace requests
    CANCELS_IN = 1       #: Cancel and Mass Cancel requests
    ACKS = 2             #: Accepted and Replaced sent
    FILLS = 3            #: Executed sent to accounts
    CANCELS = 4          #: Canceled sent
    REJECTS = 5          #: Rejected sent
    IGNORED = 6          #: requests that OUCH answers with silence
    TRADES = 7           #: matches, the background's included
    MD_MESSAGES = 8
    FLOW_EVENTS = 9
    SESSIONS = 10        #: logins accepted
    DROPPED_SESSIONS = 11
    REFUSED_LOGINS = 12
    BYTES_IN = 13
    BYTES_OUT = 14
    LATE_FLOW = 15       #: background events more than 10 ms late


COUNTER_NAMES = tuple(c.name.lower() for c in Counter)


class Venue(NamedTuple):
    """The exchange's state. Arrays of the records named here; ``control`` has one."""

    engine: Engine
    control: np.ndarray
    sessions: np.ndarray
    logs: np.ndarray
    accounts: np.ndarray
    listing: np.ndarray
    by_name: OrderMap
    flow: Flow
    counters: np.ndarray


def build_venue(symbols: tuple[str, ...], tick_e4: int, n_accounts: int, engine: Engine, flow: Flow,
                logs: LogMemory, sessions: SessionMemory) -> Venue:
    """Puts the parts together and lists the symbols. ProtocolError if a symbol's name is too long
    for the protocols."""
    control = _control(sessions)
    listing = aligned_zeros(len(symbols), LISTING)
    by_name = allocate_map(len(symbols))
    for number, symbol in enumerate(symbols):
        raw = symbol_to_int(symbol)
        listing[number] = (raw, tick_e4)
        map_put(by_name, raw, number)
        list_symbol(engine, number)
    return Venue(engine, control, sessions.sessions, logs.logs, aligned_zeros(n_accounts, ACCOUNT),
                 listing, by_name, flow, np.zeros(COUNTERS, np.int64))


def _control(sessions: SessionMemory) -> np.ndarray:
    control = aligned_zeros(1, CONTROL)
    for field in ("scratch", "blanks", "packets", "epoll_events"):
        control[f"{field}_at"] = control.ctypes.data + CONTROL.fields[field][1]
    control["sessions_at"] = sessions.sessions.ctypes.data
    control["blanks"] = ord(" ")
    control[0]["packets"][:6] = list(packet(SERVER_HEARTBEAT) + packet(END_OF_SESSION))
    return control


# The tables in order: name, record, and where in a venue the array is.
_TABLES = (
    ("orders", ORDER, lambda v: v.engine.book.orders),
    ("order_pool", ORDER_POOL, lambda v: v.engine.book.pool),
    ("order_index", MAP_ENTRY, lambda v: v.engine.book.index.entries),
    ("order_index_header", MAP_HEADER, lambda v: v.engine.book.index.header),
    ("sides", SIDE, lambda v: v.engine.book.ladders.sides),
    ("rungs", RUNG, lambda v: v.engine.book.ladders.rungs),
    ("levels", LEVEL, lambda v: v.engine.book.ladders.levels),
    ("level_pool", LEVEL_POOL, lambda v: v.engine.book.ladders.pool),
    ("symbols", SYMBOL, lambda v: v.engine.symbols),
    ("incoming", INCOMING, lambda v: v.engine.incoming),
    ("engine_state", ENGINE_STATE, lambda v: v.engine.state),
    ("events", EVENT, lambda v: v.engine.events),
    ("control", CONTROL, lambda v: v.control),
    ("sessions", SESSION, lambda v: v.sessions),
    ("logs", LOG, lambda v: v.logs),
    ("accounts", ACCOUNT, lambda v: v.accounts),
    ("listing", LISTING, lambda v: v.listing),
    ("by_name", MAP_ENTRY, lambda v: v.by_name.entries),
    ("by_name_header", MAP_HEADER, lambda v: v.by_name.header),
    ("flow", FLOW, lambda v: v.flow.state),
    ("flow_symbols", FLOW_SYMBOL, lambda v: v.flow.symbols),
    ("flow_slots", np.dtype(np.int64), lambda v: v.flow.slots),
)
TABLE_NAMES = tuple(name for name, _, _ in _TABLES)


def tables_of(venue: Venue) -> dict[str, np.ndarray]:
    """The venue's arrays by table name."""
    arrays = {name: part(venue) for name, _, part in _TABLES}
    for name, record, _ in _TABLES:
        assert arrays[name].dtype == record, name
    return arrays


# --- kernels ----------------------------------------------------------------------------------


@kernel
def _engine_of(ctx):
    index = OrderMap(table(ctx, 2, MAP_ENTRY), table(ctx, 3, MAP_HEADER))
    ladders = PriceLevels(table(ctx, 4, SIDE), table(ctx, 5, RUNG), table(ctx, 6, LEVEL),
                          table(ctx, 7, LEVEL_POOL))
    book = OrderBook(table(ctx, 0, ORDER), table(ctx, 1, ORDER_POOL), index, ladders)
    return Engine(book, table(ctx, 8, SYMBOL), table(ctx, 9, INCOMING), table(ctx, 10, ENGINE_STATE),
                  table(ctx, 11, EVENT))


@kernel
def venue_of(ctx):
    """The venue whose arrays are the tables of the actor at ``ctx``."""
    by_name = OrderMap(table(ctx, 17, MAP_ENTRY), table(ctx, 18, MAP_HEADER))
    flow = Flow(table(ctx, 19, FLOW), table(ctx, 20, FLOW_SYMBOL), table(ctx, 21, np.int64))
    counters = numba.carray(address_to_pointer(context(ctx).counters), COUNTERS, np.int64)
    return Venue(_engine_of(ctx), table(ctx, 12, CONTROL), table(ctx, 13, SESSION),
                 table(ctx, 14, LOG), table(ctx, 15, ACCOUNT), table(ctx, 16, LISTING), by_name,
                 flow, counters)
