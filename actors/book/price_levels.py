"""Sorted price levels for every side of every symbol.

A side is a *ladder*: one contiguous run of rungs (price, level), sorted, **best at the end**. Most
of what happens in a market happens at or near the best price, so a search starts there, and opening
or closing a level near it moves a few neighbouring rungs, usually in the same cache line. The worst
case is bounded by the ladder's capacity: a binary search, and one pass over its rungs (1,024 rungs
are 16 KiB). There are no pointers to chase, no rebalancing and no tick size.

To compare both sides alike, a rung stores a *rank*: the price for bids, minus the price for asks.
The best order of either side has the highest rank.

Hidden orders have ladders of their own: the hidden row of a side lies as many rows behind as there
are displayed ones. So a displayed row is the public book and nothing else, hidden orders rank
behind displayed ones at a price by being looked at second, and who has no hidden orders pays
nothing. Each displayed side counts its hidden levels: one cache line says whether to look.

A level keeps its place in memory while it exists: the pool hands out indices from a free list.

    header   where the arrays are, and the pool's free list
    sides    [2 * symbol + side - 1] -> first rung, depth, best     (side: BUY 1, SELL 2)
             [hidden + 2 * symbol + side - 1]: the same for hidden orders, if there may be any
    rungs    [first .. first + depth) -> rank, level                worst ... best
    levels   [level] -> price, total quantity, order count, first and last order

All of it is part of a book's block of memory; ``ladders`` is the address of its LADDERS record.
"""

import numpy as np

from actors.book.memory import kernel, move_bytes, record_at
from schemas.enums import Side

__all__ = ["BUY", "LADDERS", "LEVEL", "NEAR", "NO_LEVEL", "NO_RANK", "RUNG", "SELL", "SIDE",
           "best_level", "best_rank", "clear_ladders", "close_level", "find_level", "hidden_row",
           "ladders_at", "level_at", "next_level", "nth_level", "open_level", "rank_of", "side_at",
           "side_row"]

BUY = int(Side.BUY)
SELL = int(Side.SELL)

#: In place of a level where there is none.
NO_LEVEL = -1
#: The rank of the best price of an empty side: below every price's.
NO_RANK = -(2**63) + 1

#: The header, 64 bytes. ``*_at`` count from the header's address; ``hidden`` is the first hidden
#: row, twice the symbols; ``rows`` is that too, or twice as much where orders may be hidden.
LADDERS = np.dtype(
    [("rows", "i4"), ("hidden", "i4"), ("sides_at", "i8"), ("rungs", "i8"), ("rungs_at", "i8"),
     ("levels", "i8"), ("levels_at", "i8"), ("available", "i8"), ("free", "i8")]
)

#: One side of a symbol, 32 bytes: both share a cache line. ``first`` counts rungs; ``hidden`` is
#: the depth of the hidden row that belongs to this one.
SIDE = np.dtype(
    [("first", "i8"), ("best_rank", "i8"), ("best_level", "i4"), ("depth", "i4"),
     ("capacity", "i4"), ("hidden", "i4")],
    align=True,
)

RUNG = np.dtype([("rank", "i8"), ("level", "i4"), ("reserved", "i4")], align=True)

#: One price, 32 bytes. ``row`` is its side's. In the free list ``head`` is the next free level.
LEVEL = np.dtype(
    [("price_e4", "i8"), ("quantity", "i8"), ("orders", "i4"), ("head", "i4"), ("tail", "i4"),
     ("row", "i4")],
    align=True,
)

#: Rungs looked at, or moved, one by one before a binary search, or memmove, pays.
NEAR = 8
RUNG_SIZE = RUNG.itemsize


def clear_ladders(
    header: np.ndarray, sides: np.ndarray, levels: np.ndarray, capacities: np.ndarray
) -> None:
    """Make the arrays, of any content, empty ladders with room for so many levels a row."""
    sides["first"] = np.cumsum(capacities) - capacities
    sides["best_rank"] = NO_RANK
    sides["best_level"] = NO_LEVEL
    sides["depth"] = 0
    sides["capacity"] = capacities
    sides["hidden"] = 0
    levels["head"] = np.arange(1, levels.size + 1)
    levels["head"][-1] = NO_LEVEL
    header["available"] = levels.size
    header["free"] = 0


# --- kernels ----------------------------------------------------------------------------------


@kernel
def side_row(symbol, side):
    """Where a symbol's side is among the sides: 2 * symbol for BUY, the next for SELL."""
    return 2 * np.int64(symbol) + np.int64(side) - BUY


@kernel
def hidden_row(ladders, row):
    """The row of the hidden orders that belong to a displayed row, or -1 if there are none ever."""
    header = ladders_at(ladders)
    return row + header.hidden if header.rows > header.hidden else np.int64(-1)


@kernel
def rank_of(row, price_e4):
    """The price as a rank on this row: higher is better on both sides."""
    return np.int64(price_e4) if row & 1 == 0 else -np.int64(price_e4)


@kernel
def ladders_at(ladders):
    """The header record."""
    return record_at(ladders, 0, LADDERS)


@kernel
def side_at(ladders, row):
    """The SIDE record of a row."""
    return record_at(ladders + ladders_at(ladders).sides_at, row, SIDE)


@kernel
def level_at(ladders, index):
    """The LEVEL record of a level."""
    return record_at(ladders + ladders_at(ladders).levels_at, index, LEVEL)


@kernel
def _rungs_of(ladders, side):
    """The address of the worst rung of a side."""
    return ladders + ladders_at(ladders).rungs_at + RUNG_SIZE * side.first


