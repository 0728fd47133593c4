"""Kernels that put every change of an order on the ``order_updates`` port, for who asks for it.

Who asks is a wire, or a tap. While there is neither, a message costs a look at the port. Otherwise
what the message says is put beside what the book knows of the order, before the book is changed.

A snapshot of a symbol is a CLEAR and then an ADD for each of its orders, bids before asks, best
price first, at a price in the order in which they execute: who applies them in turn has the
priorities too. It goes out in pieces, and the feed reads on when the symbol is complete, as with
the snapshots of ``market``.
"""

import numpy as np

from actors.book.book_view import first_order, next_order
from actors.book.memory import record_at
from actors.book.order_book import find_order, order_at
from actors.book.price_levels import BUY, SELL
from actors.feed.state import (
    LOCATE, OVERDRAWN, Counter, book_of, changes_of, feed_of, symbol_count,
)
from actors.feed.waiting import wait_for_room
from actors.runtime import claim, commit, context, count, kernel
from actors.runtime.wire import message_header, out_port
from schemas.enums import Flag, OrderAction
from schemas.venue import itch50
from schemas.venue.big_endian import get_u8, get_u16, get_u32, get_u48, get_u64
from schemas.venue.validity import VALID
from schemas.views import order_update

__all__ = ["CHANGE", "begin_orders", "describe", "publish_change", "publish_orders", "settle",
           "wants_orders"]

#: What a message does to an order; ``had`` and ``old_price_e4`` are the order's before it. The rest
#: is as in OrderUpdate. ``action`` is NONE if the message is about no order of ours.
CHANGE = np.dtype([("action", "i8"), ("order_number", "i8"), ("new_number", "i8"),
                   ("match_number", "i8"), ("price_e4", "i8"), ("trade_price_e4", "i8"),
                   ("quantity", "i8"), ("remaining", "i8"), ("symbol_id", "i8"), ("side", "i8"),
                   ("printable", "i8"), ("had", "i8"), ("old_price_e4", "i8"),
                   ("exchange_ns", "i8")])

_PORT = 1
_NONE, _ADD, _EXECUTE, _CANCEL, _DELETE, _REPLACE, _CLEAR = (int(a) for a in OrderAction)
_SNAPSHOT, _LAST = int(Flag.SNAPSHOT), int(Flag.LAST)
_ORDER_UPDATES, _NOT_SENT = int(Counter.ORDER_UPDATES), int(Counter.NOT_SENT)
_BUY_LETTER = int(itch50.Side.BUY)
_NOT_PRINTABLE = ord("N")


def _action_by_type() -> np.ndarray:
    actions = np.full(256, _NONE, np.int64)
    for letters, action in (("AF", _ADD), ("EC", _EXECUTE), ("X", _CANCEL), ("D", _DELETE),
                            ("U", _REPLACE)):
        for letter in letters:
            actions[ord(letter)] = action
    return actions


_ACTION_OF = _action_by_type()
_AT_PRICE = ord("C")


@kernel
def wants_orders(ctx):
    """Whether anybody would see an order update."""
    port = out_port(context(ctx).ports[_PORT])
    return port.n_wires > 0 or port.tap != 0


@kernel
def begin_orders(ctx):
    """Every symbol's orders shall be published once from now on."""
    feed_of(ctx).orders_due = symbol_count(ctx)


# ---- what a message does to an order -------------------------------------------------------------


@kernel
def _describe_add(change, symbol, addr):
    change.symbol_id = symbol
    change.side = BUY if get_u8(addr, itch50.ADD_ORDER_BUY_SELL_INDICATOR) == _BUY_LETTER else SELL
    change.price_e4 = get_u32(addr, itch50.ADD_ORDER_PRICE)
    change.quantity = get_u32(addr, itch50.ADD_ORDER_SHARES)
    change.remaining = change.quantity


@kernel
def _describe_execution(change, kind, addr):
    change.match_number = get_u64(addr, itch50.ORDER_EXECUTED_MATCH_NUMBER)
    change.trade_price_e4 = change.price_e4
    change.printable = 1
    if kind == _AT_PRICE:
        change.trade_price_e4 = get_u32(addr, itch50.ORDER_EXECUTED_WITH_PRICE_EXECUTION_PRICE)
        printable = get_u8(addr, itch50.ORDER_EXECUTED_WITH_PRICE_PRINTABLE)
        change.printable = np.int64(printable != _NOT_PRINTABLE)


@kernel
def describe(book, locates, addr, length, change):
    """Notes in the CHANGE record ``change`` what the ITCH message of ``length`` bytes at ``addr``
    will do to an order of ``book``. Call it before the message is applied."""
    change.action = _NONE
    if length < 1:
        return
    kind = get_u8(addr, 0)
    action = _ACTION_OF[kind]
    if action == _NONE or itch50.validate(addr, length) != VALID:
        return
    symbol = np.int64(record_at(locates, get_u16(addr, itch50.STOCK_LOCATE), LOCATE).symbol)
    if symbol < 0:
        return
    change.order_number = get_u64(addr, itch50.ORDER_REFERENCE_NUMBER)
    change.new_number = 0
    change.match_number = 0
    change.trade_price_e4 = 0
    change.printable = 0
    change.exchange_ns = get_u48(addr, itch50.TIMESTAMP)
    if action == _ADD:
        _describe_add(change, symbol, addr)
        change.action = action
        return
    slot = find_order(book, change.order_number)
    if slot < 0:
        return
    order = order_at(book, slot)
    change.action = action
    change.symbol_id = order.symbol
    change.side = order.side
    change.price_e4 = order.price_e4
    change.had = order.quantity
    change.quantity = change.had
    if action == _REPLACE:
        change.old_price_e4 = order.price_e4
        change.price_e4 = get_u32(addr, itch50.ORDER_REPLACE_PRICE)
        change.new_number = get_u64(addr, itch50.ORDER_REPLACE_NEW_ORDER_REFERENCE_NUMBER)
        change.quantity = get_u32(addr, itch50.ORDER_REPLACE_SHARES)
        change.remaining = change.quantity
        return
    if action != _DELETE:
        shares = get_u32(addr, itch50.ORDER_EXECUTED_EXECUTED_SHARES)
        change.quantity = min(shares, change.had)
    if action == _EXECUTE:
        _describe_execution(change, kind, addr)
    change.remaining = change.had - change.quantity


