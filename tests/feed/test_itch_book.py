"""The book that the feed builds from ITCH messages, and the updates it makes of them."""

import csv
import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.book.book_memory import allocate_order_book
from actors.book.book_view import DEPTH_LEVEL, copy_depth
from actors.book.integrity import check_integrity
from actors.feed.itch_book import apply_message
from actors.feed.state import OVERDRAWN, Status, directory_tables
from schemas.enums import Side, UpdateType
from schemas.venue import binary_file, itch50
from tests.feed.market import Market
from tests.feed.subscriber import Subscriber

BUY, SELL = Side.BUY, Side.SELL
DATA = Path(__file__).resolve().parents[2] / ".." / "shared" / "data" / "itch50"
RECORDED = DATA / "derived_aapl_20190130_0930_10k.itch"
RECORDED_BOOK = RECORDED.with_suffix(".book10.csv")
REAL_MORNING = DATA / "real_head1000.itch"


class Feed:
    """The kernels, without an actor."""

    def __init__(self, symbols=("AAPL", "MSFT"), orders=4096, levels_per_side=512):
        self.tables = directory_tables(symbols)
        self.book = allocate_order_book(len(symbols), orders, levels_per_side=levels_per_side)

    def apply(self, message: bytes):
        """Returns the updates, or what was wrong with the message."""
        data = np.frombuffer(message + b"\xee", np.uint8)  # never at the end of the memory
        t = self.tables
        n = apply_message(self.book.address, t["symbols"].ctypes.data, len(t["symbols"]),
                          t["locates"].ctypes.data, data.ctypes.data, len(message),
                          t["updates"].ctypes.data)
        if n < 0:
            return Status(n)
        self.overdrawn = n >= OVERDRAWN
        return t["updates"][:n & (OVERDRAWN - 1)].copy()

    def depth(self, symbol: int, side: Side, rows: int) -> np.ndarray:
        """DEPTH_LEVEL records, best first, zeros behind the last level."""
        levels = np.zeros(rows, DEPTH_LEVEL)
        copy_depth(self.book.address, symbol, int(side), levels)
        return levels

    def levels(self, symbol: int, side: Side) -> dict[int, int]:
        rows = self.depth(symbol, side, 2048)
        return {int(r["price_e4"]): int(r["quantity"]) for r in rows if r["orders"]}

    def best_ten(self) -> list[int]:
        """Ask, size, bid, size, level by level, as the recording prints them."""
        row = []
        for ask, bid in zip(self.depth(0, SELL, 10), self.depth(0, BUY, 10)):
            row += [int(ask["price_e4"]), int(ask["quantity"])]
            row += [int(bid["price_e4"]), int(bid["quantity"])]
        return row


@pytest.fixture
def market():
    return Market()


@pytest.fixture
def feed(market):
    feed = Feed()
    for message in market.opening():
        assert told(feed.apply(message)) in ([], [("STATUS", "NONE", 0, 0)])
    return feed


def told(updates) -> list[tuple]:
    """Type, side, price and quantity of each update."""
    return [(UpdateType(int(u["update_type"])).name, Side(int(u["side"])).name,
             int(u["price_e4"]), int(u["quantity"])) for u in updates]


# ---- stories -------------------------------------------------------------------------------------

def test_an_order_at_a_new_best_price_changes_the_bbo(feed, market):
    assert told(feed.apply(market.add("AAPL", BUY, 100, 150_0000))) == [
        ("BBO", "BUY", 150_0000, 100)]
    assert told(feed.apply(market.add("AAPL", BUY, 30, 150_0000, mpid="DESK"))) == [
        ("BBO", "BUY", 150_0000, 130)]


def test_an_order_behind_the_best_price_does_not(feed, market):
    feed.apply(market.add("AAPL", SELL, 100, 150_1000))
    update, = feed.apply(market.add("AAPL", SELL, 70, 150_2000))
    assert told([update]) == [("BOOK", "SELL", 150_2000, 70)]
    assert (update["ask_e4"], update["ask_qty"], update["bid_e4"]) == (150_1000, 100, 0)


