"""The matching engine: price-time priority, as kernels on one block of memory.

Calls change the book and append events (:data:`EVENT`): take them with :func:`pending_events` and
:func:`event_at`, then :func:`clear_events`. The book is at :func:`book_of`, for the kernels of
:mod:`actors.book`.

What the engine does, and every byte of every event, is a function of the calls alone: times and
references come in as arguments, numbers count up from 1.

Semantics, where venues differ, are those of OUCH 5.0 (Nasdaq, rev 1.04): a replacement's quantity
covers its whole chain, executed shares included, and it always loses priority; a cancel names the
size that shall remain possible in total, and keeps priority; what concerns an order that is gone
is ignored without an answer.

An order is refused before anything is changed, also when a bound of the book is reached. If one
order's executions do not fit among the events, the engine pauses until they are taken, which
changes nothing about what happens.

``engine`` is an address throughout (:attr:`Engine.address`); other arguments are integers. Calls
return a :class:`Status`.
"""

import numpy as np

from actors.book.book_view import first_order, mix, next_order, state_hash
from actors.book.memory import kernel
from actors.book.order_book import find_order, insert_at_tail, ladders_of, order_at, reduce_at
from actors.book.price_levels import (BUY, NO_RANK, best_rank, ladders_at, level_at, rank_of,
                                      side_at, side_row)
from actors.exchange.engine_state import (MAX_USER_REF, USER_REF_BITS, BookChange, CancelReason,
                                          EventKind, RefuseReason, Status, SymbolState)
from actors.exchange.matching_checks import (is_reference, key_of, refuse_for_room, refuse_order,
                                             refuse_terms, symbol_at)
from actors.exchange.matching_events import (book_of, clear_events, event_at, events_left,
                                             incoming_event, incoming_of, pending_events,
                                             rejected_event, resting_event, state_of)
from schemas.enums import OrderType, TimeInForce

__all__ = ["book_of", "cancel", "cancel_all", "cancel_at", "clear_events", "engine_hash",
           "event_at", "find", "pending_events", "replace", "resume", "submit"]

LIMIT = int(OrderType.LIMIT)
BY_USER = int(CancelReason.USER)
BY_INVALID_REPLACE = int(CancelReason.INVALID_REPLACE)
#: Room for events that a call needs to begin: its first, an execution, its last.
ROOM = 3


@kernel
def _ready(engine):
    """DONE if a call can begin now, else BUSY or EVENTS_FULL."""
    if incoming_of(engine).waiting:
        return Status.BUSY
    if events_left(engine) < ROOM:
        return Status.EVENTS_FULL
    return Status.DONE


@kernel
def _match(engine):
    """Execute the incoming order against the other side, best price and oldest order first.

    True if it stopped for want of room for events, one place of which it leaves free.
    """
    book = book_of(engine)
    incoming = incoming_of(engine)
    state = state_of(engine)
    ladders = ladders_of(book)
    other = side_at(ladders, side_row(incoming.symbol, incoming.side) ^ 1)
    while incoming.leaves > 0 and other.best_rank >= incoming.limit_rank:
        if events_left(engine) <= 1:
            return True
        slot = np.int64(level_at(ladders, np.int64(other.best_level)).head)
        order = order_at(book, slot)
        quantity = min(incoming.leaves, np.int64(order.quantity))
        incoming.leaves -= quantity
        incoming.executed += quantity
        order.executed += quantity
        reduce_at(book, slot, quantity)
        event = resting_event(engine, slot, EventKind.EXECUTED, BookChange.EXECUTE, quantity,
                              incoming.now_ns)
        event.contra_owner = incoming.key >> USER_REF_BITS
        event.contra_leaves = incoming.leaves
        event.contra_number = incoming.number
        event.contra_user_ref = incoming.key & MAX_USER_REF
        event.contra_tag = incoming.tag
        event.match_number = state.next_match
        state.next_match += 1
    return False


@kernel
def _rest(engine):
    """Put what is left of the incoming order into the book."""
    incoming = incoming_of(engine)
    book = book_of(engine)
    slot = insert_at_tail(book, incoming.key, incoming.symbol, incoming.side, incoming.price_e4,
                          incoming.leaves)
    order = order_at(book, slot)
    order.number = incoming.number
    order.entered_ns = incoming.now_ns
    order.executed = incoming.executed
    order.tag = incoming.tag
    change = BookChange.REPLACE if incoming.replaces > 0 else BookChange.ADD
    event = incoming_event(engine, EventKind.RESTED, change)
    event.contra_number = incoming.replaces


