"""Kernels that fetch, while one message is applied, the memory that the next ones will need.

The books of thousands of symbols are larger than the caches, and a message that is about an order
at random waits for main memory three times in a row: for the map's entry, then the order, then its
price level. The messages behind it are at hand already, in the buffer that they arrived in. So each
is looked at four times while those before it are applied, and each look asks the memory for what
the one before has made known:

::

    applied      neighbour       level           order            map entry, side
    message ──── message + 4 ─── message + 8 ─── message + 12 ─── message + 16 ──►

They change nothing, look only at what lies whole in the buffer, and trust no byte of it further
than an index within bounds. A guess that was wrong costs a cache line. Hardly a branch depends on
what a message says, as one predicted wrongly costs as much as the line saved.
"""

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from actors.book.book_memory import INDEX_AT, ORDER
from actors.book.memory import kernel, record_at
from actors.book.order_book import book_at, find_order, ladders_of, order_at
from actors.book.order_map import MAP_ENTRY, MAP_HEADER, home
from actors.book.price_levels import BUY, LEVEL, RUNG, SIDE, ladders_at, level_at, side_at, side_row
from actors.feed.state import LOCATE, SYMBOL
from schemas.venue import itch50
from schemas.venue.big_endian import get_u8, get_u16, get_u32, get_u64

__all__ = ["LOOK", "look_from", "look_on"]

#: How many messages lie between one look at a message and the next.
_APART = 4
_PLACES = 32

#: A message that was looked at: ``row`` is its side's (-1: nothing to fetch for it), ``key`` the
#: order's number, ``slot`` its place (0 if it has none), ``price_e4`` where it will rest if it is
#: new (0: it is not), ``level`` the place of its price level.
LOOKED = np.dtype([("row", "i8"), ("key", "i8"), ("slot", "i8"), ("price_e4", "i8"),
                   ("level", "i8")])
#: ``at`` is where the next message's length stands, ``end`` the end of the buffer, ``skip`` how
#: many bytes stand between a message and its length (two bytes, which count them); ``n`` counts.
LOOK = np.dtype([("at", "i8"), ("end", "i8"), ("skip", "i8"), ("n", "i8"),
                 ("looked", LOOKED, (_PLACES,))])
_LOOKED_AT = LOOK.fields["looked"][1]

_ENTRY_SIZE, _ORDER_SIZE = MAP_ENTRY.itemsize, ORDER.itemsize
_LEVEL_SIZE, _SIDE_SIZE = LEVEL.itemsize, SIDE.itemsize
_RUNG_SIZE, _SYMBOL_SIZE = RUNG.itemsize, SYMBOL.itemsize
_SELL_LETTER = int(itch50.Side.SELL)
_NEAR = 8
_SHORTEST = int(itch50.ORDER_DELETE_LENGTH)


def _by_type(values: dict[str, int], otherwise: int) -> np.ndarray:
    table = np.full(256, otherwise, np.int64)
    for letters, value in values.items():
        for letter in letters:
            table[ord(letter)] = value
    return table


#: Messages with an order's number, and how long they must be to be looked at; those that add one.
_LONG_ENOUGH = _by_type({"AF": int(itch50.ADD_ORDER_LENGTH), "DEXCU": _SHORTEST}, 1 << 16)
_ADDS = _by_type({"AF": 1}, 0)


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
def _read(look, looked, locates):
    """Reads the next message into ``looked``: what is needed to find its order and level."""
    looked.row = -1
    position = look.at
    if position + 2 > look.end:
        return
    length = get_u16(position, 0)
    following = position + 2 + length
    if following > look.end:
        look.at = look.end
        return
    look.at = following
    addr = position + 2 + look.skip
    length -= look.skip
    if length < _SHORTEST:
        return
    kind = get_u8(addr, 0)
    symbol = np.int64(record_at(locates, get_u16(addr, itch50.STOCK_LOCATE), LOCATE).symbol)
    if symbol < 0 or _LONG_ENOUGH[kind] > length:
        return
    adds = _ADDS[kind]
    sells = np.int64(get_u8(addr, adds * itch50.ADD_ORDER_BUY_SELL_INDICATOR) == _SELL_LETTER)
    looked.key = get_u64(addr, itch50.ORDER_REFERENCE_NUMBER)
    looked.price_e4 = get_u32(addr, adds * itch50.ADD_ORDER_PRICE) * adds
    looked.row = side_row(symbol, BUY) + (adds & sells)


