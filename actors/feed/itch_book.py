"""Kernels that apply ITCH 5.0 messages to the order book and say what a subscriber must be told.

Every update carries the best bid and ask and the last trade as they are once the update is applied,
so a subscriber who applies the levels always has the same best prices as the message. An execution
is told as the trade, then the level; a replacement as the new level, then the old one, so that the
book never looks emptier than it was.

Source: Nasdaq TotalView-ITCH 5.0, sections 1.1 to 1.5.
"""

import numpy as np

from actors.book.book_memory import MAX_QUANTITY
from actors.book.book_view import best_ask, best_bid
from actors.book.memory import kernel, record_at
from actors.book.order_book import (
    find_order, insert_at_tail, ladders_of, order_at, reduce_at,
)
from actors.book.price_levels import BUY, SELL, level_at
from actors.feed.state import LOCATE, OVERDRAWN, SYMBOL, UPDATE, Status
from actors.feed.trading_status import MARKET_WIDE, STATUS_MESSAGES, breach, change_status
from schemas.enums import UpdateType
from schemas.venue import itch50
from schemas.venue.big_endian import get_raw8, get_u8, get_u16, get_u32, get_u48, get_u64
from schemas.venue.itch50 import (
    ADD_ORDER, ADD_ORDER_BUY_SELL_INDICATOR, ADD_ORDER_MPID, ADD_ORDER_PRICE, ADD_ORDER_SHARES,
    CROSS_TRADE, CROSS_TRADE_CROSS_PRICE, CROSS_TRADE_SHARES, ORDER_CANCEL,
    ORDER_CANCEL_CANCELLED_SHARES, ORDER_DELETE, ORDER_EXECUTED,
    ORDER_EXECUTED_EXECUTED_SHARES, ORDER_EXECUTED_WITH_PRICE,
    ORDER_EXECUTED_WITH_PRICE_EXECUTION_PRICE, ORDER_EXECUTED_WITH_PRICE_PRINTABLE,
    ORDER_REFERENCE_NUMBER, ORDER_REPLACE, ORDER_REPLACE_NEW_ORDER_REFERENCE_NUMBER,
    ORDER_REPLACE_PRICE, ORDER_REPLACE_SHARES, STOCK_DIRECTORY, STOCK_DIRECTORY_STOCK, STOCK_LOCATE,
    TIMESTAMP, TRADE, TRADE_BUY_SELL_INDICATOR, TRADE_PRICE, TRADE_SHARES, validate,
)
from schemas.venue.validity import VALID

__all__ = ["apply_message", "note_best", "note_level", "note_status"]

_NOT_A_MESSAGE = int(Status.NOT_A_MESSAGE)
_UNKNOWN_ORDER = int(Status.UNKNOWN_ORDER)
_REFUSED = int(Status.REFUSED)
_TRADE = int(UpdateType.TRADE)
_BBO = int(UpdateType.BBO)
_BOOK = int(UpdateType.BOOK)
_STATUS = int(UpdateType.STATUS)
_BUY_LETTER = int(itch50.Side.BUY)
_NOT_PRINTABLE = ord("N")


@kernel
def note_best(book, symbols, symbol, update):
    """Writes the symbol's best prices, last trade and status, as they are now, into ``update``."""
    update.symbol_id = symbol
    update.bid_e4, update.bid_qty = best_bid(book, symbol)
    update.ask_e4, update.ask_qty = best_ask(book, symbol)
    last = record_at(symbols, symbol, SYMBOL)
    update.last_e4 = last.last_e4
    update.last_qty = last.last_qty
    update.trading_status = last.trading_status
    update.restrictions = last.restrictions


@kernel
def note_status(book, symbols, symbol, update):
    """Makes ``update`` say whether the symbol trades."""
    note_best(book, symbols, symbol, update)
    update.side = 0
    update.price_e4 = 0
    update.quantity = 0
    update.update_type = _STATUS


@kernel
def note_level(book, symbols, symbol, side, price_e4, quantity, update):
    """Makes ``update`` say that ``quantity`` now rests at ``price_e4``.

    It is a BBO update if the level is the best, or was: if nothing better remains.
    """
    note_best(book, symbols, symbol, update)
    update.side = side
    update.price_e4 = price_e4
    update.quantity = quantity
    if side == BUY:
        at_best = price_e4 >= update.bid_e4
    else:
        at_best = update.ask_e4 == 0 or price_e4 <= update.ask_e4
    update.update_type = _BBO if at_best else _BOOK


