"""The order book: every resting order, in price-time priority, for many symbols.

Orders live in one pool of cache-line records. The orders at a price are a doubly linked queue
through the pool, oldest first; the prices are ladders (:mod:`actors.book.price_levels`); an order
map (:mod:`actors.book.order_map`) finds an order by its key. The exchange keys orders by owner and
client reference, the feed handler by the order reference number of the venue.

Every bound is fixed at allocation. An operation that would exceed one changes nothing and says so.

Each operation returns a :class:`Change`: what happened to the order, and what is now at its price,
so that a caller can publish the level without looking it up. The ``*_at`` kernels take a slot that
the caller knows to be in use, and check nothing.
"""

from collections.abc import Sequence
from enum import IntEnum
from typing import NamedTuple

import numpy as np

from actors.book.memory import aligned_zeros, kernel
from actors.book.order_map import OrderMap, allocate_map, map_get, map_put, map_take
from actors.book.price_levels import (BUY, SELL, PriceLevels, allocate_levels, close_level,
                                      open_level, side_row)

__all__ = ["BookStatus", "Change", "MAX_PRICE_E4", "MAX_QUANTITY", "NO_ORDER", "ORDER",
           "ORDER_POOL", "OrderBook", "add_order", "allocate_order_book", "execute_order",
           "find_order", "insert_at_tail", "reduce_at", "reduce_order", "remove_order",
           "replace_order"]

#: In place of a slot where there is no order.
NO_ORDER = -1
#: Prices are within plus or minus this. Any venue's uint32 or price(4) uint64 price fits.
MAX_PRICE_E4 = 2**62
#: An order's quantity is 1 to this.
MAX_QUANTITY = 2**32 - 1


class BookStatus(IntEnum):
    """How an operation on an order book ended. All but OK and CLAMPED changed nothing."""

    OK = 0
    UNKNOWN_ORDER = 1    #: no resting order has this key
    DUPLICATE_ORDER = 2  #: a resting order has this key already
    ORDERS_FULL = 3      #: as many orders rest as the book was allocated for
    LEVELS_FULL = 4      #: a new price, but this side or the level pool has no room for one
    BAD_SYMBOL = 5       #: not a symbol of this book
    BAD_SIDE = 6         #: neither BUY nor SELL
    BAD_PRICE = 7        #: beyond MAX_PRICE_E4
    BAD_QUANTITY = 8     #: 0 or negative, or above MAX_QUANTITY
    CLAMPED = 9          #: more was to come off the order than it had: all of it did


OK = int(BookStatus.OK)
UNKNOWN_ORDER = int(BookStatus.UNKNOWN_ORDER)
DUPLICATE_ORDER = int(BookStatus.DUPLICATE_ORDER)
ORDERS_FULL = int(BookStatus.ORDERS_FULL)
LEVELS_FULL = int(BookStatus.LEVELS_FULL)
BAD_SYMBOL = int(BookStatus.BAD_SYMBOL)
BAD_SIDE = int(BookStatus.BAD_SIDE)
BAD_PRICE = int(BookStatus.BAD_PRICE)
BAD_QUANTITY = int(BookStatus.BAD_QUANTITY)
CLAMPED = int(BookStatus.CLAMPED)

#: One order: a cache line. `number` is the venue's order reference number; `executed` counts the
#: shares executed over a chain of replacements; `tag` is the owner of the book's to use. In a free
#: slot `next` is the free list, the rest is what the last order left.
ORDER = np.dtype(
    [("key", "i8"), ("number", "i8"), ("price_e4", "i8"), ("entered_ns", "i8"),
     ("quantity", "u4"), ("executed", "u4"), ("prev", "i4"), ("next", "i4"), ("level", "i4"),
     ("symbol", "i4"), ("tag", "u4"), ("side", "u1"), ("reserved", "u1", (3,))],
    align=True,
)

#: `free` is the first free slot; `resting` counts the orders in the book.
ORDER_POOL = np.dtype([("free", "i4"), ("available", "i4"), ("resting", "i8")], align=True)


class OrderBook(NamedTuple):
    """``orders``: ORDER records; ``pool``: one ORDER_POOL; ``index``: key to slot; the ladders."""

    orders: np.ndarray
    pool: np.ndarray
    index: OrderMap
    ladders: PriceLevels


