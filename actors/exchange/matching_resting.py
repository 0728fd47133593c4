"""What the matching engine does to orders in the book, and the events of it. Kernels."""

import numpy as np

from actors.book.memory import kernel
from actors.book.order_book import insert_in_row, order_at, reduce_at, requeue_at
from actors.exchange.engine_state import Attribute, BookChange, EventKind
from actors.exchange.matching_checks import row_of
from actors.exchange.matching_events import (book_of, executed_event, incoming_event, incoming_of,
                                             leaves_of, resting_event, state_of, terms_at)

__all__ = ["fill_and_refresh", "rest", "take_off"]

REFRESHED = np.int64(EventKind.REFRESHED)
HIDDEN, RESERVE, MINIMUM = int(Attribute.HIDDEN), int(Attribute.RESERVE), int(Attribute.MINIMUM)
EXPIRES = int(Attribute.EXPIRES)


@kernel
def take_off(engine, slot, quantity, kind, now_ns):
    """Take ``quantity`` shares, all at most, off the order at ``slot``, its reserve first; it keeps
    its place. Returns the event, of ``kind``."""
    book = book_of(engine)
    order = order_at(book, slot)
    shown = np.int64(quantity)
    if order.attributes & RESERVE:
        terms = terms_at(engine, slot)
        waiting = min(shown, np.int64(terms.reserve))
        terms.reserve -= waiting
        shown -= waiting
        if terms.reserve == 0:
            order.attributes -= RESERVE
    change = BookChange.DELETE
    if shown < order.quantity:
        change = BookChange.REDUCE if shown > 0 else BookChange.NONE
    if order.attributes & HIDDEN:
        change = BookChange.NONE
    if shown > 0:
        reduce_at(book, slot, shown)
    event = resting_event(engine, slot, kind, change, quantity, now_ns)
    event.shown = 0 if change == BookChange.NONE else shown
    return event


@kernel
def _expect_expiry(engine, second):
    """An order expires then."""
    state = state_of(engine)
    if state.expires_s == 0 or second < state.expires_s:
        state.expires_s = second


@kernel
def rest(engine):
    """Put what is left of the incoming order into the book."""
    incoming = incoming_of(engine)
    book = book_of(engine)
    shown = incoming.leaves
    attributes = np.int64(incoming.attributes)
    if 0 < incoming.display < shown:
        shown = np.int64(incoming.display)
        attributes |= RESERVE
    row = row_of(book, np.int64(incoming.symbol), np.int64(incoming.side), attributes)
    slot = insert_in_row(book, incoming.key, row, incoming.symbol, incoming.side,
                         incoming.price_e4, shown)
    order = order_at(book, slot)
    order.number = incoming.number
    order.entered_ns = incoming.now_ns
    order.executed = incoming.executed
    order.tag = incoming.tag
    change = BookChange.REPLACE if incoming.replaces > 0 else BookChange.ADD
    if attributes | incoming.minimum | incoming.expires_s:
        if incoming.minimum > 0:
            attributes |= MINIMUM
        if incoming.expires_s > 0:
            attributes |= EXPIRES
            _expect_expiry(engine, np.int64(incoming.expires_s))
        order.attributes = attributes
        terms = terms_at(engine, slot)
        terms.expires_s = incoming.expires_s
        terms.reserve = incoming.leaves - shown
        terms.display = incoming.display
        terms.minimum = incoming.minimum
        if attributes & HIDDEN:
            change = BookChange.NONE
            shown = np.int64(0)
    event = incoming_event(engine, EventKind.RESTED, change)
    event.contra_number = incoming.replaces
    event.shown = shown


@kernel
def fill_and_refresh(engine, slot, quantity):
    """Execute all that the order at ``slot`` displays, and display some of its reserve, under a new
    number and behind all others at its price. Two events."""
    book = book_of(engine)
    order = order_at(book, slot)
    terms = terms_at(engine, slot)
    state = state_of(engine)
    shown = min(np.int64(terms.display), np.int64(terms.reserve))
    terms.reserve -= shown
    if terms.reserve == 0:
        order.attributes -= RESERVE
    requeue_at(book, slot, shown)
    executed_event(engine, slot, BookChange.EXECUTE, quantity)
    number = order.number
    order.number = state.next_number
    state.next_number += 1
    event = resting_event(engine, slot, REFRESHED, BookChange.ADD, leaves_of(engine, slot),
                          incoming_of(engine).now_ns)
    event.contra_number = number
    event.shown = shown
