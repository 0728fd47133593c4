"""Starts an exchange of its own process for tests, as a plan with one actor."""

from __future__ import annotations

import json
import pathlib

from actors.exchange import ExchangeConfig
from actors.exchange.actor import PORTS
from actors.runtime.logs import log_file
from actors.runtime.plan import ActorPlan, Plan, ProcessPlan, ThreadPlan
from actors.runtime.vitals import map_table
from tests.exchange.client import MarketDataClient, OrderClient
from tests.runtime.deployments import Running, eventually

__all__ = ["RunningExchange", "SYMBOLS", "exchange_plan"]

SYMBOLS = ("AAPL", "MSFT", "GOOG", "AMZN")
ACCOUNTS = [{"username": "DESK01", "password": "PITWIRE"},
            {"username": "DESK02", "password": "SECRET99"}]


def exchange_plan(root: pathlib.Path, wait: str = "blocking", **config) -> Plan:
    """A deployment of one exchange, by default without a flow and on ports the system chooses."""
    run_dir, shm_dir = root / "run", root / "shm"
    (run_dir / "logs").mkdir(parents=True, exist_ok=True)
    shm_dir.mkdir(parents=True, exist_ok=True)
    values = {"order_entry": "127.0.0.1:0", "market_data": "127.0.0.1:0", "accounts": ACCOUNTS,
              "flow": {"rate": 0}, **config}
    actor = ActorPlan("exchange", 0, "actors.exchange:Exchange",
                      ExchangeConfig(**values).model_dump(mode="json"), "exchange", "exchange")
    thread = ThreadPlan("exchange", ("exchange",), wait=wait)
    plan = Plan("test", "", str(run_dir), str(shm_dir), SYMBOLS, (actor,),
                (ProcessPlan("exchange", (thread,)),), ())
    (run_dir / "plan.json").write_text(plan.to_json())
    return plan


class RunningExchange(Running):
    """An exchange in a process of its own; clients are closed with it."""

    def __init__(self, root: pathlib.Path, **config):
        super().__init__(exchange_plan(root, **config))
        self.clients = []

    def __enter__(self) -> RunningExchange:
        super().__enter__()
        eventually(self.all_running, 120, "the exchange being ready")
        ports = map_table(self.plan.shm_dir, "exchange", "ports", PORTS, (1,))[0]
        self.order_entry, self.market_data = int(ports["order_entry"]), int(ports["market_data"])
        return self

    def __exit__(self, *exc) -> None:
        for client in self.clients:
            client.close()
        super().__exit__(*exc)

    def order_client(self) -> OrderClient:
        """Connected to order entry, not logged in."""
        self.clients.append(OrderClient(self.order_entry))
        return self.clients[-1]

    def market_client(self, receive_buffer: int | None = None) -> MarketDataClient:
        """Connected to market data, not logged in."""
        self.clients.append(MarketDataClient(self.market_data, receive_buffer))
        return self.clients[-1]

    def counter(self, name: str) -> int:
        return self.vitals("exchange").counter(name)

    def log_lines(self) -> list[dict]:
        path = log_file(self.plan.run_dir, "exchange")
        return [json.loads(line) for line in path.read_text().splitlines()]

    def logged(self, *words: str) -> list[str]:
        """Texts of the log lines that contain all of ``words``."""
        return [line["text"] for line in self.log_lines()
                if all(word in line["text"] for word in words)]

    def expect_log(self, *words: str) -> str:
        """Waits for such a line and returns the first."""
        return eventually(lambda: self.logged(*words), what=f"a log line with {words}")[0]
