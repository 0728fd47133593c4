"""A real supervisor and actors with trouble: what is found out, done, told and left behind."""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
import signal

import pytest

from actors.runtime.plan import Backoff, GroupPlan, HealthCheck, RestartPlan
from actors.supervisor import ControlError, ExitStatus
from tests.runtime.deployments import eventually, relay_plan
from tests.supervisor.supervised import Supervised, alive, with_actor, written

pytestmark = [pytest.mark.system, pytest.mark.timeout(240)]

ENDLESS = 10_000_000
OFTEN = RestartPlan(max_restarts=1000, backoff=Backoff(max_ns=20_000_000))
SLOW = "tests.supervisor.slow_actors"


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """source -> relay -> sink, a process each; restarts of the sink are expected to take 1 ns."""
    plan = relay_plan(tmp_path_factory.mktemp("chain"), limit=ENDLESS)
    plan = with_actor(plan, "sink", recovery_budget_ns=1, restart=OFTEN)
    with Supervised(with_actor(plan, "relay", restart=OFTEN)) as deployment:
        yield deployment.enabled()


@pytest.fixture
def chain(shared):
    for actor in ("source", "relay", "sink"):
        shared.wait_for(actor, 60, state="RUNNING")
    return shared


def killed_and_back(chain: Supervised, actor: str, number: str = "KILL") -> dict:
    """Kills an actor and waits for its successor; the event that tells of its end."""
    epoch = chain.client.row(actor)["epoch"]
    chain.client.kill(actor, number)
    chain.wait_for(actor, 60, epoch=epoch + 1, state="RUNNING")
    return chain.events("exited", actor)[-1]


# ---- post-mortems --------------------------------------------------------------------------------

def test_a_kill_leaves_a_folder_with_all_that_is_known(chain):
    eventually(lambda: chain.vitals("relay").header["handled"] > 0, what="numbers")
    pid = chain.client.row("relay")["pid"]
    exited = killed_and_back(chain, "relay")
    folder = pathlib.Path(exited["post_mortem"])
    assert chain.client.row("relay")["post_mortem"] == str(folder)
    eventually(lambda: folder.exists(), what="the post-mortem")
    summary = (folder / "summary.txt").read_text()
    assert f"pid {pid}" in summary and "killed by SIGKILL" in summary and "core" in summary
    said = json.loads((folder / "vitals.json").read_text())["relay"]
    assert said["pid"] == pid and said["state"] == "RUNNING" and said["handled"] > 0
    wires = json.loads((folder / "wires.json").read_text())
    assert set(wires) == {"source/numbers -> relay/numbers", "relay/numbers -> sink/numbers"}
    assert wires["source/numbers -> relay/numbers"]["handled"] > 0
    assert wires["source/numbers -> relay/numbers"]["c_epoch"] == said["epoch"], "as it was found"
    assert f"begins as process {pid}" in (folder / "log.jsonl").read_text()


def test_a_crash_leaves_its_own_traceback_and_no_other_ones(chain):
    for _ in range(2):
        folder = pathlib.Path(killed_and_back(chain, "relay", "SEGV")["post_mortem"])
        eventually(lambda: folder.exists(), what="the post-mortem")
        traceback = (folder / "traceback.txt").read_text()
        assert traceback.count("Fatal Python error: Segmentation fault") == 1
        assert "_keep_house" in traceback


def test_a_stop_leaves_none(chain):
    before = chain.client.row("source")["post_mortem"]
    chain.client.restart("source")
    chain.wait_for("source", state="RUNNING")
    assert chain.client.row("source")["post_mortem"] == before == ""


# ---- budgets, notes ------------------------------------------------------------------------------

def test_a_restart_that_took_longer_than_its_budget_is_told(chain):
    killed_and_back(chain, "sink")
    [*_, told] = chain.events("budget_exceeded", "sink")
    assert told["budget_ns"] == 1 and told["restart_ns"] > 1
    assert told["text"].endswith("; its recovery budget is 1e-06 ms")
    assert chain.events("ready", "sink")[-1]["over_budget"] is True
    assert chain.client.row("sink")["recovery_budget_ns"] == 1
    killed_and_back(chain, "relay")
    assert not chain.events("budget_exceeded", "relay")


def test_others_may_have_something_told(chain):
    n = chain.client.note("fault", "its wire was cut", "relay", wire="a -> b")
    [told] = [e for e in chain.events("fault") if e["n"] == n]
    assert (told["process"], told["actors"], told["wire"]) == ("relay", ["relay"], "a -> b")
    assert "relay: its wire was cut" in chain.log()
    with pytest.raises(ControlError, match="'data' has to be an object without"):
        chain.client.note("fault", "x", n=7)


