"""Long random sessions: the engine against the reference, and against the laws of a market.

Every event of every call is compared by :class:`Pair`. What must hold whatever the reference says
is checked here from the events alone, as somebody outside would.
"""

import random
from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.book.book_view import best_ask, best_bid, first_order, next_order
from actors.book.integrity import check_integrity
from actors.exchange import matching
from actors.exchange.engine_state import (BOOK_AT, BookChange, CancelReason, EventKind, SelfMatch,
                                          Status, SymbolState)
from tests.exchange.matching_support import (BUY, DAY, GTC, HIDDEN, IOC, LIMIT, MARKET, POST_ONLY,
                                             SELL, Pair)

OWNERS = st.integers(0, 3)
REFS = st.integers(1, 12)
PRICES = st.one_of(st.integers(95, 105), st.sampled_from([0, 1, 1_999_999_900, 1_999_999_901]))
QUANTITIES = st.one_of(st.integers(1, 30), st.sampled_from([0, 999_999, 1_000_000]))
SYMBOLS = st.integers(0, 2)
SIDES = st.sampled_from([BUY, SELL, BUY, SELL, BUY, SELL, 3])
TYPES = st.sampled_from([LIMIT, LIMIT, LIMIT, MARKET])
TIMES = st.sampled_from([DAY, DAY, DAY, IOC])
TAGS = st.integers(0, 2**32 - 1)
ATTRIBUTES = st.sampled_from([0, 0, HIDDEN, HIDDEN, POST_ONLY, GTC, HIDDEN | POST_ONLY | GTC, 8])
MINIMA = st.one_of(st.just(0), st.just(0), st.integers(-1, 30))
DISPLAYS = st.one_of(st.just(0), st.just(0), st.integers(-1, 12))
NEAR = (st.integers(0, 3), REFS, st.just(0), st.sampled_from([BUY, SELL]), st.just(LIMIT),
        st.integers(98, 102), st.integers(1, 30))

CALLS = st.one_of(
    st.tuples(st.just("submit"), OWNERS, REFS, SYMBOLS, SIDES, TYPES, PRICES, QUANTITIES, TIMES,
              TAGS),
    st.tuples(st.just("submit"), *NEAR, st.just(DAY), TAGS),
    st.tuples(st.just("enter"), OWNERS, REFS, SYMBOLS, SIDES, TYPES, PRICES, QUANTITIES, TIMES,
              ATTRIBUTES, MINIMA, DISPLAYS, TAGS),
    st.tuples(st.just("enter"), *NEAR, st.just(DAY), st.sampled_from([HIDDEN, HIDDEN | POST_ONLY]),
              st.integers(0, 8), st.just(0), TAGS),
    st.tuples(st.just("enter"), *NEAR, st.just(DAY), st.sampled_from([0, POST_ONLY, GTC]),
              st.just(0), st.integers(1, 8), TAGS),
    st.tuples(st.just("enter"), *NEAR, st.just(IOC), st.sampled_from([0, HIDDEN]),
              st.integers(1, 30), st.just(0), TAGS),
    st.tuples(st.just("cancel"), OWNERS, REFS, st.integers(0, 25)),
    st.tuples(st.just("modify"), OWNERS, REFS, st.integers(-1, 25), TAGS),
    st.tuples(st.just("replace"), OWNERS, REFS, REFS, PRICES, QUANTITIES, TIMES, TAGS),
    st.tuples(st.just("replace_with"), OWNERS, REFS, REFS, st.integers(98, 102),
              st.integers(1, 30), TIMES, ATTRIBUTES, MINIMA, DISPLAYS, TAGS),
    st.tuples(st.just("cancel_all"), st.integers(-1, 3), st.integers(-1, 3),
              st.sampled_from([int(reason) for reason in CancelReason])),
    st.tuples(st.just("set_symbol_state"), st.integers(0, 1),
              st.sampled_from([SymbolState.TRADING, SymbolState.TRADING, SymbolState.HALTED])),
    st.tuples(st.just("set_self_match"), OWNERS, st.sampled_from(SelfMatch)),
)


@given(
    calls=st.lists(CALLS, min_size=15, max_size=80),
    bounds=st.tuples(st.integers(1, 24), st.integers(1, 16), st.integers(1, 8)),
    events=st.sampled_from([4, 5, 9, 64]),
    seed=st.sampled_from([0, 7]),
    collar=st.sampled_from([(0, 0), (200, 0), (200, 100), (1, 100), (9_999, 1)]),
)
@settings(max_examples=200, deadline=None)
def test_any_session_goes_as_the_reference_says(calls, bounds, events, seed, collar):
    orders, levels, per_side = bounds
    market = Pair(3, orders, levels, per_side, events, seed, listed=2, collar_bps=collar[0],
                  reference_e4=collar[1])
    for name, *arguments in calls:
        if name.startswith("set_"):
            market.set(name, *arguments)
        else:
            market.call(name, *arguments)
        market.check_fingerprint()
        assert check_integrity(market.engine.book) == []


