"""The order gateway: the desk's only way to the venue, and the one who numbers its executions."""

from __future__ import annotations

import numpy as np
import pydantic

from actors.book.order_map import OrderMap, allocate_map
from actors.gateway import recovery
from actors.gateway.describe import describe
from actors.gateway.handlers import CLOCK_NS, on_clock, on_order, on_venue
from actors.gateway.state import (
    BURST, CAUSE, COUNTERS, GATEWAY, HISTOGRAMS, ORDER, SWITCH, SYMBOL, TABLES, Sweep,
)
from actors.runtime import Actor, Input, Output, Overflow, Poller, Priority, Setup, Table, Timer
from actors.runtime.logs import actor_logger
from actors.runtime.soup_kernels import SOUP_LINK
from actors.runtime.soup_session import SoupClient, SoupConfig
from schemas.messages import ExecutionReport, OrderCommand
from schemas.venue import symbol_to_int

__all__ = ["Gateway", "GatewayConfig"]


class GatewayConfig(SoupConfig):
    """Where orders go, how long to wait for an answer, and how many orders to keep."""

    #: An order that the venue has not answered for so long is cancelled and reported UNKNOWN.
    order_timeout_ms: float = pydantic.Field(500.0, gt=0, le=3_600_000)
    #: Orders kept, live and recent: a power of two. At most as many can be live.
    max_orders: int = pydantic.Field(1 << 14, ge=16, le=1 << 24)

    @pydantic.field_validator("max_orders")
    @classmethod
    def _power_of_two(cls, value: int) -> int:
        if value & (value - 1):
            raise ValueError(f"must be a power of two, such as {1 << value.bit_length()}, "
                             f"not {value}")
        return value


class Gateway(Actor):
    """Order commands in; OUCH 5.0 over SoupBinTCP to the venue; execution reports out.

    It is ready while it is logged in and all of the past is settled: until then every new order is
    rejected NOT_CONNECTED. Orders and the place in the venue's stream are in shared memory, so a
    gateway that was killed goes on with both.
    """

    kind, tag = "gateway", "GATEWAY"
    role = "gateway"
    Config = GatewayConfig
    inputs = {"orders": Input(OrderCommand, on_order, Priority.ORDER, 1024, Overflow.FAIL,
                              many=True)}
    outputs = {"reports": Output(ExecutionReport, burst=BURST)}
    timers = {"clock": Timer(on_clock, CLOCK_NS)}
    pollers = {"venue": Poller(on_venue)}
    counters = COUNTERS
    histograms = HISTOGRAMS
    table_names = TABLES

    def __init__(self, setup: Setup):
        super().__init__(setup)
        if not self.symbols:
            raise ValueError("the gateway needs at least one symbol in the topology")
        self._order_map: OrderMap = allocate_map(self.config.max_orders)
        self._client: SoupClient | None = None

    def tables(self) -> dict[str, Table]:
        symbols = np.zeros(len(self.symbols), SYMBOL)
        symbols["name"] = [symbol_to_int(s) for s in self.symbols]
        return {"link": Table(np.zeros(1, SOUP_LINK), shared=True),
                "gateway": Table(np.zeros(1, GATEWAY), shared=True),
                "orders": Table(np.zeros(self.config.max_orders, ORDER), shared=True),
                "symbols": Table(symbols), "index": Table(self._order_map.entries),
                "index_header": Table(self._order_map.header), "cause": Table(np.zeros(1, CAUSE)),
                "switch": Table(np.zeros(1, SWITCH)),
                "order": Table(np.zeros(OrderCommand.size, np.uint8))}

    def start(self) -> None:
        log = actor_logger(self.host)
        tables = self.host.tables
        if self.epoch == 1:
            recovery.reset(tables)
        else:
            self._recover(log)
        self._gateway["timeout_ns"] = int(self.config.order_timeout_ms * 1_000_000)
        self._client = SoupClient(
            tables["link"][0:1].reshape(()), self.config, "order entry", log,
            lambda fd: self.host.set_fd("venue", fd), on_fresh=self._close_all,
            on_gap=lambda: None, may_log_in=lambda: self._gateway["sweep"] != Sweep.CLOSE_ALL)

    def _recover(self, log) -> None:
        found = recovery.recover(self.host.tables, self._order_map, len(self.symbols))
        next_sequence = int(self.host.tables["link"][0]["next_sequence"])
        log.info("recovered {} live orders, next message of the venue {}", found.live,
                 next_sequence)
        if found.doubtful:
            log.error("the last gateway died while it changed orders {}: their fate is unknown, "
                      "they will be cancelled", ", ".join(str(i) for i in found.doubtful[:10]))
        if found.dropped:
            log.error("{} places of the order table held no order that could be (first: {}): "
                      "dropped", len(found.dropped), found.dropped[0])

    @property
    def _gateway(self) -> np.ndarray:
        return self.host.tables["gateway"][0]

    def _close_all(self) -> None:
        """The venue's session is over: so are its orders. The reactor reports each of them."""
        self._gateway["accepting"] = 0
        self._gateway["sweep_at"] = 0
        self._gateway["sweep"] = Sweep.CLOSE_ALL

    def housekeep(self, now_ns: int) -> None:
        self._client.housekeep(now_ns)

    def connected(self) -> bool:
        return self._client.connected

    def ready(self) -> bool:
        return self._client.connected and bool(self._gateway["accepting"])

    def idle(self) -> bool:
        link = self.host.tables["link"][0]
        return self._gateway["unanswered"] <= 0 and link["tx_end"] <= link["tx_start"]

    def stop(self) -> None:
        self._client.close()

    def describe_event(self, code: int, values: tuple[int, ...]) -> tuple[str, str]:
        return describe(code, values, self.symbols) or super().describe_event(code, values)
