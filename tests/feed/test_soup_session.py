"""A SoupBinTCP client logs in, follows, loses its venue and finds it again."""

import re
import socket
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.runtime.soup_kernels import LinkLoss
from actors.runtime.soup_session import StreamPlan, plan_stream
from schemas.venue import soupbintcp as soup
from tests.feed.fake_venue import FakeVenue
from tests.feed.soup_rig import SoupRig

HELLO = [b"one", b"two", b"three"]


@pytest.fixture
def venue():
    with FakeVenue(stream=list(HELLO)) as venue:
        yield venue


# ---- what to ask for -----------------------------------------------------------------------------

@pytest.mark.parametrize("known, following, session, tail, plan", [
    ("", 1, "DAY1", 1, StreamPlan(False, 1)),         # the first login ever
    ("", 1, "DAY1", 500, StreamPlan(False, 1)),       # ... into a running session: all of it
    ("DAY1", 7, "DAY1", 7, StreamPlan(False, 7)),     # nothing was missed
    ("DAY1", 7, "DAY1", 90, StreamPlan(False, 7)),    # something was
    ("DAY1", 7, "DAY1", 6, StreamPlan(False, 7)),     # a venue that says its last, not its next
    ("DAY1", 7, "DAY1", 5, StreamPlan(True, 1)),      # shorter than what we have: another stream
    ("DAY1", 7, "DAY2", 90, StreamPlan(True, 1)),     # another session
])
def test_the_stream_to_ask_for(known, following, session, tail, plan):
    assert plan_stream(known, following, session, tail) == plan


# ---- logging in ----------------------------------------------------------------------------------

def test_a_login_first_looks_how_far_the_venue_is_then_asks_for_everything(venue):
    rig = SoupRig(venue.address, username="trader", password="secret")
    rig.until(lambda: rig.texts() == HELLO)
    asked = [(r.request.username, r.request.password, r.request.sequence_number)
             for r in venue.logins]
    assert asked == [("trader", "secret", 0), ("trader", "secret", 1)]
    assert [n for n, _ in rig.messages] == [1, 2, 3]
    assert rig.link["tail"] == 4
    assert rig.client.session == "DAY1"
    assert "logged in to market data, next sequence 1" in rig.log
    assert rig.fds[-1] == rig.link["fd"] >= 0


def test_what_the_venue_says_later_arrives_too(venue):
    rig = SoupRig(venue.address)
    rig.until(lambda: len(rig.messages) == 3)
    venue.publish(b"four")
    rig.until(lambda: rig.messages[-1] == (4, b"four"))


def test_a_refused_connection_is_tried_again_with_growing_delays():
    venue = FakeVenue()
    venue.listen()
    venue.stop_listening()
    rig = SoupRig(venue.address)
    rig.until(lambda: len(rig.log.lines) >= 7)
    texts = [text for _, text in rig.log.lines]
    delays = [float(re.search(r"next attempt in ([\d.]+) ms", text)[1]) for text in texts]
    assert delays[:7] == [1, 2, 4, 8, 16, 20, 20]
    assert f"market data at {venue.address}: connection refused" in rig.log
    venue.stream = list(HELLO)
    venue.listen()
    try:
        rig.until(lambda: rig.texts() == HELLO)
    finally:
        venue.close()


@pytest.mark.parametrize("reason, word", [
    (soup.LoginRejectReason.NOT_AUTHORISED, "not authorised"),
    (soup.LoginRejectReason.SESSION_NOT_AVAILABLE, "session not available")])
def test_a_rejected_login_says_why_and_is_tried_again(venue, reason, word):
    venue.refuse = reason
    rig = SoupRig(venue.address)
    rig.until(lambda: f"login rejected: {word} (user DESK01" in rig.log)
    venue.refuse = None
    rig.until_connected()


@pytest.mark.parametrize("answer", [
    b"", b"\x00\x00", b"\x00\x01Q", b"\x00\x1eA too short" + b" " * 18, b"\x00\x1fA" + b"x" * 30,
    soup.packet(soup.SEQUENCED_DATA, b"early"), b"\x00\x02J?", b"HTTP/1.1 400 Bad Request\r\n\r\n"])
