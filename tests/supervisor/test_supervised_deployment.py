"""A real supervisor over real processes: starts, kills, hangs, stops, the end."""

from __future__ import annotations

import os
import pathlib
import signal

import pytest

from actors.runtime.histogram import summary
from actors.runtime.plan import Backoff, HealthCheck, RestartPlan
from actors.supervisor import ControlError, ExitStatus
from actors.supervisor.events import read_events
from actors.supervisor.recovery import PHASES
from schemas.enums import ActorState
from tests.runtime.deployments import RELAY, eventually, relay_plan
from tests.runtime.relay_actors import SEEN
from tests.supervisor.supervised import Supervised, alive, with_actor, zombies_of

pytestmark = [pytest.mark.system, pytest.mark.timeout(240)]

ENDLESS = 10_000_000


OFTEN = RestartPlan(max_restarts=1000, backoff=Backoff(max_ns=20_000_000))


def relay_chain(root: pathlib.Path) -> Supervised:
    """source -> relay -> sink, a process each."""
    return Supervised(with_actor(relay_plan(root, limit=ENDLESS), "relay", restart=OFTEN))


@pytest.fixture(scope="module")
def shared_chain(tmp_path_factory):
    with relay_chain(tmp_path_factory.mktemp("chain")) as deployment:
        yield deployment.enabled()


@pytest.fixture
def chain(shared_chain):
    """One deployment for all tests that leave it as they find it: running, numbers flowing."""
    for actor in ("source", "relay", "sink"):
        shared_chain.wait_for(actor, 60, state="RUNNING")
    return shared_chain


@pytest.fixture
def own_chain(tmp_path):
    """A deployment that the test may end."""
    with relay_chain(tmp_path) as deployment:
        yield deployment.enabled()


def test_a_deployment_starts_and_numbers_flow(chain):
    assert chain.page()["trading_enabled"] == 1
    assert chain.page()["supervisor_pid"] == chain.process.pid
    rows = {row["actor"]: row for row in chain.client.ps()}
    assert list(rows) == ["source", "relay", "sink", "supervisor"]
    assert all(row["state"] == "RUNNING" and alive(row["pid"]) for row in rows.values())
    assert len({row["pid"] for row in rows.values()}) == 4
    eventually(lambda: chain.seen(SEEN)["count"] > 100, what="numbers")
    eventually(lambda: chain.client.row("sink")["handled_per_s"] > 0, what="a rate")
    assert "all actors ready, trading enabled" in chain.log()
    beat = int(chain.page()["supervisor_ns"])
    eventually(lambda: int(chain.page()["supervisor_ns"]) > beat, what="the supervisor's heartbeat")


def test_kill_9_brings_a_second_incarnation_and_numbers_flow_again(chain):
    before = chain.client.row("relay")
    told = chain.client.kill("relay")
    assert told["pid"] == before["pid"] and told["actors"] == ["relay"]
    after = chain.wait_for("relay", epoch=before["epoch"] + 1, state="RUNNING")
    assert after["restarts"] == before["restarts"] + 1 and after["reason"] == "killed by SIGKILL"
    assert after["exit_status"] == -signal.SIGKILL and after["pid"] != before["pid"]
    assert not alive(before["pid"])
    count = int(chain.seen(SEEN)["count"])
    eventually(lambda: chain.seen(SEEN)["count"] > count + 100, what="numbers after the restart")
    restarts = [e for e in chain.events("ready") if "restart_ns" in e]
    own = chain.vitals("supervisor")
    assert own.counter("exits") == own.counter("restarts") == len(restarts)
    assert summary(own.histogram("restart")["counts"])["count"] == len(restarts)
    assert restarts[-1]["process"] == "relay" and restarts[-1]["restart_ns"] > 0
    assert chain.vitals("relay").header["restarts"] == after["restarts"]
    assert chain.vitals("relay").header["previous_exit"].item() == b"killed by SIGKILL"
    phases = restarts[-1]["phases_ns"]
    assert tuple(phases) == PHASES and sum(phases.values()) == restarts[-1]["restart_ns"]
    assert min(phases.values()) >= 0 and phases["fork"] > 0 and phases["load"] > 0
    assert "the incarnation before ended: killed by SIGKILL" in chain.log()
    assert chain.page()["trading_enabled"] == 1


