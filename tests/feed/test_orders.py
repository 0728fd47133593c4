"""Order-level updates: what each message does to an order, and the book made of nothing else."""

import csv
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.book.book_view import first_in_row, next_order
from actors.feed.orders import CHANGE, describe, settle
from actors.feed.state import OVERDRAWN, Status
from schemas.enums import OrderAction, Side
from schemas.venue import binary_file
from tests.feed.market import Market
from tests.feed.order_subscriber import OrderSubscriber
from tests.feed.test_feed_recordings import LOBSTER_BOOK, LOBSTER_MESSAGES, lobster_chunks
from tests.feed.test_itch_book import RECORDED, RECORDED_BOOK, Feed, recorded

BUY, SELL = Side.BUY, Side.SELL


class OrderFeed(Feed):
    """The kernels, without an actor: ``tell`` gives what order_updates would say, or None."""

    def tell(self, message: bytes):
        data = np.frombuffer(message + b"\xee", np.uint8)
        changes = np.zeros(1, CHANGE)
        describe(self.book.address, self.tables["locates"].ctypes.data, data.ctypes.data,
                 len(message), changes[0])
        updates = self.apply(message)
        if isinstance(updates, Status):
            outcome = int(updates)
        else:
            outcome = len(updates) + OVERDRAWN * self.overdrawn
        settle(changes[0], outcome)
        return changes[0] if changes[0]["action"] else None

    def queues(self):
        found = {}
        for row in range(self.book.sides.size):
            slot = first_in_row(self.book.address, row)
            while slot >= 0:
                order = self.book.orders[slot]
                key = tuple(int(order[f]) for f in ("symbol", "side", "price_e4"))
                found.setdefault(key, []).append((int(order["number"]), int(order["quantity"])))
                slot = next_order(self.book.address, slot)
        return found


@pytest.fixture
def market():
    return Market()


@pytest.fixture
def feed(market):
    feed = OrderFeed()
    for message in market.opening():
        assert feed.tell(message) is None
    return feed


FIELDS = ("order_number", "side", "price_e4", "quantity", "remaining")


def said(change, *more):
    return (OrderAction(int(change["action"])).name,
            *(int(change[field]) for field in (*FIELDS, *more)))


def test_the_life_of_an_order(feed, market):
    assert said(feed.tell(market.add("AAPL", BUY, 100, 150_0000))) == (
        "ADD", 1, BUY, 150_0000, 100, 100)
    assert said(feed.tell(market.execute(1, 30)), "trade_price_e4", "match_number",
                "printable") == ("EXECUTE", 1, BUY, 150_0000, 30, 70, 150_0000, 1, 1)
    assert said(feed.tell(market.execute(1, 10, 149_0000, printable=False)), "trade_price_e4",
                "match_number", "printable") == (
        "EXECUTE", 1, BUY, 150_0000, 10, 60, 149_0000, 2, 0)
    assert said(feed.tell(market.cancel(1, 20)), "trade_price_e4", "match_number") == (
        "CANCEL", 1, BUY, 150_0000, 20, 40, 0, 0)
    assert said(feed.tell(market.replace(1, 55, 151_0000)), "new_number") == (
        "REPLACE", 1, BUY, 151_0000, 55, 55, 2)
    assert said(feed.tell(market.delete(2))) == ("DELETE", 2, BUY, 151_0000, 55, 0)


def test_other_peoples_symbols_and_unknown_orders_are_not_told(feed, market):
    assert feed.tell(market.add("OTHER", BUY, 100, 150_0000)) is None
    assert feed.tell(market.delete(1)) is None
    assert feed.tell(market.trade("AAPL", 5, 150_0000)) is None
    for size in range(20):
        assert feed.tell(market.add("AAPL", BUY, 1, 1_0000)[:size]) is None


def test_an_order_the_book_refuses_is_not_told(feed, market):
    message = market.add("AAPL", BUY, 100, 150_0000)
    assert feed.tell(message) is not None
    assert feed.tell(message) is None, "the same again"


def test_more_than_an_order_had_is_told_as_all_it_had(feed, market):
    feed.tell(market.add("AAPL", BUY, 100, 150_0000))
    market.orders[1].shares = 500
    assert said(feed.tell(market.cancel(1, 300))) == ("CANCEL", 1, BUY, 150_0000, 100, 0)


def test_a_replacement_there_is_no_room_for_is_told_as_a_deletion(market):
    feed = OrderFeed(orders=2)
    for message in [*market.opening(), market.add("AAPL", BUY, 3, 10_0000),
                    market.add("AAPL", BUY, 4, 11_0000)]:
        feed.apply(message)
    assert said(feed.tell(market.replace(2, 9, 12_0000)), "new_number") == (
        "DELETE", 2, BUY, 11_0000, 4, 0, 0)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 150))
def test_a_subscriber_has_every_order_in_its_priority(seed, length):
    rng, market, feed, subscriber = random.Random(seed), Market(), OrderFeed(), OrderSubscriber()
    subscriber.whole = {0, 1}
    for message in market.opening():
        feed.apply(message)
    for _ in range(length):
        change = feed.tell(market.any(rng))
        if change is not None:
            subscriber.apply(change)
    assert subscriber.queues() == feed.queues()
    assert {n for n, o in market.orders.items() if o.symbol in ("AAPL", "MSFT")} == set(
        subscriber.orders)


@recorded(RECORDED, RECORDED_BOOK)
def test_the_published_book_follows_from_order_updates_alone():
    feed, subscriber = OrderFeed(("AAPL",), orders=20_000, levels_per_side=2048), OrderSubscriber()
    subscriber.whole = {0}
    with RECORDED_BOOK.open() as file:
        expected = {int(row[0]): [int(cell or 0) for cell in row[1:]]
                    for row in list(csv.reader(file))[1:]}
    for index, message in enumerate(binary_file.unpack(RECORDED.read_bytes())):
        change = feed.tell(message)
        if change is not None:
            subscriber.apply(change)
        if index % 50 == 0 and index in expected:
            assert subscriber.best_ten() == expected[index], f"after message {index}"
    assert subscriber.best_ten() == expected[index]
    assert subscriber.queues() == feed.queues()


@recorded(LOBSTER_MESSAGES, LOBSTER_BOOK)
def test_so_does_the_book_of_a_lobster_day():
    feed, subscriber = OrderFeed(("AAPL",), orders=20_000, levels_per_side=2048), OrderSubscriber()
    subscriber.whole = {0}
    for chunk in lobster_chunks(LOBSTER_MESSAGES, LOBSTER_BOOK, "AAPL"):
        for message in chunk:
            change = feed.tell(message)
            if change is not None:
                subscriber.apply(change)
                assert subscriber.best_ten() == feed.best_ten()
    assert subscriber.queues() == feed.queues()
