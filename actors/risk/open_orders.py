"""Shares that approved orders may still trade, so that limits can count them. Kernels on arrays.

A slot an order, found by order id; free slots are chained through ``next``. A fill or cancel takes
shares off; the end of the order gives back what is left.
"""

from typing import NamedTuple

import numpy as np

from actors.book.order_map import (
    MAP_ENTRY, MAP_HEADER, OrderMap, allocate_map, map_get, map_put, map_take,
)
from actors.runtime import kernel
from schemas.enums import OrderStatus, RejectReason, ReportType, Side

__all__ = ["MAP_ENTRY", "MAP_HEADER", "OPEN_ORDER", "OpenOrders", "allocate_open_orders",
           "has_room", "is_open", "release_report", "reserve"]

#: ``replaces``: order id that this one replaces once the venue says so. ``filled``: shares that
#: reports said were traded, in a chain of replacements all of them. ``answered``: whether a report
#: about the order came, other than that nobody knows.
OPEN_ORDER = np.dtype([("order_id", "i8"), ("replaces", "i8"), ("leaves", "i8"), ("filled", "i8"),
                       ("sent_ns", "i8"), ("next", "i8"), ("symbol_id", "i4"), ("side", "i4"),
                       ("strategy_id", "i4"), ("answered", "i4")])

_BUY = int(Side.BUY)
_FILL, _CANCEL = int(ReportType.FILL), int(ReportType.CANCEL)
_REPLACE, _REJECT = int(ReportType.REPLACE), int(ReportType.REJECT)
_FILLED, _CANCELED = int(OrderStatus.FILLED), int(OrderStatus.CANCELED)
_REJECTED = int(OrderStatus.REJECTED)
_PENDING_NEW, _UNKNOWN = int(OrderStatus.PENDING_NEW), int(OrderStatus.UNKNOWN)
_STATUS = int(ReportType.STATUS)
_NEVER_ARRIVED = int(RejectReason.NEVER_ARRIVED)
_DUPLICATE_ORDER = int(RejectReason.DUPLICATE_ORDER)


class OpenOrders(NamedTuple):
    """``slots``: OPEN_ORDER (n,); ``free``: int64 (1,), first free slot or -1; the order map's two
    arrays."""

    slots: np.ndarray
    free: np.ndarray
    entries: np.ndarray
    header: np.ndarray


def allocate_open_orders(n: int) -> OpenOrders:
    """Room for ``n`` open orders."""
    slots = np.zeros(n, OPEN_ORDER)
    slots["next"] = np.arange(1, n + 1)
    slots["next"][-1] = -1
    order_map = allocate_map(n)
    return OpenOrders(slots, np.zeros(1, np.int64), order_map.entries, order_map.header)


@kernel
def _map(orders):
    return OrderMap(orders.entries, orders.header)


@kernel
def _change(positions, symbol_id, side, shares):
    if side == _BUY:
        positions[symbol_id].open_buy += shares
    else:
        positions[symbol_id].open_sell += shares


@kernel
def is_open(orders, order_id):
    """Whether this order may still trade, as far as is known."""
    return map_get(_map(orders), order_id) >= 0


@kernel
def has_room(orders):
    """Whether one more order can be counted."""
    return orders.free[0] >= 0


@kernel
def reserve(orders, positions, order_id, replaces, symbol_id, side, quantity, strategy_id, now_ns):
    """Counts an approved order as open. False if the table is full or the id is taken."""
    order_map = _map(orders)
    slot = orders.free[0]
    if slot < 0 or map_get(order_map, order_id) >= 0:
        return False
    if map_put(order_map, order_id, slot) < 0:
        return False
    order = orders.slots[slot]
    orders.free[0] = order.next
    order.order_id = order_id
    order.replaces = replaces
    order.leaves = quantity
    order.filled = 0
    order.sent_ns = now_ns
    order.symbol_id = symbol_id
    order.side = side
    order.strategy_id = strategy_id
    order.answered = 0
    _change(positions, symbol_id, side, quantity)
    return True


@kernel
def _end(orders, positions, order_id):
    """Gives back an order's open shares and its slot. Returns what of it was filled; 0 if it is not
    known."""
    slot = map_take(_map(orders), order_id)
    if slot < 0:
        return np.int64(0)
    order = orders.slots[slot]
    _change(positions, order.symbol_id, order.side, -order.leaves)
    order.order_id = 0
    order.next = orders.free[0]
    orders.free[0] = slot
    return order.filled


@kernel
def _set_leaves(positions, order, leaves):
    _change(positions, order.symbol_id, order.side, leaves - order.leaves)
    order.leaves = leaves


@kernel
def _is_over(status):
    return status == _FILLED or status == _CANCELED or status == _REJECTED


@kernel
def _is_unanswered(status):
    """Whether the venue has said nothing about an order of this status, be it timed out."""
    return status == _PENDING_NEW or status == _UNKNOWN


@kernel
def _believe_status(orders, positions, slot, report):
    """A STATUS counts only if the shares it calls traded are those that fills reported. Where they
    are more, fills are still on their way, and the order's end comes with them."""
    order = orders.slots[slot]
    status = np.int64(report.order_status)
    if np.int64(report.cum_qty) != order.filled:
        return False
    if _is_over(status):
        _end(orders, positions, order.order_id)
    else:
        if not _is_unanswered(status):
            order.answered = 1
        _set_leaves(positions, order, np.int64(report.leaves_qty))
    return True


@kernel
def release_report(orders, positions, report):
    """Takes off what an execution report (body record) says is no longer open.

    Returns False if it is a STATUS that speaks of fills nobody reported yet.
    """
    order_id = np.int64(report.order_id)
    kind = np.int64(report.report_type)
    reason = np.int64(report.reject_reason)
    filled = np.int64(0)
    if kind == _REPLACE:
        filled = _end(orders, positions, np.int64(report.original_id))
    slot = map_get(_map(orders), order_id)
    if slot < 0:
        return True
    order = orders.slots[slot]
    if kind == _STATUS:
        return _believe_status(orders, positions, slot, report)
    if reason == _DUPLICATE_ORDER or reason == _NEVER_ARRIVED and order.answered != 0:
        return True  # said of another command with this order's id
    if not _is_unanswered(np.int64(report.order_status)):
        order.answered = 1
    if kind == _FILL:
        order.filled += np.int64(report.exec_qty)
    elif kind == _REPLACE:
        order.filled = filled
    if _is_over(np.int64(report.order_status)):
        _end(orders, positions, order_id)
    elif kind == _FILL or kind == _CANCEL or kind == _REPLACE:
        _set_leaves(positions, order, np.int64(report.leaves_qty))
    return True
