"""The feed handler against a venue that does what the test says."""

import random

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from actors.feed.state import BURST
from schemas.enums import ActorState, Flag, Side, UpdateType
from schemas.messages import MARKET_DATA
from tests.feed.alone import SYMBOLS, Alone, Apart, plan_of
from tests.feed.fake_venue import FakeVenue
from tests.feed.market import Market
from tests.feed.subscriber import Subscriber
from tests.runtime.deployments import eventually

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("compiled_feed")]

BUY, SELL = Side.BUY, Side.SELL
SNAPSHOT, LAST = int(Flag.SNAPSHOT), int(Flag.LAST)


@pytest.fixture
def venue():
    with FakeVenue() as venue:
        yield venue


@pytest.fixture
def market():
    return Market()


def feed_plan(tmp_path, venue, overflow="block", capacity=8192, apart=False, **config):
    return plan_of(
        tmp_path,
        {"feed": ("actors.feed:FeedHandler",
                  {"venue": venue.address, "reconnect_min_ms": 1, "max_orders": 4096, **config}),
         "recorder": ("tests.feed.alone:Recorder", {})},
        [("feed/market", "recorder/market", "MarketData", overflow, capacity)], apart=apart)


class Published:
    """The market data a running feed sent so far, and the books a subscriber makes of it."""

    def __init__(self, running):
        self.running, self.done, self.subscriber = running, 0, Subscriber()

    def take(self) -> np.ndarray:
        """What came since the last call; the subscriber has applied it."""
        seen = self.running.seen("recorder", MARKET_DATA)[self.done:].copy()
        self.done += len(seen)
        for body in seen:
            self.subscriber.apply(body, int(body["header"]["flags"]))
        return seen

    def wait(self, n: int) -> np.ndarray:
        """The next ``n`` messages, once they are there."""
        eventually(lambda: len(self.running.seen("recorder", MARKET_DATA)) >= self.done + n,
                   what=f"{n} more messages")
        return self.take()[:n]

    def agrees(self, market: Market) -> bool:
        """Whether the subscriber's books are whole and the market's."""
        self.take()
        return self.subscriber.whole == {0, 1} and not self.subscriber.in_snapshot and all(
            self.subscriber.levels(i, side) == market.levels(symbol, side)
            for i, symbol in enumerate(SYMBOLS) for side in (BUY, SELL))


def told(messages) -> list[tuple]:
    return [(SYMBOLS[int(m["symbol_id"])], UpdateType(int(m["update_type"])).name,
             Side(int(m["side"])).name, int(m["price_e4"]), int(m["quantity"])) for m in messages]


def flags(messages) -> list[int]:
    return messages["header"]["flags"].tolist()


# ---- following the market ------------------------------------------------------------------------

def test_a_feed_logs_in_and_publishes_what_changes(tmp_path, venue, market):
    venue.publish(*market.opening())
    with Alone(feed_plan(tmp_path, venue)) as running:
        published = Published(running)
        eventually(running.all_running)
        assert running.says("feed", "logged in to market data, next sequence 1")
        assert running.says("feed", "caught up with the market after message 10")
        empty = published.wait(2)
        assert told(empty) == [("AAPL", "CLEAR", "NONE", 0, 0), ("MSFT", "CLEAR", "NONE", 0, 0)]
        assert flags(empty) == [SNAPSHOT | LAST] * 2

        venue.publish(market.add("AAPL", BUY, 100, 150_2500),
                      market.add("OTHER", BUY, 100, 9_0000),
                      market.add("AAPL", SELL, 70, 150_3000), market.execute(1, 40))
        updates = published.wait(4)
        assert told(updates) == [
            ("AAPL", "BBO", "BUY", 150_2500, 100), ("AAPL", "BBO", "SELL", 150_3000, 70),
            ("AAPL", "TRADE", "BUY", 150_2500, 40), ("AAPL", "BBO", "BUY", 150_2500, 60)]
        assert updates["sequence"].tolist() == [11, 13, 14, 14]
        assert flags(updates) == [0] * 4
        assert (updates["receive_ns"] > 0).all()
        assert (updates["header"]["sent_ns"] >= updates["receive_ns"]).all()
        assert (np.diff(updates["exchange_ns"]) >= 0).all() and updates["exchange_ns"][0] > 0
        last = updates[-1]
        assert (last["bid_e4"], last["bid_qty"], last["ask_e4"], last["ask_qty"]) == (
            150_2500, 60, 150_3000, 70)
        assert (last["last_e4"], last["last_qty"]) == (150_2500, 40)
        assert running.counter("feed", "messages") == 14
        assert running.counter("feed", "adds") == 3
        assert running.counter("feed", "executions") == 1
        assert running.stop()
        assert running.says("feed", "logged out of market data")


