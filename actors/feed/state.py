"""What the feed handler keeps: its tables, counters, and the words its parts share.

::

    locates   venue's symbol number -> ours             LOCATE [65536]
    symbols   ours -> name, last trade, status          SYMBOL [n]
    feed      phase, snapshot cursors                   FEED [1]
    link      a SoupBinTCP connection: venue, GLIMPSE   SOUP_LINK [1]
    lines     MoldUDP64 lines                           LINES [1], see actors.feed.lines
    recording a file that is played                     RECORDING [1], see actors.feed.player
    updates   what one ITCH message changed             UPDATE [MAX_UPDATES]
    book      every order of ours                       the block of an actors.book OrderBook
    looks, depth   what is shown to who asks            see actors.feed.depth
    changes   what one ITCH message does to an order    CHANGE [1], see actors.feed.orders
    ahead     messages that were looked at in advance   LOOK [1], see actors.feed.look_ahead
"""

import enum

import numpy as np

from actors.book.ahead import LOOK_AHEAD_FROM
from actors.runtime import context, kernel, table
from actors.runtime.soup_kernels import SOUP_LINK
from schemas.venue import symbol_to_int

__all__ = [
    "BATCH", "BURST", "COUNTERS", "Counter", "Event", "FEED", "HISTOGRAMS", "LOCATE", "LOCATES",
    "MAX_UPDATES", "OVERDRAWN", "PARSE", "Phase", "SNAPSHOT_BUDGET", "SYMBOL", "Source", "Status",
    "TABLES", "UPDATE", "ahead_of", "book_of", "changes_of", "depth_of", "directory_tables",
    "feed_of", "lines_of", "link_of", "locates_of", "looks_of", "recording_of", "symbol_count",
    "symbols_of", "updates_of",
]

#: Most messages that one call of a handler publishes; see ``Output.burst``.
BURST = 64
#: Of these, most that belong to snapshots.
SNAPSHOT_BUDGET = BURST // 2
#: Messages in one turn, if they publish nothing: history, or other people's symbols.
BATCH = 4096
#: Most updates that one ITCH message causes: an execution's trade and level; a replacement's two.
MAX_UPDATES = 2
#: How many symbol numbers a venue has: stock locate is two bytes.
LOCATES = 1 << 16


class Source(enum.IntEnum):
    """Where the market data comes from."""

    SESSION = 0  #: a SoupBinTCP server
    LINES = 1    #: MoldUDP64 lines
    FILE = 2     #: a recording


class Phase(enum.IntEnum):
    """Where the feed is in the venue's stream."""

    CATCHING_UP = 0  #: history: books are built, nothing is published
    LIVE = 1


class Status(enum.IntEnum):
    """What a message turned out to be, when it changed nothing. Below 0, so no count of updates."""

    NOT_A_MESSAGE = -1  #: unknown type, or not that type's length
    UNKNOWN_ORDER = -2  #: an order reference that the book does not have
    REFUSED = -3        #: the book could not take it: a duplicate, a bad value, or a bound reached


#: Added to the count of updates when a message took more off an order than the order had.
OVERDRAWN = 16


class Event(enum.IntEnum):
    """Codes of log records."""

    CAUGHT_UP = 1
    BAD_MESSAGE = 2
    MARKET_EVENT = 3
    BREAKER_LEVEL = 4
    GAP = 5
    SNAPSHOT_TAKEN = 6
    PLAYED = 7
    STATUS = 8


class Counter(enum.IntEnum):
    """Places of the counters; their names in lower case are the counters' names."""

    MESSAGES = 0
    PUBLISHED = 1
    ADDS = 2
    EXECUTIONS = 3
    CANCELS = 4
    DELETES = 5
    REPLACES = 6
    TRADES = 7
    OTHER = 8
    BYTES = 9
    BAD_MESSAGES = 10
    UNKNOWN_ORDERS = 11
    REFUSED = 12
    GAPS = 13
    LOGINS = 14
    SNAPSHOTS = 15
    NOT_SENT = 16
    BROKEN_TRADES = 17
    PACKETS = 18
    DUPLICATES = 19
    EARLY = 20
    OVERRUNS = 21
    BAD_PACKETS = 22
    FOREIGN_PACKETS = 23
    SOCKET_ERRORS = 24
    SOCKET_DROPS = 25
    REQUESTS = 26
    RECOVERED_GAPS = 27
    RECOVERIES = 28
    STALE = 29
    SESSIONS = 30
    SNAPSHOT_MESSAGES = 31
    ORDER_UPDATES = 32


COUNTERS = tuple(c.name.lower() for c in Counter)
HISTOGRAMS = ("parse",)
PARSE = 0

#: Our number of the symbol that the venue gave this stock locate; -1: none of ours.
LOCATE = np.dtype([("symbol", "i4")])

#: ``updates``: changes of this symbol that were published, snapshots aside. ``trading_state`` is
#: the venue's letter (0: it has not said); ``trading_status`` a SymbolStatus, what comes of it and
#: of ``restrictions``, which are Restriction bits.
SYMBOL = np.dtype([("name", "i8"), ("last_e4", "i8"), ("last_qty", "i8"), ("locate", "i8"),
                   ("updates", "i8"), ("trading_state", "u1"), ("trading_status", "u1"),
                   ("restrictions", "u1")], align=True)

