"""What an incoming order would find on the other side, found out without touching anything.

Slow beside matching itself, as it walks orders one by one; asked only for orders with conditions
and where the book has run out of room. Kernels.
"""

from typing import NamedTuple

import numpy as np

from actors.book.memory import kernel
from actors.book.order_book import ladders_of, order_at
from actors.book.price_levels import (NO_LEVEL, NO_RANK, best_rank, hidden_row, level_at,
                                      nth_level, rank_of, side_at)
from actors.exchange.engine_state import USER_REF_BITS, Attribute, SelfMatch
from actors.exchange.matching_events import book_of, owner_at, terms_at

__all__ = ["Found", "accepts", "best_hidden", "best_hidden_rank", "preview"]

MINIMUM, RESERVE = int(Attribute.MINIMUM), int(Attribute.RESERVE)
NO_PREVENTION = int(SelfMatch.NONE)
CANCEL_OLDEST = int(SelfMatch.CANCEL_OLDEST)


class Found(NamedTuple):
    """Shares that would execute; orders and levels that would go, if the incoming order is not
    used up before; whether an order of the same owner would put an end to the incoming one."""

    executed: int
    orders: int
    levels: int
    stopped: bool


@kernel
def best_hidden_rank(ladders, row):
    """The best rank of the hidden orders that belong to a displayed row, or NO_RANK."""
    if side_at(ladders, row).hidden == 0:
        return np.int64(NO_RANK)
    return best_rank(ladders, hidden_row(ladders, row))


@kernel
def accepts(engine, slot, quantity):
    """Whether a resting order executes against an order that has ``quantity`` left."""
    order = order_at(book_of(engine), slot)
    if order.attributes & MINIMUM:
        return quantity >= min(np.int64(terms_at(engine, slot).minimum), np.int64(order.quantity))
    return True


@kernel
def best_hidden(engine, row, limit_rank, quantity):
    """The first hidden order that belongs to a displayed row, at ``limit_rank`` or better, and
    executes against an order that has ``quantity`` left; or -1."""
    ladders = ladders_of(book_of(engine))
    hidden = hidden_row(ladders, row)
    for n in range(np.int64(side_at(ladders, row).hidden)):
        level = level_at(ladders, nth_level(ladders, hidden, n))
        if rank_of(row, level.price_e4) < limit_rank:
            break
        slot = np.int64(level.head)
        while slot >= 0:
            if accepts(engine, slot, quantity):
                return slot
            slot = np.int64(order_at(book_of(engine), slot).next)
    return np.int64(-1)


@kernel
def _preview_level(engine, owner, mode, index, wanted):
    """:func:`preview` of one level. ``levels`` counts it if all its orders would go."""
    level = level_at(ladders_of(book_of(engine)), index)
    left = wanted
    in_reserve = np.int64(0)
    gone = np.int64(0)
    slot = np.int64(level.head)
    while slot >= 0 and left > 0:
        order = order_at(book_of(engine), slot)
        if accepts(engine, slot, left):
            if mode != NO_PREVENTION and order.key >> USER_REF_BITS == owner:
                if mode != CANCEL_OLDEST:
                    return Found(wanted - left, gone, np.int64(0), True)
            else:
                left -= min(left, np.int64(order.quantity))
                if order.attributes & RESERVE:
                    in_reserve += np.int64(terms_at(engine, slot).reserve)
            gone += 1
        slot = np.int64(order.next)
    left -= min(left, in_reserve)
    return Found(wanted - left, gone, np.int64(gone == level.orders), False)


@kernel
def _rank_at(ladders, row, index):
    return np.int64(NO_RANK) if index < 0 else rank_of(row, level_at(ladders, index).price_e4)


@kernel
def preview(engine, owner, row, limit_rank, wanted):
    """What an order for ``wanted`` shares of ``owner`` would find at ``limit_rank`` and better on
    the displayed row ``row`` and the hidden one that belongs to it. A :class:`Found`."""
    ladders = ladders_of(book_of(engine))
    hidden = hidden_row(ladders, row)
    n_hidden = np.int64(side_at(ladders, row).hidden)
    mode = np.int64(owner_at(engine, owner).self_match)
    executed = orders = levels = n = m = np.int64(0)
    stopped = False
    while executed < wanted and not stopped:
        index = nth_level(ladders, row, n)
        rank = _rank_at(ladders, row, index)
        concealed = nth_level(ladders, hidden, m) if m < n_hidden else np.int64(NO_LEVEL)
        if _rank_at(ladders, row, concealed) > rank:
            index = concealed
            rank = _rank_at(ladders, row, concealed)
            m += 1
        else:
            n += 1
        if rank == NO_RANK or rank < limit_rank:
            break
        found = _preview_level(engine, owner, mode, index, wanted - executed)
        executed += found.executed
        orders += found.orders
        levels += found.levels
        stopped = found.stopped
    return Found(executed, orders, levels, stopped)
