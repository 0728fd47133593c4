"""What the matching engine refuses, established before anything is changed. Kernels."""

import numpy as np

from actors.book.memory import kernel
from actors.book.order_book import book_at, find_order, ladders_of, order_at
from actors.book.price_levels import (BUY, SELL, best_rank, find_level, ladders_at, level_at,
                                      rank_of, side_at, side_row)
from actors.exchange.engine_state import (BPS, EXPIRY_SHIFT, MAX_OWNER, MAX_USER_REF, USER_REF_BITS,
                                          Attribute, RefuseReason, SymbolState)
from actors.exchange.matching_events import book_of, state_of, symbol_at
from actors.exchange.matching_preview import best_hidden_rank, preview
from schemas.enums import OrderType, TimeInForce

__all__ = ["collar_price", "has_collar", "is_reference", "is_taken", "key_of",
           "refuse_attributes", "refuse_collar", "refuse_for_room", "refuse_order",
           "refuse_terms", "row_of"]

HIDDEN, POST_ONLY, GTC = int(Attribute.HIDDEN), int(Attribute.POST_ONLY), int(Attribute.GTC)
KNOWN = HIDDEN | POST_ONLY | GTC
FLAGS = (1 << EXPIRY_SHIFT) - 1


@kernel
def key_of(owner, user_ref):
    """The key under which the book knows an owner's order."""
    return (np.int64(owner) << USER_REF_BITS) | np.int64(user_ref)


@kernel
def is_reference(owner, user_ref):
    """Whether both fit the bits they have in a key."""
    return 0 <= owner <= MAX_OWNER and 0 <= user_ref <= MAX_USER_REF


@kernel
def row_of(book, symbol, side, attributes):
    """The row of the ladders on which an order with these attributes rests."""
    row = side_row(symbol, side)
    if attributes & HIDDEN:
        row += ladders_at(ladders_of(book)).hidden
    return row


@kernel
def refuse_terms(engine, symbol, order_type, price_e4, quantity, time_in_force):
    """Why a listed symbol does not trade on these terms, or NONE."""
    listing = symbol_at(engine, symbol)
    if order_type != OrderType.LIMIT and order_type != OrderType.MARKET:
        return RefuseReason.BAD_ORDER_TYPE
    if time_in_force != TimeInForce.DAY and time_in_force != TimeInForce.IOC:
        return RefuseReason.BAD_TIME_IN_FORCE
    if quantity < 1 or quantity > np.int64(listing.max_quantity):
        return RefuseReason.BAD_QUANTITY
    if order_type == OrderType.LIMIT:
        if price_e4 < 1 or price_e4 > listing.max_price_e4:
            return RefuseReason.BAD_PRICE
        if listing.tick_e4 > 1 and price_e4 % listing.tick_e4 != 0:
            return RefuseReason.BAD_PRICE
    return RefuseReason.NONE


@kernel
def has_collar(listing):
    """Whether a symbol has a collar, and a price for it to count from."""
    return listing.collar_bps != 0 and listing.reference_e4 != 0


@kernel
def collar_price(listing, side):
    """The most aggressive price that the collar leaves to a side. No product is beyond 2**63."""
    reference = listing.reference_e4
    bps = np.int64(listing.collar_bps)
    width = reference // BPS * bps + reference % BPS * bps // BPS
    return reference + width if side == BUY else reference - width


@kernel
def refuse_collar(engine, symbol, side, price_e4):
    """COLLAR if a limit order's price is beyond the symbol's collar, or NONE."""
    listing = symbol_at(engine, symbol)
    if has_collar(listing):
        outermost = collar_price(listing, side)
        if price_e4 > outermost if side == BUY else price_e4 < outermost:
            return RefuseReason.COLLAR
    return RefuseReason.NONE


