"""The feed handler against a venue that does what the test says, in real processes."""

import pytest

from schemas.enums import ActorState, Flag, Side, UpdateType
from schemas.messages import MARKET_DATA
from schemas.venue import itch50
from tests.feed.alone import Alone, plan_of
from tests.feed.fake_venue import FakeVenue
from tests.feed.market import Market
from tests.runtime.deployments import eventually

pytestmark = pytest.mark.system


@pytest.fixture
def venue():
    with FakeVenue() as venue:
        yield venue


def feed_plan(tmp_path, venue, **config):
    return plan_of(
        tmp_path,
        {"feed": ("actors.feed:FeedHandler", {"venue": venue.address, **config}),
         "recorder": ("tests.feed.alone:Recorder", {})},
        [("feed/market", "recorder/market", "MarketData", "block", 8192)])


def test_a_feed_logs_in_and_follows_the_market(tmp_path, venue):
    market = Market()
    venue.publish(*market.opening())
    with Alone(feed_plan(tmp_path, venue)) as running:
        eventually(running.all_running)
        assert running.logged("feed", "logged in to market data, next sequence 1")
        eventually(lambda: len(running.seen("recorder", MARKET_DATA)) == 2)
        venue.publish(market.add("AAPL", Side.BUY, 100, 150_2500))
        venue.publish(market.add("AAPL", Side.SELL, 70, 150_3000))
        eventually(lambda: len(running.seen("recorder", MARKET_DATA)) == 4)
        print(running.seen("recorder", MARKET_DATA))
        assert running.stop()
