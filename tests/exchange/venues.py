"""Starts an exchange in a process of its own for tests, as a plan with one actor."""

from __future__ import annotations

import json
import pathlib

from actors.exchange import ExchangeConfig
from actors.exchange.actor import PORTS
from actors.runtime.logs import log_file
from actors.runtime.plan import ActorPlan, Plan, ProcessPlan, ThreadPlan
from actors.runtime.vitals import map_table
from tests.exchange.soup_client import MarketDataClient, OrderClient
from tests.runtime.deployments import Running, eventually

__all__ = ["PASSWORDS", "RunningExchange", "SYMBOLS", "exchange_plan"]

SYMBOLS = ("AAPL", "MSFT", "GOOG", "AMZN")
PASSWORDS = {"DESK01": "PITWIRE", "DESK02": "SECRET99", "DESK03": "", "fuzz": "x"}
STARTING_S = 200  # a first start compiles


def exchange_plan(root: pathlib.Path, wait: str = "blocking", **config) -> Plan:
    """A deployment of one exchange, by default without a flow and on ports the system chooses."""
    run_dir, shm_dir = root / "run", root / "shm"
    (run_dir / "logs").mkdir(parents=True, exist_ok=True)
    shm_dir.mkdir(parents=True, exist_ok=True)
    accounts = [{"username": name, "password": word} for name, word in PASSWORDS.items()]
    values = {"order_entry": "127.0.0.1:0", "market_data": "127.0.0.1:0", "accounts": accounts,
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
        self.wait_ready()
        return self

    def wait_ready(self) -> None:
        """Waits until the exchange listens and its flow, if any, has filled the books."""
        eventually(lambda: self.all_running() or not self.processes["exchange"].is_alive(),
                   STARTING_S, "the exchange being ready")
        assert self.processes["exchange"].is_alive(), self.log_lines()
        ports = map_table(self.plan.shm_dir, "exchange", "ports", PORTS, (1,))[0]
        for name in PORTS.names:
            setattr(self, name, int(ports[name]))

    def __exit__(self, *exc) -> None:
        for client in self.clients:
            client.close()
        super().__exit__(*exc)

    def order_client(self) -> OrderClient:
        """Connected to order entry, not logged in."""
        self.clients.append(OrderClient(self.order_entry))
        return self.clients[-1]

    def trader(self, username: str = "DESK01") -> OrderClient:
        """Logged in to order entry, hearing only what is new."""
        return self.order_client().start(username, PASSWORDS[username])

    def market_client(self, receive_buffer: int | None = None) -> MarketDataClient:
        """Connected to market data, not logged in."""
        self.clients.append(MarketDataClient(self.market_data, receive_buffer))
        return self.clients[-1]

    def viewer(self, sequence: int = 0) -> MarketDataClient:
        """Logged in to market data; by default it hears only what is new."""
        return self.market_client().start(sequence)

    def clear_books(self) -> None:
        """Cancels every order of every account."""
        for username in PASSWORDS:
            with self.trader(username) as trader:
                trader.cancel_everything()
            self.clients.remove(trader)

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
        """Waits for such a line and returns the latest."""
        return eventually(lambda: self.logged(*words), what=f"a log line with {words}")[-1]