def test_a_server_that_speaks_something_else_is_left_alone(answer):
    """Each answer is followed by the end of the connection."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        def answer_all():
            while True:
                try:
                    client, _ = server.accept()
                except OSError:
                    return
                with client:
                    client.recv(64)
                    client.sendall(answer)

        threading.Thread(target=answer_all, daemon=True).start()
        rig = SoupRig(f"127.0.0.1:{server.getsockname()[1]}")
        rig.until(lambda: len(rig.log.lines) >= 2)
        assert not rig.client.connected
        assert all("next attempt in" in text for _, text in rig.log.lines)
        server.shutdown(socket.SHUT_RDWR)


def test_debug_packets_and_heartbeats_before_the_answer_are_passed_over():
    with socket.create_server(("127.0.0.1", 0)) as server:
        def serve():
            for sequence in (1, 1):
                client, _ = server.accept()
                client.recv(64)
                client.sendall(soup.debug("welcome") + soup.packet(soup.SERVER_HEARTBEAT)
                               + soup.LoginAccepted("S", sequence).encode()
                               + soup.packet(soup.SEQUENCED_DATA, b"first"))
                keep.append(client)

        keep = []
        threading.Thread(target=serve, daemon=True).start()
        rig = SoupRig(f"127.0.0.1:{server.getsockname()[1]}")
        rig.until(lambda: rig.messages == [(1, b"first")])


# ---- losing the venue ----------------------------------------------------------------------------

def test_after_a_cut_connection_it_goes_on_with_the_next_message(venue):
    rig = SoupRig(venue.address)
    rig.until(lambda: len(rig.messages) == 3)
    venue.drop()
    venue.publish(b"missed", b"too")
    rig.until(lambda: rig.texts() == [*HELLO, b"missed", b"too"])
    assert [n for n, _ in rig.messages] == [1, 2, 3, 4, 5]
    assert venue.logins[-1].request.sequence_number == 4
    assert rig.fresh == 0 and rig.link["tail"] == 6
    assert "the venue closed the connection" in rig.log


def test_a_venue_that_falls_silent_is_given_up(venue):
    venue.heartbeats = False
    rig = SoupRig(venue.address, silence_timeout_ms=50)
    rig.until_connected()
    rig.until(lambda: "nothing came for 0.05 s" in rig.log)
    rig.until(lambda: rig.link["logins"] >= 2)
    assert rig.texts() == HELLO


def test_a_venue_that_only_sends_heartbeats_is_not_given_up(venue):
    rig = SoupRig(venue.address, silence_timeout_ms=2_000)
    rig.until_connected()
    began = rig.link["received_ns"].item()
    rig.until(lambda: rig.link["received_ns"] > began + 500_000_000)
    assert rig.link["logins"] == 1


def test_the_client_sends_a_heartbeat_when_it_has_nothing_to_say(venue):
    rig = SoupRig(venue.address, heartbeat_ms=5)
    rig.until(lambda: venue.client_heartbeats >= 3)
    assert rig.link["logins"] == 1


def test_the_end_of_the_session_is_understood(venue):
    rig = SoupRig(venue.address)
    rig.until(lambda: len(rig.messages) == 3)
    venue.send_raw(soup.packet(soup.END_OF_SESSION))
    rig.until(lambda: "the venue ended the session" in rig.log)


def test_garbage_drops_the_session_shows_the_bytes_and_logs_in_again(venue):
    rig = SoupRig(venue.address)
    rig.until(lambda: len(rig.messages) == 3)
    venue.send_raw(b"\x00\x04?bad")
    rig.until(lambda: "no SoupBinTCP packet, starting 00 04 3f 62 61 64" in rig.log)
    venue.publish(b"four")
    rig.until(lambda: rig.messages[-1] == (4, b"four"))


def test_a_new_session_is_begun_from_its_first_message(venue):
    rig = SoupRig(venue.address)
    rig.until(lambda: len(rig.messages) == 3)
    venue.restart("DAY2")
    venue.publish(b"good morning")
    rig.until(lambda: rig.texts()[3:] == [b"good morning"])
    assert rig.messages[-1][0] == 1
    assert rig.fresh == 1
    assert "session 'DAY1' is over after message 3, the venue is in 'DAY2'" in rig.log


def test_a_stream_that_became_shorter_is_a_new_one_whatever_its_name(venue):
    rig = SoupRig(venue.address)
    rig.until(lambda: len(rig.messages) == 3)
    venue.restart("DAY1")
    venue.publish(b"again")
    rig.until(lambda: rig.messages[-1] == (1, b"again"))
    assert rig.fresh == 1


def test_a_login_waits_for_as_long_as_the_past_is_unfinished(venue):
    rig = SoupRig(venue.address)
    rig.until(lambda: len(rig.messages) == 3)
    rig.hold = True
    venue.drop()
    for _ in range(50):
        rig.turn()
    logins = len(venue.logins)
    assert not rig.client.connected and logins == 2
    rig.hold = False
    rig.until_connected()


def test_messages_the_venue_no_longer_has_are_a_gap(venue):
    rig = SoupRig(venue.address)
    rig.until(lambda: len(rig.messages) == 3)
    venue.drop()
    venue.publish(b"four", b"five", b"six")
    venue.retained_from = 6
    rig.until(lambda: rig.messages[-1] == (6, b"six"))
    assert rig.texts() == [*HELLO, b"six"]
    assert rig.gaps == 1 and rig.link["gap"] == 2
    assert "messages 4 to 5 are gone: the venue goes on at 6" in rig.log


def test_messages_the_venue_repeats_are_passed_over(venue):
    rig = SoupRig(venue.address)
    rig.until(lambda: len(rig.messages) == 3)
    venue.drop()
    venue.publish(b"four")
    venue.rewind = 2
    rig.until(lambda: len(rig.messages) > 3)
    assert rig.messages[3:] == [(4, b"four")]


def test_closing_logs_out(venue):
    rig = SoupRig(venue.address)
    rig.until_connected()
    probes = venue.logouts
    stop = threading.Event()
    reactor = threading.Thread(target=lambda: [rig.react() for _ in iter(stop.is_set, True)])
    reactor.start()
    rig.client.close()
    stop.set()
    reactor.join()
    rig.until(lambda: venue.logouts == probes + 1)
    assert rig.link["loss"] == LinkLoss.LOGGED_OUT
    assert rig.fds[-1] == -1


# ---- bytes ---------------------------------------------------------------------------------------

def test_one_byte_at_a_time_every_packet_still_arrives(venue):
    venue.chunk = 1
    rig = SoupRig(venue.address)
    rig.until(lambda: rig.texts() == HELLO)


@settings(max_examples=40, deadline=None)
@given(garbage=st.binary(min_size=1, max_size=200))
def test_whatever_comes_after_the_login_the_client_survives(garbage):
    """It either still follows, or gives the link up and logs in again; and then it follows."""
    with FakeVenue(stream=list(HELLO)) as venue:
        rig = SoupRig(venue.address)
        rig.until(lambda: len(rig.messages) == 3)
        venue.send_raw(garbage)
        venue.drop()
        before = int(rig.link["logins"])
        rig.until(lambda: rig.link["logins"] > before and rig.client.connected)
