"""``pitwire book`` against a real feed handler and a venue that does what the test says."""

import io
import itertools
import pathlib
import random
import threading

import numpy as np
import pytest
from rich.console import Console

from actors.feed import FeedHandler
from actors.gateway.state import ORDER
from actors.runtime.vitals import create_table
from launcher.book import BookWatch, Ladder, Level, ladder_view
from launcher.cli.errors import Failure
from launcher.operate.deployment import Deployment
from schemas.enums import OrderStatus, Side
from tests.feed.alone import Alone, Apart, plan_of
from tests.feed.fake_venue import FakeVenue
from tests.feed.market import Market
from tests.runtime.deployments import eventually

pytestmark = pytest.mark.system

BUY, SELL = Side.BUY, Side.SELL


@pytest.fixture(scope="module", autouse=True)
def compiled_feed():
    for handler in FeedHandler.handlers():
        handler.compile()


@pytest.fixture
def venue():
    with FakeVenue() as venue:
        yield venue


@pytest.fixture
def market(venue):
    market = Market()
    venue.publish(*market.opening())
    return market


def feed_plan(tmp_path, venue, apart=False):
    return plan_of(tmp_path, {"feed": ("actors.feed:FeedHandler", {
        "venue": venue.address, "reconnect_min_ms": 1, "max_orders": 4096}),
        "recorder": ("tests.feed.alone:Recorder", {})},
        [("feed/market", "recorder/market", "MarketData", "drop_newest", 8192)], apart=apart)


def watch(running, symbol="AAPL", levels=64):
    return BookWatch(Deployment("desk.yaml", pathlib.Path(running.plan.run_dir)), symbol, levels)


def sides(ladder):
    return [[(level.price_e4, level.quantity, level.orders) for level in side]
            for side in (ladder.bids, ladder.asks)]


def book_of(market, symbol):
    """Bids and asks as the venue has them: price, quantity, orders, best first."""
    found = []
    for side in (BUY, SELL):
        orders = [o for o in market.orders.values() if (o.symbol, o.side) == (symbol, side)]
        orders.sort(key=lambda o: o.price_e4, reverse=side == BUY)
        levels = [(price, list(queue)) for price, queue in
                  itertools.groupby(orders, lambda o: o.price_e4)]
        found.append([(p, sum(o.shares for o in queue), len(queue)) for p, queue in levels])
    return found


def test_the_ladder_is_the_venues_book(tmp_path, venue, market):
    with Alone(feed_plan(tmp_path, venue)) as running:
        eventually(running.all_running)
        venue.publish(market.add("AAPL", BUY, 100, 150_2500), market.add("AAPL", BUY, 50, 150_2500),
                      market.add("AAPL", BUY, 70, 150_2400), market.add("AAPL", SELL, 30, 150_3000),
                      market.add("MSFT", SELL, 30, 250_0000), market.execute(1, 40))
        seen = watch(running)
        eventually(lambda: seen.look().sequence == 16, what="the last message")
        ladder = seen.look()
        assert ladder.state == "LIVE" and ladder.epoch == 1 and ladder.feed == "feed"
        assert sides(ladder) == [[(150_2500, 110, 2), (150_2400, 70, 1)], [(150_3000, 30, 1)]]
        assert (ladder.spread_e4, ladder.mid_e4) == (500, 150_2750)
        assert (ladder.last_e4, ladder.last_quantity) == (150_2500, 40)
        assert (ladder.bid_levels, ladder.ask_levels, ladder.updates) == (2, 1, 6)
        assert len(watch(running, levels=1).look().bids) == 1
        assert sides(watch(running, "MSFT").look()) == [[], [(250_0000, 30, 1)]]


def test_no_ladder_is_torn_while_the_market_moves(tmp_path, venue, market):
    """Each look is the book after exactly the message that it says, read from another process."""
    rng, books = random.Random(7), {len(venue.stream): book_of(market, "AAPL")}
    parts, number = [], len(venue.stream)
    for _ in range(60):
        part = []
        for _ in range(60):
            part.append(market.any(rng))
            number += 1
            books[number] = book_of(market, "AAPL")
        parts.append(part)
    with Apart(feed_plan(tmp_path, venue, apart=True)) as running:
        eventually(running.all_running, 60)
        seen, ladders = watch(running), []
        for part in parts:
            venue.publish(*part)
            ladders.append(seen.look())  # while the feed is at it
        eventually(lambda: seen.look().sequence == number, what="the last message")
        ladders.append(seen.look())
        for ladder in ladders:
            assert sides(ladder) == books[ladder.sequence], f"after message {ladder.sequence}"
        assert len({ladder.sequence for ladder in ladders}) > 20, "it was seen to move"
        assert running.counter("feed", "refused") == running.counter("feed", "bad_messages") == 0


