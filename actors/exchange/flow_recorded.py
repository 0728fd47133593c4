"""Playing a recording: its orders enter the book that clients trade in. Kernels.

An order that rested in the recording rests here, and a cancel or replacement of it is one here. An
execution was somebody's order that traded with a resting one: here it is an immediate order of that
size at that price, which goes first to clients who are ahead of the recorded order, by price or by
time. What is left executes the order the recording names, even where others were before it in the
queue: the recording knows best. It never executes another of the recording's orders, and when an
order ends in the recording, what may be left of it here is canceled. So the book differs from the
recording's only as long as, and where, clients made it differ; with no clients it is the same.

What a client took away cannot be canceled, replaced or executed again: such events are counted.
"""

import numpy as np

from actors.book.book_view import first_order, next_order
from actors.book.memory import kernel, record_at
from actors.book.order_book import order_at, reduce_at
from actors.exchange.engine_state import (USER_REF_BITS, BookChange, CancelReason, EventKind,
                                          Status)
from actors.exchange.history_state import HISTORY
from actors.exchange.matching import cancel_all, cancel_at, find, replace, submit
from actors.exchange.matching_checks import symbol_at
from actors.exchange.matching_events import book_of, resting_event, state_of
from actors.exchange.order_replies import settle
from actors.exchange.sequenced_log import append, message_address
from actors.exchange.session_io import is_active
from actors.exchange.session_state import SessionKind
from actors.exchange.venue import (BACKGROUND, MARKET_DATA_LOG, Counter, bump, listing_at, log_at,
                                   session_at, venue_at)
from schemas.enums import OrderType, Side, TimeInForce
from schemas.recorded import EVENT, Action
from schemas.venue import itch50

__all__ = ["begin_now", "history_at", "history_due_ns", "is_seeded", "play_event", "run_history",
           "seed_history", "waits_for_trader"]

_LIMIT, _DAY, _IOC = np.int64(OrderType.LIMIT), np.int64(TimeInForce.DAY), np.int64(TimeInForce.IOC)
_BUY, _SELL = np.int64(Side.BUY), np.int64(Side.SELL)
_OWNER, _NO_TAG, _NO_REQUEST, _ALL = (np.int64(n) for n in (BACKGROUND, 0, 0, 0))
_TAKER = np.int64(0)  # the reference of orders that never rest; recorded ones count from 1
_BY_USER, _CLOSED = np.int64(CancelReason.USER), np.int64(CancelReason.CLOSED)
_DONE, _EVERY_SYMBOL = np.int64(Status.DONE), np.int64(-1)
_TRADE_LETTER, _TRACKING, _NO_REFERENCE = np.int64(itch50.Side.BUY), np.int64(0), np.int64(0)
_EVENT_BYTES = np.int64(EVENT.itemsize)
_ASK_AGAIN_NS = 1_000_000_000
_LOGIN_CHECK_NS = 1_000_000
_LATEST_NS = 1_000_000_000  # when the recording is later than that, it goes on from where it is


@kernel
def history_at(venue):
    """The HISTORY record of a venue that has one."""
    return record_at(venue_at(venue).history, np.int64(0), HISTORY)


# ---- one event -----------------------------------------------------------------------------------


@kernel
def _enter(venue, event, reference, stamp_ns):
    """Enter the order that an ADD or REPLACE puts into the book."""
    status = submit(venue_at(venue).engine, _OWNER, reference, np.int64(event.symbol),
                    np.int64(event.side), _LIMIT, np.int64(event.price_e4),
                    np.int64(event.quantity), _DAY, _NO_TAG, stamp_ns)
    if settle(venue, status, _NO_REQUEST) == Status.REJECTED:
        bump(venue, Counter.FLOW_REFUSED, 1)


@kernel
def _cancel_down(venue, slot, keep, stamp_ns):
    """Leave ``keep`` shares of the order at ``slot``, 0: none."""
    engine = venue_at(venue).engine
    size = _ALL
    if keep > 0:
        size = np.int64(order_at(book_of(engine), slot).executed) + keep
    settle(venue, cancel_at(engine, slot, size, _BY_USER, stamp_ns), _NO_REQUEST)