def test_a_late_feed_catches_up_quietly_and_then_shows_the_final_book(tmp_path, venue, market):
    venue.publish(*market.opening(), *(market.any(random.Random(1)) for _ in range(500)))
    with Alone(feed_plan(tmp_path, venue)) as running:
        published = Published(running)
        eventually(lambda: published.agrees(market))
        seen = running.seen("recorder", MARKET_DATA)
        assert all(f & SNAPSHOT for f in flags(seen)), "history is not published as live updates"
        assert "TRADE" not in {kind for _, kind, *_ in told(seen)}
        assert running.counter("feed", "messages") == 510


def test_a_snapshot_is_a_clear_then_levels_best_first_then_the_last_is_marked(tmp_path, venue,
                                                                             market):
    venue.publish(*market.opening(),
                  market.add("AAPL", BUY, 10, 1_0000), market.add("AAPL", BUY, 20, 1_0001),
                  market.add("AAPL", SELL, 30, 1_0005), market.add("AAPL", SELL, 40, 1_0004),
                  market.trade("AAPL", 5, 1_0003))
    with Alone(feed_plan(tmp_path, venue)) as running:
        published = Published(running)
        seen = published.wait(6)
        assert told(seen) == [
            ("AAPL", "CLEAR", "NONE", 0, 0),
            ("AAPL", "BBO", "BUY", 1_0001, 20), ("AAPL", "BOOK", "BUY", 1_0000, 10),
            ("AAPL", "BBO", "SELL", 1_0004, 40), ("AAPL", "BOOK", "SELL", 1_0005, 30),
            ("MSFT", "CLEAR", "NONE", 0, 0)]
        assert flags(seen) == [SNAPSHOT] * 4 + [SNAPSHOT | LAST] * 2
        assert seen["last_e4"].tolist() == [1_0003] * 5 + [0]
        assert set(seen["sequence"].tolist()) == {15}


def test_a_feed_is_not_ready_before_it_has_caught_up(tmp_path, venue, market):
    venue.publish(*market.opening())
    venue.hold_stream = True
    with Alone(feed_plan(tmp_path, venue)) as running:
        assert running.says("feed", "logged in to market data")
        assert running.state("feed") == ActorState.CATCHING_UP
        assert len(running.seen("recorder", MARKET_DATA)) == 0
        venue.hold_stream = False
        eventually(running.all_running)


def test_a_message_in_single_bytes_is_a_message(tmp_path, venue, market):
    venue.chunk = 1
    venue.publish(*market.opening(), market.add("MSFT", SELL, 1, 5_0000))
    with Alone(feed_plan(tmp_path, venue)) as running:
        published = Published(running)
        eventually(lambda: published.agrees(market))


@settings(max_examples=8, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32), before=st.integers(0, 300), after=st.integers(0, 300))
def test_whatever_the_market_does_a_subscriber_has_its_book(tmp_path_factory, seed, before, after):
    rng, market = random.Random(seed), Market()
    with FakeVenue() as venue:
        venue.publish(*market.opening(), *(market.any(rng) for _ in range(before)))
        with Alone(feed_plan(tmp_path_factory.mktemp("feed"), venue)) as running:
            published = Published(running)
            eventually(running.all_running)
            for _ in range(after):
                venue.publish(market.any(rng))
            eventually(lambda: published.agrees(market))
            for number, symbol in enumerate(SYMBOLS):
                if symbol in market.last and number in published.subscriber.last:
                    assert published.subscriber.last[number] == market.last[symbol]


# ---- snapshots -----------------------------------------------------------------------------------

def deep_market(levels: int) -> tuple[Market, list[bytes]]:
    market = Market()
    messages = market.opening()
    for n in range(levels):
        messages.append(market.add("AAPL", BUY, 1 + n, 100_0000 - n * 100))
        messages.append(market.add("MSFT", SELL, 1 + n, 50_0000 + n * 100))
    return market, messages


def ask_again(running) -> None:
    """As a consumer does that missed something."""
    running.wires["resync"] += 1


