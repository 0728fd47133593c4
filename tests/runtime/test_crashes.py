"""Processes are killed at any moment while messages flow: order holds, nothing comes twice, and in
the end every message is accounted for."""

import random

import pytest

from actors.runtime.ledger import deployment_ledger, wire_ledger
from actors.runtime.vitals import map_table
from tests.runtime.deployments import Running, eventually, relay_plan
from tests.runtime.relay_actors import SEEN, STATE

ENDLESS = 1 << 40


def flow_on(running, more):
    """Waits until the sink has handled that many more messages."""
    wanted = int(running.wires[-1]["handled"]) + more
    eventually(lambda: running.wires[-1]["handled"] >= wanted, what="the flow")


def kill_and_restart(running, victim):
    running.kill(victim)
    running.start(victim)
    flow_on(running, 200)  # its successor works


def end_the_flow(running):
    """Tells the source to stop; waits until nothing is under way."""
    state = map_table(running.plan.shm_dir, "source", "state", STATE, (1,))[0]
    eventually(running.all_running, 60, "everybody's return")
    state["limit"] = 0
    sent = -1

    def quiet():
        nonlocal sent
        before, sent = sent, [int(page["offered"]) for page in running.wires]
        return sent == before and not any(wire_ledger(page).in_flight for page in running.wires)
    eventually(quiet, what="the end of the flow")


def check_the_books(running, kills):
    for quiescent in (False, True):
        ledger = deployment_ledger(running.plan, running.wires, quiescent)
        for wire in (*ledger["wires"].values(), ledger["total"]):
            assert wire["unexplained"] == wire["in_flight"] == wire["foreign"] == 0, ledger
            assert wire["sent"] == wire["handled"] + wire["dropped"] + wire["lost"]
    seen = running.seen(SEEN)
    assert seen["disordered"] == 0, "a number came twice, or after a later one"
    # A handler may have done its work, and been killed before its message was counted.
    assert 0 <= seen["count"] - running.wires[-1]["handled"] <= kills.get("sink", 0)
    in_process = running.vitals("source").header["epoch"]
    assert in_process == 1 + kills.get("source", 0)


@pytest.mark.parametrize("transport", ["shm", "ipc", "tcp"])
@pytest.mark.parametrize("victim", ["relay", "source", "sink"])
def test_a_process_killed_again_and_again(tmp_path, victim, transport):
    chance = random.Random(f"{victim} {transport}")
    plan = relay_plan(tmp_path, transport=transport, limit=ENDLESS, per_tick=8, capacity=256)
    with Running(plan) as running:
        eventually(running.all_running, 120, "start")
        for _ in range(3):
            flow_on(running, chance.randrange(1, 2000))
            kill_and_restart(running, victim)
        end_the_flow(running)
        check_the_books(running, {victim: 3})
        seen = running.seen(SEEN)
        if victim == "relay":
            assert seen["epochs"] == 4, "the sink was told of every incarnation of the relay"
        if victim == "source":
            assert seen["missing"] == 0
        assert set(running.stop().values()) == {0}
        check_the_books(running, {victim: 3})


def test_all_of_them_killed_in_turn(tmp_path):
    chance = random.Random(3)
    plan = relay_plan(tmp_path, limit=ENDLESS, per_tick=8, capacity=256)
    kills = {"source": 0, "relay": 0, "sink": 0}
    with Running(plan) as running:
        eventually(running.all_running, 120, "start")
        for _ in range(2):
            flow_on(running, chance.randrange(1, 500))
            victims = chance.sample(sorted(kills), 2)
            for victim in victims:  # the second while the first is still down
                running.kill(victim)
                kills[victim] += 1
            for victim in victims:
                running.start(victim)
            flow_on(running, 200)
        end_the_flow(running)
        check_the_books(running, kills)
        assert set(running.stop().values()) == {0}


@pytest.mark.parametrize("overflow", ["drop_newest", "latest", "fail"])
def test_the_other_policies_keep_their_books_through_a_kill(tmp_path, overflow):
    plan = relay_plan(tmp_path, limit=ENDLESS, per_tick=32, capacity=16, overflow=overflow)
    with Running(plan) as running:
        eventually(running.all_running, 120, "start")
        for victim in ("relay", "sink"):
            flow_on(running, 100)
            kill_and_restart(running, victim)
        end_the_flow(running)
        ledger = deployment_ledger(plan, running.wires, quiescent=True)["total"]
        assert ledger["unexplained"] == ledger["in_flight"] == 0
        assert ledger["sent"] == ledger["handled"] + ledger["dropped"] + ledger["lost"]
        if overflow == "latest":
            assert ledger["dropped_by"]["conflated"] > 0
        else:
            assert running.seen(SEEN)["disordered"] == 0
        assert set(running.stop().values()) == {0}


def test_a_page_is_readable_after_its_actor_was_killed(tmp_path):
    plan = relay_plan(tmp_path, limit=1000, per_tick=8)
    with Running(plan) as running:
        eventually(running.all_running, 120, "start")
        eventually(lambda: running.seen(SEEN)["count"] == 1000, what="the last message")
        pid = running.processes["source"].pid
        for name in ("source", "relay", "sink"):
            running.kill(name)
        vitals = running.vitals("source")
        assert vitals.header["pid"] == pid and vitals.header["epoch"] == 1
        assert vitals.counter("sent") == 1000
        assert running.vitals("sink").histogram("delay")["total"] == 1000
        assert running.seen(SEEN)["sum"] == sum(range(1, 1001))
