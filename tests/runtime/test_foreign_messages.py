"""Anybody may connect to a wire and write anything: it is counted, reported and dropped."""

import json

import numpy as np
import pytest
import zmq
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.messages import HEADER, MESSAGE_TYPES, PREFIX_SIZE, OrderCommand
from tests.runtime.deployments import Running, W, eventually, plan_of, relay_plan
from tests.runtime.in_process import InProcess
from tests.runtime.relay_actors import SEEN

ACTORS = {"talker": "wire_actors:Talker", "relay": "relay_actors:Relay",
          "sink": "relay_actors:Sink"}
SIZE = OrderCommand.size


@pytest.fixture(params=["inproc", "ipc"])
def desk(tmp_path, request):
    plan = plan_of(tmp_path, ACTORS,
                   [W("talker/numbers", "relay/numbers", transport=request.param, capacity=1000),
                    W("relay/numbers", "sink/numbers", transport=request.param, capacity=1000)])
    with InProcess(plan) as desk:
        yield desk


@pytest.fixture(scope="module")
def endless_desk(tmp_path_factory):
    """One for all examples of a test, with room for whatever they send."""
    plan = plan_of(tmp_path_factory.mktemp("desk"), ACTORS,
                   [W("talker/numbers", "relay/numbers", capacity=1 << 40),
                    W("relay/numbers", "sink/numbers", capacity=1 << 40)])
    with InProcess(plan) as desk:
        yield desk


def good(number, epoch=1, seq=1) -> bytes:
    message, body = OrderCommand.empty()
    body["order_id"] = number
    body["header"]["epoch"], body["header"]["seq"] = epoch, seq
    return message.tobytes()