@kernel
def _fetch_entry(book, symbols, looked):
    """The order's entry in the map, and the symbol's sides."""
    entry = home(record_at(book + INDEX_AT, 0, MAP_HEADER), looked.key)
    fetch(book + book_at(book).entries_at + _ENTRY_SIZE * entry)
    fetch(ladders_of(book) + ladders_at(ladders_of(book)).sides_at + _SIDE_SIZE * looked.row)
    fetch(symbols + _SYMBOL_SIZE * (looked.row >> 1))


@kernel
def _fetch_order(book, looked):
    """The order, the best levels of both sides, and the best rungs of the side at hand."""
    ladders = ladders_of(book)
    header = ladders_at(ladders)
    side, other = side_at(ladders, looked.row), side_at(ladders, looked.row ^ 1)
    fetch(ladders + header.levels_at + _LEVEL_SIZE * side.best_level)
    fetch(ladders + header.levels_at + _LEVEL_SIZE * other.best_level)
    top = ladders + header.rungs_at + _RUNG_SIZE * (side.first + side.depth - 1)
    fetch(top)
    fetch(top - 4 * _RUNG_SIZE)
    looked.slot = max(find_order(book, looked.key), 0)
    fetch(book + book_at(book).orders_at + _ORDER_SIZE * looked.slot)


@kernel
def _fetch_level(book, looked):
    """The price level, and the order's neighbours there. An order that is new is sought among the
    best prices of its side only; one that is not has its level."""
    ladders = ladders_of(book)
    header = ladders_at(ladders)
    side = side_at(ladders, looked.row)
    rank = looked.price_e4 if looked.row & 1 == 0 else -looked.price_e4
    top = side.first + side.depth - 1
    better = np.int64(0)
    for n in range(_NEAR):
        rung = record_at(ladders + header.rungs_at, max(top - n, 0), RUNG)
        better += np.int64(rung.rank > rank)
    near = record_at(ladders + header.rungs_at, max(top - better, 0), RUNG).level
    order = order_at(book, looked.slot)
    orders = book + book_at(book).orders_at
    fetch(orders + _ORDER_SIZE * order.prev)
    fetch(orders + _ORDER_SIZE * order.next)
    looked.level = near if looked.price_e4 != 0 else order.level
    fetch(ladders + header.levels_at + _LEVEL_SIZE * looked.level)


@kernel
def _fetch_tail(book, looked):
    """The order that a new one will stand behind."""
    level = level_at(ladders_of(book), looked.level)
    fetch(book + book_at(book).orders_at + _ORDER_SIZE * level.tail)


@kernel
def _looked(look_address, n):
    return record_at(look_address + _LOOKED_AT, n & (_PLACES - 1), LOOKED)


@kernel
def look_on(look_address, book, symbols, locates):
    """Looks one message further: call it for each one that is applied."""
    look = record_at(look_address, 0, LOOK)
    n = look.n
    look.n += 1
    first = _looked(look_address, n)
    _read(look, first, locates)
    if first.row >= 0:
        _fetch_entry(book, symbols, first)
    second = _looked(look_address, n - _APART)
    if second.row >= 0:
        _fetch_order(book, second)
    third = _looked(look_address, n - 2 * _APART)
    if third.row >= 0:
        _fetch_level(book, third)
    fourth = _looked(look_address, n - 3 * _APART)
    if fourth.row >= 0:
        _fetch_tail(book, fourth)


@kernel
def look_from(look_address, addr, end, skip, book, symbols, locates):
    """Begins with the message whose length stands at ``addr``: the next to be applied."""
    look = record_at(look_address, 0, LOOK)
    look.at = addr
    look.end = end
    look.skip = skip
    for place in range(_PLACES):
        _looked(look_address, place).row = -1
    for _ in range(4 * _APART):
        look_on(look_address, book, symbols, locates)
