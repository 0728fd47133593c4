"""The matching engine: price-time priority, as kernels on arrays.

Calls change the book and append events to ``engine.events``; :func:`clear_events` after they are
taken. What the engine does, and every byte of every event, is a function of the calls alone: times
and references come in as arguments, numbers count up from 1.

Semantics, where venues differ, are those of OUCH 5.0 (Nasdaq, rev 1.04): a replacement's quantity
covers its whole chain, executed shares included, and it always loses priority; a cancel names the
size that shall remain possible in total, and keeps priority; what concerns an order that is gone
is ignored without an answer.

An order is refused before anything is changed, also when a bound of the book is reached: first it
is established that what would remain of it can rest. If one order's executions do not fit among
the events, the engine pauses, which changes nothing about what happens, only when.
"""

import numpy as np

from actors.book.book_view import first_order, mix, next_order, state_hash
from actors.book.memory import kernel
from actors.book.order_book import insert_at_tail, reduce_at
from actors.book.order_map import map_get
from actors.book.price_levels import (BUY, NO_RANK, SELL, find_level, nth_level, rank_of, side_row)
from actors.exchange.engine_state import (MAX_OWNER, MAX_USER_REF, USER_REF_BITS, BookChange,
                                          CancelReason, EventKind, RefuseReason, Status,
                                          SymbolState)
from schemas.enums import OrderType, TimeInForce

__all__ = ["cancel", "cancel_all", "cancel_at", "clear_events", "engine_hash", "find", "replace",
           "resume", "submit"]

DONE, REJECTED, IGNORED = int(Status.DONE), int(Status.REJECTED), int(Status.IGNORED)
CANCELED, PAUSED, BUSY = int(Status.CANCELED), int(Status.PAUSED), int(Status.BUSY)
EVENTS_FULL = int(Status.EVENTS_FULL)

LIMIT, MARKET = int(OrderType.LIMIT), int(OrderType.MARKET)
DAY, IOC = int(TimeInForce.DAY), int(TimeInForce.IOC)
UNLISTED, HALTED = int(SymbolState.UNLISTED), int(SymbolState.HALTED)

EVENT_ACCEPTED, EVENT_EXECUTED = int(EventKind.ACCEPTED), int(EventKind.EXECUTED)
EVENT_RESTED, EVENT_CANCELED = int(EventKind.RESTED), int(EventKind.CANCELED)
EVENT_REPLACED, EVENT_REJECTED = int(EventKind.REPLACED), int(EventKind.REJECTED)

BOOK_ADD, BOOK_EXECUTE = int(BookChange.ADD), int(BookChange.EXECUTE)
BOOK_REDUCE, BOOK_DELETE = int(BookChange.REDUCE), int(BookChange.DELETE)
BOOK_REPLACE, BOOK_SAME = int(BookChange.REPLACE), int(BookChange.NONE)

USER, IMMEDIATE = int(CancelReason.USER), int(CancelReason.IMMEDIATE)
INVALID_REPLACE = int(CancelReason.INVALID_REPLACE)

NOT_REFUSED = int(RefuseReason.NONE)
REFUSE_SYMBOL, REFUSE_SIDE = int(RefuseReason.BAD_SYMBOL), int(RefuseReason.BAD_SIDE)
REFUSE_TYPE = int(RefuseReason.BAD_ORDER_TYPE)
REFUSE_TIME_IN_FORCE = int(RefuseReason.BAD_TIME_IN_FORCE)
REFUSE_PRICE, REFUSE_QUANTITY = int(RefuseReason.BAD_PRICE), int(RefuseReason.BAD_QUANTITY)
REFUSE_REFERENCE = int(RefuseReason.BAD_REFERENCE)
REFUSE_DUPLICATE, REFUSE_HALTED = int(RefuseReason.DUPLICATE_REF), int(RefuseReason.HALTED)
REFUSE_ORDERS_FULL = int(RefuseReason.ORDERS_FULL)
REFUSE_LEVELS_FULL = int(RefuseReason.LEVELS_FULL)

#: Events that a call may make besides executions: its first and its last.
ENDS = 2


