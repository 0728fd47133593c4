"""Looking at an order book without changing it: best prices, depth, every order, a fingerprint."""

import numpy as np

from actors.book.book_memory import MAX_QUANTITY, NO_ORDER
from actors.book.memory import kernel
from actors.book.order_book import ladders_of, order_at
from actors.book.price_levels import (BUY, SELL, best_level, ladders_at, level_at, next_level,
                                      nth_level, side_at, side_row)

__all__ = ["DEPTH_LEVEL", "HASH_SEED", "best_ask", "best_bid", "best_price", "copy_depth",
           "first_in_row", "first_order", "level_count", "mix", "next_order", "nth_price",
           "state_hash"]

#: A row of :func:`copy_depth`; laid out as PriceLevel of ``schemas/book_snapshot.fbs``.
DEPTH_LEVEL = np.dtype([("price_e4", "i8"), ("quantity", "u4"), ("orders", "u4")], align=True)

#: Where :func:`state_hash` starts: the hash of an empty book.
HASH_SEED = 0x243F6A8885A308D3


@kernel
def _price_of(book, index):
    if index < 0:
        return np.int64(0), np.int64(0), np.int64(0)
    level = level_at(ladders_of(book), index)
    return level.price_e4, level.quantity, np.int64(level.orders)


@kernel
def best_price(book, symbol, side):
    """(price_e4, quantity) of the best level of a side, or (0, 0)."""
    price_e4, quantity, _ = _price_of(book, best_level(ladders_of(book), side_row(symbol, side)))
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
    return np.int64(side_at(ladders_of(book), side_row(symbol, side)).depth)


@kernel
def nth_price(book, symbol, side, n):
    """(price_e4, quantity, orders) of the ``n``-th best level (0 = best), or zeros."""
    return _price_of(book, nth_level(ladders_of(book), side_row(symbol, side), n))


@kernel
def copy_depth(book, symbol, side, out):
    """Write the best levels, best first, into ``out`` (DEPTH_LEVEL records). Returns how many.

    A total above 2**32 - 1, the most a record can say, is written as that.
    """
    count = min(out.size, level_count(book, symbol, side))
    for n in range(count):
        price_e4, quantity, orders = nth_price(book, symbol, side, n)
        out[n].price_e4 = price_e4
        out[n].quantity = min(quantity, MAX_QUANTITY)
        out[n].orders = orders
    return count


@kernel
def _head_of(book, index):
    if index < 0:
        return np.int64(NO_ORDER)
    return np.int64(level_at(ladders_of(book), index).head)


@kernel
def first_in_row(book, row):
    """The slot of the order of a row that would execute first, or NO_ORDER."""
    return _head_of(book, best_level(ladders_of(book), row))


@kernel
def first_order(book, symbol, side):
    """The slot of the displayed order that would execute first, or NO_ORDER."""
    return first_in_row(book, side_row(symbol, side))


@kernel
def next_order(book, slot):
    """The slot of the order of the same row that would execute after this one, or NO_ORDER."""
    order = order_at(book, slot)
    if order.next >= 0:
        return np.int64(order.next)
    row = np.int64(level_at(ladders_of(book), np.int64(order.level)).row)
    return _head_of(book, next_level(ladders_of(book), row, order.price_e4))


@kernel
def mix(hashed, value):
    """One step of the fingerprint: xor, multiply by 2**64 / golden ratio, fold the top down."""
    hashed = (np.uint64(hashed) ^ np.uint64(value)) * np.uint64(0x9E3779B97F4A7C15)
    return hashed ^ (hashed >> np.uint64(29))


@kernel
def state_hash(book):
    """A uint64 fingerprint of everything that rests, in the order in which it would execute.

    It depends on each order's key, number, price, quantity and executed quantity, on who is hidden
    and on all priorities, and on nothing else: not on slots, levels, or how the book came to be so.
    """
    hashed = np.uint64(HASH_SEED)
    for row in range(np.int64(ladders_at(ladders_of(book)).rows)):
        slot = first_in_row(book, row)
        if slot >= 0:
            hashed = mix(hashed, row)
        while slot >= 0:
            order = order_at(book, slot)
            hashed = mix(hashed, order.key)
            hashed = mix(hashed, order.number)
            hashed = mix(hashed, order.price_e4)
            hashed = mix(hashed, np.int64(order.quantity))
            hashed = mix(hashed, np.int64(order.executed))
            slot = next_order(book, slot)
    return hashed
