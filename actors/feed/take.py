"""Kernels that take one message of the market, whatever brought it, and publish what changed."""

import numpy as np

from actors.book.memory import record_at
from actors.feed.itch_book import apply_message
from actors.feed.orders import CHANGE, describe, publish_change, wants_orders
from actors.feed.publish import begin_round, begin_rounds, begin_statuses, publish
from actors.feed.state import (
    OVERDRAWN, SYMBOL, UPDATE, Counter, Event, Phase, Status, book_of, changes_of, feed_of,
    locates_of, symbol_count, symbols_of, updates_of,
)
from actors.runtime import count, kernel, log
from actors.runtime.native import load_u8
from schemas.enums import SymbolStatus, UpdateType
from schemas.venue import itch50
from schemas.venue.big_endian import get_u8, get_u32, get_u48

__all__ = ["go_live", "take_message"]

_LIVE = int(Phase.LIVE)

_MESSAGES = int(Counter.MESSAGES)
_BAD_MESSAGES = int(Counter.BAD_MESSAGES)
_UNKNOWN_ORDERS = int(Counter.UNKNOWN_ORDERS)
_REFUSED = int(Counter.REFUSED)

_NOT_A_MESSAGE = int(Status.NOT_A_MESSAGE)
_UNKNOWN_ORDER = int(Status.UNKNOWN_ORDER)
_STATUS_REFUSED = int(Status.REFUSED)

_CAUGHT_UP = int(Event.CAUGHT_UP)
_BAD_MESSAGE = int(Event.BAD_MESSAGE)
_MARKET_EVENT = int(Event.MARKET_EVENT)

_BREAKER_LEVEL = int(Event.BREAKER_LEVEL)

_STATUS = int(Event.STATUS)
_STATUS_UPDATE = int(UpdateType.STATUS)
_TRADING = int(SymbolStatus.TRADING)
_TRADING_ACTION = itch50.STOCK_TRADING_ACTION
_REASON = itch50.STOCK_TRADING_ACTION_REASON

_MWCB_STATUS = itch50.MWCB_STATUS
_BREACHED_LEVEL = itch50.MWCB_STATUS_BREACHED_LEVEL
_SYSTEM_EVENT = itch50.SYSTEM_EVENT
_SYSTEM_EVENT_CODE = itch50.SYSTEM_EVENT_EVENT_CODE
_TIMESTAMP = itch50.TIMESTAMP


def _counter_by_type() -> np.ndarray:
    places = np.full(256, int(Counter.OTHER), np.int64)
    for counter, types in ((Counter.ADDS, "AF"), (Counter.EXECUTIONS, "EC"), (Counter.CANCELS, "X"),
                           (Counter.DELETES, "D"), (Counter.REPLACES, "U"), (Counter.TRADES, "PQ"),
                           (Counter.BROKEN_TRADES, "B")):
        for letter in types:
            places[ord(letter)] = int(counter)
    return places


_COUNTER_OF = _counter_by_type()


@kernel
def _word(addr, size, word):
    """Eight bytes of a message, number ``word``, as they lie; zeros beyond its end."""
    value = np.int64(0)
    for i in range(8):
        at = 8 * word + i
        if at < size:
            value |= np.int64(load_u8(addr + at)) << np.int64(8 * i)
    return value


@kernel
def _report(ctx, feed, status, addr, size, sequence):
    """Counts a message that could not be; logs the first of its kind with its bytes."""
    place, bit = _REFUSED, 1
    if status == _NOT_A_MESSAGE:
        place, bit = _BAD_MESSAGES, 2
    elif status == _UNKNOWN_ORDER:
        place, bit = _UNKNOWN_ORDERS, 4
    count(ctx, place, 1)
    if feed.reported & bit == 0:
        feed.reported |= bit
        log(ctx, _BAD_MESSAGE, status, sequence, size, _word(addr, size, 0),
            _word(addr, size, 1), _word(addr, size, 2))


@kernel
def _log_status(ctx, symbol, update, kind, addr):
    """Says that a symbol was halted or trades again; not that it does when the day begins."""
    if symbol.updates > 1 or update.trading_status != _TRADING:
        reason = get_u32(addr, _REASON) if kind == _TRADING_ACTION else 0
        log(ctx, _STATUS, update.symbol_id, update.trading_status, update.restrictions, reason, 0,
            0)


@kernel
def take_message(ctx, addr, size, sequence, received_ns, live):
    """Applies the ``size`` bytes at ``addr``, the venue's message number ``sequence``, and, if
    ``live``, publishes what changed. Returns updates published."""
    feed = feed_of(ctx)
    updates = updates_of(ctx)
    tells_orders = live and wants_orders(ctx)
    if tells_orders:
        describe(book_of(ctx), locates_of(ctx), addr, size, record_at(changes_of(ctx), 0, CHANGE))
    n = apply_message(book_of(ctx), symbols_of(ctx), symbol_count(ctx), locates_of(ctx), addr, size,
                      updates)
    outcome = n
    feed.sequence = sequence
    feed.received_ns = received_ns
    count(ctx, _MESSAGES, 1)
    if n < 0 or n >= OVERDRAWN:
        _report(ctx, feed, n if n < 0 else _STATUS_REFUSED, addr, size, sequence)
        if n == _NOT_A_MESSAGE:
            return 0
        n = n & (OVERDRAWN - 1) if n > 0 else 0
    kind = get_u8(addr, 0)
    count(ctx, _COUNTER_OF[kind], 1)
    feed.exchange_ns = get_u48(addr, _TIMESTAMP)
    if not live:
        return 0
    if kind == _SYSTEM_EVENT:
        log(ctx, _MARKET_EVENT, get_u8(addr, _SYSTEM_EVENT_CODE), feed.exchange_ns, 0, 0, 0, 0)
    elif kind == _MWCB_STATUS:
        log(ctx, _BREAKER_LEVEL, get_u8(addr, _BREACHED_LEVEL), 0, 0, 0, 0, 0)
        begin_statuses(ctx)
    if n > 0:
        update = record_at(updates, 0, UPDATE)
        symbol = record_at(symbols_of(ctx), update.symbol_id, SYMBOL)
        symbol.updates += n
        if update.update_type == _STATUS_UPDATE:
            _log_status(ctx, symbol, update, kind, addr)
    sent = 0
    for i in range(n):
        sent += publish(ctx, record_at(updates, i, UPDATE), sequence, received_ns, 0)
    if sent < n:
        begin_round(ctx)  # snapshots will make good what is missing
    if tells_orders:
        publish_change(ctx, outcome, sequence, received_ns)
    return n


@kernel
def go_live(ctx):
    """History is over: everybody gets the books whole, and then what changes."""
    feed = feed_of(ctx)
    feed.phase = _LIVE
    feed.was_live = 1
    begin_rounds(ctx)
    log(ctx, _CAUGHT_UP, feed.sequence, 0, 0, 0, 0, 0)