def test_an_execution_is_told_as_the_trade_then_the_level(feed, market):
    feed.apply(market.add("AAPL", SELL, 100, 150_1000))
    trade, level = feed.apply(market.execute(1, 40))
    assert told([trade, level]) == [("TRADE", "SELL", 150_1000, 40), ("BBO", "SELL", 150_1000, 60)]
    assert trade["ask_qty"] == 100, "the book as it was when it traded"
    assert (level["last_e4"], level["last_qty"]) == (150_1000, 40)


def test_an_execution_of_everything_takes_the_level_away(feed, market):
    feed.apply(market.add("AAPL", SELL, 100, 150_1000))
    _, level = feed.apply(market.execute(1, 100))
    assert told([level]) == [("BBO", "SELL", 150_1000, 0)]
    assert (level["ask_e4"], level["ask_qty"]) == (0, 0)


def test_an_execution_at_another_price_trades_there(feed, market):
    feed.apply(market.add("AAPL", BUY, 100, 150_0000))
    assert told(feed.apply(market.execute(1, 10, price_e4=150_0500))) == [
        ("TRADE", "BUY", 150_0500, 10), ("BBO", "BUY", 150_0000, 90)]


def test_an_execution_that_is_not_for_the_tape_only_changes_the_level(feed, market):
    feed.apply(market.add("AAPL", BUY, 100, 150_0000))
    update, = feed.apply(market.execute(1, 10, price_e4=150_0500, printable=False))
    assert told([update]) == [("BBO", "BUY", 150_0000, 90)]
    assert update["last_e4"] == 0


def test_a_trade_with_a_hidden_order_changes_no_level(feed, market):
    feed.apply(market.add("AAPL", BUY, 100, 150_0000))
    assert told(feed.apply(market.trade("AAPL", 25, 150_0500))) == [("TRADE", "BUY", 150_0500, 25)]
    assert feed.levels(0, BUY) == {150_0000: 100}


def test_a_cross_is_a_trade_of_no_side(feed, market):
    feed.apply(market.add("AAPL", BUY, 100, 150_0000))
    trade, = feed.apply(market.cross("AAPL", 2**33, 150_0500))
    assert told([trade]) == [("TRADE", "NONE", 150_0500, 2**32 - 1)]
    assert trade["bid_qty"] == 100
    assert len(feed.apply(market.cross("AAPL", 0, 150_0500))) == 0, "nothing crossed"


def test_messages_about_other_things_change_no_book(feed, market):
    feed.apply(market.add("AAPL", BUY, 100, 150_0000))
    for kind, length in enumerate(itch50.LENGTH.tolist()):
        if length and chr(kind) not in "RHYAFECXDUPQ":
            message = bytes([kind]) + market.trading_state("AAPL", "T")[1:11]
            assert len(feed.apply(message.ljust(length, b"\x01"))) == 0, chr(kind)
    assert feed.levels(0, BUY) == {150_0000: 100}


def test_a_cancel_takes_part_a_delete_takes_all(feed, market):
    feed.apply(market.add("AAPL", BUY, 100, 150_0000))
    assert told(feed.apply(market.cancel(1, 60))) == [("BBO", "BUY", 150_0000, 40)]
    assert told(feed.apply(market.delete(1))) == [("BBO", "BUY", 150_0000, 0)]


def test_a_replacement_never_leaves_the_book_emptier_than_it_was(feed, market):
    feed.apply(market.add("AAPL", BUY, 100, 150_0000))
    better, gone = feed.apply(market.replace(1, 80, 150_0100))
    assert told([better, gone]) == [("BBO", "BUY", 150_0100, 80), ("BOOK", "BUY", 150_0000, 0)]
    worse, gone = feed.apply(market.replace(2, 80, 149_0000))
    assert told([worse, gone]) == [("BOOK", "BUY", 149_0000, 80), ("BBO", "BUY", 150_0100, 0)]


def test_a_replacement_at_the_same_price_is_one_update(feed, market):
    feed.apply(market.add("AAPL", SELL, 100, 150_0000))
    assert told(feed.apply(market.replace(1, 30, 150_0000))) == [("BBO", "SELL", 150_0000, 30)]


