"""Looking at an order book without changing it: best prices, depth, every order, a fingerprint."""

import numpy as np

from actors.book.memory import kernel
from actors.book.order_book import MAX_QUANTITY, NO_ORDER
from actors.book.price_levels import BUY, SELL, best_level, depth, lower_rungs, nth_level, rank_of
from actors.book.price_levels import side_row

__all__ = ["DEPTH_LEVEL", "HASH_SEED", "best_ask", "best_bid", "best_price", "copy_depth",
           "first_order", "level_count", "mix", "next_order", "nth_price", "state_hash"]

#: A row of :func:`copy_depth`; laid out as PriceLevel of ``schemas/book_snapshot.fbs``.
DEPTH_LEVEL = np.dtype([("price_e4", "i8"), ("quantity", "u4"), ("orders", "u4")], align=True)

#: Where :func:`state_hash` starts: the hash of an empty book.
HASH_SEED = 0x243F6A8885A308D3


@kernel
def _price_of(book, index):
    if index < 0:
        return np.int64(0), np.int64(0), np.int64(0)
    level = book.ladders.levels[index]
    return level.price_e4, level.quantity, np.int64(level.orders)


@kernel
def best_price(book, symbol, side):
    """(price_e4, quantity) of the best level of a side, or (0, 0)."""
    price_e4, quantity, _ = _price_of(book, best_level(book.ladders, side_row(symbol, side)))
    return price_e4, quantity


@kernel
def best_bid(book, symbol):
    """(price_e4, quantity) of the highest bid, or (0, 0)."""
    return best_price(book, symbol, BUY)


@kernel
def best_ask(book, symbol):
    """(price_e4, quantity) of the lowest ask, or (0, 0)."""
    return best_price(book, symbol, SELL)


@kernel
def level_count(book, symbol, side):
    """How many price levels the side has."""
    return depth(book.ladders, side_row(symbol, side))


@kernel
def nth_price(book, symbol, side, n):
    """(price_e4, quantity, orders) of the ``n``-th best level (0 = best), or zeros."""
    return _price_of(book, nth_level(book.ladders, side_row(symbol, side), n))


@kernel
def copy_depth(book, symbol, side, out):
    """Write the best levels, best first, into ``out`` (DEPTH_LEVEL records). Returns how many.

    A total above 2**32 - 1, the most a record can say, is written as that.
    """
    row = side_row(symbol, side)
    count = min(out.size, depth(book.ladders, row))
    for n in range(count):
        price_e4, quantity, orders = _price_of(book, nth_level(book.ladders, row, n))
        out[n].price_e4 = price_e4
        out[n].quantity = min(quantity, MAX_QUANTITY)
        out[n].orders = orders
    return count


@kernel
def first_order(book, symbol, side):
    """The slot of the order that would execute first, or NO_ORDER."""
    index = best_level(book.ladders, side_row(symbol, side))
    return np.int64(book.ladders.levels[index].head) if index >= 0 else np.int64(NO_ORDER)


@kernel
def next_order(book, slot):
    """The slot of the order that would execute after this one, or NO_ORDER."""
    order = book.orders[slot]
    if order.next >= 0:
        return np.int64(order.next)
    row = side_row(order.symbol, order.side)
    side = book.ladders.sides[row]
    at = lower_rungs(book.ladders, row, rank_of(row, order.price_e4))
    if at == 0:
        return np.int64(NO_ORDER)
    return np.int64(book.ladders.levels[book.ladders.rungs[side.offset + at - 1].level].head)


@kernel
def mix(hashed, value):
    """One step of the fingerprint: xor, multiply by 2**64 / golden ratio, fold the top down."""
    hashed = (np.uint64(hashed) ^ np.uint64(value)) * np.uint64(0x9E3779B97F4A7C15)
    return hashed ^ (hashed >> np.uint64(29))


@kernel
def state_hash(book):
    """A uint64 fingerprint of everything that rests, in the order in which it would execute.

    It depends on each order's key, number, price, quantity and executed quantity and on all
    priorities, and on nothing else: not on slots, levels, or how the book came to be so.
    """
    hashed = np.uint64(HASH_SEED)
    for row in range(book.ladders.sides.size):
        slot = first_order(book, row >> 1, BUY + (row & 1))
        if slot >= 0:
            hashed = mix(hashed, np.int64(row))
        while slot >= 0:
            order = book.orders[slot]
            hashed = mix(hashed, order.key)
            hashed = mix(hashed, order.number)
            hashed = mix(hashed, order.price_e4)
            hashed = mix(hashed, np.int64(order.quantity))
            hashed = mix(hashed, np.int64(order.executed))
            slot = next_order(book, slot)
    return hashed
