"""Sorted price levels for every side of every symbol.

A side is a *ladder*: one contiguous run of rungs (price, level), sorted, **best at the end**. Nearly
everything that happens in a market happens at or near the best price, so a search starts there, and
opening or closing a level near it moves a few neighbouring rungs, usually in the same cache line.
The worst case is bounded by the ladder's capacity: a binary search, and one pass over its rungs
(1,024 rungs are 16 KiB). There are no pointers to chase, no rebalancing and no tick size.

To compare both sides alike, a rung stores a *rank*: the price for bids, minus the price for asks.
The best order of either side has the highest rank.

A level keeps its place in memory while it exists: the pool hands out indices from a free list.

    sides    [2 * symbol + side - 1] -> offset, depth, capacity     (side: BUY 1, SELL 2)
    rungs    [offset .. offset + depth) -> rank, level              worst ... best
    levels   [level] -> price, total quantity, order count, first and last order
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from actors.book.memory import aligned_zeros, kernel, move_bytes
from schemas.enums import Side

__all__ = ["BUY", "LEVEL", "LEVEL_POOL", "NO_LEVEL", "NO_RANK", "PriceLevels", "RUNG", "SELL",
           "SIDE", "allocate_levels", "best_level", "best_rank", "can_open_level", "close_level",
           "depth", "find_level", "lower_rungs", "nth_level", "open_level", "rank_of", "side_row"]

BUY = int(Side.BUY)
SELL = int(Side.SELL)

#: In place of a level where there is none.
NO_LEVEL = -1
#: The rank of the best price of an empty side: below every price's.
NO_RANK = -(2**63) + 1

LEVEL = np.dtype(
    [("price_e4", "i8"), ("quantity", "i8"), ("orders", "i4"), ("head", "i4"), ("tail", "i4"),
     ("row", "i4")],
    align=True,
)  # 32 bytes; in the free list, `head` is the next free level

RUNG = np.dtype(
    {"names": ["rank", "level"], "formats": ["i8", "i4"], "offsets": [0, 8], "itemsize": 16},
    align=True,
)

SIDE = np.dtype(
    [("offset", "i8"), ("depth", "i4"), ("capacity", "i4"), ("best_rank", "i8"),
     ("best_level", "i4"), ("reserved", "i4")],
    align=True,
)  # 32 bytes: both sides of a symbol share a cache line

LEVEL_POOL = np.dtype([("free", "i4"), ("available", "i4")], align=True)

#: Rungs looked at, or moved, one by one before a binary search, or memmove, pays.
NEAR = 8


class PriceLevels(NamedTuple):
    """The ladders and the level pool. Arrays of SIDE, RUNG, LEVEL, and one LEVEL_POOL."""

    sides: np.ndarray
    rungs: np.ndarray
    levels: np.ndarray
    pool: np.ndarray


def allocate_levels(
    symbols: int, levels: int, levels_per_side: int | Sequence[int] = 1024
) -> PriceLevels:
    """Empty ladders for symbols 0 to ``symbols`` - 1, and ``levels`` levels shared among them.

    ``levels_per_side`` bounds each side of each symbol; a sequence gives each symbol its own bound.
    """
    if not 1 <= symbols <= 2**24:
        raise ValueError(f"a book needs 1 to 2**24 symbols, not {symbols}")
    if not 1 <= levels <= 2**30:
        raise ValueError(f"a book needs room for 1 to 2**30 levels, not {levels}")
    capacities = np.broadcast_to(np.asarray(levels_per_side, np.int64), (symbols,))
    if capacities.min() < 1 or capacities.sum() > 2**30:
        raise ValueError(
            "levels_per_side must be at least 1 for every symbol and 2**30 in total, "
            f"not {levels_per_side}"
        )
    capacities = np.repeat(capacities, 2)
    sides = aligned_zeros(2 * symbols, SIDE)
    sides["capacity"] = capacities
    sides["offset"] = np.cumsum(capacities) - capacities
    sides["best_rank"] = NO_RANK
    sides["best_level"] = NO_LEVEL
    pool = aligned_zeros(levels, LEVEL)
    pool["head"] = np.arange(1, levels + 1)
    pool["head"][-1] = NO_LEVEL
    header = aligned_zeros(1, LEVEL_POOL)
    header[0] = (0, levels)
    return PriceLevels(sides, aligned_zeros(int(capacities.sum()), RUNG), pool, header)


# --- kernels ----------------------------------------------------------------------------------


@kernel
def side_row(symbol, side):
    """Where a symbol's side is in ``sides``: 2 * symbol for BUY, the next for SELL."""
    return 2 * np.int64(symbol) + np.int64(side) - BUY


@kernel
def rank_of(row, price_e4):
    """The price as a rank on this row: higher is better on both sides."""
    return np.int64(price_e4) if row & 1 == 0 else -np.int64(price_e4)


