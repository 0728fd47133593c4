"""A desk in the test's own thread: two strategies, the risk manager, and a gateway that forgets
nothing. Nothing moves unless the test moves it, and what is in flight to or from the dead is lost."""

from __future__ import annotations

import pathlib
from dataclasses import dataclass, replace

import numpy as np

from actors.runtime.layout import TIMER
from schemas.enums import Command, OrderStatus, RejectReason, ReportType, Side
from tests.runtime.deployments import W, plan_of
from tests.runtime.in_process import InProcess

STRATEGIES = ("first", "second")
ACTORS = {"tape": "Tape", "first": "Obedient", "second": "Obedient", "risk": "RiskManager",
          "gateway": "VenuePort"}
_HOME = {"RiskManager": "actors.risk:RiskManager"}
_LONG_NS = 10_000_000_000
_OVER = (OrderStatus.FILLED, OrderStatus.CANCELED, OrderStatus.REJECTED)


def desk_plan(root: pathlib.Path, **risk):
    """Two strategies, risk and gateway; ``risk``: config of the risk manager."""
    wires = [W("tape/risk", "risk/market", "MarketData", "drop_newest", 8192),
             W("risk/approved", "gateway/orders", "OrderCommand", "fail", 1024),
             W("gateway/reports", "risk/reports", "ExecutionReport", "block", 65536)]
    for name in STRATEGIES:
        wires += [W(f"tape/{name}", f"{name}/market", "MarketData", "drop_newest", 8192),
                  W(f"{name}/orders", "risk/orders", "OrderCommand", "fail", 1024),
                  W("risk/reports", f"{name}/reports", "ExecutionReport", "block", 65536)]
    journal = {"segment_mib": 1, "checkpoint_every": 40}
    limits = {"max_order_quantity": 999_999, "max_position": 10**9, "max_order_notional": 1e12,
              "max_loss": 1e12, "max_open_orders": 256}
    small = {"max_working_orders": 64, "book_levels": 4, "journal": journal}
    plan = plan_of(root, ACTORS, wires, configs={"first": small, "second": small, "risk": {
        **limits, "journal": journal, **risk}})
    return replace(plan, actors=tuple(
        replace(a, class_path=_HOME.get(ACTORS[a.name],
                                        f"tests.risk.neighbours:{ACTORS[a.name]}"))
        for a in plan.actors))


@dataclass
class Order:
    """An order as the gateway has it."""

    order_id: int
    strategy_id: int
    symbol_id: int
    side: int
    quantity: int
    filled: int = 0
    status: OrderStatus = OrderStatus.NEW

    @property
    def leaves(self) -> int:
        return 0 if self.status in _OVER else self.quantity - self.filled


