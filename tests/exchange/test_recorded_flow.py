"""Playing a recording: it trades with clients as it would have, and otherwise is what it was."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.book.book_memory import allocate_order_book
from actors.book.integrity import check_integrity
from actors.exchange.recorded_orders import follow, new_trace
from actors.exchange.venue import Counter
from schemas.recorded import EVENT, Action, lobster
from schemas.recorded.itch import Picker
from schemas.venue import binary_file, itch50
from tests.book.recordings import (ITCH, ITCH_BOOK, LOBSTER, LOBSTER_BOOK, published_book, recorded,
                                   rows_of)
from tests.exchange.replays import BUY, SELL, Replay, event, used_slots
from tests.schemas.recorded.test_itch import directory
from tests.schemas.venue.messages_of import any_message

ADD, EXECUTE, REDUCE, DELETE, REPLACE, TRADE = (
    Action.ADD, Action.EXECUTE, Action.REDUCE, Action.DELETE, Action.REPLACE, Action.TRADE)
NO_ROWS = np.zeros((0, 4), np.int64)
SECOND = 10**9
AAPL = directory(1, "AAPL")


# ---- stories: who trades -------------------------------------------------------------------------


def test_a_client_who_was_first_at_the_price_gets_the_fill():
    market = Replay()
    mine = market.enter(BUY, 1000, 50)
    market.play(event(ADD, 1, BUY, 1000, 100), event(EXECUTE, 1, BUY, 1000, 80))
    assert market.fills() == [(mine, 50, 1000)]
    assert market.book() == "70@1000r | "


def test_a_client_who_came_later_waits_its_turn():
    market = Replay()
    market.play(event(ADD, 1, BUY, 1000, 100))
    mine = market.enter(BUY, 1000, 50)
    market.play(event(EXECUTE, 1, BUY, 1000, 100, ends=1))
    assert market.fills() == [] and market.book() == "50@1000c | "
    market.play(event(ADD, 2, BUY, 1000, 10), event(EXECUTE, 2, BUY, 1000, 10, ends=1))
    assert market.fills() == [(mine, 10, 1000)]


def test_a_client_with_a_better_price_is_hit_first_and_at_its_own_price():
    market = Replay([])
    market.play(event(ADD, 1, SELL, 2000, 100))
    mine = market.enter(SELL, 1990, 30)
    market.play(event(EXECUTE, 1, SELL, 2000, 100, ends=1))
    assert market.fills() == [(mine, 30, 1990)]
    assert market.book() == " | "  # what the recording says is gone does not stay
    assert [m["type"] for m in market.published()] == ["A", "A", "E", "E", "D"]


def test_recorded_orders_trade_with_a_client_whose_price_they_meet():
    market = Replay()
    mine = market.enter(BUY, 1000, 50)
    market.play(event(ADD, 1, SELL, 1000, 80))
    assert market.fills() == [(mine, 50, 1000)]
    assert market.book() == " | 30@1000r"


def test_what_a_client_took_is_gone_and_counted():
    market = Replay()
    market.play(event(ADD, 1, SELL, 2000, 100), event(ADD, 2, SELL, 2000, 40))
    market.take(BUY, 2000, 100)
    market.play(event(REDUCE, 1, SELL, 2000, 10), event(EXECUTE, 1, SELL, 2000, 20),
                event(REPLACE, 1, SELL, 2010, 70, new=3), event(DELETE, 3, SELL, 2010, 70, ends=1))
    assert market.count(Counter.FLOW_GONE) == 4
    assert market.book() == " | 40@2000r"  # the next in the queue is not executed instead


def test_what_a_client_took_a_part_of_ends_when_it_ended():
    market = Replay()
    market.play(event(ADD, 1, SELL, 2000, 100))
    market.take(BUY, 2000, 30)
    market.play(event(REDUCE, 1, SELL, 2000, 40))
    assert market.book() == " | 30@2000r"
    market.play(event(EXECUTE, 1, SELL, 2000, 60, ends=1))
    assert market.book() == " | " and market.count(Counter.FLOW_GONE) == 0


def test_an_execution_of_an_order_that_is_gone_still_meets_clients():
    market = Replay()
    market.play(event(ADD, 1, SELL, 2000, 100))
    market.take(BUY, 2000, 100)
    mine = market.enter(SELL, 2000, 25)
    market.play(event(EXECUTE, 1, SELL, 2000, 100, ends=1))
    assert market.fills()[-1] == (mine, 25, 2000)


def test_an_execution_out_of_turn_executes_whom_the_recording_names():
    market = Replay()
    market.play(event(ADD, 1, BUY, 1000, 10), event(ADD, 2, BUY, 1000, 20))
    mine = market.enter(BUY, 1000, 5)
    market.play(event(EXECUTE, 2, BUY, 1000, 15))
    assert market.book() == "10@1000r 5@1000r 5@1000c | "
    assert market.count(Counter.FLOW_OUT_OF_TURN) == 1 and market.fills() == []
    market.play(event(EXECUTE, 1, BUY, 1000, 10, ends=1), event(EXECUTE, 2, BUY, 1000, 5, ends=1))
    assert market.fills() == [] and market.count(Counter.FLOW_OUT_OF_TURN) == 1
    matches = [m["match_number"] for m in market.published("E")]
    assert matches == sorted(set(matches))
    market.cancel(mine)
    assert market.book() == " | "


def test_a_client_before_an_order_that_is_passed_over_is_hit_all_the_same():
    market = Replay()
    mine = market.enter(BUY, 1000, 5)
    market.play(event(ADD, 1, BUY, 1000, 10), event(ADD, 2, BUY, 1000, 20),
                event(EXECUTE, 2, BUY, 1000, 15))
    assert market.fills() == [(mine, 5, 1000)]
    assert market.book() == "10@1000r 10@1000r | "


def test_a_replacement_queues_afresh_and_may_trade():
    market = Replay()
    market.play(event(ADD, 1, BUY, 1000, 10), event(ADD, 2, BUY, 1000, 20),
                event(REPLACE, 1, BUY, 1000, 7, new=3))
    assert market.book() == "20@1000r 7@1000r | "
    mine = market.enter(SELL, 1010, 4)
    market.play(event(REPLACE, 3, BUY, 1010, 9, new=4))
    assert market.fills() == [(mine, 4, 1010)]
    assert market.book() == "5@1010r 20@1000r | "


def test_a_hidden_trade_is_told_and_touches_no_order():
    market = Replay()
    market.play(event(ADD, 1, BUY, 1000, 10), event(TRADE, 0, BUY, 1005, 60))
    assert market.book() == "10@1000r | "
    (trade,) = market.published("P")
    assert (trade["price"], trade["shares"], trade["stock"]) == (1005, 60, "AAPL")
    assert market.count(Counter.TRADES) == 0


def test_an_order_too_large_for_the_venue_is_refused_and_counted():
    market = Replay()
    market.play(event(ADD, 1, BUY, 1000, 2_000_000), event(DELETE, 1, BUY, 1000, 2_000_000, ends=1))
    assert market.book() == " | "
    assert (market.count(Counter.FLOW_REFUSED), market.count(Counter.FLOW_GONE)) == (1, 1)


def test_a_chain_of_replacements_too_large_for_one_order_goes_on_as_a_new_one():
    market = Replay()
    market.play(event(ADD, 1, BUY, 1000, 600_000), event(EXECUTE, 1, BUY, 1000, 599_000),
                event(REPLACE, 1, BUY, 1000, 500_000, new=2))
    assert market.book() == "500000@1000r | "
    market.play(event(DELETE, 2, BUY, 1000, 500_000, ends=1))
    assert market.book() == " | " and market.count(Counter.FLOW_REFUSED) == 0


# ---- pace ----------------------------------------------------------------------------------------


def adds(*times_ns):
    return [event(ADD, n + 1, BUY, 1000 + n, 1, time_ns=t) for n, t in enumerate(times_ns)]


def played(market):
    return market.count(Counter.FLOW_EVENTS)


@pytest.mark.parametrize("speed", [0.5, 1.0, 4.0])
def test_events_are_played_at_the_recordings_pace_times_the_speed(speed):
    times = [0, 100, 250, 250, 700]
    market = Replay(adds(*(t * 10**6 for t in times)), speed=speed)
    began = 5 * SECOND
    for ms in range(0, 1500, 10):
        due = market.run(began + ms * 10**6)
        assert played(market) == sum(t / speed <= ms for t in times)
        if played(market) < len(times):
            assert due == began + round(times[played(market)] * 10**6 / speed)


def test_as_fast_as_possible_waits_for_nothing_but_gives_way():
    market = Replay(adds(0, 10 * SECOND, 20 * SECOND, 20 * SECOND), speed=0.0)
    assert market.run(SECOND, limit=3) == SECOND and played(market) == 3
    market.run(SECOND)
    assert played(market) == 4 and market.history["ended"]
    assert market.run(2 * SECOND) > 2 * SECOND and played(market) == 4


def test_a_recording_that_falls_behind_goes_on_from_where_it_is():
    market = Replay(adds(0, SECOND, 2 * SECOND, 3 * SECOND, 60 * SECOND))
    market.run(SECOND)
    market.run(11 * SECOND)  # the second event is 9 s late: it, and the two that are due since
    assert played(market) == 2 and market.count(Counter.LATE_FLOW) == 3
    assert market.run(12 * SECOND) == 13 * SECOND and played(market) == 3


def test_orders_from_before_are_in_the_book_first_and_a_loop_begins_anew():
    events = [event(ADD, 1, BUY, 900, 5), *adds(0, SECOND)[1:],
              event(EXECUTE, 1, BUY, 900, 2, time_ns=2 * SECOND)]
    market = Replay(events, seeds=1, loop=True)
    mine = market.enter(BUY, 800, 1)
    for lap in range(3):
        market.seed()
        assert market.book() == "5@900r 1@800c | "
        for second in range(3):
            market.run((10 * lap + second + 1) * SECOND)
        assert market.history["laps"] == lap + 1
        assert market.book() == "1@800c | "
    market.cancel(mine)
    assert check_integrity(market.engine.book) == []


def test_a_recording_may_wait_for_somebody_to_trade_with():
    market = Replay(adds(0), waits=True)
    assert market.run(SECOND) == SECOND + 10**6 and played(market) == 0


# ---- against a slow, obvious model ---------------------------------------------------------------


class RecordedMarket:
    """Draws what a market may do, keeps its book in a dict, and tells it as a recording would."""

    def __init__(self, draw):
        self.draw, self.orders, self.references = draw, {}, 0

    def step(self):
        """One event, as a reader of files gives it: price and side only where an order is added."""
        choice = self.draw(st.sampled_from([ADD, ADD, ADD, EXECUTE, REDUCE, DELETE, REPLACE]))
        if choice == ADD or not self.orders:
            side = self.draw(st.sampled_from([BUY, SELL]))
            reference = self._new(side, self._price(side))
            _, price, quantity = self.orders[reference]
            return event(ADD, reference, side, price, quantity)
        reference = self.draw(st.sampled_from(sorted(self.orders)))
        side, price, has = self.orders[reference]
        if choice == DELETE:
            del self.orders[reference]
            return event(DELETE, reference)
        if choice == REPLACE:
            del self.orders[reference]
            new = self._new(side, self._price(side))
            _, price, quantity = self.orders[new]
            return event(REPLACE, reference, 0, price, quantity, new=new)
        quantity = self.draw(st.integers(1, has))
        self.orders[reference] = (side, price, has - quantity)
        if quantity == has:
            del self.orders[reference]
        return event(choice, reference, 0, 0, quantity)

    def _new(self, side, price):
        self.references += 1
        self.orders[self.references] = (side, price, self.draw(st.integers(1, 9)))
        return self.references

    def _price(self, side):
        """One that meets nobody."""
        asks = [p for s, p, _ in self.orders.values() if s == SELL]
        bids = [p for s, p, _ in self.orders.values() if s == BUY]
        if side == BUY:
            return self.draw(st.integers(1, min(asks, default=40) - 1))
        return self.draw(st.integers(max(bids, default=1) + 1, 41))

    def row(self, levels):
        sides = []
        for side, sign in ((SELL, 1), (BUY, -1)):
            prices = sorted({p for s, p, _ in self.orders.values() if s == side},
                            key=lambda p: sign * p)[:levels]
            sides.append([(p, sum(q for s, at, q in self.orders.values() if (s, at) == (side, p)))
                          for p in prices] + [(0, 0)] * (levels - len(prices)))
        return [cell for ask, bid in zip(*sides) for cell in (*ask, *bid)]


def followed(book, trace, one, rows=NO_ROWS):
    out = np.empty(20_100, EVENT)
    trace["written"] = 0
    assert follow(book.address, trace.ctypes.data, one.ctypes.data, 1, rows, out.ctypes.data,
                  out.size) == 1
    return out[: trace["written"][0]]


@settings(max_examples=60, deadline=None)
@given(data=st.data(), length=st.integers(0, 60))
def test_without_clients_the_book_is_the_recordings(data, length):
    recording, market = RecordedMarket(data.draw), Replay(orders=200)
    book, trace = allocate_order_book(1, 200), new_trace(False)
    for _ in range(length):
        market.play(followed(book, trace, recording.step()))
        assert market.rows(40) == rows_of(book, 40) == recording.row(40)
    for counter in (Counter.FLOW_GONE, Counter.FLOW_REFUSED):
        assert market.count(counter) == 0
    assert check_integrity(market.engine.book) == []


@settings(max_examples=60, deadline=None)
@given(data=st.data(), length=st.integers(0, 60))
def test_with_clients_no_recorded_order_outlives_the_recording(data, length):
    """And once clients are gone, the book comes back to the recording's as its orders end."""
    recording, market = RecordedMarket(data.draw), Replay(orders=400)
    book, trace = allocate_order_book(1, 200), new_trace(False)
    for _ in range(length):
        if data.draw(st.integers(0, 3)) == 0:
            market.enter(data.draw(st.sampled_from([BUY, SELL])), data.draw(st.integers(1, 40)),
                         data.draw(st.integers(1, 9)),
                         data.draw(st.sampled_from([1, 2])))
        market.play(followed(book, trace, recording.step()))
        alive = {int(o["number"]) for o in book.orders[used_slots(book)]}
        resting = market.engine.book.orders[used_slots(market.engine.book)]
        assert {int(o["key"]) for o in resting if o["key"] >> 47 == 0} <= alive
        bid, ask = market.rows(1)[2], market.rows(1)[0]
        assert bid < ask or not ask or not bid
        assert check_integrity(market.engine.book) == []
    market.cancel_everything()
    for reference in sorted(recording.orders):
        market.play(followed(book, trace, event(DELETE, reference)))
    assert market.engine.book.resting == 0


