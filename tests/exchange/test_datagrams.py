"""MoldUDP64: every message on every line, heartbeats, the end of the day, and what was lost."""

import contextlib
import socket

import pytest

from actors.exchange import ExchangeConfig
from actors.exchange.datagram_sockets import DatagramSockets
from actors.exchange.network_config import MoldUdp64Config
from actors.runtime.host import ActorError
from schemas.venue.moldudp64 import Request
from tests.exchange.mold_receiver import MoldReceiver, ask
from tests.exchange.venues import SYMBOLS, RunningExchange
from tests.runtime.deployments import eventually

GROUP = "239.192.71.3"
OPENING = 3 + 2 * len(SYMBOLS)
SESSION = "ANOTHERDAY"


def mold(*receivers, **values) -> dict:
    lines = [{"to": f"{GROUP if r.socket.getsockname()[0] == GROUP else '127.0.0.1'}:{r.port}"}
             for r in receivers]
    return {"lines": lines, "retransmission": "127.0.0.1:0", **values}


@pytest.fixture(scope="module")
def lines(tmp_path_factory):
    """An exchange with a unicast line and a multicast one, of small datagrams; their receivers."""
    with MoldReceiver() as a, MoldReceiver(GROUP) as b:
        config = mold(a, b, max_payload=300, heartbeat_ms=50)
        with RunningExchange(tmp_path_factory.mktemp("mold"), moldudp64=config) as exchange:
            yield exchange, a, b


def test_every_line_carries_what_soupbintcp_carries(lines):
    exchange, unicast, multicast = lines
    trader = exchange.trader()
    for n in range(40):
        trader.enter("B", n + 1, "AAPL", 900_000)
    trader.sync()
    count = exchange.counter("md_messages")
    assert count == OPENING + 40
    viewer = exchange.viewer(1)
    published = [viewer.message() for _ in range(count)]
    for line in (unicast, multicast):
        line.until(lambda: len(line.messages) == count)
        assert [line.messages[n] for n in sorted(line.messages)] == published
        assert sorted(line.messages) == list(range(1, count + 1))
        assert line.session == viewer.session
        assert 150 < line.longest <= 300
    assert exchange.counter("datagrams_unsent") == 0


def test_an_idle_line_has_a_heartbeat_with_the_next_number(lines):
    exchange, unicast, _ = lines
    while True:
        packet = unicast.packet()
        if packet.is_heartbeat and packet.sequence_number == exchange.counter("md_messages") + 1:
            break
    assert unicast.packet().is_heartbeat


def test_lost_messages_are_sent_again_as_many_as_fit(lines):
    exchange, unicast, _ = lines
    port, count = exchange.retransmission, exchange.counter("md_messages")
    unicast.until(lambda: len(unicast.messages) == count)
    sent_before = exchange.counter("retransmitted")
    recovered = {}
    while len(recovered) < count:
        first = len(recovered) + 1
        packet = ask(port, unicast.session, first, min(60_000, count - len(recovered)))
        assert packet.sequence_number == first and packet.session == unicast.session
        assert 0 < len(packet.messages) < 20
        recovered.update({first + n: m for n, m in enumerate(packet.messages)})
    assert recovered == unicast.messages
    assert exchange.counter("retransmitted") == sent_before + count
    packet = ask(port, unicast.session, 3, 2)
    assert packet.messages == (recovered[3], recovered[4])
    packet = ask(port, unicast.session, count, 10)
    assert packet.messages == (recovered[count],)


def test_requests_that_make_no_sense_are_counted_and_met_with_silence(lines):
    exchange, unicast, _ = lines
    unicast.packet()
    good = Request(unicast.session, 1, 1).encode()
    bad = [b"", b"x", good[:-1], good + b"\0", bytes(1_400), Request(SESSION, 1, 1).encode(),
           Request(unicast.session, 1, 0).encode()]
    beyond = [Request(unicast.session, sequence, 5).encode()
              for sequence in (0, exchange.counter("md_messages") + 1, 2**63, 2**64 - 1)]
    before = {name: exchange.counter(name) for name in ("bad_requests", "requests_unanswered")}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
        asker.settimeout(20)
        for data in bad + beyond + [good]:
            asker.sendto(data, ("127.0.0.1", exchange.retransmission))
        assert Request.decode(asker.recv(100)[:20]).sequence_number == 1
        asker.setblocking(False)
        with pytest.raises(BlockingIOError):
            asker.recv(100)
    assert exchange.counter("bad_requests") == before["bad_requests"] + len(bad)
    assert exchange.counter("requests_unanswered") == before["requests_unanswered"] + len(beyond)