@kernel
def _note_trade(book, symbols, symbol, side, price_e4, quantity, update):
    last = record_at(symbols, symbol, SYMBOL)
    last.last_e4 = price_e4
    last.last_qty = quantity
    note_best(book, symbols, symbol, update)
    update.side = side
    update.price_e4 = price_e4
    update.quantity = quantity
    update.update_type = _TRADE


@kernel
def _side_at(addr, offset):
    return BUY if get_u8(addr, offset) == _BUY_LETTER else SELL


@kernel
def _list_symbol(symbols, count, locates, addr):
    """``R``: from now on this stock locate is that symbol, or none of ours."""
    locate = get_u16(addr, STOCK_LOCATE)
    name = get_raw8(addr, STOCK_DIRECTORY_STOCK)
    record_at(locates, locate, LOCATE).symbol = -1
    for i in range(count):
        symbol = record_at(symbols, i, SYMBOL)
        if symbol.name == name:
            symbol.locate = locate
            record_at(locates, locate, LOCATE).symbol = i


@kernel
def _join(book, number, symbol, side, price_e4, shares):
    """Puts an order into the book. Returns what all orders at its price have then, or -1.

    Symbol and side are ours, and a field of four bytes is within the book's bounds: little is left
    to be checked.
    """
    if price_e4 == 0 or shares == 0 or find_order(book, number) >= 0:
        return np.int64(-1)
    slot = insert_at_tail(book, number, symbol, side, price_e4, shares)
    if slot < 0:
        return np.int64(-1)
    order = order_at(book, slot)
    order.number = number
    return level_at(ladders_of(book), np.int64(order.level)).quantity


@kernel
def _add(book, symbols, symbol, addr, updates):
    side = _side_at(addr, ADD_ORDER_BUY_SELL_INDICATOR)
    price_e4 = get_u32(addr, ADD_ORDER_PRICE)
    quantity = _join(book, get_u64(addr, ORDER_REFERENCE_NUMBER), symbol, side, price_e4,
                     get_u32(addr, ADD_ORDER_SHARES))
    if quantity < 0:
        return _REFUSED
    note_level(book, symbols, symbol, side, price_e4, quantity, record_at(updates, 0, UPDATE))
    return 1


@kernel
def _take_off(book, symbols, addr, shares, trade_e4, updates):
    """E, C, X and D: ``shares`` leave an order (-1: all it has), traded if ``trade_e4`` is not 0.

    -1 for ``trade_e4`` is a trade at the order's own price.
    """
    slot = find_order(book, get_u64(addr, ORDER_REFERENCE_NUMBER))
    if slot < 0:
        return _UNKNOWN_ORDER
    if shares == 0:
        return _REFUSED
    order = order_at(book, slot)
    symbol, side, price_e4 = np.int64(order.symbol), np.int64(order.side), order.price_e4
    has = np.int64(order.quantity)
    taken = has if shares < 0 else min(shares, has)
    n = 0
    if trade_e4 != 0:
        order.executed += taken
        paid_e4 = price_e4 if trade_e4 < 0 else trade_e4
        _note_trade(book, symbols, symbol, side, paid_e4, taken, record_at(updates, 0, UPDATE))
        n = 1
    quantity = reduce_at(book, slot, taken)
    note_level(book, symbols, symbol, side, price_e4, quantity, record_at(updates, n, UPDATE))
    return n + 1 + (OVERDRAWN if shares > has else 0)


@kernel
def _replace(book, symbols, addr, updates):
    """``U``: the new order joins the back of its level, then the old one goes.

    The venue says that the old one is gone, so it goes even if there is no room for the new one.
    """
    slot = find_order(book, get_u64(addr, ORDER_REFERENCE_NUMBER))
    if slot < 0:
        return _UNKNOWN_ORDER
    order = order_at(book, slot)
    symbol, side, old_e4 = np.int64(order.symbol), np.int64(order.side), order.price_e4
    price_e4 = get_u32(addr, ORDER_REPLACE_PRICE)
    n = 0
    joined = _join(book, get_u64(addr, ORDER_REPLACE_NEW_ORDER_REFERENCE_NUMBER), symbol, side,
                   price_e4, get_u32(addr, ORDER_REPLACE_SHARES))
    if joined >= 0 and price_e4 != old_e4:
        note_level(book, symbols, symbol, side, price_e4, joined, record_at(updates, 0, UPDATE))
        n = 1
    quantity = reduce_at(book, slot, np.int64(order_at(book, slot).quantity))
    note_level(book, symbols, symbol, side, old_e4, quantity, record_at(updates, n, UPDATE))
    return n + 1 + (0 if joined >= 0 else OVERDRAWN)


