"""A chaos experiment on a real desk: harm is done, seen, recovered from, and accounted for."""

import json

import pytest
import yaml

from tests.system.desk import desk

pytestmark = pytest.mark.system

METHOD = [
    {"fault": "kill", "target": "monitor", "at": "500ms"},
    {"fault": "drop", "target": "feed/market -> strategy/market", "at": "1s", "for": "1s",
     "chance": "5%"},
    {"fault": "crash", "target": "feed", "point": "message_taken", "nth": 20, "at": "2s"},
    {"fault": "cut_link", "target": "feed", "at": "4s", "for": "100ms"},
]


def test_an_experiment_finds_that_all_holds_and_can_be_run_again_from_its_schedule():
    with desk(name="chaostest", defaults={"max_restarts": 1000}) as cli:
        experiment = {"version": 1, "name": "market data", "topology": "topology.yaml",
                      "for": "6s", "steady_state": {"within": "10m"},
                      "expect": {"recovery": "1m"}, "method": METHOD}
        (cli.folder / "experiment.yaml").write_text(yaml.safe_dump(experiment))
        ran = cli.process("chaos", "run", "experiment.yaml", "--seed", "3", "--json", "result.json",
                          "--schedule", "schedule.yaml")
        assert ran.returncode == 0, ran.stdout + ran.stderr
        result = json.loads((cli.folder / "result.json").read_text())
        outcomes = {(row["target"], row["fault"]): row["outcomes"] for row in result["matrix"]}
        assert outcomes["monitor", "kill"] == outcomes["feed", "crash"] == {"restarted": 1}
        assert outcomes["feed", "cut_link"] == {"survived": 1}
        assert result["audit"]["equal"] and result["audit"]["orders"] > 0
        assert result["audit"]["ledger"]["dropped_by"]["chaos"] > 0
        cli("chaos", "check", str(cli.folder / "schedule.yaml"))
        assert cli.left_over() == []
