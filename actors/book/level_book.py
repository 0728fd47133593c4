"""The subscriber's level book: prices and quantities, no orders, a bounded number of levels.

What a strategy keeps of a market that publishes level changes. Each side is one contiguous run of
(price, quantity), sorted with the best at the end, so that a change near the best price is a step
or two. When a side is full, the level farthest from the best gives way.

A side that has dropped levels is still exact from its best level to its last; what lay behind is
unknown until the next :func:`clear` and snapshot. ``dropped`` counts such levels since then.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from actors.book.memory import aligned_zeros, kernel, move_bytes
from actors.book.price_levels import BUY, NEAR, SELL, side_row

__all__ = ["BOOK_LEVEL", "BOOK_SIDE", "LevelBook", "OUTSIDE", "UNCHANGED", "allocate_level_book",
           "best_ask", "best_bid", "best_of", "clear", "copy_levels", "level_count", "mid_e4",
           "nth_of", "quantity_at", "set_level"]

#: Answer of :func:`set_level` when nothing in the book changed.
UNCHANGED = -1
#: Answer of :func:`set_level` and :func:`clear` to a symbol or side that the book does not have.
OUTSIDE = -2

BOOK_LEVEL = np.dtype([("price_e4", "i8"), ("quantity", "i8")], align=True)
BOOK_SIDE = np.dtype(
    [("offset", "i8"), ("depth", "i4"), ("capacity", "i4"), ("dropped", "i8")], align=True
)
LEVEL_SIZE = BOOK_LEVEL.itemsize


class LevelBook(NamedTuple):
    """``sides``: BOOK_SIDE, two a symbol; ``levels``: BOOK_LEVEL, worst ... best in each side."""

    sides: np.ndarray
    levels: np.ndarray


def allocate_level_book(symbols: int, levels_per_side: int | Sequence[int] = 64) -> LevelBook:
    """An empty book for symbols 0 to ``symbols`` - 1, with so many levels a side at most.

    A sequence for ``levels_per_side`` gives each symbol its own bound.
    """
    if not 1 <= symbols <= 2**24:
        raise ValueError(f"a level book needs 1 to 2**24 symbols, not {symbols}")
    capacities = np.broadcast_to(np.asarray(levels_per_side, np.int64), (symbols,))
    if capacities.min() < 1 or capacities.sum() > 2**30:
        raise ValueError(
            "levels_per_side must be at least 1 for every symbol and 2**30 in total, "
            f"not {levels_per_side}"
        )
    capacities = np.repeat(capacities, 2)
    sides = aligned_zeros(2 * symbols, BOOK_SIDE)
    sides["capacity"] = capacities
    sides["offset"] = np.cumsum(capacities) - capacities
    return LevelBook(sides, aligned_zeros(int(capacities.sum()), BOOK_LEVEL))


# --- kernels ----------------------------------------------------------------------------------


@kernel
def clear(book, symbol):
    """Forget both sides of a symbol. Returns 0, or OUTSIDE."""
    if symbol < 0 or 2 * symbol >= book.sides.size:
        return np.int64(OUTSIDE)
    for row in range(2 * symbol, 2 * symbol + 2):
        book.sides[row].depth = 0
        book.sides[row].dropped = 0
    return np.int64(0)


@kernel
def _position(book, row, price_e4):
    """How many levels of the side are worse than this price; searched from the best first."""
    levels = book.levels
    side = book.sides[row]
    sign = np.int64(1) if row & 1 == 0 else np.int64(-1)
    rank = sign * np.int64(price_e4)
    low = side.offset
    high = side.offset + side.depth
    near = max(low, high - NEAR)
    while high > near:
        if sign * levels[high - 1].price_e4 < rank:
            return high - side.offset
        high -= 1
    while low < high:
        middle = (low + high) >> 1
        if sign * levels[middle].price_e4 < rank:
            low = middle + 1
        else:
            high = middle
    return low - side.offset


@kernel
def _move(levels, target, source, count):
    """Copy ``count`` levels between places that may overlap."""
    base = np.int64(levels.ctypes.data)
    move_bytes(base + LEVEL_SIZE * target, base + LEVEL_SIZE * source, LEVEL_SIZE * count)


@kernel
def _remove(book, row, at):
    side = book.sides[row]
    place = side.offset + at
    _move(book.levels, place, place + 1, side.depth - 1 - at)
    side.depth -= 1


@kernel
def _insert(book, row, at, price_e4, quantity):
    """Insert at ``at``; in a full side the worst level makes room. Returns the place taken."""
    side = book.sides[row]
    levels = book.levels
    first = side.offset
    if side.depth == side.capacity:
        side.dropped += 1
        if at == 0:
            return np.int64(UNCHANGED)
        at -= 1
        _move(levels, first, first + 1, at)
    else:
        _move(levels, first + at + 1, first + at, side.depth - at)
        side.depth += 1
    levels[first + at].price_e4 = price_e4
    levels[first + at].quantity = quantity
    return np.int64(at)


@kernel
def set_level(book, symbol, side, price_e4, quantity):
    """Say what now rests at a price; 0 removes the level.

    Returns how far from the best the change was (0: the best price or its quantity changed), or
    UNCHANGED: the same quantity again, a removal of what is not there, or a new level behind the
    last of a full side. OUTSIDE for a symbol or side that the book does not have.
    """
    row = side_row(symbol, side)
    if symbol < 0 or row >= book.sides.size or side < BUY or side > SELL:
        return np.int64(OUTSIDE)
    header = book.sides[row]
    at = _position(book, row, price_e4)
    levels = book.levels
    if at < header.depth and levels[header.offset + at].price_e4 == price_e4:
        distance = np.int64(header.depth) - 1 - at
        if quantity <= 0:
            _remove(book, row, at)
        elif levels[header.offset + at].quantity != quantity:
            levels[header.offset + at].quantity = quantity
        else:
            return np.int64(UNCHANGED)
        return distance
    if quantity <= 0:
        return np.int64(UNCHANGED)
    at = _insert(book, row, at, price_e4, quantity)
    return np.int64(header.depth) - 1 - at if at >= 0 else at


@kernel
def level_count(book, symbol, side):
    """How many levels the side has."""
    return np.int64(book.sides[side_row(symbol, side)].depth)


@kernel
def nth_of(book, symbol, side, n):
    """(price_e4, quantity) of the ``n``-th best level of a side (0 = best), or (0, 0)."""
    header = book.sides[side_row(symbol, side)]
    if n < 0 or n >= header.depth:
        return np.int64(0), np.int64(0)
    level = book.levels[header.offset + header.depth - 1 - n]
    return level.price_e4, level.quantity


@kernel
def best_of(book, symbol, side):
    """(price_e4, quantity) of the best level of a side, or (0, 0)."""
    return nth_of(book, symbol, side, 0)


@kernel
def best_bid(book, symbol):
    """(price_e4, quantity) of the highest bid, or (0, 0)."""
    return nth_of(book, symbol, BUY, 0)


@kernel
def best_ask(book, symbol):
    """(price_e4, quantity) of the lowest ask, or (0, 0)."""
    return nth_of(book, symbol, SELL, 0)


@kernel
def mid_e4(book, symbol):
    """Half way between best bid and best ask, as a float; NaN unless both are there."""
    bid, bid_quantity = nth_of(book, symbol, BUY, 0)
    ask, ask_quantity = nth_of(book, symbol, SELL, 0)
    if bid_quantity == 0 or ask_quantity == 0:
        return np.nan
    return 0.5 * (np.float64(bid) + np.float64(ask))


@kernel
def quantity_at(book, symbol, side, price_e4):
    """What rests at exactly this price, or 0."""
    row = side_row(symbol, side)
    header = book.sides[row]
    at = _position(book, row, price_e4)
    if at < header.depth and book.levels[header.offset + at].price_e4 == price_e4:
        return book.levels[header.offset + at].quantity
    return np.int64(0)


@kernel
def copy_levels(book, symbol, side, out):
    """Write the best levels, best first, into ``out`` (BOOK_LEVEL records). Returns how many."""
    count = min(out.size, level_count(book, symbol, side))
    for n in range(count):
        out[n].price_e4, out[n].quantity = nth_of(book, symbol, side, n)
    return count