def test_symbols_of_others_are_passed_over(feed, market):
    assert len(feed.apply(market.add("OTHER", BUY, 100, 150_0000))) == 0
    assert len(feed.apply(market.execute(1, 100))) == 0
    assert feed.book.resting == 0


def test_a_stock_locate_may_change_its_symbol(feed, market):
    feed.apply(market.add("AAPL", BUY, 100, 150_0000))
    market.symbols = ("ZZZZ", "MSFT", "AAPL")
    for symbol in market.symbols:
        feed.apply(market.listing(symbol))
    update, = feed.apply(market.add("MSFT", SELL, 5, 20_0000))
    assert update["symbol_id"] == 1


def test_halts_are_noted(feed, market):
    feed.apply(market.trading_state("MSFT", "H"))
    assert feed.tables["symbols"]["trading_state"].tolist() == [ord("T"), ord("H")]


# ---- messages that cannot be ---------------------------------------------------------------------

def test_an_order_nobody_knows(feed, market):
    feed.apply(market.add("AAPL", BUY, 100, 150_0000))
    for message in (market.execute(1, 10), market.cancel(1, 10), market.replace(1, 5, 150_0000),
                    market.delete(2)):
        stranger = message[:11] + (999).to_bytes(8, "big") + message[19:]
        assert feed.apply(stranger) == Status.UNKNOWN_ORDER
    assert feed.levels(0, BUY) == {150_0000: 100}


def test_an_order_added_twice_is_refused(feed, market):
    message = market.add("AAPL", BUY, 100, 150_0000)
    feed.apply(message)
    assert feed.apply(message) == Status.REFUSED
    assert feed.levels(0, BUY) == {150_0000: 100}


@pytest.mark.parametrize("shares, price", [(0, 150_0000), (100, 0)])
def test_an_order_of_nothing_or_for_nothing_is_refused(feed, market, shares, price):
    assert feed.apply(market.add("AAPL", BUY, shares, price)) == Status.REFUSED


def test_more_than_an_order_has_takes_all_of_it_and_is_noted(feed, market):
    feed.apply(market.add("AAPL", BUY, 100, 150_0000))
    message = market.execute(1, 100)
    updates = feed.apply(message[:19] + (150).to_bytes(4, "big") + message[23:])
    assert feed.overdrawn
    assert told(updates) == [("TRADE", "BUY", 150_0000, 100), ("BBO", "BUY", 150_0000, 0)]


def test_a_replacement_there_is_no_room_for_still_takes_the_old_order_away(market):
    feed = Feed(orders=2)
    for message in [*market.opening(), market.add("AAPL", BUY, 1, 10_0000),
                    market.add("AAPL", BUY, 1, 11_0000)]:
        feed.apply(message)
    updates = feed.apply(market.replace(2, 1, 12_0000))
    assert feed.overdrawn
    assert told(updates) == [("BBO", "BUY", 11_0000, 0)]
    assert feed.levels(0, BUY) == {10_0000: 1}
    assert check_integrity(feed.book) == []


def test_when_the_book_is_full_orders_are_refused_and_nothing_else_happens(market):
    feed = Feed(orders=2)
    for message in [*market.opening(), market.add("AAPL", BUY, 1, 10_0000),
                    market.add("AAPL", BUY, 1, 11_0000)]:
        feed.apply(message)
    assert feed.apply(market.add("AAPL", BUY, 1, 12_0000)) == Status.REFUSED
    assert feed.levels(0, BUY) == {10_0000: 1, 11_0000: 1}


