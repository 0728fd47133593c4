"""Kernels that follow whether a symbol trades: halts, pauses, restrictions, circuit breakers.

The venue says of each symbol whether it trades (``H``), whether this venue alone has halted it
(``h``), and whether short sales are restricted (``Y``); of the whole market, how far it has fallen
(``W``). A level of the circuit breaker restricts every symbol; what it halts, and when it trades
again, the venue says of each symbol itself, as with any halt.

Source: Nasdaq TotalView-ITCH 5.0, sections 1.2.2 to 1.2.8.
"""

import numpy as np

from actors.book.memory import kernel, record_at
from actors.feed.state import SYMBOL
from schemas.enums import Restriction, SymbolStatus
from schemas.venue import itch50
from schemas.venue.big_endian import get_u8

__all__ = ["MARKET_WIDE", "STATUS_MESSAGES", "breach", "change_status"]

_HALTED = int(SymbolStatus.HALTED)
_SHORT_SALE = int(Restriction.SHORT_SALE)
_OPERATIONAL_HALT = int(Restriction.OPERATIONAL_HALT)
_BREAKER_1 = int(Restriction.BREAKER_1)

_TRADING_ACTION = itch50.STOCK_TRADING_ACTION
_TRADING_STATE = itch50.STOCK_TRADING_ACTION_TRADING_STATE
_OPERATIONAL = itch50.OPERATIONAL_HALT
_OPERATIONAL_ACTION = itch50.OPERATIONAL_HALT_OPERATIONAL_HALT_ACTION
_REG_SHO_ACTION = itch50.REG_SHO_RESTRICTION_REG_SHO_ACTION
_BREACHED_LEVEL = itch50.MWCB_STATUS_BREACHED_LEVEL
_NO_REG_SHO = int(itch50.RegShoAction.NONE)
_HALT_LETTER = ord("H")
_LEVEL_1, _LEVEL_3 = ord("1"), ord("3")

#: The message that is about every symbol: how far the market has fallen.
MARKET_WIDE = int(itch50.MWCB_STATUS)


def _status_by_letter() -> np.ndarray:
    """A letter that we do not know is no leave to trade."""
    status = np.full(256, _HALTED, np.int64)
    status[0] = int(SymbolStatus.NONE)
    for state in itch50.TradingState:
        status[state] = int(SymbolStatus[state.name])
    return status


def _status_messages() -> np.ndarray:
    of = np.zeros(256, np.int64)
    for kind in (_TRADING_ACTION, _OPERATIONAL, itch50.REG_SHO_RESTRICTION):
        of[int(kind)] = 1
    return of


_STATUS_OF = _status_by_letter()
#: By a message's type: 1 if it is about whether, or how, one symbol trades.
STATUS_MESSAGES = _status_messages()


@kernel
def _settle(symbol, trading_state, restrictions):
    """Returns whether that is news."""
    status = _STATUS_OF[trading_state]
    if restrictions & _OPERATIONAL_HALT:
        status = _HALTED
    news = status != symbol.trading_status or restrictions != symbol.restrictions
    symbol.trading_state = trading_state
    symbol.trading_status = status
    symbol.restrictions = restrictions
    return news


@kernel
def change_status(symbols, number, kind, addr):
    """Applies ``H``, ``h`` or ``Y`` to symbol ``number`` of the SYMBOL records at ``symbols``.
    Returns whether its status or restrictions changed."""
    symbol = record_at(symbols, number, SYMBOL)
    state, bits = np.int64(symbol.trading_state), np.int64(symbol.restrictions)
    if kind == _TRADING_ACTION:
        return _settle(symbol, get_u8(addr, _TRADING_STATE), bits)
    if kind == _OPERATIONAL:
        bit, holds = _OPERATIONAL_HALT, get_u8(addr, _OPERATIONAL_ACTION) == _HALT_LETTER
    else:
        bit, holds = _SHORT_SALE, get_u8(addr, _REG_SHO_ACTION) != _NO_REG_SHO
    return _settle(symbol, state, bits | bit if holds else bits & ~bit)


@kernel
def breach(symbols, count, addr):
    """``W``: the market has fallen to a level of the circuit breaker, and so to those above."""
    level = get_u8(addr, _BREACHED_LEVEL)
    if level < _LEVEL_1 or level > _LEVEL_3:
        return
    bits = (_BREAKER_1 << (level - _LEVEL_1 + 1)) - _BREAKER_1
    for number in range(count):
        record_at(symbols, number, SYMBOL).restrictions |= bits
