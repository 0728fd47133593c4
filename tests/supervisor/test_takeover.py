"""The supervisor is killed, its fork server is killed, both are: trading goes on, and somebody new
looks after it. One deployment for all tests that leave it running."""

from __future__ import annotations

import os
import random
import signal
import time
from dataclasses import replace

import pytest

from actors.supervisor import ExitStatus
from schemas.enums import ActorState
from tests.runtime.deployments import eventually, relay_plan
from tests.runtime.relay_actors import SEEN
from tests.supervisor.supervised import Supervised, alive, with_actor, written
from tests.supervisor.test_supervised_deployment import ENDLESS, OFTEN, QUICK, SLOW

pytestmark = [pytest.mark.system, pytest.mark.timeout(240)]

ACTORS = ("source", "relay", "sink")


def chain_plan(root, **changes):
    plan = relay_plan(root, limit=ENDLESS)
    for actor in ("relay", "sink"):
        plan = with_actor(plan, actor, restart=OFTEN)
    return written(replace(plan, **changes))


@pytest.fixture(scope="module")
def shared_chain(tmp_path_factory):
    """On a busy machine a takeover may take longer than actors would wait for it: they keep on."""
    plan = chain_plan(tmp_path_factory.mktemp("chain"), on_launcher_exit="keep")
    with Supervised(plan) as deployment:
        yield deployment.enabled()


@pytest.fixture
def chain(shared_chain):
    for actor in ACTORS:
        shared_chain.wait_for(actor, 60, state="RUNNING")
    return shared_chain


def who(deployment) -> dict[str, tuple[int, int]]:
    """Pid and epoch of each actor."""
    return {row["actor"]: (row["pid"], row["epoch"]) for row in deployment.client.ps()
            if row["actor"] in ACTORS}


def numbers_flow(deployment) -> None:
    count = int(deployment.seen(SEEN)["count"])
    eventually(lambda: deployment.seen(SEEN)["count"] > count + 100, what="numbers")


def test_a_killed_supervisor_is_replaced_and_no_actor_notices(chain):
    before, first, generation = who(chain), chain.supervisor, int(chain.page()["generation"])
    chain.kill_supervisor()
    second = chain.taken_over(first)
    assert who(chain) == before
    numbers_flow(chain)
    assert chain.page()["trading_enabled"] == 1
    assert chain.page()["generation"] == generation + 1
    row = chain.client.row("supervisor")
    assert row["pid"] == second == chain.supervisor and row["restarts"] == generation
    assert "a new supervisor took over 3 running processes" in [
        e["text"] for e in chain.events("adopted")]
    ledger = chain.wires()
    assert not ledger["missing"].any() and not ledger["c_lost"].any()


def test_the_new_supervisor_restarts_who_dies(chain):
    chain.kill_supervisor()
    chain.taken_over(chain.supervisor)
    before = who(chain)
    chain.client.kill("relay")
    row = chain.wait_for("relay", epoch=before["relay"][1] + 1, state="RUNNING")
    assert row["reason"] == "killed by SIGKILL", "the fork server is the same and knows how"
    numbers_flow(chain)


def test_who_dies_while_there_is_no_supervisor_is_restarted(chain):
    before, first = who(chain), chain.supervisor
    os.kill(chain.fork_server, signal.SIGSTOP)  # no successor yet
    chain.kill_supervisor()
    os.kill(before["relay"][0], signal.SIGKILL)
    os.kill(chain.fork_server, signal.SIGCONT)
    chain.taken_over(first)
    row = chain.wait_for("relay", epoch=before["relay"][1] + 1, state="RUNNING")
    assert row["reason"] == "killed by SIGKILL"
    now = who(chain)
    assert (now["source"], now["sink"]) == (before["source"], before["sink"])
    numbers_flow(chain)


def test_what_people_asked_for_is_not_forgotten(chain):
    chain.client.stop("relay")
    stopped = chain.wait_for("relay", state="STOPPED", pid=0)
    first = chain.supervisor
    chain.kill_supervisor()
    chain.taken_over(first)
    row = chain.client.row("relay")
    assert (row["state"], row["epoch"]) == ("STOPPED", stopped["epoch"])
    assert chain.wires()[0]["c_closed"] == 1
    chain.client.start("relay")
    chain.wait_for("relay", state="RUNNING", epoch=stopped["epoch"] + 1)
    numbers_flow(chain)


def test_ten_kills_at_any_moment_leave_one_supervisor_and_every_actor(chain):
    """Also while an actor is being restarted, and while a supervisor is just taking over."""
    moments = random.Random(7)
    for n in range(10):
        relay = int(chain.vitals("relay").header["pid"])
        if n % 2 and alive(relay):
            os.kill(relay, signal.SIGKILL)
        time.sleep(moments.random() * 0.05)
        before = chain.supervisor
        os.kill(before, signal.SIGKILL)
        eventually(lambda gone=before: chain.supervisor != gone and alive(chain.supervisor), 60,
                   "the next supervisor")
    chain.taken_over(0)
    for actor in ACTORS:
        chain.wait_for(actor, 60, state="RUNNING")
    numbers_flow(chain)
    assert len(chain.pids()) == 2 + len(ACTORS), "supervisor, fork server, and each actor once"
    assert {pid for pid, _ in who(chain).values()} | {chain.supervisor, chain.fork_server} \
        == set(chain.pids())


