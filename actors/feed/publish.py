"""Kernels that put updates and snapshots on the ``market`` port, and know what is due on any.

A snapshot of a symbol is a CLEAR and then its levels, best first, bids before asks. It goes out in
pieces, as far as one call may send, and nothing live comes between them: the feed reads on when the
symbol is complete. Symbols take turns with live data. A round of snapshots covers every symbol
once, counted from when it was last asked for.
"""

from actors.book.book_view import level_count, nth_price
from actors.book.memory import record_at
from actors.book.order_book import MAX_QUANTITY
from actors.book.price_levels import BUY, SELL
from actors.feed.itch_book import note_best, note_level, note_status
from actors.feed.orders import begin_orders, publish_orders
from actors.feed.state import (
    UPDATE, Counter, Phase, book_of, feed_of, symbol_count, symbols_of, updates_of,
)
from actors.feed.waiting import wait_for_room
from actors.runtime import claim, commit, count, kernel
from actors.runtime.wire import message_header
from schemas.enums import Flag, UpdateType
from schemas.views import market_data

__all__ = ["begin_round", "begin_rounds", "begin_statuses", "is_due", "is_inside", "publish",
           "publish_snapshots"]

_MARKET = 0
_CLEAR = int(UpdateType.CLEAR)
_SNAPSHOT = int(Flag.SNAPSHOT)
_LAST = int(Flag.LAST)
_CATCHING_UP = int(Phase.CATCHING_UP)

_PUBLISHED = int(Counter.PUBLISHED)
_NOT_SENT = int(Counter.NOT_SENT)
_SNAPSHOTS = int(Counter.SNAPSHOTS)


@kernel
def publish(ctx, update, sequence, receive_ns, flags):
    """Sends one update. Returns 1, or 0 if a wire with overflow ``fail`` refused it for all."""
    message = claim(ctx, _MARKET)
    if message == 0:
        count(ctx, _NOT_SENT, 1)
        return 0
    message_header(message).flags = flags
    body = market_data(message)
    body.receive_ns = receive_ns
    body.exchange_ns = update.exchange_ns
    body.sequence = sequence
    body.price_e4 = update.price_e4
    body.bid_e4 = update.bid_e4
    body.ask_e4 = update.ask_e4
    body.last_e4 = update.last_e4
    body.quantity = min(update.quantity, MAX_QUANTITY)
    body.bid_qty = min(update.bid_qty, MAX_QUANTITY)
    body.ask_qty = min(update.ask_qty, MAX_QUANTITY)
    body.last_qty = update.last_qty
    body.symbol_id = update.symbol_id
    body.update_type = update.update_type
    body.side = update.side
    body.trading_status = update.trading_status
    body.restrictions = update.restrictions
    commit(ctx, _MARKET)
    count(ctx, _PUBLISHED, 1)
    return 1


@kernel
def begin_round(ctx):
    """Every symbol shall be published whole once from now on."""
    feed_of(ctx).snapshots = symbol_count(ctx)


@kernel
def begin_statuses(ctx):
    """Every symbol's status shall be published once from now on: something is so for all."""
    feed_of(ctx).statuses = symbol_count(ctx)


@kernel
def begin_rounds(ctx):
    """Everything shall be published whole, on every port."""
    begin_round(ctx)
    begin_orders(ctx)


@kernel
def is_inside(feed):
    """Whether nothing may be read now: the snapshot of some symbol is incomplete, and it must not
    change before it is all out; or history would begin before everybody has been told to forget
    what came before it."""
    if feed.symbol >= 0 or feed.orders_symbol >= 0:
        return True
    return feed.phase == _CATCHING_UP and feed.snapshots + feed.orders_due > 0


@kernel
def is_due(feed):
    """Whether there is anything left to publish at once, besides what will be read."""
    return feed.snapshots + feed.orders_due + feed.statuses > 0 or is_inside(feed)


@kernel
def _start_symbol(ctx, feed, book):
    """Publishes the CLEAR of the next symbol in turn. Returns messages sent."""
    symbol = feed.next_symbol
    feed.next_symbol = (symbol + 1) % symbol_count(ctx)
    feed.snapshots -= 1
    bids, asks = level_count(book, symbol, BUY), level_count(book, symbol, SELL)
    feed.symbol = symbol if bids + asks > 0 else -1
    feed.side = BUY if bids > 0 else SELL
    feed.level = 0
    update = record_at(updates_of(ctx), 0, UPDATE)
    note_best(book, symbols_of(ctx), symbol, update)
    update.update_type = _CLEAR
    update.side = 0
    update.price_e4 = 0
    update.quantity = 0
    count(ctx, _SNAPSHOTS, 1)
    return _send(ctx, feed, update, _SNAPSHOT if bids + asks > 0 else _SNAPSHOT | _LAST)


@kernel
def _next_level(ctx, feed, book):
    """Publishes the next level of the symbol at hand. Returns messages sent."""
    symbol, side = feed.symbol, feed.side
    price_e4, quantity, _ = nth_price(book, symbol, side, feed.level)
    update = record_at(updates_of(ctx), 0, UPDATE)
    note_level(book, symbols_of(ctx), symbol, side, price_e4, quantity, update)
    flags = _SNAPSHOT
    feed.level += 1
    if feed.level == level_count(book, symbol, side):
        if side == BUY and level_count(book, symbol, SELL) > 0:
            feed.side = SELL
            feed.level = 0
        else:
            feed.symbol = -1
            flags |= _LAST
    return _send(ctx, feed, update, flags)


@kernel
def _send(ctx, feed, update, flags):
    update.exchange_ns = feed.exchange_ns
    return publish(ctx, update, feed.sequence, feed.received_ns, flags)


@kernel
def _publish_statuses(ctx, feed, book, budget):
    update = record_at(updates_of(ctx), 0, UPDATE)
    sent = 0
    while feed.statuses > 0 and sent < budget:
        note_status(book, symbols_of(ctx), symbol_count(ctx) - feed.statuses, update)
        feed.statuses -= 1
        sent += _send(ctx, feed, update, 0)
    return sent


@kernel
def _publish_books(ctx, budget):
    """Publishes up to ``budget`` messages of what is due on ``market``: statuses, then snapshots,
    of one symbol at most. Returns how many were sent."""
    feed = feed_of(ctx)
    if feed.symbol < 0 and feed.snapshots == 0 and feed.statuses == 0:
        feed.wait_until_ns = 0
        return 0
    feed.wait_until_ns, waits = wait_for_room(ctx, _MARKET, feed.wait_until_ns, budget)
    if waits:
        return 0
    book = book_of(ctx)
    sent = 0
    if feed.symbol < 0:
        sent = _publish_statuses(ctx, feed, book, budget - 1)
        if feed.snapshots > 0:
            sent += _start_symbol(ctx, feed, book)
    while feed.symbol >= 0 and sent < budget:
        sent += _next_level(ctx, feed, book)
    return sent


@kernel
def publish_snapshots(ctx, budget):
    """Publishes what is due, up to ``budget`` messages on each port. Returns how many were sent."""
    return _publish_books(ctx, budget) + publish_orders(ctx, budget)
