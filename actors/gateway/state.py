"""What the gateway keeps: its tables, counters, and the words its parts share.

::

    link      the connection to the venue               SOUP_LINK [1]     shared
    gateway   numbers, sweep                            GATEWAY [1]       shared
    orders    every order, at its reference number & mask   ORDER [2^n]   shared
    symbols   our symbol -> its eight letters           SYMBOL [n]
    index, index_header   order id -> slot              the arrays of an actors.book OrderMap
    cause     what the next reports are about           CAUSE [1]
    switch    the lease as last seen, a walk that cancels   SWITCH [1]
    order     a command of the gateway's own            the bytes of an OrderCommand message

The shared tables are found again by the next incarnation: it knows its orders, and from which
message of the venue to go on.
"""

import enum

import numpy as np

from actors.book.memory import record_at
from actors.book.order_map import MAP_HEADER
from actors.runtime import context, kernel
from actors.runtime.native import load_acquire, store_release
from actors.runtime.soup_kernels import SOUP_LINK

__all__ = ["BURST", "CAUSE", "COUNTERS", "Counter", "Event", "GATEWAY", "HISTOGRAMS", "Histogram",
           "MAX_REPORTS", "ORDER", "SWITCH", "SYMBOL", "Sweep", "TABLES", "begin_change",
           "cause_of", "end_change", "gateway_of", "index_entries", "index_header", "link_of", "order_at",
           "order_count", "own_command", "switch_of", "symbol_count", "symbol_name"]

#: Most reports that one call of a handler sends; see ``Output.burst``.
BURST = 64
#: Most reports that one message of the venue causes.
MAX_REPORTS = 3


class Sweep(enum.IntEnum):
    """A walk over all orders, some at a time, because each may need a report."""

    NONE = 0
    CLOSE_ALL = 1  #: the venue's session is over, and every order with it
    RECONCILE = 2  #: logged in again: what was sent and never answered did not arrive


class Event(enum.IntEnum):
    """Codes of log records."""

    ORDER = 1
    REPLACE = 2
    CANCEL = 3
    FILL = 4
    CANCELED = 5
    REJECTED = 6
    TIMEOUT = 7
    CLOSED = 8
    BAD_MESSAGE = 9
    UNKNOWN_ORDER = 10
    ORPHAN = 11
    BROKEN_TRADE = 12
    VENUE_EVENT = 13
    ACCEPTING = 14
    OVERFILL = 15
    LEASE_LOST = 16
    LEASE_BACK = 17
    CANCELLING = 18
    CANCELLED_ALL = 19


class Counter(enum.IntEnum):
    """Places of the counters; their names in lower case are the counters' names."""

    ORDERS_SENT = 0
    REPLACES_SENT = 1
    CANCELS_SENT = 2
    ACKS = 3
    FILLS = 4
    CANCELS = 5
    REJECTS = 6           # by the venue
    REFUSED = 7           # by the gateway itself
    REPLACES = 8
    CANCEL_REJECTS = 9
    TIMEOUTS = 10
    REPORTS = 11
    REPORTS_LOST = 12     # a wire with overflow "fail" would not take them
    FILLED_SHARES = 13
    VENUE_MESSAGES = 14
    OTHER_MESSAGES = 15
    BAD_MESSAGES = 16
    UNKNOWN_ORDERS = 17
    ORPHANS = 18
    LOGINS = 19
    GAPS = 20
    BROKEN_TRADES = 21
    LEASES_LOST = 22
    SWITCHED_OFF = 23     # refused: no lease, paused or halted


class Histogram(enum.IntEnum):
    """Places of the histograms."""

    T3_T4 = 0
    T1_T4 = 1
    T4_T5 = 2


COUNTERS = tuple(c.name.lower() for c in Counter)
HISTOGRAMS = tuple(h.name.lower() for h in Histogram)

SYMBOL = np.dtype([("name", "i8")])

#: ``next_ref``: the next UserRefNum. ``oldest_ref``: none before it waits for an answer in time.
#: ``logins``: the link's count that ``accepting`` belongs to. ``sweep_at`` is the slot the sweep
#: has come to, ``sweep_ref`` the first reference number it does not concern.
GATEWAY = np.dtype([
    ("next_ref", "i8"), ("report_seq", "i8"), ("oldest_ref", "i8"), ("live", "i8"),
    ("unanswered", "i8"), ("logins", "i8"), ("accepting", "i8"), ("timeout_ns", "i8"),
    ("sweep", "i8"), ("sweep_at", "i8"), ("sweep_ref", "i8"), ("reported", "i8"),
])