#: ``source`` is a Source. ``sequence`` is the number of the last message applied, ``received_ns``
#: when it came; what comes before ``tail`` is history. ``logins`` is the link's count that
#: ``phase`` belongs to, ``reported`` a bit for each kind of bad message already logged.
#: ``snapshots`` symbols, from ``next_symbol`` on, are still to be published
#: whole; ``symbol`` is the one being published (-1: none), ``side`` and ``level`` the next level of
#: it. ``statuses`` symbols, counted from the end, are still to be told their status.
#: ``orders_due``, ``orders_next``, ``orders_symbol`` and ``orders_slot`` are the same for orders, on
#: ``order_updates``; ``orders_slot`` is the next order of the symbol.
#: ``wait_until_ns`` and ``orders_wait_ns`` are until when to wait for wires without room,
#: ``patience_ns`` how long at most. ``bell`` is the ring of ``looks`` that has been answered.
#: ``looks_ahead`` says whether looking ahead pays.
FEED = np.dtype([("source", "i8"), ("sequence", "i8"), ("received_ns", "i8"), ("tail", "i8"),
                 ("phase", "i8"), ("snapshots", "i8"), ("next_symbol", "i8"), ("symbol", "i8"),
                 ("side", "i8"), ("level", "i8"), ("wait_until_ns", "i8"),
                 ("patience_ns", "i8"), ("reported", "i8"),
                 ("logins", "i8"), ("was_live", "i8"), ("exchange_ns", "i8"),
                 ("bell", "i8"), ("looks_ahead", "i8"), ("statuses", "i8"),
                 ("orders_due", "i8"), ("orders_next", "i8"), ("orders_symbol", "i8"),
                 ("orders_slot", "i8"), ("orders_wait_ns", "i8")], align=True)

#: One change as MarketData will tell it.
UPDATE = np.dtype([("price_e4", "i8"), ("bid_e4", "i8"), ("ask_e4", "i8"), ("last_e4", "i8"),
                   ("quantity", "i8"), ("bid_qty", "i8"), ("ask_qty", "i8"), ("last_qty", "i8"),
                   ("exchange_ns", "i8"), ("symbol_id", "i8"), ("update_type", "i8"),
                   ("side", "i8"), ("trading_status", "i8"), ("restrictions", "i8")], align=True)

#: Names of the state tables, in order.
TABLES = ("link", "feed", "symbols", "locates", "updates", "book", "looks", "depth", "ahead",
          "lines", "recording", "changes")
_LINK, _FEED, _SYMBOLS, _LOCATES, _UPDATES, _BOOK, _LOOKS, _DEPTH, _AHEAD, _LINES, \
    _RECORDING, _CHANGES = range(len(TABLES))


def directory_tables(symbols: tuple[str, ...]) -> dict[str, np.ndarray]:
    """New ``feed``, ``symbols``, ``locates`` and ``updates`` for these symbols."""
    rows = np.zeros(len(symbols), SYMBOL)
    rows["name"] = [symbol_to_int(s) for s in symbols]
    rows["locate"] = -1
    feed = np.zeros(1, FEED)
    feed["symbol"] = feed["orders_symbol"] = -1
    feed["looks_ahead"] = len(symbols) >= LOOK_AHEAD_FROM
    locates = np.zeros(LOCATES, LOCATE)
    locates["symbol"] = -1
    return {"feed": feed, "symbols": rows, "locates": locates,
            "updates": np.zeros(MAX_UPDATES, UPDATE)}


# ---- for handlers --------------------------------------------------------------------------------

@kernel
def link_of(ctx):
    """The connection to the venue."""
    return table(ctx, _LINK, SOUP_LINK)[0]


@kernel
def feed_of(ctx):
    return table(ctx, _FEED, FEED)[0]


@kernel
def symbols_of(ctx):
    """The address of the SYMBOL records."""
    return context(ctx).tables[_SYMBOLS]


@kernel
def symbol_count(ctx):
    return context(ctx).rows[_SYMBOLS]


@kernel
def locates_of(ctx):
    """The address of the LOCATE records."""
    return context(ctx).tables[_LOCATES]


@kernel
def updates_of(ctx):
    """The address of the UPDATE records."""
    return context(ctx).tables[_UPDATES]


@kernel
def book_of(ctx):
    """The address of the order book."""
    return context(ctx).tables[_BOOK]


@kernel
def looks_of(ctx):
    """The address of the requests to be shown a book."""
    return context(ctx).tables[_LOOKS]


@kernel
def depth_of(ctx):
    """The address of the DEPTH records."""
    return context(ctx).tables[_DEPTH]


@kernel
def ahead_of(ctx):
    """The address of the LOOK record."""
    return context(ctx).tables[_AHEAD]


@kernel
def lines_of(ctx):
    """The address of the LINES record."""
    return context(ctx).tables[_LINES]


@kernel
def changes_of(ctx):
    """The address of the CHANGE record."""
    return context(ctx).tables[_CHANGES]


@kernel
def recording_of(ctx):
    """The address of the RECORDING record."""
    return context(ctx).tables[_RECORDING]
