"""``pitwire tap`` and ``pitwire book`` on whole deployments, as a user has them."""

import json
import os
import signal
import subprocess

import pytest

from launcher.cli.exit_codes import ExitCode
from launcher.run.codec import decode
from schemas.messages import OrderCommand
from tests.exchange.itch_book import ItchBook
from tests.exchange.soup_client import MarketDataClient
from tests.runtime.deployments import eventually
from tests.system.cli import RELAYS, deployment
from tests.system.desk import desk

pytestmark = pytest.mark.system


# ---- tap -----------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def relays():
    """A running deployment of source, relay and sink."""
    with deployment(RELAYS.format(name="relays")) as cli:
        cli("up", "--detach")
        yield cli
        cli("down")
        assert cli.left_over() == []


def test_a_tap_prints_messages_that_can_be_read_back(relays):
    done = relays.process("tap", "source/numbers", "--count", "20")
    assert done.returncode == 0 and "20 messages" in done.stderr
    said = [json.loads(line) for line in done.stdout.splitlines()]
    assert [s["seq"] - said[0]["seq"] for s in said] == list(range(20))
    assert [int(decode(s, OrderCommand, "ABCD")["order_id"]) for s in said] \
        == [s["order_id"] for s in said]
    assert all(s["sent_ns"] > 0 and s["epoch"] == 1 for s in said)


def test_a_tap_chooses_by_symbol_condition_and_field(relays):
    done = relays.process("tap", "sink/numbers", "-n", "5", "--symbol", "B", "--filter", "epoch=1",
                          "--fields", "symbol,seq,cause")
    said = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(said) == 5 and all(list(s) == ["symbol", "seq", "cause"] for s in said)
    assert {s["symbol"] for s in said} == {"B"}


def test_a_tap_ends_with_its_time_with_ctrl_c_and_with_its_reader(relays):
    assert relays.process("tap", "relay", "--for", "200ms").returncode == 0
    tap = relays.follow("tap", "relay")
    tap.until('"order_id"')
    tap.interrupt()
    assert tap.process.returncode == 0 and "messages" in tap.lines[-1]
    quiet = relays.follow("tap", "relay", "--filter", "quantity=77")  # nothing to print
    quiet.until("epoch")
    quiet.process.send_signal(signal.SIGINT)
    assert quiet.finish() == 0
    command = " ".join(relays.command("tap", "relay"))
    piped = subprocess.run(["bash", "-o", "pipefail", "-c", f"{command} | head -n 3"], check=False,
                           capture_output=True, text=True, cwd=relays.folder, timeout=60,
                           env={**os.environ, **relays.environment})
    assert piped.returncode == 0 and len(piped.stdout.splitlines()) == 3
    assert "Traceback" not in piped.stderr


def test_a_name_that_is_not_known_is_an_error_of_its_own_code(relays):
    assert "did you mean 'relay'" in relays("tap", "rely", code=ExitCode.UNKNOWN_ACTOR).stderr
    assert "did you mean 'relay/numbers'" in relays("tap", "relay/number",
                                                    code=ExitCode.USAGE).stderr
    relays("tap", "relay", "--filter", "sied=BUY", code=ExitCode.USAGE)
    relays("book", "A", code=ExitCode.FAILURE)


def test_a_tap_goes_on_over_a_kill_and_the_wires_do_not_feel_it(relays):
    tap = relays.follow("tap", "relay", "--fields", "epoch,seq")
    tap.until('"epoch": 1')
    relays("kill", "relay")
    tap.until("──── relay epoch 2 ────")
    tap.until('"epoch": 2, "seq": 100}')
    tap.interrupt()
    assert tap.process.returncode == 0
    said = [json.loads(line) for line in tap.lines if line.startswith("{")]
    second = [s["seq"] for s in said if s["epoch"] == 2]
    assert second == list(range(1, len(second) + 1)), "from its first message"
    assert not any("skipped" in line for line in tap.lines)


# ---- book ----------------------------------------------------------------------------------------

def test_the_ladder_is_the_exchanges_book():
    """At a quiet moment: the exchange has filled its books, and its next order is far off."""
    with desk(actors={"exchange": {"config": {"flow": {"rate": 0.0001}}}}) as cli:
        cli("up", "-d")
        shown = eventually(lambda: _settled(cli), 60, "a ladder that stands still")
        book = _exchanges_book(cli, shown["sequence"])
        for name, side in (("bids", "B"), ("asks", "S")):
            levels = {}
            for order in book.orders.values():
                if (order.symbol, order.side) == ("AAPL", side):
                    quantity, orders = levels.get(order.price, (0, 0))
                    levels[order.price] = quantity + order.shares, orders + 1
            found = [(level["price_e4"], level["quantity"], level["orders"])
                     for level in shown[name]]
            wanted = sorted(((p, *level) for p, level in levels.items()), reverse=side == "B")
            assert found == wanted and len(found) >= 5
        assert (shown["symbol"], shown["state"], shown["epoch"]) == ("AAPL", "LIVE", 1)
        assert shown["spread_e4"] == shown["asks"][0]["price_e4"] - shown["bids"][0]["price_e4"]
        cli.environment |= {"COLUMNS": "80", "LINES": "24"}
        text = cli("book", "AAPL", "--once").stdout
        lines = text.splitlines()
        assert len(lines) <= 23 and max(map(len, lines)) <= 80
        assert f"{shown['bids'][0]['price_e4'] / 1e4:,.2f}" in text
        assert "did you mean 'AAPL'" in cli("book", "AAPLE", code=ExitCode.USAGE).stderr
        cli("down")
        assert cli.left_over() == []


def _settled(cli):
    """The ladder, if two looks half a second apart saw the same market."""
    looks = [json.loads(cli("book", "AAPL", "--levels", "64", "--once", "--json").stdout)
             for _ in range(2)]
    still = looks[0]["sequence"] == looks[1]["sequence"] and looks[1]["bids"]
    return looks[1] if still else None


def _exchanges_book(cli, sequence):
    """The book after the exchange's message number ``sequence``, from its own market data."""
    config = next(a for a in cli.plan()["actors"] if a["name"] == "exchange")["config"]
    with MarketDataClient(int(config["market_data"].rpartition(":")[2])) as client:
        client.start()
        book = ItchBook()
        for _ in range(sequence):
            book.apply(client.update())
        return book
