"""Logging in: who gets in, where their stream begins, and what the others are told."""

import pytest

from actors.exchange.front_door import _login_in
from schemas.venue import ProtocolError, ouch50, soupbintcp
from schemas.venue.soupbintcp import LoginAccepted, LoginRejected, LoginRejectReason, LoginRequest
from tests.exchange.soup_client import Disconnected

NOT_AUTHORISED = LoginRejected(LoginRejectReason.NOT_AUTHORISED)
NO_SESSION = LoginRejected(LoginRejectReason.SESSION_NOT_AVAILABLE)


def field(text: str, width: int, left: bool) -> bytes:
    return text.encode().rjust(width) if left else text.encode().ljust(width)


@pytest.mark.parametrize("left", [False, True], ids=["padded right", "padded left"])
@pytest.mark.parametrize("user", ["DESK02", "desk02"])
@pytest.mark.parametrize("version", ["3.00", "4.1"])
def test_clients_pad_and_write_their_names_as_they_like(exchange, left, user, version):
    payload = (field(user, 6, left) + field("Secret99", 10, left) + field("", 10, left)
               + field("1", 20, left))
    if version == "4.1":
        payload += field("15000", 5, left)
    client = exchange.order_client()
    client.send_packet(soupbintcp.LOGIN_REQUEST, payload)
    answer = client.read_login_answer()
    assert answer.sequence_number == 1
    assert len(answer.session) == 10 and answer.session.isalnum()
    assert client.expect("S")["event_code"] == "S"  # the day's first message


@pytest.mark.parametrize("user, password", [
    ("DESK01", "WRONG"), ("NOBODY", "PITWIRE"), ("DESK01", ""), ("", ""), ("DESK01", "SECRET99")])
def test_a_wrong_password_or_user_is_rejected_and_cut_off(exchange, user, password):
    client = exchange.order_client()
    assert client.login(user, password) == NOT_AUTHORISED
    with pytest.raises(Disconnected):
        client.packet()
    assert password == "" or password not in exchange.expect_log("refused", f"'{user}'")


def test_the_current_session_may_be_named_and_no_other(exchange):
    session = exchange.trader().session
    assert exchange.order_client().login(session=session.lower()) == LoginAccepted(session, 1)
    client = exchange.market_client()
    assert client.login(session="YESTERDAY") == NO_SESSION
    with pytest.raises(Disconnected):
        client.packet()
    assert session in exchange.expect_log("refused", "'YESTERDAY'")


def test_sequence_0_is_only_what_is_new(exchange):
    first = exchange.trader()
    client = exchange.order_client()
    assert client.login(sequence=0).sequence_number == first.next_sequence
    reference = first.enter("B", 100, "AAPL", 500_000)
    assert client.expect("A")["user_ref_num"] == reference


def test_a_sequence_beyond_the_end_begins_with_the_next_message(exchange):
    first = exchange.trader()
    client = exchange.order_client()
    assert client.login(sequence=10**6).sequence_number == first.next_sequence


def test_what_was_missed_is_sent_again_from_any_number(exchange):
    trader = exchange.trader("DESK02")
    trader.logout()
    whole = exchange.order_client()
    count = whole.login("DESK02", "SECRET99", sequence=1)
    assert count.sequence_number == 1
    stream = [whole.message() for _ in range(trader.next_sequence - 1)]
    for first in {1, 2, len(stream) // 2 + 1, len(stream)}:
        client = exchange.order_client()
        assert client.login("DESK02", "SECRET99", sequence=first).sequence_number == first
        assert [client.message() for _ in stream[first - 1:]] == stream[first - 1:]


def test_what_is_sent_with_the_login_is_not_lost(exchange):
    client = exchange.order_client()
    query = soupbintcp.packet(soupbintcp.UNSEQUENCED_DATA, ouch50.encode_in("Q"))
    login = LoginRequest("DESK01", "PITWIRE", sequence_number=0).encode()
    client.socket.sendall(login + query + query)
    client.read_login_answer()
    client.expect("Q", "Q")


def test_a_login_may_come_byte_by_byte(exchange):
    client = exchange.order_client()
    for byte in LoginRequest("DESK01", "PITWIRE", sequence_number=1).encode():
        client.socket.sendall(bytes([byte]))
    assert client.read_login_answer().sequence_number == 1


def test_many_clients_of_one_account_all_hear(exchange):
    traders = [exchange.trader() for _ in range(10)]
    reference = traders[0].enter("S", 10, "MSFT", 700_000)
    for trader in traders:
        heard = trader.reply()
        while heard["type"] == "Q":  # the answers to the others' queries
            heard = trader.reply()
        assert (heard["type"], heard["user_ref_num"]) == ("A", reference)


def test_logins_and_logouts_are_logged(exchange):
    client = exchange.trader("DESK03")
    peer = "{}:{}".format(*client.socket.getsockname())
    assert exchange.expect_log(peer, "logged in").startswith("order entry: DESK03 at ")
    client.logout()
    exchange.expect_log(peer, "logged out")


def test_a_client_that_just_goes_is_noticed(exchange):
    client = exchange.trader("DESK03")
    peer = "{}:{}".format(*client.socket.getsockname())
    client.close()
    exchange.expect_log(peer, "closed the connection")


@pytest.mark.parametrize("bytes_, why", [
    (b"\x00\x00L", "packet length is 0"), (b"\x00\x2fX", "packet type is 'X'"),
    (b"GET / HTTP", "packet length is 18245"), (b"\x00\x2e", "packet length is 46")])
def test_what_cannot_become_a_login_is_known_at_once(bytes_, why):
    with pytest.raises(ProtocolError, match=why):
        _login_in(bytes_)
