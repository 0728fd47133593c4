"""The compiled reactor: what comes first, who waits for whom, and when it sleeps."""

import dataclasses
import os
import pathlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.runtime import reactor
from actors.runtime.host import ReactorThread
from actors.runtime.plan import HealthCheck, ThreadPlan
from schemas.messages import HEADER
from tests.runtime.deployments import Running, W, eventually, plan_of, relay_plan
from tests.runtime.in_process import InProcess
from tests.runtime.reactor_actors import (
    CHOSEN, CONTROL, EXECUTION, FD, MARKET, ORDER, RESYNC, STEADY,
)
from tests.runtime.relay_actors import SEEN

VENUE, EVERYTHING = "reactor_actors:Venue", "reactor_actors:Everything"
MESSAGES = {"market": "MarketData", "orders": "OrderCommand", "executions": "ExecutionReport",
            "control": "Control"}


def sent_by(desk, venue, port, number):
    field = {"market": "sequence", "control": "argument"}.get(port, "order_id")
    assert desk.hosts[venue].actor.out.send(port, **{field: number})


def calls(desk, actor="all"):
    return desk.hosts[actor].actor.calls()


def everything(root, venues=1):
    names = [f"venue{i}" for i in range(venues)]
    many = {name: ["market", "orders"] for name in names[1:]}
    many[names[0]] = list(MESSAGES)
    plan = plan_of(root, {**dict.fromkeys(names, VENUE), "all": EVERYTHING},
                   [W(f"{name}/{port}", f"all/{port}", MESSAGES[port], "drop_newest", 1000)
                    for name in names for port in many[name]])
    return InProcess(plan)


# ---- how long a turn takes -----------------------------------------------------------------------

@pytest.mark.parametrize(("limit_ns", "slow"), [(10_000, 1), (10_000_000_000, 0)])
def test_a_turn_that_took_longer_than_its_limit_is_counted(tmp_path, limit_ns, slow):
    plan = plan_of(tmp_path, {"talker": "wire_actors:Talker", "sink": "relay_actors:SlowSink"},
                   [W("talker/numbers", "sink/numbers")])
    actors = tuple(dataclasses.replace(a, health=HealthCheck(slow_ns=limit_ns))
                   for a in plan.actors)
    with InProcess(dataclasses.replace(plan, actors=actors)) as desk:
        desk.send(1)
        header = desk.hosts["sink"].vitals.header
        before = int(header["slow_turns"])
        eventually(lambda: desk.turn("sink", 1) > 0, what="a message")
        assert header["slow_turns"] == before, "it is told at the beginning of the next"
        time.sleep(0.001)
        desk.turn("sink")
        desk.turn("sink")
        assert header["slow_turns"] - before == slow and (header["slow_turn_ns"] >= 20_000) == slow


# ---- order ---------------------------------------------------------------------------------------

def test_control_comes_before_executions_before_orders_before_market_data(tmp_path):
    with everything(tmp_path) as desk:
        for number in (1, 2):
            for port in ("market", "orders", "executions", "control"):
                sent_by(desk, "venue0", port, number)
        desk.turn("all")
        assert calls(desk) == [(CONTROL, 1), (CONTROL, 2), (EXECUTION, 1), (EXECUTION, 2),
                               (ORDER, 1), (ORDER, 2), (MARKET, 1), (MARKET, 2)]


def test_an_execution_waits_for_a_few_orders_at_most(tmp_path):
    """The thousand orders before it would else be its delay."""
    with everything(tmp_path) as desk:
        for number in range(100):
            sent_by(desk, "venue0", "orders", number)
        desk.turn("all")
        handled = len(calls(desk))
        assert handled < 100, "a turn has an end"
        sent_by(desk, "venue0", "executions", 1)
        desk.turn("all")
        assert calls(desk)[handled] == (EXECUTION, 1)


def test_an_order_overtakes_the_market_data_behind_the_one_that_led_to_it(tmp_path):
    """Trader and risk on one thread: the order is checked before the next update is looked at."""
    actors = {"venue0": VENUE, "trader": "reactor_actors:Trader", "all": EVERYTHING}
    plan = plan_of(tmp_path, actors,
                   [W("venue0/market", "trader/market", "MarketData", "drop_newest"),
                    W("trader/orders", "all/orders")])
    with InProcess(plan) as desk:
        fused = ReactorThread(ThreadPlan("fused", ("trader", "all")),
                              [desk.hosts["trader"], desk.hosts["all"]])
        fused.build()
        for number in range(1, 6):
            sent_by(desk, "venue0", "market", number)
        assert reactor.turn(fused.record.ctypes.data, 0) == 10
        rows = [row for name in ("trader", "all") for row in desk.hosts[name].tables["rows"][:5]]
        rows.sort(key=lambda row: row["now_ns"])
        assert [(row["what"], row["number"]) for row in rows] == [
            (what, n) for n in range(1, 6) for what in (MARKET, ORDER)]


