"""A strategy's view of the market: the level book rebuilt from updates. Kernels; the hot path."""

import numpy as np

from actors.book import level_book
from actors.runtime import context, kernel, request_resync, table
from actors.strategy.orders import SYMBOL_STATE
from schemas.enums import Flag, SymbolStatus, UpdateType

__all__ = ["LEVELS", "OWN_TABLES", "SIDES", "SYMBOLS", "apply_update", "book_of", "is_halted"]

#: Places of the tables that every strategy has, in this order.
(STATE, SYMBOLS, ORDERS, SIDES, LEVELS, PARAMS, NUMBERING_TABLE, SWEEP_TABLE,
 DURABILITY_TABLE) = range(9)
#: Place of the first table that a subclass adds.
OWN_TABLES = 9

_TRADE = int(UpdateType.TRADE)
_CLEAR = int(UpdateType.CLEAR)
_STATUS = int(UpdateType.STATUS)
_TRADES = int(SymbolStatus.TRADING)
_SNAPSHOT = int(Flag.SNAPSHOT)
_LAST = int(Flag.LAST)

_BOOK_SIDE = level_book.BOOK_SIDE
_BOOK_LEVEL = level_book.BOOK_LEVEL

#: States of ``SYMBOL_STATE.valid``: no snapshot yet, inside one, whole.
INVALID, FILLING, VALID = range(3)


@kernel
def book_of(ctx):
    """The strategy's level book."""
    return level_book.LevelBook(table(ctx, SIDES, _BOOK_SIDE), table(ctx, LEVELS, _BOOK_LEVEL))


@kernel
def is_halted(ctx, symbol_id):
    """Whether the venue has said that the symbol does not trade now."""
    return table(ctx, SYMBOLS, SYMBOL_STATE)[symbol_id].status > _TRADES


@kernel
def _lost_track(ctx, symbols):
    """Some update never came: every book may be wrong until its next snapshot."""
    for i in range(symbols.size):
        symbols[i].valid = INVALID
    request_resync(ctx)


@kernel
def apply_update(ctx, update):
    """Applies a market data body to the level book.

    Returns the symbol if its book is whole after a change of its levels, else -1: trades, changes
    of status, updates of symbols without snapshot, symbols out of range.
    """
    symbols = table(ctx, SYMBOLS, SYMBOL_STATE)
    actor = context(ctx)
    if actor.missing > 0 or actor.new_epoch != 0:
        _lost_track(ctx, symbols)
    symbol_id = np.int64(update.symbol_id)
    kind = np.int64(update.update_type)
    if symbol_id >= symbols.size:
        return np.int64(-1)
    symbol = symbols[symbol_id]
    symbol.status = update.trading_status
    if kind == _TRADE or kind == _STATUS:
        return np.int64(-1)
    book = book_of(ctx)
    flags = np.int64(update.header.flags)
    if kind == _CLEAR:
        level_book.clear(book, symbol_id)
        symbol.valid = FILLING
    elif symbol.valid != INVALID:
        level_book.set_level(book, symbol_id, np.int64(update.side), update.price_e4,
                             np.int64(update.quantity))
    if flags & _LAST and symbol.valid == FILLING:
        symbol.valid = VALID
    if symbol.valid != VALID or flags & _SNAPSHOT:
        return np.int64(-1)
    return symbol_id