LOCATED = any_message(itch50.CATALOGUE).map(lambda m: m[:1] + b"\0\1" + m[3:])


@settings(max_examples=60, deadline=None)
@given(messages=st.lists(LOCATED, max_size=30), data=st.data())
def test_whatever_a_file_says_the_book_stays_a_book(messages, data):
    """Any valid messages, in any order, about references that few orders share."""
    references = st.integers(1, 3).map(lambda n: n.to_bytes(8, "big"))
    messages = [m[:11] + data.draw(references) + m[19:] if m[:1] in b"AFECXDU" else m
                for m in messages if m[:1] != b"R"]
    picker, market = Picker(["AAPL"]), Replay(orders=200)
    picker.pick(binary_file.index(binary_file.pack([AAPL])), 2**62)
    book, trace = allocate_order_book(1, 200), new_trace(False)
    events, _ = picker.pick(binary_file.index(binary_file.pack(messages)), 2**62)
    for one in events:
        market.play(followed(book, trace, np.array([one])))
    assert check_integrity(market.engine.book) == check_integrity(book) == []
    assert all(m["shares"] > 0 and m["price"] > 0 for m in market.published("AFUP"))


# ---- real markets through the engine -------------------------------------------------------------


@recorded(ITCH, ITCH_BOOK)
def test_ten_thousand_itch_events_leave_the_published_book_in_the_engine():
    picker, expected = Picker(["AAPL"]), published_book(ITCH_BOOK)
    book, trace, market = allocate_order_book(1, 20_000), new_trace(False), Replay()
    compared = 0
    messages = binary_file.read(ITCH)
    for index in range(len(messages)):
        events, _ = picker.pick(binary_file.index(binary_file.pack([messages[index]])), 2**62)
        for one in events:
            market.play(followed(book, trace, np.array([one])))
        if index in expected:
            assert market.rows(10) == expected[index], f"after message {index}"
            compared += 1
    assert compared == len(expected) == 10_000
    assert market.count(Counter.FLOW_GONE) == market.count(Counter.FLOW_REFUSED) == 0
    assert len(market.published("E")) == 746