@pytest.mark.parametrize("port", ["market", "orders"])
def test_wires_of_the_same_priority_take_turns(tmp_path, port):
    with everything(tmp_path, venues=3) as desk:
        for number in range(200):
            for venue in range(3):
                sent_by(desk, f"venue{venue}", port, 1000 * venue + number)
        desk.turn("all")
        per_venue = [sum(number // 1000 == venue for _, number in calls(desk))
                     for venue in range(3)]
        assert sum(per_venue) >= 60 and max(per_venue) - min(per_venue) <= 8


def test_a_turn_ends_though_messages_remain(tmp_path):
    """Timers, heartbeats and descriptors get their chance."""
    with everything(tmp_path) as desk:
        for number in range(500):
            sent_by(desk, "venue0", "market", number)
        turns = 0
        while desk.turn("all"):
            turns += 1
        assert turns >= 5 and [n for _, n in calls(desk)] == list(range(500))


# ---- timers and descriptors ----------------------------------------------------------------------

@pytest.fixture
def clockwork(tmp_path):
    with InProcess(plan_of(tmp_path, {"clock": "reactor_actors:Clockwork"}, [])) as desk:
        yield desk


def beats(desk, what):
    return [number for kind, number in calls(desk, "clock") if kind == what]


def test_a_timer_keeps_its_pace(clockwork):
    eventually(lambda: clockwork.turn("clock") * 0 or len(beats(clockwork, STEADY)) >= 10)
    times = beats(clockwork, STEADY)
    assert all(t - times[0] >= 2_000_000 * k for k, t in enumerate(times))


def test_a_handler_may_choose_its_next_deadline(clockwork):
    clockwork.hosts["clock"].tables["calls"][0]["after_ns"] = 5_000_000
    eventually(lambda: clockwork.turn("clock") * 0 or len(beats(clockwork, CHOSEN)) >= 5)
    times = beats(clockwork, CHOSEN)
    assert all(later - earlier >= 5_000_000 for earlier, later in zip(times, times[1:]))


def test_beats_that_were_missed_are_not_made_up_for(clockwork):
    clockwork.turn("clock")
    first = beats(clockwork, STEADY)
    assert len(first) == 1, "once at the start"
    eventually(lambda: time.monotonic_ns() > first[0] + 20_000_000)
    clockwork.turn("clock")
    assert len(beats(clockwork, STEADY)) == 2
    late = beats(clockwork, STEADY)[1]
    while time.monotonic_ns() < late + 1_000_000:
        clockwork.turn("clock")
    assert len(beats(clockwork, STEADY)) == 2, "the next beat is a whole period away"


@given(due=st.integers(0, 1 << 60), every=st.integers(1, 1 << 40), late=st.integers(0, 1 << 40))
def test_the_next_beat_is_in_the_future_and_at_most_a_period_away(due, every, late):
    now = due + late
    following = reactor.beat_after(due, every, now)
    assert now < following <= now + every
    assert late >= every or following == due + every, "a beat that is little late shifts nothing"


def test_a_descriptor_is_served_while_it_is_set(clockwork):
    host = clockwork.hosts["clock"]
    fd = os.eventfd(0, os.EFD_NONBLOCK)
    try:
        os.eventfd_write(fd, 5)
        clockwork.turn("clock")
        assert beats(clockwork, FD) == [], "nobody has given it the descriptor"
        host.set_fd("pipe", fd)
        clockwork.turn("clock")
        os.eventfd_write(fd, 6)
        clockwork.turn("clock")
        clockwork.turn("clock")
        assert beats(clockwork, FD) == [5, 6]
        host.set_fd("pipe", -1)
        os.eventfd_write(fd, 7)
        clockwork.turn("clock")
        assert beats(clockwork, FD) == [5, 6]
    finally:
        os.close(fd)


# ---- waiting -------------------------------------------------------------------------------------

@pytest.fixture
def waiting(tmp_path):
    """start(wait) -> (desk, thread): a reactor that runs and has nothing to do."""
    threads = []

    def start(wait, actor="all", spin_ns=5_000):
        desk = everything(tmp_path)
        desk.__enter__()
        thread = ReactorThread(ThreadPlan("main", (actor,), wait=wait, spin_ns=spin_ns),
                               [desk.hosts[actor]])
        thread.build()
        thread.start()
        threads.append((desk, thread))
        eventually(lambda: thread.record["running"])
        return desk, thread

    yield start
    for desk, thread in threads:
        assert thread.stop(5)
        desk.__exit__()


def cpu_ns(tid):
    """Processor time of a thread of this process, proc(5)."""
    return int(pathlib.Path(f"/proc/self/task/{tid}/schedstat").read_text().split()[0])


@pytest.mark.parametrize("wait", ["busy_spin", "yielding", "blocking"])
def test_every_wait_strategy_handles_what_comes(waiting, wait):
    desk, _ = waiting(wait)
    for number in range(50):
        sent_by(desk, "venue0", "orders", number)
        eventually(lambda: len(calls(desk)) == number + 1)  # noqa: B023
    assert [n for _, n in calls(desk)] == list(range(50))


def test_a_spinning_reactor_never_sleeps(waiting):
    _, thread = waiting("busy_spin")
    turns = int(thread.record["turns"])
    eventually(lambda: thread.record["turns"] > turns + 100_000)
    assert thread.record["sleeps"] == 0


def test_a_yielding_reactor_looks_on_for_a_while_and_then_sleeps(waiting):
    desk, thread = waiting("yielding", spin_ns=500_000_000)
    sent_by(desk, "venue0", "orders", 1)
    eventually(lambda: len(calls(desk)) == 1)
    sleeps, turns = int(thread.record["sleeps"]), int(thread.record["turns"])
    eventually(lambda: thread.record["sleeps"] > sleeps)
    assert int(thread.record["turns"]) - turns > 1_000
    eventually(lambda: thread.record["sleeps"] > sleeps + 10)  # what is idle does not look again


def test_a_blocking_reactor_sleeps_when_idle(waiting):
    desk, thread = waiting("blocking")
    tid = int(desk.hosts["all"].vitals.header["thread_id"])
    sleeps = int(thread.record["sleeps"])
    turns, began, used = int(thread.record["turns"]), time.monotonic_ns(), cpu_ns(tid)
    eventually(lambda: thread.record["sleeps"] > sleeps + 40)
    slept = int(thread.record["sleeps"]) - sleeps
    assert int(thread.record["turns"]) - turns <= 4 * slept
    assert cpu_ns(tid) - used < 0.25 * (time.monotonic_ns() - began)


def test_a_blocked_actor_sleeps_though_its_timer_is_due_and_its_input_waits(tmp_path):
    plan = plan_of(tmp_path, {"source": "relay_actors:Source", "relay": "relay_actors:Relay",
                              "sink": "relay_actors:Sink"},
                   [W("source/numbers", "relay/numbers", capacity=64),
                    W("relay/numbers", "sink/numbers", capacity=8)],
                   configs={"source": {"per_tick": 8}})
    with InProcess(plan) as desk:
        thread = ReactorThread(ThreadPlan("main", ("source", "relay")),
                               [desk.hosts["source"], desk.hosts["relay"]])
        thread.build()
        thread.start()
        eventually(lambda: desk.ledger(1).in_flight and desk.ledger(0).in_flight)
        sleeps, turns = int(thread.record["sleeps"]), int(thread.record["turns"])
        eventually(lambda: thread.record["sleeps"] > sleeps + 100)
        assert int(thread.record["turns"]) - turns <= 4 * (int(thread.record["sleeps"]) - sleeps)
        assert thread.stop(5)


def test_a_sleeping_reactor_is_woken_by_its_descriptor(tmp_path):
    with InProcess(plan_of(tmp_path, {"clock": "reactor_actors:Clockwork"}, [])) as desk:
        thread = ReactorThread(ThreadPlan("main", ("clock",)), [desk.hosts["clock"]])
        thread.build()
        fd = os.eventfd(0, os.EFD_NONBLOCK)
        desk.hosts["clock"].set_fd("pipe", fd)
        thread.start()
        for value in (1, 2, 3):
            eventually(lambda: thread.record["sleeps"] > 2 * value)  # noqa: B023
            os.eventfd_write(fd, value)
            eventually(lambda: beats(desk, FD)[-1:] == [value])  # noqa: B023
        assert thread.stop(5)
        os.close(fd)


def test_heartbeat_and_progress_tell_an_idle_reactor_from_a_busy_one(waiting):
    desk, _ = waiting("blocking")
    header = desk.hosts["all"].vitals.header
    beat, progress = int(header["heartbeat_ns"]), int(header["progress"])
    eventually(lambda: header["heartbeat_ns"] > beat)
    assert header["progress"] == progress, "it is alive, and does nothing"
    sent_by(desk, "venue0", "orders", 1)
    eventually(lambda: header["progress"] > progress and header["handled"] == 1)


# ---- where it runs -------------------------------------------------------------------------------

@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="needs two cores")
def test_a_pinned_reactor_has_its_core_and_libzmq_beside_it(tmp_path):
    allowed = os.sched_getaffinity(0)
    core = max(allowed)
    plan = plan_of(tmp_path, {"source": "relay_actors:Source", "sink": "relay_actors:Sink"},
                   [W("source/numbers", "sink/numbers", transport="ipc")], core=core)
    with Running(plan) as running:
        eventually(running.all_running, 120, "start")
        for name in ("source", "sink"):
            header = running.vitals(name).header
            pid, tid = int(header["pid"]), int(header["thread_id"])
            assert os.sched_getaffinity(tid) == {core}
            assert os.sched_getaffinity(pid) == allowed, "the housekeeper keeps out of the way"
            tasks = pathlib.Path(f"/proc/{pid}/task").iterdir()
            libzmq = [int(t.name) for t in tasks if "ZMQbg/IO" in (t / "comm").read_text()]
            assert libzmq and all(os.sched_getaffinity(t) == {core} for t in libzmq)
        eventually(lambda: running.seen(SEEN)["count"] == 1000, what="the last message")
        assert set(running.stop().values()) == {0}