def test_every_truncation_of_every_message_is_recognised(feed, market):
    feed.apply(market.add("AAPL", BUY, 100, 150_0000))
    for message in [*market.opening()[:2], market.add("AAPL", SELL, 1, 2), market.cancel(1, 10),
                    market.execute(1, 10), market.replace(1, 5, 3), market.trade("AAPL", 1, 1)]:
        for size in range(len(message)):
            assert feed.apply(message[:size]) == Status.NOT_A_MESSAGE
        assert feed.apply(message + b" ") == Status.NOT_A_MESSAGE


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 40))
def test_flipped_bits_and_random_bytes_never_break_the_book(seed, length):
    rng, market, feed = random.Random(seed), Market(), Feed(orders=64, levels_per_side=16)
    for message in market.opening():
        feed.apply(message)
    for _ in range(length):
        message = bytearray(market.any(rng))
        for _ in range(rng.randrange(4)):
            message[rng.randrange(len(message))] ^= rng.randrange(256)
        feed.apply(bytes(message))
        feed.apply(rng.randbytes(rng.randrange(60)))
    assert check_integrity(feed.book) == []


# ---- against the model ---------------------------------------------------------------------------

@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 150))
def test_a_subscriber_who_applies_the_updates_has_the_markets_book(seed, length):
    """And the best prices every update carries are those of the subscriber's own book."""
    rng, market, feed, subscriber = random.Random(seed), Market(), Feed(), Subscriber()
    for message in market.opening():
        feed.apply(message)
    for _ in range(length):
        for update in feed.apply(market.any(rng)):
            subscriber.apply(update)
    for number, symbol in enumerate(("AAPL", "MSFT")):
        for side in (BUY, SELL):
            expected = market.levels(symbol, side)
            assert feed.levels(number, side) == expected
            assert subscriber.levels(number, side) == expected
        assert subscriber.last.get(number) == market.last.get(symbol)
    assert check_integrity(feed.book) == []


def test_thousands_of_symbols_each_keep_their_own_book():
    rng, symbols = random.Random(5), tuple(f"S{i:04d}" for i in range(3000))
    market, feed = Market(symbols=symbols), Feed(symbols, orders=1 << 15, levels_per_side=16)
    subscriber = Subscriber()
    for symbol in symbols:
        feed.apply(market.listing(symbol))
    for _ in range(9000):
        for update in feed.apply(market.any(rng)):
            subscriber.apply(update)
    expected: dict[tuple[str, Side], dict[int, int]] = {}
    for order in market.orders.values():
        levels = expected.setdefault((order.symbol, order.side), {})
        levels[order.price_e4] = levels.get(order.price_e4, 0) + order.shares
    assert len(expected) > 1500
    for number, symbol in enumerate(symbols):
        for side in (BUY, SELL):
            assert subscriber.levels(number, side) == expected.get((symbol, side), {})
    assert check_integrity(feed.book) == []


# ---- recorded ------------------------------------------------------------------------------------

def recorded(*files):
    missing = [str(file) for file in files if not file.exists()]
    return pytest.mark.skipif(bool(missing), reason=f"no recorded market data at {missing}")


@recorded(RECORDED, RECORDED_BOOK)
def test_ten_thousand_recorded_messages_leave_the_published_book_after_each():
    feed = Feed(("AAPL",), orders=20_000, levels_per_side=2048)
    subscriber = Subscriber(checks=False)
    with RECORDED_BOOK.open() as file:
        rows = list(csv.reader(file))[1:]
    expected = {int(row[0]): [int(cell or 0) for cell in row[1:]] for row in rows}
    compared = 0
    for index, message in enumerate(binary_file.unpack(RECORDED.read_bytes())):
        updates = feed.apply(message)
        assert not isinstance(updates, Status), f"message {index}: {message.hex()}"
        for update in updates:
            subscriber.apply(update)
        if index in expected:
            assert feed.best_ten() == expected[index], f"after message {index}"
            compared += 1
    assert compared == len(expected) == 10_000
    for side in (BUY, SELL):
        assert subscriber.levels(0, side) == feed.levels(0, side)
    assert check_integrity(feed.book) == []


@recorded(REAL_MORNING)
def test_the_directory_of_a_real_morning_is_understood():
    messages = list(binary_file.unpack(REAL_MORNING.read_bytes()))
    listed = [m[11:19].decode().strip() for m in messages if m[:1] == b"R"]
    feed = Feed(tuple(listed[:40]))
    for message in messages:
        assert not isinstance(feed.apply(message), Status)
    locates = feed.tables["symbols"]["locate"]
    assert (locates > 0).all() and len(set(locates.tolist())) == 40
