"""Snapshots: with the messages after them they are the book, whenever they are taken."""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.book.memory import kernel, record_at
from actors.exchange.public_book import BookState
from actors.exchange.sequenced_log import LOG, allocate_logs, append, message_address
from actors.exchange.snapshots import MOST_SNAPSHOTS, SnapshotMaker
from actors.exchange.trading_states import halt_symbol
from schemas.venue import glimpse50, itch50, ouch50, soupbintcp
from schemas.venue.big_endian import put_bytes
from schemas.venue.text import alpha_to_int
from tests.exchange.desk import NOON_NS, Desk
from tests.exchange.itch_book import ItchBook

SYMBOLS = ("AAPL", "MSFT", "GOOG")


@kernel
def publish(log_at, message, length):
    log = record_at(log_at, 0, LOG)
    put_bytes(message_address(log), 0, message, length)
    append(log, length)


class Market:
    """A log that ITCH messages are published to, and all of them."""

    def __init__(self, orders: int = 1_000, capacity: int = 1 << 20, at_a_time: int = 8_192):
        self.logs = allocate_logs([64, capacity])
        self.maker = SnapshotMaker(self.logs, 1, orders, len(SYMBOLS), at_a_time)
        self.messages: list[dict] = []
        self.resting: dict[int, int] = {}
        self.next_number = 1
        self.publish("S", stock_locate=0, event_code="O")
        for n, symbol in enumerate(SYMBOLS):
            self.publish("R", stock_locate=n + 1, stock=symbol, market_category="Q",
                         financial_status_indicator="N", round_lot_size=100, round_lots_only="N",
                         issue_classification="C", issue_sub_type="Z", authenticity="P",
                         short_sale_threshold_indicator="N", ipo_flag="N",
                         luld_reference_price_tier="1", etp_flag="N", etp_leverage_factor=0,
                         inverse_indicator="N")

    def publish(self, kind: str, **fields) -> None:
        values = {"tracking_number": 0, "timestamp": len(self.messages) + 1, **fields}
        data = np.frombuffer(itch50.encode(kind, **values), np.uint8)
        publish(self.logs.logs[1:].ctypes.data, data.ctypes.data, data.size)
        self.messages.append(itch50.decode(data.tobytes()))

    def add(self, symbol: int, side: str, shares: int, price: int) -> None:
        number, self.next_number = self.next_number, self.next_number + 1
        self.resting[number] = shares
        self.publish("A", stock_locate=symbol + 1, order_reference_number=number,
                     buy_sell_indicator=side, shares=shares, stock=SYMBOLS[symbol], price=price)

    def act(self, choose: random.Random) -> None:
        """Any message that can come now."""
        kind = choose.choice("AAAHPEXDUC") if self.resting else "A"
        number = choose.choice(list(self.resting)) if self.resting else 0
        if kind == "A":
            self.add(choose.randrange(3), choose.choice("BS"), choose.randint(1, 99), 10_000)
        elif kind == "H":
            symbol = choose.randrange(3)
            self.publish("H", stock_locate=symbol + 1, stock=SYMBOLS[symbol], reserved="",
                         trading_state=choose.choice("HT"), reason="")
        elif kind == "P":
            self.publish("P", stock_locate=1, order_reference_number=0, buy_sell_indicator="B",
                         shares=1, stock="AAPL", price=10_000, match_number=1)
        elif kind == "D":
            del self.resting[number]
            self.publish("D", stock_locate=1, order_reference_number=number)
        elif kind == "U":
            del self.resting[number]
            new, self.next_number = self.next_number, self.next_number + 1
            self.resting[new] = choose.randint(1, 99)
            self.publish("U", stock_locate=1, original_order_reference_number=number,
                         new_order_reference_number=new, shares=self.resting[new], price=20_000)
        else:
            taken = choose.randint(1, self.resting[number])
            if kind == "X" and taken == self.resting[number]:
                return
            self.resting[number] -= taken
            if self.resting[number] == 0:
                del self.resting[number]
            more = {"E": {"executed_shares": taken, "match_number": 1},
                    "C": {"executed_shares": taken, "match_number": 1, "printable": "Y",
                          "execution_price": 1}, "X": {"cancelled_shares": taken}}[kind]
            self.publish(kind, stock_locate=1, order_reference_number=number, **more)

    def snapshot(self, choose: random.Random | None = None) -> list[dict]:
        """One snapshot's messages, the market going on while it is written."""
        asked = self.maker.ask(10**9 * len(self.messages))
        while not asked.whole:
            self.maker.work()
            if choose is not None:
                self.act(choose)
        asked.readers -= 1
        return messages_of(asked)


def messages_of(snapshot) -> list[dict]:
    packets, rest = soupbintcp.split(bytes(snapshot.bytes()))
    assert rest == b"" and all(kind == soupbintcp.SEQUENCED_DATA for kind, _ in packets)
    return [glimpse50.decode(payload) for _, payload in packets]


class AnyPrice(ItchBook):
    """The tests' book, of markets whose executions need not be at the best price."""

    def best(self, symbol):
        return self.orders_price, self.orders_price

    def apply(self, message):
        number = message.get("order_reference_number")
        self.orders_price = self.orders[number].price if number in self.orders else 0
        if message["type"] == "C":
            message = {**message, "type": "E"}
        if message["type"] != "P":
            super().apply(message)


def book_of(messages) -> AnyPrice:
    book = AnyPrice()
    for message in messages:
        book.apply(message)
    return book