@kernel
def _trade(book, symbols, symbol, addr, updates):
    """``P``: an execution against an order that is not displayed; no level changes."""
    price_e4 = get_u32(addr, TRADE_PRICE)
    shares = get_u32(addr, TRADE_SHARES)
    if price_e4 == 0 or shares == 0:
        return _REFUSED
    side = _side_at(addr, TRADE_BUY_SELL_INDICATOR)
    _note_trade(book, symbols, symbol, side, price_e4, shares, record_at(updates, 0, UPDATE))
    return 1


@kernel
def _cross(book, symbols, symbol, addr, updates):
    """``Q``: what a cross executed, as one trade of no side; orders that it executed have had their
    own messages. A cross of nothing is none. Of more shares than an update can say, it says as many
    as it can."""
    shares = get_u64(addr, CROSS_TRADE_SHARES)
    price_e4 = get_u32(addr, CROSS_TRADE_CROSS_PRICE)
    if shares <= 0 or price_e4 == 0:
        return 0
    _note_trade(book, symbols, symbol, 0, price_e4, min(shares, MAX_QUANTITY),
                record_at(updates, 0, UPDATE))
    return 1


@kernel
def _execute_at_price(book, symbols, addr, updates):
    """``C``: executed at a price of its own; not to be printed, it is no trade for the tape."""
    trade_e4 = get_u32(addr, ORDER_EXECUTED_WITH_PRICE_EXECUTION_PRICE)
    if get_u8(addr, ORDER_EXECUTED_WITH_PRICE_PRINTABLE) == _NOT_PRINTABLE:
        trade_e4 = 0
    return _take_off(book, symbols, addr, get_u32(addr, ORDER_EXECUTED_EXECUTED_SHARES), trade_e4,
                     updates)


@kernel
def _apply(book, symbols, symbol, kind, addr, updates):
    """A valid message about a symbol of ours; the most frequent kinds first."""
    if kind == ADD_ORDER or kind == ADD_ORDER_MPID:
        return _add(book, symbols, symbol, addr, updates)
    if kind == ORDER_DELETE:
        return _take_off(book, symbols, addr, -1, 0, updates)
    if kind == ORDER_REPLACE:
        return _replace(book, symbols, addr, updates)
    if kind == ORDER_EXECUTED:
        return _take_off(book, symbols, addr, get_u32(addr, ORDER_EXECUTED_EXECUTED_SHARES), -1,
                         updates)
    if kind == ORDER_CANCEL:
        return _take_off(book, symbols, addr, get_u32(addr, ORDER_CANCEL_CANCELLED_SHARES), 0,
                         updates)
    if kind == ORDER_EXECUTED_WITH_PRICE:
        return _execute_at_price(book, symbols, addr, updates)
    if kind == TRADE:
        return _trade(book, symbols, symbol, addr, updates)
    if kind == CROSS_TRADE:
        return _cross(book, symbols, symbol, addr, updates)
    if STATUS_MESSAGES[kind] and change_status(symbols, symbol, kind, addr):
        note_status(book, symbols, symbol, record_at(updates, 0, UPDATE))
        return 1
    return 0


@kernel
def apply_message(book, symbols, n_symbols, locates, addr, length, updates):
    """Applies the ``length`` bytes at ``addr``, one ITCH message from outside.

    ``book``: address of an order book whose symbols are the ``n_symbols`` SYMBOL records at
    ``symbols``; ``locates``: address of LOCATE records, one for each stock locate. Fills the UPDATE
    records at ``updates``, MAX_UPDATES at most, and returns how many, plus OVERDRAWN if the message
    contradicted the book; or a :class:`Status` when nothing was changed. Messages about symbols
    that are not ours cost a lookup.

    A circuit breaker's level is told in no update: it is everybody's, see ``publish``.
    """
    if validate(addr, length) != VALID:
        return _NOT_A_MESSAGE
    kind = get_u8(addr, 0)
    if kind == STOCK_DIRECTORY:
        _list_symbol(symbols, n_symbols, locates, addr)
        return 0
    if kind == MARKET_WIDE:
        breach(symbols, n_symbols, addr)
        return 0
    symbol = np.int64(record_at(locates, get_u16(addr, STOCK_LOCATE), LOCATE).symbol)
    if symbol < 0:
        return 0
    count = _apply(book, symbols, symbol, kind, addr, updates)
    exchange_ns = get_u48(addr, TIMESTAMP)
    for i in range(count & (OVERDRAWN - 1) if count > 0 else 0):
        record_at(updates, i, UPDATE).exchange_ns = exchange_ns
    return count