def test_a_supervisor_that_hangs_is_replaced_and_never_acts_again(chain):
    before, first = who(chain), chain.supervisor
    os.kill(first, signal.SIGSTOP)
    chain.taken_over(first)
    assert not alive(first), "it is killed before another begins"
    assert who(chain) == before
    numbers_flow(chain)


def test_a_fork_server_that_dies_under_its_own_child_is_replaced(chain):
    """The supervisor is by now a child of the fork server."""
    first = chain.supervisor
    chain.kill_supervisor()
    chain.taken_over(first)
    before, server = who(chain), chain.fork_server
    os.kill(server, signal.SIGKILL)
    eventually(lambda: chain.fork_server not in (0, server), 60, "a new fork server")
    chain.client.kill("relay")
    chain.wait_for("relay", 60, epoch=before["relay"][1] + 1, state="RUNNING")
    second = chain.supervisor
    chain.kill_supervisor()  # the new one can replace supervisors too, once it is ready
    chain.taken_over(second)
    assert who(chain)["sink"] == before["sink"] and who(chain)["source"] == before["source"]
    numbers_flow(chain)


# ---- deployments of their own --------------------------------------------------------------------

def kill_both(deployment) -> None:
    """Nobody is left to look after the actors."""
    server, supervisor = deployment.fork_server, deployment.supervisor
    os.kill(server, signal.SIGSTOP)
    os.kill(supervisor, signal.SIGKILL)
    os.kill(server, signal.SIGKILL)
    eventually(lambda: not alive(server) and not alive(supervisor), what="their end")


def test_with_nobody_left_actors_stop_by_themselves(tmp_path):
    with Supervised(chain_plan(tmp_path)) as deployment:
        actors = [pid for pid, _ in who(deployment.enabled()).values()]
        kill_both(deployment)
        eventually(lambda: not any(map(alive, actors)), what="the actors' end")
        states = {int(deployment.vitals(a).header["state"]) for a in ACTORS}
        assert states == {ActorState.STOPPED}, "in good order"


def test_with_nobody_left_trading_goes_on_if_told_to_and_a_new_supervisor_adopts(tmp_path):
    with Supervised(chain_plan(tmp_path, on_launcher_exit="keep")) as deployment:
        before = who(deployment.enabled())
        kill_both(deployment)
        deployment.process.wait()
        os.kill(before["relay"][0], signal.SIGKILL)
        beat = int(deployment.page()["supervisor_ns"])
        eventually(lambda: time.monotonic_ns() - beat > 1_300_000_000, what="a second and more")
        assert alive(before["sink"][0]) and alive(before["source"][0])
        with Supervised(deployment.plan) as second:
            second.taken_over(0)
            row = second.wait_for("relay", 60, epoch=before["relay"][1] + 1, state="RUNNING")
            assert row["reason"] == "ended while nobody looked after it"
            now = who(second)
            assert (now["source"], now["sink"]) == (before["source"], before["sink"])
            numbers_flow(second)
            second.client.kill("sink")  # nobody's child by now
            second.wait_for("sink", 60, epoch=before["sink"][1] + 1, state="RUNNING")
            second.client.shutdown("enough")
            assert second.ended() == ExitStatus.ORDERLY
            assert second.pids() == [] and second.outcome["reason"] == "enough"


def test_the_budget_of_restarts_goes_on_under_the_next_supervisor(tmp_path):
    plan = with_actor(relay_plan(tmp_path, limit=ENDLESS), "sink", class_path=f"{SLOW}:Troubled",
                      restart=replace(QUICK, max_restarts=1))
    plan = written(replace(plan, on_launcher_exit="keep"))
    with Supervised(plan, PITWIRE_TROUBLE=str(tmp_path / "trouble")) as deployment:
        deployment.enabled().client.kill("sink")
        deployment.wait_for("sink", epoch=2, state="RUNNING")
        first = deployment.supervisor
        deployment.kill_supervisor()
        deployment.taken_over(first)
        deployment.client.kill("sink")
        fatal = deployment.wait_for("sink", state="FATAL")
        assert "gave up after 1 restart within" in fatal["reason"]


def test_a_shutdown_under_way_is_finished_by_the_next_supervisor(tmp_path):
    with Supervised(chain_plan(tmp_path)) as deployment:
        pids = [pid for pid, _ in who(deployment.enabled()).values()]
        os.kill(who(deployment)["sink"][0], signal.SIGSTOP)  # it will not stop when asked
        deployment.client.shutdown("enough")
        deployment.kill_supervisor()
        eventually(lambda: not any(map(alive, pids)), what="the actors' end")
        eventually(lambda: not deployment.pids(), what="the end of everything")
        assert deployment.outcome["reason"] == "enough"


def test_a_supervisor_that_was_superseded_steps_aside_and_touches_nothing(tmp_path):
    with Supervised(chain_plan(tmp_path, on_launcher_exit="keep")) as deployment:
        before = who(deployment.enabled())
        deployment.page()["generation"] += 1
        assert deployment.ended() == ExitStatus.ALREADY_RUNNING
        assert "has taken" in deployment.out.read_text()
        assert all(alive(pid) for pid, _ in before.values())
        numbers_flow(deployment)
