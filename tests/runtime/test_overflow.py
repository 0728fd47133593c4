"""A wire has room for ``capacity`` messages; beyond that its overflow policy decides."""

import pytest

from actors.runtime import reactor, wire
from actors.runtime.endpoint import WireError
from tests.runtime.deployments import W, plan_of
from tests.runtime.in_process import InProcess
from tests.runtime.relay_actors import SEEN

ACTORS = {"talker": "wire_actors:Talker", "listener": "wire_actors:Listener"}


def one_wire(root, overflow, capacity=4, **options):
    return InProcess(plan_of(root, ACTORS, [W("talker/numbers", "listener/numbers",
                                              overflow=overflow, capacity=capacity, **options)]))


def missing(desk):
    return int(desk.hosts["listener"].ctx["missing"])


# ---- drop_newest ---------------------------------------------------------------------------------

def test_drop_newest_keeps_what_is_queued_and_counts_what_it_drops(tmp_path):
    with one_wire(tmp_path, "drop_newest") as desk:
        for number in range(1, 8):
            assert desk.send(number)
        assert desk.ledger().in_flight == 4 and desk.ledger().full == 3
        assert desk.take_all() == [1, 2, 3, 4]


def test_the_consumer_sees_the_gap_that_drop_newest_left(tmp_path):
    with one_wire(tmp_path, "drop_newest") as desk:
        for number in range(1, 8):
            desk.send(number)
        desk.take_all()
        desk.send(8)
        assert desk.take()["order_id"] == 8
        assert missing(desk) == 3 and desk.wires[0]["missing"] == 3
        assert desk.ledger(quiescent=True).unexplained == 0


def test_without_a_consumer_messages_are_dropped_as_down(tmp_path):
    with one_wire(tmp_path, "drop_newest") as desk:
        desk.crash("listener")
        desk.send(1)
        ledger = desk.ledger()
        assert (ledger.sent, ledger.down, ledger.in_flight) == (1, 1, 0)


# ---- fail ----------------------------------------------------------------------------------------

def test_fail_tells_the_sender_and_sends_nothing(tmp_path):
    with one_wire(tmp_path, "fail") as desk:
        assert [desk.send(n) for n in range(1, 7)] == [True] * 4 + [False] * 2
        assert (desk.ledger().sent, desk.ledger().failed) == (4, 2)
        assert desk.take_all() == [1, 2, 3, 4]
        assert desk.send(7) and desk.take()["order_id"] == 7
        assert missing(desk) == 0, "a refused message is no gap"


def test_fail_refuses_when_there_is_no_consumer(tmp_path):
    with one_wire(tmp_path, "fail") as desk:
        desk.crash("listener")
        assert not desk.send(1) and desk.ledger().failed == 1


def test_a_full_fail_wire_keeps_the_message_from_the_ports_other_wires_too(tmp_path):
    plan = plan_of(tmp_path, {**ACTORS, "second": ACTORS["listener"]},
                   [W("talker/numbers", "listener/numbers", overflow="fail", capacity=2),
                    W("talker/numbers", "second/numbers", overflow="drop_newest")])
    with InProcess(plan) as desk:
        assert [desk.send(n) for n in (1, 2, 3)] == [True, True, False]
        assert desk.take_all("second") == [1, 2]


# ---- latest --------------------------------------------------------------------------------------

def test_latest_keeps_the_newest_of_each_symbol_for_later(tmp_path):
    with one_wire(tmp_path, "latest", capacity=2) as desk:
        for number, symbol in enumerate([0, 1, 0, 1, 0, 2, 1, 0], start=1):
            desk.send(number, symbol)
        assert desk.ledger().conflated == 3 and desk.ledger().in_flight == 5

        assert desk.take_all() == [1, 2]
        desk.serve_outputs("talker")
        assert desk.take_all() == [8, 7]  # symbols in the order in which they began to wait
        desk.serve_outputs("talker")
        assert desk.take_all() == [6]
        ledger = desk.ledger(quiescent=True)
        assert (ledger.handled, ledger.conflated, ledger.unexplained) == (5, 3, 0)


def test_nothing_overtakes_what_latest_kept_back(tmp_path):
    with one_wire(tmp_path, "latest", capacity=1) as desk:
        desk.send(1, 0)
        desk.send(2, 0)
        assert desk.take_all() == [1]  # room again, and 2 still waits at the producer
        desk.send(3, 1)
        desk.serve_outputs("talker")
        assert desk.take_all() == [2]


def test_a_message_that_latest_delayed_is_not_missing_once_it_came(tmp_path):
    with one_wire(tmp_path, "latest", capacity=1) as desk:
        for number, symbol in [(1, 0), (2, 0), (3, 1), (4, 0)]:
            desk.send(number, symbol)
        arrived = desk.take_all()
        for _ in range(2):
            desk.serve_outputs("talker")
            arrived += desk.take_all()
        assert arrived == [1, 4, 3]
        assert desk.wires[0]["missing"] == 1 == desk.ledger().conflated


def test_latest_waits_for_a_consumer_that_restarts(tmp_path):
    with one_wire(tmp_path, "latest") as desk:
        desk.crash("listener")
        for number in (1, 2, 3):
            desk.send(number, 1)
        desk.start("listener")
        desk.connect()
        desk.serve_outputs("talker")
        assert desk.take_all() == [3]
        assert (desk.ledger().conflated, desk.ledger(quiescent=True).unexplained) == (2, 0)


def test_latest_keeps_an_unknown_symbol_apart_from_the_known(tmp_path):
    with one_wire(tmp_path, "latest", capacity=1) as desk:
        desk.send(1, 0)
        desk.send(2, symbol_id=3)  # the last of the four symbols
        desk.send(3, symbol_id=4_000_000_000)
        arrived = desk.take_all()
        for _ in range(2):
            desk.serve_outputs("talker")
            arrived += desk.take_all()
        assert arrived == [1, 2, 3]


