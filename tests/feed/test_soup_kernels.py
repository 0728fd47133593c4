"""Packets in and out of a socket, in kernels, against plain Python on the same bytes."""

import socket

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from actors.runtime.layout import CTX
from actors.runtime.soup_kernels import (
    SOUP_LINK, LinkLoss, LinkState, consumed, keep_alive, next_message, receive, reserve, transmit,
    unsent,
)
from schemas.venue import soupbintcp as soup
from tests.feed.soup_rig import read_memory

NOW = 1_000_000_000_000
SECOND = 1_000_000_000


class Wire:
    """A link whose socket ends in the test's hands."""

    def __init__(self, tx_size: int = 1 << 16, send_buffer: int | None = None):
        self.ours, self.theirs = socket.socketpair()
        self.ours.setblocking(False)
        if send_buffer:
            self.ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer)
        self.rx = np.zeros(1 << 19, np.uint8)
        self.tx = np.zeros(tx_size, np.uint8)
        self.link = np.zeros(1, SOUP_LINK)[0]
        for name, value in dict(
                state=LinkState.ACTIVE, fd=self.ours.fileno(), next_sequence=1,
                rx=self.rx.ctypes.data, rx_size=self.rx.size, tx=self.tx.ctypes.data,
                tx_size=self.tx.size, received_ns=NOW, sent_ns=NOW, heartbeat_ns=SECOND,
                silence_ns=15 * SECOND).items():
            self.link[name] = value
        self.ctx = np.zeros((), CTX)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.ours.close()
        self.theirs.close()

    def take(self) -> list[bytes]:
        """One turn: what is at hand."""
        receive(self.link, self.ctx.ctypes.data)
        found = []
        while next_message(self.link):
            found.append(read_memory(int(self.link["payload"]), int(self.link["payload_size"])))
            consumed(self.link)
        return found

    def send(self, kind: int, payload: bytes) -> bool:
        at = reserve(self.link, len(payload))
        if at == 0:
            return False
        offset = at - self.tx.ctypes.data
        self.tx[offset:offset + len(payload)] = np.frombuffer(payload, np.uint8)
        transmit(self.link, kind, len(payload), NOW)
        return True


payloads = st.binary(max_size=40)
packets = st.lists(st.one_of(
    payloads.map(lambda p: soup.packet(soup.SEQUENCED_DATA, p)),
    payloads.map(lambda p: soup.packet(soup.UNSEQUENCED_DATA, p)),
    payloads.map(lambda p: soup.packet(soup.DEBUG, p)),
    st.just(soup.packet(soup.SERVER_HEARTBEAT))), max_size=12)


@settings(max_examples=100, deadline=None)
@given(packets, st.lists(st.integers(1, 30), max_size=40))
def test_however_the_stream_is_cut_the_same_messages_come_out(stream, cuts):
    expected = [p[3:] for p in stream if p[2] == soup.SEQUENCED_DATA]
    data, found = b"".join(stream), []
    with Wire() as wire:
        while data:
            size = cuts.pop() if cuts else len(data)
            wire.theirs.sendall(data[:size])
            data = data[size:]
            found += wire.take()
        assert found == expected
        assert wire.link["next_sequence"] == 1 + len(expected)
        assert wire.link["state"] == LinkState.ACTIVE


def test_a_whole_packet_is_handled_before_more_is_received():
    """So the arrival time is that of the bytes at hand."""
    with Wire() as wire:
        wire.theirs.sendall(soup.packet(soup.SEQUENCED_DATA, b"early"))
        receive(wire.link, wire.ctx.ctypes.data)
        arrived = int(wire.link["received_ns"])
        wire.theirs.sendall(soup.packet(soup.SEQUENCED_DATA, b"late"))
        assert receive(wire.link, wire.ctx.ctypes.data) == 0
        assert wire.link["received_ns"] == arrived
        assert wire.take() == [b"early"]
        assert wire.take() == [b"late"]
        assert wire.link["received_ns"] > arrived


def test_the_largest_packets_fit_however_they_lie_in_the_buffer():
    largest = [soup.packet(soup.SEQUENCED_DATA, bytes([n]) * soup.MAX_PAYLOAD_LENGTH)
               for n in range(20)]
    stream = b"".join(largest)
    found = []
    with Wire() as wire:
        wire.theirs.setblocking(False)
        while len(found) < 20:
            try:
                stream = stream[wire.theirs.send(stream[:50_001]):]
            except BlockingIOError:
                pass
            found += wire.take()
    assert [(p[0], len(p)) for p in found] == [(n, soup.MAX_PAYLOAD_LENGTH) for n in range(20)]


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300))
@example(b"\x00\x00")
@example(b"\x00\x01A")
@example(b"\xff\xffS")
def test_any_bytes_are_survived_and_what_is_wrong_ends_the_link(data):
    with Wire() as wire:
        if data:
            wire.theirs.sendall(data)
        wire.take()
        if wire.link["state"] == LinkState.LOST:
            assert wire.link["loss"] in (LinkLoss.MALFORMED, LinkLoss.END_OF_SESSION)
        else:
            rest = int(wire.link["rx_end"] - wire.link["rx_start"])
            left = data[len(data) - rest:]
            assert soup.split(left) == ([], left)


