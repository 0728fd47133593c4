"""Arbitration, reordering and gaps of MoldUDP64 lines: the kernels against what a stream is."""

import random
import socket

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.feed.gaps import Act, ask, first_buffered, look_at_gap, resume_at
from actors.feed.lines import (
    KEPT, LINES, MAX_LINES, PACKET_BYTES, RETRANSMISSION, SLOT, Opened, at_hand, close_at_hand,
    keep_packet, offer, open_packet,
)
from schemas.venue.moldudp64 import Packet, Request
from tests.feed.soup_rig import read_memory

A, B = 0, 1
MS = 1_000_000


class Rig:
    """The LINES of a feed without sockets; ``taken`` is what was taken, with its number."""

    def __init__(self, ring: int = 64, snapshot: bool = False):
        self.table, self.ring = np.zeros(1, LINES), np.zeros(ring, SLOT)
        self.record = self.table[0]
        self.at = self.table.ctypes.data
        self.packets = np.zeros((MAX_LINES, PACKET_BYTES), np.uint8)
        self.ours, self.servers = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.servers.setblocking(False)
        lines = self.record["line"]
        lines["fd"] = -1
        lines["packet"] = [p.ctypes.data for p in self.packets]
        lines["fd"][RETRANSMISSION] = self.ours.fileno()
        for name, value in dict(ring=self.ring.ctypes.data, mask=ring - 1, wait_ns=MS,
                                timeout_ns=4 * MS, most_attempts=3, ask_every_ns=0,
                                silence_ns=1000 * MS, has_snapshot=snapshot, expected=1).items():
            self.record[name] = value
        self.ring["sequence"] = -1
        self.now = 1000 * MS
        self.taken: list[tuple[int, bytes]] = []

    def close(self) -> None:
        self.ours.close()
        self.servers.close()

    def packet(self, i: int, data: bytes, keep: bool = False) -> Opened:
        """One packet on line ``i``; takes all that can be taken."""
        self.packets[i, :len(data)] = np.frombuffer(data, np.uint8)
        offer(self.at, i, len(data), self.now)
        opened = Opened(open_packet(self.at, i))
        if keep:
            keep_packet(self.at, i)
        else:
            self.take(i)
        return opened

    def take(self, i: int = A) -> None:
        record = self.record
        while at_hand(self.at, i):
            size = min(int(record["payload_size"]), KEPT)
            self.taken.append((int(record["sequence"]), read_memory(int(record["payload"]), size)))
            close_at_hand(self.at)

    def messages(self, i: int, first: int, *messages: bytes, session: str = "DAY1",
                 **more) -> Opened:
        return self.packet(i, Packet(session, first, messages).encode(), **more)

    def heartbeat(self, next_number: int) -> None:
        self.messages(A, next_number)

    def act(self) -> Act:
        return Act(look_at_gap(self.at, self.now))

    def request(self) -> Request:
        """Asks; what the server gets."""
        ask(self.at, self.now)
        return Request.decode(self.servers.recv(100))

    def texts(self) -> str:
        return "".join(text.decode() for _, text in self.taken)

    def line(self, i: int, name: str) -> int:
        return int(self.record["line"][i][name])


@pytest.fixture
def rig():
    rig = Rig()
    yield rig
    rig.close()


# ---- stories -------------------------------------------------------------------------------------

def test_whichever_line_is_first_is_taken_and_the_other_counted(rig):
    rig.messages(A, 1, b"a", b"b")
    rig.messages(B, 1, b"a", b"b")
    rig.messages(B, 3, b"c")
    rig.messages(A, 3, b"c")
    assert rig.texts() == "abc"
    assert (rig.line(A, "first"), rig.line(A, "duplicates")) == (2, 1)
    assert (rig.line(B, "first"), rig.line(B, "duplicates")) == (1, 2)


def test_what_one_line_loses_the_other_has(rig):
    rig.messages(A, 1, b"a")
    rig.messages(A, 3, b"c")
    assert rig.texts() == "a"
    rig.messages(B, 2, b"b")
    assert rig.texts() == "abc"
    assert rig.act() == Act.NOTHING


def test_a_packet_that_overlaps_what_was_taken_brings_the_rest(rig):
    rig.messages(A, 1, b"a", b"b")
    rig.messages(B, 2, b"b", b"c")
    assert rig.texts() == "abc"


