"""Cancels of many orders at once: an owner's, those whose time is over, those of the day. Kernels.

A sweep goes through the book in the order in which orders would execute, bids first, displayed ones
before hidden ones. When the events are full it returns EVENTS_FULL: take them and call again with
the same arguments, until DONE.
"""

from enum import IntEnum

import numpy as np

from actors.book.book_view import first_in_row, next_order
from actors.book.memory import kernel
from actors.book.order_book import ladders_of, order_at
from actors.book.price_levels import ladders_at
from actors.exchange.engine_state import (USER_REF_BITS, Attribute, CancelMode, CancelReason,
                                          EventKind, Status)
from actors.exchange.matching_events import (book_of, leaves_of, readiness, state_of, symbol_at,
                                             terms_at)
from actors.exchange.matching_resting import take_off

__all__ = ["CLIENTS", "EVERYBODY", "Sweep", "cancel_all", "sweep"]

CANCELED = np.int64(EventKind.CANCELED)
GTC, EXPIRES = int(Attribute.GTC), int(Attribute.EXPIRES)
PENDING = int(Attribute.CANCEL_PENDING)
BY_USER, TAKEN = int(CancelReason.USER), int(CancelMode.TAKEN)
#: In place of an owner: all of them; all but number 0.
EVERYBODY, CLIENTS = -1, -2


class Sweep(IntEnum):
    """Which orders a sweep means."""

    ALL = 0
    EXPIRED = 1  #: those that expire at the given second, or before
    PENDING = 2  #: those whose cancel waits
    DAY = 3      #: those that are not good till canceled


ALL = np.int64(Sweep.ALL)


@kernel
def _is_meant(engine, slot, which, second):
    attributes = order_at(book_of(engine), slot).attributes
    if which == Sweep.DAY:
        return attributes & GTC == 0
    if which == Sweep.PENDING:
        return attributes & PENDING != 0
    if which == Sweep.EXPIRED:
        return attributes & EXPIRES != 0 and terms_at(engine, slot).expires_s <= second
    return True


@kernel
def _is_owners(engine, slot, owner):
    if owner == EVERYBODY:
        return True
    has = order_at(book_of(engine), slot).key >> USER_REF_BITS
    return has > 0 if owner == CLIENTS else has == owner


@kernel
def sweep(engine, owner, symbol, which, second, reason, now_ns):
    """Cancel the resting orders of an owner (EVERYBODY, CLIENTS) in a symbol (-1: in all) that
    ``which``, a :class:`Sweep`, means. An owner who asks (USER) gets none in symbols that do not
    take cancels now. DONE, EVENTS_FULL or BUSY; IGNORED when there is no such symbol."""
    book = book_of(engine)
    header = ladders_at(ladders_of(book))
    hidden = np.int64(header.hidden)
    if 2 * symbol >= hidden:
        return Status.IGNORED
    for row in range(np.int64(header.rows)):
        of = (row % hidden) >> 1
        if symbol >= 0 and of != symbol:
            continue
        if reason == BY_USER and symbol_at(engine, of).cancels != TAKEN:
            continue
        slot = first_in_row(book, row)
        while slot >= 0:
            following = next_order(book, slot)
            if _is_owners(engine, slot, owner) and _is_meant(engine, slot, which, second):
                status = readiness(engine)
                if status != Status.DONE:
                    return status
                event = take_off(engine, slot, leaves_of(engine, slot), CANCELED, now_ns)
                event.reason = reason
            slot = following
    if which == Sweep.EXPIRED:
        _find_next_expiry(engine)
    return Status.DONE


@kernel
def _find_next_expiry(engine):
    """Note when the next order expires."""
    state, book = state_of(engine), book_of(engine)
    state.expires_s = 0
    for row in range(np.int64(ladders_at(ladders_of(book)).rows)):
        slot = first_in_row(book, row)
        while slot >= 0:
            if order_at(book, slot).attributes & EXPIRES:
                second = np.int64(terms_at(engine, slot).expires_s)
                if state.expires_s == 0 or second < state.expires_s:
                    state.expires_s = second
            slot = next_order(book, slot)


@kernel
def cancel_all(engine, owner, symbol, reason, now_ns):
    """Cancel every resting order of an owner (-1: of all) in a symbol (-1: in all); see
    :func:`sweep`."""
    return sweep(engine, owner, symbol, ALL, ALL, reason, now_ns)
