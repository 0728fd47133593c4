"""A strategy's working orders: a small table of what it asked for and has not heard the end of.

Kernels on arrays; the hot path. One record an order, found by linear search from its home place:
``order number % rows``. Order ids are ``strategy_id * ORDER_ID_SPAN + n`` with n from 1, which fits
the 14 digits of a venue's client order id and tells every reader whose order it is.
"""

import numpy as np

from actors.runtime import kernel
from schemas.enums import OrderStatus, RejectReason, ReportType, Side

__all__ = ["ORDER_ID_SPAN", "STRATEGY_STATE", "SYMBOL_STATE", "WORKING_ORDER", "apply_report",
           "enter", "has_room", "is_unanswered", "is_working", "order_number", "signed"]

ORDER_ID_SPAN = 10**11

WORKING_ORDER = np.dtype([
    ("order_id", "i8"), ("sent_ns", "i8"), ("price_e4", "i8"), ("symbol_id", "i8"),
    ("quantity", "i8"), ("leaves", "i8"), ("side", "i8"), ("status", "i8"), ("filled", "i8"),
])

#: ``orders`` counts orders ever made; it is what makes ids unique across incarnations.
#: ``last_report_seq`` is the number of the last report applied, or known to be somebody else's.
STRATEGY_STATE = np.dtype([("orders", "i8"), ("strategy_id", "i8"), ("working", "i8"),
                           ("last_report_seq", "i8")])

#: Per symbol: own position in shares, shares working on each side, whether the book is whole, and
#: what the venue said of it last (a SymbolStatus).
SYMBOL_STATE = np.dtype([("position", "i8"), ("working_buy", "i8"), ("working_sell", "i8"),
                         ("working", "i8"), ("valid", "i8"), ("last_order_ns", "i8"),
                         ("status", "i8")])

_BUY = int(Side.BUY)
_NONE = int(OrderStatus.NONE)
_PENDING_NEW, _UNKNOWN = int(OrderStatus.PENDING_NEW), int(OrderStatus.UNKNOWN)
_FILL = int(ReportType.FILL)
_CANCEL = int(ReportType.CANCEL)
_ACK = int(ReportType.ACK)
_REJECT = int(ReportType.REJECT)
_STATUS = int(ReportType.STATUS)
_NEVER_ARRIVED = int(RejectReason.NEVER_ARRIVED)
_DUPLICATE_ORDER = int(RejectReason.DUPLICATE_ORDER)
_REJECTED = int(OrderStatus.REJECTED)
_FILLED = int(OrderStatus.FILLED)
_CANCELED = int(OrderStatus.CANCELED)


def order_number(order_id: int) -> str:
    """How people read an order id: the strategy's own count."""
    return str(order_id % ORDER_ID_SPAN)


@kernel
def signed(side, quantity):
    """``quantity`` as a change of position: positive for a buy."""
    return quantity if side == _BUY else -quantity


@kernel
def _find(orders, order_id):
    rows = orders.size
    home = order_id % rows
    for step in range(rows):
        at = (home + step) % rows
        if orders[at].order_id == order_id:
            return at
        if orders[at].order_id == 0 and orders[at].status == _NONE:
            return np.int64(-1)
    return np.int64(-1)


@kernel
def _work(symbols, order, sign):
    """Adds (or with ``sign`` -1 takes away) an order's open shares to its symbol's sums."""
    symbol = symbols[order.symbol_id]
    symbol.working += sign
    if order.side == _BUY:
        symbol.working_buy += sign * order.leaves
    else:
        symbol.working_sell += sign * order.leaves


@kernel
def is_working(orders, order_id):
    """Whether the end of this order has not been heard."""
    return _find(orders, order_id) >= 0


@kernel
def has_room(state, orders):
    """Whether one more order can be entered."""
    return 2 * state.working < orders.size


@kernel
def enter(state, orders, symbols, symbol_id, side, quantity, price_e4, now_ns):
    """Takes the next order id and notes the order as pending. Returns the id, or 0: table full."""
    if not has_room(state, orders):
        return np.int64(0)
    state.orders += 1
    order_id = state.strategy_id * ORDER_ID_SPAN + state.orders
    at = order_id % orders.size
    while orders[at].order_id != 0:
        at = (at + 1) % orders.size
    order = orders[at]
    order.order_id = order_id
    order.sent_ns = now_ns
    order.price_e4 = price_e4
    order.symbol_id = symbol_id
    order.quantity = quantity
    order.leaves = quantity
    order.side = side
    order.status = _PENDING_NEW
    order.filled = 0
    state.working += 1
    symbols[symbol_id].last_order_ns = now_ns
    _work(symbols, order, 1)
    return order_id


@kernel
def _remove(state, orders, symbols, at):
    """Frees a place and moves later orders of the same run back, so that searches stay short."""
    _work(symbols, orders[at], -1)
    state.working -= 1
    rows = orders.size
    hole = at
    probe = at
    while True:
        probe = (probe + 1) % rows
        if orders[probe].order_id == 0:
            break
        home = orders[probe].order_id % rows
        if (probe - home) % rows >= (probe - hole) % rows:
            orders[hole] = orders[probe]
            hole = probe
    orders[hole].order_id = 0
    orders[hole].status = _NONE


@kernel
def _is_over(status):
    return status == _FILLED or status == _CANCELED or status == _REJECTED


@kernel
def _set_leaves(symbols, order, leaves):
    _work(symbols, order, -1)
    order.leaves = leaves
    _work(symbols, order, 1)


@kernel
def _believe_status(state, orders, symbols, at, report):
    """A STATUS counts only if the shares it calls traded are those that fills reported. Where they
    are more, fills are still on their way, and the order's end comes with them."""
    order = orders[at]
    if np.int64(report.cum_qty) != order.filled:
        return
    order.status = np.int64(report.order_status)
    if _is_over(order.status):
        _remove(state, orders, symbols, at)
    else:
        _set_leaves(symbols, order, np.int64(report.leaves_qty))


@kernel
def is_unanswered(order):
    """Whether the venue has said nothing about a working order yet, be it timed out."""
    return order.status == _PENDING_NEW or order.status == _UNKNOWN


@kernel
def apply_report(state, orders, symbols, report):
    """Applies an execution report (body record) to orders and positions.

    A fill counts even if its order is no longer known: the shares are ours. A STATUS, or that an
    order never arrived, may come any number of times. Returns whether the order was known.
    """
    order_id = np.int64(report.order_id)
    symbol_id = np.int64(report.symbol_id)
    kind = np.int64(report.report_type)
    reason = np.int64(report.reject_reason)
    state.last_report_seq = max(state.last_report_seq, np.int64(report.report_seq))
    if symbol_id >= symbols.size:
        return False
    if kind == _FILL:
        symbols[symbol_id].position += signed(np.int64(report.side), np.int64(report.exec_qty))
    at = _find(orders, order_id)
    if at < 0:
        return False
    order = orders[at]
    if kind == _STATUS:
        _believe_status(state, orders, symbols, at, report)
        return True
    if reason == _DUPLICATE_ORDER or reason == _NEVER_ARRIVED and not is_unanswered(order):
        return True  # said of another command with this order's id
    if kind == _FILL:
        order.filled += np.int64(report.exec_qty)
    status = np.int64(report.order_status)
    if _is_over(status):
        _remove(state, orders, symbols, at)
        return True
    if kind == _FILL or kind == _CANCEL:
        _set_leaves(symbols, order, np.int64(report.leaves_qty))
    if kind == _FILL or kind == _CANCEL or kind == _ACK or kind == _REJECT:
        order.status = status
    return True
