"""One actor alone between stubs: what a test of an actor needs.

The stubs are plain Python actors. ``Recorder`` keeps every market data message it gets; ``Desk``
sends the order commands a test writes into its table, and keeps the reports it gets. Both tables
are in shared memory, so the test sees them.

:class:`Alone` runs the actors in the test's own process, a thread each, which starts in no time;
:class:`Apart` gives each a process of its own, which can be killed.
"""

from __future__ import annotations

import json
import pathlib
import threading

import numpy as np
from loguru import logger

from actors.runtime import Actor, Input, Output, Overflow, Priority, Table, Timer
from actors.runtime.plan import ActorPlan, Plan, ProcessPlan, ThreadPlan, WirePlan
from actors.runtime.logs import open_log
from actors.runtime.process import Command, ProcessHost
from actors.runtime.vitals import Vitals, map_deployment, map_table, map_wires
from schemas.enums import ActorState
from schemas.messages import (
    EXECUTION_REPORT, MARKET_DATA, ORDER_COMMAND, ORDER_UPDATE, ExecutionReport, MarketData,
    OrderCommand, OrderUpdate,
)
from tests.runtime.deployments import Running, eventually

__all__ = ["Alone", "Apart", "Desk", "OrderRecorder", "ROWS", "Recorder", "SYMBOLS", "Watched",
           "plan_of"]

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


class OrderRecorder(Actor):
    """Keeps order updates, the first ROWS of them."""

    kind, tag = "recorder", "RECORD"
    inputs = {"orders": Input(OrderUpdate, None, Priority.MARKET_DATA, 8192, Overflow.BLOCK)}
    table_names = ("count", "seen")

    def tables(self):
        return {"count": Table(np.zeros(1, _COUNT), shared=True),
                "seen": Table(np.zeros(ROWS, ORDER_UPDATE), shared=True)}

    def on_orders(self, body):
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
            wires: list[tuple[str, str, str, str, int]], symbols=SYMBOLS,
            apart: bool = False) -> Plan:
    """``actors`` (name -> class path, config), on threads of one process or ``apart`` in a process
    each, and wires ``(source/port, target/port, message, overflow, capacity)``."""
    run_dir, shm_dir = root / "run", root / "shm"
    (run_dir / "logs").mkdir(parents=True, exist_ok=True)
    shm_dir.mkdir(parents=True, exist_ok=True)
    threads = tuple(ThreadPlan(name, (name,)) for name in actors)
    plan = Plan(
        "test", "", str(run_dir), str(shm_dir), tuple(symbols),
        tuple(ActorPlan(name, i, path, config, name if apart else "all", name)
              for i, (name, (path, config)) in enumerate(actors.items())),
        tuple(ProcessPlan(t.name, (t,)) for t in threads) if apart
        else (ProcessPlan("all", threads),),
        tuple(WirePlan(i, *source.split("/"), *target.split("/"), message,
                       "ipc" if apart else "inproc", f"{run_dir}/w{i}", capacity, overflow)
              for i, (source, target, message, overflow, capacity) in enumerate(wires)))
    (run_dir / "plan.json").write_text(plan.to_json())
    return plan


class Watched:
    """What tests look at in a running plan."""

    plan: Plan

    def vitals(self, actor: str) -> Vitals:
        return Vitals(pathlib.Path(self.plan.shm_dir) / f"{actor}.vitals")

    def state(self, actor: str) -> ActorState:
        """NONE before the actor has a page."""
        try:
            return ActorState(int(self.vitals(actor).header["state"]))
        except (OSError, ValueError):
            return ActorState.NONE

    def all_running(self) -> bool:
        return all(self.state(a.name) == ActorState.RUNNING for a in self.plan.actors)

    def table(self, actor: str, name: str, dtype, rows: int) -> np.ndarray:
        return map_table(self.plan.shm_dir, actor, name, np.dtype(dtype), (rows,))

    def count(self, actor: str) -> np.ndarray:
        return self.table(actor, "count", _COUNT, 1)[0]

    def seen(self, actor: str, dtype) -> np.ndarray:
        """What the stub called ``actor`` kept so far; nothing before it has its tables."""
        try:
            n = int(self.count(actor)["n"])
            return self.table(actor, "seen", dtype, ROWS)[:n]
        except (OSError, ValueError):
            return np.zeros(0, dtype)

    def lines(self, actor: str) -> list[str]:
        """The log lines of an actor so far."""
        found = []
        for path in sorted(pathlib.Path(self.plan.run_dir).glob("logs/*.jsonl")):
            found += [json.loads(line) for line in path.read_text().splitlines()]
        return [line["text"] for line in found if line["actor"] == actor]

    def logged(self, actor: str, part: str) -> bool:
        """Whether some log line of the actor contains ``part``."""
        return any(part in line for line in self.lines(actor))

    def says(self, actor: str, part: str) -> bool:
        """Waits for such a line: handlers' records become lines a little later."""
        return eventually(lambda: self.logged(actor, part), what=f"a log line with '{part}'")

    def counter(self, actor: str, name: str) -> int:
        return self.vitals(actor).counter(name)


class Alone(Watched):
    """A plan of one process, run by a thread of this one: as in a process, but for signals."""

    def __init__(self, plan: Plan):
        self.plan = plan
        self.wires = map_wires(plan.shm_dir, len(plan.wires), create=True)
        self.deployment = map_deployment(plan.shm_dir, create=True)
        self.deployment["trading_enabled"] = 1
        self._host = _Hosted(plan, "all")
        self._thread = threading.Thread(target=self._host.serve, daemon=True)

    def __enter__(self):
        open_log(self.plan.run_dir, "all")
        self._thread.start()
        return self

    def __exit__(self, *exc) -> None:
        self.stop()
        logger.remove()

    def stop(self) -> bool:
        """Stops the actors in an orderly way; returns whether they did."""
        for actor in self.plan.actors:
            if self.state(actor.name) != ActorState.NONE:
                self.vitals(actor.name).header["command"] = Command.STOP
        self._thread.join(10)
        return not self._thread.is_alive() and self._host.failure is None


class _Hosted(ProcessHost):
    failure: Exception | None = None

    def serve(self) -> None:
        try:
            self._build()
            self._keep_house()
        except Exception as error:
            self.failure = error
            raise


class Apart(Watched, Running):
    """A plan of several processes, as under a supervisor."""

    def __init__(self, plan: Plan):
        super().__init__(plan)
        self._fork.set_forkserver_preload(["actors.runtime.process", "actors.feed",
                                           "actors.gateway", __name__])
