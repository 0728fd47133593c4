"""The order book: every resting order, in price-time priority, for many symbols.

Orders live in one pool of cache-line records. The orders at a price are a doubly linked queue
through the pool, oldest first; the prices are ladders (:mod:`actors.book.price_levels`); an order
map (:mod:`actors.book.order_map`) finds an order by its key. The exchange keys orders by owner and
client reference, the feed handler by the order reference number of the venue.

Every bound is fixed at allocation. An operation that would exceed one changes nothing and says so.

A book is one block of memory (:class:`OrderBook`); kernels are given its address. Each operation
returns a :class:`Change`: what happened to the order, and what is now at its price, so that a
caller can publish the level without looking it up. :func:`insert_at_tail` and :func:`reduce_at` are
for callers who have checked already; they check nothing but the bounds.
"""

from enum import IntEnum
from typing import NamedTuple

import numpy as np

from actors.book.book_memory import (BOOK, INDEX_AT, LADDERS_AT, MAX_PRICE_E4, MAX_QUANTITY,
                                     NO_ORDER, ORDER)
from actors.book.memory import kernel, record_at
from actors.book.order_map import MAP_HEADER, get_in, put_in, take_from
from actors.book.price_levels import BUY, SELL, close_level, ladders_at, level_at, open_level
from actors.book.price_levels import side_row

__all__ = ["BookStatus", "Change", "add_order", "book_at", "execute_order", "find_order",
           "insert_at_tail", "insert_in_row", "ladders_of", "order_at", "reduce_at", "reduce_order",
           "remove_order", "replace_order", "requeue_at"]


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


# --- kernels on slots -------------------------------------------------------------------------


@kernel
def book_at(book):
    """The BOOK record of the book at this address."""
    return record_at(book, 0, BOOK)


@kernel
def ladders_of(book):
    """The address of the book's ladders."""
    return book + LADDERS_AT


@kernel
def order_at(book, slot):
    """The ORDER record at a slot."""
    return record_at(book + book_at(book).orders_at, slot, ORDER)


@kernel
def _index_at(book):
    return record_at(book + INDEX_AT, 0, MAP_HEADER)


@kernel
def find_order(book, key):
    """The slot of the resting order with this key, or NO_ORDER."""
    return get_in(_index_at(book), book + book_at(book).entries_at, key)


@kernel
def insert_at_tail(book, key, symbol, side, price_e4, quantity):
    """Put a new displayed order behind all others at its price; see :func:`insert_in_row`."""
    return insert_in_row(book, key, side_row(symbol, side), symbol, side, price_e4, quantity)


@kernel
def insert_in_row(book, key, row, symbol, side, price_e4, quantity):
    """Put a new order behind all others at its price in a row of its side. Returns its slot.

    Nothing is checked but the bounds: -1 when the order pool is full, -2 when there is no room for
    a level at this price. ``key`` must be new. ``number``, ``executed``, ``entered_ns``, ``tag``
    and ``attributes`` are cleared; an order on a hidden row must be given HIDDEN then.
    """
    header = book_at(book)
    if header.available == 0:
        return np.int64(-1)
    index = open_level(ladders_of(book), row, price_e4)
    if index < 0:
        return np.int64(-2)
    slot = header.free
    put_in(_index_at(book), book + header.entries_at, key, slot)
    level = level_at(ladders_of(book), index)
    order = order_at(book, slot)
    header.free = order.next
    header.available -= 1
    tail = np.int64(level.tail)
    order.key = key
    order.number = 0
    order.price_e4 = price_e4
    order.entered_ns = 0
    order.quantity = quantity
    order.executed = 0
    order.prev = tail
    order.next = NO_ORDER
    order.level = index
    order.symbol = symbol
    order.tag = 0
    order.side = side
    order.attributes = 0
    if tail >= 0:
        order_at(book, tail).next = slot
    else:
        level.head = slot
    level.tail = slot
    level.orders += 1
    level.quantity += quantity
    return slot


@kernel
def _unlink(book, slot, order, level):
    """Take an order out of its queue and the index; give its slot back, and an empty level."""
    header = book_at(book)
    take_from(_index_at(book), book + header.entries_at, order.key)
    if order.prev >= 0:
        order_at(book, np.int64(order.prev)).next = order.next
    else:
        level.head = order.next
    if order.next >= 0:
        order_at(book, np.int64(order.next)).prev = order.prev
    else:
        level.tail = order.prev
    level.orders -= 1
    if level.orders == 0:
        close_level(ladders_of(book), np.int64(order.level))
    order.next = header.free
    header.free = slot
    header.available += 1