class Trading:
    """The desk. ``orders`` and ``reports`` are what the gateway knows, and it is right."""

    def __init__(self, root: pathlib.Path, **risk):
        self.desk = InProcess(desk_plan(root, **risk))
        self.desk.connect()
        self.orders: dict[int, Order] = {}
        self.reports: list[dict] = []
        self._asked = 0
        self.serve()
        for symbol_id in range(4):
            self.quote(symbol_id, 1_000_000)

    def close(self) -> None:
        self.desk.__exit__()

    # ---- what happens ------------------------------------------------------------------------

    def quote(self, symbol_id: int, mid_e4: int) -> None:
        self.desk.hosts["tape"].actor.out.send(
            "risk", symbol_id=symbol_id, bid_e4=mid_e4 - 100, ask_e4=mid_e4 + 100,
            last_e4=mid_e4, receive_ns=1)
        self.turn("risk")

    def signal(self, strategy: str, symbol_id: int, side: Side, quantity: int) -> None:
        """The strategy sends an order, as far as its wire."""
        self.desk.hosts["tape"].actor.out.send(
            strategy, symbol_id=symbol_id, side=side, quantity=quantity, price_e4=1_000_000)
        self.turn(strategy)

    def turn(self, name: str) -> None:
        if name == "gateway":
            self.serve()
            while (command := self.desk.take("gateway", force=1)) is not None:
                self._command(command)
        else:
            self.desk.turn(name, force=1)
            self.desk.hosts[name].actor.housekeep(1)

    def kill(self, *names: str) -> None:
        """They die at once, and their next incarnations are connected."""
        for name in names:
            self.desk.crash(name)
        for name in names:
            self.desk.start(name)
        self.desk.connect()
        if "gateway" in names:
            self._asked = -1
        self.serve()

    def fill(self, pick: int, shares: int) -> None:
        """A live order trades."""
        if live := self.live():
            order = live[pick % len(live)]
            shares = min(shares, order.leaves)
            order.filled += shares
            order.status = (OrderStatus.PARTIALLY_FILLED if order.leaves > 0
                            else OrderStatus.FILLED)
            self._report(order, ReportType.FILL, exec_qty=shares,
                         exec_price_e4=1_000_000 + 100 * (pick % 7))

    def cancel(self, pick: int) -> None:
        """A live order ends."""
        if live := self.live():
            order = live[pick % len(live)]
            removed, order.status = order.leaves, OrderStatus.CANCELED
            self._report(order, ReportType.CANCEL, exec_qty=removed)

    # ---- the gateway -------------------------------------------------------------------------

    def live(self) -> list[Order]:
        return [order for order in self.orders.values() if order.leaves]

    def serve(self) -> None:
        """Answers a request for reports, or a new connection."""
        self.desk.serve_outputs("gateway")
        page = self.desk.hosts["gateway"].out_ends[0].page
        if int(page["resync"]) != self._asked:
            self._asked = int(page["resync"])
            for report in self.reports[max(int(page["resume_from"]), 1) - 1:]:
                self._send(report)

    def _command(self, command) -> None:
        order_id = int(command["order_id"])
        if command["command"] == Command.NEW:
            assert order_id not in self.orders, "an order came twice"
            order = self.orders[order_id] = Order(
                order_id, int(command["strategy_id"]), int(command["symbol_id"]),
                int(command["side"]), int(command["quantity"]))
            self._report(order, ReportType.ACK)
        elif command["command"] == Command.QUERY:
            self._answer(command, int(command["original_id"]))

    def _answer(self, command, order_id: int) -> None:
        order = self.orders.get(order_id)
        if order is not None:
            self._send(self._fields(order, ReportType.STATUS))
            return
        self._send({"order_id": order_id, "strategy_id": int(command["strategy_id"]),
                    "symbol_id": int(command["symbol_id"]), "report_type": ReportType.REJECT,
                    "order_status": OrderStatus.REJECTED,
                    "reject_reason": RejectReason.NEVER_ARRIVED})

    @staticmethod
    def _fields(order: Order, kind: ReportType, **more) -> dict:
        return {"order_id": order.order_id, "strategy_id": order.strategy_id,
                "symbol_id": order.symbol_id, "side": order.side, "cum_qty": order.filled,
                "leaves_qty": order.leaves, "order_status": order.status, "report_type": kind,
                "receive_ns": 5, **more}

    def _report(self, order: Order, kind: ReportType, **more) -> None:
        self.reports.append({**self._fields(order, kind, **more),
                             "report_seq": len(self.reports) + 1})
        self._send(self.reports[-1])

    def _send(self, report: dict) -> None:
        self.desk.hosts["gateway"].actor.out.send("reports", **report)

    # ---- the end -----------------------------------------------------------------------------

    def let_time_pass(self) -> None:
        """What is asked again after a while may be asked again now."""
        for name in (*STRATEGIES, "risk"):
            tables = self.desk.hosts[name].tables
            tables["sweep"]["began_ns"] -= _LONG_NS
            tables["numbering"]["asked_ns"] -= _LONG_NS
            tables["slots" if name == "risk" else "orders"]["sent_ns"] -= _LONG_NS
            for table in self.desk.threads[name]._tables:
                if table.dtype == TIMER:
                    table["next_ns"] = 0

    def settle(self) -> None:
        """A while without deaths."""
        for _ in range(12):
            self.let_time_pass()
            for name in (*STRATEGIES, "risk", "gateway", "risk", *STRATEGIES):
                self.turn(name)

    def positions(self, name: str) -> list[int]:
        tables = self.desk.hosts[name].tables
        return (tables["positions"]["quantity"] if name == "risk"
                else tables["symbols"]["position"]).tolist()

    def open_orders(self, name: str) -> dict[int, int]:
        """Open shares by order id, as ``name`` believes."""
        if name == "gateway":
            return {order.order_id: order.leaves for order in self.live()}
        rows = self.desk.hosts[name].tables["slots" if name == "risk" else "orders"]
        return {int(r["order_id"]): int(r["leaves"]) for r in rows[rows["order_id"] != 0]}

    def state_hash(self, name: str) -> int:
        return self.desk.hosts[name].actor._journal.state_hash()

    def traded(self, strategy_id: int | None = None) -> list[int]:
        """Positions recomputed from every order the gateway has."""
        held = np.zeros(4, np.int64)
        for order in self.orders.values():
            if strategy_id in (None, order.strategy_id):
                held[order.symbol_id] += order.filled * (1 if order.side == Side.BUY else -1)
        return held.tolist()