class Change(NamedTuple):
    """What an operation did. All int64; 0 where the status says that nothing was done.

    ``slot`` is the order's place in the pool (its record stays readable until the next insertion,
    also when the order is gone), ``quantity`` the shares put on or taken off, ``leaves`` what the
    order has left, ``level_quantity`` what all orders at ``price_e4`` have left (0: the level is
    gone).
    """

    status: int
    slot: int
    symbol: int
    side: int
    price_e4: int
    quantity: int
    leaves: int
    level_quantity: int


def allocate_order_book(
    symbols: int,
    orders: int,
    levels: int | None = None,
    levels_per_side: int | Sequence[int] = 1024,
    seed: int = 0,
) -> OrderBook:
    """An empty book for symbols 0 to ``symbols`` - 1 and up to ``orders`` resting orders.

    ``levels`` price levels are shared by all symbols (default: as many as orders, but no more than
    the ladders hold); ``levels_per_side`` bounds each side of a symbol, or of each symbol if it is
    a sequence; ``seed`` draws the hash of the order keys. About 100 bytes an order, 48 a level.
    """
    if not 1 <= orders <= 2**30:
        raise ValueError(f"a book needs room for 1 to 2**30 orders, not {orders}")
    if levels is None:
        places = 2 * int(np.broadcast_to(np.asarray(levels_per_side), (symbols,)).sum())
        levels = max(1, min(orders, places))
    ladders = allocate_levels(symbols, levels, levels_per_side)
    records = aligned_zeros(orders, ORDER)
    records["next"] = np.arange(1, orders + 1)
    records["next"][-1] = NO_ORDER
    pool = aligned_zeros(1, ORDER_POOL)
    pool[0] = (0, orders, 0)
    return OrderBook(records, pool, allocate_map(orders, seed), ladders)


# --- kernels on slots -------------------------------------------------------------------------


@kernel
def insert_at_tail(book, key, symbol, side, price_e4, quantity):
    """Put a new order behind all others at its price. Returns its slot.

    Nothing is checked but the bounds: -1 when the order pool is full, -2 when there is no room for
    a level at this price. ``key`` must be new. ``number``, ``executed``, ``entered_ns`` and
    ``tag`` are cleared.
    """
    pool = book.pool[0]
    if pool.available == 0:
        return np.int64(-1)
    index = open_level(book.ladders, side_row(symbol, side), price_e4)
    if index < 0:
        return np.int64(-2)
    level = book.ladders.levels[index]
    slot = np.int64(pool.free)
    order = book.orders[slot]
    pool.free = order.next
    pool.available -= 1
    pool.resting += 1
    order.key = key
    order.number = 0
    order.price_e4 = price_e4
    order.entered_ns = 0
    order.quantity = quantity
    order.executed = 0
    order.prev = level.tail
    order.next = NO_ORDER
    order.level = index
    order.symbol = symbol
    order.side = side
    order.tag = 0
    if level.tail >= 0:
        book.orders[level.tail].next = slot
    else:
        level.head = slot
    level.tail = slot
    level.orders += 1
    level.quantity += quantity
    map_put(book.index, key, slot)
    return slot


@kernel
def _unlink(book, slot, order, level):
    """Take an order out of its queue, and its slot and, when it was the last, its level back."""
    if order.prev >= 0:
        book.orders[order.prev].next = order.next
    else:
        level.head = order.next
    if order.next >= 0:
        book.orders[order.next].prev = order.prev
    else:
        level.tail = order.prev
    level.orders -= 1
    if level.orders == 0:
        close_level(book.ladders, order.level)
    pool = book.pool[0]
    order.next = pool.free
    pool.free = slot
    pool.available += 1
    pool.resting -= 1


@kernel
def reduce_at(book, slot, quantity):
    """Take ``quantity`` off the order at ``slot``: no more than it has; it goes when none is left.

    It keeps its place in the queue. Returns the quantity now resting at its price.
    """
    order = book.orders[slot]
    level = book.ladders.levels[order.level]
    order.quantity -= quantity
    level.quantity -= quantity
    after = level.quantity
    if order.quantity == 0:
        map_take(book.index, order.key)
        _unlink(book, slot, order, level)
    return after


# --- kernels on keys --------------------------------------------------------------------------


