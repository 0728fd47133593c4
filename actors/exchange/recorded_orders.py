"""Following a recording's orders: its own book, and what each event means to it. Kernels.

The recording's book is an :class:`actors.book.book_memory.OrderBook`, keyed by the recording's
references. Following turns each event into one that stands for itself: it names side and price,
says whether the order is gone after it, and calls orders by numbers that count up from 1. What does
not fit the recording's own book is counted in :data:`TRACE` and left out.

Where the recording shows a window of levels after each event (LOBSTER's order book file), an order
that was there before the file, or came into the window from outside, is not known by name. Such
shares are *unseen* orders here, with keys below 0; events about unknown orders concern the unseen
ones at their price. After each event the book is compared with the row: what the row has more at a
price becomes an unseen order, what it has less is taken off. Which order lost shares while nobody
saw it cannot be known, so an event may concern an order that has less here than it should: then the
others at its price make up for it. The shares at a price are right all the same: where a price was
inside the window before an event, the row after it cannot differ, unless the two files contradict
each other.
"""

import numpy as np

from actors.book.book_memory import NO_ORDER
from actors.book.book_view import best_price, nth_price
from actors.book.memory import kernel, record_at
from actors.book.order_book import (BookStatus, add_order, book_at, find_order, ladders_of,
                                    order_at, reduce_at, replace_order)
from actors.book.price_levels import BUY, SELL, find_level, level_at, side_row
from schemas.recorded import EVENT, Action

__all__ = ["BUY_EDGE_E4", "SELL_EDGE_E4", "TRACE", "follow", "new_trace"]

#: What following keeps from call to call. ``written``: events put out; ``next_number``: of the next
#: order; ``anonymous``: unknown orders are unseen ones; ``windowed``: there are rows;
#: ``ask_edge_e4`` and ``bid_edge_e4``: how far the window reached in the row before. Then
#: counts: of events about ``unknown`` orders, orders added twice (``duplicate``), ``overdrawn``
#: ones, ``refused`` ones (no price or size), ``full``: those there was no room for, ``crossed``:
#: orders that were added at a price of the other side; ``unseen``: differences from the row at
#: prices new to the window, ``corrected``: at others.
TRACE = np.dtype([
    ("written", "i8"), ("next_number", "i8"), ("anonymous", "i8"), ("windowed", "i8"),
    ("ask_edge_e4", "i8"),
    ("bid_edge_e4", "i8"), ("unknown", "i8"), ("duplicate", "i8"), ("overdrawn", "i8"),
    ("refused", "i8"), ("full", "i8"), ("crossed", "i8"), ("unseen", "i8"), ("corrected", "i8"),
])

#: Edges of a window that shows everything.
SELL_EDGE_E4, BUY_EDGE_E4 = 2**62, -(2**62)

_ADD, _EXECUTE, _REDUCE = (np.int64(a) for a in (Action.ADD, Action.EXECUTE, Action.REDUCE))
_DELETE, _REPLACE, _TRADE = (np.int64(a) for a in (Action.DELETE, Action.REPLACE, Action.TRADE))
_BUY, _SELL, _ZERO = np.int64(BUY), np.int64(SELL), np.int64(0)


def new_trace(anonymous: bool) -> np.ndarray:
    """A TRACE at its beginning, an array of one."""
    trace = np.zeros(1, TRACE)
    trace["next_number"], trace["anonymous"] = 1, anonymous
    trace["ask_edge_e4"], trace["bid_edge_e4"] = SELL_EDGE_E4, BUY_EDGE_E4
    return trace


@kernel
def _write(trace, out, time_ns, action, number, new_number, symbol, side, price_e4, quantity, ends):
    event = record_at(out, trace.written, EVENT)
    trace.written += 1
    event.time_ns = time_ns
    event.reference = number
    event.new_reference = new_number
    event.price_e4 = price_e4
    event.quantity = quantity
    event.symbol = symbol
    event.action = action
    event.side = side
    event.ends = ends


