"""Halts reach whoever follows the market: at once, or with the books if he comes late."""

import numpy as np
import pytest

from actors.runtime import Input, handler
from actors.strategy.base import DAY, Strategy, send_order
from actors.strategy.market import apply_update
from schemas.enums import Flag, Restriction, Side, SymbolStatus, UpdateType
from schemas.messages import MarketData
from schemas.views import market_data
from tests.feed.alone import Alone, plan_of
from tests.feed.fake_venue import FakeVenue
from tests.feed.market import Market
from tests.feed.test_feed import Published, feed_plan
from tests.runtime.deployments import eventually

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("compiled_feed")]

BUY = Side.BUY
TRADING, HALTED = SymbolStatus.TRADING, SymbolStatus.HALTED


@pytest.fixture
def venue():
    with FakeVenue() as venue:
        yield venue


@pytest.fixture
def market():
    return Market()


def test_a_halt_and_a_resumption_are_told_at_once(tmp_path, venue, market):
    venue.publish(*market.opening())
    with Alone(feed_plan(tmp_path, venue)) as running:
        published = Published(running)
        assert published.wait(2)["trading_status"].tolist() == [TRADING, TRADING]
        venue.publish(market.trading_state("AAPL", "H", "T1"), market.reg_sho("AAPL", "1"),
                      market.trading_state("AAPL", "T", "C11"))
        changes = published.wait(3)
        assert (changes["update_type"] == UpdateType.STATUS).all()
        assert changes["trading_status"].tolist() == [HALTED, HALTED, TRADING]
        assert changes["restrictions"].tolist() == [0, Restriction.SHORT_SALE,
                                                    Restriction.SHORT_SALE]
        assert running.says("feed", "AAPL is halted (reason T1)")
        assert running.says("feed", "AAPL is trading (reason C11); restrictions: short sale")


def test_who_comes_late_hears_with_the_books_who_is_halted(tmp_path, venue, market):
    venue.publish(*market.opening(), market.add("MSFT", BUY, 1, 5_0000),
                  market.trading_state("MSFT", "P", "LUDP"))
    with Alone(feed_plan(tmp_path, venue)) as running:
        published = Published(running)
        seen = published.wait(3)
        assert seen["trading_status"].tolist() == [TRADING, SymbolStatus.PAUSED,
                                                   SymbolStatus.PAUSED]
        assert not running.logged("feed", "MSFT is paused"), "it is no news"


def test_a_circuit_breaker_is_told_of_every_symbol(tmp_path, venue):
    symbols = tuple(f"S{i:03d}" for i in range(150))
    market = Market(symbols=symbols)
    venue.publish(*(market.listing(s) for s in symbols))
    plan = plan_of(tmp_path, {"feed": ("actors.feed:FeedHandler", {"venue": venue.address}),
                              "recorder": ("tests.feed.alone:Recorder", {})},
                   [("feed/market", "recorder/market", "MarketData", "block", 512)], symbols)
    with Alone(plan) as running:
        published = Published(running)
        published.wait(150)
        venue.publish(market.breaker("1"))
        told = published.wait(150)
        assert (told["update_type"] == UpdateType.STATUS).all()
        assert (told["restrictions"] == Restriction.BREAKER_1).all()
        assert told["symbol_id"].tolist() == list(range(150))
        assert not (told["header"]["flags"] & int(Flag.SNAPSHOT)).any()
        assert running.says("feed", "circuit breaker: level 1 is breached")


_BUY = int(BUY)


@handler
def buy_again(ctx, message):
    update = market_data(message)
    if apply_update(ctx, update) == 0:
        send_order(ctx, 0, _BUY, 1, update.bid_e4, DAY, update.receive_ns)
    return 0


class Eager(Strategy):
    """Orders at every change of the first symbol's book."""

    inputs = {**Strategy.inputs, "market": Input(MarketData, buy_again)}

    def params(self):
        return np.zeros(1, np.int64)


def test_a_strategy_cannot_send_into_a_halted_symbol(tmp_path, venue, market):
    for compiled in Eager.handlers():
        compiled.compile()
    venue.publish(*market.opening(), market.add("AAPL", BUY, 1, 10_0000))
    plan = plan_of(tmp_path, {"feed": ("actors.feed:FeedHandler", {"venue": venue.address}),
                              "eager": (f"{__name__}:Eager", {})},
                   [("feed/market", "eager/market", "MarketData", "block", 512)])
    with Alone(plan) as running:
        eventually(running.all_running)
        venue.publish(market.add("AAPL", BUY, 1, 10_0100))
        eventually(lambda: running.counter("eager", "orders") == 1)
        venue.publish(market.trading_state("AAPL", "H", "T1"), market.cancel(2, 1))
        eventually(lambda: running.counter("eager", "halted") == 1)
        venue.publish(market.trading_state("AAPL", "T"), market.add("AAPL", BUY, 1, 10_0200))
        eventually(lambda: running.counter("eager", "orders") == 2)
        assert running.counter("eager", "halted") == 1