def test_a_kill_from_outside_is_seen_as_well(chain):
    before = chain.client.row("relay")
    os.kill(before["pid"], signal.SIGSEGV)
    after = chain.wait_for("relay", epoch=before["epoch"] + 1, state="RUNNING")
    assert after["reason"] == "killed by SIGSEGV"


def test_a_stopped_process_is_found_hung_and_replaced(chain):
    before = chain.client.row("relay")
    chain.client.kill("relay", "STOP")
    after = chain.wait_for("relay", epoch=before["epoch"] + 1, state="RUNNING")
    assert after["reason"] == "stopped by a signal: relay RUNNING without a heartbeat for 200 ms"
    assert not alive(before["pid"])
    assert chain.events("suspended", "relay")
    [*_, ready] = chain.events("ready", "relay")
    assert ready["phases_ns"]["detect"] >= 200_000_000, "from the last sign of life on"
    assert chain.events("hung", "relay") and chain.vitals("supervisor").counter("hangs") > 0


def test_stop_start_and_restart_on_request(chain):
    before = chain.client.row("relay")
    chain.client.stop("relay")
    stopped = chain.wait_for("relay", state="STOPPED", pid=0)
    assert stopped["exit_status"] == 0 and not alive(before["pid"])
    assert chain.vitals("relay").header["state"] == ActorState.STOPPED
    assert chain.wires()[0]["c_closed"] == 1, "nobody waits for it"
    with pytest.raises(ControlError, match="process relay does not run"):
        chain.client.kill("relay")
    chain.client.start("relay")
    chain.wait_for("relay", state="RUNNING", epoch=before["epoch"] + 1)
    assert chain.wires()[0]["c_closed"] == 0
    chain.client.restart("relay")
    chain.wait_for("relay", state="RUNNING", epoch=before["epoch"] + 2)
    count = int(chain.seen(SEEN)["count"])
    eventually(lambda: chain.seen(SEEN)["count"] > count, what="numbers")


def test_a_second_start_compiles_nothing(chain, own_chain):
    progress = own_chain.client.status()["progress"]
    assert progress["compiled"] == 0 and progress["done"] == progress["total"] > 10


def test_what_happened_is_told_in_order_from_where_one_left_off(chain):
    events, following = chain.client.events()
    assert [e["n"] for e in events] == list(range(1, following + 1))
    kinds = [e["kind"] for e in events if e["process"] in ("", "sink")]
    assert kinds[:3] == ["started", "ready", "enabled"]
    epoch = chain.client.row("relay")["epoch"]
    chain.client.kill("relay")
    chain.wait_for("relay", epoch=epoch + 1, state="RUNNING")
    new, _ = chain.client.events(since=following)
    told = [e["kind"] for e in new if e["process"] == "relay"]
    assert [kind for kind in told if kind not in ("dropped", "lost", "gap")] == [
        "exited", "backoff", "started", "ready"]
    assert list(read_events(chain.plan.run_dir))[following:][:len(new)] == new


def test_wrong_requests_are_refused_with_what_to_do(chain):
    for request, code in (
            (lambda: chain.client.kill("relai"), "unknown_actor"),
            (lambda: chain.client.kill("relay", "KIL"), "bad_signal"),
            (lambda: chain.client.stop("supervisor"), "unknown_actor"),
            (lambda: chain.client.request("stop"), "bad_request"),
            (lambda: chain.client.request("events", since="x"), "bad_request"),
            (lambda: chain.client.request("frobnicate"), "unknown_verb")):
        with pytest.raises(ControlError) as refused:
            request()
        assert refused.value.code == code
    assert chain.stage() == "ENABLED"