class Outsider:
    """Knows the events only: the public book, and what became of everybody's shares."""

    def __init__(self):
        self.book: dict[int, list] = {}  # by order number: symbol, side, price, shares
        self.entered = defaultdict(int)  # by owner and reference
        self.ended = defaultdict(int)
        self.last_number = 0
        self.last_match = 0

    def hear(self, event) -> None:
        changes = {
            BookChange.ADD: self.add, BookChange.EXECUTE: self.execute,
            BookChange.REDUCE: self.reduce, BookChange.DELETE: self.delete,
            BookChange.REPLACE: self.replace, BookChange.TRADE: self.trade,
        }
        if event.book_change != BookChange.NONE:
            changes[event.book_change](event)
        self.account(event)

    def add(self, event) -> None:
        assert event.number not in self.book
        assert 0 < event.shown <= event.quantity
        self.book[event.number] = [event.symbol, event.side, event.price_e4, event.shown]

    def reduce(self, event) -> None:
        self.book[event.number][3] -= event.shown
        assert 0 <= self.book[event.number][3] <= event.leaves
        if self.book[event.number][3] == 0:
            assert event.kind == EventKind.EXECUTED
            del self.book[event.number]

    def execute(self, event) -> None:
        symbol, side, price, _ = self.book[event.number]
        assert price == event.price_e4 and event.shown == event.quantity
        ahead = [n for n in self.at_or_before(event) if self.book[n][2] != price
                 or n < event.number]
        assert not ahead, f"{event.number} executed before {ahead}"
        self.reduce(event)

    def trade(self, event) -> None:
        ahead = self.at_or_before(event)
        assert not ahead, f"hidden {event.number} executed before {ahead}, which are displayed"

    def at_or_before(self, event) -> list[int]:
        """Numbers of displayed orders of its side at its price or a better one."""
        price, buys = event.price_e4, event.side == BUY
        return [n for n, (symbol, side, p, _) in self.book.items()
                if (symbol, side) == (event.symbol, event.side)
                and (p >= price if buys else p <= price)]

    def delete(self, event) -> None:
        gone = event.contra_number if event.kind == EventKind.REPLACED else event.number
        del self.book[gone]

    def replace(self, event) -> None:
        del self.book[event.contra_number]
        self.add(event)

    def account(self, event) -> None:
        who, contra = (event.owner, event.user_ref), (event.contra_owner, event.contra_user_ref)
        if event.kind in (EventKind.ACCEPTED, EventKind.REPLACED, EventKind.REFRESHED):
            assert event.number > self.last_number, "numbers only grow"
            self.last_number = event.number
        if event.kind in (EventKind.ACCEPTED, EventKind.REPLACED):
            self.entered[who] += event.quantity
        if event.kind == EventKind.REPLACED:
            self.ended[contra] += event.contra_leaves
        elif event.kind == EventKind.EXECUTED:
            assert event.match_number == self.last_match + 1, "no match number is left out"
            self.last_match = event.match_number
            self.ended[who] += event.quantity
            self.ended[contra] += event.quantity
        elif event.kind in (EventKind.CANCELED, EventKind.MODIFIED):
            self.ended[who] += event.quantity


def random_conditions(rng, time_in_force):
    """(attributes, minimum, display): mostly none, all kinds mixed."""
    what = rng.random()
    if time_in_force == IOC:
        return rng.choice([0, HIDDEN]), rng.choice([0, 0, rng.randrange(1, 60)]), 0
    if what < 0.1:
        return HIDDEN, rng.choice([0, 0, rng.randrange(1, 60)]), 0
    if what < 0.2:
        return rng.choice([0, GTC]), 0, rng.randrange(1, 40)
    return (POST_ONLY if what < 0.25 else 0), 0, 0