def test_a_flood_of_requests_delays_no_order(lines):
    exchange, unicast, _ = lines
    trader, served = exchange.trader("DESK02"), exchange.counter("requests_in")
    request = Request(unicast.session, 1, 60_000).encode()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as flood:
        flood.setblocking(False)
        for _ in range(50):
            with contextlib.suppress(BlockingIOError):
                for _ in range(100):
                    flood.sendto(request, ("127.0.0.1", exchange.retransmission))
            reference = trader.enter("B", 1, "MSFT", 100)
            trader.expect("A")
            trader.cancel(reference)
            trader.expect("C")
        assert exchange.counter("requests_in") > served
    assert trader.sync() == []


def test_a_line_nobody_listens_to_harms_nobody(tmp_path):
    """A closed port, a network without a way there; TCP and the other line go on."""
    with MoldReceiver() as gone, MoldReceiver() as line:
        gone.close()
        config = {"lines": [{"to": f"127.0.0.1:{gone.port}"}, {"to": "127.0.0.1:9", "ttl": 1},
                            {"to": f"255.255.255.255:{gone.port}"},
                            {"to": f"127.0.0.1:{line.port}"}]}
        with RunningExchange(tmp_path, moldudp64=config) as exchange:
            trader = exchange.trader()
            trader.enter("B", 100, "AAPL", 900_000)
            trader.expect("A")
            line.until(lambda: len(line.messages) == OPENING + 1)
            assert exchange.expect_log("255.255.255.255", "cannot send: permission denied")
            assert exchange.counter("datagrams_unsent") > 0
            assert exchange.viewer(1).updates(OPENING + 1)


def test_the_end_of_the_day_is_said_more_than_once(tmp_path):
    with MoldReceiver() as line:
        with RunningExchange(tmp_path, moldudp64=mold(line)) as exchange:
            assert exchange.stop() == {"exchange": 0}
            line.until(lambda: line.ended)
            again = line.packet()
            assert again.end_of_session and again.sequence_number == len(line.messages) + 1
            assert [m["event_code"] for m in line.decoded()[-3:]] == ["M", "E", "C"]


def test_what_the_log_no_longer_keeps_is_not_sent_again(tmp_path):
    with MoldReceiver() as line:
        config = {"moldudp64": mold(line), "capacity": {"market_data_log_mib": 1},
                  "flow": {"rate": 20_000, "seed": 3}}
        with RunningExchange(tmp_path, **config) as exchange:
            eventually(lambda: exchange.counter("md_messages") > 80_000, 60)
            line.packet()
            with pytest.raises(TimeoutError):
                ask(exchange.retransmission, line.session, 1, 10, timeout=0.2)
            assert exchange.counter("requests_unanswered") == 1
            recent = exchange.counter("md_messages") - 5_000
            packet = ask(exchange.retransmission, line.session, recent, 60_000)
            assert packet.sequence_number == recent and 20 < len(packet.messages) < 80


@pytest.mark.parametrize("values, why", [
    ({"lines": []}, "at least 1 item"),
    ({"lines": [{"to": "127.0.0.1:0"}]}, "port 0 cannot be connected to"),
    ({"lines": [{"to": "127.0.0.1:9"}, {"to": "127.0.0.1:9"}]}, "two lines go to 127.0.0.1:9"),
    ({"lines": [{"to": "[::1]:9"}]}, "lines are IPv4"),
    ({"lines": [{"to": "239.0.0.1:9", "interface": "eth0"}]}, "'eth0' is not the IPv4 address"),
    ({"lines": [{"to": "127.0.0.1:9"}], "max_payload": 100}, "max_payload"),
])
def test_mistakes_in_the_config_are_errors_that_name_them(values, why):
    with pytest.raises(ValueError, match=why.replace("[", "\\[")):
        ExchangeConfig(moldudp64=values)


def test_addresses_that_cannot_be_used_are_errors_that_name_them():
    def opened(**values):
        return DatagramSockets(MoldUdp64Config(**values), SESSION, 65_536, "exchange")
    with pytest.raises(ActorError, match="239.0.0.1:9: cannot send from the interface 192.0.2.77"):
        opened(lines=[{"to": "239.0.0.1:9", "interface": "192.0.2.77"}])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with pytest.raises(ActorError, match="retransmission cannot listen.*held by pid"):
            opened(lines=[{"to": "127.0.0.1:9"}], retransmission=f"127.0.0.1:{port}")