def test_shutdown_stops_in_reverse_order_and_leaves_nothing(own_chain):
    pids = [row["pid"] for row in own_chain.client.ps()]
    children = own_chain.pids()
    assert set(pids) <= set(children)
    own_chain.client.shutdown("enough")
    assert own_chain.ended() == ExitStatus.ORDERLY
    assert own_chain.pids() == [], "supervisor, fork server or actors are left"
    assert own_chain.outcome == {"outcome": "ORDERLY", "status": 0, "reason": "enough"}
    run_dir = pathlib.Path(own_chain.plan.run_dir)
    assert [p for p in run_dir.iterdir() if p.is_socket()] == []
    stopped = {a: int(own_chain.vitals(a).header["state"]) for a in ("source", "relay", "sink")}
    assert set(stopped.values()) == {ActorState.STOPPED}, "the pages stay for the report"
    log = own_chain.log()
    assert log.index("sink: stopped") < log.index("relay: stopped") < log.index("source: stopped")
    assert own_chain.page()["trading_enabled"] == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_is_a_shutdown(tmp_path, number):
    with Supervised(relay_plan(tmp_path, limit=10)) as deployment:
        deployment.enabled().process.send_signal(number)
        assert deployment.ended() == ExitStatus.ORDERLY
        assert deployment.pids() == []


def test_a_process_that_ignores_the_stop_is_killed(own_chain):
    pid = own_chain.client.row("sink")["pid"]
    os.kill(pid, signal.SIGSTOP)
    own_chain.client.shutdown()
    assert own_chain.ended() == ExitStatus.ORDERLY
    assert not alive(pid) and own_chain.pids() == []


def test_actors_of_one_process_are_restarted_together(tmp_path):
    with Supervised(relay_plan(tmp_path, placement="thread", limit=ENDLESS)) as deployment:
        deployment.enabled()
        assert deployment.client.kill("relay")["actors"] == ["source", "relay", "sink"]
        pids = {deployment.wait_for(a, epoch=2, state="RUNNING")["pid"]
                for a in ("source", "relay", "sink")}
        assert len(pids) == 1
        count = int(deployment.seen(SEEN)["count"])
        eventually(lambda: deployment.seen(SEEN)["count"] > count, what="numbers")


# ---- what does not start -------------------------------------------------------------------------

QUICK = RestartPlan(max_restarts=2, backoff=Backoff(initial_ns=5_000_000, jitter=0.0))


def test_a_constructor_that_fails_is_retried_then_given_up_and_nothing_is_left(tmp_path):
    plan = with_actor(relay_plan(tmp_path), "relay", class_path=f"{RELAY}:Broken", restart=QUICK)
    with Supervised(plan) as deployment:
        assert deployment.ended(120) == ExitStatus.START_FAILED
        assert deployment.pids() == []
        reason = deployment.outcome["reason"]
        header = deployment.vitals("relay").header
        assert header["state"] == ActorState.FATAL and header["exit_status"] == 70
        assert deployment.vitals("supervisor").counter("restarts") == 2
        log = deployment.log()
    assert reason == ("relay: ValueError: no such thing as a working Broken; gave up after "
                      "2 restarts within 60 s")
    assert header["reason"].item().decode() in reason
    assert "restarts at once" in log and "restarts in 5 ms" in log


def test_a_class_that_cannot_be_imported_is_named(tmp_path):
    plan = with_actor(relay_plan(tmp_path), "sink", class_path="tests.no_such_module:Sink",
                      restart=RestartPlan(policy="no"))
    with Supervised(plan) as deployment:
        assert deployment.ended(120) == ExitStatus.START_FAILED
        assert "No module named 'tests.no_such_module'" in deployment.outcome["reason"]
        assert deployment.outcome["reason"].startswith("sink: class tests.no_such_module:Sink")


def test_an_actor_that_gets_not_ready_in_time_is_named(tmp_path):
    plan = with_actor(relay_plan(tmp_path), "sink", class_path=f"{SLOW}:NeverReady",
                      health=HealthCheck(start_period_ns=300_000_000))
    with Supervised(plan) as deployment:
        assert deployment.ended(120) == ExitStatus.START_FAILED
        assert deployment.outcome["reason"] == (
            "sink: not ready within 300 ms (sink is CATCHING_UP)")
        assert deployment.pids() == []


