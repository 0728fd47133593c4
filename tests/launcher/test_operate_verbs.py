"""A deployment of three small actors, operated as a user would: ``up`` to ``down``."""

import contextlib
import json
import os
import signal

import pytest

from actors.runtime.pids import is_alive
from launcher.cli.exit_codes import ExitCode
from tests.runtime.deployments import eventually
from tests.system.cli import RELAYS, deployment

pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def relays():
    """A running deployment of source, relay and sink."""
    with deployment(RELAYS.format(name="relays")) as cli:
        cli("up", "--detach")
        yield cli
        cli("down")
        assert cli.left_over() == []


def test_up_in_the_background_comes_back_when_trading_is_enabled(relays):
    assert relays.json("top")["trading_enabled"] is True


def test_ps_shows_every_actor_and_the_supervisor(relays):
    rows = relays.ps()
    assert list(rows) == ["source", "relay", "sink", "supervisor"]
    assert {row["state"] for row in rows.values()} == {"RUNNING"}
    table = relays("ps").stdout
    for word in ("handled/s", "epoch", "last exit", "relay", "RUNNING"):
        assert word in table


def test_a_second_up_is_refused_and_names_the_first(relays):
    refused = relays("up", code=ExitCode.ALREADY_RUNNING)
    assert "running already (pid" in refused.stderr and "down" in refused.stderr


def test_killing_an_actor_ends_in_its_next_epoch(relays):
    epoch = relays.ps()["sink"]["epoch"]
    assert "sink: sent SIGKILL to pid" in relays("kill", "sink").stdout
    row = eventually(lambda: _running_after(relays, "sink", epoch), what="the next epoch")
    assert row["reason"] == "killed by SIGKILL"
    assert f"──── sink epoch {epoch + 1} ────" in relays("logs").stdout


def _running_after(cli, actor, epoch):
    row = cli.ps()[actor]
    return row if row["epoch"] > epoch and row["state"] == "RUNNING" else None


def test_events_tell_of_it_in_lines_and_in_json(relays):
    epoch = relays.ps()["relay"]["epoch"]
    relays("kill", "relay")
    eventually(lambda: _running_after(relays, "relay", epoch), what="the next epoch")
    lines = relays("events", "relay", "--since", "1h").stdout
    assert "killed by SIGKILL  (see " in lines and "running again after " in lines
    assert "detect " in lines and ", fork " in lines and ", load " in lines
    told = [json.loads(line) for line in relays("events", "--json").stdout.splitlines()]
    assert [event["n"] for event in told] == list(range(1, len(told) + 1))
    [*_, ready] = [event for event in told if event["kind"] == "ready" and event["incarnation"] > 1]
    assert sum(ready["phases_ns"].values()) == ready["restart_ns"]
    after = [json.loads(line) for line in relays(
        "events", "--json", "--since", str(ready["n"]), "--kind", "ready").stdout.splitlines()]
    assert after[0] == ready
    assert relays("events", "--since", "0s").stdout == ""
    assert "number of an event" in relays("events", "--since", "soon", code=ExitCode.USAGE).stderr
    assert "did you mean" in relays("events", "relai", code=ExitCode.UNKNOWN_ACTOR).stderr


def test_another_signal_is_sent_by_name(relays):
    assert json.loads(relays("kill", "-s", "CONT", "relay", "--json").stdout)["signal"] == "SIGCONT"
    assert "no signal" in relays("kill", "-s", "KIL", "relay", code=ExitCode.USAGE).stderr


def test_restart_waits_for_the_next_epoch(relays):
    epoch = relays.ps()["relay"]["epoch"]
    assert f"relay: running again, epoch {epoch + 1}" in relays("restart", "relay").stdout


def test_an_actor_is_stopped_and_started_again(relays):
    assert "source: stopped" in relays("stop", "source").stdout
    assert relays.ps()["source"]["state"] == "STOPPED"
    assert "not run" in relays("kill", "source", code=ExitCode.FAILURE).stderr
    assert "source: running" in relays("start", "source").stdout
    assert "running already" in relays("start", "source").stdout


def test_an_actor_nobody_knows_is_answered_with_the_nearest(relays):
    for verb in ("kill", "stop", "start", "restart", "logs"):
        refused = relays(verb, "relai", code=ExitCode.UNKNOWN_ACTOR)
        assert "did you mean 'relay'?" in refused.stderr


def test_logs_can_be_had_as_data_and_of_one_actor(relays):
    lines = [json.loads(line) for line in relays("logs", "--json").stdout.splitlines()]
    assert [line["t"] for line in lines] == sorted(line["t"] for line in lines)
    assert "trading enabled" in " ".join(line["text"] for line in lines)
    last = relays("logs", "-n", "1").stdout.splitlines()
    assert len([line for line in last if not line.startswith("────")]) == 1