def test_a_gap_is_waited_for_then_asked_for_then_asked_for_less_and_less_often(rig):
    rig.messages(A, 1, b"a")
    rig.messages(A, 4, b"d")
    assert rig.act() == Act.NOTHING
    rig.now += MS
    assert rig.act() == Act.ASK
    assert rig.request() == Request("DAY1", 2, 2)
    for wait in (4, 8):
        rig.now += wait * MS - 1
        assert rig.act() == Act.NOTHING
        rig.now += 1
        assert rig.act() == Act.ASK
        assert rig.request() == Request("DAY1", 2, 2)
    rig.now += 16 * MS
    assert rig.act() == Act.GIVE_UP
    assert first_buffered(rig.at) == 4
    resume_at(rig.at, 4)
    rig.take()
    assert rig.texts() == "ad"


def test_an_answer_with_a_part_is_followed_by_the_next_request_at_once(rig):
    rig.messages(A, 1, b"a")
    rig.messages(A, 5, b"e")
    assert rig.act() == Act.NOTHING
    rig.now += MS
    assert rig.act() == Act.ASK and rig.request().message_count == 3
    rig.messages(RETRANSMISSION, 2, b"b")
    assert rig.act() == Act.ASK
    assert rig.request() == Request("DAY1", 3, 2)
    rig.messages(RETRANSMISSION, 3, b"c", b"d")
    assert rig.texts() == "abcde"
    assert rig.act() == Act.NOTHING and rig.record["recovered"] == 1
    assert rig.record["gaps"] == 1 and rig.record["asked"] == 2


def test_a_heartbeat_shows_that_the_last_message_was_lost(rig):
    rig.messages(A, 1, b"a")
    rig.heartbeat(3)
    rig.act()
    rig.now += MS
    assert rig.act() == Act.ASK and rig.request() == Request("DAY1", 2, 1)


def test_requests_are_no_more_frequent_than_allowed(rig):
    rig.record["ask_every_ns"] = 10 * MS
    rig.messages(A, 1, b"a")
    rig.messages(A, 9, b"i")
    rig.act()
    rig.now += 20 * MS
    assert rig.act() == Act.ASK and rig.request()
    rig.messages(RETRANSMISSION, 2, b"b")
    assert rig.act() == Act.NOTHING
    rig.now += 10 * MS
    assert rig.act() == Act.ASK


def test_more_missing_than_the_ring_can_keep_up_with_calls_for_a_snapshot_at_once():
    rig = Rig(snapshot=True)
    rig.messages(A, 1, b"a")
    rig.messages(A, 60, b"x")
    rig.messages(A, 100, b"y")
    assert rig.act() == Act.GIVE_UP
    assert rig.record["overruns"] == 1
    rig.close()


def test_while_a_snapshot_is_taken_the_newest_messages_are_kept():
    rig = Rig(ring=64, snapshot=True)
    rig.messages(A, 1, b"a")
    for number in range(10, 110):
        rig.messages(number % 2, number, b"%d " % number, keep=True)
    resume_at(rig.at, 108)
    rig.take()
    assert rig.texts() == "a108 109 "
    assert rig.act() == Act.NOTHING
    rig.close()


def test_another_session_is_foreign_until_this_one_is_over(rig):
    rig.messages(A, 1, b"a")
    assert rig.messages(B, 1, b"x", session="DAY2") == Opened.NOTHING
    assert rig.line(B, "foreign") == 1
    rig.packet(A, Packet("DAY1", 2, end_of_session=True).encode())
    assert rig.messages(B, 1, b"x", session="DAY2") == Opened.NEW_SESSION
    assert rig.texts() == "a", "the packet waits until the books are empty"
    record = rig.record
    record["former_0"], record["former_1"] = record["session_0"], record["session_1"]
    record["known"] = record["ended"] = record["highest"] = 0
    resume_at(rig.at, 1)
    open_packet(rig.at, B)
    rig.take(B)
    assert rig.messages(A, 2, b"b") == Opened.NOTHING, "what is over stays over"
    assert rig.texts() == "ax"


