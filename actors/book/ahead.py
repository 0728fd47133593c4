"""Kernels that fetch the memory that operations on an order book will need, before they are done.

Books of thousands of symbols are larger than the caches, and an operation on an order at random
waits for main memory several times in a row: for the map's entry, then the order, then its price
level, then the neighbours there. Whoever has several operations at hand, because they came together,
calls :func:`look_at` once for each one that is done. It looks at one more operation, and at others
that it has looked at before, and each look asks the memory for what the one before has made known:

::

    done          neighbours      level             order            map entry, side
    operation ─── operation + 4 ─ operation + 8 ─── operation + 12 ─ operation + 16 ──►

They change nothing. A guess that was wrong costs a cache line. Hardly a branch depends on what the
operations are, as one predicted wrongly costs as much as the line saved.
"""

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from actors.book.book_memory import INDEX_AT, ORDER
from actors.book.memory import kernel, record_at
from actors.book.order_book import book_at, find_order, ladders_of, order_at
from actors.book.order_map import MAP_ENTRY, MAP_HEADER, home
from actors.book.price_levels import (
    LEVEL, RUNG, SIDE, ladders_at, level_at, rank_of, side_at,
)

__all__ = ["AHEAD", "LOOK_AHEAD_FROM", "JOINS", "LOOKED", "RESTS", "RING", "TAKES", "fetch", "look_at",
           "looked_next", "start_looking"]

#: From so many symbols on it pays to look ahead: the books do not fit the caches any more.
LOOK_AHEAD_FROM = 256
#: How many operations lie between one look at an operation and the next.
_APART = 4
#: How far the first look is ahead.
AHEAD = 4 * _APART
_PLACES = 32

#: What an operation is about: an order that rests; a new one that will; a new one that will execute
#: against the best of the other side.
RESTS, JOINS, TAKES = range(3)

#: An operation that was looked at. ``row`` is its side's (-1: nothing to fetch for it; of an order
#: that rests it need not be known: 0 does), ``key`` the order's, ``price_e4`` where it JOINS,
#: ``slot`` the place of the order that it is about or will meet (0: none), ``level`` that of the
#: price level.
LOOKED = np.dtype([("row", "i8"), ("key", "i8"), ("about", "i8"), ("price_e4", "i8"),
                   ("slot", "i8"), ("level", "i8")])
#: The last operations that were looked at; ``n`` counts them.
RING = np.dtype([("n", "i8"), ("looked", LOOKED, (_PLACES,))])
_LOOKED_AT = RING.fields["looked"][1]

_ENTRY_SIZE, _ORDER_SIZE = MAP_ENTRY.itemsize, ORDER.itemsize
_LEVEL_SIZE, _SIDE_SIZE, _RUNG_SIZE = LEVEL.itemsize, SIDE.itemsize, RUNG.itemsize
_NEAR = 8


@intrinsic
def fetch(typingctx, address):
    """Asks for the cache line at an address, to be written; harmless at any address."""
    def codegen(context, builder, signature, args):
        pointer = builder.inttoptr(args[0], cgutils.voidptr_t)
        word = ir.IntType(32)
        function = builder.module.declare_intrinsic(
            "llvm.prefetch", [cgutils.voidptr_t],
            ir.FunctionType(ir.VoidType(), [cgutils.voidptr_t, word, word, word]))
        builder.call(function, [pointer, word(1), word(3), word(1)])
        return context.get_dummy_value()
    return types.void(types.int64), codegen


@kernel
def _fetch_entry(book, key):
    """The order's entry in the map."""
    entry = home(record_at(book + INDEX_AT, 0, MAP_HEADER), key)
    fetch(book + book_at(book).entries_at + _ENTRY_SIZE * entry)


@kernel
def _fetch_level(book, level):
    ladders = ladders_of(book)
    fetch(ladders + ladders_at(ladders).levels_at + _LEVEL_SIZE * level)


@kernel
def _fetch_slot(book, slot):
    fetch(book + book_at(book).orders_at + _ORDER_SIZE * slot)


@kernel
def _first_look(book, looked):
    """The order's entry, and the symbol's sides."""
    _fetch_entry(book, looked.key)
    ladders = ladders_of(book)
    fetch(ladders + ladders_at(ladders).sides_at + _SIDE_SIZE * looked.row)


@kernel
def _second_look(book, looked):
    """The order, the best levels of both sides, and the best rungs of the side at hand."""
    ladders = ladders_of(book)
    side, other = side_at(ladders, looked.row), side_at(ladders, looked.row ^ 1)
    _fetch_level(book, side.best_level)
    _fetch_level(book, other.best_level)
    top = ladders + ladders_at(ladders).rungs_at + _RUNG_SIZE * (side.first + side.depth - 1)
    fetch(top)
    fetch(top - 4 * _RUNG_SIZE)
    looked.slot = max(find_order(book, looked.key), 0)
    _fetch_slot(book, looked.slot)


@kernel
def _near_level(ladders, side, rank):
    """The level at ``rank``, or one near it: sought among the best of the side only."""
    rungs = ladders + ladders_at(ladders).rungs_at
    top = side.first + side.depth - 1
    better = np.int64(0)
    for n in range(_NEAR):
        better += np.int64(record_at(rungs, max(top - n, 0), RUNG).rank > rank)
    return np.int64(record_at(rungs, max(top - better, 0), RUNG).level)


@kernel
def _third_look(book, looked):
    """The price level of an order, and its neighbours there; where a new one will rest, or whom it
    will meet first."""
    ladders = ladders_of(book)
    if looked.about == RESTS:
        order = order_at(book, looked.slot)
        looked.level = order.level
        _fetch_slot(book, order.prev)
        _fetch_slot(book, order.next)
    elif looked.about == JOINS:
        looked.level = _near_level(ladders, side_at(ladders, looked.row),
                                   rank_of(looked.row, looked.price_e4))
    else:
        looked.level = max(side_at(ladders, looked.row ^ 1).best_level, 0)
        looked.slot = max(level_at(ladders, looked.level).head, 0)
        _fetch_slot(book, looked.slot)
    _fetch_level(book, looked.level)


@kernel
def _fourth_look(book, looked):
    """The order that a new one will stand behind, or what the end of the one it meets will touch."""
    if looked.about == TAKES:
        order = order_at(book, looked.slot)
        _fetch_entry(book, order.key)
        _fetch_slot(book, order.next)
    else:
        _fetch_slot(book, level_at(ladders_of(book), looked.level).tail)


@kernel
def _looked(ring_address, n):
    return record_at(ring_address + _LOOKED_AT, n & (_PLACES - 1), LOOKED)


@kernel
def start_looking(ring_address):
    """Forgets all operations: others are at hand now."""
    for place in range(_PLACES):
        _looked(ring_address, place).row = -1


@kernel
def looked_next(ring_address):
    """The LOOKED record of the next operation, to be filled in before :func:`look_at`."""
    return _looked(ring_address, record_at(ring_address, 0, RING).n)


@kernel
def look_at(ring_address, book):
    """Looks at the next operation, and again at those before it; ``row`` must be -1 or a row of the
    book's displayed sides."""
    ring = record_at(ring_address, 0, RING)
    n = ring.n
    ring.n += 1
    first = _looked(ring_address, n)
    if first.row >= 0:
        _first_look(book, first)
    second = _looked(ring_address, n - _APART)
    if second.row >= 0:
        _second_look(book, second)
    third = _looked(ring_address, n - 2 * _APART)
    if third.row >= 0:
        _third_look(book, third)
    fourth = _looked(ring_address, n - 3 * _APART)
    if fourth.row >= 0:
        _fourth_look(book, fourth)
