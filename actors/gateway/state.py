"""What the gateway keeps: its tables, counters, and the words its parts share.

::

    gateway   numbers, place in the venue's stream, sweep      GATEWAY [1]      shared   state
    orders    every order, at its reference number & mask      ORDER [2^n]      shared   state
    index, index_header   order id -> slot                     an OrderMap's arrays      state
    ring      the last reports, at their number & mask         EXECUTION_REPORT [2^n]    state
    link      the connection to the venue                      SOUP_LINK [1]    shared
    symbols   our symbol -> its eight letters                  SYMBOL [n]
    cause     what the next reports are about                  CAUSE [1]
    control   how far what follows from the state has got out  CONTROL [1]
    requests  what is to be sent to the venue                  REQUEST [2^n]
    queries   whose answers are due                            QUERY [2^n]
    switch    the lease as last seen, a walk that cancels      SWITCH [1]
    order     a command of the gateway's own                   the bytes of an OrderCommand message

What is state is a function of the journal: only ``apply`` changes it (:mod:`.inputs`). The rest
begins anew with every incarnation. Shared tables are for others to read; nothing is recovered from
them.
"""

import enum

import numpy as np

from actors.book.memory import record_at
from actors.book.order_map import MAP_HEADER
from actors.runtime import context, kernel
from actors.runtime.soup_kernels import SOUP_LINK
from schemas.messages import EXECUTION_REPORT

__all__ = ["BURST", "CAUSE", "CONTROL", "COUNTED", "COUNTERS", "Counter", "Event", "GATEWAY",
           "HISTOGRAMS", "Histogram", "MAX_REPORTS", "ORDER", "QUERIES", "QUERY", "REQUEST",
           "REQUESTS", "STATE", "SWITCH", "SYMBOL", "Sweep", "TABLES", "cause_of", "control_of",
           "gateway_of", "index_entries", "index_header", "link_of", "order_at", "order_count",
           "own_command", "query_at", "report_address", "report_at", "report_count", "request_at",
           "switch_of", "symbol_count", "symbol_name"]

#: Most reports that one call of a handler sends; see ``Output.burst``.
BURST = 64
#: Most reports that one message of the venue causes.
MAX_REPORTS = 3
#: Requests and queries that may wait; powers of two.
REQUESTS, QUERIES = 1024, 1024


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
    TOO_OLD = 20
    AHEAD = 21


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
    NEVER_ARRIVED = 22    # orders that the venue never got
    QUERIES = 23          # answered
    QUERIES_LOST = 24     # too many at once: to be asked again
    RESENT = 25           # reports sent again
    TOO_OLD = 26          # reports asked for that the ring no longer has
    JOURNAL_FULL = 27     # commands refused because they could not be written down
    LEASES_LOST = 28
    SWITCHED_OFF = 29     # refused: no lease, paused or halted


class Histogram(enum.IntEnum):
    """Places of the histograms."""

    T3_T4 = 0
    T1_T4 = 1
    T4_T5 = 2


COUNTERS = tuple(c.name.lower() for c in Counter)
#: Those that follow from the journal.
COUNTED = tuple(c.name.lower() for c in (
    Counter.ACKS, Counter.FILLS, Counter.CANCELS, Counter.REJECTS, Counter.REFUSED,
    Counter.REPLACES, Counter.CANCEL_REJECTS, Counter.TIMEOUTS, Counter.REPORTS,
    Counter.FILLED_SHARES, Counter.VENUE_MESSAGES, Counter.OTHER_MESSAGES, Counter.BAD_MESSAGES,
    Counter.UNKNOWN_ORDERS, Counter.ORPHANS, Counter.LOGINS, Counter.GAPS, Counter.BROKEN_TRADES,
    Counter.NEVER_ARRIVED))
HISTOGRAMS = tuple(h.name.lower() for h in Histogram)

SYMBOL = np.dtype([("name", "i8")])
_REPORT_SIZE = EXECUTION_REPORT.itemsize

#: ``next_ref``: the next UserRefNum. ``next_sequence``: the venue's next message, in ``session``;
#: those before ``tail`` were there before the last login. ``accepting``: since then all of the past
#: is settled. ``sweep_at`` is the slot the sweep has come to, ``sweep_ref`` the first reference
#: number it does not concern. ``reported``: what was logged, and is only counted from then on.
GATEWAY = np.dtype([
    ("next_ref", "i8"), ("report_seq", "i8"), ("live", "i8"), ("unanswered", "i8"),
    ("accepting", "i8"), ("sweep", "i8"), ("sweep_at", "i8"), ("sweep_ref", "i8"),
    ("next_sequence", "i8"), ("tail", "i8"), ("reported", "i8"), ("session0", "i8"),
    ("session1", "i8"), ("spare", "i8", (3,)),
])

