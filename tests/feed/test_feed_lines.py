"""The feed handler on MoldUDP64 lines that lose what the test says."""

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from actors.feed.lines import LINES
from schemas.enums import ActorState, Flag, Side, UpdateType
from schemas.messages import MARKET_DATA
from schemas.venue.moldudp64 import Packet
from tests.feed.alone import SYMBOLS, Alone, plan_of
from tests.feed.fake_lines import FakeLines
from tests.feed.fake_venue import FakeVenue
from tests.feed.market import Market
from tests.feed.test_feed import Published, told
from tests.runtime.deployments import eventually

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("compiled_feed")]

BUY, SELL = Side.BUY, Side.SELL
NOWHERE = "127.0.0.1:9"  # nobody answers there


@pytest.fixture
def venue():
    with FakeLines() as venue:
        yield venue


@pytest.fixture
def market():
    return Market()


def lines_plan(tmp_path, venue, symbols=SYMBOLS, **lines):
    lines = {"groups": list(venue.groups), "interface": "127.0.0.1", "reorder_wait_ms": 1,
             "request_timeout_ms": 5, "request_attempts": 3, "stale_ms": 10_000, "ring": 256,
             "receive_buffer_kb": 1024, "retransmission": venue.retransmission, **lines}
    return plan_of(
        tmp_path,
        {"feed": ("actors.feed:FeedHandler", {"lines": lines, "reconnect_min_ms": 1,
                                              "max_orders": 1 << 15}),
         "recorder": ("tests.feed.alone:Recorder", {})},
        [("feed/market", "recorder/market", "MarketData", "block", 8192)], symbols=symbols)


def changes(running) -> list[tuple]:
    """What was published live of books and trades: everything but snapshots and statuses."""
    seen = running.seen("recorder", MARKET_DATA)
    seen = seen[seen["update_type"] != UpdateType.STATUS]
    return told(seen[seen["header"]["flags"] & int(Flag.SNAPSHOT) == 0])


def listens(running, venue) -> None:
    """Waits until every line has heard a heartbeat: from now on nothing is lost by chance."""
    def heard():
        lines = running.table("feed", "lines", LINES, 1)[0]["line"]
        return all(lines["packets"][i] > 0 for i in range(len(venue.groups)))
    eventually(lambda: running.state("feed") >= ActorState.CATCHING_UP and heard())


# ---- following -----------------------------------------------------------------------------------

def test_two_lines_are_one_market(tmp_path, venue, market):
    with Alone(lines_plan(tmp_path, venue)) as running:
        published = Published(running)
        listens(running, venue)
        venue.publish(*market.opening())
        eventually(running.all_running)
        venue.publish(market.add("AAPL", BUY, 100, 150_2500), market.execute(1, 40))
        eventually(lambda: published.agrees(market))
        assert changes(running) == [("AAPL", "BBO", "BUY", 150_2500, 100),
                                    ("AAPL", "TRADE", "BUY", 150_2500, 40),
                                    ("AAPL", "BBO", "BUY", 150_2500, 60)]
        assert running.counter("feed", "messages") == 12
        eventually(lambda: running.counter("feed", "duplicates") == 12)
        body = running.seen("recorder", MARKET_DATA)[-1]
        assert body["sequence"] == 12 and body["receive_ns"] > 0
        assert running.stop()


def test_multicast_groups_are_joined(tmp_path, market):
    with FakeLines(groups=("239.192.77.1:26477", "239.192.77.2:26477")) as venue:
        with Alone(lines_plan(tmp_path, venue)) as running:
            published = Published(running)
            listens(running, venue)
            venue.publish(*market.opening(), market.add("AAPL", BUY, 100, 150_2500))
            eventually(lambda: published.agrees(market))
            eventually(lambda: running.counter("feed", "duplicates") == 11)


def test_books_of_many_symbols_are_looked_ahead_for(tmp_path, venue):
    rng, symbols = random.Random(1), tuple(f"S{i:03d}" for i in range(300))
    market = Market(symbols=symbols)
    with Alone(lines_plan(tmp_path, venue, symbols=symbols)) as running:
        published = Published(running)
        listens(running, venue)
        venue.publish(*market.opening(), *(market.any(rng) for _ in range(1000)))
        eventually(lambda: len(published.take()) == 0 and all(
            published.subscriber.levels(i, side) == market.levels(symbol, side)
            for i, symbol in enumerate(symbols) for side in (BUY, SELL)))


# ---- losses --------------------------------------------------------------------------------------

