"""Sessions over time: heartbeats, silence, slow readers, full houses, taken ports."""

import os
import socket

import pytest

from actors.exchange import Exchange, ExchangeConfig
from actors.exchange.listening import listen, port_holder
from actors.runtime.actor import Setup
from actors.runtime.host import ActorError
from actors.runtime.process import EXIT_FAILED
from schemas.venue import ProtocolError, soupbintcp
from schemas.venue.soupbintcp import LoginAccepted, LoginRejectReason
from tests.exchange.venues import SYMBOLS, RunningExchange, exchange_plan
from tests.runtime.deployments import Running, eventually


def test_a_session_with_nothing_to_hear_gets_heartbeats(exchange):
    client = exchange.trader()
    assert client.packet() == (soupbintcp.SERVER_HEARTBEAT, b"")
    assert client.packet() == (soupbintcp.SERVER_HEARTBEAT, b"")


def test_who_says_nothing_is_dropped_and_who_beats_is_not(tmp_path):
    with RunningExchange(tmp_path, silence_timeout_ms=600) as exchange:
        silent, beating = exchange.viewer(), exchange.viewer()

        def silent_is_dropped():
            beating.send_packet(soupbintcp.CLIENT_HEARTBEAT)
            return exchange.counter("dropped_sessions") == 1
        eventually(silent_is_dropped, what="an end to the silent session")
        silent.wait_closed()
        assert exchange.expect_log("dropped: silent for 0.6 s")
        beating.send_packet(soupbintcp.LOGOUT_REQUEST)
        beating.wait_closed()
        exchange.expect_log("logged out")


def test_who_does_not_log_in_is_dropped(tmp_path):
    with RunningExchange(tmp_path, login_timeout_ms=100) as exchange:
        client = exchange.order_client()
        client.socket.sendall(b"\x00")
        assert client.wait_closed() == []
        exchange.expect_log("refused: no login within 0.1 s", "it sent 00")


def test_a_full_house_says_so_and_has_room_again(tmp_path):
    with RunningExchange(tmp_path, capacity={"sessions": 2}) as exchange:
        first, second = exchange.trader(), exchange.viewer()
        third = exchange.order_client()
        assert third.login().reason == LoginRejectReason.SESSION_NOT_AVAILABLE
        exchange.expect_log("all 2 sessions are taken")
        second.logout()

        def admitted():
            return isinstance(exchange.order_client().login(), LoginAccepted)
        eventually(admitted, what="a free session")
        assert first.sync() == []


def test_a_slow_reader_falls_out_and_nobody_else_waits(tmp_path):
    """One viewer never reads. The log keeps a mebibyte; when that is full, the viewer is dropped,
    and another has got every message in order meanwhile."""
    capacity = {"market_data_log_mib": 1, "send_buffer_kib": 64}
    with RunningExchange(tmp_path, capacity=capacity, flow={"rate": 8_000, "seed": 3}) as exchange:
        slow = exchange.market_client(receive_buffer=2_048)
        assert isinstance(slow.login(), LoginAccepted)
        fast, trader = exchange.viewer(1), exchange.trader()
        while not exchange.counter("dropped_sessions"):
            fast.message()
        reference = trader.enter("B", 1, "AAPL", 100)
        number = trader.expect("A")["order_reference_number"]
        fast.until(lambda m: m.get("order_reference_number") == number)
        assert exchange.expect_log("market data: DESK01", "fell so far behind")
        assert exchange.counter("dropped_sessions") == 1
        trader.cancel(reference)
        trader.expect("C")


def test_who_asks_for_what_is_no_longer_kept_gets_the_oldest_there_is(tmp_path):
    capacity = {"market_data_log_mib": 1}
    with RunningExchange(tmp_path, capacity=capacity, flow={"rate": 20_000, "seed": 3}) as exchange:
        eventually(lambda: exchange.counter("md_messages") > 80_000, 60)
        viewer = exchange.market_client()
        oldest = viewer.login(sequence=1).sequence_number
        assert 1 < oldest < exchange.counter("md_messages")
        assert exchange.expect_log("though it asked for 1")
        for _ in range(100):
            viewer.update()


@pytest.mark.parametrize("port", ["order_entry", "market_data"])
def test_a_taken_port_is_an_error_that_names_it_and_its_holder(tmp_path, port):
    with socket.socket() as squatter:
        squatter.bind(("127.0.0.1", 0))
        squatter.listen()
        number = squatter.getsockname()[1]
        running = Running(exchange_plan(tmp_path, **{port: f"127.0.0.1:{number}"}))
        with running:
            running.processes["exchange"].join(120)
            assert running.processes["exchange"].exitcode == EXIT_FAILED
            reason = bytes(running.vitals("exchange").header["reason"]).decode()
    assert port.replace("_", " ") in reason
    assert f"127.0.0.1:{number}" in reason and f"port {number}" in reason
    assert f"pid {os.getpid()}" in reason


def test_the_holder_of_a_free_port_is_nobody():
    listener = listen("127.0.0.1:0", "test")
    port = listener.getsockname()[1]
    assert port_holder(port).startswith(f"pid {os.getpid()} (")
    listener.close()
    assert port_holder(port) is None


def test_an_address_that_is_not_ours_is_an_error():
    with pytest.raises(ActorError, match="order entry cannot listen on 192.0.2.1:0"):
        listen("192.0.2.1:0", "order entry")


def make(symbols=SYMBOLS, **config) -> Exchange:
    small = {"orders": 16, "levels_per_side": 16, "market_data_log_mib": 1}
    return Exchange(Setup("exchange", 0, 1, ExchangeConfig(capacity=small, **config), symbols))


def test_mistakes_in_the_config_are_errors_that_name_them():
    with pytest.raises(ValueError, match="username DESK01 is given to two accounts"):
        ExchangeConfig(accounts=[{"username": "DESK01"}, {"username": "desk01"}])
    with pytest.raises(ValueError, match="AAPL cannot start at 0.5"):
        ExchangeConfig(prices={"AAPL": 0.5})
    with pytest.raises(ActorError, match="prices names AAPLE.*AAPL, MSFT"):
        make(prices={"AAPLE": 150})
    with pytest.raises(ActorError, match="no symbols"):
        make(symbols=())
    with pytest.raises(ProtocolError, match="'LONGSYMBOL'"):
        make(symbols=("LONGSYMBOL",))


def test_every_start_is_a_session_of_its_own():
    names = {make().session for _ in range(2)} | {
        Exchange(Setup("exchange", 0, epoch, ExchangeConfig(), SYMBOLS)).session
        for epoch in (2, 3)}
    assert all(len(name) == 10 and name.isalnum() for name in names)
    assert len(names) >= 3