#: An order, as the venue knows it: ``ref`` is its UserRefNum, 0 in a slot never used. ``version``
#: is odd while it is being changed. ``status`` is an OrderStatus; ``pending`` a Command under way.
#: ``replaces`` and ``replaced_by`` are reference numbers. ``cum`` counts over a chain of
#: replacements. ``sequence`` is the venue's last message applied, ``report_seq`` the first report
#: that followed from it. ``cancel_due``: a cancel could not be sent yet.
ORDER = np.dtype([
    ("version", "i8"), ("ref", "i8"), ("order_id", "i8"), ("status", "i8"), ("pending", "i8"),
    ("symbol_id", "i8"), ("strategy_id", "i8"), ("side", "i8"), ("price_e4", "i8"),
    ("quantity", "i8"), ("leaves", "i8"), ("cum", "i8"), ("replaces", "i8"), ("replaced_by", "i8"),
    ("t1_ns", "i8"), ("t2_ns", "i8"), ("t3_ns", "i8"), ("t4_ns", "i8"), ("t5_ns", "i8"),
    ("deadline_ns", "i8"), ("sequence", "i8"), ("report_seq", "i8"), ("cancel_due", "i8"),
    ("spare", "i8"),
])
_VERSION = ORDER.fields["version"][1]
_ORDER_SIZE = ORDER.itemsize

#: What happened, as far as the order itself does not say it; see ExecutionReport for the fields.
#: ``report_seq`` is the number of the next report about it; ``again`` says that it was applied by
#: an incarnation that died before it could be sure to have reported it.
CAUSE = np.dtype([
    ("exchange_ns", "i8"), ("receive_ns", "i8"), ("reason", "i8"), ("exec_qty", "i8"),
    ("exec_price_e4", "i8"), ("exec_id", "i8"), ("original_id", "i8"), ("liquidity", "i8"),
    ("report_seq", "i8"), ("again", "i8"),
])

#: ``lost_ns``: since when a lease has been missing, 0 while all hold; ``answered``: the loss has
#: had its cancels. The walk: for request ``walk`` (0: none, LEASE_WALK: a lost lease), come to slot
#: ``at``, ``live`` orders found on this pass, of those before ``until_ref`` that match symbol and
#: strategy (-1: any); ``next_ns``: when to go on.
SWITCH = np.dtype([
    ("lost_ns", "i8"), ("answered", "i8"), ("walk", "i8"), ("at", "i8"), ("live", "i8"),
    ("until_ref", "i8"), ("symbol_id", "i8"), ("strategy_id", "i8"), ("next_ns", "i8"),
])

#: Names of the state tables, in order.
TABLES = ("link", "gateway", "orders", "symbols", "index", "index_header", "cause",
          "switch", "order")
(_LINK, _GATEWAY, _ORDERS, _SYMBOLS, _INDEX, _INDEX_HEADER, _CAUSE, _SWITCH,
 _OWN_COMMAND) = range(len(TABLES))


@kernel
def link_of(ctx):
    """The connection to the venue."""
    return record_at(context(ctx).tables[_LINK], 0, SOUP_LINK)


@kernel
def gateway_of(ctx):
    return record_at(context(ctx).tables[_GATEWAY], 0, GATEWAY)


@kernel
def order_count(ctx):
    """How many slots there are, a power of two."""
    return context(ctx).rows[_ORDERS]


@kernel
def order_at(ctx, ref):
    """The slot of reference number ``ref``; whose order it is, its own ``ref`` says."""
    actor = context(ctx)
    return record_at(actor.tables[_ORDERS], ref & (actor.rows[_ORDERS] - 1), ORDER)


@kernel
def _version_address(ctx, ref):
    actor = context(ctx)
    return actor.tables[_ORDERS] + (ref & (actor.rows[_ORDERS] - 1)) * _ORDER_SIZE + _VERSION


@kernel
def begin_change(ctx, ref):
    """The slot of ``ref`` is half-changed from here to :func:`end_change`, should we die there."""
    address = _version_address(ctx, ref)
    store_release(address, load_acquire(address) | 1)


@kernel
def end_change(ctx, ref):
    address = _version_address(ctx, ref)
    store_release(address, (load_acquire(address) | 1) + 1)


@kernel
def symbol_count(ctx):
    return context(ctx).rows[_SYMBOLS]


@kernel
def symbol_name(ctx, symbol_id):
    """The symbol's eight letters as an integer; ``symbol_id`` must be one of ours."""
    return record_at(context(ctx).tables[_SYMBOLS], symbol_id, SYMBOL).name


@kernel
def index_header(ctx):
    return record_at(context(ctx).tables[_INDEX_HEADER], 0, MAP_HEADER)


@kernel
def index_entries(ctx):
    return context(ctx).tables[_INDEX]


@kernel
def cause_of(ctx):
    return record_at(context(ctx).tables[_CAUSE], 0, CAUSE)


@kernel
def switch_of(ctx):
    return record_at(context(ctx).tables[_SWITCH], 0, SWITCH)


@kernel
def own_command(ctx):
    """The address of the message in which the gateway writes commands of its own."""
    return context(ctx).tables[_OWN_COMMAND]
