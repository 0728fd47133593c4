"""The synthetic flow: seeded background orders that make a market, as kernels.

Events come as a Poisson process. Each picks a symbol, moves its price a little, and adds an order
near it, cancels one, or trades. How likely a cancel is depends on how many orders rest, as if each
were canceled at a constant rate, so the book neither empties nor grows (the zero-intelligence model
of Smith, Farmer, Gillemot and Krishnamurthy, 2003). Of two orders the one farther from the price is
canceled, so that the book follows it.

Regimes take turns (:mod:`actors.exchange.flow_regimes`): the price trends, reverts, is shocked, or
emerges from the book alone.

What the flow does is a function of its seed and of what others did to the book, but for when.
"""

import math

import numpy as np

from actors.book.book_view import best_ask, best_bid
from actors.book.memory import kernel
from actors.book.order_book import order_at
from actors.exchange.engine_state import CancelReason
from actors.exchange.flow_regimes import flow_at, keep_regime, stressed, symbol_row
from actors.exchange.matching import cancel_at, find, submit
from actors.exchange.matching_events import book_of
from actors.exchange.order_replies import settle
from actors.exchange.random_numbers import below, exponential, gaussian, uniform
from actors.exchange.venue import BACKGROUND, Counter, bump, venue_at
from actors.runtime.native import load_i64, store_i64
from schemas.enums import OrderType, Side, TimeInForce

__all__ = ["is_populated", "populate", "run_flow"]

_LIMIT, _DAY, _IOC = np.int64(OrderType.LIMIT), np.int64(TimeInForce.DAY), np.int64(TimeInForce.IOC)
_BUY, _SELL = np.int64(Side.BUY), np.int64(Side.SELL)
_BY_USER = np.int64(CancelReason.USER)
_NO_REQUEST = np.int64(0)
_OWNER, _NO_TAG, _ALL = np.int64(BACKGROUND), np.int64(0), np.int64(0)
_ROUND_LOT = 100
_PICKS = 32  # tries to find an occupied, or a free, slot: half of them are
_LOWEST_E4, _HIGHEST_E4 = 10_000.0, 1_000_000_000.0
_MOST_BIAS = 0.35
_ASK_AGAIN_NS = 1_000_000_000
_LATEST_NS = 1_000_000_000  # events later than that are left out


@kernel
def _slot_address(venue, symbol, place):
    """Where slot number ``place`` of a symbol is; a symbol has twice its target of them."""
    record = venue_at(venue)
    return record.flow_slots + 8 * (symbol * 2 * flow_at(venue).target + place)


@kernel
def _centre_e4(venue, symbol):
    row = symbol_row(venue, symbol)
    return row.value_e4 * (1.0 + row.displacement)


@kernel
def _move(venue, symbol):
    """Let the symbol's value and its displacement take a step."""
    flow = flow_at(venue)
    row = symbol_row(venue, symbol)
    value = row.value_e4 * (1.0 + flow.drift + flow.step * gaussian(flow))
    if flow.emergent:
        book = book_of(venue_at(venue).engine)
        bid, _ = best_bid(book, symbol)
        ask, _ = best_ask(book, symbol)
        if bid > 0 and ask > 0:
            value = 0.5 * (bid + ask)
    row.value_e4 = min(max(value, _LOWEST_E4), _HIGHEST_E4)
    row.displacement = row.displacement * flow.decay + flow.shock * gaussian(flow)


@kernel
def _half_spread_e4(venue, symbol):
    return flow_at(venue).half_spread_ticks * symbol_row(venue, symbol).tick_e4


@kernel
def _price_e4(venue, symbol, side, level):
    """The price ``level`` ticks behind the innermost one of a side, on the tick."""
    flow = flow_at(venue)
    centre = _centre_e4(venue, symbol)
    tick = np.float64(symbol_row(venue, symbol).tick_e4)
    away = _half_spread_e4(venue, symbol) * stressed(flow, flow.spread_factor)
    if side == _BUY:
        ticks = math.floor((centre - away) / tick) - level
    else:
        ticks = math.ceil((centre + away) / tick) + level
    return max(np.int64(ticks), np.int64(1)) * symbol_row(venue, symbol).tick_e4


@kernel
def _lots(flow, most):
    """1 to ``most`` round lots, the fewer the likelier."""
    return _ROUND_LOT * (1 + min(below(flow, most), below(flow, most)))


@kernel
def _occupied(venue, symbol):
    """Place of a random order of the symbol that still rests, or -1. Frees the slots of those that
    do not, as it meets them."""
    flow = flow_at(venue)
    row = symbol_row(venue, symbol)
    for _ in range(_PICKS):
        place = below(flow, 2 * flow.target)
        address = _slot_address(venue, symbol, place)
        reference = load_i64(address)
        if reference == 0:
            continue
        if find(venue_at(venue).engine, _OWNER, reference) >= 0:
            return place
        store_i64(address, 0)
        row.held -= 1
    return np.int64(-1)


@kernel
def _free(venue, symbol):
    """Place of a random free slot of the symbol, or -1."""
    flow = flow_at(venue)
    for _ in range(_PICKS):
        place = below(flow, 2 * flow.target)
        if load_i64(_slot_address(venue, symbol, place)) == 0:
            return place
    return np.int64(-1)


@kernel
def _submit(venue, symbol, side, price_e4, quantity, time_in_force, stamp_ns):
    """Enter an order of the background; returns its reference."""
    flow = flow_at(venue)
    reference = flow.next_ref
    flow.next_ref += 1
    status = submit(venue_at(venue).engine, _OWNER, reference, symbol, side, _LIMIT, price_e4,
                    quantity, time_in_force, _NO_TAG, stamp_ns)
    settle(venue, status, _NO_REQUEST)
    return reference


