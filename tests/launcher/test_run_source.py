"""What goes into an actor that runs alone."""

import itertools

import numpy as np
import pytest

from actors.runtime.actor import Input
from launcher.run.source import Generator, GenerateSpec, LineSource, parse_generate
from launcher.run.synthetic import bodies
from schemas.enums import Flag, Side, UpdateType
from schemas.messages import MESSAGE_TYPES, ExecutionReport, MarketData, OrderCommand
from tests.runtime.deployments import eventually

INPUTS = {"orders": Input(OrderCommand), "market": Input(MarketData)}


def read(text, inputs=INPUTS):
    """The messages and the reports of a source that has read ``text`` to its end."""
    reports = []
    source = LineSource(text.splitlines(keepends=True), "in", inputs, ("AAPL",), reports.append)
    source.start()
    messages = []

    def drained():
        while (message := source.take(0)) is not None:
            messages.append(message)
        return source.exhausted

    eventually(drained, what="the end of the input")
    return messages, reports, source.skipped


def test_lines_become_messages_in_their_order():
    messages, reports, _ = read('{"port": "orders", "order_id": 1}\n\n'
                                '{"port": "market", "sequence": 2}\n'
                                '{"port": "orders", "order_id": 3}\n')
    assert [port for port, _ in messages] == ["orders", "market", "orders"]
    assert reports == []


def test_an_actor_with_one_input_needs_no_port():
    messages, _, _ = read('{"order_id": 5}\n', {"orders": INPUTS["orders"]})
    assert int(messages[0][1]["order_id"]) == 5


def test_bad_lines_are_numbered_counted_and_skipped():
    messages, reports, skipped = read('nonsense\n[1]\n{"x": 1}\n{"port": "order"}\n'
                                      '{"port": "orders", "order_id": 1}\n')
    assert len(messages) == 1 and skipped == 4
    assert [report.split(":")[1] for report in reports] == ["1", "2", "3", "4"]
    assert "not JSON" in reports[0] and "not a JSON object" in reports[1]
    assert "port is missing" in reports[2] and "did you mean 'orders'?" in reports[3]


def test_a_file_that_stops_being_text_ends_the_input_with_a_report():
    def lines():
        yield '{"port": "orders"}\n'
        raise UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte")

    reports = []
    source = LineSource(lines(), "in", INPUTS, ("AAPL",), reports.append)
    source.start()
    eventually(lambda: source.skipped, what="the report")
    assert "in:2: cannot be read" in reports[0]
    assert source.take(0) is not None


def test_a_generator_keeps_its_rate_and_its_count():
    generator = Generator(GenerateSpec("orders", 100, 5), OrderCommand, 2)
    second = 1_000_000_000
    assert generator.take(second) is None               # nothing is due at the very beginning
    due = [generator.take(second + second // 40) for _ in range(5)]
    assert sum(message is not None for message in due) == 3  # of 100 a second, 25 ms later
    assert sum(generator.take(9 * second) is not None for _ in range(10)) == 2
    assert generator.exhausted


@pytest.mark.parametrize("text", ["market", "market=", "=5", "market=0", "market=-1", "market=x",
                                  "market=5,x", "market=5,-1", "market=1e9", "market=nan"])
def test_what_is_no_rate_is_refused(text):
    with pytest.raises(ValueError, match="PORT=RATE"):
        parse_generate(text)


def test_a_rate_and_a_count_are_read():
    assert parse_generate("market=1e3,50") == GenerateSpec("market", 1000.0, 50)
    assert parse_generate("orders=0.5") == GenerateSpec("orders", 0.5, None)


def test_made_up_market_data_is_a_book_that_adds_up():
    books = {symbol: {Side.BUY: {}, Side.SELL: {}} for symbol in range(3)}
    valid = set()
    for body in itertools.islice(bodies(MarketData, 3), 3000):
        symbol, side, kind = (int(body[n]) for n in ("symbol_id", "side", "update_type"))
        book = books[symbol]
        if kind == UpdateType.CLEAR:
            book[Side.BUY].clear()
            book[Side.SELL].clear()
            continue
        book[side][int(body["price_e4"])] = int(body["quantity"])
        book[side] = {price: n for price, n in book[side].items() if n}
        best_bid = max(book[Side.BUY], default=0)
        best_ask = min(book[Side.SELL], default=0)
        if symbol in valid:
            assert best_bid < best_ask
            assert (int(body["bid_e4"]), int(body["ask_e4"])) == (best_bid, best_ask)
        if int(body["header"]["flags"]) & Flag.LAST:
            valid.add(symbol)
    assert valid == {0, 1, 2}


@pytest.mark.parametrize("name", sorted(MESSAGE_TYPES))
def test_every_type_can_be_made_up_the_same_way_twice(name):
    message = MESSAGE_TYPES[name]
    one, two = ([body.tobytes() for body in itertools.islice(bodies(message, 2), 20)]
                for _ in range(2))
    assert one == two


def test_made_up_fills_are_of_the_made_up_orders():
    pairs = zip(bodies(OrderCommand, 2), bodies(ExecutionReport, 2), strict=False)
    for order, fill in itertools.islice(pairs, 10):
        assert order["order_id"] == fill["order_id"] and order["quantity"] == fill["exec_qty"]
        assert isinstance(fill, np.ndarray)