@kernel
def _add(book, trace, out, time_ns, key, symbol, side, price_e4, quantity):
    """Rest an order, if it can be one."""
    if price_e4 < 1:
        trace.refused += 1
        return
    change = add_order(book, key, symbol, side, price_e4, quantity)
    if change.status != BookStatus.OK:
        if change.status == BookStatus.DUPLICATE_ORDER:
            trace.duplicate += 1
        elif change.status == BookStatus.ORDERS_FULL or change.status == BookStatus.LEVELS_FULL:
            trace.full += 1
        else:
            trace.refused += 1
        return
    best_e4, _ = best_price(book, symbol, _SELL if side == _BUY else _BUY)
    if best_e4 > 0 and (price_e4 >= best_e4 if side == _BUY else price_e4 <= best_e4):
        trace.crossed += 1
    number = trace.next_number
    trace.next_number += 1
    order_at(book, change.slot).number = number
    _write(trace, out, time_ns, _ADD, number, _ZERO, symbol, side, price_e4, quantity, _ZERO)


@kernel
def _take(book, trace, out, time_ns, action, slot, quantity):
    """Take up to ``quantity`` off an order. Returns how much it was."""
    order = order_at(book, slot)
    taken = min(quantity, np.int64(order.quantity))
    ends = taken == order.quantity
    if action != _EXECUTE:
        action = _DELETE if ends else _REDUCE
    _write(trace, out, time_ns, action, order.number, _ZERO, np.int64(order.symbol),
           np.int64(order.side), order.price_e4, taken, np.int64(ends))
    reduce_at(book, slot, taken)
    return taken


@kernel
def _unseen_at(book, symbol, side, price_e4, others_too):
    """The oldest unseen order at a price, else, if others will do, the oldest; or NO_ORDER."""
    ladders = ladders_of(book)
    index = find_level(ladders, side_row(symbol, side), price_e4)
    if index < 0:
        return np.int64(NO_ORDER)
    oldest = np.int64(level_at(ladders, index).head)
    slot = oldest
    while slot >= 0:
        order = order_at(book, slot)
        if order.key < 0:
            return slot
        slot = np.int64(order.next)
    return oldest if others_too else np.int64(NO_ORDER)


@kernel
def _take_unseen(book, trace, out, time_ns, action, symbol, side, price_e4, quantity, others_too):
    """Take ``quantity`` off the unseen orders at a price, then, if they will do, off others.
    Returns what they did not have."""
    while quantity > 0:
        slot = _unseen_at(book, symbol, side, price_e4, others_too)
        if slot < 0:
            break
        quantity -= _take(book, trace, out, time_ns, action, slot, quantity)
    return quantity


@kernel
def _replace(book, trace, out, event):
    slot = find_order(book, event.reference)
    if slot < 0:
        trace.unknown += 1
        return
    if event.price_e4 < 1:
        trace.refused += 1
        return
    number = order_at(book, slot).number
    removed, added = replace_order(book, event.reference, event.new_reference,
                                   np.int64(event.price_e4), np.int64(event.quantity))
    if removed.status == BookStatus.DUPLICATE_ORDER:
        trace.duplicate += 1
    elif removed.status != BookStatus.OK:
        trace.refused += 1
    elif added.status != BookStatus.OK:
        trace.full += 1
    else:
        order_at(book, added.slot).number = trace.next_number
        _write(trace, out, event.time_ns, _REPLACE, number, trace.next_number, added.symbol,
               added.side, added.price_e4, added.quantity, _ZERO)
        trace.next_number += 1


@kernel
def _take_named(book, trace, out, event, action, symbol, side, price_e4, quantity):
    """EXECUTE, REDUCE, DELETE: take shares off the order that the event names."""
    slot = find_order(book, event.reference)
    if slot >= 0:
        has = np.int64(order_at(book, slot).quantity)
        if action == _DELETE and not trace.windowed:
            quantity = has
        if quantity < 1:
            trace.refused += 1
            return
        quantity -= _take(book, trace, out, event.time_ns, action, slot, quantity)
        if quantity > 0 and not trace.windowed:
            trace.overdrawn += 1
            return
    elif not trace.anonymous:
        trace.unknown += 1
        return
    if quantity > 0 and _take_unseen(book, trace, out, event.time_ns, action, symbol, side,
                                     price_e4, quantity, trace.windowed) > 0:
        trace.unknown += 1


