"""An actor that cannot be built, or fails, says why where ``pitwire ps`` finds it, and exits 70."""

import dataclasses
import os
import signal
import socket

import pytest

from actors.runtime.host import ActorError
from actors.runtime.ledger import wire_ledger
from actors.runtime.process import EXIT_FAILED
from tests.runtime.deployments import Running, W, eventually, plan_of, relay_plan
from tests.runtime.in_process import InProcess
from tests.runtime.relay_actors import SEEN

SINK = "relay_actors:Sink"


def reason(running, actor):
    return running.vitals(actor).header["reason"].item().decode()


def fails(running, process):
    child = running.processes[process]
    eventually(lambda: not child.is_alive(), 120, "the failure")
    child.join()
    return child.exitcode == EXIT_FAILED


@pytest.mark.parametrize("actor, says", [
    ("relay_actors:Broken", "ValueError: no such thing as a working Broken"),
    ("relay_actors:BrokenLater", "KeyError: 'the house key'"),
    ("relay_actors:Nothing", "has no attribute 'Nothing'"),
    ("relay_actors:SEEN", "is not an actors.runtime.Actor"),
    ("no_such_module:Actor", "No module named 'tests.runtime.no_such_module'"),
    ("broken_module:Actor", "RuntimeError: this module is not fit to be imported"),
    ("reactor_actors:HalfCompiled", "HalfCompiled has compiled handlers, but none for control"),
])
def test_an_actor_that_cannot_be_built_says_why(tmp_path, actor, says):
    plan = plan_of(tmp_path, {"good": SINK, "bad": actor}, [])
    with Running(plan) as running:
        assert fails(running, "all")
        assert says in reason(running, "bad")
        assert running.vitals("bad").header["epoch"] == 1
        assert reason(running, "good").startswith("bad: "), "the other knows who it was"
        log = (tmp_path / "run" / "logs" / "all.jsonl").read_text()
        assert says in log and '"actor": "bad"' in log


def test_an_actor_may_succeed_after_it_failed_to_load(tmp_path):
    """Its first incarnation left a page and no table; the next finds both in order."""
    plan = plan_of(tmp_path, {"sink": "broken_module:Sink"}, [])
    with Running(plan) as running:
        assert fails(running, "all")
    mended = dataclasses.replace(plan, actors=(
        dataclasses.replace(plan.actors[0], class_path="tests.runtime.relay_actors:Sink"),))
    with InProcess(mended) as desk:
        vitals = desk.hosts["sink"].vitals
        assert vitals.header["epoch"] == 2 and vitals.header["reason"].item() == b""
        assert vitals.histogram_names == ("delay",)


def test_a_config_that_does_not_validate_names_the_key(tmp_path):
    plan = plan_of(tmp_path, {"source": "relay_actors:Source"}, [],
                   configs={"source": {"limitt": 5}})
    with Running(plan) as running:
        assert fails(running, "all")
        assert "limitt" in (tmp_path / "run" / "logs" / "all.jsonl").read_text()
        assert reason(running, "source")


def test_an_address_that_is_taken_is_named_with_its_wire(tmp_path):
    plan = plan_of(tmp_path, {"source": "relay_actors:Source", "sink": SINK},
                   [W("source/numbers", "sink/numbers", transport="tcp")])
    host, port = plan.wires[0].address.split(":")
    with socket.socket() as other:
        other.bind((host, int(port)))
        other.listen()
        with Running(plan) as running:
            assert fails(running, "sink")
            said = reason(running, "sink")
            assert "source/numbers -> sink/numbers" in said and f"{host}:{port}" in said


def test_a_core_that_does_not_exist_fails_the_process(tmp_path):
    plan = plan_of(tmp_path, {"sink": SINK}, [], core=1000)
    with Running(plan) as running:
        assert fails(running, "all")
        assert "Invalid argument" in reason(running, "sink")


