"""The monitor actor, in plain Python: it observes and never stands in anybody's way.

Its inputs may drop or conflate; the actors' own pages hold the exact figures. It keeps the latest
positions, and rings of the last trades and risk events, in shared tables that a dashboard maps.
"""

from __future__ import annotations

import numpy as np
import pydantic

from actors.runtime import Actor, Config, Input, Overflow, Priority, Table
from actors.runtime.logs import actor_logger
from schemas.enums import Flag, RejectReason, ReportType, Severity, TradingState
from schemas.messages import ExecutionReport, Position, RiskEvent

__all__ = ["EVENT", "HELD", "Monitor", "MonitorConfig", "RING", "TRADE"]

#: One fill: monotonic arrival, symbol, side, shares, price, order, tick-to-trade in ns.
TRADE = np.dtype([("time_ns", "i8"), ("symbol_id", "i8"), ("side", "i8"), ("quantity", "i8"),
                  ("price_e4", "i8"), ("order_id", "i8"), ("tick_to_trade_ns", "i8")])
#: One risk event.
EVENT = np.dtype([("time_ns", "i8"), ("reason", "i8"), ("state", "i8"), ("severity", "i8"),
                  ("symbol_id", "i8"), ("order_id", "i8"), ("value", "i8"), ("limit", "i8")])
#: What risk last said of one symbol.
HELD = np.dtype([("time_ns", "i8"), ("quantity", "i8"), ("avg_price_e4", "i8"), ("mark_e4", "i8"),
                 ("realized_e4", "i8"), ("unrealized_e4", "i8")])
#: How many trades and events were ever written; the newest is at ``(count - 1) % rows``.
RING = np.dtype([("trades", "i8"), ("events", "i8")])


class MonitorConfig(Config):
    """``history``: trades and events kept for display."""

    history: int = pydantic.Field(256, ge=16, le=100_000)


class Monitor(Actor):
    """Keeps positions, trades and risk events for display."""

    kind, tag = "monitor", "MONITOR"
    Config = MonitorConfig
    inputs = {
        "positions": Input(Position, None, Priority.ORDER, 256, Overflow.LATEST),
        "events": Input(RiskEvent, None, Priority.CONTROL, 1024, Overflow.DROP_NEWEST),
        "reports": Input(ExecutionReport, None, Priority.EXECUTION, 8192, Overflow.DROP_NEWEST,
                         optional=True),
    }
    counters = ("positions", "events", "reports", "trades")
    table_names = ("ring", "held", "trades", "events")

    def tables(self):
        rows = self.config.history
        return {
            "ring": Table(np.zeros(1, RING), shared=True),
            "held": Table(np.zeros(len(self.symbols), HELD), shared=True),
            "trades": Table(np.zeros(rows, TRADE), shared=True),
            "events": Table(np.zeros(rows, EVENT), shared=True),
        }

    def start(self) -> None:
        self._tables = self.host.tables
        self._counters = self.host.vitals.counters

    def on_positions(self, position) -> None:
        self._counters[0] += 1
        symbol_id = int(position["symbol_id"])
        if symbol_id >= len(self.symbols):
            return
        held = self._tables["held"][symbol_id]
        held["time_ns"] = position["last_update_ns"]
        for name in ("quantity", "avg_price_e4", "mark_e4", "realized_e4", "unrealized_e4"):
            held[name] = position[name]

    def on_events(self, event) -> None:
        self._counters[1] += 1
        ring = self._tables["ring"][0]
        row = self._tables["events"][int(ring["events"]) % self.config.history]
        for name in EVENT.names:
            row[name] = event[name]
        ring["events"] += 1
        if event["severity"] == Severity.CRITICAL:
            state = TradingState(int(event["state"])).name
            reason = RejectReason(int(event["reason"])).name
            actor_logger(self.host).error("risk state {}: {}", state, reason)

    def on_reports(self, report) -> None:
        self._counters[2] += 1
        again = report["header"]["flags"] & Flag.REPLAYED  # was here before
        if report["report_type"] != ReportType.FILL or again:
            return
        self._counters[3] += 1
        ring = self._tables["ring"][0]
        row = self._tables["trades"][int(ring["trades"]) % self.config.history]
        row["time_ns"] = report["receive_ns"]
        row["symbol_id"], row["side"] = report["symbol_id"], report["side"]
        row["quantity"], row["price_e4"] = report["exec_qty"], report["exec_price_e4"]
        row["order_id"] = report["order_id"]
        t1, t4 = int(report["t1_ns"]), int(report["t4_ns"])
        row["tick_to_trade_ns"] = t4 - t1 if t1 and t4 else 0
        ring["trades"] += 1
