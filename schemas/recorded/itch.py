"""ITCH 5.0: what concerns some symbols, picked out of the messages of a whole market.

Stock Directory messages say which stock locate is which symbol; from there on messages are chosen
by their locate alone. Executions at another price than the order's (``C``) count as executions;
trades of hidden orders (``P``) and in auctions (``Q``) as trades that no order of the book is in.
Source: Nasdaq TotalView-ITCH 5.0, sections 1.2 to 1.5.
"""

from collections.abc import Sequence

import numpy as np

from schemas.enums import Side
from schemas.pointer import kernel
from schemas.recorded.events import EVENT, Action
from schemas.venue import int_to_symbol, itch50, symbol_to_int
from schemas.venue.big_endian import get_raw8, get_u8, get_u16, get_u32, get_u48, get_u64
from schemas.venue.binary_file import Messages
from schemas.venue.validity import VALID

__all__ = ["Picker"]

_LOCATES = 2**16
_MOST_U32 = 2**32 - 1
_BUY_LETTER = np.int64(itch50.Side.BUY)
_BUY, _SELL = np.int64(Side.BUY), np.int64(Side.SELL)


@kernel
def _fill(addr, kind, event):
    """Set the fields of an EVENT from a message of a kind that makes one. False if it makes none.
    """
    event.reference = get_u64(addr, itch50.ORDER_REFERENCE_NUMBER)
    event.new_reference = 0
    event.price_e4 = 0
    event.quantity = 0
    event.side = 0
    if kind == itch50.ADD_ORDER or kind == itch50.ADD_ORDER_MPID:
        event.action = Action.ADD
        event.price_e4 = get_u32(addr, itch50.ADD_ORDER_PRICE)
        event.quantity = get_u32(addr, itch50.ADD_ORDER_SHARES)
        buys = get_u8(addr, itch50.ADD_ORDER_BUY_SELL_INDICATOR) == _BUY_LETTER
        event.side = _BUY if buys else _SELL
    elif kind == itch50.ORDER_EXECUTED or kind == itch50.ORDER_EXECUTED_WITH_PRICE:
        event.action = Action.EXECUTE
        event.quantity = get_u32(addr, itch50.ORDER_EXECUTED_EXECUTED_SHARES)
    elif kind == itch50.ORDER_CANCEL:
        event.action = Action.REDUCE
        event.quantity = get_u32(addr, itch50.ORDER_CANCEL_CANCELLED_SHARES)
    elif kind == itch50.ORDER_DELETE:
        event.action = Action.DELETE
    elif kind == itch50.ORDER_REPLACE:
        event.action = Action.REPLACE
        event.new_reference = get_u64(addr, itch50.ORDER_REPLACE_NEW_ORDER_REFERENCE_NUMBER)
        event.price_e4 = get_u32(addr, itch50.ORDER_REPLACE_PRICE)
        event.quantity = get_u32(addr, itch50.ORDER_REPLACE_SHARES)
    elif kind == itch50.TRADE:
        event.action = Action.TRADE
        event.price_e4 = get_u32(addr, itch50.TRADE_PRICE)
        event.quantity = get_u32(addr, itch50.TRADE_SHARES)
        buys = get_u8(addr, itch50.TRADE_BUY_SELL_INDICATOR) == _BUY_LETTER
        event.side = _BUY if buys else _SELL
    elif kind == itch50.CROSS_TRADE:
        shares = min(get_u64(addr, itch50.CROSS_TRADE_SHARES), _MOST_U32)
        event.action = Action.TRADE
        event.reference = 0
        event.price_e4 = get_u32(addr, itch50.CROSS_TRADE_CROSS_PRICE)
        event.quantity = shares
        event.side = _BUY
        return shares > 0
    else:
        return False
    return True


@kernel
def _pick(base, offsets, lengths, names, locates, until_ns, out):
    """Make EVENT records, in ``out``, of the messages at ``base``.

    ``names`` are the wanted symbols as integers; ``locates`` says, by stock locate, which of them
    it is, or -1. Stops at the first wanted message after ``until_ns``. Returns how many events were
    made, how many messages were looked at, and how many of those were malformed.
    """
    made = np.int64(0)
    malformed = np.int64(0)
    for n in range(offsets.size):
        addr = base + offsets[n]
        if itch50.validate(addr, lengths[n]) != VALID:
            malformed += 1
            continue
        kind = get_u8(addr, 0)
        locate = get_u16(addr, itch50.STOCK_LOCATE)
        if kind == itch50.STOCK_DIRECTORY:
            locates[locate] = -1
            name = get_raw8(addr, itch50.STOCK_DIRECTORY_STOCK)
            for symbol in range(names.size):
                if names[symbol] == name:
                    locates[locate] = symbol
        elif locates[locate] >= 0:
            time_ns = get_u48(addr, itch50.TIMESTAMP)
            if time_ns > until_ns:
                return made, n, malformed
            event = out[made]
            if _fill(addr, kind, event):
                event.time_ns = time_ns
                event.symbol = locates[locate]
                event.ends = 0
                made += 1
    return made, np.int64(offsets.size), malformed


class Picker:
    """Picks the events of ``symbols`` out of messages, chunk after chunk of one file.

    ``malformed`` counts messages of a wrong length or unknown type, which are skipped; ``listed``
    has the places, in ``symbols``, of those found in the directory so far.
    """

    def __init__(self, symbols: Sequence[str]):
        self._names = np.array([symbol_to_int(symbol) for symbol in symbols], np.int64)
        self._locates = np.full(_LOCATES, -1, np.int64)
        self.malformed = 0

    @property
    def listed(self) -> set[int]:
        return {int(place) for place in np.unique(self._locates) if place >= 0}

    def pick(self, messages: Messages, until_ns: int) -> tuple[np.ndarray, bool]:
        """The EVENT records of a chunk, and whether all of it lies before ``until_ns``, after which
        nothing is picked."""
        out = np.zeros(len(messages), EVENT)
        made, seen, malformed = _pick(messages.buffer.ctypes.data, messages.offsets,
                                      messages.lengths, self._names, self._locates, until_ns,
                                      out)
        self.malformed += malformed
        return out[:made], seen == len(messages)

    @staticmethod
    def stocks(messages: Messages, most: int) -> list[str]:
        """The first ``most`` symbols that the Stock Directory messages of a chunk name."""
        addresses = messages.offsets[messages.types == itch50.STOCK_DIRECTORY][:most]
        base = messages.buffer.ctypes.data
        return [int_to_symbol(get_raw8(int(base + at), itch50.STOCK_DIRECTORY_STOCK))
                for at in addresses]