def test_a_consumer_that_asks_gets_every_book_again(tmp_path, venue):
    market, messages = deep_market(3 * BURST)
    venue.publish(*messages)
    with Alone(feed_plan(tmp_path, venue)) as running:
        published = Published(running)
        eventually(lambda: published.agrees(market))
        size = 2 * (3 * BURST + 1)
        assert published.done == size
        ask_again(running)
        again = published.wait(size)
        assert flags(again).count(SNAPSHOT | LAST) == 2
        assert running.counter("feed", "snapshots") == 4
        assert published.agrees(market)


def test_live_updates_come_between_the_snapshots_of_symbols_never_within(tmp_path, venue):
    market, messages = deep_market(4 * BURST)
    venue.publish(*messages)
    rng = random.Random(7)
    with Alone(feed_plan(tmp_path, venue)) as running:
        published = Published(running)
        eventually(lambda: published.agrees(market))
        for _ in range(10):
            ask_again(running)
            venue.publish(*(market.any(rng) for _ in range(50)))
        eventually(lambda: published.agrees(market))
        within = None
        for message in running.seen("recorder", MARKET_DATA):
            flag = int(message["header"]["flags"])
            if within is not None:
                assert message["symbol_id"] == within and flag & SNAPSHOT
            if message["update_type"] == UpdateType.CLEAR:
                within = int(message["symbol_id"])
            if flag & LAST:
                within = None


def test_a_wire_that_would_drop_gets_the_whole_snapshot_all_the_same(tmp_path, venue):
    """It holds a fraction of it: the feed waits until there is room."""
    market, messages = deep_market(8 * BURST)
    venue.publish(*messages)
    with Alone(feed_plan(tmp_path, venue, overflow="drop_newest", capacity=BURST,
                         snapshot_patience_ms=10_000)) as running:
        published = Published(running)
        eventually(lambda: published.agrees(market))
        assert running.wires["full"][0] == 0


# ---- losing the venue ----------------------------------------------------------------------------

def test_a_cut_connection_costs_nothing_but_time(tmp_path, venue, market):
    venue.publish(*market.opening(), market.add("AAPL", BUY, 100, 150_0000))
    with Alone(feed_plan(tmp_path, venue)) as running:
        published = Published(running)
        eventually(lambda: published.agrees(market))
        venue.drop()
        eventually(lambda: venue.followers() == 1 and running.all_running())
        venue.publish(market.add("AAPL", BUY, 5, 150_0100))
        eventually(lambda: published.agrees(market))
        assert running.counter("feed", "logins") == 2
        assert running.counter("feed", "messages") == 12, "nothing twice"
        assert running.counter("feed", "snapshots") == 2, "nothing was missed, so no new snapshot"


def test_what_happened_during_an_outage_is_not_published_as_news(tmp_path, venue, market):
    venue.publish(*market.opening(), market.add("AAPL", BUY, 100, 150_0000))
    with Alone(feed_plan(tmp_path, venue)) as running:
        published = Published(running)
        eventually(lambda: published.agrees(market))
        venue.stop_listening()
        venue.drop()
        eventually(lambda: running.state("feed") == ActorState.CATCHING_UP)
        venue.publish(market.execute(1, 60), market.add("MSFT", SELL, 9, 20_0000))
        venue.listen()
        eventually(lambda: published.agrees(market))
        seen = running.seen("recorder", MARKET_DATA)
        assert "TRADE" not in {kind for _, kind, *_ in told(seen)}
        assert seen["last_e4"][-1] == 0 and 150_0000 in seen["last_e4"].tolist()


def test_a_venue_that_starts_over_makes_everybody_forget(tmp_path, venue, market):
    venue.publish(*market.opening(), market.add("AAPL", BUY, 100, 150_0000))
    with Alone(feed_plan(tmp_path, venue)) as running:
        published = Published(running)
        eventually(lambda: published.agrees(market))
        done = published.done
        venue.restart("DAY2")
        second_day = Market(symbols=("MSFT", "AAPL"))
        venue.publish(*second_day.opening(), second_day.add("MSFT", BUY, 7, 20_0000))
        eventually(lambda: published.agrees(second_day) and published.done > done)
        first_news = running.seen("recorder", MARKET_DATA)[done:done + 2]
        assert told(first_news) == [(s, "CLEAR", "NONE", 0, 0) for s in SYMBOLS]
        assert running.says("feed", "session 'DAY1' is over")


