"""One actor alone in a real process, between stubs in another: what a test of an actor needs.

The stubs are plain Python actors. ``Recorder`` keeps every market data message it gets; ``Desk``
sends the order commands a test writes into its table, and keeps the reports it gets. Both tables are
in shared memory, so the test sees them.
"""

from __future__ import annotations

import json
import pathlib

import numpy as np

from actors.runtime import Actor, Input, Output, Overflow, Priority, Table, Timer
from actors.runtime.plan import ActorPlan, Plan, ProcessPlan, ThreadPlan, WirePlan
from actors.runtime.vitals import map_table
from schemas.messages import (
    EXECUTION_REPORT, MARKET_DATA, ORDER_COMMAND, ExecutionReport, MarketData, OrderCommand,
)
from tests.runtime.deployments import Running

__all__ = ["Alone", "Desk", "Recorder", "SYMBOLS", "plan_of"]

SYMBOLS = ("AAPL", "MSFT")
ROWS = 1 << 14
_COUNT = np.dtype([("n", "i8"), ("missing", "i8"), ("epochs", "i8")])


class Recorder(Actor):
    """Keeps market data messages, the first ROWS of them."""

    kind, tag = "recorder", "RECORD"
    inputs = {"market": Input(MarketData, None, Priority.MARKET_DATA, 8192, Overflow.BLOCK)}
    table_names = ("count", "seen")

    def tables(self):
        return {"count": Table(np.zeros(1, _COUNT), shared=True),
                "seen": Table(np.zeros(ROWS, MARKET_DATA), shared=True)}

    def on_market(self, body):
        _keep(self.host, body)


class Desk(Actor):
    """Sends commands number ``sent`` .. ``wanted`` of its table; keeps the reports."""

    kind, tag = "desk", "DESK"
    inputs = {"reports": Input(ExecutionReport, None, Priority.EXECUTION, 8192, Overflow.BLOCK)}
    outputs = {"orders": Output(OrderCommand)}
    timers = {"tick": Timer(None, 1_000_000)}
    table_names = ("count", "seen", "script", "commands")

    def tables(self):
        return {"count": Table(np.zeros(1, _COUNT), shared=True),
                "seen": Table(np.zeros(ROWS, EXECUTION_REPORT), shared=True),
                "script": Table(np.zeros(2, np.int64), shared=True),
                "commands": Table(np.zeros(ROWS, ORDER_COMMAND), shared=True)}

    def on_tick(self, now_ns):
        script, commands = self.host.tables["script"], self.host.tables["commands"]
        while script[1] < script[0]:
            body = self.out.claim("orders")
            if body is None:
                return
            for name in ORDER_COMMAND.names[1:]:
                body[name] = commands[script[1]][name]
            self.out.commit("orders")
            script[1] += 1

    def on_reports(self, body):
        _keep(self.host, body)


def _keep(host, body) -> None:
    count, seen = host.tables["count"][0], host.tables["seen"]
    count["missing"] += host.ctx["missing"]
    count["epochs"] += host.ctx["new_epoch"]
    if count["n"] < ROWS:
        seen[int(count["n"])] = body
        count["n"] += 1


def plan_of(root: pathlib.Path, actors: dict[str, tuple[str, dict]],
            wires: list[tuple[str, str, str, str, int]], symbols=SYMBOLS) -> Plan:
    """A process for each of ``actors`` (name -> class path, config) and ipc wires
    ``(source/port, target/port, message, overflow, capacity)``."""
    run_dir, shm_dir = root / "run", root / "shm"
    (run_dir / "logs").mkdir(parents=True, exist_ok=True)
    shm_dir.mkdir(parents=True, exist_ok=True)
    plan = Plan(
        "test", "", str(run_dir), str(shm_dir), tuple(symbols),
        tuple(ActorPlan(name, i, path, config, name, name)
              for i, (name, (path, config)) in enumerate(actors.items())),
        tuple(ProcessPlan(name, (ThreadPlan(name, (name,)),)) for name in actors),
        tuple(WirePlan(i, *source.split("/"), *target.split("/"), message, "ipc",
                       f"{run_dir}/w{i}", capacity, overflow)
              for i, (source, target, message, overflow, capacity) in enumerate(wires)))
    (run_dir / "plan.json").write_text(plan.to_json())
    return plan


class Alone(Running):
    """A running plan, with what its tests look at."""

    def table(self, actor: str, name: str, dtype, rows: int) -> np.ndarray:
        return map_table(self.plan.shm_dir, actor, name, np.dtype(dtype), (rows,))

    def count(self, actor: str) -> np.ndarray:
        return self.table(actor, "count", _COUNT, 1)[0]

    def seen(self, actor: str, dtype) -> np.ndarray:
        """What the stub called ``actor`` kept so far."""
        n = int(self.count(actor)["n"])
        return self.table(actor, "seen", dtype, ROWS)[:n]

    def lines(self, actor: str) -> list[str]:
        """The log lines of an actor so far."""
        path = pathlib.Path(self.plan.run_dir) / "logs" / f"{actor}.jsonl"
        if not path.exists():
            return []
        return [json.loads(line)["text"] for line in path.read_text().splitlines()]

    def logged(self, actor: str, part: str) -> bool:
        return any(part in line for line in self.lines(actor))

    def counter(self, actor: str, name: str) -> int:
        return self.vitals(actor).counter(name)