def test_what_every_line_lost_is_asked_for_again(tmp_path, venue, market):
    venue.loses = lambda i, sequence: sequence == 12
    with Alone(lines_plan(tmp_path, venue)) as running:
        published = Published(running)
        listens(running, venue)
        venue.publish(*market.opening(), each=11)
        eventually(running.all_running)
        venue.publish(market.add("AAPL", SELL, 9, 20_0000))
        venue.publish(market.add("MSFT", SELL, 9, 20_0000))
        venue.publish(market.add("MSFT", BUY, 5, 19_0000))
        eventually(lambda: published.agrees(market))
        assert [r.sequence_number for r in venue.requests] == [12]
        assert [m[:1] for m in changes(running)] == [("AAPL",), ("MSFT",), ("MSFT",)]
        assert running.says("feed", "messages 12 to 12 are missing on every line")
        eventually(lambda: running.counter("feed", "recovered_gaps") == 1)
        assert running.state("feed") == ActorState.RUNNING


@settings(max_examples=6, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32), length=st.integers(1, 400))
def test_whatever_is_lost_the_books_are_those_of_a_run_that_lost_nothing(
        tmp_path_factory, seed, length):
    rng, market = random.Random(seed), Market()
    loss, answered = rng.choice((0.0, 0.1, 0.4)), rng.choice((1.0, 0.8))
    with FakeLines() as venue:
        lost = random.Random(seed + 1)
        venue.loses = lambda i, sequence: lost.random() < loss
        venue.answers = lambda request: lost.random() < answered
        plan = lines_plan(tmp_path_factory.mktemp("feed"), venue, request_attempts=20)
        with Alone(plan) as running:
            published = Published(running)
            published.subscriber.checks = False  # changes may come before a symbol's first snapshot
            venue.publish(*market.opening(), *(market.any(rng) for _ in range(length)),
                          each=rng.randint(1, 10))
            eventually(lambda: published.agrees(market))
            eventually(lambda: running.counter("feed", "messages") == len(venue.stream),
                       what="every message once")
            assert running.counter("feed", "gaps") == 0
            assert running.counter("feed", "unknown_orders") == 0


def test_what_nobody_can_send_again_is_said_and_the_books_begin_anew(tmp_path, venue, market):
    venue.loses = lambda i, sequence: sequence == 12
    with Alone(lines_plan(tmp_path, venue, retransmission=None)) as running:
        published = Published(running)
        listens(running, venue)
        venue.publish(*market.opening(), market.add("AAPL", BUY, 1, 10_0000), each=11)
        eventually(lambda: published.agrees(market))
        venue.publish(market.add("AAPL", SELL, 9, 20_0000))
        venue.publish(market.add("MSFT", SELL, 9, 20_0000))
        assert running.says("feed", "messages 12 to 12 are gone: the feed goes on at 13")
        market.orders = {3: market.orders[3]}
        eventually(lambda: published.agrees(market))
        eventually(running.all_running)
        assert running.counter("feed", "gaps") == 1


# ---- snapshots -----------------------------------------------------------------------------------

def test_when_retransmission_cannot_help_a_snapshot_does(tmp_path, venue, market):
    venue.answers = lambda request: False
    with FakeVenue() as glimpse:
        with Alone(lines_plan(tmp_path, venue, glimpse=glimpse.address)) as running:
            published = Published(running)
            listens(running, venue)
            venue.publish(*market.opening(), market.add("AAPL", BUY, 1, 10_0000))
            eventually(lambda: published.agrees(market))
            venue.loses = lambda i, sequence: True
            venue.publish(market.add("AAPL", SELL, 9, 20_0000), market.delete(1))
            venue.loses = lambda i, sequence: False
            glimpse.stream = market.snapshot(len(venue.stream) + 1)
            venue.publish(market.add("MSFT", SELL, 9, 20_0000))
            eventually(lambda: published.agrees(market))
            eventually(running.all_running)
            assert running.says("feed", "taking a snapshot from " + glimpse.address)
            assert running.says("feed", "took a snapshot of 9 messages as of message 13; "
                                        "the venue is at 14")
            assert len(venue.requests) >= 3
            assert not any(kind == "TRADE" for _, kind, *_ in changes(running))
            venue.publish(market.add("MSFT", BUY, 5, 19_0000), market.execute(2, 4))
            eventually(lambda: published.agrees(market))
            assert changes(running)[-1] == ("AAPL", "BBO", "SELL", 20_0000, 5)
            assert running.vitals("feed").header["epoch"] == 1
            eventually(lambda: running.counter("feed", "recoveries") == 1)
            assert running.counter("feed", "unknown_orders") == 0


def test_a_feed_that_starts_late_begins_with_a_snapshot(tmp_path, venue, market):
    rng = random.Random(4)
    venue.publish(*market.opening(), *(market.any(rng) for _ in range(600)))
    with FakeVenue(stream=market.snapshot(len(venue.stream) + 1)) as glimpse:
        with Alone(lines_plan(tmp_path, venue, glimpse=glimpse.address)) as running:
            published = Published(running)
            eventually(lambda: published.agrees(market))
            eventually(running.all_running)
            assert venue.requests == [], "so much is not asked for message by message"
            venue.publish(*(market.any(rng) for _ in range(50)))
            eventually(lambda: published.agrees(market))


