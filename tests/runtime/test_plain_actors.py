"""Actors in plain Python run on the same ports, wires and pages as compiled ones."""

import pathlib
import time

import pytest

from actors.runtime import reactor
from actors.runtime.ledger import wire_ledger
from schemas.enums import ActorState
from tests.runtime.deployments import Running, W, eventually, plan_of, relay_plan
from tests.runtime.in_process import InProcess
from tests.runtime.relay_actors import SEEN

PLAIN = {"source": "relay_actors:Source", "relay": "relay_actors:PlainRelay",
         "sink": "relay_actors:PlainSink"}
CHAIN = [("source/numbers", "relay/numbers"), ("relay/numbers", "sink/numbers")]


def chain(root, transport="inproc", capacity=64, actors=PLAIN, limit=500, **options):
    return plan_of(root, actors, [W(a, b, transport=transport, capacity=capacity, **options)
                                  for a, b in CHAIN],
                   threads={name: (name,) for name in actors},
                   configs={"source": {"limit": limit, "per_tick": 10}})


@pytest.mark.parametrize("transport", ["inproc", "shm", "ipc", "tcp"])
def test_numbers_go_through_plain_actors_in_order(tmp_path, transport):
    plan = chain(tmp_path, transport)
    with Running(plan) as running:
        eventually(running.all_running, 120, "start")
        eventually(lambda: running.seen(SEEN)["count"] == 500, what="the last message")
        seen = running.seen(SEEN)
        assert seen["sum"] == sum(range(1, 501)) and seen["disordered"] == seen["missing"] == 0
        assert set(running.stop().values()) == {0}
        for page in running.wires:
            ledger = wire_ledger(page, quiescent=True)
            assert (ledger.sent, ledger.handled, ledger.unexplained) == (500, 500, 0)


def test_a_plain_actor_and_its_wires_survive_a_kill(tmp_path):
    plan = relay_plan(tmp_path, sink="PlainSink", limit=1 << 40, per_tick=8, capacity=256)
    with Running(plan) as running:
        eventually(running.all_running, 120, "start")
        for _ in range(2):
            handled = int(running.wires[1]["handled"])
            eventually(lambda: running.wires[1]["handled"] > handled + 200)  # noqa: B023
            running.kill("sink")
            running.start("sink")
        eventually(running.all_running, 60, "its return")
        assert running.vitals("sink").header["epoch"] == 3
        assert set(running.stop().values()) == {0}
        assert running.seen(SEEN)["disordered"] == 0
        for page in running.wires:
            ledger = wire_ledger(page, quiescent=True)
            assert ledger.sent == ledger.handled + ledger.dropped + ledger.lost


def test_a_plain_actor_is_called_in_order_of_priority(tmp_path):
    ports = {"market": ("MarketData", "sequence"), "executions": ("ExecutionReport", "order_id"),
             "control": ("Control", "argument")}
    plan = plan_of(tmp_path, {"venue": "reactor_actors:Venue", "desk": "relay_actors:PlainDesk"},
                   [W(f"venue/{port}", f"desk/{port}", message)
                    for port, (message, _) in ports.items()])
    with InProcess(plan) as desk:
        for number in (1, 2):
            for port, (_, field) in ports.items():
                desk.hosts["venue"].actor.out.send(port, **{field: number})
        thread = desk.threads["desk"]
        thread.start()
        eventually(lambda: len(desk.hosts["desk"].actor.calls) == 6)
        assert thread.stop(5)
        assert desk.hosts["desk"].actor.calls == [
            (port, number) for port in ("control", "executions", "market") for number in (1, 2)]


@pytest.fixture
def desk(tmp_path):
    """A talker, a plain relay on its thread, and a listener that the test moves."""
    plan = plan_of(tmp_path, {"talker": "wire_actors:Talker", "relay": "relay_actors:PlainRelay",
                              "listener": "wire_actors:Listener"},
                   [W("talker/numbers", "relay/numbers", capacity=1000),
                    W("relay/numbers", "listener/numbers", capacity=16)])
    with InProcess(plan) as desk:
        thread = desk.threads["relay"]
        thread.start()
        yield desk
        assert thread.stop(5) and thread.failure is None


def test_a_plain_actor_whose_output_is_full_takes_nothing_and_sleeps(desk):
    for number in range(1, 101):
        desk.send(number)
    relay = desk.hosts["relay"]
    eventually(lambda: reactor.is_blocked(relay.ctx.ctypes.data), what="the block")
    tid = int(relay.vitals.header["thread_id"])
    used, began = cpu_ns(tid), time.monotonic_ns()
    beat = int(relay.vitals.header["heartbeat_ns"])
    eventually(lambda: relay.vitals.header["heartbeat_ns"] > beat + 200_000_000)
    assert cpu_ns(tid) - used < 0.5 * (time.monotonic_ns() - began)
    assert 0 < desk.ledger(1).in_flight <= 16
    assert desk.take_all(count=100) == list(range(1, 101))


def cpu_ns(tid):
    return int(pathlib.Path(f"/proc/self/task/{tid}/schedstat").read_text().split()[0])


def test_a_plain_timer_keeps_its_pace(desk):
    relay = desk.hosts["relay"]
    eventually(lambda: relay.vitals.counter("ticks") >= 10)
    beats = relay.tables["beats"][:10].tolist()
    assert all(t - beats[0] >= 2_000_000 * k for k, t in enumerate(beats))


def test_what_a_plain_timer_sends_was_caused_by_no_message(desk):
    desk.send(1)
    eventually(lambda: desk.ledger(1).in_flight == 1)
    relay = desk.hosts["relay"]
    ticks = relay.vitals.counter("ticks")
    eventually(lambda: relay.vitals.counter("ticks") > ticks)
    assert relay.ctx["cause"] == 0


def test_a_plain_actor_that_raises_ends_its_process_and_says_why(tmp_path):
    plan = relay_plan(tmp_path, sink="Unlucky", relay=False, limit=100)
    with Running(plan) as running:
        eventually(lambda: not running.processes["sink"].is_alive(), 120, "the failure")
        running.processes["sink"].join()
        assert running.processes["sink"].exitcode == 70
        header = running.vitals("sink").header
        assert header["reason"].item() == b"ValueError: thirteen is too many"
        assert header["epoch"] == 1 and header["state"] != ActorState.STOPPED
        log = (tmp_path / "run" / "logs" / "sink.jsonl").read_text()
        assert "thirteen is too many" in log and "on_numbers" in log, "with its traceback"
