"""The exchange is killed while a desk trades: nobody loses an order, a fill or a message."""

import json
import pathlib

import numpy as np
import pytest

from actors.exchange.durability import DURABILITY
from actors.gateway.state import ORDER
from actors.runtime.soup_kernels import SOUP_LINK
from actors.runtime.vitals import Vitals, map_table
from schemas.enums import OrderStatus
from tests.exchange.itch_book import ItchBook
from tests.exchange.soup_client import MarketDataClient
from tests.runtime.deployments import eventually
from tests.system.desk import desk, exchange_alone
from tests.system.resting_strategy import SENT

pytestmark = pytest.mark.system

RESTING = 8
RESTER = {"class": "tests.system.resting_strategy:Rester", "wait": "blocking",
          "config": {"resting": RESTING, "window": None, "threshold_sigma": None}}


class Desk:
    """What the pages of a running desk say."""

    def __init__(self, cli):
        self.cli, self._shm = cli, cli.plan()["shm_dir"]

    def counter(self, actor: str, name: str) -> int:
        return Vitals(pathlib.Path(self._shm) / f"{actor}.vitals").counter(name)

    def table(self, actor: str, name: str, dtype, rows: int = 1) -> np.ndarray:
        return map_table(self._shm, actor, name, dtype, (rows,))

    def live_orders(self) -> list[tuple[int, str, int]]:
        """Order id, symbol and price of what the gateway takes for resting."""
        page = Vitals(pathlib.Path(self._shm) / "gateway.vitals")
        rows = page.description["tables"]["orders"]["shape"][0]
        orders = self.table("gateway", "orders", ORDER, rows)
        live = orders[np.isin(orders["status"], (OrderStatus.NEW, OrderStatus.PARTIALLY_FILLED))]
        symbols = self.cli.plan()["symbols"]
        return sorted((int(o["order_id"]), symbols[o["symbol_id"]], int(o["price_e4"]))
                      for o in live)

    def fills(self) -> int:
        """Fills, once exchange and gateway count the same."""
        def same():
            theirs, ours = self.counter("exchange", "fills"), self.counter("gateway", "fills")
            return theirs == ours and ours
        return eventually(same, what="as many fills at the gateway as at the exchange")

    def public_orders(self) -> list[tuple[str, int]]:
        """Symbol and price of every order in the book that the stream from its beginning makes."""
        config = next(a["config"] for a in self.cli.plan()["actors"] if a["name"] == "exchange")
        port = int(config["market_data"].rpartition(":")[2])
        with MarketDataClient(port) as client:
            tail = client.login(sequence=0).sequence_number
        book = ItchBook()
        with MarketDataClient(port) as client:
            for update in client.start(1).updates(tail - 1):
                book.apply(update)
        return [(order.symbol, order.price) for order in book.orders.values()]


def test_nothing_is_lost_when_the_exchange_is_killed_in_the_middle_of_trading():
    with desk(actors={"strategy": RESTER}) as cli:
        up = cli.follow("up", "--report", str(cli.folder / "report.json"))
        up.until("trading enabled")
        here = Desk(cli)
        sent = here.table("strategy", "sent", SENT)[0]
        eventually(lambda: sent["resting"] == RESTING and len(here.live_orders()) == RESTING, 60)
        live, fills = here.live_orders(), eventually(here.fills, 60)
        session = here.table("gateway", "link", SOUP_LINK)["session"][0]
        for epoch in (2, 3, 4):
            cli("kill", "exchange")
            eventually(lambda: cli.ps()["exchange"]["epoch"] == epoch, 60)
            eventually(lambda: all(row["state"] == "RUNNING" for row in cli.ps().values()), 60)
            row = here.table("exchange", "durability", DURABILITY)[0]
            assert 0 < row["ready_ns"] < 1_000_000_000
            up.until(f"state hash {int(row['recovered_hash']):016x}")
            assert here.live_orders() == live
            eventually(lambda: here.counter("gateway", "fills") > fills + 3, 60)
            fills = here.fills()
        recovered = here.table("exchange", "durability", DURABILITY)[0]["recovered"]
        folder = pathlib.Path(cli.ps()["exchange"]["post_mortem"])
        shown = eventually(lambda: _lines(folder / "journal-exchange.txt"), 60, "a post-mortem")
        assert int(shown[-1].split()[0]) == recovered, "the last record of the one that died"
        public = here.public_orders()
        assert all((symbol, price) in public for _, symbol, price in live)
        assert here.table("gateway", "link", SOUP_LINK)["session"][0] == session
        up.interrupt()
        report = json.loads((cli.folder / "report.json").read_text())
        assert report["ledger"]["unexplained"] == report["ledger"]["lost"] == 0
        assert report["restarts"] == {**dict.fromkeys(report["restarts"], 0), "exchange": 3}
        recovery = report["recovery"]["exchange"]
        assert recovery["count"] == 3 and recovery["phases_ns"]["replay"]["max"] > 0
        assert cli.left_over() == []


def _lines(path: pathlib.Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


def test_a_restart_goes_on_with_the_day_and_the_next_up_begins_a_new_one():
    with exchange_alone() as cli:
        cli("up", "-d")
        journal = cli.run_dir / "journal/exchange"
        cli("restart", "exchange")
        eventually(lambda: cli.ps()["exchange"]["state"] == "RUNNING", 60)
        assert "the day goes on, session" in cli("logs", "exchange").stdout
        shown = cli("journal", "show", str(journal), "--json").stdout.splitlines()
        sessions = [json.loads(line)["session"] for line in shown if '"DAY"' in line]
        assert len(sessions) == 1
        assert '"RESUME"' in "".join(shown)
        cli("down")
        assert "records 1 to" in cli("journal", "verify", str(journal)).stdout
        assert cli("journal", "show", str(journal)).stdout.splitlines()[-1].endswith("CLOSE")
        cli("up", "-d")
        first = json.loads(cli("journal", "show", str(journal), "--count", "1",
                               "--json").stdout)
        assert first["type"] == "DAY" and first["session"] not in sessions
        assert "CLOSE" in cli("journal", "show", f"{journal}.previous").stdout
        cli("down")
