"""What the matching engine refuses, established before anything is changed. Kernels."""

import numpy as np

from actors.book.memory import kernel, record_at
from actors.book.order_book import book_at, find_order, ladders_of, order_at
from actors.book.price_levels import (BUY, SELL, best_rank, find_level, ladders_at, level_at,
                                      nth_level, rank_of, side_at, side_row)
from actors.exchange.engine_state import (MAX_OWNER, MAX_USER_REF, SYMBOL, USER_REF_BITS,
                                          RefuseReason, SymbolState)
from actors.exchange.matching_events import book_of, state_of
from schemas.enums import OrderType, TimeInForce

__all__ = ["is_reference", "key_of", "refuse_for_room", "refuse_order", "refuse_terms",
           "symbol_at"]


@kernel
def symbol_at(engine, symbol):
    """The SYMBOL record of a symbol."""
    return record_at(engine + state_of(engine).symbols_at, symbol, SYMBOL)


@kernel
def key_of(owner, user_ref):
    """The key under which the book knows an owner's order."""
    return (np.int64(owner) << USER_REF_BITS) | np.int64(user_ref)


@kernel
def is_reference(owner, user_ref):
    """Whether both fit the bits they have in a key."""
    return 0 <= owner <= MAX_OWNER and 0 <= user_ref <= MAX_USER_REF


@kernel
def refuse_terms(engine, symbol, order_type, price_e4, quantity, time_in_force):
    """Why a listed symbol does not trade on these terms, or NONE."""
    listing = symbol_at(engine, symbol)
    if order_type != OrderType.LIMIT and order_type != OrderType.MARKET:
        return RefuseReason.BAD_ORDER_TYPE
    if time_in_force != TimeInForce.DAY and time_in_force != TimeInForce.IOC:
        return RefuseReason.BAD_TIME_IN_FORCE
    if quantity < 1 or quantity > listing.max_quantity:
        return RefuseReason.BAD_QUANTITY
    if order_type == OrderType.LIMIT:
        if price_e4 < 1 or price_e4 > listing.max_price_e4:
            return RefuseReason.BAD_PRICE
        if listing.tick_e4 > 1 and price_e4 % listing.tick_e4 != 0:
            return RefuseReason.BAD_PRICE
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
    if reason == RefuseReason.NONE and find_order(book_of(engine), key_of(owner, user_ref)) >= 0:
        return RefuseReason.DUPLICATE_REF
    return reason


@kernel
def _fills(ladders, row, limit_rank, quantity):
    """Whether the side at ``row`` has ``quantity`` at ranks of ``limit_rank`` or better."""
    n = 0
    while quantity > 0:
        index = nth_level(ladders, row, n)
        if index < 0:
            return False
        level = level_at(ladders, index)
        if rank_of(row, level.price_e4) < limit_rank:
            return False
        quantity -= level.quantity
        n += 1
    return True


@kernel
def _refuse_when_scarce(book, row, price_e4, quantity, replaced):
    """:func:`refuse_for_room` where orders, levels or rungs have run out.

    An order that executes and yet remains has emptied at least one level of the other side, and so
    frees a slot and a level before it needs them.
    """
    ladders = ladders_of(book)
    side = side_at(ladders, row)
    orders_free = book_at(book).available
    levels_free = ladders_at(ladders).available
    rungs_free = np.int64(side.capacity) - side.depth
    limit_rank = rank_of(row ^ 1, price_e4)
    if best_rank(ladders, row ^ 1) >= limit_rank:
        if _fills(ladders, row ^ 1, limit_rank, quantity):
            return RefuseReason.NONE
        orders_free += 1
        levels_free += 1
    if replaced >= 0:
        orders_free += 1
        if level_at(ladders, np.int64(order_at(book, replaced).level)).orders == 1:
            levels_free += 1
            rungs_free += 1
    if orders_free <= 0:
        return RefuseReason.ORDERS_FULL
    if levels_free > 0 and rungs_free > 0:
        return RefuseReason.NONE
    if find_level(ladders, row, price_e4) < 0:
        return RefuseReason.LEVELS_FULL
    return RefuseReason.NONE


@kernel
def refuse_for_room(book, symbol, side, price_e4, quantity, replaced):
    """Why what remains of a limit order could not rest, or NONE.

    ``replaced`` is the slot of the order that makes way for it, or -1. Exact: an order is refused
    only if after all its executions there would be no place for the rest of it.
    """
    row = side_row(symbol, side)
    ladders = ladders_of(book)
    ladder = side_at(ladders, row)
    if (ladder.depth < ladder.capacity and book_at(book).available > 0
            and ladders_at(ladders).available > 0):
        return RefuseReason.NONE
    return _refuse_when_scarce(book, row, price_e4, quantity, replaced)
