"""The feed handler playing recordings: only its config says so, the rest is the market's."""

import csv
import random
from pathlib import Path

import numpy as np
import pytest

from actors.feed.lobster_itch import lobster_chunks
from schemas.enums import ActorState, Flag, Side
from schemas.messages import MARKET_DATA
from schemas.recorded import lobster
from schemas.venue import binary_file, itch50
from tests.feed.alone import SYMBOLS, Alone, plan_of
from tests.feed.market import OPEN_NS, Market
from tests.feed.test_feed import Published
from tests.feed.test_itch_book import RECORDED, Feed, recorded
from tests.runtime.deployments import eventually

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("compiled_feed")]

BUY, SELL = Side.BUY, Side.SELL
LOBSTER = RECORDED.parents[1] / "lobster"
LOBSTER_MESSAGES = LOBSTER / "AAPL_2012-06-21_34200000_57600000_message_10.head998.csv"
LOBSTER_BOOK = LOBSTER / "AAPL_2012-06-21_34200000_57600000_orderbook_10.head998.csv"


def file_plan(tmp_path, path, symbols=SYMBOLS, capacity=8192, **file):
    return plan_of(
        tmp_path,
        {"feed": ("actors.feed:FeedHandler", {"file": {"path": str(path), **file},
                                              "max_orders": 1 << 15}),
         "recorder": ("tests.feed.alone:Recorder", {})},
        [("feed/market", "recorder/market", "MarketData", "block", capacity)], symbols=symbols)


def record(tmp_path, messages, name="day.itch") -> Path:
    path = tmp_path / name
    path.write_bytes(binary_file.pack(messages))
    return path


def is_over(running) -> bool:
    return running.logged("feed", "is over after")


def test_a_recording_is_played_flat_out_and_nothing_is_dropped(tmp_path):
    """Through a wire that holds a fraction of it: the feed waits for its consumer."""
    rng, market = random.Random(1), Market()
    path = record(tmp_path, market.opening() + [market.any(rng) for _ in range(3000)])
    with Alone(file_plan(tmp_path, path, capacity=128, speed="max")) as running:
        published = Published(running)
        eventually(lambda: is_over(running))
        eventually(lambda: published.agrees(market))
        assert running.says("feed", "is over after 3,010 messages (end of session marked at byte")
        assert running.state("feed") == ActorState.RUNNING
        assert running.counter("feed", "messages") == 3010
        assert running.wires["full"][0] == running.wires["down"][0] == 0
        seen = running.seen("recorder", MARKET_DATA)
        live = seen[seen["header"]["flags"] & int(Flag.SNAPSHOT) == 0]
        assert len(live) > 1500 and (np.diff(live["sequence"].astype(np.int64)) >= 0).all()
        assert running.stop()


def test_at_its_own_speed_messages_keep_their_distances(tmp_path):
    """Two orders 80 ms apart; what a slow machine adds only makes them come later."""
    market = Market()
    messages = market.opening() + [market.add("AAPL", BUY, 1, 10_0000)]
    late = bytearray(market.add("AAPL", SELL, 1, 20_0000))
    late[5:11] = (OPEN_NS + 80_010_000).to_bytes(6, "big")
    path = record(tmp_path, [*messages, bytes(late)])
    for name, speed, apart_ms in (("real", 1, 79), ("fast", 8, 9)):
        with Alone(file_plan(tmp_path / name, path, speed=speed)) as running:
            published = Published(running)
            eventually(lambda: published.agrees(market))
            first, second = running.seen("recorder", MARKET_DATA)[-2:]
            assert second["receive_ns"] - first["receive_ns"] >= apart_ms * 1_000_000


def test_what_lies_before_the_start_is_history(tmp_path):
    market = Market()
    early = [bytearray(m) for m in market.opening() + [market.add("AAPL", BUY, 1, 10_0000)]]
    for message in early:
        message[5:11] = (OPEN_NS - 10**9).to_bytes(6, "big")
    path = record(tmp_path, [*map(bytes, early), market.add("AAPL", SELL, 1, 20_0000)])
    with Alone(file_plan(tmp_path, path, start="09:30")) as running:
        published = Published(running)
        eventually(lambda: published.agrees(market))
        seen = running.seen("recorder", MARKET_DATA)
        assert [int(m["side"]) for m in seen if not m["header"]["flags"] & int(Flag.SNAPSHOT)] == [
            SELL]


