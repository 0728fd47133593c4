"""The feed's handlers: what the reactor calls."""

import numpy as np

from actors.book.memory import record_at
from actors.feed.itch_book import apply_message
from actors.feed.look_ahead import look_from, look_on
from actors.feed.publish import begin_round, publish, publish_snapshots
from actors.feed.state import (
    BURST, MAX_UPDATES, OVERDRAWN, SYMBOL, UPDATE, Counter, Event, Phase, Status, ahead_of, book_of,
    feed_of, link_of, locates_of, symbol_count, symbols_of, updates_of,
)
from actors.runtime import clock_ns, context, count, draining, handler, kernel, log, observe
from actors.runtime.native import load_u8
from actors.runtime.soup_kernels import consumed, is_active, keep_alive, next_message, receive
from schemas.venue import itch50
from schemas.venue.big_endian import get_u8, get_u48

__all__ = ["on_resync", "on_venue"]

_LIVE = int(Phase.LIVE)
_CATCHING_UP = int(Phase.CATCHING_UP)
_SNAPSHOT_BUDGET = BURST // 2
_TYPE_BYTE = 1  # SoupBinTCP's, between a packet's length and the message
_BATCH = 4096  # messages in one turn, if they publish nothing: history, or other people's symbols

_PARSE = 0
_MESSAGES = int(Counter.MESSAGES)
_BYTES = int(Counter.BYTES)
_BAD_MESSAGES = int(Counter.BAD_MESSAGES)
_UNKNOWN_ORDERS = int(Counter.UNKNOWN_ORDERS)
_REFUSED = int(Counter.REFUSED)
_GAPS = int(Counter.GAPS)
_LOGINS = int(Counter.LOGINS)

_NOT_A_MESSAGE = int(Status.NOT_A_MESSAGE)
_UNKNOWN_ORDER = int(Status.UNKNOWN_ORDER)
_STATUS_REFUSED = int(Status.REFUSED)

_CAUGHT_UP = int(Event.CAUGHT_UP)
_BAD_MESSAGE = int(Event.BAD_MESSAGE)
_MARKET_EVENT = int(Event.MARKET_EVENT)

_BREAKER_LEVEL = int(Event.BREAKER_LEVEL)

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
def _begin_login(ctx, link, feed):
    """A new connection: is there history to catch up with?"""
    feed.logins = link.logins
    count(ctx, _LOGINS, 1)
    count(ctx, _GAPS, link.gap)
    link.gap = 0
    if feed.was_live == 0 or link.next_sequence < link.tail:
        feed.phase = _CATCHING_UP


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
def _report(ctx, link, feed, status):
    """Counts a message that could not be; logs the first of its kind with its bytes."""
    place, bit = _REFUSED, 1
    if status == _NOT_A_MESSAGE:
        place, bit = _BAD_MESSAGES, 2
    elif status == _UNKNOWN_ORDER:
        place, bit = _UNKNOWN_ORDERS, 4
    count(ctx, place, 1)
    if feed.reported & bit == 0:
        feed.reported |= bit
        addr, size = link.payload, link.payload_size
        log(ctx, _BAD_MESSAGE, status, link.next_sequence, size, _word(addr, size, 0),
            _word(addr, size, 1), _word(addr, size, 2))


@kernel
def _take_message(ctx, link, feed, live):
    """Applies the message at hand and, if ``live``, publishes. Returns updates published."""
    addr, size = link.payload, link.payload_size
    updates = updates_of(ctx)
    n = apply_message(book_of(ctx), symbols_of(ctx), symbol_count(ctx), locates_of(ctx), addr, size,
                      updates)
    count(ctx, _MESSAGES, 1)
    if n < 0 or n >= OVERDRAWN:
        _report(ctx, link, feed, n if n < 0 else _STATUS_REFUSED)
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
    if n > 0:
        symbol = record_at(updates, 0, UPDATE).symbol_id
        record_at(symbols_of(ctx), symbol, SYMBOL).updates += n
    sent = 0
    for i in range(n):
        sent += publish(ctx, record_at(updates, i, UPDATE), link.next_sequence, link.received_ns, 0)
    if sent < n:
        begin_round(ctx)  # snapshots will make good what is missing
    return n


@kernel
def _read(ctx, link, feed, budget):
    """Reads messages until ``budget`` updates are published, or a batch is full. Returns how many.

    History is not published: that is everything up to where the venue was when we logged in. What
    came after that login is live, however late we are.
    """
    live = feed.phase == _LIVE
    read = 0
    while budget >= MAX_UPDATES and read < _BATCH and (live or link.next_sequence < link.tail) \
            and next_message(link):
        if feed.looks_ahead != 0:
            look_on(ahead_of(ctx), book_of(ctx), symbols_of(ctx), locates_of(ctx))
        budget -= _take_message(ctx, link, feed, live)
        consumed(link)
        read += 1
    if not live and link.next_sequence >= link.tail:
        feed.phase = _LIVE
        feed.was_live = 1
        begin_round(ctx)
        log(ctx, _CAUGHT_UP, link.next_sequence - 1, 0, 0, 0, 0, 0)
    return read


@handler
def on_venue(ctx, fd):
    """One turn of the feed; returns the work done."""
    link = link_of(ctx)
    feed = feed_of(ctx)
    if not is_active(link):
        return 0
    if feed.logins != link.logins:
        _begin_login(ctx, link, feed)
    now_ns = context(ctx).now_ns
    if draining(ctx):
        keep_alive(link, now_ns)
        return 0
    sent = publish_snapshots(ctx, _SNAPSHOT_BUDGET)
    if feed.symbol >= 0 or (feed.phase == _CATCHING_UP and feed.snapshots > 0):
        # The levels of a symbol must not change before they are all out, nor history begin before
        # everybody has been told to forget what came before it.
        keep_alive(link, now_ns)
        return 1
    taken = receive(link, ctx)
    if taken > 0 and feed.looks_ahead != 0:
        look_from(ahead_of(ctx), link.rx + link.rx_start, link.rx + link.rx_end, _TYPE_BYTE,
                  book_of(ctx), symbols_of(ctx), locates_of(ctx))
    read = _read(ctx, link, feed, BURST - sent)
    if read > 0:
        began_ns = link.received_ns if taken > 0 else now_ns
        observe(ctx, _PARSE, (clock_ns(ctx) - began_ns) // read)
    count(ctx, _BYTES, taken)
    keep_alive(link, now_ns)
    return sent + read + (1 if taken > 0 or feed.snapshots > 0 else 0)


@handler
def on_resync(ctx, wire):
    """A consumer of ``market`` asks for the books. While catching up, a round follows anyway."""
    if feed_of(ctx).phase == _LIVE:
        begin_round(ctx)
    return 0
