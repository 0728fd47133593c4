"""One component by itself: ``pitwire run`` and ``python -m actors.<name>``."""

import json
import os
import subprocess
import sys

import pytest

from tests.system.cli import CHECKOUT
from tests.system.desk import desk

pytestmark = pytest.mark.system

CLEAR = {"port": "market", "symbol": "AAPL", "update_type": "CLEAR", "flags": ["SNAPSHOT", "LAST"]}
QUOTE = {"port": "market", "symbol": "AAPL", "update_type": "BBO", "side": "BUY", "price": 100,
         "quantity": 100, "bid": 100, "bid_qty": 100, "ask": 100.02, "ask_qty": 100}
ORDER = {"port": "orders", "symbol": "AAPL", "order_id": 100000000001, "strategy_id": 1,
         "command": "NEW", "side": "BUY", "order_type": "LIMIT", "price": 100.01, "quantity": 50,
         "time_in_force": "IOC"}


def lines(*said):
    return "".join(json.dumps(one) + "\n" for one in said)


@pytest.fixture(scope="module")
def cli():
    with desk() as one:
        yield one


def run(cli, *words, send=""):
    done = cli.process("run", *words, input=send)
    assert done.returncode == 0, done.stdout + done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def test_risk_passes_a_good_order_and_refuses_one_that_is_too_large(cli):
    too_large = ORDER | {"order_id": 100000000002, "quantity": 999999}
    out, _ = run(cli, "risk", send=lines(CLEAR, QUOTE, ORDER, too_large))
    approved = [m for m in out if m["port"] == "approved"]
    assert [(m["order_id"], m["price_e4"], m["side"]) for m in approved] == [
        (100000000001, 1_000_100, "BUY")]
    refused = [m for m in out if m["port"] == "reports"]
    assert [(m["order_id"], m["report_type"], m["reject_reason"]) for m in refused] == [
        (100000000002, "REJECT", "ORDER_SIZE")]


def test_a_strategy_trades_on_market_data_that_is_made_up(cli):
    out, _ = run(cli, "strategy", "--generate", "market=20000,20000")
    assert {m["port"] for m in out} == {"orders"}
    assert all(m["command"] == "NEW" and m["quantity"] > 0 and m["symbol"] for m in out)


def test_bad_lines_are_reported_by_number_and_skipped(cli):
    said = lines(CLEAR, QUOTE) + "{oops\n" + lines(ORDER, {"port": "ordres"})
    out, log = run(cli, "risk", send=said)
    assert [m["order_id"] for m in out if m["port"] == "approved"] == [100000000001]
    assert "stdin:3: not JSON" in log
    assert "stdin:5: no input 'ordres' — did you mean 'orders'?" in log
    assert "2 bad lines skipped" in log


def test_input_comes_from_a_file_and_the_end_of_a_pipe_is_no_error(cli):
    file = cli.folder / "in.jsonl"
    file.write_text(lines(CLEAR, QUOTE, *(ORDER | {"order_id": 100000000000 + i}
                                          for i in range(1, 201))))
    running = subprocess.Popen(cli.command("run", "risk", "--input", str(file)), text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                               env={**os.environ, **cli.environment}, cwd=cli.folder)
    assert json.loads(running.stdout.readline())["port"]
    running.stdout.close()  # as `| head -1` does
    assert running.wait(120) == 0


def test_a_component_starts_without_a_topology():
    done = subprocess.run([sys.executable, "-m", "actors.risk"], capture_output=True, text=True,
                          input=lines(CLEAR, QUOTE, ORDER), timeout=300, check=False,
                          env={**os.environ, "PYTHONPATH": str(CHECKOUT)})
    assert done.returncode == 0, done.stderr
    assert any(json.loads(line)["port"] == "approved" for line in done.stdout.splitlines())


@pytest.mark.parametrize("kind", ["exchange", "feed", "strategy", "risk", "gateway", "monitor"])
def test_every_component_has_a_start_of_its_own(kind):
    from click.testing import CliRunner

    from launcher.run.component import component_command

    done = CliRunner().invoke(component_command(kind), ["--help"])
    assert done.exit_code == 0 and "neighbours stubbed" in done.output
    assert (CHECKOUT / "actors" / kind / "__main__.py").exists()
