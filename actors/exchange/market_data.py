"""What the public hears: engine events as ITCH 5.0 messages in the market data log.

Every event that changed the book, and every trade, makes one message, in the order of events. Stock
locate is the symbol's place in the topology, from 1. Of a hidden order the public hears when it
trades, and then neither its number nor its side: a ``P`` has number 0 and side ``B``.

Constants are int64 here and in the other kernels, as Numba would compile a function anew for every
Python integer it is called with.
"""

import numpy as np

from actors.book.memory import kernel
from actors.exchange.engine_state import BookChange, EventKind
from actors.exchange.sequenced_log import append, message_address
from actors.exchange.venue import (
    MARKET_DATA_LOG, Counter, bump, listing_at, log_at, venue_at,
)
from schemas.enums import Side
from schemas.venue import itch50
from schemas.venue.text import alpha_to_int

__all__ = ["announce_broken", "announce_close", "announce_end", "announce_open",
           "announce_state", "put_listing", "put_state", "tell_market"]

_BUY_LETTER, _SELL_LETTER = np.int64(itch50.Side.BUY), np.int64(itch50.Side.SELL)

_START_OF_MESSAGES = np.int64(itch50.EventCode.START_OF_MESSAGES)
_START_OF_SYSTEM_HOURS = np.int64(itch50.EventCode.START_OF_SYSTEM_HOURS)
_START_OF_MARKET_HOURS = np.int64(itch50.EventCode.START_OF_MARKET_HOURS)
_END_OF_MARKET_HOURS = np.int64(itch50.EventCode.END_OF_MARKET_HOURS)
_END_OF_SYSTEM_HOURS = np.int64(itch50.EventCode.END_OF_SYSTEM_HOURS)
_END_OF_MESSAGES = np.int64(itch50.EventCode.END_OF_MESSAGES)
_TRADING = np.int64(itch50.TradingState.TRADING)
_CATEGORY = np.int64(itch50.MarketCategory.NASDAQ_GLOBAL_SELECT)
_PRODUCTION = np.int64(ord("P"))
_ROUND_LOT = np.int64(100)
_NO_REASON = np.int64(alpha_to_int("", 4))
_TRACKING = np.int64(0)
_NO_NUMBER = np.int64(0)


@kernel
def _publish(venue, length):
    append(log_at(venue, MARKET_DATA_LOG), length)
    bump(venue, Counter.MD_MESSAGES, 1)


@kernel
def _system_event(venue, code, stamp_ns):
    at = message_address(log_at(venue, MARKET_DATA_LOG))
    _publish(venue, itch50.put_system_event(at, _TRACKING, stamp_ns, code))


@kernel
def announce_state(venue, symbol, trading_state, reason, stamp_ns):
    """Publish that a symbol is in a ``trading_state`` of ITCH now; ``reason`` is its four letters
    in memory order."""
    at = message_address(log_at(venue, MARKET_DATA_LOG))
    _publish(venue, put_state(venue, symbol, at, trading_state, reason, stamp_ns))


@kernel
def put_state(venue, symbol, at, trading_state, reason, stamp_ns):
    """Write a symbol's Stock Trading Action at the address ``at``. Returns its length."""
    name = listing_at(venue, symbol).symbol
    return itch50.put_stock_trading_action(at, np.int64(symbol) + 1, _TRACKING, stamp_ns, name,
                                           trading_state, reason)


@kernel
def put_listing(venue, symbol, at, stamp_ns):
    """Write a symbol's Stock Directory at the address ``at``. Returns its length."""
    name = listing_at(venue, symbol).symbol
    return itch50.put_stock_directory(at, np.int64(symbol) + 1, _TRACKING, stamp_ns, name,
                                      _CATEGORY, _ROUND_LOT, _PRODUCTION)


@kernel
def announce_open(venue, stamp_ns):
    """The first messages of a day: directory, trading states, start of hours."""
    _system_event(venue, _START_OF_MESSAGES, stamp_ns)
    for number in range(venue_at(venue).n_symbols):
        at = message_address(log_at(venue, MARKET_DATA_LOG))
        _publish(venue, put_listing(venue, number, at, stamp_ns))
    for number in range(venue_at(venue).n_symbols):
        announce_state(venue, number, _TRADING, _NO_REASON, stamp_ns)
    _system_event(venue, _START_OF_SYSTEM_HOURS, stamp_ns)
    _system_event(venue, _START_OF_MARKET_HOURS, stamp_ns)


@kernel
def announce_close(venue, stamp_ns):
    """Market hours are over."""
    _system_event(venue, _END_OF_MARKET_HOURS, stamp_ns)


@kernel
def announce_end(venue, stamp_ns):
    """The last messages of a day."""
    _system_event(venue, _END_OF_SYSTEM_HOURS, stamp_ns)
    _system_event(venue, _END_OF_MESSAGES, stamp_ns)


@kernel
def announce_broken(venue, locate, match_number, stamp_ns):
    """Publish that an execution is void."""
    at = message_address(log_at(venue, MARKET_DATA_LOG))
    _publish(venue, itch50.put_broken_trade(at, np.int64(locate), _TRACKING, stamp_ns,
                                            match_number))


@kernel
def tell_market(venue, event):
    """Publish what the event did to the book, if anything."""
    change = event.book_change
    if change == BookChange.NONE:
        return
    at = message_address(log_at(venue, MARKET_DATA_LOG))
    locate, number = np.int64(event.symbol) + 1, event.number
    stamp_ns, quantity = event.time_ns, np.int64(event.shown)
    if change == BookChange.ADD:
        letter = _BUY_LETTER if event.side == Side.BUY else _SELL_LETTER
        length = itch50.put_add_order(at, locate, _TRACKING, stamp_ns, number, letter,
                                      quantity, listing_at(venue, event.symbol).symbol,
                                      event.price_e4)
    elif change == BookChange.EXECUTE:
        length = itch50.put_order_executed(at, locate, _TRACKING, stamp_ns, number, quantity,
                                           event.match_number)
        bump(venue, Counter.TRADES, 1)
    elif change == BookChange.TRADE:
        length = itch50.put_trade(at, locate, _TRACKING, stamp_ns, _NO_NUMBER, _BUY_LETTER,
                                  np.int64(event.quantity), listing_at(venue, event.symbol).symbol,
                                  event.price_e4, event.match_number)
        bump(venue, Counter.TRADES, 1)
    elif change == BookChange.REDUCE:
        length = itch50.put_order_cancel(at, locate, _TRACKING, stamp_ns, number, quantity)
    elif change == BookChange.REPLACE:
        length = itch50.put_order_replace(at, locate, _TRACKING, stamp_ns, event.contra_number,
                                          number, quantity, event.price_e4)
    else:
        gone = event.contra_number if event.kind == EventKind.REPLACED else number
        length = itch50.put_order_delete(at, locate, _TRACKING, stamp_ns, gone)
    _publish(venue, length)
