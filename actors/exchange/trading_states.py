"""Halts: what an operator does to a symbol, and what everybody hears of it. Kernels.

While a symbol is halted, orders and replacements for it are rejected and cancels are taken; what
rests stays. ``reason`` is the four letters of an ITCH trading action reason, in memory order
(``alpha_to_int("T1", 4)``). ``stamp_ns`` is the time since midnight.
"""

import numpy as np

from actors.book.memory import kernel
from actors.exchange.engine_state import Status, SymbolState
from actors.exchange.market_data import announce_state
from actors.exchange.matching import set_state
from actors.exchange.venue import venue_at
from schemas.venue import itch50

__all__ = ["halt_symbol", "resume_symbol"]

_HALTED, _TRADING = np.int64(SymbolState.HALTED), np.int64(SymbolState.TRADING)
_HALTED_LETTER = np.int64(itch50.TradingState.HALTED)
_TRADING_LETTER = np.int64(itch50.TradingState.TRADING)


@kernel
def _change(venue, symbol, state, letter, reason, stamp_ns):
    if set_state(venue_at(venue).engine, symbol, state) != Status.DONE:
        return False
    announce_state(venue, symbol, letter, reason, stamp_ns)
    return True


@kernel
def halt_symbol(venue, symbol, reason, stamp_ns):
    """Halt a symbol. False, and nothing is published, if it is halted or not listed."""
    return _change(venue, symbol, _HALTED, _HALTED_LETTER, reason, stamp_ns)


@kernel
def resume_symbol(venue, symbol, reason, stamp_ns):
    """Let a symbol trade again. False, and nothing is published, if it does or is not listed."""
    return _change(venue, symbol, _TRADING, _TRADING_LETTER, reason, stamp_ns)