def test_a_session_that_fell_silent_is_over_too(rig):
    rig.messages(A, 1, b"a")
    rig.now += 1001 * MS
    assert rig.messages(A, 1, b"x", session="DAY2") == Opened.NEW_SESSION


def test_one_packet_from_the_far_future_is_not_believed_two_are(rig):
    rig.messages(A, 1, b"a")
    assert rig.messages(A, 10**15, b"x") == Opened.NOTHING
    rig.messages(A, 2, b"b")
    assert rig.act() == Act.NOTHING and rig.texts() == "ab"
    rig.messages(A, 5000, b"x")
    rig.messages(A, 5001, b"y")
    assert rig.record["highest"] == 5002


# ---- bytes that cannot be ------------------------------------------------------------------------

def test_every_truncation_of_a_packet_is_recognised(rig):
    data = Packet("DAY1", 1, (b"abc", b"", b"defg")).encode()
    for size in range(1, len(data)):
        assert rig.packet(A, data[:size]) == Opened.NOTHING
    rig.packet(A, data + b"!")
    assert rig.line(A, "malformed") == len(data) and rig.taken == []
    rig.packet(A, data)
    assert [text for _, text in rig.taken] == [b"abc", b"", b"defg"]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32))
def test_flipped_and_random_bytes_take_each_number_at_most_once_and_in_order(seed):
    rng = random.Random(seed)
    rig = Rig(snapshot=rng.random() < 0.5)
    number = 1
    for _ in range(60):
        data = bytearray(Packet("DAY1", number, tuple(
            rng.randbytes(rng.randrange(80)) for _ in range(rng.randrange(4)))).encode())
        number += int.from_bytes(data[18:20], "big")
        for _ in range(rng.randrange(3)):
            data[rng.randrange(len(data))] ^= rng.randrange(256)
        rig.packet(rng.randrange(2), bytes(data), keep=rng.random() < 0.1)
        rig.packet(rng.randrange(2), rng.randbytes(rng.randrange(1, 200)))
        rig.now += rng.randrange(2 * MS)
        if rig.act() == Act.ASK:
            rig.request()
        elif rig.act() == Act.GIVE_UP:
            resume_at(rig.at, first_buffered(rig.at))
    numbers = [n for n, _ in rig.taken]
    assert numbers == sorted(set(numbers))
    rig.close()


# ---- against what a stream is --------------------------------------------------------------------

def schedule(rng: random.Random, messages: list[bytes]) -> list[tuple[int, int, tuple[bytes, ...]]]:
    """(line, number, messages) as they arrive: each line packs, loses, repeats and reorders."""
    arrivals = []
    for i in (A, B):
        at, clock = 0, 0.0
        loss, late = rng.choice((0, 0.1, 0.5)), rng.choice((0, 5, 20))
        while at < len(messages):
            size = rng.randint(1, 5)
            clock += size
            for _ in range(1 + (rng.random() < 0.1)):
                if rng.random() >= loss:
                    when = clock + rng.random() * late
                    arrivals.append((when, i, at + 1, tuple(messages[at:at + size])))
            at += size
    return [(i, number, batch) for _, i, number, batch in sorted(arrivals, key=lambda x: x[0])]


@settings(max_examples=120, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 200))
def test_whatever_the_lines_lose_every_message_is_taken_once_and_in_order(seed, length):
    rng, rig = random.Random(seed), Rig(ring=64)
    rig.record["most_attempts"] = 20
    messages = [b"%d" % n + bytes(rng.randrange(40)) for n in range(1, length + 1)]
    arrivals = schedule(rng, messages)
    while arrivals or rig.record["expected"] <= length:
        if arrivals:
            i, number, batch = arrivals.pop(0)
            rig.messages(i, number, *batch)
        else:
            rig.heartbeat(length + 1)
        rig.now += rng.randrange(3 * MS)
        act = rig.act()
        assert act != Act.GIVE_UP
        if act == Act.ASK:
            request = rig.request()
            first = request.sequence_number
            assert first == rig.record["expected"] and request.message_count >= 1
            if rng.random() < 0.7:  # or the request, or its answer, is lost
                some = rng.randint(1, request.message_count)
                rig.messages(RETRANSMISSION, first, *messages[first - 1:first - 1 + some])
    assert rig.taken == list(enumerate(messages, 1))
    rig.close()