@kernel
def refuse_order(engine, owner, user_ref, symbol, side, order_type, price_e4, quantity,
                 time_in_force):
    """Why this cannot be an order, or NONE."""
    if not is_reference(owner, user_ref):
        return RefuseReason.BAD_REFERENCE
    if symbol < 0 or symbol >= state_of(engine).symbols:
        return RefuseReason.BAD_SYMBOL
    listing = symbol_at(engine, symbol)
    if listing.state == SymbolState.UNLISTED:
        return RefuseReason.BAD_SYMBOL
    if listing.state == SymbolState.HALTED:
        return RefuseReason.HALTED
    if side != BUY and side != SELL:
        return RefuseReason.BAD_SIDE
    reason = refuse_terms(engine, symbol, order_type, price_e4, quantity, time_in_force)
    if reason == RefuseReason.NONE and order_type == OrderType.LIMIT:
        reason = refuse_collar(engine, symbol, side, price_e4)
    return reason


@kernel
def refuse_attributes(order_type, time_in_force, quantity, attributes, minimum, display):
    """Why an order cannot have these attributes, minimum and displayed quantity, or NONE."""
    rests = order_type == OrderType.LIMIT and time_in_force == TimeInForce.DAY
    flags = attributes & FLAGS
    ends = attributes >> EXPIRY_SHIFT > 0 or flags & GTC
    if flags & ~KNOWN or ((ends or flags & POST_ONLY) and not rests):
        return RefuseReason.BAD_ATTRIBUTES
    hidden = attributes & HIDDEN
    if minimum < 0 or minimum > quantity or (minimum > 0 and rests and not hidden):
        return RefuseReason.BAD_MINIMUM
    if display < 0 or (display > 0 and (hidden or not rests)):
        return RefuseReason.BAD_DISPLAY
    return RefuseReason.NONE


@kernel
def _refuse_when_scarce(engine, owner, symbol, side, price_e4, quantity, attributes, minimum,
                        replaced):
    """:func:`refuse_for_room` where orders, levels or rungs have run out."""
    book = book_of(engine)
    ladders = ladders_of(book)
    row = row_of(book, symbol, side, attributes)
    contra = side_row(symbol, side) ^ 1
    ladder = side_at(ladders, row)
    orders_free = book_at(book).available
    levels_free = ladders_at(ladders).available
    rungs_free = np.int64(ladder.capacity) - ladder.depth
    limit_rank = rank_of(contra, price_e4)
    if max(best_rank(ladders, contra), best_hidden_rank(ladders, contra)) >= limit_rank:
        if attributes & POST_ONLY:
            return RefuseReason.NONE
        found = preview(engine, owner, contra, limit_rank, quantity)
        if found.executed >= minimum:
            if found.executed == quantity or found.stopped:
                return RefuseReason.NONE
            orders_free += found.orders
            levels_free += found.levels
    if replaced >= 0:
        orders_free += 1
        level = level_at(ladders, np.int64(order_at(book, replaced).level))
        if level.orders == 1:
            levels_free += 1
            if level.row == row:
                rungs_free += 1
    if orders_free <= 0:
        return RefuseReason.ORDERS_FULL
    if levels_free > 0 and rungs_free > 0:
        return RefuseReason.NONE
    if find_level(ladders, row, price_e4) < 0:
        return RefuseReason.LEVELS_FULL
    return RefuseReason.NONE


@kernel
def refuse_for_room(engine, owner, symbol, side, price_e4, quantity, attributes, minimum,
                    replaced):
    """Why what remains of a limit order could not rest, or NONE.

    ``replaced`` is the slot of the order that makes way for it, or -1. Exact: an order is refused
    only if after all its executions there would be no place for the rest of it.
    """
    book = book_of(engine)
    ladders = ladders_of(book)
    ladder = side_at(ladders, row_of(book, symbol, side, attributes))
    if (ladder.depth < ladder.capacity and book_at(book).available > 0
            and ladders_at(ladders).available > 0):
        return RefuseReason.NONE
    return _refuse_when_scarce(engine, owner, symbol, side, price_e4, quantity, attributes,
                               minimum, replaced)


@kernel
def is_taken(engine, owner, user_ref):
    """Whether this owner has an order in the book with this reference."""
    return find_order(book_of(engine), key_of(owner, user_ref)) >= 0
