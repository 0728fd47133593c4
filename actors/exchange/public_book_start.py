"""The public book in the middle of a day: taken from the matching engine, as nobody trades yet.

An exchange that goes on with a day whose first messages the market data log no longer keeps cannot
follow them. What it has in its engine is what they came to.
"""

import numpy as np

from actors.book.book_view import first_order, next_order
from actors.book.memory import kernel, record_at
from actors.book.order_book import order_at
from actors.exchange.engine_state import SYMBOL, SymbolState
from actors.exchange.market_data import put_listing, put_state
from actors.exchange.matching_events import book_of, state_of
from actors.exchange.public_book import enter_order, public_at
from actors.exchange.venue import MARKET_DATA_LOG, Phase, log_at, venue_at
from schemas.enums import Side
from schemas.venue import itch50
from schemas.venue.text import alpha_to_int

__all__ = ["take_over"]

_BUY, _SELL = np.int64(Side.BUY), np.int64(Side.SELL)
_BUY_LETTER, _SELL_LETTER = np.int64(itch50.Side.BUY), np.int64(itch50.Side.SELL)
_TRADING = np.int64(itch50.TradingState.TRADING)
_HALTED = np.int64(itch50.TradingState.HALTED)
_MARKET_HOURS = np.int64(itch50.EventCode.START_OF_MARKET_HOURS)
_NO_REASON = np.int64(alpha_to_int("", 4))
_DIRECTORY, _ACTION = itch50.STOCK_DIRECTORY_LENGTH, itch50.STOCK_TRADING_ACTION_LENGTH
_TRACKING = np.int64(0)


@kernel
def _take_side(book, venue, symbol, side, letter):
    engine_book = book_of(venue_at(venue).engine)
    slot = first_order(engine_book, symbol, side)
    while slot >= 0:
        order = order_at(engine_book, slot)
        enter_order(book, order.number, order.entered_ns, np.int64(symbol) + 1, letter,
                    np.int64(order.quantity), order.price_e4)
        slot = next_order(engine_book, slot)


@kernel
def take_over(book, venue, stamp_ns):
    """Make an empty public book what the engine of the venue has now, from the end of its market
    data log on. While this runs nothing else may touch the engine."""
    state, record, log = public_at(book), venue_at(venue), log_at(venue, MARKET_DATA_LOG)
    for symbol in range(record.n_symbols):
        put_listing(venue, symbol, state.directory_at + symbol * _DIRECTORY, stamp_ns)
        listed = record_at(record.engine + state_of(record.engine).symbols_at, symbol, SYMBOL)
        letter = _TRADING if listed.state == SymbolState.TRADING else _HALTED
        put_state(venue, symbol, state.actions_at + symbol * _ACTION, letter, _NO_REASON, stamp_ns)
        _take_side(book, venue, symbol, _BUY, _BUY_LETTER)
        _take_side(book, venue, symbol, _SELL, _SELL_LETTER)
    if record.phase == Phase.OPEN:
        itch50.put_system_event(state.event_at, _TRACKING, stamp_ns, _MARKET_HOURS)
    state.position = log.end
    state.next_seq = log.next_seq
