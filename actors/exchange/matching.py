"""The matching engine: price-time priority, as kernels on one block of memory.

Calls change the book and append events (:data:`EVENT`): take them with :func:`pending_events` and
:func:`event_at`, then :func:`clear_events`. The book is at :func:`book_of`, for the kernels of
:mod:`actors.book`.

What the engine does, and every byte of every event, is a function of the calls alone: times and
references come in as arguments, numbers count up from 1.

Semantics, where venues differ, are those of OUCH 5.0 (Nasdaq, rev 1.04):

* A replacement's quantity covers its whole chain, executed shares included, and it always loses
  priority; a cancel names the size that shall remain possible in total, and keeps priority, as does
  a modification; what concerns an order that is gone is ignored without an answer.
* Hidden orders rank behind displayed ones at their price. They have ladder rows of their own
  (:mod:`actors.book.price_levels`): the displayed rows are the public book as it is, and an order
  pays for hidden ones only where there are some. A second queue at each level would have made every
  level larger, and every reader of best prices step over levels that nobody may see.
* An order with a reserve displays ``display`` shares at a time. When those are used up it displays
  as many again, under a new number and last at its price, before the next order executes. What is
  taken off it comes off the reserve first.
* With a ``minimum``, an order that cannot have so many shares on entry, of all orders together, has
  none. A hidden order then rests, and executes only against an order that has as many left (or
  takes all of it); others pass it by. So it may rest at a price that meets the other side's; no two
  orders without a minimum ever do. IOC with the whole quantity as minimum is fill-or-kill.
* A POST_ONLY order that could reach any order of the other side on entry is accepted and canceled.
* Orders of one owner that would meet are canceled as the owner's :class:`SelfMatch` says.
* A collar refuses limit orders that are too aggressive, and ends market orders where it begins.

An order is refused before anything is changed, also when a bound of the book is reached. If one
order's executions do not fit among the events, the engine pauses until they are taken, which
changes nothing about what happens.

``engine`` is an address throughout (:attr:`Engine.address`); other arguments are integers. Calls
return a :class:`Status`.
"""

import numpy as np

from actors.book.book_view import first_in_row, mix, next_order, state_hash
from actors.book.memory import kernel
from actors.book.order_book import find_order, ladders_of, order_at, reduce_at
from actors.book.price_levels import ladders_at
from actors.exchange.engine_state import (MAX_USER_REF, USER_REF_BITS, Attribute, BookChange,
                                          CancelReason, EventKind, RefuseReason, Status,
                                          SymbolState)
from actors.exchange.matching_checks import (is_reference, is_taken, key_of, refuse_attributes,
                                             refuse_collar, refuse_for_room, refuse_order,
                                             refuse_terms)
from actors.exchange.matching_events import (book_of, clear_events, event_at, incoming_event,
                                             incoming_of, leaves_of, pending_events, readiness,
                                             rejected_event, state_of, symbol_at, terms_at)
from actors.exchange.matching_resting import take_off
from actors.exchange.matching_run import begin, meets, run, set_conditions
from actors.exchange.matching_sweeps import cancel_all
from schemas.enums import OrderType, TimeInForce

__all__ = ["book_of", "cancel", "cancel_all", "cancel_at", "clear_events", "engine_hash", "enter",
           "event_at", "find", "modify_at", "pending_events", "replace", "replace_with", "resume",
           "set_state", "submit"]

LIMIT = int(OrderType.LIMIT)
BY_USER = int(CancelReason.USER)
BY_INVALID_REPLACE = int(CancelReason.INVALID_REPLACE)
HIDDEN, POST_ONLY = int(Attribute.HIDDEN), int(Attribute.POST_ONLY)
CANCELED, MODIFIED = np.int64(EventKind.CANCELED), np.int64(EventKind.MODIFIED)


