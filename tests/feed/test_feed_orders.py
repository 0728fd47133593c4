"""The feed's order-level output: whoever is wired to it, or taps it, has every order."""

import random

import pytest

from actors.feed.state import BURST
from actors.runtime.tap import TapReader
from launcher.run.codec import encode
from schemas.enums import Flag, OrderAction, Side
from schemas.messages import ORDER_UPDATE, OrderUpdate
from tests.feed.alone import SYMBOLS, Alone, plan_of
from tests.feed.fake_venue import FakeVenue
from tests.feed.market import Market
from tests.feed.order_subscriber import OrderSubscriber
from tests.feed.test_feed import deep_market, feed_plan
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


def orders_plan(tmp_path, venue, overflow="block", capacity=8192, **config):
    return plan_of(
        tmp_path,
        {"feed": ("actors.feed:FeedHandler",
                  {"venue": venue.address, "reconnect_min_ms": 1, "max_orders": 4096, **config}),
         "market": ("tests.feed.alone:Recorder", {}),
         "orders": ("tests.feed.alone:OrderRecorder", {})},
        [("feed/market", "market/market", "MarketData", "block", 8192),
         ("feed/order_updates", "orders/orders", "OrderUpdate", overflow, capacity)])


class Told:
    """The order updates a running feed sent so far, and what a subscriber makes of them."""

    def __init__(self, running):
        self.running, self.done, self.subscriber = running, 0, OrderSubscriber()

    def take(self):
        seen = self.running.seen("orders", ORDER_UPDATE)[self.done:].copy()
        self.done += len(seen)
        for body in seen:
            self.subscriber.apply(body, int(body["header"]["flags"]))
        return seen

    def agrees(self, market: Market) -> bool:
        """Whether the subscriber has every order that rests, at its price, in its priority."""
        self.take()
        expected: dict = {}
        for number, order in market.orders.items():
            if order.symbol in SYMBOLS:
                key = (SYMBOLS.index(order.symbol), int(order.side), order.price_e4)
                expected.setdefault(key, []).append((number, order.shares))
        return (self.subscriber.whole == {0, 1} and not self.subscriber.filling
                and self.subscriber.queues() == expected)


def test_who_comes_late_gets_every_order_and_then_what_changes(tmp_path, venue, market):
    rng = random.Random(4)
    venue.publish(*market.opening(), *(market.any(rng) for _ in range(300)))
    with Alone(orders_plan(tmp_path, venue)) as running:
        told = Told(running)
        eventually(lambda: told.agrees(market))
        history = running.seen("orders", ORDER_UPDATE)
        assert all(int(m["header"]["flags"]) & SNAPSHOT for m in history)
        assert set(history["action"]) == {OrderAction.CLEAR, OrderAction.ADD}
        for _ in range(300):
            venue.publish(market.any(rng))
        eventually(lambda: told.agrees(market))
        live = running.seen("orders", ORDER_UPDATE)[len(history):]
        assert set(live["action"]) >= {OrderAction.ADD, OrderAction.EXECUTE, OrderAction.CANCEL,
                                       OrderAction.DELETE, OrderAction.REPLACE}
        assert running.counter("feed", "order_updates") == told.done
        assert running.stop()


def test_who_asks_again_in_the_middle_gets_snapshots_that_what_follows_fits(tmp_path, venue):
    """Deeper than one call of a handler may send, while the market goes on."""
    market, messages = deep_market(4 * BURST)
    venue.publish(*messages)
    rng = random.Random(7)
    with Alone(orders_plan(tmp_path, venue, capacity=2 * BURST)) as running:
        told = Told(running)
        eventually(lambda: told.agrees(market))
        for _ in range(10):
            running.wires["resync"][1] += 1
            venue.publish(*(market.any(rng) for _ in range(50)))
        eventually(lambda: told.agrees(market))
        within = None
        for message in running.seen("orders", ORDER_UPDATE):
            flags = int(message["header"]["flags"])
            if within is not None:
                assert message["symbol_id"] == within and flags & SNAPSHOT
            if message["action"] == OrderAction.CLEAR:
                within = int(message["symbol_id"])
            if flags & LAST:
                within = None


def test_a_wire_that_would_drop_gets_the_whole_snapshot_all_the_same(tmp_path, venue):
    market, messages = deep_market(8 * BURST)
    venue.publish(*messages)
    with Alone(orders_plan(tmp_path, venue, overflow="drop_newest", capacity=BURST,
                           snapshot_patience_ms=10_000)) as running:
        told = Told(running)
        eventually(lambda: told.agrees(market))
        assert running.wires["full"][1] == 0


def test_a_venue_that_starts_over_makes_everybody_forget_the_orders(tmp_path, venue, market):
    venue.publish(*market.opening(), market.add("AAPL", BUY, 100, 150_0000))
    with Alone(orders_plan(tmp_path, venue)) as running:
        told = Told(running)
        eventually(lambda: told.agrees(market))
        venue.restart("DAY2")
        second_day = Market(symbols=("MSFT", "AAPL"))
        venue.publish(*second_day.opening(), second_day.add("MSFT", BUY, 7, 20_0000))
        eventually(lambda: told.agrees(second_day))


def test_nobody_pays_for_what_nobody_sees_until_somebody_taps(tmp_path, venue, market):
    venue.publish(*market.opening())
    with Alone(feed_plan(tmp_path, venue)) as running:
        eventually(running.all_running)
        venue.publish(market.add("AAPL", BUY, 100, 150_0000))
        eventually(lambda: running.counter("feed", "adds") == 1)
        assert running.counter("feed", "order_updates") == 0
        reader = TapReader(running.plan.shm_dir, "feed", "order_updates", OrderUpdate)
        TapReader.request(running.vitals("feed"))
        eventually(lambda: reader.active == 1, what="the tap")
        venue.publish(market.execute(1, 40))
        bodies = []
        eventually(lambda: bodies.extend(reader.read()) or bodies, what="a tapped message")
        reader.close()
        line = encode("order_updates", OrderUpdate, bodies[0], SYMBOLS)
        assert (line["action"], line["symbol"], line["side"]) == ("EXECUTE", "AAPL", "BUY")
        assert (line["order_number"], line["quantity"], line["remaining"]) == (1, 40, 60)
        assert line["printable"] is True and line["trade_price_e4"] == 150_0000
