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
from schemas.enums import OrderStatus, ReportType, Side

__all__ = ["MAP_ENTRY", "MAP_HEADER", "OPEN_ORDER", "OpenOrders", "allocate_open_orders",
           "release_report", "reserve"]

#: ``replaces``: order id that this one replaces once the venue says so.
OPEN_ORDER = np.dtype([("order_id", "i8"), ("replaces", "i8"), ("leaves", "i8"),
                       ("symbol_id", "i4"), ("side", "i4"), ("next", "i8")])

_BUY = int(Side.BUY)
_FILL, _CANCEL = int(ReportType.FILL), int(ReportType.CANCEL)
_REPLACE, _REJECT = int(ReportType.REPLACE), int(ReportType.REJECT)
_FILLED, _CANCELED = int(OrderStatus.FILLED), int(OrderStatus.CANCELED)
_REJECTED = int(OrderStatus.REJECTED)


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
def reserve(orders, positions, order_id, replaces, symbol_id, side, quantity):
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
    order.symbol_id = symbol_id
    order.side = side
    _change(positions, symbol_id, side, quantity)
    return True


@kernel
def _end(orders, positions, order_id):
    """Gives back an order's open shares and its slot; nothing if it is not known."""
    slot = map_take(_map(orders), order_id)
    if slot < 0:
        return
    order = orders.slots[slot]
    _change(positions, order.symbol_id, order.side, -order.leaves)
    order.order_id = 0
    order.next = orders.free[0]
    orders.free[0] = slot


@kernel
def release_report(orders, positions, report):
    """Takes off what an execution report (body record) says is no longer open."""
    order_id = np.int64(report.order_id)
    kind = np.int64(report.report_type)
    status = np.int64(report.order_status)
    if kind == _REPLACE:
        _end(orders, positions, np.int64(report.original_id))
    slot = map_get(_map(orders), order_id)
    if slot < 0:
        return
    if status == _FILLED or status == _CANCELED or status == _REJECTED:
        _end(orders, positions, order_id)
    elif kind == _FILL or kind == _CANCEL or kind == _REPLACE:
        order = orders.slots[slot]
        leaves = np.int64(report.leaves_qty)
        _change(positions, order.symbol_id, order.side, leaves - order.leaves)
        order.leaves = leaves
