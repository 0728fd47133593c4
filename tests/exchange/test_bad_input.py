"""Bytes that follow no protocol: that session pays, the others notice nothing."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.venue import ouch50, soupbintcp
from schemas.venue.soupbintcp import LoginRequest
from tests.exchange.soup_client import Disconnected, raw_connection
from tests.exchange.venues import RunningExchange

SHARED = settings(max_examples=60, deadline=None,
                  suppress_health_check=[HealthCheck.function_scoped_fixture])
LOGIN = LoginRequest("fuzz", "x", sequence_number=0).encode()
ORDER = ouch50.encode_in(
    "O", user_ref_num=2**32 - 1, side="B", quantity=100, symbol="AAPL", price=1_000_000,
    time_in_force="0", display="Y", capacity="P", intermarket_sweep_eligibility="N",
    cross_type="N", cl_ord_id="FUZZ")
PORTS = ("order_entry", "market_data")


@pytest.fixture(scope="module")
def abused_exchange(tmp_path_factory):
    """One for these tests alone: bad orders use up the account's UserRefNums, after which not even a
    mass cancel can clear what rests."""
    with RunningExchange(tmp_path_factory.mktemp("abused")) as exchange:
        yield exchange


@pytest.fixture
def exchange(abused_exchange):
    yield abused_exchange
    for client in abused_exchange.clients:
        client.close()
    abused_exchange.clients.clear()


def answers_and_end(connection) -> list[tuple[int, bytes]]:
    """Reads until the exchange closes; returns the packets."""
    stream = b""
    try:
        while chunk := connection.recv(1 << 16):
            stream += chunk
    except ConnectionError:
        pass
    finally:
        connection.close()
    packets, rest = soupbintcp.split(stream)
    assert rest == b""
    return packets


def fuzz_client(exchange, port: str = "order_entry"):
    """A connection of the account for bad behaviour, logged in."""
    client = exchange.order_client() if port == "order_entry" else exchange.market_client()
    client.socket.sendall(LOGIN)
    client.read_login_answer()
    return client


@pytest.fixture
def bystander(exchange):
    """A trader who must not notice anything; checked after the test."""
    trader = exchange.trader()
    yield trader
    reference = trader.enter("B", 1, "AAPL", 10_000)
    assert trader.expect("A")["user_ref_num"] == reference


@pytest.mark.parametrize("port", PORTS)
def test_every_truncated_login_followed_by_the_end(exchange, bystander, port):
    connections = []
    for length in range(len(LOGIN)):
        connections.append(raw_connection(getattr(exchange, port)))
        connections[-1].sendall(LOGIN[:length])
        connections[-1].shutdown(1)  # nothing more will come
    for connection in connections:
        assert answers_and_end(connection) == []


@pytest.mark.parametrize("port", PORTS)
@SHARED
@given(junk=st.binary(min_size=3, max_size=200))
def test_random_bytes_instead_of_a_login(exchange, bystander, port, junk):
    connection = raw_connection(getattr(exchange, port))
    try:
        connection.sendall(junk)
        connection.shutdown(1)
    except OSError:
        pass  # refused already
    kinds = [kind for kind, _ in answers_and_end(connection)]
    assert kinds in ([], [soupbintcp.LOGIN_REJECTED])


def test_a_refused_login_is_logged_once_with_its_bytes(exchange, bystander):
    connection = raw_connection(exchange.order_entry)
    peer = "{}:{}".format(*connection.getsockname())
    sent = b"GET / HTTP/1.1".hex(" ")  # a peer's port may have been another test's before
    connection.sendall(b"GET / HTTP/1.1\r\n\r\n")
    assert answers_and_end(connection) == [(soupbintcp.LOGIN_REJECTED, b"A")]
    exchange.expect_log(peer, sent)
    assert len(exchange.logged(peer, sent)) == 1


def test_every_truncated_order_in_a_whole_packet_is_refused_or_the_end(exchange, bystander):
    for length in range(len(ORDER)):
        client = fuzz_client(exchange)
        client.send(ORDER[:length])
        if length >= 5:  # enough to know which order it was meant to be
            rejected = client.expect("J")
            assert rejected["user_ref_num"] == 2**32 - 1
            assert rejected["reason"] == ouch50.RejectReason.OTHER
        else:
            client.wait_closed()
        client.close()


def test_an_order_with_a_symbol_of_nine_characters_is_refused(exchange, bystander):
    client = fuzz_client(exchange)
    peer = "{}:{}".format(*client.socket.getsockname())
    client.send(ORDER[:18] + b" " + ORDER[18:])
    assert client.expect("J")["reason"] == ouch50.RejectReason.OTHER
    client.send(ORDER[:-1])
    client.expect("J")
    bad = ORDER[:18].hex(" ")  # a peer's port may have been another test's before
    exchange.expect_log(peer, "rejected a message", bad)
    assert len(exchange.logged(peer, "rejected a message", bad)) == 1
    assert client.sync() == []  # the session goes on


@pytest.mark.parametrize("cut", range(1, len(ORDER) + 3))
def test_an_order_cut_off_by_the_end_of_the_connection_is_none(exchange, cut):
    orders = exchange.counter("orders_in")
    client = fuzz_client(exchange)
    client.socket.sendall(soupbintcp.packet(soupbintcp.UNSEQUENCED_DATA, ORDER)[:cut])
    client.socket.shutdown(1)
    client.wait_closed()
    assert exchange.counter("orders_in") == orders


@pytest.mark.parametrize("bad, why", [
    (b"\x00\x00", "packet of length 0"),
    (soupbintcp.packet(ord("Y"), b"what is this"), "packet of type 'Y'"),
    (soupbintcp.packet(ord("S"), b"from the wrong side"), "packet of type 'S'"),
    (LOGIN, "packet of type 'L'"),
    (soupbintcp.packet(ord("U"), b""), "no OUCH 5.0 request (empty)"),
    (soupbintcp.packet(ord("U"), b"?"), "no OUCH 5.0 request (unknown type)"),
    (soupbintcp.packet(ord("U"), b"X\x00\x00"), "no OUCH 5.0 request (wrong length)"),
    (soupbintcp.packet(ord("U"), b"C" + 16 * b" " + b"\x00\x09"), "(bad appendage)"),
], ids=lambda value: value if isinstance(value, str) else "")
def test_a_client_is_told_why_before_it_is_cut_off(exchange, bystander, bad, why):
    client = fuzz_client(exchange)
    peer = "{}:{}".format(*client.socket.getsockname())
    client.socket.sendall(bad)
    *_, (kind, text) = client.wait_closed()
    assert kind == soupbintcp.DEBUG and why in text.decode()
    line = exchange.expect_log(peer, "dropped", why)
    assert line.endswith(tuple(part.hex(" ") for part in (bad, bad[3:])))


def test_orders_sent_to_the_market_data_port_end_that_session(exchange, bystander):
    client = fuzz_client(exchange, "market_data")
    client.send(ORDER)
    client.wait_closed()
    exchange.expect_log("market data: fuzz", "packet of type 'U'")


@SHARED
@given(chunks=st.lists(st.binary(min_size=1, max_size=80), min_size=1, max_size=5))
def test_random_bytes_in_a_session(exchange, bystander, chunks):
    client = fuzz_client(exchange)
    try:
        for chunk in chunks:
            client.socket.sendall(chunk)
        client.socket.shutdown(1)
    except OSError:
        pass  # cut off already
    client.wait_closed()
    client.close()
    exchange.clients.remove(client)


@SHARED
@given(messages=st.lists(st.one_of(
    st.binary(max_size=60),
    st.tuples(st.sampled_from([b"O", b"U", b"X", b"C", b"M", b"D", b"E", b"Q"]),
              st.binary(max_size=60)).map(b"".join),
    st.tuples(st.integers(0, len(ORDER) - 1), st.integers(0, 255)).map(
        lambda flip: ORDER[:flip[0]] + bytes([flip[1]]) + ORDER[flip[0] + 1:])), max_size=6))
def test_random_messages_in_whole_packets(exchange, bystander, messages):
    client = fuzz_client(exchange)
    try:
        for message in messages:
            client.send(message)
        client.send_packet(soupbintcp.LOGOUT_REQUEST)
    except OSError:
        pass
    packets = client.wait_closed()
    assert all(kind in b"S+H" for kind, _ in packets)
    for kind, payload in packets:
        if kind == soupbintcp.SEQUENCED_DATA:
            ouch50.decode_out(payload)
    client.close()
    exchange.clients.remove(client)


def test_the_longest_packet_there_can_be_is_taken_whole(exchange, bystander):
    client = fuzz_client(exchange)
    client.socket.sendall(soupbintcp.packet(soupbintcp.DEBUG, b"x" * 65_534))
    client.socket.sendall(soupbintcp.packet(soupbintcp.DEBUG, b"y" * 65_534) * 3)
    assert client.sync() == []
    with pytest.raises((Disconnected, OSError)):
        client.send(b"Z" * 65_000)
        client.wait_closed()
        client.packet()