def test_what_latest_kept_back_is_lost_when_the_producer_crashes(tmp_path):
    with one_wire(tmp_path, "latest", capacity=1) as desk:
        for number, symbol in [(1, 0), (2, 1), (3, 2)]:
            desk.send(number, symbol)
        desk.restart("talker")
        arrived = desk.connect()
        assert arrived == [1]
        ledger = desk.ledger(quiescent=True)
        assert (ledger.sent, ledger.handled, ledger.lost, ledger.unexplained) == (3, 1, 2, 0)


def test_latest_needs_a_message_with_a_symbol(tmp_path):
    plan = plan_of(tmp_path, ACTORS,
                   [W("talker/alerts", "listener/alerts", "Alert", overflow="latest")])
    with pytest.raises(WireError, match="talker/alerts.*latest.*Alert has none"):
        InProcess(plan)


# ---- block ---------------------------------------------------------------------------------------

RELAYED = {"talker": "wire_actors:Talker", "relay": "relay_actors:Relay",
           "listener": "wire_actors:Listener"}


def relayed(root, capacity, overflow="block"):
    return InProcess(plan_of(root, RELAYED, [
        W("talker/numbers", "relay/numbers", overflow="drop_newest", capacity=100),
        W("relay/numbers", "listener/numbers", overflow=overflow, capacity=capacity)]))


def test_block_stops_the_producer_from_taking_input_until_there_is_room(tmp_path):
    capacity, burst = 12, 8  # an output may send 8 messages a handler call unless it says otherwise
    with relayed(tmp_path, capacity) as desk:
        for number in range(1, 51):
            desk.send(number)
        arrived = []
        while len(arrived) < 50:
            while desk.turn("relay"):
                assert desk.ledger(1).in_flight <= capacity
            assert desk.ledger(1).in_flight > capacity - burst, "it stopped too early"
            assert reactor.is_blocked(desk.hosts["relay"].ctx.ctypes.data)
            arrived += desk.take_all()
        assert arrived == list(range(1, 51))
        assert desk.ledger(0).dropped == desk.ledger(1).dropped == 0


def test_block_with_a_burst_above_the_capacity_still_moves(tmp_path):
    with relayed(tmp_path, capacity=3) as desk:
        for number in range(1, 21):
            desk.send(number)
        arrived = []
        while len(arrived) < 20:
            assert desk.turn("relay"), "stuck"
            assert desk.ledger(1).in_flight <= 8
            arrived += desk.take_all()
        assert arrived == list(range(1, 21))


def test_block_waits_for_a_consumer_that_restarts_and_loses_only_what_was_on_its_way(tmp_path):
    with relayed(tmp_path, capacity=8) as desk:
        for number in range(1, 21):
            desk.send(number)
        while desk.turn("relay"):
            pass
        on_their_way = desk.ledger(1).in_flight
        desk.crash("listener")
        assert not desk.turn("relay"), "it took input that it can send nowhere"
        desk.start("listener")
        desk.connect()
        arrived = []
        while desk.turn("relay") or len(arrived) < 20 - on_their_way:
            arrived += desk.take_all()
        assert arrived == list(range(on_their_way + 1, 21))
        assert (desk.ledger(1).lost, desk.ledger(1).dropped) == (on_their_way, 0)


def test_block_stops_timers_as_it_stops_input(tmp_path):
    plan = plan_of(tmp_path, {"source": "relay_actors:Source", "listener": ACTORS["listener"]},
                   [W("source/numbers", "listener/numbers", overflow="block", capacity=64)],
                   configs={"source": {"per_tick": 64, "limit": 1000}})
    with InProcess(plan) as desk:
        assert desk.turn("source") > 0
        for _ in range(1000):
            assert desk.turn("source") == 0
        assert desk.take_all() == list(range(1, 65))


def test_a_consumer_that_ended_for_good_blocks_nobody(tmp_path):
    with relayed(tmp_path, capacity=8) as desk:
        desk.hosts["listener"].close()
        for number in range(1, 21):
            desk.send(number)
        while desk.turn("relay"):
            pass
        assert desk.ledger(0).handled == 20
        ledger = desk.ledger(1, quiescent=True)
        assert (ledger.sent, ledger.down, ledger.unexplained) == (20, 20, 0)


def test_has_room_counts_what_one_call_may_send(tmp_path):
    with one_wire(tmp_path, "block", capacity=10) as desk:
        end = desk.hosts["talker"].out_ends[0]
        desk.send(1)
        assert wire.has_room(end.address, 9) and not wire.has_room(end.address, 10)
        desk.take_all()
        assert wire.has_room(end.address, 10)


def test_a_slow_consumer_is_never_more_than_the_capacity_behind(tmp_path):
    """Threads of their own, a consumer that dawdles: credit holds at every moment."""
    plan = plan_of(tmp_path, {"source": "relay_actors:Drip", "sink": "relay_actors:SlowSink"},
                   [W("source/numbers", "sink/numbers", capacity=16)],
                   configs={"source": {"per_tick": 4, "limit": 400}})
    with InProcess(plan) as desk:
        deepest = 0
        seen = desk.hosts["sink"].tables["seen"][0]
        for thread in desk.threads.values():
            thread.start()
        while seen["count"] < 400:
            deepest = max(deepest, desk.ledger().in_flight)
        for thread in desk.threads.values():
            assert thread.stop(5)
        assert deepest <= 16
        assert seen["sum"] == sum(range(1, 401)) and seen.dtype == SEEN