@kernel
def reduce_at(book, slot, quantity):
    """Take ``quantity`` off the order at ``slot``: no more than it has; it goes when none is left.

    It keeps its place in the queue. Returns the quantity now resting at its price.
    """
    order = order_at(book, slot)
    level = level_at(ladders_of(book), np.int64(order.level))
    order.quantity -= quantity
    level.quantity -= quantity
    after = level.quantity
    if order.quantity == 0:
        _unlink(book, slot, order, level)
    return after


@kernel
def requeue_at(book, slot, quantity):
    """Give the order at ``slot`` another quantity and move it behind all others at its price."""
    order = order_at(book, slot)
    level = level_at(ladders_of(book), np.int64(order.level))
    level.quantity += quantity - np.int64(order.quantity)
    order.quantity = quantity
    if order.next < 0:
        return
    order_at(book, np.int64(order.next)).prev = order.prev
    if order.prev >= 0:
        order_at(book, np.int64(order.prev)).next = order.next
    else:
        level.head = order.next
    order_at(book, np.int64(level.tail)).next = slot
    order.prev = level.tail
    order.next = NO_ORDER
    level.tail = slot


# --- kernels on keys --------------------------------------------------------------------------


@kernel
def _nothing(status):
    zero = np.int64(0)
    return Change(np.int64(status), np.int64(NO_ORDER), zero, zero, zero, zero, zero, zero)


@kernel
def add_order(book, key, symbol, side, price_e4, quantity):
    """Rest a new order, last at its price (ITCH A, F); its key is its number. Returns a Change."""
    if side != BUY and side != SELL:
        return _nothing(BAD_SIDE)
    if symbol < 0 or 2 * symbol >= ladders_at(ladders_of(book)).hidden:
        return _nothing(BAD_SYMBOL)
    if price_e4 > MAX_PRICE_E4 or price_e4 < -MAX_PRICE_E4:
        return _nothing(BAD_PRICE)
    if quantity < 1 or quantity > MAX_QUANTITY:
        return _nothing(BAD_QUANTITY)
    if find_order(book, key) >= 0:
        return _nothing(DUPLICATE_ORDER)
    slot = insert_at_tail(book, key, symbol, side, price_e4, quantity)
    if slot < 0:
        return _nothing(ORDERS_FULL if slot == -1 else LEVELS_FULL)
    order = order_at(book, slot)
    order.number = key
    return Change(np.int64(OK), slot, np.int64(symbol), np.int64(side), np.int64(price_e4),
                  np.int64(quantity), np.int64(quantity),
                  level_at(ladders_of(book), np.int64(order.level)).quantity)


@kernel
def _take_off(book, slot, quantity):
    """Take up to ``quantity`` off the order at ``slot``, and say what happened."""
    order = order_at(book, slot)
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
    slot = find_order(book, key)
    if slot < 0:
        return _nothing(UNKNOWN_ORDER)
    return _take_off(book, slot, quantity)


@kernel
def execute_order(book, key, quantity):
    """As :func:`reduce_order`, for shares executed, which are counted (ITCH E and C)."""
    change = reduce_order(book, key, quantity)
    if change.slot >= 0:
        order_at(book, change.slot).executed += change.quantity
    return change


@kernel
def remove_order(book, key):
    """Take a resting order off the book (ITCH D). Returns a Change; ``quantity``: what it had."""
    slot = find_order(book, key)
    if slot < 0:
        return _nothing(UNKNOWN_ORDER)
    return _take_off(book, slot, np.int64(order_at(book, slot).quantity))


@kernel
def replace_order(book, key, new_key, price_e4, quantity):
    """Replace a resting order by a new one, last at its price (ITCH U). Returns two Changes.

    The first is the old order's removal, the second the new one's addition. When the new one's
    details are refused, both say why and the old order stays. When only a bound refuses it, the
    old order is gone, as the venue says that it is, and the second Change has the reason.
    """
    slot = find_order(book, key)
    if slot < 0:
        return _nothing(UNKNOWN_ORDER), _nothing(UNKNOWN_ORDER)
    if new_key != key and find_order(book, new_key) >= 0:
        return _nothing(DUPLICATE_ORDER), _nothing(DUPLICATE_ORDER)
    if price_e4 > MAX_PRICE_E4 or price_e4 < -MAX_PRICE_E4:
        return _nothing(BAD_PRICE), _nothing(BAD_PRICE)
    if quantity < 1 or quantity > MAX_QUANTITY:
        return _nothing(BAD_QUANTITY), _nothing(BAD_QUANTITY)
    removed = remove_order(book, key)
    added = add_order(book, new_key, removed.symbol, removed.side, price_e4, quantity)
    return removed, added