def same(one: ItchBook, other: ItchBook) -> bool:
    """The same orders in the same order, the same symbols in the same states."""
    return (list(one.orders.items()) == list(other.orders.items())
            and one.directory == other.directory and one.trading == other.trading
            and one.events[-1:] == other.events[-1:])


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.lists(st.integers(0, 60), max_size=8))
def test_a_snapshot_and_what_follows_are_the_book(seed, pauses):
    market, choose = Market(at_a_time=5), random.Random(seed)
    for pause in pauses:
        for _ in range(pause):
            market.act(choose)
            if choose.random() < 0.1:
                market.maker.work()
        *said, end = market.snapshot(choose)
        assert end["type"] == "G"
        following = end["sequence_number"]
        assert same(book_of(said), book_of(market.messages[: following - 1]))
        whole = book_of(said)
        for message in market.messages[following - 1:]:
            whole.apply(message)
        assert same(whole, book_of(market.messages))
    assert market.maker.failure is None


def test_a_snapshot_of_a_big_book_takes_turns_and_stands_still():
    market = Market(orders=40_000, capacity=4 << 20)
    for n in range(20_000):
        market.add(n % 3, "BS"[n % 2], n % 50 + 1, 10_000 + n)
    turns = 0
    asked = market.maker.ask(0)
    while not asked.whole:
        market.maker.work()
        market.add(0, "B", 1, 1)
        turns += 1
    assert turns == 3
    *said, end = messages_of(asked)
    assert end["sequence_number"] == 1 + 4 + 20_000 == asked.sequence
    assert len(said) == 4 + 20_000
    assert [m["order_reference_number"] for m in said[4:]] == list(range(1, 20_001))


def test_who_asks_together_shares_and_who_asks_later_does_not():
    market = Market()
    first = market.maker.ask(0)
    assert market.maker.ask(5) is first and first.readers == 2
    market.maker.work()
    assert first.whole and market.maker.ask(10**9) is first
    assert market.maker.ask(10**9 + 1) is not first


def test_too_many_slow_readers_cost_the_slowest_their_snapshot():
    market = Market()
    taken = []
    for n in range(MOST_SNAPSHOTS + 1):
        taken.append(market.maker.ask(2 * 10**9 * n))
        market.maker.work()
    assert [s.abandoned for s in taken] == [True] + [False] * MOST_SNAPSHOTS
    for snapshot in taken:
        snapshot.readers = 0
    market.maker.ask(10**12)
    assert [s.abandoned for s in taken].count(True) == 1


def test_a_log_that_goes_round_too_soon_is_noticed():
    market = Market(capacity=64)  # the smallest there is, 32 KiB
    for _ in range(2_000):
        market.add(0, "B", 1, 10_000)
    market.maker.work()
    assert market.maker.failure == BookState.FELL_BEHIND
    with pytest.raises(RuntimeError, match="FELL_BEHIND"):
        market.maker.ask(0)


def test_a_market_that_contradicts_itself_is_noticed():
    market = Market()
    market.publish("D", stock_locate=1, order_reference_number=77)
    market.maker.work()
    assert market.maker.failure == BookState.AT_ODDS
    small = Market(orders=16)
    for _ in range(17):
        small.add(0, "B", 1, 10_000)
    small.maker.work()
    assert small.maker.failure == BookState.FULL


def test_a_snapshot_of_a_day_that_goes_on_is_that_of_a_day_followed():
    """Two desks' worth of orders, some hidden, some with a reserve, a halt: then one who followed
    it all and one who begins now say the same, and go on saying it."""
    desk, choose = Desk(), random.Random(9)
    followed = SnapshotMaker(desk.venue.logs, 0, 1_000, 2)

    def trade(references):
        for reference in references:
            reserve = [(ouch50.OptionTag.MAX_FLOOR, 100)] if reference % 5 == 0 else []
            display = "N" if reference % 7 == 0 and not reserve else "Y"
            desk.enter(choose.randrange(2), reference, choose.choice("BS"),
                       choose.randint(1, 9) * 100, choose.choice([499_900, 500_000, 500_100]),
                       display=display, appendage=reserve)

    def said(maker, now_ns):
        snapshot = maker.ask(now_ns)
        while not snapshot.whole:
            maker.work()
        *messages, end = messages_of(snapshot)
        book = book_of(messages)
        return (sorted(book.orders.items()), queues(book), book.directory, book.trading,
                book.events, end["sequence_number"])

    trade(range(1, 300))
    halt_symbol(desk.venue.address, 1, alpha_to_int("T1", 4), NOON_NS)
    begun = SnapshotMaker(desk.venue.logs, 0, 1_000, 2)
    begun.take_over(desk.venue.address, NOON_NS)
    assert len(said(followed, 0)[0]) > 20
    before = said(begun, 0)
    assert before[:4] == said(followed, 0)[:4] and before[5] == said(followed, 0)[5]
    assert before[4] == "Q"
    trade(range(300, 400))
    for maker in (begun, followed):
        maker.work()
    assert said(begun, 10**10)[:4] == said(followed, 10**10)[:4] != before[:4]
    assert begun.failure is None and followed.failure is None


def queues(book: ItchBook) -> dict:
    """The numbers of the orders at each price, in their order."""
    found = {}
    for number, order in book.orders.items():
        found.setdefault((order.symbol, order.side, order.price), []).append(number)
    return found


def test_before_the_first_message_a_snapshot_says_where_to_begin():
    maker = SnapshotMaker(allocate_logs([1 << 20]), 0, 16, 1)
    asked = maker.ask(0)
    maker.work()
    assert messages_of(asked) == [{"type": "G", "sequence_number": 1}]