def lobster_morning():
    messages = lobster.read_messages(LOBSTER)
    rows = np.concatenate(list(lobster.book_rows(LOBSTER_BOOK)))
    book, trace, market = allocate_order_book(1, 20_000), new_trace(True), Replay()
    for one in lobster.orders_before(messages[0], rows[0]):
        market.play(followed(book, trace, np.array([one])))
    return lobster.events_of(messages), rows, book, trace, market


@recorded(LOBSTER, LOBSTER_BOOK)
def test_the_message_file_alone_reproduces_every_cell_that_it_determines():
    """From the first row on, only messages. A price that was outside the window of ten levels in
    between is not determined: 12,846 of the 39,960 cells are, and every one is right."""
    events, rows, book, trace, market = lobster_morning()
    determined, right = lobster.determined(rows), 0
    for n in range(events.size):
        market.play(followed(book, trace, events[n : n + 1]))
        wrong = determined[n] & (np.array(market.rows(10)) != rows[n])
        assert not wrong.any(), f"row {n + 1}, cells {np.flatnonzero(wrong)}"
        right += int(determined[n].sum())
    assert (right, rows.size) == (12_846, 39_960)


@recorded(LOBSTER, LOBSTER_BOOK)
def test_with_what_enters_the_window_every_cell_of_the_book_file_is_reproduced():
    """14 times a price came into the window with shares, or without some, that no message had told
    of. All else, on all ten levels, is what the messages make of the row before."""
    events, rows, book, trace, market = lobster_morning()
    for n in range(events.size):
        market.play(followed(book, trace, events[n : n + 1], rows[n : n + 1]))
        assert market.rows(10) == rows[n].tolist(), f"row {n + 1}"
    assert (trace["unseen"][0], trace["corrected"][0], trace["unknown"][0]) == (14, 0, 0)
    assert market.count(Counter.FLOW_GONE) == market.count(Counter.FLOW_REFUSED) == 0