SLOW = "tests.supervisor.slow_actors"


def test_an_actor_that_fails_later_is_isolated_and_can_be_started_again(tmp_path):
    """It crashes in every incarnation but the first, until its trouble is over."""
    plan = with_actor(relay_plan(tmp_path, limit=ENDLESS), "sink", class_path=f"{SLOW}:Troubled",
                      restart=QUICK)
    trouble = tmp_path / "trouble"
    with Supervised(plan, PITWIRE_TROUBLE=str(trouble)) as deployment:
        deployment.enabled()
        trouble.touch()
        deployment.client.kill("sink")
        fatal = deployment.wait_for("sink", state="FATAL")
        assert fatal["reason"] == ("RuntimeError: still in trouble; gave up after 2 restarts "
                                   "within 60 s")
        assert deployment.stage() == "ENABLED"
        assert deployment.client.row("relay")["state"] == "RUNNING"
        assert deployment.wires()[1]["c_closed"] == 1
        trouble.unlink()
        deployment.client.restart("sink")
        deployment.wait_for("sink", state="RUNNING")
        assert deployment.wires()[1]["c_closed"] == 0


# ---- the fork server -----------------------------------------------------------------------------

def fork_server_of(deployment: Supervised) -> int:
    actors = {row["pid"] for row in deployment.client.ps()}
    for pid in deployment.pids():
        command = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
        if b"actors.supervisor.forkserver" in command and pid not in actors:
            return pid
    return 0


def test_the_death_of_the_fork_server_is_no_actors_death(chain):
    epoch = chain.client.row("relay")["epoch"]
    before = {row["actor"]: row["pid"] for row in chain.client.ps()}
    server = fork_server_of(chain)
    os.kill(server, signal.SIGKILL)
    eventually(lambda: fork_server_of(chain) not in (0, server), 60, "a new fork server")
    assert {row["actor"]: row["pid"] for row in chain.client.ps()} == before
    assert chain.events("fork_server")
    chain.client.kill("relay")  # a child of the dead fork server: now the supervisor's to reap
    chain.wait_for("relay", 60, epoch=epoch + 1, state="RUNNING")
    eventually(lambda: not zombies_of(chain.process.pid), what="the end of the zombies")


def test_a_death_while_there_is_no_fork_server_is_made_good_by_the_next(chain):
    epoch = chain.client.row("relay")["epoch"]
    os.kill(fork_server_of(chain), signal.SIGKILL)
    chain.client.kill("relay")
    row = chain.wait_for("relay", 60, epoch=epoch + 1, state="RUNNING")
    assert row["reason"] in ("killed by SIGKILL", "ended; how was lost with the fork server")


def test_a_fork_server_that_does_not_answer_is_replaced(chain):
    epoch = chain.client.row("relay")["epoch"]
    os.kill(fork_server_of(chain), signal.SIGSTOP)
    chain.client.kill("relay")
    chain.wait_for("relay", 60, epoch=epoch + 1, state="RUNNING")
    eventually(lambda: not zombies_of(chain.process.pid), what="the end of the zombies")


def test_the_fork_server_dies_with_the_supervisor_and_actors_stop_by_themselves(own_chain):
    server, actors = fork_server_of(own_chain), [r["pid"] for r in own_chain.client.ps()][:3]
    own_chain.process.kill()
    eventually(lambda: not alive(server), what="the fork server's end")
    eventually(lambda: not any(map(alive, actors)), what="the actors' end")


def test_a_second_supervisor_is_refused(chain):
    with Supervised(chain.plan) as second:
        assert second.ended() == ExitStatus.ALREADY_RUNNING
        assert f"process {chain.process.pid} supervises" in second.out.read_text()
        assert chain.client.row("relay")["state"] == "RUNNING"
        second.mark = "nobody"  # the deployment is the first one's to end