@kernel
def _apply(book, trace, out, event):
    """What one event of the recording does to its book."""
    action, symbol, side = np.int64(event.action), np.int64(event.symbol), np.int64(event.side)
    price_e4, quantity = np.int64(event.price_e4), np.int64(event.quantity)
    if action == _ADD:
        key = event.reference
        if trace.anonymous and key == 0:
            key = -trace.next_number
        _add(book, trace, out, event.time_ns, key, symbol, side, price_e4, quantity)
    elif action == _REPLACE:
        _replace(book, trace, out, event)
    elif action == _TRADE and (price_e4 < 1 or quantity < 1):
        trace.refused += 1
    elif action == _TRADE:
        _write(trace, out, event.time_ns, action, _ZERO, _ZERO, symbol, side, price_e4, quantity,
               _ZERO)
    elif action != Action.NONE:
        _take_named(book, trace, out, event, action, symbol, side, price_e4, quantity)


# ---- windows of levels ---------------------------------------------------------------------------


@kernel
def _differs(trace, side, price_e4):
    """Count a difference from the row at a price."""
    if side == _SELL:
        inside = price_e4 <= trace.ask_edge_e4
    else:
        inside = price_e4 >= trace.bid_edge_e4
    if inside:
        trace.corrected += 1
    else:
        trace.unseen += 1


@kernel
def _set_level(book, trace, out, time_ns, symbol, side, price_e4, has, wanted):
    """Make what rests at a price ``wanted`` shares instead of ``has``."""
    if has == wanted:
        return
    _differs(trace, side, price_e4)
    if has < wanted:
        _add(book, trace, out, time_ns, -trace.next_number, symbol, side, price_e4, wanted - has)
        return
    _take_unseen(book, trace, out, time_ns, _DELETE, symbol, side, price_e4, has - wanted, True)


@kernel
def _match_side(book, trace, out, time_ns, symbol, side, row):
    """Make a side of the book show the levels of a row."""
    at = np.int64(0 if side == _SELL else 2)
    edge = np.int64(0)
    level = np.int64(0)
    while at < row.size:
        price_e4, wanted = row[at], row[at + 1]
        ours_e4, has, _ = nth_price(book, symbol, side, level)
        if wanted > 0:
            edge = price_e4
        while has > 0 and (wanted == 0
                           or (ours_e4 < price_e4 if side == _SELL else ours_e4 > price_e4)):
            _set_level(book, trace, out, time_ns, symbol, side, ours_e4, has, _ZERO)
            ours_e4, has, _ = nth_price(book, symbol, side, level)
        if wanted == 0:
            edge = np.int64(SELL_EDGE_E4 if side == _SELL else BUY_EDGE_E4)
            break
        _set_level(book, trace, out, time_ns, symbol, side, price_e4,
                   has if ours_e4 == price_e4 else _ZERO, wanted)
        level += 1
        at += 4
    if side == _SELL:
        trace.ask_edge_e4 = edge
    else:
        trace.bid_edge_e4 = edge


@kernel
def follow(book, trace_at, events, count, rows, out, room):
    """Follow the ``count`` EVENT records at ``events``; put what they come to at ``out``.

    ``trace_at`` is the address of the TRACE; ``rows``, int64[count, 4 * levels], is the window
    after each event, or has no rows. Stops early when there might be no place left among the
    ``room`` that ``out`` has. Returns how many events were followed.
    """
    trace = record_at(trace_at, np.int64(0), TRACE)
    trace.windowed = rows.shape[0] > 0
    header = book_at(book)
    for n in range(count):
        resting = header.orders - header.available
        if trace.written + resting + rows.shape[1] + 2 > room:
            return np.int64(n)
        event = record_at(events, np.int64(n), EVENT)
        _apply(book, trace, out, event)
        if n < rows.shape[0]:
            symbol = np.int64(event.symbol)
            _match_side(book, trace, out, event.time_ns, symbol, _SELL, rows[n])
            _match_side(book, trace, out, event.time_ns, symbol, _BUY, rows[n])
    return np.int64(count)