@kernel
def _add(venue, symbol, side, level, stamp_ns):
    """Rest an order ``level`` ticks behind the innermost price. False if no slot is free for it."""
    place = _free(venue, symbol)
    if place < 0:
        return False
    flow = flow_at(venue)
    reference = _submit(venue, symbol, side, _price_e4(venue, symbol, side, level), _lots(flow, 5),
                        _DAY, stamp_ns)
    if find(venue_at(venue).engine, _OWNER, reference) >= 0:
        store_i64(_slot_address(venue, symbol, place), reference)
        symbol_row(venue, symbol).held += 1
    return True


@kernel
def _misplaced_e4(venue, symbol, place):
    """How little an order is wanted where it is: how far from the centre, or, under stress, inside
    of the spread."""
    flow = flow_at(venue)
    engine = venue_at(venue).engine
    slot = find(engine, _OWNER, load_i64(_slot_address(venue, symbol, place)))
    distance = abs(order_at(book_of(engine), slot).price_e4 - _centre_e4(venue, symbol))
    inside = _half_spread_e4(venue, symbol) * stressed(flow, flow.spread_factor)
    if flow.stress > 0.0 and distance < inside:
        return _HIGHEST_E4 - distance
    return distance


@kernel
def _cancel(venue, symbol, stamp_ns):
    """Cancel the farther of two random orders; where the price emerges, any."""
    place = _occupied(venue, symbol)
    other = _occupied(venue, symbol)
    if place < 0 or other < 0:
        return
    if (not flow_at(venue).emergent
            and _misplaced_e4(venue, symbol, other) > _misplaced_e4(venue, symbol, place)):
        place = other
    address = _slot_address(venue, symbol, place)
    engine = venue_at(venue).engine
    slot = find(engine, _OWNER, load_i64(address))
    settle(venue, cancel_at(engine, slot, _ALL, _BY_USER, stamp_ns), _NO_REQUEST)
    store_i64(address, 0)
    symbol_row(venue, symbol).held -= 1


@kernel
def _cross(venue, symbol, stamp_ns):
    """Trade at the best price of one side, rather towards where the price belongs. False if there
    is nothing to trade with."""
    flow = flow_at(venue)
    book = book_of(venue_at(venue).engine)
    bid, _ = best_bid(book, symbol)
    ask, _ = best_ask(book, symbol)
    if bid == 0 or ask == 0:
        return False
    tick_e4 = symbol_row(venue, symbol).tick_e4
    away = (_centre_e4(venue, symbol) - 0.5 * (bid + ask)) / (8.0 * tick_e4)
    bias = 0.0 if flow.emergent else min(max(away, -_MOST_BIAS), _MOST_BIAS)
    buys = uniform(flow) < 0.5 + bias
    _submit(venue, symbol, _BUY if buys else _SELL, ask if buys else bid, _lots(flow, 3), _IOC,
            stamp_ns)
    return True


@kernel
def _event(venue, stamp_ns):
    """One event of the flow."""
    flow = flow_at(venue)
    symbol = below(flow, flow.n_symbols)
    _move(venue, symbol)
    bump(venue, Counter.FLOW_EVENTS, 1)
    if uniform(flow) < flow.cross_fraction and _cross(venue, symbol, stamp_ns):
        return
    held = symbol_row(venue, symbol).held
    target = flow.target * stressed(flow, flow.depth_factor)
    thins = flow.stress > 0.0 and held > target
    if not thins and uniform(flow) * (held + target) < target:
        side = _BUY if below(flow, 2) == 0 else _SELL
        level = below(flow, flow.depth_levels)
        if not flow.emergent:
            level = min(level, below(flow, flow.depth_levels))
        if _add(venue, symbol, side, level, stamp_ns):
            return
    _cancel(venue, symbol, stamp_ns)


@kernel
def is_populated(venue):
    """Whether every symbol has its first orders; so too if there is no flow."""
    flow = flow_at(venue)
    return flow.gap_ns == 0.0 or flow.populated == flow.n_symbols


@kernel
def populate(venue, stamp_ns):
    """Give the next symbol its first orders, the outermost prices first."""
    flow = flow_at(venue)
    for n in range(flow.target):
        level = flow.depth_levels - 1 - n // (2 * flow.orders_per_level)
        _add(venue, flow.populated, _BUY if n & 1 else _SELL, level, stamp_ns)
    flow.populated += 1


@kernel
def run_flow(venue, now_ns, stamp_ns, limit):
    """The events that are due at ``now_ns``, ``limit`` at most, stamped ``stamp_ns``. Returns when
    the next is due, or is to be asked for if there is no flow."""
    flow = flow_at(venue)
    if flow.gap_ns == 0.0:
        return now_ns + _ASK_AGAIN_NS
    if flow.next_ns == 0:
        flow.next_ns = now_ns + np.int64(exponential(flow) * flow.gap_ns)
    if now_ns - flow.next_ns > _LATEST_NS:
        bump(venue, Counter.LATE_FLOW, np.int64((now_ns - flow.next_ns) / flow.gap_ns))
        flow.next_ns = now_ns
    done = 0
    while flow.next_ns <= now_ns and done < limit:
        keep_regime(venue)
        _event(venue, stamp_ns)
        flow.next_ns += np.int64(exponential(flow) * flow.gap_ns)
        done += 1
    return flow.next_ns