def test_logs_are_followed(relays):
    followed = relays.follow("logs", "-f", "-n", "1")
    followed.until("")  # the last line so far: it follows from here on
    relays("restart", "sink")
    followed.until("sink epoch")
    followed.interrupt()


def test_top_prints_a_look_that_fits_80_columns(relays):
    relays.environment["COLUMNS"] = "80"
    try:
        shown = relays("top", "--once").stdout
    finally:
        relays.environment["COLUMNS"] = "160"
    assert "trading enabled" in shown and "source/numbers → relay/numbers" in shown
    assert max(map(len, shown.splitlines())) <= 80


def test_an_actor_can_be_run_in_the_foreground_in_the_place_of_a_stopped_one(relays):
    refused = relays("run", "relay", "--connect", code=ExitCode.ALREADY_RUNNING)
    assert "stop it there first" in refused.stderr
    relays("stop", "relay")
    foreground = relays.follow("run", "relay", "--connect")
    foreground.until("takes its place")
    eventually(lambda: _into(relays, "relay") > 0, what="messages through the relay")
    row = relays.ps()["relay"]
    assert (row["state"], row["pid"]) == ("RUNNING", foreground.process.pid)
    assert "foreground" in row["reason"]
    foreground.interrupt()
    assert relays.ps()["relay"]["state"] == "STOPPED"
    assert foreground.process.returncode == 0
    assert "relay: running" in relays("start", "relay").stdout


def _into(cli, actor):
    """Messages a second on the wires into an actor."""
    return sum(wire["per_second"] for wire in cli.json("top")["wires"]
               if f"-> {actor}/" in wire["name"])


def test_folders_and_pages_are_the_users_alone(relays):
    plan = relays.plan()
    for folder in (plan["run_dir"], plan["shm_dir"]):
        assert os.stat(folder).st_mode & 0o077 == 0


# ---- runs of their own ---------------------------------------------------------------------------

@pytest.fixture
def cli():
    with deployment(RELAYS.format(name="other")) as one:
        yield one


def test_a_run_for_a_while_reports_and_leaves_only_its_logs(cli):
    report = cli.folder / "r.json"
    done = cli("up", "--for", "700ms", "--report", str(report))
    assert "Pitwire 0.1.0 — " in done.stdout and "4 actors, 4 processes, 2 wires" in done.stdout
    assert "trading enabled" in done.stdout and "--for 700ms is over" in done.stdout
    said = json.loads(report.read_text())
    assert said["outcome"] == "ORDERLY" and said["duration_s"] >= 0.7
    ledger = said["ledger"]
    assert ledger["handled"] > 0 and ledger["lost"] == ledger["unexplained"] == 0
    assert ledger["sent"] == ledger["handled"] + ledger["dropped"]
    assert set(ledger["wires"]) == {"source/numbers -> relay/numbers",
                                    "relay/numbers -> sink/numbers"}
    assert said["restarts"] == {"source": 0, "relay": 0, "sink": 0}
    assert said["processes"]["relay"]["rss_mb"] > 0
    assert said["machine"]["libzmq"] and said["machine"]["cores"]
    assert cli.left_over() == []
    assert "trading enabled" in cli("logs").stdout


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_stops_everything_and_leaves_nothing(cli, number):
    up = cli.follow("up")
    up.until("trading enabled")
    up.interrupt(number)
    assert up.process.returncode == 0
    assert cli.left_over() == []


def test_a_second_ctrl_c_does_not_wait(cli):
    up = cli.follow("up")
    up.until("trading enabled")
    pid = cli.ps()["relay"]["pid"]
    os.kill(pid, signal.SIGSTOP)  # it will not stop when asked
    up.process.send_signal(signal.SIGINT)
    up.until("stopping")
    up.interrupt()
    assert up.process.returncode == ExitCode.INTERRUPTED
    assert cli.left_over() == []


def test_ctrl_c_before_anything_runs_leaves_nothing(cli):
    up = cli.follow("up")
    up.until("Pitwire")
    up.interrupt()
    assert up.process.returncode == ExitCode.INTERRUPTED
    assert cli.left_over() == []


def test_a_supervisor_that_dies_takes_everything_along_and_up_says_so(cli):
    up = cli.follow("up")
    up.until("trading enabled")
    os.kill(cli.ps()["supervisor"]["pid"], signal.SIGKILL)
    assert up.finish() == ExitCode.FAILURE
    assert any("the supervisor was killed by signal 9" in line for line in up.lines)
    assert cli.left_over() == []