@kernel
def _nothing(status):
    zero = np.int64(0)
    return Change(np.int64(status), np.int64(NO_ORDER), zero, zero, zero, zero, zero, zero)


@kernel
def find_order(book, key):
    """The slot of the resting order with this key, or NO_ORDER."""
    return map_get(book.index, key)


@kernel
def add_order(book, key, symbol, side, price_e4, quantity):
    """Rest a new order, last at its price (ITCH A and F); its key is its number. Returns a Change."""
    if side != BUY and side != SELL:
        return _nothing(BAD_SIDE)
    if symbol < 0 or 2 * symbol >= book.ladders.sides.size:
        return _nothing(BAD_SYMBOL)
    if price_e4 > MAX_PRICE_E4 or price_e4 < -MAX_PRICE_E4:
        return _nothing(BAD_PRICE)
    if quantity < 1 or quantity > MAX_QUANTITY:
        return _nothing(BAD_QUANTITY)
    if map_get(book.index, key) >= 0:
        return _nothing(DUPLICATE_ORDER)
    slot = insert_at_tail(book, key, symbol, side, price_e4, quantity)
    if slot < 0:
        return _nothing(ORDERS_FULL if slot == -1 else LEVELS_FULL)
    order = book.orders[slot]
    order.number = key
    return Change(np.int64(OK), slot, np.int64(symbol), np.int64(side), np.int64(price_e4),
                  np.int64(quantity), np.int64(quantity),
                  book.ladders.levels[order.level].quantity)


@kernel
def _take_off(book, slot, quantity):
    """Take up to ``quantity`` off the order at ``slot``, and say what happened."""
    order = book.orders[slot]
    status = np.int64(OK)
    taken = np.int64(quantity)
    if taken > order.quantity:
        status = np.int64(CLAMPED)
        taken = np.int64(order.quantity)
    after = reduce_at(book, slot, taken)
    return Change(status, slot, np.int64(order.symbol), np.int64(order.side), order.price_e4,
                  taken, np.int64(order.quantity), after)


@kernel
def reduce_order(book, key, quantity):
    """Take ``quantity`` off a resting order, which keeps its priority (ITCH X). Returns a Change.

    CLAMPED when it had less than that: it is gone, and ``quantity`` says what it had.
    """
    if quantity < 1:
        return _nothing(BAD_QUANTITY)
    slot = map_get(book.index, key)
    if slot < 0:
        return _nothing(UNKNOWN_ORDER)
    return _take_off(book, slot, quantity)


@kernel
def execute_order(book, key, quantity):
    """As :func:`reduce_order`, for shares executed, which are counted (ITCH E and C)."""
    change = reduce_order(book, key, quantity)
    if change.slot >= 0:
        book.orders[change.slot].executed += change.quantity
    return change


@kernel
def remove_order(book, key):
    """Take a resting order off the book (ITCH D). Returns a Change; ``quantity``: what it had."""
    slot = map_get(book.index, key)
    if slot < 0:
        return _nothing(UNKNOWN_ORDER)
    return _take_off(book, slot, np.int64(book.orders[slot].quantity))


@kernel
def replace_order(book, key, new_key, price_e4, quantity):
    """Replace a resting order by a new one, last at its price (ITCH U). Returns two Changes.

    The first is the old order's removal, the second the new one's addition. When the new one's
    details are refused, both say why and the old order stays. When only a bound refuses it, the
    old order is gone, as the venue says that it is, and the second Change has the reason.
    """
    slot = map_get(book.index, key)
    if slot < 0:
        return _nothing(UNKNOWN_ORDER), _nothing(UNKNOWN_ORDER)
    if new_key != key and map_get(book.index, new_key) >= 0:
        return _nothing(DUPLICATE_ORDER), _nothing(DUPLICATE_ORDER)
    if price_e4 > MAX_PRICE_E4 or price_e4 < -MAX_PRICE_E4:
        return _nothing(BAD_PRICE), _nothing(BAD_PRICE)
    if quantity < 1 or quantity > MAX_QUANTITY:
        return _nothing(BAD_QUANTITY), _nothing(BAD_QUANTITY)
    removed = remove_order(book, key)
    added = add_order(book, new_key, removed.symbol, removed.side, price_e4, quantity)
    return removed, added