@kernel
def depth(ladders, row):
    """How many price levels the side has."""
    return np.int64(ladders.sides[row].depth)


@kernel
def best_rank(ladders, row):
    """The rank of the side's best price, or NO_RANK when the side is empty."""
    return ladders.sides[row].best_rank


@kernel
def best_level(ladders, row):
    """The level at the side's best price, or NO_LEVEL."""
    return np.int64(ladders.sides[row].best_level)


@kernel
def nth_level(ladders, row, n):
    """The ``n``-th level from the best (0 = best), or NO_LEVEL beyond the last."""
    side = ladders.sides[row]
    if n < 0 or n >= side.depth:
        return np.int64(NO_LEVEL)
    return np.int64(ladders.rungs[side.offset + side.depth - 1 - n].level)


@kernel
def lower_rungs(ladders, row, rank):
    """How many rungs of the side rank below ``rank``: where that rank is, or would be."""
    rungs = ladders.rungs
    side = ladders.sides[row]
    first = side.offset
    low = first
    high = first + side.depth
    near = max(first, high - NEAR)
    while high > near:
        if rungs[high - 1].rank < rank:
            return high - first
        high -= 1
    while low < high:
        middle = (low + high) >> 1
        if rungs[middle].rank < rank:
            low = middle + 1
        else:
            high = middle
    return low - first


@kernel
def find_level(ladders, row, price_e4):
    """The level at exactly this price, or NO_LEVEL."""
    rank = rank_of(row, price_e4)
    side = ladders.sides[row]
    if side.best_rank == rank:
        return np.int64(side.best_level)
    at = lower_rungs(ladders, row, rank)
    if at < side.depth:
        rung = ladders.rungs[side.offset + at]
        if rung.rank == rank:
            return np.int64(rung.level)
    return np.int64(NO_LEVEL)


@kernel
def can_open_level(ladders, row):
    """Whether one more level fits: on this ladder, and in the pool."""
    side = ladders.sides[row]
    return side.depth < side.capacity and ladders.pool[0].available > 0


@kernel
def _update_best(rungs, side):
    if side.depth > 0:
        best = rungs[side.offset + side.depth - 1]
        side.best_rank = best.rank
        side.best_level = best.level
    else:
        side.best_rank = NO_RANK
        side.best_level = NO_LEVEL


@kernel
def _copy_rung(rungs, target, source):
    rungs[target].rank = rungs[source].rank
    rungs[target].level = rungs[source].level


@kernel
def _move_rungs_up(rungs, first, end):
    """Move rungs [first, end) one place towards the best."""
    if end - first > NEAR:
        base = rungs.ctypes.data + rungs.itemsize * first
        move_bytes(base + rungs.itemsize, base, rungs.itemsize * (end - first))
        return
    while end > first:
        end -= 1
        _copy_rung(rungs, end + 1, end)


@kernel
def _move_rungs_down(rungs, first, end):
    """Move rungs [first, end) one place towards the worst."""
    if end - first > NEAR:
        base = rungs.ctypes.data + rungs.itemsize * first
        move_bytes(base - rungs.itemsize, base, rungs.itemsize * (end - first))
        return
    while first < end:
        _copy_rung(rungs, first - 1, first)
        first += 1


@kernel
def open_level(ladders, row, price_e4):
    """The level at this price, made if it is not there. NO_LEVEL when a bound is reached."""
    rank = rank_of(row, price_e4)
    side = ladders.sides[row]
    if side.best_rank == rank:
        return np.int64(side.best_level)
    rungs = ladders.rungs
    at = side.offset + lower_rungs(ladders, row, rank)
    end = side.offset + side.depth
    if at < end and rungs[at].rank == rank:
        return np.int64(rungs[at].level)
    pool = ladders.pool[0]
    if side.depth >= side.capacity or pool.available == 0:
        return np.int64(NO_LEVEL)
    index = np.int64(pool.free)
    level = ladders.levels[index]
    pool.free = level.head
    pool.available -= 1
    level.price_e4 = price_e4
    level.quantity = 0
    level.orders = 0
    level.head = -1
    level.tail = -1
    level.row = row
    _move_rungs_up(rungs, at, end)
    rungs[at].rank = rank
    rungs[at].level = index
    side.depth += 1
    _update_best(rungs, side)
    return index


@kernel
def close_level(ladders, index):
    """Take a level without orders off its ladder and give it back to the pool."""
    level = ladders.levels[index]
    row = level.row
    rungs = ladders.rungs
    side = ladders.sides[row]
    last = side.offset + side.depth - 1
    if side.best_level != index:
        at = side.offset + lower_rungs(ladders, row, rank_of(row, level.price_e4))
        _move_rungs_down(rungs, at + 1, last + 1)
    side.depth -= 1
    _update_best(rungs, side)
    pool = ladders.pool[0]
    level.head = pool.free
    pool.free = index
    pool.available += 1