@pytest.mark.parametrize("placement", ["thread", "threads", "processes"])
def test_the_same_actors_work_wherever_they_are_placed(tmp_path, placement):
    plan = relay_plan(tmp_path, placement, limit=1000, per_tick=10)
    with Running(plan) as running:
        eventually(running.all_running, 120, "start")
        eventually(lambda: running.seen(SEEN)["count"] == 1000, what="the last message")
        assert running.seen(SEEN)["sum"] == sum(range(1, 1001))
        assert running.seen(SEEN)["disordered"] == running.seen(SEEN)["missing"] == 0
        assert set(running.stop().values()) == {0}


# ---- resync --------------------------------------------------------------------------------------

@pytest.fixture
def followed(tmp_path):
    plan = plan_of(tmp_path, {"publisher": "reactor_actors:Publisher",
                              "subscriber": "reactor_actors:Subscriber"},
                   [W("publisher/orders", "subscriber/orders", overflow="drop_newest", capacity=4)])
    with InProcess(plan) as desk:
        yield desk


def resyncs(desk):
    return [number for what, number in calls(desk, "publisher") if what == RESYNC]


def test_a_consumer_that_connects_gets_a_snapshot(followed):
    wire = followed.hosts["publisher"].out_ends[0].address
    assert resyncs(followed) == [wire]
    assert followed.turn("subscriber") and calls(followed, "subscriber") == [(ORDER, 1001)]
    followed.restart("subscriber")
    followed.connect()
    assert resyncs(followed) == [wire] * 2


def test_a_consumer_with_a_gap_asks_for_a_snapshot_and_gets_it(followed):
    wanted = followed.hosts["publisher"].tables["calls"]
    followed.turn("subscriber")
    wanted[0]["wanted"] = 10  # of which 6 find no room
    followed.turn("publisher")
    followed.turn("subscriber")
    assert len(resyncs(followed)) == 1
    wanted[0]["wanted"] = 1   # the first message behind the gap shows it
    followed.turn("publisher")
    followed.turn("subscriber")
    followed.turn("publisher")
    assert len(resyncs(followed)) == 2
    followed.turn("publisher")
    assert len(resyncs(followed)) == 2, "asked once, answered once"
    snapshot = followed.take("subscriber")
    assert snapshot["header"].view(HEADER)["flags"] == 3 and snapshot["order_id"] > 1000


def test_asking_for_a_snapshot_before_anything_came_is_harmless(tmp_path):
    plan = plan_of(tmp_path, {"publisher": "reactor_actors:Publisher",
                              "hasty": "reactor_actors:Hasty"},
                   [W("publisher/orders", "hasty/orders")])
    with InProcess(plan) as desk:
        assert desk.turn("hasty") > 0
        assert calls(desk, "hasty")[-1] == (ORDER, 1001)