@kernel
def best_rank(ladders, row):
    """The rank of the side's best price, or NO_RANK when the side is empty."""
    return side_at(ladders, row).best_rank


@kernel
def best_level(ladders, row):
    """The level at the side's best price, or NO_LEVEL."""
    return np.int64(side_at(ladders, row).best_level)


@kernel
def nth_level(ladders, row, n):
    """The ``n``-th level from the best (0 = best), or NO_LEVEL beyond the last."""
    side = side_at(ladders, row)
    if n < 0 or n >= side.depth:
        return np.int64(NO_LEVEL)
    return np.int64(record_at(_rungs_of(ladders, side), side.depth - 1 - n, RUNG).level)


@kernel
def _rungs_below(rungs, depth, rank):
    """How many of ``depth`` rungs at an address rank below ``rank``: where that rank is, or would
    be."""
    low = np.int64(0)
    high = np.int64(depth)
    near = max(low, high - NEAR)
    while high > near:
        if record_at(rungs, high - 1, RUNG).rank < rank:
            return high
        high -= 1
    while low < high:
        middle = (low + high) >> 1
        if record_at(rungs, middle, RUNG).rank < rank:
            low = middle + 1
        else:
            high = middle
    return low


@kernel
def find_level(ladders, row, price_e4):
    """The level at exactly this price, or NO_LEVEL."""
    rank = rank_of(row, price_e4)
    side = side_at(ladders, row)
    if side.best_rank == rank:
        return np.int64(side.best_level)
    rungs = _rungs_of(ladders, side)
    at = _rungs_below(rungs, side.depth, rank)
    if at < side.depth and record_at(rungs, at, RUNG).rank == rank:
        return np.int64(record_at(rungs, at, RUNG).level)
    return np.int64(NO_LEVEL)


@kernel
def next_level(ladders, row, price_e4):
    """The best level that is worse than this price, or NO_LEVEL."""
    side = side_at(ladders, row)
    rungs = _rungs_of(ladders, side)
    at = _rungs_below(rungs, side.depth, rank_of(row, price_e4))
    if at == 0:
        return np.int64(NO_LEVEL)
    return np.int64(record_at(rungs, at - 1, RUNG).level)


@kernel
def _update_best(rungs, side):
    if side.depth > 0:
        best = record_at(rungs, side.depth - 1, RUNG)
        side.best_rank = best.rank
        side.best_level = best.level
    else:
        side.best_rank = NO_RANK
        side.best_level = NO_LEVEL


@kernel
def _copy_rung(rungs, target, source):
    record_at(rungs, target, RUNG).rank = record_at(rungs, source, RUNG).rank
    record_at(rungs, target, RUNG).level = record_at(rungs, source, RUNG).level


@kernel
def _insert_rung(rungs, depth, at, rank, level):
    """Put a rung at ``at``, moving those from there on one place towards the best."""
    if depth - at > NEAR:
        start = rungs + RUNG_SIZE * at
        move_bytes(start + RUNG_SIZE, start, RUNG_SIZE * (depth - at))
    else:
        for n in range(depth, at, -1):
            _copy_rung(rungs, n, n - 1)
    rung = record_at(rungs, at, RUNG)
    rung.rank = rank
    rung.level = level


@kernel
def _remove_rung(rungs, depth, at):
    """Take out the rung at ``at``, moving those behind it one place towards the worst."""
    if depth - at > NEAR:
        start = rungs + RUNG_SIZE * at
        move_bytes(start, start + RUNG_SIZE, RUNG_SIZE * (depth - 1 - at))
    else:
        for n in range(at, depth - 1):
            _copy_rung(rungs, n, n + 1)


@kernel
def open_level(ladders, row, price_e4):
    """The level at this price, made if it is not there. NO_LEVEL when a bound is reached."""
    rank = rank_of(row, price_e4)
    side = side_at(ladders, row)
    if side.best_rank == rank:
        return np.int64(side.best_level)
    rungs = _rungs_of(ladders, side)
    depth = np.int64(side.depth)
    at = _rungs_below(rungs, depth, rank)
    if at < depth and record_at(rungs, at, RUNG).rank == rank:
        return np.int64(record_at(rungs, at, RUNG).level)
    header = ladders_at(ladders)
    if depth >= side.capacity or header.available == 0:
        return np.int64(NO_LEVEL)
    index = header.free
    level = level_at(ladders, index)
    header.free = level.head
    header.available -= 1
    level.price_e4 = price_e4
    level.quantity = 0
    level.orders = 0
    level.head = -1
    level.tail = -1
    level.row = row
    _insert_rung(rungs, depth, at, rank, index)
    side.depth += 1
    if row >= header.hidden:
        side_at(ladders, row - header.hidden).hidden += 1
    if at == depth:
        side.best_rank = rank
        side.best_level = index
    return index


@kernel
def close_level(ladders, index):
    """Take a level without orders off its ladder and give it back to the pool."""
    level = level_at(ladders, index)
    row = np.int64(level.row)
    side = side_at(ladders, row)
    if side.best_level == index:
        side.depth -= 1
        _update_best(_rungs_of(ladders, side), side)
    else:
        rungs = _rungs_of(ladders, side)
        depth = np.int64(side.depth)
        _remove_rung(rungs, depth, _rungs_below(rungs, depth, rank_of(row, level.price_e4)))
        side.depth -= 1
    header = ladders_at(ladders)
    if row >= header.hidden:
        side_at(ladders, row - header.hidden).hidden -= 1
    level.head = header.free
    header.free = index
    header.available += 1