def test_a_recording_that_is_cut_short_is_played_as_far_as_it_goes_and_said(tmp_path):
    market = Market()
    path = tmp_path / "day.itch"
    whole = binary_file.pack(market.opening() + [market.add("AAPL", BUY, 1, 10_0000)])
    path.write_bytes(whole[:-2] + b"\x00\x24A")
    with Alone(file_plan(tmp_path, path, speed="max")) as running:
        published = Published(running)
        eventually(lambda: published.agrees(market))
        assert running.says("feed", "cut short: the message at byte")
        assert running.says("feed", "is over after 11 messages")


def test_bare_messages_in_gzip_play_too(tmp_path):
    import gzip

    rng, market = random.Random(2), Market()
    messages = market.opening() + [market.any(rng) for _ in range(500)]
    path = tmp_path / "day.gz"
    path.write_bytes(gzip.compress(b"".join(messages)))
    with Alone(file_plan(tmp_path, path, speed="max")) as running:
        published = Published(running)
        eventually(lambda: published.agrees(market))


# ---- LOBSTER -------------------------------------------------------------------------------------

def lobster_file(tmp_path, rows: str) -> Path:
    path = tmp_path / "AAPL_message_1.csv"
    path.write_text(rows)
    return path


def test_a_lobster_file_plays_as_the_symbol_it_is_said_to_be(tmp_path):
    path = lobster_file(tmp_path, "34200.1,1,11,100,1500000,1\n34200.2,1,12,50,1501000,-1\n"
                                  "34200.3,4,11,40,1500000,1\n34200.4,5,0,7,1500500,-1\n"
                                  "34200.5,2,12,20,1501000,-1\n34200.6,3,11,60,1500000,1\n")
    with Alone(file_plan(tmp_path, path, speed="max", symbol="MSFT")) as running:
        published = Published(running)
        eventually(lambda: is_over(running) and len(published.take()) == 0)
        assert published.subscriber.levels(1, BUY) == {}
        assert published.subscriber.levels(1, SELL) == {150_1000: 30}
        assert published.subscriber.trades == [(1, BUY, 150_0000, 40), (1, SELL, 150_0500, 7)]


def test_a_row_that_cannot_be_is_named(tmp_path):
    path = lobster_file(tmp_path, "34200.1,1,11,100,1500000,1\n34200.2,1,12,0,1501000,-1\n")
    with Alone(file_plan(tmp_path, path, speed="max")) as running:
        assert running.says("feed", "AAPL_message_1.csv:2: size 0 is not that of an order")


@recorded(LOBSTER_MESSAGES, LOBSTER_BOOK)
def test_the_recorded_lobster_day_leaves_the_published_book_after_every_row():
    """Where that follows from the files: deep levels show orders from before the first row."""
    feed = Feed(("AAPL",), orders=20_000, levels_per_side=2048)
    with LOBSTER_BOOK.open() as file:
        expected = np.array([[int(cell) for cell in row] for row in csv.reader(file)])
    follows = lobster.determined(expected)
    assert follows.sum() > 12_000
    chunks = list(lobster_chunks(LOBSTER_MESSAGES, LOBSTER_BOOK, "AAPL"))
    for chunk in chunks[:2]:
        for message in chunk:
            feed.apply(message)
    messages = [m for chunk in chunks[2:] for m in chunk]
    assert len(messages) == len(expected) == len(lobster.read_messages(LOBSTER_MESSAGES))
    for number, (message, row) in enumerate(zip(messages, expected)):
        itch50.decode(message)
        feed.apply(message)
        same = np.array(feed.best_ten()) == row
        assert same[follows[number]].all(), f"after row {number + 1}"