def test_two_who_look_at_once_are_both_answered(tmp_path, venue, market):
    with Alone(feed_plan(tmp_path, venue)) as running:
        eventually(running.all_running)
        venue.publish(market.add("AAPL", BUY, 100, 150_2500), market.add("MSFT", BUY, 9, 250_0000))
        wanted = {"AAPL": [[(150_2500, 100, 1)], []], "MSFT": [[(250_0000, 9, 1)], []]}
        eventually(lambda: sides(watch(running, "MSFT").look()) == wanted["MSFT"])
        wrong = []

        def look_on(symbol):
            seen = watch(running, symbol)
            for _ in range(20):
                ladder = seen.look()
                if ladder.state != "LIVE" or sides(ladder) != wanted[symbol]:
                    wrong.append(ladder)

        threads = [threading.Thread(target=look_on, args=(s,)) for s in ("AAPL", "MSFT", "AAPL")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not wrong


def test_a_venue_that_is_gone_a_feed_that_is_killed_and_its_return(tmp_path, venue, market):
    venue.publish(market.add("AAPL", BUY, 100, 150_2500))
    book = [[(150_2500, 100, 1)], []]
    with Apart(feed_plan(tmp_path, venue, apart=True)) as running:
        eventually(running.all_running, 60)
        seen = watch(running)
        assert sides(seen.look()) == book
        venue.stop_listening()
        venue.drop()
        eventually(lambda: seen.look().state == "DISCONNECTED", what="the loss")
        assert sides(seen.look()) == book, "the last that is known"
        running.kill("feed")
        gone = seen.look()
        assert gone.state == "NO_ANSWER" and sides(gone) == book
        venue.listen()
        running.start("feed")
        eventually(lambda: seen.look().state == "LIVE", 60, "its return")
        assert seen.look().epoch == 2 and sides(seen.look()) == book


def test_orders_of_ours_are_marked_at_their_price(tmp_path, venue, market):
    with Alone(feed_plan(tmp_path, venue)) as running:
        eventually(running.all_running)
        venue.publish(market.add("AAPL", BUY, 100, 150_2500), market.add("AAPL", SELL, 9, 150_2600))
        orders = np.zeros(8, ORDER)
        orders["symbol_id"] = 0, 0, 0, 0, 1, 0, 0, 0
        orders["side"] = BUY, BUY, BUY, SELL, BUY, BUY, 0, 0
        orders["price_e4"] = 150_2500
        orders["leaves"] = 10, 5, 80, 3, 7, 20, 0, 0
        orders["status"] = (OrderStatus.NEW, OrderStatus.PARTIALLY_FILLED, OrderStatus.CANCELED,
                            OrderStatus.NEW, OrderStatus.NEW, OrderStatus.PENDING_NEW, 0, 0)
        create_table(running.plan.shm_dir, "recorder", "orders", orders)
        page = running.vitals("recorder")
        described = {"dtype": np.lib.format.dtype_to_descr(ORDER), "shape": [8]}
        page.describe(**{**page.description,
                         "tables": {**page.description["tables"], "orders": described}})
        ladder = eventually(lambda: (seen := watch(running).look()).bids and seen.asks and seen)
        assert [level.own for level in ladder.bids] == [35]
        assert [level.own for level in ladder.asks] == [0]


def test_what_there_is_no_book_of_is_refused(tmp_path, venue, market):
    with Alone(feed_plan(tmp_path, venue)) as running:
        eventually(running.all_running)
        deployment = Deployment("desk.yaml", pathlib.Path(running.plan.run_dir))
        with pytest.raises(Failure) as unknown:
            BookWatch(deployment, "AAPLE", 10)
        assert unknown.value.hint == "did you mean 'AAPL'?"
        with pytest.raises(Failure, match="recorder shows no books"):
            BookWatch(deployment, "AAPL", 10, "recorder")


# ---- the view ------------------------------------------------------------------------------------

def shown(ladder, width=80):
    out = io.StringIO()
    Console(file=out, width=width, highlight=False).print(ladder_view(ladder))
    return out.getvalue().splitlines()


def ladder_of(levels, price_e4=150_0000, quantity=100, step=100, state="LIVE", own=0):
    bids = tuple(Level(price_e4 - step * i, quantity * (i + 1), i + 1, own) for i in range(levels))
    asks = tuple(Level(price_e4 + step * (i + 1), quantity, 1, 0) for i in range(levels))
    return Ladder("AAPL", "feed", state, 1, 12_345, 0, bids, asks, levels, levels, price_e4, 100,
                  9, 1_234.6)


def test_ten_levels_a_side_fit_a_terminal_of_80_by_24():
    lines = shown(ladder_of(10, price_e4=9_999_999_9900, quantity=99_999_999, own=4_000_000_000))
    assert len(lines) == 23 and max(map(len, lines)) <= 80
    assert "live · 1,235 updates/s" in lines[0]


def test_asks_stand_above_bids_and_the_largest_level_has_the_longest_bar():
    lines = shown(ladder_of(2, own=50))
    assert [line.split()[0] for line in lines[2:4]] == ["150.02", "150.01"]
    assert "spread 0.01 · mid 150.005 · last 150.00 × 100" in lines[4]
    best, second = lines[5:7]
    assert best.split()[:3] == ["50", "1", "100"] and "150.00" in best
    assert second.count("█") == 11 and best.count("█") == 5 and best.count("▐") == 1


def test_prices_below_a_cent_show_all_their_digits():
    lines = shown(ladder_of(1, price_e4=1_2345, step=1))
    assert "1.2346" in lines[2] and "1.2345" in lines[4]


def test_an_empty_book_and_a_feed_that_does_not_answer_show_as_that():
    lines = shown(ladder_of(0, state="NO_ANSWER"))
    assert "no answer" in lines[0] and "spread" not in "".join(lines)
