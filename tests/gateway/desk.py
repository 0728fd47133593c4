"""A gateway alone between a desk that does what the test writes and a fake venue."""

from __future__ import annotations

import numpy as np

from actors.gateway.state import ORDER
from actors.runtime.clock import monotonic_ns
from schemas.enums import (
    Command, OrderStatus, OrderType, RejectReason, ReportType, Side, TimeInForce,
)
from schemas.messages import EXECUTION_REPORT, ORDER_COMMAND
from tests.feed.alone import ROWS, Alone, Apart, Watched, plan_of
from tests.runtime.deployments import eventually

__all__ = ["FIRST", "Desk", "STRATEGY", "TradingDesk", "TradingDeskApart", "gateway_plan",
           "reasons", "told"]

STRATEGY = 3
#: Order id number 0 of the desk's strategy.
FIRST = STRATEGY * 10**11


def gateway_plan(tmp_path, venue, apart=False, order_timeout_ms=20_000, **config):
    """Long enough a time-out that on a busy machine no order runs into it that should not."""
    return plan_of(
        tmp_path,
        {"desk": ("tests.feed.alone:Desk", {}),
         "gateway": ("actors.gateway:Gateway",
                     {"venue": venue.address, "max_orders": 64,
                      "order_timeout_ms": order_timeout_ms, **config})},
        [("desk/orders", "gateway/orders", "OrderCommand", "fail", 1024),
         ("gateway/reports", "desk/reports", "ExecutionReport", "block", 8192)],
        apart=apart)


def told(reports) -> list[tuple]:
    """Type, order number, status, shares, what is left and what was executed in all."""
    return [(ReportType(int(r["report_type"])).name, int(r["order_id"]) - FIRST,
             OrderStatus(int(r["order_status"])).name, int(r["exec_qty"]), int(r["leaves_qty"]),
             int(r["cum_qty"])) for r in reports]


def reasons(reports) -> list[str]:
    return [RejectReason(int(r["reject_reason"])).name for r in reports]


class Desk(Watched):
    """Sends commands, waits for reports. Order number n has the id FIRST + n."""

    def send(self, **fields) -> None:
        """Sends one command; what is not given is that of a plain IOC order."""
        script = self.table("desk", "script", np.int64, 2)
        commands = self.table("desk", "commands", ORDER_COMMAND, ROWS)
        now = monotonic_ns()
        values = dict(command=Command.NEW, side=Side.BUY, order_type=OrderType.LIMIT, symbol_id=0,
                      time_in_force=TimeInForce.IOC, price_e4=150_3000, quantity=50,
                      strategy_id=STRATEGY, t1_ns=now, strategy_ns=now, risk_ns=now)
        values.update(fields)
        number = int(script[0])
        commands[number] = np.zeros((), ORDER_COMMAND)
        for name, value in values.items():
            commands[name][number] = value
        script[0] += 1

    def new(self, number: int, **fields) -> None:
        self.send(order_id=FIRST + number, **fields)

    def cancel(self, number: int, leave: int = 0) -> None:
        self.send(command=Command.CANCEL, order_id=FIRST + 90_000 + number, quantity=leave,
                  original_id=FIRST + number)

    def replace(self, old: int, new: int, **fields) -> None:
        self.send(command=Command.REPLACE, order_id=FIRST + new, original_id=FIRST + old, **fields)

    @property
    def reports(self) -> np.ndarray:
        return self.seen("desk", EXECUTION_REPORT)

    def wait_reports(self, n: int) -> np.ndarray:
        """All reports so far, once there are ``n``."""
        eventually(lambda: len(self.reports) >= n, what=f"{n} reports, not {len(self.reports)},")
        return self.reports

    def orders(self) -> np.ndarray:
        """The gateway's order table."""
        return self.table("gateway", "orders", ORDER, 64)

    def ready(self) -> None:
        eventually(self.all_running, what="desk and gateway running")


class TradingDesk(Desk, Alone):
    """A desk and a gateway in the test's process."""


class TradingDeskApart(Desk, Apart):
    """A desk and a gateway in processes of their own."""