# --- events -----------------------------------------------------------------------------------


@kernel
def _key(owner, user_ref):
    return (np.int64(owner) << USER_REF_BITS) | np.int64(user_ref)


@kernel
def _next_event(engine, kind, book_change, now_ns):
    """A blank event, already counted."""
    state = engine.state[0]
    event = engine.events[state.events]
    state.events += 1
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
    return event


@kernel
def _incoming_event(engine, kind, book_change):
    """An event about the incoming order."""
    incoming = engine.incoming[0]
    event = _next_event(engine, kind, book_change, incoming.now_ns)
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
def _resting_event(engine, slot, kind, book_change, quantity, now_ns):
    """An event about ``quantity`` shares of the order at ``slot``; its leaves are as now."""
    order = engine.book.orders[slot]
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
    return event


@kernel
def _rejected_event(engine, reason, owner, user_ref, symbol, side, order_type, price_e4, quantity,
                    time_in_force, tag, now_ns):
    event = _next_event(engine, EVENT_REJECTED, BOOK_SAME, now_ns)
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


@kernel
def clear_events(engine):
    """Forget the events: they were taken."""
    engine.state[0].events = 0


@kernel
def _not_ready(engine):
    """BUSY or EVENTS_FULL if a call cannot begin now, else DONE."""
    if engine.incoming[0].waiting:
        return BUSY
    if engine.state[0].events + ENDS + 1 > engine.events.size:
        return EVENTS_FULL
    return DONE


# --- what is refused --------------------------------------------------------------------------


@kernel
def _refuse_terms(engine, symbol, order_type, price_e4, quantity, time_in_force):
    """Why a listed symbol does not trade on these terms, or NOT_REFUSED."""
    listing = engine.symbols[symbol]
    if order_type != LIMIT and order_type != MARKET:
        return REFUSE_TYPE
    if time_in_force != DAY and time_in_force != IOC:
        return REFUSE_TIME_IN_FORCE
    if quantity < 1 or quantity > listing.max_quantity:
        return REFUSE_QUANTITY
    if order_type == LIMIT:
        if price_e4 < 1 or price_e4 > listing.max_price_e4:
            return REFUSE_PRICE
        if listing.tick_e4 > 1 and price_e4 % listing.tick_e4 != 0:
            return REFUSE_PRICE
    return NOT_REFUSED


@kernel
def _refuse_order(engine, owner, user_ref, symbol, side, order_type, price_e4, quantity,
                  time_in_force):
    """Why this cannot be an order, or NOT_REFUSED."""
    if owner < 0 or owner > MAX_OWNER or user_ref < 0 or user_ref > MAX_USER_REF:
        return REFUSE_REFERENCE
    if symbol < 0 or symbol >= engine.symbols.size:
        return REFUSE_SYMBOL
    state = engine.symbols[symbol].state
    if state == UNLISTED:
        return REFUSE_SYMBOL
    if state == HALTED:
        return REFUSE_HALTED
    if side != BUY and side != SELL:
        return REFUSE_SIDE
    reason = _refuse_terms(engine, symbol, order_type, price_e4, quantity, time_in_force)
    if reason != NOT_REFUSED:
        return reason
    if map_get(engine.book.index, _key(owner, user_ref)) >= 0:
        return REFUSE_DUPLICATE
    return NOT_REFUSED


@kernel
def _fills(book, row, limit_rank, quantity):
    """Whether the side at ``row`` has ``quantity`` at ranks of ``limit_rank`` or better."""
    n = 0
    while quantity > 0:
        index = nth_level(book.ladders, row, n)
        if index < 0:
            return False
        level = book.ladders.levels[index]
        if rank_of(row, level.price_e4) < limit_rank:
            return False
        quantity -= level.quantity
        n += 1
    return True