@kernel
def _run(engine):
    """Match the incoming order, then rest or cancel what is left of it. DONE or PAUSED."""
    incoming = incoming_of(engine)
    if _match(engine):
        incoming.waiting = 1
        return Status.PAUSED
    incoming.waiting = 0
    if incoming.leaves > 0:
        if incoming.rests:
            _rest(engine)
        else:
            event = incoming_event(engine, EventKind.CANCELED, BookChange.NONE)
            event.reason = CancelReason.IMMEDIATE
            event.leaves = 0
    return Status.DONE


@kernel
def _take_in(engine, key, symbol, side, order_type, price_e4, quantity, time_in_force, tag, now_ns):
    """Make these the terms of the incoming order, and give it its number."""
    incoming = incoming_of(engine)
    state = state_of(engine)
    incoming.key = key
    incoming.number = state.next_number
    state.next_number += 1
    incoming.replaces = 0
    incoming.now_ns = now_ns
    incoming.leaves = quantity
    incoming.executed = 0
    incoming.symbol = symbol
    incoming.tag = tag
    incoming.side = side
    if order_type == OrderType.MARKET:
        incoming.price_e4 = 0
        incoming.limit_rank = NO_RANK + 1
        incoming.rests = 0
    else:
        incoming.price_e4 = price_e4
        incoming.limit_rank = rank_of(side_row(symbol, side) ^ 1, price_e4)
        incoming.rests = time_in_force == TimeInForce.DAY


@kernel
def submit(engine, owner, user_ref, symbol, side, order_type, price_e4, quantity, time_in_force,
           tag, now_ns):
    """Enter an order. DONE, REJECTED, PAUSED, EVENTS_FULL or BUSY.

    ``owner`` (16 bits) and ``user_ref`` (47 bits) name the order from now on; ``tag`` (32 bits) is
    the caller's and comes back in every event about the order. A market order ignores its price
    and never rests. Events: ACCEPTED, EXECUTED ..., then RESTED, CANCELED (IMMEDIATE) or, if it
    executed in full, nothing; or REJECTED alone.
    """
    status = _ready(engine)
    if status != Status.DONE:
        return status
    reason = refuse_order(engine, owner, user_ref, symbol, side, order_type, price_e4, quantity,
                          time_in_force)
    if (reason == RefuseReason.NONE and order_type == OrderType.LIMIT
            and time_in_force == TimeInForce.DAY):
        reason = refuse_for_room(book_of(engine), symbol, side, price_e4, quantity, -1)
    if reason != RefuseReason.NONE:
        rejected_event(engine, reason, owner, user_ref, symbol, side, order_type, price_e4,
                       quantity, time_in_force, tag, now_ns)
        return Status.REJECTED
    _take_in(engine, key_of(owner, user_ref), symbol, side, order_type, price_e4, quantity,
             time_in_force, tag, now_ns)
    event = incoming_event(engine, EventKind.ACCEPTED, BookChange.NONE)
    event.order_type = order_type
    event.time_in_force = time_in_force
    return _run(engine)


@kernel
def resume(engine):
    """Go on with the order that PAUSED, once its events were taken. DONE, PAUSED or IGNORED."""
    if not incoming_of(engine).waiting:
        return Status.IGNORED
    return _run(engine)


@kernel
def find(engine, owner, user_ref):
    """The slot of an owner's resting order in ``Engine.book.orders``, or -1."""
    if not is_reference(owner, user_ref):
        return np.int64(-1)
    return find_order(book_of(engine), key_of(owner, user_ref))


@kernel
def _cancel_shares(engine, slot, quantity, reason, now_ns):
    change = BookChange.DELETE
    if quantity < order_at(book_of(engine), slot).quantity:
        change = BookChange.REDUCE
    reduce_at(book_of(engine), slot, quantity)
    event = resting_event(engine, slot, EventKind.CANCELED, change, quantity, now_ns)
    event.reason = reason


@kernel
def cancel_at(engine, slot, size, reason, now_ns):
    """Cancel the resting order at ``slot`` down to ``size`` shares in all, 0: entirely.

    ``size`` counts the shares executed already, over the order's whole chain: no more than
    ``size`` will ever have executed. DONE, or IGNORED when the order is that small already, or
    EVENTS_FULL or BUSY. Event: CANCELED. The slot must be in use.
    """
    status = _ready(engine)
    if status != Status.DONE:
        return status
    order = order_at(book_of(engine), slot)
    keep = max(np.int64(size) - np.int64(order.executed), 0) if size > 0 else np.int64(0)
    quantity = np.int64(order.quantity) - keep
    if quantity <= 0:
        return Status.IGNORED
    _cancel_shares(engine, slot, quantity, reason, now_ns)
    return Status.DONE


@kernel
def cancel(engine, owner, user_ref, size, now_ns):
    """Cancel an owner's order down to ``size`` shares, 0: entirely; see :func:`cancel_at`.

    IGNORED, without an event, when the order is not in the book.
    """
    slot = find(engine, owner, user_ref)
    if slot < 0:
        return Status.IGNORED
    return cancel_at(engine, slot, size, BY_USER, now_ns)