def test_the_venue_closing_ends_the_link():
    with Wire() as wire:
        wire.theirs.sendall(soup.packet(soup.SEQUENCED_DATA, b"last words"))
        wire.theirs.close()
        assert wire.take() == [b"last words"]
        wire.take()
        assert (wire.link["state"], wire.link["loss"]) == (LinkState.LOST, LinkLoss.CLOSED)


def test_a_second_of_own_silence_is_broken_by_a_heartbeat():
    with Wire() as wire:
        keep_alive(wire.link, NOW + SECOND - 1)
        keep_alive(wire.link, NOW + SECOND)
        keep_alive(wire.link, NOW + SECOND + 1)
        assert wire.theirs.recv(100) == soup.packet(soup.CLIENT_HEARTBEAT)


def test_orders_make_heartbeats_unnecessary():
    with Wire() as wire:
        wire.link["sent_ns"] = NOW - SECOND
        assert wire.send(soup.UNSEQUENCED_DATA, b"order")
        keep_alive(wire.link, NOW + 1)
        assert wire.theirs.recv(100) == soup.packet(soup.UNSEQUENCED_DATA, b"order")


def test_fifteen_seconds_of_the_venues_silence_end_the_link():
    with Wire() as wire:
        keep_alive(wire.link, NOW + 15 * SECOND)
        assert wire.link["state"] == LinkState.ACTIVE
        keep_alive(wire.link, NOW + 15 * SECOND + 1)
        assert (wire.link["state"], wire.link["loss"]) == (LinkState.LOST, LinkLoss.SILENCE)


def test_a_socket_that_takes_only_parts_still_gets_everything_in_order():
    payload = bytes(range(256)) * 16
    sent, got = b"", b""
    with Wire(send_buffer=4096) as wire:
        wire.theirs.setblocking(False)
        for n in range(300):
            message = bytes([n % 256]) + payload
            if wire.send(soup.UNSEQUENCED_DATA, message):
                sent += soup.packet(soup.UNSEQUENCED_DATA, message)
            else:
                assert unsent(wire.link) > 0
                got += read_some(wire.theirs)
                keep_alive(wire.link, NOW + n)
        while unsent(wire.link):
            got += read_some(wire.theirs)
            keep_alive(wire.link, NOW + 400)
        got += read_some(wire.theirs)
        assert got == sent
        assert wire.link["bytes_out"] == len(sent)


def read_some(sock: socket.socket) -> bytes:
    try:
        return sock.recv(20_000)
    except BlockingIOError:
        return b""


def test_when_the_venue_does_not_read_there_is_no_room_in_the_end():
    with Wire(tx_size=4096, send_buffer=4096) as wire:
        tries = 0
        while wire.send(soup.UNSEQUENCED_DATA, b"x" * 1000):
            tries += 1
            assert tries < 1000
        assert wire.link["state"] == LinkState.ACTIVE
        assert unsent(wire.link) <= 4096


def test_sending_into_a_closed_connection_ends_the_link_and_nothing_else():
    with Wire() as wire:
        wire.theirs.close()
        for _ in range(3):
            if wire.link["state"] == LinkState.ACTIVE:
                wire.send(soup.UNSEQUENCED_DATA, b"order")
        assert (wire.link["state"], wire.link["loss"]) == (LinkState.LOST, LinkLoss.ERROR)
        assert wire.link["loss_errno"] != 0


@pytest.mark.parametrize("waiting", [0, 100])
def test_a_log_out_is_the_last_thing_sent(waiting):
    with Wire() as wire:
        if waiting:
            wire.send(soup.UNSEQUENCED_DATA, b"o" * waiting)
        wire.link["logout"] = 1
        keep_alive(wire.link, NOW)
        data = wire.theirs.recv(1000)
        assert soup.split(data)[0][-1] == (soup.LOGOUT_REQUEST, b"")
        assert (wire.link["state"], wire.link["loss"]) == (LinkState.LOST, LinkLoss.LOGGED_OUT)
