"""How the matching engine writes its events. Kernels; see EVENT for what each kind of event has."""

import numpy as np

from actors.book.memory import kernel, record_at
from actors.book.order_book import order_at
from actors.exchange.engine_state import (BOOK_AT, ENGINE, EVENT, INCOMING, INCOMING_AT,
                                          MAX_USER_REF, OWNER, SYMBOL, TERMS, USER_REF_BITS,
                                          Attribute, BookChange, EventKind, Status)

__all__ = ["book_of", "clear_events", "event_at", "events_left", "executed_event",
           "incoming_event", "incoming_of", "leaves_of", "owner_at", "pending_events", "readiness",
           "rejected_event", "resting_event", "state_of", "symbol_at", "terms_at"]

HIDDEN, RESERVE = int(Attribute.HIDDEN), int(Attribute.RESERVE)
EXECUTED = np.int64(EventKind.EXECUTED)
#: Room for events that a call needs to begin: its first, an execution, its last.
ROOM = 3


@kernel
def state_of(engine):
    """The ENGINE record of the engine at this address."""
    return record_at(engine, 0, ENGINE)


@kernel
def incoming_of(engine):
    """The INCOMING record: the order being worked on."""
    return record_at(engine + INCOMING_AT, 0, INCOMING)


@kernel
def book_of(engine):
    """The address of the engine's order book."""
    return engine + BOOK_AT


@kernel
def symbol_at(engine, symbol):
    """The SYMBOL record of a symbol."""
    return record_at(engine + state_of(engine).symbols_at, symbol, SYMBOL)


@kernel
def owner_at(engine, owner):
    """The OWNER record of an owner."""
    return record_at(engine + state_of(engine).owners_at, owner, OWNER)


@kernel
def terms_at(engine, slot):
    """The TERMS record beside a slot of the order pool."""
    return record_at(engine + state_of(engine).terms_at, slot, TERMS)


@kernel
def leaves_of(engine, slot):
    """What the order at ``slot`` has left, its reserve included."""
    order = order_at(book_of(engine), slot)
    leaves = np.int64(order.quantity)
    if order.attributes & RESERVE:
        leaves += np.int64(terms_at(engine, slot).reserve)
    return leaves


@kernel
def pending_events(engine):
    """How many events wait to be taken."""
    return state_of(engine).pending


@kernel
def event_at(engine, n):
    """The ``n``-th EVENT record that waits to be taken, 0 the oldest."""
    return record_at(engine + state_of(engine).events_at, n, EVENT)


@kernel
def clear_events(engine):
    """Forget the events: they were taken."""
    state_of(engine).pending = 0


@kernel
def events_left(engine):
    """For how many more events there is room."""
    state = state_of(engine)
    return state.events - state.pending


@kernel
def readiness(engine):
    """DONE if a call can begin now, else BUSY or EVENTS_FULL."""
    if incoming_of(engine).waiting:
        return Status.BUSY
    if events_left(engine) < ROOM:
        return Status.EVENTS_FULL
    return Status.DONE


@kernel
def _next_event(engine, kind, book_change, now_ns):
    """A blank event, already counted."""
    state = state_of(engine)
    event = event_at(engine, state.pending)
    state.pending += 1
    event.kind = kind
    event.side = 0
    event.book_change = book_change
    event.reason = 0
    event.order_type = 0
    event.time_in_force = 0
    event.owner = 0
    event.contra_owner = 0
    event.symbol = 0
    event.quantity = 0
    event.leaves = 0
    event.contra_leaves = 0
    event.tag = 0
    event.number = 0
    event.user_ref = 0
    event.price_e4 = 0
    event.time_ns = now_ns
    event.contra_number = 0
    event.contra_user_ref = 0
    event.match_number = 0
    event.contra_tag = 0
    event.shown = 0
    return event


@kernel
def incoming_event(engine, kind, book_change):
    """An event about the incoming order."""
    incoming = incoming_of(engine)
    event = _next_event(engine, np.int64(kind), book_change, incoming.now_ns)
    event.side = incoming.side
    event.owner = incoming.key >> USER_REF_BITS
    event.symbol = incoming.symbol
    event.quantity = incoming.leaves
    event.leaves = incoming.leaves
    event.tag = incoming.tag
    event.number = incoming.number
    event.user_ref = incoming.key & MAX_USER_REF
    event.price_e4 = incoming.price_e4
    return event


@kernel
def resting_event(engine, slot, kind, book_change, quantity, now_ns):
    """An event about ``quantity`` shares of the order at ``slot``; its leaves are as now.

    They are shown, unless the order is hidden.
    """
    order = order_at(book_of(engine), slot)
    event = _next_event(engine, kind, book_change, now_ns)
    event.side = order.side
    event.owner = order.key >> USER_REF_BITS
    event.symbol = order.symbol
    event.quantity = quantity
    event.leaves = order.quantity
    event.tag = order.tag
    event.number = order.number
    event.user_ref = order.key & MAX_USER_REF
    event.price_e4 = order.price_e4
    event.shown = quantity
    if order.attributes != 0:
        event.leaves = leaves_of(engine, slot)
        if order.attributes & HIDDEN:
            event.shown = 0
    return event


@kernel
def executed_event(engine, slot, book_change, quantity):
    """The event of a fill between the order at ``slot`` and the incoming one, with a number."""
    incoming = incoming_of(engine)
    state = state_of(engine)
    event = resting_event(engine, slot, EXECUTED, book_change, quantity, incoming.now_ns)
    event.contra_owner = incoming.key >> USER_REF_BITS
    event.contra_leaves = incoming.leaves
    event.contra_number = incoming.number
    event.contra_user_ref = incoming.key & MAX_USER_REF
    event.contra_tag = incoming.tag
    event.match_number = state.next_match
    state.next_match += 1


@kernel
def rejected_event(engine, reason, owner, user_ref, symbol, side, order_type, price_e4, quantity,
                   time_in_force, tag, now_ns):
    """An event about an order that is none, as it was asked for."""
    event = _next_event(engine, np.int64(EventKind.REJECTED), BookChange.NONE, now_ns)
    event.side = side
    event.reason = reason
    event.order_type = order_type
    event.time_in_force = time_in_force
    event.owner = owner
    event.symbol = symbol
    event.quantity = quantity
    event.tag = tag
    event.user_ref = user_ref
    event.price_e4 = price_e4
    return event