def test_history_the_venue_no_longer_has_is_a_gap_and_an_empty_book(tmp_path, venue, market):
    venue.publish(*market.opening(), market.add("AAPL", BUY, 100, 150_0000))
    with Alone(feed_plan(tmp_path, venue)) as running:
        published = Published(running)
        eventually(lambda: published.agrees(market))
        venue.stop_listening()
        venue.drop()
        venue.publish(market.add("AAPL", BUY, 1, 150_0100), market.event("M"))
        venue.retained_from = 13
        venue.listen()
        eventually(lambda: running.counter("feed", "gaps") == 1)
        assert running.says("feed", "messages 12 to 12 are gone")
        eventually(running.all_running)
        eventually(lambda: len(published.take()) == 0 and not published.subscriber.levels(0, BUY))


def test_garbage_from_the_venue_drops_the_session_and_nothing_else(tmp_path, venue, market):
    venue.publish(*market.opening(), market.add("AAPL", BUY, 100, 150_0000))
    with Alone(feed_plan(tmp_path, venue)) as running:
        published = Published(running)
        eventually(lambda: published.agrees(market))
        venue.send_raw(b"\x00\x03\x00??")
        assert running.says("feed", "no SoupBinTCP packet, starting 00 03 00 3f 3f")
        venue.publish(market.add("AAPL", BUY, 1, 150_0100))
        eventually(lambda: published.agrees(market))


def test_bad_messages_are_counted_and_the_first_of_each_kind_is_shown(tmp_path, venue, market):
    venue.publish(*market.opening())
    with Alone(feed_plan(tmp_path, venue)) as running:
        published = Published(running)
        eventually(lambda: published.agrees(market))
        unknown = market.add("AAPL", BUY, 100, 150_0000).replace(b"A", b"D", 1)[:19]
        venue.publish(b"?what", b"", unknown, unknown, b"A too short")
        market.orders.clear()
        venue.publish(market.add("AAPL", SELL, 1, 150_0100))
        eventually(lambda: published.agrees(market))
        assert running.counter("feed", "bad_messages") == 3
        assert running.counter("feed", "unknown_orders") == 2
        assert running.says("feed", "message 13")
        bad = [line for line in running.lines("feed") if "counted only" in line]
        assert len(bad) == 2
        assert "message 11 is no ITCH 5.0 message; it has 5 bytes: 3f 77 68 61 74 (" in bad[0]
        assert "message 13 is about an order that is not in the book; it has 19 " in bad[1]


# ---- ends and beginnings -------------------------------------------------------------------------

def test_a_draining_feed_takes_no_more_market_data(tmp_path, venue, market):
    venue.publish(*market.opening())
    with Alone(feed_plan(tmp_path, venue, heartbeat_ms=5)) as running:
        eventually(running.all_running)
        running.deployment["draining"] = 1
        before = venue.client_heartbeats
        eventually(lambda: venue.client_heartbeats > before + 2)
        venue.publish(market.add("AAPL", BUY, 100, 150_0000))
        before = venue.client_heartbeats
        eventually(lambda: venue.client_heartbeats > before + 2)
        assert running.counter("feed", "messages") == 10


def test_the_market_opening_and_closing_is_said(tmp_path, venue, market):
    venue.publish(*market.opening())
    with Alone(feed_plan(tmp_path, venue)) as running:
        eventually(running.all_running)
        venue.publish(market.event("M"))
        assert running.says("feed", "market: end of market hours")


def test_a_killed_feed_comes_back_with_the_book_of_the_market(tmp_path, venue, market):
    venue.publish(*market.opening())
    rng = random.Random(3)
    with Apart(feed_plan(tmp_path, venue, apart=True)) as running:
        published = Published(running)
        eventually(running.all_running, 60)
        venue.publish(*(market.any(rng) for _ in range(200)))
        eventually(lambda: published.agrees(market))
        running.kill("feed")
        venue.publish(*(market.any(rng) for _ in range(200)))
        published.take()
        published.subscriber.whole.clear()
        running.start("feed")
        eventually(lambda: published.agrees(market), 60)
        assert running.vitals("feed").header["epoch"] == 2
        assert running.count("recorder")["epochs"] == 2
        live = [m for m in running.seen("recorder", MARKET_DATA) if m["header"]["epoch"] == 2]
        assert all(int(m["header"]["flags"]) & SNAPSHOT for m in live)