# ---- hangs ---------------------------------------------------------------------------------------

def test_a_stop_that_is_continued_in_time_is_told_and_nothing_else(tmp_path):
    patient = HealthCheck(retries=2_000)
    with Supervised(with_actor(relay_plan(tmp_path, limit=ENDLESS), "relay",
                               health=patient)) as deployment:
        pid = deployment.enabled().client.row("relay")["pid"]
        os.kill(pid, signal.SIGSTOP)
        eventually(lambda: deployment.events("suspended", "relay"), what="word of the stop")
        os.kill(pid, signal.SIGCONT)
        eventually(lambda: deployment.events("continued", "relay"), what="word of the end")
        assert deployment.client.row("relay")["pid"] == pid


def test_work_that_nobody_takes_is_a_hang_though_the_heart_beats(tmp_path):
    """A transport that swallows messages: the wire's page says that five wait."""
    quick = HealthCheck(retries=5)
    with Supervised(with_actor(relay_plan(tmp_path, limit=0), "relay", health=quick)) as deployment:
        deployment.enabled()
        wire = deployment.wires()[0]
        eventually(lambda: wire["p_connected"] == wire["c_epoch"] != 0, what="a connection")
        wire["published"] += 5
        wire["offered"] += 5
        row = deployment.wait_for("relay", epoch=2, state="RUNNING")
        assert row["reason"] == "hung: 5 messages wait for relay and it takes none for 500 ms"
        assert deployment.client.row("sink")["epoch"] == 1


def test_a_handler_that_loops_is_found_with_a_traceback_of_where(tmp_path):
    trouble = tmp_path / "trouble"
    plan = with_actor(relay_plan(tmp_path, limit=ENDLESS), "sink", class_path=f"{SLOW}:Loops")
    with Supervised(plan, PITWIRE_TROUBLE=str(trouble)) as deployment:
        deployment.enabled()
        trouble.touch()
        eventually(lambda: deployment.events("hung", "sink"), what="a hang")
        trouble.unlink()
        row = deployment.wait_for("sink", state="RUNNING", epoch=2)
        assert row["reason"] == "hung: sink RUNNING without a heartbeat for 200 ms"
        folder = pathlib.Path(row["post_mortem"])
        eventually(lambda: folder.exists(), what="the post-mortem")
        assert "turn_in_a_circle" in (folder / "traceback.txt").read_text()


def test_a_slow_turn_is_told_and_nothing_is_done_about_it(tmp_path):
    plan = with_actor(relay_plan(tmp_path, limit=1), "sink", class_path=f"{SLOW}:Dawdles",
                      health=HealthCheck(slow_ns=50_000_000))
    with Supervised(plan) as deployment:
        deployment.enabled()
        [told, *_] = eventually(lambda: deployment.events("slow", "sink"), what="word of it")
        assert told["actor"] == "sink" and told["took_ns"] >= 60_000_000
        assert "slow is from 50 ms on" in told["text"]
        assert deployment.client.row("sink")["epoch"] == 1


# ---- groups, significant actors ------------------------------------------------------------------

def test_an_actor_that_escalates_restarts_its_group_and_then_halts_everything(tmp_path):
    plan = relay_plan(tmp_path, limit=ENDLESS)
    plan = with_actor(plan, "relay", restart=RestartPlan(max_restarts=0, on_exhausted="escalate"))
    group = GroupPlan("pair", "one_for_one", ("relay", "sink"), max_restarts=1)
    with Supervised(written(dataclasses.replace(plan, groups=(group,)))) as deployment:
        before = {row["actor"]: row["pid"] for row in deployment.enabled().client.ps()}
        deployment.client.kill("relay")
        for actor in ("relay", "sink"):
            deployment.wait_for(actor, epoch=2, state="RUNNING")
        assert not alive(before["sink"]) and alive(before["source"])
        assert deployment.events("escalated", "relay")
        deployment.client.kill("relay")
        assert deployment.ended() == ExitStatus.HALTED
        assert "group pair gave up after 1 restart" in deployment.outcome["reason"]


def test_the_end_of_a_significant_actor_ends_the_deployment(tmp_path):
    plan = with_actor(relay_plan(tmp_path, limit=ENDLESS), "sink", significant=True)
    with Supervised(plan) as deployment:
        os.kill(deployment.enabled().client.row("sink")["pid"], signal.SIGTERM)
        assert deployment.ended() == ExitStatus.ORDERLY
        assert deployment.outcome["reason"] == "sink, which is significant, ended"
