"""GLIMPSE: who comes late knows the book at once, and nobody waits for it."""

import contextlib
import random
import threading

import pytest

from schemas.venue import glimpse50, soupbintcp
from schemas.venue.soupbintcp import LoginAccepted, LoginRejected, LoginRejectReason
from tests.exchange.itch_book import ItchBook
from tests.exchange.soup_client import SoupTestClient
from tests.exchange.venues import SYMBOLS, RunningExchange
from tests.runtime.deployments import eventually


class SnapshotClient(SoupTestClient):
    """Reads snapshots of an exchange."""

    def start(self, sequence: int = 1):
        answer = self.login(sequence=sequence)
        assert isinstance(answer, LoginAccepted) and answer.sequence_number == 1, answer
        return self

    def snapshot(self) -> list[dict]:
        """The messages up to End of Snapshot, decoded."""
        messages = [glimpse50.decode(self.message())]
        while messages[-1]["type"] != "G":
            messages.append(glimpse50.decode(self.message()))
        return messages


def late_joiner(exchange, receive_buffer=None) -> SnapshotClient:
    exchange.clients.append(SnapshotClient(exchange.glimpse, receive_buffer))
    return exchange.clients[-1]


def book_of(messages) -> ItchBook:
    book = ItchBook()
    for message in messages:
        book.apply(message)
    return book


def known(book: ItchBook) -> tuple:
    """Everything that a book says, queues included."""
    return (list(book.orders.items()), book.directory, book.trading, book.events[-1:])


@pytest.fixture(scope="module")
def market(tmp_path_factory):
    """An exchange with GLIMPSE and a brisk flow."""
    with RunningExchange(tmp_path_factory.mktemp("glimpse"), glimpse="127.0.0.1:0",
                         flow={"rate": 5_000, "seed": 11}) as exchange:
        yield exchange


def test_a_snapshot_and_the_stream_from_its_number_are_the_book(market):
    """Late joiners at random moments of a busy session against one who heard it all."""
    choose, witness, book, applied = random.Random(5), market.viewer(1), ItchBook(), 0
    traders = [market.trader(), market.trader("DESK02")]
    for _ in range(6):
        for _ in range(choose.randrange(40)):
            trader = choose.choice(traders)
            reference = trader.enter(choose.choice("BS"), choose.randint(1, 900),
                                     choose.choice(SYMBOLS), choose.choice([10_000, 5_000_000]))
            if choose.random() < 0.5:
                trader.cancel(reference, choose.choice([0, 5]))
        *said, end = late_joiner(market).start().snapshot()
        number = end["sequence_number"]
        joined, stream = book_of(said), market.viewer(number)
        assert stream.next_sequence == number
        while applied < number - 1:
            book.apply(witness.update())
            applied += 1
        assert known(joined) == known(book)
        for _ in range(200):
            message = witness.update()
            applied += 1
            book.apply(message)
            assert stream.update() == message
            joined.apply(message)
        assert known(joined) == known(book)
    for trader in traders:
        trader.cancel_everything()


def test_a_snapshot_begins_with_the_day_and_the_symbols(market):
    said = late_joiner(market).start().snapshot()
    kinds = "".join(m["type"] for m in said)
    assert kinds.startswith("S" + "R" * len(SYMBOLS) + "H" * len(SYMBOLS) + "A")
    assert set(kinds[1 + 2 * len(SYMBOLS):-1]) == {"A"}
    assert said[0]["event_code"] == "Q"
    assert all(m["timestamp"] > 0 for m in said[:-1])


def test_many_come_at_once_and_each_gets_one(market):
    clients = [late_joiner(market).start() for _ in range(12)]
    snapshots = [client.snapshot() for client in clients]
    for said in snapshots:
        assert said[-1]["type"] == "G"
        assert len(book_of(said[:-1]).orders) > 100
    assert eventually(lambda: market.counter("snapshots") >= 12)


def test_after_the_snapshot_the_session_goes_on_until_the_logout(market):
    client = late_joiner(market).start(sequence=777)
    client.snapshot()
    assert client.packet() == (soupbintcp.SERVER_HEARTBEAT, b"")
    client.send_packet(soupbintcp.CLIENT_HEARTBEAT)
    client.send_packet(soupbintcp.DEBUG, b"hello")
    client.logout()
    market.expect_log("glimpse: DESK01", "logged out")


@pytest.mark.parametrize("data, why", [
    (soupbintcp.packet(soupbintcp.UNSEQUENCED_DATA, b"x"), "type 'U', which has no place here"),
    (b"\x00\x00", "packet of length 0"), (b"\xff\xff" + bytes(5_000), "no place here")])
def test_who_says_what_has_no_place_is_told_and_dropped(market, data, why):
    client = late_joiner(market).start()
    client.snapshot()
    dropped = market.counter("dropped_sessions")
    client.socket.sendall(data)
    packets = client.wait_closed()
    assert any(kind == soupbintcp.DEBUG and why.encode() in text for kind, text in packets)
    market.expect_log("glimpse: DESK01", why)
    assert market.counter("dropped_sessions") == dropped + 1


def test_a_wrong_password_gets_no_snapshot(market):
    client = late_joiner(market)
    assert client.login(password="WRONG") == LoginRejected(LoginRejectReason.NOT_AUTHORISED)


def test_a_reader_who_takes_nothing_holds_up_nobody_and_is_dropped(tmp_path):
    config = {"silence_timeout_ms": 700, "glimpse": "127.0.0.1:0",
              "capacity": {"send_buffer_kib": 4}, "flow": {"rate": 0}}
    with RunningExchange(tmp_path, **config) as exchange:
        trader = exchange.trader()
        for n in range(4_000):
            trader.enter("B", 1, "AAPL", 10_000)
            if n % 100 == 0:
                trader.sync()
        trader.sync()
        idle = late_joiner(exchange, receive_buffer=2_048).start()
        stop = threading.Event()

        def beat():  # alive, but never reads
            while not stop.wait(0.1):
                with contextlib.suppress(OSError):  # dropped, as it should be
                    idle.send_packet(soupbintcp.CLIENT_HEARTBEAT)
        beating = threading.Thread(target=beat)
        beating.start()
        try:
            said = late_joiner(exchange).start().snapshot()
            assert len(said) == 2 + 2 * len(SYMBOLS) + 4_000
            trader.enter("B", 1, "AAPL", 10_000)
            trader.expect("A")
            exchange.expect_log("glimpse: DESK01", "dropped: took nothing for 0.7 s")
        finally:
            stop.set()
            beating.join()


def test_the_end_of_the_day_ends_the_sessions(tmp_path):
    with RunningExchange(tmp_path, glimpse="127.0.0.1:0") as exchange:
        client = late_joiner(exchange).start()
        client.snapshot()
        exchange.stop()
        assert client.wait_closed()[-1] == (soupbintcp.END_OF_SESSION, b"")