def test_or_asks_for_the_whole_day_if_there_is_no_snapshot(tmp_path, venue, market):
    rng = random.Random(5)
    venue.publish(*market.opening(), *(market.any(rng) for _ in range(600)))
    with Alone(lines_plan(tmp_path, venue)) as running:
        published = Published(running)
        eventually(lambda: published.agrees(market))
        eventually(running.all_running)
        assert changes(running) == [], "history is not news"
        assert running.counter("feed", "messages") == 610


def test_a_snapshot_that_breaks_off_starts_over(tmp_path, venue, market):
    rng = random.Random(6)
    venue.publish(*market.opening(), *(market.any(rng) for _ in range(600)))
    whole = market.snapshot(len(venue.stream) + 1)
    with FakeVenue(stream=whole[:-3]) as glimpse:
        with Alone(lines_plan(tmp_path, venue, glimpse=glimpse.address)) as running:
            published = Published(running)
            listens(running, venue)
            eventually(lambda: running.counter("feed", "snapshot_messages") == len(whole) - 3)
            venue.publish(market.trade("AAPL", 1, 2))
            glimpse.stream = whole
            glimpse.drop()
            eventually(lambda: published.agrees(market))
            assert running.counter("feed", "refused") == 0, "no order twice"


# ---- silence, sessions, garbage ------------------------------------------------------------------

def test_a_stale_line_degrades_the_feed_until_it_is_back(tmp_path, venue, market):
    with Alone(lines_plan(tmp_path, venue, stale_ms=100)) as running:
        venue.publish(*market.opening())
        eventually(running.all_running)
        venue.silence(1)
        eventually(lambda: running.state("feed") == ActorState.DEGRADED)
        assert running.says("feed", f"line B at {venue.groups[1]}: nothing came for 100 ms; 1 left")
        venue.silence(0, 1)
        assert running.says("feed", "no line is left: the books are old")
        venue.silence()
        eventually(lambda: running.state("feed") == ActorState.RUNNING)
        assert running.says("feed", f"line B at {venue.groups[1]} is back")
        assert running.counter("feed", "stale") == 2


def test_a_new_session_begins_with_empty_books_and_message_one(tmp_path, venue, market):
    with Alone(lines_plan(tmp_path, venue)) as running:
        published = Published(running)
        listens(running, venue)
        venue.publish(*market.opening(), market.add("AAPL", BUY, 1, 10_0000))
        eventually(lambda: published.agrees(market))
        venue.end_session()
        venue.begin_session("DAY2")
        second_day = Market(symbols=("MSFT", "AAPL"))
        venue.publish(*second_day.opening(), second_day.add("MSFT", BUY, 7, 20_0000))
        eventually(lambda: published.agrees(second_day))
        assert running.says("feed", "session 'DAY1' is over after message 11")
        eventually(running.all_running)
        assert running.counter("feed", "sessions") == 1
        assert running.counter("feed", "messages") == 11 + len(venue.stream)


def test_random_packets_are_counted_and_nothing_else(tmp_path, venue, market):
    rng = random.Random(8)
    with Alone(lines_plan(tmp_path, venue)) as running:
        published = Published(running)
        listens(running, venue)
        venue.publish(*market.opening())
        eventually(running.all_running)
        whole = Packet("DAY1", 11, (market.event("M"),)).encode()
        bad = [rng.randbytes(rng.randrange(1, 300)) for _ in range(100)]
        bad += [whole[:size] for size in range(1, len(whole))]
        for data in bad:
            venue.send(rng.randrange(2), data)
        venue.send(0, Packet("OTHER", 5, (b"x",)).encode())
        venue.publish(market.add("AAPL", BUY, 1, 10_0000))
        eventually(lambda: published.agrees(market))
        eventually(lambda: running.counter("feed", "bad_packets") == len(bad))
        assert running.counter("feed", "foreign_packets") == 1


def test_garbage_instead_of_a_message_is_shown_once(tmp_path, venue, market):
    with Alone(lines_plan(tmp_path, venue)) as running:
        published = Published(running)
        listens(running, venue)
        venue.publish(*market.opening(), b"?what", b"", b"A too short")
        venue.publish(market.add("AAPL", BUY, 1, 10_0000))
        eventually(lambda: published.agrees(market))
        assert running.counter("feed", "bad_messages") == 3
        assert running.says("feed", "message 11 is no ITCH 5.0 message; it has 5 bytes")


def test_an_interface_that_is_none_of_this_machine_is_said_and_tried_again(tmp_path):
    with FakeLines(groups=("239.192.77.3:26477",)) as venue:
        with Alone(lines_plan(tmp_path, venue, interface="203.0.113.7")) as running:
            assert running.says("feed", "is 203.0.113.7 an interface that multicast can be joined")
            assert running.state("feed") == ActorState.CATCHING_UP
            assert len(running.seen("recorder", MARKET_DATA)) <= len(SYMBOLS)