def flipped(message: bytes, bits) -> bytes:
    changed = bytearray(message)
    for bit in bits:
        changed[bit // 8] ^= 1 << (bit % 8)
    return bytes(changed)


def seen(desk):
    return desk.hosts["sink"].tables["seen"][0]


truncated = st.integers(0, SIZE - 1).map(lambda n: good(1)[:n])
extended = st.binary(min_size=1, max_size=300).map(lambda tail: good(1) + tail)
prefix_flipped = st.sets(st.integers(0, 8 * PREFIX_SIZE - 1), min_size=1, max_size=5).map(
    lambda bits: flipped(good(1), bits))
another_type = st.sampled_from([m for m in MESSAGE_TYPES.values() if m is not OrderCommand]).map(
    lambda m: m.empty()[0].tobytes())
huge = st.integers(10_000, 2_000_000).map(bytes)
foreign = st.one_of(st.binary(max_size=2 * SIZE), st.just(b""), truncated, extended, prefix_flipped,
                    another_type, huge)


def test_foreign_buffers_are_counted_and_the_good_ones_between_them_handled(desk):
    """Whatever is mixed in, before, between and behind good messages."""
    stranger = desk.stranger(actor="relay")
    said = {"number": 0}

    @settings(max_examples=60, deadline=None)
    @given(st.lists(st.one_of(st.just("good"), foreign), max_size=12))
    def story(buffers):
        page, before = desk.wires[0], seen(desk).copy()
        strange = int(page["foreign"]) + sum(b != "good" for b in buffers)
        total = 0
        for buffer in buffers:
            if buffer == "good":
                said["number"] += 1
                total += said["number"]
                desk.send(said["number"])
            else:
                stranger.send(buffer)
        eventually(lambda: desk.turn("relay", force=1) + desk.turn("sink") == 0
                   and page["foreign"] == strange and page["handled"] == said["number"]
                   and desk.wires[1]["handled"] == said["number"], what="the last message")
        assert seen(desk)["sum"] - before["sum"] == total
        assert desk.ledger().unexplained == 0 and page["missing"] == 0

    story()


def test_good_messages_queued_before_a_flood_of_garbage_are_handled(desk):
    for number in range(1, 51):
        desk.send(number)
    stranger = desk.stranger(actor="relay")
    for _ in range(500):
        stranger.send(b"garbage")
    for number in range(51, 101):
        desk.send(number)
    eventually(lambda: desk.turn("relay", force=1) + desk.turn("sink") == 0
               and desk.wires[0]["foreign"] == 500 and seen(desk)["count"] == 100)
    assert seen(desk)["sum"] == sum(range(1, 101))


@settings(max_examples=100, deadline=None)
@given(flips=st.lists(st.sets(st.integers(0, 8 * (SIZE - PREFIX_SIZE - HEADER.itemsize) - 1),
                              min_size=1, max_size=8), min_size=1, max_size=10))
def test_a_changed_body_is_still_a_message(endless_desk, flips):
    """The wire vouches for the layout; what the fields say is the handlers' affair."""
    desk, at = endless_desk, 8 * (PREFIX_SIZE + HEADER.itemsize)
    handled = int(desk.wires[0]["handled"])
    with desk.stranger(actor="relay") as stranger:
        for bits in flips:
            stranger.send(flipped(good(1), [at + bit for bit in bits]))
        eventually(lambda: desk.turn("relay", force=1) + desk.turn("sink") == 0
                   and desk.wires[0]["handled"] == handled + len(flips))


@settings(max_examples=100, deadline=None)
@given(flips=st.lists(st.sets(st.integers(0, 8 * HEADER.itemsize - 1), min_size=1, max_size=4),
                      min_size=1, max_size=10))
def test_a_changed_header_is_accepted_or_refused_and_never_the_end(endless_desk, flips):
    desk, page = endless_desk, endless_desk.wires[0]
    before = int(page["handled"] + page["foreign"] + page["stale"])
    with desk.stranger(actor="relay") as stranger:
        for bits in flips:
            stranger.send(flipped(good(1), [8 * PREFIX_SIZE + bit for bit in bits]))
        eventually(lambda: desk.turn("relay", force=1) + desk.turn("sink") == 0
                   and page["handled"] + page["foreign"] + page["stale"] == before + len(flips))
    desk.send(1)  # and the wire goes on
    handled = int(page["handled"])
    eventually(lambda: desk.turn("relay", force=1) and page["handled"] > handled)


@pytest.mark.parametrize("epoch", [0, 2, 4_000_000_000])
def test_a_message_of_an_incarnation_nobody_announced_is_foreign(desk, epoch):
    desk.stranger(actor="relay").send(good(1, epoch=epoch))
    eventually(lambda: desk.turn("relay", force=1) == 0 and desk.wires[0]["foreign"] == 1)
    assert desk.wires[0]["handled"] == 0


def test_the_first_bytes_are_kept_until_they_are_reported(desk):
    end = desk.hosts["relay"].in_ends[0]
    assert end.take_sample() is None
    stranger = desk.stranger(actor="relay")
    for buffer, sample in [(b"hello", b"hello"), (b"", b""), (bytes(range(200)), bytes(range(64)))]:
        foreign = int(desk.wires[0]["foreign"])
        stranger.send(buffer)
        eventually(lambda: desk.turn("relay", force=1) == 0
                   and desk.wires[0]["foreign"] > foreign)  # noqa: B023
        assert end.take_sample() == sample
        assert end.take_sample() is None, "it is reported once"


def test_the_housekeeper_reports_the_first_bytes_in_hex(tmp_path):
    """In a real process, over the wire's own ipc address, while good messages flow."""
    plan = relay_plan(tmp_path, limit=2000, per_tick=5, capacity=256)
    with Running(plan) as running, zmq.Context() as context:
        eventually(running.all_running, 120, "start")
        with context.socket(zmq.PUSH) as stranger:
            stranger.connect(f"ipc://{plan.wires[0].address}.1")
            stranger.send(b"\xde\xad\xbe\xef not yours")
            eventually(lambda: running.wires[0]["foreign"] == 1, what="the count")
        log = tmp_path / "run" / "logs" / "relay.jsonl"
        wanted = f"starts {(bytes.fromhex('deadbeef') + b' not yours').hex()}"
        line = eventually(lambda: next((entry for entry in map(json.loads, open(log))
                                        if wanted in entry["text"]), None), what="the report")
        assert line["level"] == "WARNING" and line["actor"] == "relay"
        assert "source/numbers -> relay/numbers" in line["text"]
        eventually(lambda: running.seen(SEEN)["count"] == 2000, what="the last message")
        assert running.seen(SEEN)["sum"] == np.arange(1, 2001).sum()
        assert set(running.stop().values()) == {0}