@kernel
def _refuse_for_room(book, symbol, side, price_e4, quantity, replaced):
    """Why what remains of a limit order could not rest, or NOT_REFUSED.

    ``replaced`` is the slot of the order that makes way for it, or -1. An order that executes and
    yet remains has emptied at least one level of the other side, so it frees a slot and a level.
    """
    row = side_row(symbol, side)
    ladder = book.ladders.sides[row]
    orders_free = np.int64(book.pool[0].available)
    levels_free = np.int64(book.ladders.pool[0].available)
    rungs_free = np.int64(ladder.capacity) - ladder.depth
    if orders_free > 0 and levels_free > 0 and rungs_free > 0:
        return NOT_REFUSED

    other = row ^ 1
    limit_rank = rank_of(other, price_e4)
    if book.ladders.sides[other].best_rank >= limit_rank:
        if _fills(book, other, limit_rank, quantity):
            return NOT_REFUSED
        orders_free += 1
        levels_free += 1
    level = find_level(book.ladders, row, price_e4)
    if replaced >= 0:
        orders_free += 1
        old_level = np.int64(book.orders[replaced].level)
        if book.ladders.levels[old_level].orders == 1:
            levels_free += 1
            rungs_free += 1
            if level == old_level:
                level = -1
    if orders_free <= 0:
        return REFUSE_ORDERS_FULL
    if level < 0 and (levels_free <= 0 or rungs_free <= 0):
        return REFUSE_LEVELS_FULL
    return NOT_REFUSED


# --- matching ---------------------------------------------------------------------------------


