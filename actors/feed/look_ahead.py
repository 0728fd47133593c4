"""Kernels that look at the messages behind the one that is applied.

They are at hand already, in the buffer that they arrived in: :mod:`actors.book.ahead` fetches the
memory that each will need. They look only at what lies whole in the buffer, and trust no byte of it
further than an index within bounds.
"""

import numpy as np

from actors.book.ahead import AHEAD, RING, fetch, look_at, looked_next, start_looking
from actors.book.memory import kernel, record_at
from actors.book.price_levels import BUY, side_row
from actors.feed.state import LOCATE, SYMBOL
from schemas.venue import itch50
from schemas.venue.big_endian import get_u8, get_u16, get_u32, get_u64

__all__ = ["LOOK", "look_from", "look_on"]

#: ``at`` is where the next message's length stands, ``end`` the end of the buffer, ``skip`` how
#: many bytes stand between a message and its length (two bytes, which count them).
LOOK = np.dtype([("at", "i8"), ("end", "i8"), ("skip", "i8"), ("ring", RING)])
_RING_AT = LOOK.fields["ring"][1]

_SYMBOL_SIZE = SYMBOL.itemsize
_SELL_LETTER = int(itch50.Side.SELL)
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


@kernel
def _read(look, looked, symbols, locates):
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
    looked.about = adds  # RESTS or JOINS
    looked.price_e4 = get_u32(addr, adds * itch50.ADD_ORDER_PRICE) * adds
    looked.row = side_row(symbol, BUY) + (adds & sells)
    fetch(symbols + _SYMBOL_SIZE * symbol)


@kernel
def look_on(look_address, book, symbols, locates):
    """Looks one message further: call it for each one that is applied."""
    ring = look_address + _RING_AT
    _read(record_at(look_address, 0, LOOK), looked_next(ring), symbols, locates)
    look_at(ring, book)


@kernel
def look_from(look_address, addr, end, skip, book, symbols, locates):
    """Begins with the message whose length stands at ``addr``: the next to be applied."""
    look = record_at(look_address, 0, LOOK)
    look.at = addr
    look.end = end
    look.skip = skip
    start_looking(look_address + _RING_AT)
    for _ in range(AHEAD):
        look_on(look_address, book, symbols, locates)
