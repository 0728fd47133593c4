"""What the feed shows to anybody who asks: a symbol's book as it is between two messages.

Whoever wants to look writes a stamp for the symbol, then rings the bell. The reactor, which owns
the book, copies the best levels into shared memory, where they are read whole or not at all
(:mod:`actors.runtime.seqlock`). It looks at the bell a hundred times a second; while nobody asks,
that is all.

::

    looks    bell | stamp of symbol 0 | stamp of symbol 1 | ...    int64, written by who asks
    depth    one DEPTH a symbol                                    written by the feed
"""

import enum

import numba
import numpy as np

from actors.book.book_view import DEPTH_LEVEL, copy_depth, level_count
from actors.book.memory import record_at
from actors.book.price_levels import BUY, SELL
from actors.feed.lines import LinesState, lines_at
from actors.feed.player import is_played
from actors.feed.state import (
    SYMBOL, Phase, Source, book_of, depth_of, feed_of, lines_of, link_of, looks_of, recording_of,
    symbol_count, symbols_of,
)
from actors.runtime import context, handler, kernel
from actors.runtime.native import address_to_pointer, load_acquire
from actors.runtime.seqlock import begin_write, end_write
from actors.runtime.soup_kernels import is_active

__all__ = ["DEPTH", "LOOK_EVERY_NS", "SHOWN_LEVELS", "View", "depth_tables", "on_look"]

#: Levels of a side that are shown at most.
SHOWN_LEVELS = 64
LOOK_EVERY_NS = 10_000_000
_AT_ONCE = 4  # symbols copied in one beat: so long may market data wait


class View(enum.IntEnum):
    """What a DEPTH is worth."""

    NONE = 0          #: nothing has been shown yet
    DISCONNECTED = 1  #: the levels are the last that were shown; there is no market to follow
    CATCHING_UP = 2   #: the book as it was at some point of the venue's history
    LIVE = 3


#: ``stamp`` is the request that this answers, ``view`` a View, ``sequence`` and ``exchange_ns``
#: the venue's last message applied, ``updates`` how many changes were published since the login.
#: ``depth`` counts all levels of bids and asks, of which ``levels`` has the best.
DEPTH = np.dtype([
    ("version", "i8"), ("stamp", "i8"), ("view", "i8"), ("epoch", "i8"), ("at_ns", "i8"),
    ("sequence", "i8"), ("exchange_ns", "i8"), ("last_e4", "i8"), ("last_qty", "i8"),
    ("updates", "i8"), ("depth", "i8", (2,)), ("reserved", "i8", (4,)),
    ("levels", DEPTH_LEVEL, (2, SHOWN_LEVELS)),
])
_DEPTH_SIZE = DEPTH.itemsize
_VERSION = DEPTH.fields["version"][1]
_LEVELS = DEPTH.fields["levels"][1]
_SIDE_SIZE = SHOWN_LEVELS * DEPTH_LEVEL.itemsize

_DISCONNECTED, _CATCHING_UP, _LIVE = int(View.DISCONNECTED), int(View.CATCHING_UP), int(View.LIVE)
_FILE, _LINES, _FOLLOWING = int(Source.FILE), int(Source.LINES), int(LinesState.FOLLOWING)
_PHASE_LIVE = int(Phase.LIVE)


def depth_tables(symbols: int) -> dict[str, np.ndarray]:
    """New ``looks`` and ``depth`` for so many symbols."""
    return {"looks": np.zeros(1 + symbols, np.int64), "depth": np.zeros(symbols, DEPTH)}


@kernel
def _copy_side(book, symbol, side, address):
    levels = numba.carray(address_to_pointer(address), SHOWN_LEVELS, DEPTH_LEVEL)
    copy_depth(book, symbol, side, levels)


@kernel
def _is_followed(ctx, feed):
    """Whether there is a market to follow: only then is the book the reactor's."""
    if feed.source == _FILE:
        return is_played(recording_of(ctx))
    if feed.source == _LINES:
        return lines_at(lines_of(ctx)).state == _FOLLOWING
    return is_active(link_of(ctx))


@kernel
def _show(ctx, symbol, stamp, now_ns):
    """Copies what the feed knows of a symbol. The book is the reactor's only while connected."""
    address = depth_of(ctx) + symbol * _DEPTH_SIZE
    depth = record_at(address, 0, DEPTH)
    begin_write(address + _VERSION)
    depth.stamp = stamp
    depth.epoch = context(ctx).epoch
    depth.at_ns = now_ns
    feed = feed_of(ctx)
    if _is_followed(ctx, feed):
        book = book_of(ctx)
        of_symbol = record_at(symbols_of(ctx), symbol, SYMBOL)
        depth.view = _LIVE if feed.phase == _PHASE_LIVE else _CATCHING_UP
        depth.sequence = feed.sequence
        depth.exchange_ns = feed.exchange_ns
        depth.last_e4 = of_symbol.last_e4
        depth.last_qty = of_symbol.last_qty
        depth.updates = of_symbol.updates
        depth.depth[0] = level_count(book, symbol, BUY)
        depth.depth[1] = level_count(book, symbol, SELL)
        _copy_side(book, symbol, BUY, address + _LEVELS)
        _copy_side(book, symbol, SELL, address + _LEVELS + _SIDE_SIZE)
    else:
        depth.view = _DISCONNECTED
    end_write(address + _VERSION)


@handler
def on_look(ctx, now_ns):
    """Answers who has rung the bell since it was looked at last; some symbols at a time."""
    feed, looks = feed_of(ctx), looks_of(ctx)
    bell = load_acquire(looks)
    if bell == feed.bell:
        return 0
    shown = 0
    for symbol in range(symbol_count(ctx)):
        stamp = load_acquire(looks + 8 * (1 + symbol))
        if stamp == record_at(depth_of(ctx), symbol, DEPTH).stamp:
            continue
        if shown == _AT_ONCE:
            return 0
        _show(ctx, symbol, stamp, now_ns)
        shown += 1
    feed.bell = bell
    return 0