@kernel
def _match(engine):
    """Execute the incoming order against the other side, best price and oldest order first.

    True if it stopped for want of room for events, one place of which it leaves free.
    """
    book = engine.book
    incoming = engine.incoming[0]
    state = engine.state[0]
    other = side_row(incoming.symbol, incoming.side) ^ 1
    ladder = book.ladders.sides[other]
    while incoming.leaves > 0 and ladder.best_rank >= incoming.limit_rank:
        if state.events + 1 >= engine.events.size:
            return True
        slot = np.int64(book.ladders.levels[ladder.best_level].head)
        order = book.orders[slot]
        quantity = min(incoming.leaves, np.int64(order.quantity))
        incoming.leaves -= quantity
        incoming.executed += quantity
        order.executed += quantity
        reduce_at(book, slot, quantity)
        event = _resting_event(engine, slot, EVENT_EXECUTED, BOOK_EXECUTE, quantity,
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
    incoming = engine.incoming[0]
    slot = insert_at_tail(engine.book, incoming.key, incoming.symbol, incoming.side,
                          incoming.price_e4, incoming.leaves)
    order = engine.book.orders[slot]
    order.number = incoming.number
    order.entered_ns = incoming.now_ns
    order.executed = incoming.executed
    order.tag = incoming.tag
    if incoming.replaces > 0:
        event = _incoming_event(engine, EVENT_RESTED, BOOK_REPLACE)
        event.contra_number = incoming.replaces
    else:
        _incoming_event(engine, EVENT_RESTED, BOOK_ADD)


@kernel
def _run(engine):
    """Match the incoming order, then rest or cancel what is left of it. DONE or PAUSED."""
    incoming = engine.incoming[0]
    if _match(engine):
        incoming.waiting = 1
        return PAUSED
    incoming.waiting = 0
    if incoming.leaves > 0:
        if incoming.rests:
            _rest(engine)
        else:
            event = _incoming_event(engine, EVENT_CANCELED, BOOK_SAME)
            event.reason = IMMEDIATE
            event.leaves = 0
            incoming.leaves = 0
    return DONE


@kernel
def _take_in(engine, key, symbol, side, order_type, price_e4, quantity, time_in_force, tag, now_ns):
    """Make these the terms of the incoming order, and give it its number."""
    incoming = engine.incoming[0]
    state = engine.state[0]
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
    if order_type == MARKET:
        incoming.price_e4 = 0
        incoming.limit_rank = NO_RANK + 1
        incoming.rests = 0
    else:
        incoming.price_e4 = price_e4
        incoming.limit_rank = rank_of(side_row(symbol, side) ^ 1, price_e4)
        incoming.rests = time_in_force == DAY


# --- the engine's calls -----------------------------------------------------------------------


@kernel
def submit(engine, owner, user_ref, symbol, side, order_type, price_e4, quantity, time_in_force,
           tag, now_ns):
    """Enter an order. Returns a Status: DONE, REJECTED, PAUSED, EVENTS_FULL or BUSY.

    ``owner`` (16 bits) and ``user_ref`` (47 bits) name the order from now on; ``tag`` (32 bits) is
    the caller's and comes back in every event about the order. A market order ignores its price
    and never rests. Events: ACCEPTED, EXECUTED ..., then RESTED, CANCELED (IMMEDIATE) or, if it
    executed in full, nothing; or REJECTED alone.
    """
    status = _not_ready(engine)
    if status != DONE:
        return status
    reason = _refuse_order(engine, owner, user_ref, symbol, side, order_type, price_e4, quantity,
                           time_in_force)
    if reason == NOT_REFUSED and order_type == LIMIT and time_in_force == DAY:
        reason = _refuse_for_room(engine.book, symbol, side, price_e4, quantity, -1)
    if reason != NOT_REFUSED:
        _rejected_event(engine, reason, owner, user_ref, symbol, side, order_type, price_e4,
                        quantity, time_in_force, tag, now_ns)
        return REJECTED
    _take_in(engine, _key(owner, user_ref), symbol, side, order_type, price_e4, quantity,
             time_in_force, tag, now_ns)
    event = _incoming_event(engine, EVENT_ACCEPTED, BOOK_SAME)
    event.order_type = order_type
    event.time_in_force = time_in_force
    return _run(engine)


@kernel
def resume(engine):
    """Go on with the order that PAUSED, once its events were taken. DONE, PAUSED or IGNORED."""
    if not engine.incoming[0].waiting:
        return IGNORED
    return _run(engine)


@kernel
def find(engine, owner, user_ref):
    """The slot of an owner's resting order in ``engine.book.orders``, or -1."""
    if owner < 0 or owner > MAX_OWNER or user_ref < 0 or user_ref > MAX_USER_REF:
        return np.int64(-1)
    return map_get(engine.book.index, _key(owner, user_ref))


@kernel
def _cancel_shares(engine, slot, quantity, reason, now_ns):
    order = engine.book.orders[slot]
    change = BOOK_REDUCE if quantity < order.quantity else BOOK_DELETE
    reduce_at(engine.book, slot, quantity)
    event = _resting_event(engine, slot, EVENT_CANCELED, change, quantity, now_ns)
    event.reason = reason


@kernel
def cancel_at(engine, slot, size, reason, now_ns):
    """Cancel the resting order at ``slot`` down to ``size`` shares in all, 0: entirely.

    ``size`` counts the shares executed already, over the order's whole chain: no more than
    ``size`` will ever have executed. DONE, or IGNORED when the order is that small already, or
    EVENTS_FULL or BUSY. Event: CANCELED. The slot must be in use.
    """
    status = _not_ready(engine)
    if status != DONE:
        return status
    order = engine.book.orders[slot]
    keep = np.int64(size) - np.int64(order.executed) if size > 0 else np.int64(0)
    quantity = np.int64(order.quantity) - max(keep, 0)
    if quantity <= 0:
        return IGNORED
    _cancel_shares(engine, slot, quantity, reason, now_ns)
    return DONE


@kernel
def cancel(engine, owner, user_ref, size, now_ns):
    """Cancel an owner's order down to ``size`` shares, 0: entirely; see :func:`cancel_at`.

    IGNORED, without an event, when the order is not in the book.
    """
    status = _not_ready(engine)
    if status != DONE:
        return status
    slot = find(engine, owner, user_ref)
    if slot < 0:
        return IGNORED
    return cancel_at(engine, slot, size, USER, now_ns)


@kernel
def cancel_all(engine, owner, symbol, reason, now_ns):
    """Cancel every resting order of an owner (-1: of all) in a symbol (-1: in all).

    In the order in which they would execute, bids first. EVENTS_FULL: take the events and call
    again with the same arguments, until DONE. IGNORED when there is no such symbol.
    """
    if symbol >= engine.symbols.size:
        return IGNORED
    rows = range(engine.book.ladders.sides.size)
    if symbol >= 0:
        rows = range(2 * symbol, 2 * symbol + 2)
    for row in rows:
        slot = first_order(engine.book, row >> 1, BUY + (row & 1))
        while slot >= 0:
            following = next_order(engine.book, slot)
            order = engine.book.orders[slot]
            if owner < 0 or order.key >> USER_REF_BITS == owner:
                status = _not_ready(engine)
                if status != DONE:
                    return status
                _cancel_shares(engine, slot, np.int64(order.quantity), reason, now_ns)
            slot = following
    return DONE


@kernel
def replace(engine, owner, user_ref, new_user_ref, price_e4, quantity, time_in_force, tag, now_ns):
    """Replace an owner's resting order by a new limit order that loses its priority.

    ``quantity`` is the most to execute over the whole chain; the new order is for what of that has
    not executed yet. Returns a Status:

    * DONE or PAUSED: REPLACED, then as for :func:`submit` after ACCEPTED
    * CANCELED: the terms are impossible, or no more shares are wanted than have executed: the
      order is taken off the book, event CANCELED, and ``new_user_ref`` is not used up
    * REJECTED: the symbol is halted, or there is no room for the new order; the order stays
    * IGNORED: the order is not in the book, or ``new_user_ref`` is taken; no event
    * EVENTS_FULL or BUSY: not begun
    """
    status = _not_ready(engine)
    if status != DONE:
        return status
    slot = find(engine, owner, user_ref)
    if slot < 0 or new_user_ref < 0 or new_user_ref > MAX_USER_REF:
        return IGNORED
    if find(engine, owner, new_user_ref) >= 0:
        return IGNORED
    order = engine.book.orders[slot]
    symbol = np.int64(order.symbol)
    side = np.int64(order.side)
    executed = np.int64(order.executed)
    reason = _refuse_terms(engine, symbol, LIMIT, price_e4, quantity, time_in_force)
    if reason != NOT_REFUSED or quantity <= executed:
        why = USER if reason == NOT_REFUSED else INVALID_REPLACE
        _cancel_shares(engine, slot, np.int64(order.quantity), why, now_ns)
        return CANCELED
    if engine.symbols[symbol].state == HALTED:
        reason = REFUSE_HALTED
    elif time_in_force == DAY:
        reason = _refuse_for_room(engine.book, symbol, side, price_e4, quantity - executed, slot)
    if reason != NOT_REFUSED:
        event = _rejected_event(engine, reason, owner, new_user_ref, symbol, side, LIMIT,
                                price_e4, quantity, time_in_force, tag, now_ns)
        event.number = order.number
        event.contra_user_ref = user_ref
        return REJECTED
    _take_in(engine, _key(owner, new_user_ref), symbol, side, LIMIT, price_e4,
             quantity - executed, time_in_force, tag, now_ns)
    engine.incoming[0].executed = executed
    _leave_for(engine, slot, time_in_force)
    return _run(engine)


@kernel
def _leave_for(engine, slot, time_in_force):
    """Take the order at ``slot`` off the book in favour of the incoming one.

    The public book hears of it at once if the incoming order will execute or not rest; otherwise
    when it rests, as one replacement.
    """
    incoming = engine.incoming[0]
    order = engine.book.orders[slot]
    other = side_row(incoming.symbol, incoming.side) ^ 1
    change = BOOK_DELETE
    if incoming.rests and engine.book.ladders.sides[other].best_rank < incoming.limit_rank:
        change = BOOK_SAME
        incoming.replaces = order.number
    event = _incoming_event(engine, EVENT_REPLACED, change)
    event.order_type = LIMIT
    event.time_in_force = time_in_force
    event.contra_owner = order.key >> USER_REF_BITS
    event.contra_leaves = order.quantity
    event.contra_number = order.number
    event.contra_user_ref = order.key & MAX_USER_REF
    event.contra_tag = order.tag
    reduce_at(engine.book, slot, np.int64(order.quantity))


@kernel
def engine_hash(engine):
    """A uint64 fingerprint of the book and of the next order and match numbers."""
    hashed = state_hash(engine.book)
    hashed = mix(hashed, engine.state[0].next_number)
    return mix(hashed, engine.state[0].next_match)