def random_call(rng, refs):
    """A call as a busy day brings them: mostly sensible, near the market, all kinds mixed."""
    owner, symbol = rng.randrange(1, 4), rng.randrange(2)
    side = rng.choice([BUY, SELL])
    price = 1000 + rng.randrange(-20, 3) * (1 if side == BUY else -1)
    what = rng.random()
    if what < 0.5:
        refs[owner] += 1
        order_type = LIMIT if rng.random() < 0.95 else MARKET
        time_in_force = DAY if rng.random() < 0.9 and order_type == LIMIT else IOC
        return ("enter", owner, refs[owner], symbol, side, order_type, price,
                rng.randrange(60, 200), time_in_force, *random_conditions(rng, time_in_force),
                rng.randrange(2**32))
    ref = max(1, refs[owner] - int(rng.expovariate(0.05)))
    if what < 0.75:
        return ("cancel", owner, ref, rng.choice([0, 0, rng.randrange(200)]))
    if what < 0.8:
        return ("modify", owner, ref, rng.randrange(200), rng.randrange(2**32))
    if what < 0.995:
        refs[owner] += 1
        time_in_force = DAY if rng.random() < 0.95 else IOC
        return ("replace_with", owner, ref, refs[owner], price, rng.randrange(60, 300),
                time_in_force, *random_conditions(rng, time_in_force), rng.randrange(2**32))
    return ("cancel_all", owner, rng.randrange(-1, 2), int(CancelReason.DISCONNECTED))


def queue_of(market, symbol, side):
    """The engine's own queue: (number, price, shares), as they would execute."""
    book, found = market.address + BOOK_AT, []
    slot = first_order(book, symbol, side)
    while slot >= 0:
        order = market.engine.book.orders[slot]
        found.append((int(order["number"]), int(order["price_e4"]), int(order["quantity"])))
        slot = next_order(book, slot)
    return found


def everything_left(market):
    """What each owner and reference has left in the engine's book, reserves included."""
    left = {}
    for place in market.reference.sides:
        for order in market.reference.queue(*place):
            left[order.owner, order.user_ref] = order.leaves
    return left


@pytest.mark.parametrize("seed, orders, levels, events",
                         [(1, 4000, 200, 256), (2, 60, 200, 16), (3, 500, 40, 4)])
def test_a_long_day_keeps_every_law(seed, orders, levels, events):
    """No crossed book, no share lost, nobody passed over; bounds reached or not."""
    rng = random.Random(seed)
    market = Pair(2, orders, levels, 64, events, collar_bps=2_000)
    market.set("set_self_match", 2, SelfMatch.CANCEL_OLDEST)
    market.set("set_self_match", 3, SelfMatch.CANCEL_BOTH)
    outsider = Outsider()
    refs = {1: 0, 2: 0, 3: 0}
    refused = 0
    for turn in range(4000):
        status, told = market.call(*random_call(rng, refs))
        refused += status == Status.REJECTED
        for event in told:
            outsider.hear(event)
        for symbol in (0, 1):
            bid, _ = best_bid(market.address + BOOK_AT, symbol)
            ask, _ = best_ask(market.address + BOOK_AT, symbol)
            assert bid == 0 or ask == 0 or bid < ask, "crossed"
        if turn % 250 == 0:
            market.check_fingerprint()
            assert check_integrity(market.engine.book) == []
    for symbol in (0, 1):
        for side in (BUY, SELL):
            told = [(n, p, q) for n, (*place, p, q) in outsider.book.items()
                    if place == [symbol, side]]
            told.sort(key=lambda order: (-order[1] if side == BUY else order[1], order[0]))
            assert queue_of(market, symbol, side) == told
    left = everything_left(market)
    for who, shares in outsider.entered.items():
        assert shares == outsider.ended[who] + left.get(who, 0)
    assert outsider.last_match > 200
    assert (refused > 100) == (orders < 4000), "the bounds of the other days were reached"


def test_the_room_for_events_and_the_hash_of_keys_change_nothing_that_is_said():
    def day(events, seed):
        rng, refs, told = random.Random(11), {1: 0, 2: 0, 3: 0}, []
        market = Pair(2, 300, 100, 32, events, seed)
        for _ in range(800):
            told += [event.as_tuple() for event in market.call(*random_call(rng, refs))[1]]
        return told, matching.engine_hash(market.address), market.pauses

    roomy, cramped, seeded = day(1024, 0), day(4, 0), day(1024, 99)
    assert roomy[:2] == cramped[:2] == seeded[:2]
    assert cramped[2] > roomy[2] == 0


def test_the_same_calls_leave_the_same_bytes():
    def memory_after_a_day():
        rng, refs = random.Random(5), {1: 0, 2: 0, 3: 0}
        market = Pair(2, 300, 100, 32, 64)
        for _ in range(500):
            market.call(*random_call(rng, refs))
        return market.engine.memory.copy()

    assert np.array_equal(memory_after_a_day(), memory_after_a_day())