#: An order, as the venue knows it: ``ref`` is its UserRefNum, 0 in a slot never used. ``status`` is
#: an OrderStatus; ``pending`` a Command under way. ``replaces`` and ``replaced_by`` are reference
#: numbers. ``cum`` counts over a chain of replacements. ``sequence`` is the venue's last message
#: about it.
ORDER = np.dtype([
    ("ref", "i8"), ("order_id", "i8"), ("status", "i8"), ("pending", "i8"),
    ("symbol_id", "i8"), ("strategy_id", "i8"), ("side", "i8"), ("price_e4", "i8"),
    ("quantity", "i8"), ("leaves", "i8"), ("cum", "i8"), ("replaces", "i8"), ("replaced_by", "i8"),
    ("t1_ns", "i8"), ("t2_ns", "i8"), ("t3_ns", "i8"), ("t4_ns", "i8"), ("t5_ns", "i8"),
    ("deadline_ns", "i8"), ("sequence", "i8"), ("spare", "i8", (4,)),
])

#: What happened, as far as the order itself does not say it; see ExecutionReport for the fields.
#: ``record`` is the number of the journal's record that is applied.
CAUSE = np.dtype([
    ("exchange_ns", "i8"), ("receive_ns", "i8"), ("reason", "i8"), ("exec_qty", "i8"),
    ("exec_price_e4", "i8"), ("exec_id", "i8"), ("original_id", "i8"), ("liquidity", "i8"),
    ("record", "i8"),
])

#: ``lost_ns``: since when a lease has been missing, 0 while all hold; ``answered``: the loss has
#: had its cancels. The walk: for request ``walk`` (0: none, LEASE_WALK: a lost lease), come to slot
#: ``at``, ``live`` orders found on this pass, of those before ``until_ref`` that match symbol and
#: strategy (-1: any); ``next_ns``: when to go on.
SWITCH = np.dtype([
    ("lost_ns", "i8"), ("answered", "i8"), ("walk", "i8"), ("at", "i8"), ("live", "i8"),
    ("until_ref", "i8"), ("symbol_id", "i8"), ("strategy_id", "i8"), ("next_ns", "i8"),
])

#: ``logins``: the link's count that the state's last login belongs to. ``session_over``: set by the
#: housekeeper, the venue's session is not the one known. ``oldest_ref``: no order before it waits
#: for an answer in time. ``sent``: the last report passed on, and ``highest`` that there ever was;
#: requests and queries ``*_from`` to ``*_to`` wait.
CONTROL = np.dtype([
    ("logins", "i8"), ("session_over", "i8"), ("timeout_ns", "i8"), ("oldest_ref", "i8"),
    ("sent", "i8"), ("highest", "i8"), ("requests_from", "i8"), ("requests_to", "i8"),
    ("queries_from", "i8"), ("queries_to", "i8"),
])

#: A message for the venue: a Command about order ``ref``. NEW and REPLACE take their terms from the
#: order, CANCEL leaves ``quantity``. ``record``: the journal's record it follows from.
REQUEST = np.dtype([
    ("command", "i8"), ("ref", "i8"), ("quantity", "i8"), ("time_in_force", "i8"),
    ("hidden", "i8"), ("record", "i8"), ("spare", "i8", (2,)),
])

#: Whose fate is asked for.
QUERY = np.dtype([("order_id", "i8"), ("symbol_id", "i8"), ("strategy_id", "i8"), ("side", "i8")])

#: Names of the state tables, in order; those that are a function of the journal come first.
STATE = ("gateway", "orders", "index", "index_header", "ring")
TABLES = (*STATE, "link", "symbols", "cause", "control", "requests", "queries", "switch", "order",
          "durability")
(_GATEWAY, _ORDERS, _INDEX, _INDEX_HEADER, _RING, _LINK, _SYMBOLS, _CAUSE, _CONTROL, _REQUESTS,
 _QUERIES, _SWITCH, _OWN_COMMAND) = range(len(TABLES) - 1)


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
def report_count(ctx):
    """How many reports the ring holds, a power of two."""
    return context(ctx).rows[_RING]


@kernel
def report_at(ctx, number):
    """Where report ``number`` is, or comes, in the ring."""
    actor = context(ctx)
    return record_at(actor.tables[_RING], number & (actor.rows[_RING] - 1), EXECUTION_REPORT)


@kernel
def report_address(ctx, number):
    actor = context(ctx)
    return actor.tables[_RING] + (number & (actor.rows[_RING] - 1)) * _REPORT_SIZE


@kernel
def control_of(ctx):
    return record_at(context(ctx).tables[_CONTROL], 0, CONTROL)


@kernel
def request_at(ctx, number):
    return record_at(context(ctx).tables[_REQUESTS], number & (REQUESTS - 1), REQUEST)


@kernel
def query_at(ctx, number):
    return record_at(context(ctx).tables[_QUERIES], number & (QUERIES - 1), QUERY)


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
