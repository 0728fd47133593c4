"""The gateway actor: declaration, tables, and everything that is not for the hot path."""

from __future__ import annotations

import numpy as np
import pydantic

from actors.book.order_map import OrderMap, allocate_map, map_put
from actors.gateway import session
from actors.gateway.commands import on_order
from actors.gateway.state import (
    COUNTERS, Event, GATEWAY_STATE, HISTOGRAMS, ORDER, TABLES, is_live,
)
from actors.runtime import Actor, Input, Output, Overflow, Poller, Priority, Table, Timer
from actors.runtime.logs import actor_logger
from actors.runtime.soup_kernels import SOUP_LINK
from actors.runtime.soup_session import SoupClient, SoupConfig
from schemas.enums import OrderStatus, RejectReason, Side, TimeInForce
from schemas.messages import ExecutionReport, OrderCommand
from schemas.venue import ouch50, symbol_to_int

__all__ = ["Gateway", "GatewayConfig"]

_E4 = 10_000
_ORDER_ID_SPAN = 10**11  # an order id is strategy * span + the strategy's own count


class GatewayConfig(SoupConfig):
    """``max_orders`` (a power of two) bounds the orders known at once, live ones among them."""

    order_timeout_ms: float = pydantic.Field(1_000.0, gt=0, le=3_600_000)
    max_orders: int = pydantic.Field(65_536, ge=64, le=1 << 24)

    @pydantic.field_validator("max_orders")
    @classmethod
    def _power_of_two(cls, value: int) -> int:
        if value & (value - 1):
            raise ValueError(f"{value} is not a power of two; {1 << value.bit_length()} is")
        return value


