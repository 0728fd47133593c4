"""The incoming order on its way: its conditions, its executions, its end. Kernels."""

import numpy as np

from actors.book.memory import kernel
from actors.book.order_book import ladders_of, order_at, reduce_at
from actors.book.price_levels import NO_RANK, best_rank, level_at, rank_of, side_at, side_row
from actors.exchange.engine_state import (EXPIRY_SHIFT, MAX_USER_REF, USER_REF_BITS, Attribute,
                                          BookChange, CancelReason, EventKind, SelfMatch,
                                          Status)
from actors.exchange.matching_checks import collar_price, has_collar
from actors.exchange.matching_events import (book_of, events_left, executed_event, incoming_event,
                                             incoming_of, leaves_of, owner_at, state_of, symbol_at)
from actors.exchange.matching_preview import best_hidden, best_hidden_rank, preview
from actors.exchange.matching_resting import fill_and_refresh, rest, take_off
from schemas.enums import OrderType, TimeInForce

__all__ = ["begin", "meets", "run", "set_conditions"]

HIDDEN, POST_ONLY = int(Attribute.HIDDEN), int(Attribute.POST_ONLY)
RESERVE = int(Attribute.RESERVE)
FLAGS = (1 << EXPIRY_SHIFT) - 1
CANCELED = np.int64(EventKind.CANCELED)
#: A rank that no order has: with this limit an order meets nobody.
OUT_OF_REACH = 2**63 - 1


@kernel
def _contra_row(incoming):
    """The displayed row of the side that the incoming order trades with."""
    return side_row(np.int64(incoming.symbol), np.int64(incoming.side)) ^ 1


@kernel
def begin(engine, key, symbol, side, order_type, price_e4, quantity, time_in_force, attributes,
          minimum, display, tag, now_ns):
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
    incoming.attributes = attributes & FLAGS
    incoming.expires_s = attributes >> EXPIRY_SHIFT
    incoming.minimum = minimum
    incoming.display = display
    incoming.collared = 0
    incoming.end_reason = CancelReason.IMMEDIATE
    if order_type == OrderType.MARKET:
        incoming.price_e4 = 0
        incoming.limit_rank = NO_RANK + 1
        incoming.rests = 0
        listing = symbol_at(engine, symbol)
        if has_collar(listing):
            incoming.limit_rank = rank_of(side_row(symbol, side) ^ 1, collar_price(listing, side))
            incoming.collared = 1
    else:
        incoming.price_e4 = price_e4
        incoming.limit_rank = rank_of(side_row(symbol, side) ^ 1, price_e4)
        incoming.rests = time_in_force == TimeInForce.DAY


@kernel
def meets(engine):
    """Whether the other side has an order, displayed or not, that the incoming one may reach."""
    incoming = incoming_of(engine)
    ladders = ladders_of(book_of(engine))
    row = _contra_row(incoming)
    return max(best_rank(ladders, row), best_hidden_rank(ladders, row)) >= incoming.limit_rank


@kernel
def set_conditions(engine):
    """Keep the incoming order from executing if its conditions are not met: POST_ONLY that meets
    somebody, or less than its minimum to be had."""
    incoming = incoming_of(engine)
    if incoming.attributes & POST_ONLY and meets(engine):
        incoming.limit_rank = OUT_OF_REACH
        incoming.rests = 0
        incoming.end_reason = CancelReason.POST_ONLY
    elif incoming.minimum > 0:
        row = _contra_row(incoming)
        found = preview(engine, incoming.key >> USER_REF_BITS, row, incoming.limit_rank,
                        incoming.leaves)
        if found.executed < min(np.int64(incoming.minimum), incoming.leaves):
            incoming.limit_rank = OUT_OF_REACH
            incoming.collared = 0


@kernel
def _prevent(engine, slot, mode):
    """Cancel what ``mode`` says of the incoming order and that at ``slot``, of the same owner."""
    incoming = incoming_of(engine)
    order = order_at(book_of(engine), slot)
    met = min(incoming.leaves, np.int64(order.quantity))
    if mode != SelfMatch.CANCEL_NEWEST:
        event = take_off(engine, slot, leaves_of(engine, slot), CANCELED, incoming.now_ns)
        event.reason = CancelReason.SELF_MATCH
        event.contra_owner = incoming.key >> USER_REF_BITS
        event.contra_leaves = met
        event.contra_number = incoming.number
        event.contra_user_ref = incoming.key & MAX_USER_REF
        event.contra_tag = incoming.tag
    if mode != SelfMatch.CANCEL_OLDEST:
        event = incoming_event(engine, EventKind.CANCELED, BookChange.NONE)
        event.reason = CancelReason.SELF_MATCH
        event.leaves = 0
        event.price_e4 = order.price_e4
        event.contra_owner = order.key >> USER_REF_BITS
        event.contra_leaves = met
        event.contra_number = order.number
        event.contra_user_ref = order.key & MAX_USER_REF
        event.contra_tag = order.tag
        incoming.leaves = 0


@kernel
def _match(engine):
    """Execute the incoming order against the other side, best price and oldest order first.

    True if it stopped for want of room for events. Otherwise there is room for the order's last: an
    execution leaves one place free, but for that with a refresh, after which there is somebody left
    to meet, or nothing left to rest or cancel.
    """
    book = book_of(engine)
    incoming = incoming_of(engine)
    ladders = ladders_of(book)
    row = _contra_row(incoming)
    other = side_at(ladders, row)
    while incoming.leaves > 0:
        slot = np.int64(-1)
        if other.hidden > 0:
            slot = best_hidden(engine, row, max(other.best_rank + 1, incoming.limit_rank),
                               incoming.leaves)
        if slot < 0:
            if other.best_rank < incoming.limit_rank:
                return False
            slot = np.int64(level_at(ladders, np.int64(other.best_level)).head)
        if events_left(engine) <= 1:
            return True
        order = order_at(book, slot)
        if (order.key ^ incoming.key) >> USER_REF_BITS == 0:
            mode = np.int64(owner_at(engine, order.key >> USER_REF_BITS).self_match)
            if mode != SelfMatch.NONE:
                _prevent(engine, slot, mode)
                continue
        quantity = min(incoming.leaves, np.int64(order.quantity))
        refreshes = (order.attributes & RESERVE) != 0 and quantity == order.quantity
        incoming.leaves -= quantity
        incoming.executed += quantity
        order.executed += quantity
        symbol_at(engine, np.int64(incoming.symbol)).reference_e4 = order.price_e4
        if refreshes:
            fill_and_refresh(engine, slot, quantity)
        else:
            change = BookChange.TRADE if order.attributes & HIDDEN else BookChange.EXECUTE
            reduce_at(book, slot, quantity)
            executed_event(engine, slot, change, quantity)
    return False


@kernel
def run(engine):
    """Match the incoming order, then rest or cancel what is left of it. DONE or PAUSED."""
    incoming = incoming_of(engine)
    if _match(engine):
        incoming.waiting = 1
        return Status.PAUSED
    incoming.waiting = 0
    if incoming.leaves > 0:
        if incoming.rests:
            rest(engine)
        else:
            event = incoming_event(engine, EventKind.CANCELED, BookChange.NONE)
            event.reason = incoming.end_reason
            event.leaves = 0
            if incoming.collared:
                row = _contra_row(incoming)
                if best_rank(ladders_of(book_of(engine)), row) != NO_RANK:
                    event.reason = CancelReason.COLLAR
    return Status.DONE
