"""What the gateway keeps: tables, counters, codes, shared by its handlers.

An order's slot is its UserRefNum modulo the table's size, so a reply finds its order without a search;
the order map finds it by order id. A slot is used again only when its order has ended.
"""

import enum

import numpy as np

from actors.book.order_map import MAP_ENTRY, MAP_HEADER, OrderMap
from actors.runtime import kernel, table
from actors.runtime.soup_kernels import SOUP_LINK
from schemas.enums import OrderStatus

__all__ = ["COUNTERS", "Counter", "Event", "GATEWAY_STATE", "HISTOGRAMS", "ORDER", "TABLES",
           "is_live", "link_of", "order_map_of", "orders_of", "state_of", "symbols_of"]

#: ``next_ref`` is the next UserRefNum; ``synced`` whether the venue confirmed it since the last login
#: (``queried`` counts the login it was asked at). ``checked_ref`` has been looked at for a timeout;
#: ``lost_from`` up to ``lost_to`` never reached the venue; ``sweep`` is the next slot to report as
#: ended because the venue began a new session, -1 if none. ``pending`` orders await their first answer.
GATEWAY_STATE = np.dtype([
    ("next_ref", "i8"), ("synced", "i8"), ("queried", "i8"), ("report_seq", "i8"),
    ("checked_ref", "i8"), ("lost_from", "i8"), ("lost_to", "i8"), ("sweep", "i8"),
    ("pending", "i8"), ("timeout_ns", "i8"), ("live", "i8"),
])

#: One order. ``original_ref``: order that this one replaces. ``late``: reported as timed out.
ORDER = np.dtype([
    ("order_id", "i8"), ("user_ref", "i8"), ("original_ref", "i8"), ("price_e4", "i8"),
    ("quantity", "i8"), ("cum", "i8"), ("leaves", "i8"),
    ("t1_ns", "i8"), ("t2_ns", "i8"), ("t3_ns", "i8"), ("t4_ns", "i8"), ("t5_ns", "i8"),
    ("symbol_id", "i4"), ("strategy_id", "i4"), ("side", "i2"), ("status", "i2"), ("late", "i4"),
])

TABLES = ("state", "link", "orders", "entries", "map", "symbols")
_STATE, _LINK, _ORDERS, _ENTRIES, _MAP, _SYMBOLS = range(len(TABLES))

HISTOGRAMS = ("t3_t4", "t1_t4", "t4_t5")
T3_T4, T1_T4, T4_T5 = range(len(HISTOGRAMS))


class Counter(enum.IntEnum):
    """Places of the counters; their names in lower case are the counters' names."""

    ORDERS_SENT = 0
    CANCELS_SENT = 1
    REPLACES_SENT = 2
    ACKS = 3
    FILLS = 4
    CANCELS = 5
    REPLACED = 6
    REJECTS = 7
    TIMEOUTS = 8
    REPORTS = 9
    UNKNOWN_ORDERS = 10
    BAD_MESSAGES = 11
    OTHER_MESSAGES = 12
    NEVER_ARRIVED = 13


COUNTERS = tuple(counter.name.lower() for counter in Counter)


class Event(enum.IntEnum):
    """Codes of log records."""

    ORDER_SENT = 1
    FILL = 2
    REJECT = 3
    TIMEOUT = 4
    UNKNOWN_ORDER = 5
    NEVER_ARRIVED = 6
    VENUE_RESTARTED = 7
    BROKEN_TRADE = 8


_PENDING_NEW = int(OrderStatus.PENDING_NEW)
_NEW = int(OrderStatus.NEW)
_PARTIALLY_FILLED = int(OrderStatus.PARTIALLY_FILLED)
_UNKNOWN = int(OrderStatus.UNKNOWN)


@kernel
def state_of(ctx):
    return table(ctx, _STATE, GATEWAY_STATE)[0]


@kernel
def link_of(ctx):
    return table(ctx, _LINK, SOUP_LINK)[0]


@kernel
def orders_of(ctx):
    return table(ctx, _ORDERS, ORDER)


@kernel
def order_map_of(ctx):
    return OrderMap(table(ctx, _ENTRIES, MAP_ENTRY), table(ctx, _MAP, MAP_HEADER))


@kernel
def symbols_of(ctx):
    """Names of the symbols as the eight bytes that OUCH wants, one int64 each."""
    return table(ctx, _SYMBOLS, np.int64)


@kernel
def is_live(order):
    """Whether more may still come of this order."""
    return (order.status == _PENDING_NEW or order.status == _NEW
            or order.status == _PARTIALLY_FILLED or order.status == _UNKNOWN)