@kernel
def _replace(venue, event, slot, stamp_ns):
    engine = venue_at(venue).engine
    executed = np.int64(order_at(book_of(engine), slot).executed)
    status = replace(engine, _OWNER, event.reference, event.new_reference,
                     np.int64(event.price_e4), np.int64(event.quantity) + executed, _DAY, _NO_TAG,
                     stamp_ns)
    status = settle(venue, status, _NO_REQUEST)
    if status == Status.REJECTED:  # and still there
        _cancel_down(venue, slot, _ALL, stamp_ns)
        bump(venue, Counter.FLOW_REFUSED, 1)
    elif status == Status.CANCELED:  # the whole chain is too much for one order; a new one is not
        _enter(venue, event, event.new_reference, stamp_ns)


@kernel
def _within_reach(venue, event, slot):
    """How many shares an order like the recorded one may take before it would meet an order of the
    recording that it did not take: those of clients, and of the order at ``slot``."""
    book = book_of(venue_at(venue).engine)
    price_e4, wanted = np.int64(event.price_e4), np.int64(event.quantity)
    reach = np.int64(0)
    at = first_order(book, np.int64(event.symbol), np.int64(event.side))
    while at >= 0 and reach < wanted:
        order = order_at(book, at)
        if order.price_e4 < price_e4 if event.side == _BUY else order.price_e4 > price_e4:
            break
        named = at == slot
        if order.key >> USER_REF_BITS == BACKGROUND and not named:
            break
        reach += np.int64(order.quantity)
        if named:
            break
        at = next_order(book, at)
    return min(reach, wanted)


@kernel
def _execute_named(venue, slot, quantity, stamp_ns):
    """Execute the order at ``slot``, wherever it is in its queue."""
    engine = venue_at(venue).engine
    state = state_of(engine)
    order_at(book_of(engine), slot).executed += quantity
    reduce_at(book_of(engine), slot, quantity)
    event = resting_event(engine, slot, EventKind.EXECUTED, BookChange.EXECUTE, quantity, stamp_ns)
    event.contra_owner = BACKGROUND
    event.contra_number = state.next_number
    event.match_number = state.next_match
    symbol_at(engine, np.int64(event.symbol)).reference_e4 = event.price_e4
    state.next_number += 1
    state.next_match += 1
    settle(venue, _DONE, _NO_REQUEST)


@kernel
def _execute(venue, event, stamp_ns):
    engine = venue_at(venue).engine
    slot = find(engine, _OWNER, event.reference)
    if slot < 0:
        bump(venue, Counter.FLOW_GONE, 1)
    left = np.int64(event.quantity)
    reach = _within_reach(venue, event, slot)
    if reach > 0:
        against = _SELL if event.side == _BUY else _BUY
        status = submit(engine, _OWNER, _TAKER, np.int64(event.symbol), against, _LIMIT,
                        np.int64(event.price_e4), reach, _IOC, _NO_TAG, stamp_ns)
        settle(venue, status, _NO_REQUEST)
        left -= reach
    slot = find(engine, _OWNER, event.reference)
    if slot >= 0 and left > 0:
        left = min(left, np.int64(order_at(book_of(engine), slot).quantity))
        _execute_named(venue, slot, left, stamp_ns)
        bump(venue, Counter.FLOW_OUT_OF_TURN, 1)
        slot = find(engine, _OWNER, event.reference)
    if slot >= 0 and event.ends:
        _cancel_down(venue, slot, _ALL, stamp_ns)


@kernel
def _tell_trade(venue, event, stamp_ns):
    """Publish a trade that no order of the book took part in."""
    log = log_at(venue, MARKET_DATA_LOG)
    state = state_of(venue_at(venue).engine)
    symbol = np.int64(event.symbol)
    append(log, itch50.put_trade(message_address(log), symbol + 1, _TRACKING, stamp_ns,
                                 _NO_REFERENCE, _TRADE_LETTER, np.int64(event.quantity),
                                 listing_at(venue, symbol).symbol, np.int64(event.price_e4),
                                 state.next_match))
    state.next_match += 1
    bump(venue, Counter.MD_MESSAGES, 1)


