"""The deployments that Pitwire ships with trade, and leave nothing behind."""

import json
import os
import re

import pytest

from launcher.report import HOPS
from tests.book.recordings import LOBSTER_HOUR, recorded
from tests.system.cli import CHECKOUT
from tests.system.desk import desk, trade, until_counted, until_running

pytestmark = pytest.mark.system

SHIPPED = {"topology.yaml": (7, 7, 9), "topologies/fused.yaml": (7, 4, 9),
           "topologies/threads.yaml": (7, 4, 9), "topologies/two_strategies.yaml": (8, 8, 12),
           "topologies/replay_itch.yaml": (7, 7, 9), "topologies/replay_lobster.yaml": (7, 7, 9)}
SYMBOLS = {"topologies/replay_itch.yaml": {"AAPL", "MSFT"},
           "topologies/replay_lobster.yaml": {"AAPL"}}


@pytest.mark.parametrize("topology", SHIPPED)
def test_a_shipped_topology_trades(topology):
    with desk(topology) as cli:
        report = trade(cli)
        first = cli("logs").stdout.splitlines()[0]
    actors, processes, wires = SHIPPED[topology]
    assert f"{actors} actors, {processes} processes, {wires} wires" in first
    assert report["orders_sent"] > 0 and report["fills"] > 0
    assert report["market_data_messages"] > 0
    for hop in HOPS:
        found = report["latency_ns"][hop]
        assert found["count"] > 0
        assert 0 < found["p50"] <= found["p95"] <= found["p99"] <= found["p999"]
    assert set(report["restarts"].values()) == {0}
    assert set(report["positions"]) == SYMBOLS.get(topology, {"AAPL", "MSFT", "GOOG", "AMZN"})


@recorded(LOBSTER_HOUR)
def test_a_real_recording_trades():
    """An hour of AAPL in 2012, at twenty times its speed: the desk trades with its orders."""
    flow = {"file": os.path.relpath(LOBSTER_HOUR, CHECKOUT / "topologies"), "book": None,
            "speed": 20}
    with desk("topologies/replay_lobster.yaml", actors={"exchange": {"config": {"flow": flow}}},
              symbols=["AAPL"]) as cli:
        report = trade(cli)
        assert "playing" in cli("logs").stdout and "91,913 events" in cli("logs").stdout
    assert report["orders_sent"] > 0 and report["fills"] > 0
    assert set(report["restarts"].values()) == {0}


def test_the_headless_run_of_the_manual():
    with desk() as cli:
        done = cli.process("up", "--for", "2s", "--report", "r.json")
        assert done.returncode == 0, done.stdout + done.stderr
        report = json.loads((cli.folder / "r.json").read_text())
        assert 2.0 <= report["duration_s"] < 30.0
        for key in ("orders_sent", "fills", "rejects", "market_data_messages"):
            assert isinstance(report[key], int)
        assert cli.left_over() == []
    shown = done.stdout.splitlines()
    assert re.fullmatch(r"\d\d:\d\d:\d\d\.\d{3} \[SYSTEM \] Pitwire 0\.1\.0 — .*: 7 actors, "
                        r"7 processes, 9 wires", shown[0])
    told = [re.sub(r"^\S+ ", "", line) for line in shown]
    assert any(line.startswith("[EXCH   ] order entry on 127.0.0.1:") for line in told)
    assert "[SYSTEM ] all actors ready, trading enabled" in told
    assert any(" traded for " in line for line in shown)


def test_a_second_strategy_trades_beside_the_first():
    quick = {"window": 50, "threshold_sigma": 1.0}
    with desk("topologies/two_strategies.yaml",
              actors={"strategy": {"config": quick}, "strategy_2": {"config": quick}}) as cli:
        cli("up", "-d")
        until_counted(cli, "strategy", "fills")
        until_counted(cli, "strategy_2", "fills")
        cli("down")
        assert cli.left_over() == []


@pytest.mark.parametrize("actor", ["strategy", "feed", "risk", "gateway"])
def test_an_actor_that_is_killed_trades_on_in_its_next_epoch(killing, actor):
    cli = killing
    until_counted(cli, "gateway", "fills")
    cli("kill", actor)
    row = until_running(cli, actor)
    assert row["epoch"] == 2 and row["restarts"] == 1
    assert row["reason"] == "killed by SIGKILL"
    seen = until_counted(cli, "gateway", "fills")
    until_counted(cli, "gateway", "fills", seen)
    assert f"──── {actor} epoch 2 ────" in cli("logs").stdout


@pytest.fixture(scope="module")
def killing():
    """A deployment that trades while its actors are killed one after the other."""
    with desk() as cli:
        cli("up", "-d")
        yield cli
        cli("down")
        assert cli.left_over() == []