@kernel
def settle(change, outcome):
    """Makes ``change`` what has really happened, now that the message is applied: ``outcome`` is
    what ``apply_message`` returned."""
    if outcome < 0:
        change.action = _NONE
    elif outcome >= OVERDRAWN and change.action == _REPLACE:  # no room for the new one
        change.action = _DELETE
        change.new_number = 0
        change.price_e4 = change.old_price_e4
        change.quantity = change.had
        change.remaining = 0


# ---- publishing ----------------------------------------------------------------------------------


@kernel
def _send(ctx, change, sequence, receive_ns, flags):
    """Returns 1, or 0 if a wire with overflow ``fail`` refused it for all."""
    message = claim(ctx, _PORT)
    if message == 0:
        count(ctx, _NOT_SENT, 1)
        return 0
    message_header(message).flags = flags
    body = order_update(message)
    body.receive_ns = receive_ns
    body.exchange_ns = change.exchange_ns
    body.sequence = sequence
    body.order_number = change.order_number
    body.new_number = change.new_number
    body.match_number = change.match_number
    body.price_e4 = change.price_e4
    body.trade_price_e4 = change.trade_price_e4
    body.quantity = change.quantity
    body.remaining = change.remaining
    body.symbol_id = change.symbol_id
    body.action = change.action
    body.side = change.side
    body.printable = change.printable
    commit(ctx, _PORT)
    count(ctx, _ORDER_UPDATES, 1)
    return 1


@kernel
def publish_change(ctx, outcome, sequence, receive_ns):
    """Publishes what the message that was described and applied did to an order, if anything."""
    change = record_at(changes_of(ctx), 0, CHANGE)
    settle(change, outcome)
    if change.action != _NONE and _send(ctx, change, sequence, receive_ns, 0) == 0:
        begin_orders(ctx)  # snapshots will make good what is missing


@kernel
def _after(book, symbol, slot):
    """The slot of the order behind this one in a snapshot, or NO_ORDER."""
    following = next_order(book, slot)
    if following < 0 and order_at(book, slot).side == BUY:
        following = first_order(book, symbol, SELL)
    return following


@kernel
def _publish_clear(ctx, feed, book, change):
    """Publishes the CLEAR of the next symbol in turn. Returns messages sent."""
    symbol = feed.orders_next
    feed.orders_next = (symbol + 1) % symbol_count(ctx)
    feed.orders_due -= 1
    slot = first_order(book, symbol, BUY)
    if slot < 0:
        slot = first_order(book, symbol, SELL)
    feed.orders_symbol = symbol if slot >= 0 else -1
    feed.orders_slot = slot
    change.action = _CLEAR
    change.order_number = change.price_e4 = change.quantity = change.remaining = 0
    change.symbol_id = symbol
    change.side = 0
    return _send(ctx, change, feed.sequence, feed.received_ns,
                 _SNAPSHOT if slot >= 0 else _SNAPSHOT | _LAST)


@kernel
def _publish_resting(ctx, feed, book, change):
    """Publishes the next order of the symbol at hand. Returns messages sent."""
    order = order_at(book, feed.orders_slot)
    change.action = _ADD
    change.order_number = order.number
    change.price_e4 = order.price_e4
    change.quantity = change.remaining = order.quantity
    change.symbol_id = order.symbol
    change.side = order.side
    feed.orders_slot = _after(book, feed.orders_symbol, feed.orders_slot)
    flags = _SNAPSHOT
    if feed.orders_slot < 0:
        feed.orders_symbol = -1
        flags |= _LAST
    return _send(ctx, change, feed.sequence, feed.received_ns, flags)


@kernel
def publish_orders(ctx, budget):
    """Publishes up to ``budget`` messages of the snapshots that are due, of one symbol at most.

    Returns how many were sent. While ``feed.orders_symbol`` is not -1 afterwards the symbol is
    incomplete.
    """
    feed = feed_of(ctx)
    if not wants_orders(ctx):
        feed.orders_due = 0
        feed.orders_symbol = -1
    if feed.orders_symbol < 0 and feed.orders_due == 0:
        feed.orders_wait_ns = 0
        return 0
    feed.orders_wait_ns, waits = wait_for_room(ctx, _PORT, feed.orders_wait_ns, budget)
    if waits:
        return 0
    book = book_of(ctx)
    change = record_at(changes_of(ctx), 0, CHANGE)
    change.exchange_ns = feed.exchange_ns
    change.new_number = change.match_number = change.trade_price_e4 = change.printable = 0
    sent = 0
    if feed.orders_symbol < 0:
        sent = _publish_clear(ctx, feed, book, change)
    while feed.orders_symbol >= 0 and sent < budget:
        sent += _publish_resting(ctx, feed, book, change)
    return sent