@kernel
def cancel_all(engine, owner, symbol, reason, now_ns):
    """Cancel every resting order of an owner (-1: of all) in a symbol (-1: in all).

    In the order in which they would execute, bids first. EVENTS_FULL: take the events and call
    again with the same arguments, until DONE. IGNORED when there is no such symbol.
    """
    book = book_of(engine)
    first = np.int64(0)
    end = ladders_at(ladders_of(book)).rows
    if symbol >= 0:
        if 2 * symbol >= end:
            return Status.IGNORED
        first = 2 * np.int64(symbol)
        end = first + 2
    for row in range(first, end):
        slot = first_order(book, row >> 1, BUY + (row & 1))
        while slot >= 0:
            following = next_order(book, slot)
            order = order_at(book, slot)
            if owner < 0 or order.key >> USER_REF_BITS == owner:
                status = _ready(engine)
                if status != Status.DONE:
                    return status
                _cancel_shares(engine, slot, np.int64(order.quantity), reason, now_ns)
            slot = following
    return Status.DONE


@kernel
def _leave_for(engine, slot, time_in_force):
    """Take the order at ``slot`` off the book in favour of the incoming one.

    The public book hears of it at once if the incoming order will execute or not rest; otherwise
    when it rests, as one replacement.
    """
    incoming = incoming_of(engine)
    book = book_of(engine)
    order = order_at(book, slot)
    change = BookChange.DELETE
    other = side_row(incoming.symbol, incoming.side) ^ 1
    if incoming.rests and best_rank(ladders_of(book), other) < incoming.limit_rank:
        change = BookChange.NONE
        incoming.replaces = order.number
    event = incoming_event(engine, EventKind.REPLACED, change)
    event.order_type = LIMIT
    event.time_in_force = time_in_force
    event.contra_owner = order.key >> USER_REF_BITS
    event.contra_leaves = order.quantity
    event.contra_number = order.number
    event.contra_user_ref = order.key & MAX_USER_REF
    event.contra_tag = order.tag
    reduce_at(book, slot, np.int64(order.quantity))


@kernel
def replace(engine, owner, user_ref, new_user_ref, price_e4, quantity, time_in_force, tag, now_ns):
    """Replace an owner's resting order by a new limit order that loses its priority.

    ``quantity`` is the most to execute over the whole chain; the new order is for what of that has
    not executed yet.

    * DONE or PAUSED: REPLACED, then as for :func:`submit` after ACCEPTED
    * CANCELED: the terms are impossible, or no more shares are wanted than have executed: the
      order is taken off the book, event CANCELED, and ``new_user_ref`` is not used up
    * REJECTED: the symbol is halted, or there is no room for the new order; the order stays
    * IGNORED: the order is not in the book, or ``new_user_ref`` is taken; no event
    * EVENTS_FULL or BUSY: not begun
    """
    status = _ready(engine)
    if status != Status.DONE:
        return status
    slot = find(engine, owner, user_ref)
    if slot < 0 or not is_reference(owner, new_user_ref) or find(engine, owner, new_user_ref) >= 0:
        return Status.IGNORED
    order = order_at(book_of(engine), slot)
    symbol = np.int64(order.symbol)
    side = np.int64(order.side)
    wanted = np.int64(quantity) - np.int64(order.executed)
    reason = refuse_terms(engine, symbol, LIMIT, price_e4, quantity, time_in_force)
    if reason != RefuseReason.NONE or wanted <= 0:
        why = BY_USER if reason == RefuseReason.NONE else BY_INVALID_REPLACE
        _cancel_shares(engine, slot, np.int64(order.quantity), why, now_ns)
        return Status.CANCELED
    if symbol_at(engine, symbol).state == SymbolState.HALTED:
        reason = RefuseReason.HALTED
    elif time_in_force == TimeInForce.DAY:
        reason = refuse_for_room(book_of(engine), symbol, side, price_e4, wanted, slot)
    if reason != RefuseReason.NONE:
        event = rejected_event(engine, reason, owner, new_user_ref, symbol, side, LIMIT,
                               price_e4, quantity, time_in_force, tag, now_ns)
        event.number = order.number
        event.contra_user_ref = user_ref
        return Status.REJECTED
    _take_in(engine, key_of(owner, new_user_ref), symbol, side, LIMIT, price_e4, wanted,
             time_in_force, tag, now_ns)
    incoming_of(engine).executed = order.executed
    _leave_for(engine, slot, time_in_force)
    return _run(engine)


@kernel
def engine_hash(engine):
    """A uint64 fingerprint of the book and of the next order and match numbers."""
    state = state_of(engine)
    hashed = state_hash(book_of(engine))
    hashed = mix(hashed, state.next_number)
    return mix(hashed, state.next_match)