@kernel
def play_event(venue, address, stamp_ns):
    """Do what the EVENT at ``address`` did, as far as it can be done here."""
    event = record_at(address, np.int64(0), EVENT)
    action = event.action
    bump(venue, Counter.FLOW_EVENTS, 1)
    if action == Action.ADD:
        _enter(venue, event, event.reference, stamp_ns)
    elif action == Action.EXECUTE:
        _execute(venue, event, stamp_ns)
    elif action == Action.TRADE:
        _tell_trade(venue, event, stamp_ns)
    else:
        slot = find(venue_at(venue).engine, _OWNER, event.reference)
        if slot < 0:
            bump(venue, Counter.FLOW_GONE, 1)
        elif action == Action.REPLACE:
            _replace(venue, event, slot, stamp_ns)
        else:
            has = np.int64(order_at(book_of(venue_at(venue).engine), slot).quantity)
            keep = _ALL if event.ends else max(has - np.int64(event.quantity), np.int64(0))
            _cancel_down(venue, slot, keep, stamp_ns)


# ---- the recording -------------------------------------------------------------------------------


@kernel
def _play_next(venue, history, stamp_ns):
    play_event(venue, history.events + history.next * _EVENT_BYTES, stamp_ns)
    history.next += 1


@kernel
def is_seeded(venue):
    """Whether the orders from before the recording are in the book."""
    history = history_at(venue)
    return history.next >= history.seeds


@kernel
def seed_history(venue, stamp_ns, limit):
    """Enter up to ``limit`` of the orders from before the recording."""
    history = history_at(venue)
    for _ in range(min(limit, history.seeds - history.next)):
        _play_next(venue, history, stamp_ns)


@kernel
def _due_ns(history, n):
    """When event number ``n`` is to be played."""
    after = record_at(history.events, n, EVENT).time_ns - history.begins_ns
    return history.base_ns + np.int64(after / history.speed)


@kernel
def _trader_is_in(venue):
    for slot in range(venue_at(venue).used):
        if is_active(venue, slot) and session_at(venue, slot).kind == SessionKind.ORDER_ENTRY:
            return True
    return False


@kernel
def _catch_up(venue, history, now_ns):
    """If the next event is much too late, let the recording go on from it now, and count what was
    due since."""
    late_ns = now_ns - _due_ns(history, history.next)
    if late_ns > _LATEST_NS:
        low, high = history.next, history.count
        while low < high:
            middle = (low + high) >> 1
            if _due_ns(history, middle) <= now_ns:
                low = middle + 1
            else:
                high = middle
        bump(venue, Counter.LATE_FLOW, low - history.next)
        history.base_ns += late_ns


@kernel
def _begin_anew(venue, history, stamp_ns):
    """Take the recording's orders off the book, and begin at its beginning."""
    engine = venue_at(venue).engine
    while settle(venue, cancel_all(engine, _OWNER, _EVERY_SYMBOL, _CLOSED, stamp_ns),
                 _NO_REQUEST) == Status.EVENTS_FULL:
        pass
    history.next = 0
    history.base_ns = 0
    history.laps += 1


@kernel
def waits_for_trader(venue):
    """Whether the recording is to begin when a trader has logged in, and none has."""
    history = history_at(venue)
    return (is_seeded(venue) and history.base_ns == 0 and history.waits != 0
            and history.laps == 0 and not _trader_is_in(venue))


@kernel
def begin_now(venue):
    """Let the recording wait for nobody."""
    history_at(venue).waits = 0


@kernel
def history_due_ns(venue, now_ns):
    """When the recording goes on, which waits for nobody."""
    history = history_at(venue)
    if history.ended:
        return now_ns + _ASK_AGAIN_NS
    if history.base_ns == 0 or history.speed == 0.0 or history.next >= history.count:
        return now_ns
    return _due_ns(history, history.next)


@kernel
def run_history(venue, now_ns, stamp_ns, limit):
    """Play what is due at ``now_ns``, ``limit`` events at most, stamped ``stamp_ns``. Returns when
    the next is due, or is to be asked for."""
    history = history_at(venue)
    if history.ended:
        return now_ns + _ASK_AGAIN_NS
    if history.base_ns == 0:
        if history.waits and history.laps == 0 and not _trader_is_in(venue):
            return now_ns + _LOGIN_CHECK_NS
        history.base_ns = now_ns
    timed = history.speed > 0.0
    if timed:
        _catch_up(venue, history, now_ns)
    done = 0
    while history.next < history.count and done < limit:
        if timed and _due_ns(history, history.next) > now_ns:
            break
        _play_next(venue, history, stamp_ns)
        done += 1
    if history.next < history.count:
        return _due_ns(history, history.next) if timed else now_ns
    if history.loop:
        _begin_anew(venue, history, stamp_ns)
        return now_ns
    history.ended = 1
    return now_ns + _ASK_AGAIN_NS