def test_what_a_dead_run_has_left_is_cleared_by_the_next_up(cli):
    cli("up", "-d")
    pids = [row["pid"] for row in cli.ps().values()]
    for actor in ("sink", "relay"):
        os.kill(cli.ps()[actor]["pid"], signal.SIGSTOP)  # too dead to notice
    os.kill(pids[-1], signal.SIGKILL)
    up = cli("up", "--for", "100ms")
    assert "an earlier run was not ended: stopped" in up.stdout
    assert cli.left_over() == []
    assert not [pid for pid in pids if is_alive(pid)]


def test_a_run_is_told_of_after_its_end_and_its_restarts_are_reported(cli):
    report = cli.folder / "r.json"
    up = cli.follow("up", "--report", str(report))
    up.until("trading enabled")
    following = cli.follow("events", "-f")
    cli("kill", "relay")
    following.until("running again after")
    up.interrupt()
    following.finish()
    assert "draining" in "\n".join(following.lines), "it ends with the deployment"
    told = [json.loads(line) for line in cli("events", "--json").stdout.splitlines()]
    assert told[-1]["kind"] == "ended"
    said = json.loads(report.read_text())["recovery"]["relay"]
    assert said["count"] == 1 and said["restarts"][0]["phases_ns"] == next(
        event["phases_ns"] for event in told if event.get("restart_ns"))
    assert any("relay was back after" in line for line in up.lines)
    assert list((cli.run_dir / "post-mortem").iterdir())
    cli("up", "--for", "100ms")
    again = [json.loads(line) for line in cli("events", "--json").stdout.splitlines()]
    assert again[0]["n"] == 1 and (cli.run_dir / "events.previous").is_dir()


def test_a_run_in_the_background_that_ends_by_itself_leaves_nothing(cli):
    cli.topology.write_text(cli.topology.read_text().replace(
        "defaults: {", "defaults: {max_restarts: 0, on_exhausted: halt, "))
    cli("up", "-d")
    cli("kill", "relay")
    eventually(lambda: not cli.left_over(), what="an end that leaves nothing")
    assert "stopped: relay" in cli("logs").stdout


def test_down_ends_what_nobody_looks_after(cli):
    cli("up", "-d")
    rows = cli.ps()
    os.kill(rows["relay"]["pid"], signal.SIGSTOP)
    os.kill(rows["supervisor"]["pid"], signal.SIGKILL)
    assert "no supervisor that answers" in cli("down").stdout
    assert cli.left_over() == []


def test_an_actor_that_cannot_be_built_is_named_with_its_reason(cli):
    with cli.topology.open("a") as file:
        file.write("  broken: {class: tests.runtime.relay_actors:Broken, max_restarts: 1}\n")
    failed = cli("up", code=ExitCode.START_FAILED)
    told = failed.stdout + failed.stderr
    assert "broken" in told and "no such thing as a working Broken" in told
    assert "everything was stopped" in failed.stderr
    assert cli.left_over() == []
    failed = cli("up", "-d", code=ExitCode.START_FAILED)
    assert "no such thing as a working Broken" in failed.stderr


def test_a_topology_with_errors_starts_nothing(cli):
    cli.topology.write_text(cli.topology.read_text().replace("source/numbers", "sorce/numbers"))
    refused = cli("up", code=ExitCode.TOPOLOGY_INVALID)
    assert "did you mean 'source'?" in refused.stderr
    assert not (cli.folder / "run").exists()


@pytest.mark.parametrize("words", [["ps"], ["down"], ["kill", "relay"], ["stop", "relay"],
                                   ["start", "relay"], ["restart", "relay"], ["top"], ["logs"],
                                   ["run", "relay", "--connect"]])
def test_what_needs_a_running_deployment_says_how_to_start_one(cli, words):
    refused = cli(*words, code=ExitCode.NOT_RUNNING)
    assert "start it with: pitwire -f " in refused.stderr


def test_a_report_nobody_could_read_is_refused_at_once(cli):
    refused = cli("up", "--report", "nowhere/r.json", code=ExitCode.FAILURE)
    assert "there is no folder nowhere" in refused.stderr
    assert "--detach comes back at once" in cli("up", "-d", "--for", "1s",
                                                code=ExitCode.USAGE).stderr
    assert "needs a unit" in cli("up", "--for", "3", code=ExitCode.USAGE).stderr


def test_two_deployments_run_side_by_side(cli):
    with deployment(RELAYS.format(name="other")) as second, contextlib.ExitStack() as stack:
        for one in (cli, second):
            one("up", "-d")
            stack.callback(one, "down")
        assert cli.ps()["relay"]["pid"] != second.ps()["relay"]["pid"]