class Gateway(Actor):
    """Sends orders to the venue and reports what became of them."""

    kind, tag = "gateway", "GATEWAY"
    Config = GatewayConfig
    inputs = {"orders": Input(OrderCommand, on_order, Priority.ORDER, 1024, Overflow.FAIL,
                              many=True)}
    outputs = {"reports": Output(ExecutionReport, burst=session.BURST)}
    timers = {"timer": Timer(session.on_timer, 5_000_000)}
    pollers = {"venue": Poller(session.on_readable)}
    counters = COUNTERS
    histograms = HISTOGRAMS
    table_names = TABLES

    def tables(self):
        state = np.zeros(1, GATEWAY_STATE)
        state["next_ref"] = state["checked_ref"] = 1
        state["sweep"] = -1
        order_map = allocate_map(self.config.max_orders)
        symbols = np.array([symbol_to_int(s) for s in self.symbols], np.int64)
        return {
            "state": Table(state, shared=True),
            "link": Table(np.zeros(1, SOUP_LINK), shared=True),
            "orders": Table(np.zeros(self.config.max_orders, ORDER), shared=True),
            "entries": Table(order_map.entries),
            "map": Table(order_map.header),
            "symbols": Table(symbols),
        }

    def start(self) -> None:
        self._log = actor_logger(self.host)
        tables = self.host.tables
        self._state = tables["state"][0]
        self._state["timeout_ns"] = int(self.config.order_timeout_ms * 1e6)
        self._state["queried"] = self._state["synced"] = 0
        if self.epoch > 1:
            self._take_over()
        link = tables["link"][0:1].reshape(())
        link["logins"] = 0
        self._client = SoupClient(
            link, self.config, "order entry", self._log,
            attach=lambda fd: self.host.set_fd("venue", fd), on_fresh=self._venue_restarted,
            on_gap=self._messages_gone, may_log_in=lambda: self._state["sweep"] < 0)

    def _take_over(self) -> None:
        """Rebuilds what follows from the last incarnation's orders; drops what it half wrote."""
        tables, state = self.host.tables, self._state
        orders = tables["orders"]
        order_map = OrderMap(tables["entries"], tables["map"])
        live = dropped = pending = 0
        for slot in np.flatnonzero(orders["order_id"]):
            order = orders[slot]
            if not self._whole(order, int(slot)):
                self._log.error("order {} in slot {} was half written by the last incarnation: "
                                "dropped", int(order["order_id"]), int(slot))
                order["order_id"] = order["status"] = 0
                dropped += 1
                continue
            map_put(order_map, int(order["order_id"]), int(slot))
            if is_live(order):
                live += 1
                pending += int(order["t5_ns"] == 0)
        state["live"], state["pending"] = live, pending
        highest = int(orders["user_ref"].max(initial=0))
        state["next_ref"] = max(int(state["next_ref"]), highest + 1)
        self._log.info("took over {} live orders, next UserRefNum {}, next report {}", live,
                       int(state["next_ref"]), int(state["report_seq"]) + 1)

    def _whole(self, order, slot: int) -> bool:
        return (int(order["user_ref"]) & (self.config.max_orders - 1) == slot
                and 0 <= order["symbol_id"] < len(self.symbols)
                and order["side"] in (Side.BUY, Side.SELL)
                and OrderStatus.NONE < order["status"] <= OrderStatus.UNKNOWN
                and 0 <= order["leaves"] <= order["quantity"])

    def _venue_restarted(self) -> None:
        """Runs while the reactor has no link: the timer then reports every live order as ended."""
        self._log.warning("the venue began a new session: {} live orders are over",
                          int(self._state["live"]))
        state = self._state
        state["next_ref"] = state["checked_ref"] = 1
        state["lost_from"] = state["lost_to"] = 0
        state["sweep"] = 0

    def _messages_gone(self) -> None:
        self._log.error("the venue no longer has some of our messages: {} live orders may have "
                        "traded without our hearing of it", int(self._state["live"]))

    def housekeep(self, now_ns: int) -> None:
        self._client.housekeep(now_ns)

    def ready(self) -> bool:
        return self._client.connected and bool(self._state["synced"])

    def idle(self) -> bool:
        return int(self._state["pending"]) <= 0

    def stop(self) -> None:
        self._client.close()

    def describe_event(self, code: int, values: tuple[int, ...]) -> tuple[str, str]:
        order = f"{values[0] % _ORDER_ID_SPAN}"
        if code == Event.ORDER_SENT:
            _, side, quantity, symbol, price_e4, tif = values
            return "INFO", (f"order {order} {Side(side).name} {quantity} {self.symbols[symbol]} @ "
                            f"{price_e4 / _E4:.2f} {TimeInForce(tif).name}")
        if code == Event.FILL:
            _, quantity, price_e4, tick_to_trade_ns = values[:4]
            took = f" · tick-to-trade {tick_to_trade_ns / 1000:.0f} µs" if tick_to_trade_ns else ""
            return "INFO", f"fill {order} {quantity} @ {price_e4 / _E4:.2f}{took}"
        if code == Event.REJECT:
            venue = ""
            if values[2]:
                venue = f" (venue: {_venue_word(values[2])})"
            return "WARNING", f"reject {order}: {RejectReason(values[1]).name}{venue}"
        if code == Event.TIMEOUT:
            return "WARNING", (f"order {order}: no answer within {values[1] / 1e6:g} ms, cancel "
                               f"sent, fate unknown")
        if code == Event.UNKNOWN_ORDER:
            return "WARNING", (f"message {chr(values[0])!r} about UserRefNum {values[1]}, which is "
                               f"no order of ours")
        if code == Event.NEVER_ARRIVED:
            return "WARNING", f"order {order} never reached the venue: its bytes were lost"
        if code == Event.BROKEN_TRADE:
            return "ERROR", f"the venue broke trade {values[1]} of order {order}: not reversed here"
        return super().describe_event(code, values)


def _venue_word(code: int) -> str:
    try:
        return ouch50.RejectReason(code).name.lower().replace("_", " ")
    except ValueError:
        return f"reason {code:#x}"