@kernel
def enter(engine, owner, user_ref, symbol, side, order_type, price_e4, quantity, time_in_force,
          attributes, minimum, display, tag, now_ns):
    """Enter an order. DONE, REJECTED, PAUSED, EVENTS_FULL or BUSY.

    ``owner`` (16 bits) and ``user_ref`` (47 bits) name the order from now on; ``tag`` (32 bits) is
    the caller's and comes back in every event about the order. A market order ignores its price
    and never rests. ``attributes`` are bits of :class:`Attribute`: HIDDEN, POST_ONLY, GTC, and the
    second of the day at which it expires, behind EXPIRY_SHIFT;
    ``minimum`` and ``display`` are quantities, 0 for none. Events: ACCEPTED, EXECUTED ... (with
    REFRESHED and CANCELED for the orders it meets), then RESTED, CANCELED or, if it executed in
    full, nothing; or REJECTED alone.
    """
    status = readiness(engine)
    if status != Status.DONE:
        return status
    reason = refuse_order(engine, owner, user_ref, symbol, side, order_type, price_e4, quantity,
                          time_in_force)
    special = (attributes | minimum | display) != 0
    if reason == RefuseReason.NONE and special:
        reason = refuse_attributes(order_type, time_in_force, quantity, attributes, minimum,
                                   display)
    if reason == RefuseReason.NONE:
        if is_taken(engine, owner, user_ref):
            reason = RefuseReason.DUPLICATE_REF
        elif order_type == OrderType.LIMIT and time_in_force == TimeInForce.DAY:
            reason = refuse_for_room(engine, owner, symbol, side, price_e4, quantity, attributes,
                                     minimum, -1)
    if reason != RefuseReason.NONE:
        rejected_event(engine, reason, owner, user_ref, symbol, side, order_type, price_e4,
                       quantity, time_in_force, tag, now_ns)
        return Status.REJECTED
    begin(engine, key_of(owner, user_ref), symbol, side, order_type, price_e4, quantity,
          time_in_force, attributes, minimum, display, tag, now_ns)
    event = incoming_event(engine, EventKind.ACCEPTED, BookChange.NONE)
    event.order_type = order_type
    event.time_in_force = time_in_force
    if special:
        set_conditions(engine)
    return run(engine)


@kernel
def submit(engine, owner, user_ref, symbol, side, order_type, price_e4, quantity, time_in_force,
           tag, now_ns):
    """Enter a displayed order without attributes and conditions; see :func:`enter`."""
    return enter(engine, owner, user_ref, symbol, side, order_type, price_e4, quantity,
                 time_in_force, 0, 0, 0, tag, now_ns)


@kernel
def resume(engine):
    """Go on with the order that PAUSED, once its events were taken. DONE, PAUSED or IGNORED."""
    if not incoming_of(engine).waiting:
        return Status.IGNORED
    return run(engine)


@kernel
def find(engine, owner, user_ref):
    """The slot of an owner's resting order in ``Engine.book.orders``, or -1."""
    if not is_reference(owner, user_ref):
        return np.int64(-1)
    return find_order(book_of(engine), key_of(owner, user_ref))


@kernel
def _excess(engine, slot, size):
    """How many shares the order at ``slot`` has more than it may have, if ``size`` counts what has
    executed already, over the order's whole chain."""
    executed = np.int64(order_at(book_of(engine), slot).executed)
    return leaves_of(engine, slot) - max(np.int64(size) - executed, 0)


@kernel
def cancel_at(engine, slot, size, reason, now_ns):
    """Cancel the resting order at ``slot`` down to ``size`` shares in all, 0: entirely.

    ``size`` counts the shares executed already, over the order's whole chain: no more than
    ``size`` will ever have executed. DONE, or IGNORED when the order is that small already, or
    EVENTS_FULL or BUSY. Event: CANCELED. The slot must be in use.
    """
    status = readiness(engine)
    if status != Status.DONE:
        return status
    quantity = _excess(engine, slot, max(np.int64(size), 0))
    if quantity <= 0:
        return Status.IGNORED
    event = take_off(engine, slot, quantity, CANCELED, now_ns)
    event.reason = reason
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
def modify_at(engine, slot, size, tag, now_ns):
    """Give the resting order at ``slot`` another tag, and no more than ``size`` shares in all,
    counted as for :func:`cancel_at`; it keeps its place, and is never made larger.

    DONE, EVENTS_FULL or BUSY. Event: MODIFIED, or CANCELED (USER) if nothing is left of it.
    """
    status = readiness(engine)
    if status != Status.DONE:
        return status
    order_at(book_of(engine), slot).tag = tag
    quantity = max(_excess(engine, slot, max(np.int64(size), 0)), 0)
    kind = CANCELED if quantity == leaves_of(engine, slot) else MODIFIED
    event = take_off(engine, slot, quantity, kind, now_ns)
    if kind == CANCELED:
        event.reason = BY_USER
    return Status.DONE


@kernel
def _leave_for(engine, slot, time_in_force):
    """Take the order at ``slot`` off the book in favour of the incoming one.

    The public book hears of it at once if the incoming order will execute or not rest displayed;
    otherwise when it rests, as one replacement. Of hidden orders it does not hear.
    """
    incoming = incoming_of(engine)
    book = book_of(engine)
    order = order_at(book, slot)
    change = BookChange.DELETE
    if order.attributes & HIDDEN:
        change = BookChange.NONE
    elif incoming.rests and not incoming.attributes & HIDDEN and not meets(engine):
        change = BookChange.NONE
        incoming.replaces = order.number
    event = incoming_event(engine, EventKind.REPLACED, change)
    event.order_type = LIMIT
    event.time_in_force = time_in_force
    event.contra_owner = order.key >> USER_REF_BITS
    event.contra_leaves = leaves_of(engine, slot)
    event.contra_number = order.number
    event.contra_user_ref = order.key & MAX_USER_REF
    event.contra_tag = order.tag
    reduce_at(book, slot, np.int64(order.quantity))


