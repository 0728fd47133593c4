"""What cannot start says why, by name, and leaves nothing behind."""

import socket

import pytest

from launcher.cli.exit_codes import ExitCode
from tests.system.desk import desk

pytestmark = pytest.mark.system


def test_a_port_that_is_taken_is_named():
    with socket.socket() as taken, desk() as cli:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        cli.topology.write_text(cli.topology.read_text().replace(
            _listens_on(cli, "order_entry"), f"127.0.0.1:{port}"))
        failed = cli("up", code=ExitCode.START_FAILED)
        assert f"127.0.0.1:{port}" in failed.stderr and "exchange" in failed.stderr
        assert "everything was stopped" in failed.stderr
        assert cli.left_over() == []


def _listens_on(cli, key):
    import yaml

    said = yaml.safe_load(cli.topology.read_text())
    return said["actors"]["exchange"]["config"][key]


def test_a_venue_that_is_not_there_keeps_the_deployment_waiting_until_ctrl_c():
    with desk() as cli:
        cli.topology.write_text(cli.topology.read_text().replace(
            _listens_on(cli, "market_data"), "127.0.0.1:1", 1))
        up = cli.follow("up")
        up.until("[FEED   ]")
        up.interrupt()
        assert up.process.returncode == ExitCode.INTERRUPTED
        assert "stopped before trading was enabled" in "\n".join(up.lines)
        assert cli.left_over() == []


def test_a_class_whose_module_cannot_be_imported_starts_nothing():
    with desk() as cli:
        (cli.folder / "lacks_a_library.py").write_text("import no_such_library\n")
        cli.topology.write_text(cli.topology.read_text().replace(
            "actors:\n", "actors:\n  strategy: {class: 'lacks_a_library:Mine'}\n"))
        refused = cli("up", code=ExitCode.TOPOLOGY_INVALID)
        assert "ModuleNotFoundError: No module named 'no_such_library'" in refused.stderr
        assert not (cli.folder / "run").exists()


def test_a_config_the_actor_refuses_starts_nothing():
    with desk(actors={"risk": {"config": {"max_position": -1}}}) as cli:
        refused = cli("up", code=ExitCode.TOPOLOGY_INVALID)
        assert "actors.risk.config.max_position: must be at least 1, not -1" in refused.stderr