def test_plain_and_compiled_actors_cannot_share_a_thread(tmp_path):
    plan = plan_of(tmp_path, {"sink": SINK, "plain": "relay_actors:PlainSink"}, [])
    with Running(plan) as running:
        assert fails(running, "all")
        assert "plain is plain Python and cannot share a thread" in reason(running, "sink")


def test_a_table_must_be_declared_and_laid_out_alike(tmp_path):
    class Sloppy:
        pass

    plan = plan_of(tmp_path, {"sink": SINK}, [])
    with InProcess(plan) as desk:
        with pytest.raises(ActorError, match=r"tables\(\) gives .*, the class declares"):
            desk.hosts["sink"]._lay_out({"other": Sloppy()})


# ---- orderly ends --------------------------------------------------------------------------------

def test_a_stopped_producer_leaves_nothing_behind(tmp_path):
    """Its consumer is slow; what the producer had sent when it ended still arrives."""
    plan = plan_of(tmp_path, {"source": "relay_actors:Source", "sink": "relay_actors:SlowSink"},
                   [W("source/numbers", "sink/numbers", transport="ipc", capacity=2000)],
                   configs={"source": {"limit": 1500, "per_tick": 50}})
    with Running(plan) as running:
        eventually(running.all_running, 120, "start")
        signal_stop(running, "source")
        sent = int(running.wires[0]["published"])
        eventually(lambda: running.seen(SEEN)["count"] == sent, what="the last message")
        assert set(running.stop().values()) == {0}
        ledger = wire_ledger(running.wires[0], quiescent=True)
        assert (ledger.handled, ledger.lost, ledger.unexplained) == (sent, 0, 0)


def signal_stop(running, process):
    """SIGTERM, as from a terminal or an init system; it ends in order."""
    child = running.processes[process]
    os.kill(child.pid, signal.SIGTERM)
    child.join(10)
    assert child.exitcode == 0


def test_a_stopped_consumer_handles_its_queue_first(tmp_path):
    plan = plan_of(tmp_path, {"source": "relay_actors:Source", "sink": "relay_actors:SlowSink"},
                   [W("source/numbers", "sink/numbers", transport="ipc", capacity=2000)],
                   configs={"source": {"limit": 1 << 40, "per_tick": 2}})
    with Running(plan) as running:
        eventually(running.all_running, 120, "start")
        eventually(lambda: running.wires[0]["handled"] > 100)
        signal_stop(running, "sink")
        down = int(running.wires[0]["down"])
        eventually(lambda: running.wires[0]["down"] > down, what="a source that goes on alone")
        signal_stop(running, "source")
        ledger = wire_ledger(running.wires[0], quiescent=True)
        assert ledger.unexplained == ledger.lost == 0
        assert ledger.sent == ledger.handled + ledger.down


def test_a_handler_that_never_returns_does_not_hold_up_the_stop(tmp_path):
    plan = plan_of(tmp_path, {"source": "relay_actors:Source", "sink": "relay_actors:Stuck"},
                   [W("source/numbers", "sink/numbers", transport="ipc")])
    with Running(plan) as running:
        eventually(running.all_running, 120, "start")
        eventually(lambda: running.seen(SEEN)["count"] > 0, what="the handler's call")
        assert running.stop() == {"source": 0, "sink": EXIT_FAILED}
        assert "a handler did not return within" in reason(running, "sink")


def test_actors_in_one_process_stop_together(tmp_path):
    plan = relay_plan(tmp_path, "threads", limit=1 << 40, per_tick=4)
    with Running(plan) as running:
        eventually(running.all_running, 120, "start")
        eventually(lambda: running.wires[1]["handled"] > 500)
        assert running.stop() == {"all": 0}
        for page in running.wires:
            ledger = wire_ledger(page, quiescent=True)
            assert ledger.unexplained == ledger.lost == 0
            assert ledger.sent == ledger.handled + ledger.dropped
