"""Symbols whose orders cannot be canceled for now, as orders of a cross cannot late before it.

OUCH has two answers to a cancel then. *Cancel Pending*: it will be carried out once cancels are
taken again, unless the order executes before. *Cancel Reject*: it will not. Which one is the
symbol's :class:`CancelMode`, which the operator sets. A cancel of a part, and a Modify, cannot
pend and are rejected; a Replace is rejected and its order stays. The venue itself may cancel all
the same: for a disconnected account, at the end of an order's time or of the day. Kernels.
"""

import numpy as np

from actors.book.book_view import first_in_row, next_order
from actors.book.memory import kernel
from actors.book.order_book import ladders_of, order_at
from actors.book.price_levels import ladders_at
from actors.exchange.engine_state import (
    MAX_USER_REF, USER_REF_BITS, Attribute, CancelMode, CancelReason, Status,
)
from actors.exchange.matching_events import book_of, symbol_at
from actors.exchange.matching_sweeps import CLIENTS, Sweep, sweep
from actors.exchange.order_replies import settle
from actors.exchange.ouch42_replies import deliver
from actors.exchange.sequenced_log import message_address
from actors.exchange.venue import Counter, bump, log_at, venue_at
from schemas.venue import ouch50

__all__ = ["answer_frozen", "answer_frozen_orders", "freeze_cancels", "is_frozen",
           "refuse_frozen_replace"]

_TAKEN, _PENDING = int(CancelMode.TAKEN), int(CancelMode.PENDING)
_WAITS = int(Attribute.CANCEL_PENDING)
_CANCEL_PENDING = int(ouch50.RejectReason.CANCEL_PENDING)
_NO_CANCEL = int(ouch50.RejectReason.CANCEL_NOT_ALLOWED)
_CLIENTS, _PENDING_ONES = np.int64(CLIENTS), np.int64(Sweep.PENDING)
_BY_USER, _NO_REQUEST, _NO_TIME = np.int64(CancelReason.USER), np.int64(0), np.int64(0)


@kernel
def is_frozen(venue, slot):
    """Whether the order at ``slot`` of the engine cannot be canceled by its owner now."""
    engine = venue_at(venue).engine
    return symbol_at(engine, np.int64(order_at(book_of(engine), slot).symbol)).cancels != _TAKEN


@kernel
def answer_frozen(venue, slot, whole, stamp_ns):
    """Answer a cancel, of the ``whole`` of the order at ``slot`` or of a part, that is frozen."""
    engine = venue_at(venue).engine
    order = order_at(book_of(engine), slot)
    owner, user_ref = order.key >> USER_REF_BITS, order.key & MAX_USER_REF
    message = message_address(log_at(venue, owner))
    if whole and symbol_at(engine, np.int64(order.symbol)).cancels == _PENDING:
        order.attributes |= _WAITS
        deliver(venue, owner, ouch50.put_cancel_pending(message, stamp_ns, user_ref))
        bump(venue, Counter.CANCELS_PENDING, 1)
    else:
        deliver(venue, owner, ouch50.put_cancel_reject(message, stamp_ns, user_ref))
        bump(venue, Counter.CANCELS_REJECTED, 1)


@kernel
def answer_frozen_orders(venue, account, symbol, stamp_ns):
    """Answer a Mass Cancel of an account's orders in a symbol (-1: in all), as far as they are
    frozen."""
    engine = venue_at(venue).engine
    book = book_of(engine)
    header = ladders_at(ladders_of(book))
    hidden = np.int64(header.hidden)
    for row in range(np.int64(header.rows)):
        of = (row % hidden) >> 1
        if symbol >= 0 and of != symbol or symbol_at(engine, of).cancels == _TAKEN:
            continue
        slot = first_in_row(book, row)
        while slot >= 0:
            if order_at(book, slot).key >> USER_REF_BITS == account + 1:
                answer_frozen(venue, slot, True, stamp_ns)
            slot = next_order(book, slot)


@kernel
def refuse_frozen_replace(venue, slot):
    """The code that refuses a Replace of the order at ``slot`` for now, or 0."""
    if not is_frozen(venue, slot):
        return 0
    order = order_at(book_of(venue_at(venue).engine), slot)
    return _CANCEL_PENDING if order.attributes & _WAITS else _NO_CANCEL


@kernel
def freeze_cancels(venue, symbol, mode, stamp_ns):
    """Let cancels in a symbol be as ``mode`` says. When they are taken again, those that wait are
    carried out. False, and nothing is done, if that is so already."""
    engine = venue_at(venue).engine
    listing = symbol_at(engine, symbol)
    if listing.cancels == mode:
        return False
    listing.cancels = mode
    if mode == _TAKEN:
        while settle(venue, sweep(engine, _CLIENTS, symbol, _PENDING_ONES, _NO_TIME,
                                  _BY_USER, stamp_ns), _NO_REQUEST) == Status.EVENTS_FULL:
            pass
    return True