@kernel
def _refuse_replacement(engine, owner, symbol, side, price_e4, wanted, time_in_force, attributes,
                        minimum, slot):
    """Why the order at ``slot`` cannot be replaced now by one of these terms; or NONE."""
    if symbol_at(engine, symbol).state == SymbolState.HALTED:
        return RefuseReason.HALTED
    reason = refuse_collar(engine, symbol, side, price_e4)
    if reason == RefuseReason.NONE and time_in_force == TimeInForce.DAY:
        reason = refuse_for_room(engine, owner, symbol, side, price_e4, wanted, attributes,
                                 min(minimum, wanted), slot)
    return reason


@kernel
def replace_with(engine, owner, user_ref, new_user_ref, price_e4, quantity, time_in_force,
                 attributes, minimum, display, tag, now_ns):
    """Replace an owner's resting order by a new limit order that loses its priority.

    ``quantity`` is the most to execute over the whole chain; the new order is for what of that has
    not executed yet. Its attributes, minimum and display are as for :func:`enter`, and its own: it
    inherits none.

    * DONE or PAUSED: REPLACED, then as for :func:`enter` after ACCEPTED
    * CANCELED: the terms are impossible, or no more shares are wanted than have executed: the
      order is taken off the book, event CANCELED, and ``new_user_ref`` is not used up
    * REJECTED: the symbol is halted, the price is beyond its collar, or there is no room for the
      new order; the order stays
    * IGNORED: the order is not in the book, or ``new_user_ref`` is taken; no event
    * EVENTS_FULL or BUSY: not begun
    """
    status = readiness(engine)
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
    if reason == RefuseReason.NONE:
        reason = refuse_attributes(LIMIT, time_in_force, quantity, attributes, minimum, display)
    if reason != RefuseReason.NONE or wanted <= 0:
        event = take_off(engine, slot, leaves_of(engine, slot), CANCELED, now_ns)
        event.reason = BY_USER if reason == RefuseReason.NONE else BY_INVALID_REPLACE
        return Status.CANCELED
    reason = _refuse_replacement(engine, owner, symbol, side, price_e4, wanted, time_in_force,
                                 attributes, minimum, slot)
    if reason != RefuseReason.NONE:
        event = rejected_event(engine, reason, owner, new_user_ref, symbol, side, LIMIT,
                               price_e4, quantity, time_in_force, tag, now_ns)
        event.number = order.number
        event.contra_user_ref = user_ref
        return Status.REJECTED
    begin(engine, key_of(owner, new_user_ref), symbol, side, LIMIT, price_e4, wanted,
          time_in_force, attributes, minimum, display, tag, now_ns)
    incoming_of(engine).executed = order.executed
    _leave_for(engine, slot, time_in_force)
    set_conditions(engine)
    return run(engine)


@kernel
def replace(engine, owner, user_ref, new_user_ref, price_e4, quantity, time_in_force, tag, now_ns):
    """Replace an order by a displayed one without attributes; see :func:`replace_with`."""
    return replace_with(engine, owner, user_ref, new_user_ref, price_e4, quantity, time_in_force,
                        0, 0, 0, tag, now_ns)


@kernel
def set_state(engine, symbol, state):
    """Halt a listed symbol, or let it trade again; what rests stays. DONE, or IGNORED if that is
    what it does already or there is no such symbol."""
    if symbol < 0 or symbol >= state_of(engine).symbols:
        return Status.IGNORED
    listing = symbol_at(engine, symbol)
    if listing.state == SymbolState.UNLISTED or listing.state == state:
        return Status.IGNORED
    listing.state = state
    return Status.DONE


@kernel
def engine_hash(engine):
    """A uint64 fingerprint of the book, of what its orders have beside it, of the symbols' states
    and last prices, and of the next order and match numbers."""
    state = state_of(engine)
    book = book_of(engine)
    hashed = state_hash(book)
    for row in range(np.int64(ladders_at(ladders_of(book)).rows)):
        slot = first_in_row(book, row)
        while slot >= 0:
            order = order_at(book, slot)
            if order.attributes != 0:
                terms = terms_at(engine, slot)
                for value in (order.number, np.int64(order.attributes), np.int64(terms.reserve),
                              np.int64(terms.display), np.int64(terms.minimum)):
                    hashed = mix(hashed, value)
            slot = next_order(book, slot)
    for symbol in range(state.symbols):
        hashed = mix(hashed, np.int64(symbol_at(engine, symbol).state))
        hashed = mix(hashed, symbol_at(engine, symbol).reference_e4)
    hashed = mix(hashed, state.next_number)
    return mix(hashed, state.next_match)
