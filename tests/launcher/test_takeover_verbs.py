"""The launcher or the supervisor is killed: what goes on, what ends, and what a user then does."""

from __future__ import annotations

import contextlib
import os
import pathlib
import signal

import pytest

from actors.runtime.pids import is_alive
from actors.runtime.vitals import map_deployment, map_wires
from launcher.cli.exit_codes import ExitCode
from tests.runtime.deployments import eventually
from tests.system.cli import RELAYS, deployment

pytestmark = pytest.mark.system

KEEP = RELAYS.format(name="keep") + "on_launcher_exit: keep\n"
ACTORS = ("source", "relay", "sink")


@contextlib.contextmanager
def relays(topology):
    with deployment(topology) as cli:
        yield cli


def page(cli):
    return map_deployment(cli.plan()["shm_dir"])


def actors(cli) -> dict[str, tuple[int, int]]:
    """Pid and epoch of each actor."""
    return {name: (row["pid"], row["epoch"]) for name, row in cli.ps().items() if name in ACTORS}


def kill_supervision(cli) -> None:
    """The supervisor and its fork server, so that neither replaces the other."""
    server, supervisor = (int(page(cli)[f"{who}_pid"]) for who in ("fork_server", "supervisor"))
    os.kill(server, signal.SIGSTOP)
    os.kill(supervisor, signal.SIGKILL)
    os.kill(server, signal.SIGKILL)
    eventually(lambda: not is_alive(supervisor) and not is_alive(server), what="their end")


def numbers_flow(cli) -> None:
    wires = map_wires(cli.plan()["shm_dir"], len(cli.plan()["wires"]))
    before = wires["handled"].copy()
    eventually(lambda: (wires["handled"] > before).all(), what="numbers")


def test_up_does_not_end_with_its_supervisor():
    with relays(KEEP) as cli:
        up = cli.follow("up")
        up.until("trading enabled")
        before, first = actors(cli), int(page(cli)["supervisor_pid"])
        assert f"supervisor: sent SIGKILL to pid {first}" in cli("kill", "supervisor").stdout
        up.until("a new one took over 3 running processes")
        assert cli.ps()["supervisor"]["pid"] != first and actors(cli) == before
        kill_supervision(cli)  # now it is for the launcher to start one
        up.until("a new one took over 3 running processes")
        assert actors(cli) == before
        numbers_flow(cli)
        cli("kill", "relay")
        eventually(lambda: actors(cli)["relay"][1] == 2, what="a restart")
        up.interrupt()
        assert up.process.returncode == 0, "\n".join(up.lines)
        assert cli.left_over() == []


def test_without_its_launcher_a_deployment_stops_in_good_order_and_leaves_nothing():
    with relays(RELAYS.format(name="relays")) as cli:
        up = cli.follow("up")
        up.until("trading enabled")
        pids = [pid for pid, _ in actors(cli).values()]
        up.interrupt(signal.SIGKILL)
        eventually(lambda: not any(map(is_alive, pids)), what="the actors' end")
        eventually(lambda: not cli.left_over(), what="an end that leaves nothing")
        said = (cli.run_dir / "logs" / "supervisor.jsonl").read_text()
        assert "the launcher is gone" in said
        assert said.index("sink: stopped") < said.index("relay: stopped") \
            < said.index("source: stopped")


def test_without_its_launcher_a_deployment_goes_on_if_told_to_and_up_follows_it_again():
    with relays(KEEP) as cli:
        up = cli.follow("up")
        up.until("trading enabled")
        before = actors(cli)
        up.interrupt(signal.SIGKILL)
        eventually(lambda: "the launcher is gone" in cli("logs").stdout, what="that it is noticed")
        numbers_flow(cli)
        again = cli.follow("up")
        again.until("attached")
        assert "running already" in cli("up", code=ExitCode.ALREADY_RUNNING).stderr
        assert actors(cli) == before
        again.interrupt()
        assert again.process.returncode == 0, "\n".join(again.lines)
        assert cli.left_over() == []


def test_with_everybody_gone_trading_goes_on_if_told_to_and_up_takes_it_over():
    with relays(KEEP) as cli:
        cli("up", "-d")
        before = actors(cli)
        kill_supervision(cli)
        for words in (["ps"], ["kill", "relay"], ["stop", "relay"], ["kill", "supervisor"]):
            refused = cli(*words, code=ExitCode.NO_SUPERVISOR)
            assert "take it over with: pitwire -f " in refused.stderr
        assert cli.json("top")["trading_enabled"], "looking needs no supervisor"
        numbers_flow(cli)
        os.kill(before["relay"][0], signal.SIGKILL)
        cli("up", "-d")
        eventually(lambda: cli.ps()["relay"]["state"] == "RUNNING", what="the restart")
        now = actors(cli)
        assert (now["source"], now["sink"]) == (before["source"], before["sink"])
        assert now["relay"][1] == 2
        numbers_flow(cli)
        assert "stopped in" in cli("down").stdout
        assert cli.left_over() == []
        assert cli("up", "--for", "100ms").exit_code == 0, "a new run, from its beginning"


def test_down_ends_what_nobody_looks_after():
    with relays(KEEP) as cli:
        cli("up", "-d")
        os.kill(cli.ps()["relay"]["pid"], signal.SIGSTOP)
        kill_supervision(cli)
        assert "no supervisor that answers" in cli("down").stdout
        assert cli.left_over() == []


def test_what_cannot_be_taken_over_is_cleared_by_the_next_up():
    """Its knowledge is gone; what runs of it is ended before a new run begins."""
    with relays(KEEP) as cli:
        cli("up", "-d")
        pids = [pid for pid, _ in actors(cli).values()]
        os.kill(pids[1], signal.SIGSTOP)  # too dead to notice
        kill_supervision(cli)
        (pathlib.Path(cli.plan()["shm_dir"]) / "supervisor.state").unlink()
        done = cli("up", "--for", "100ms")
        assert "an earlier run was not ended: stopped" in done.stdout
        assert not any(map(is_alive, pids)) and cli.left_over() == []
