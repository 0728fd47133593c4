"""The order gateway: the desk's only way to the venue, and the one who numbers its executions."""

from __future__ import annotations

import numpy as np
import pydantic

from actors.book.order_map import OrderMap, allocate_map
from actors.gateway.apply import apply
from actors.gateway.describe import describe
from actors.gateway.handlers import CLOCK_NS, on_clock, on_order, on_venue
from actors.gateway.inputs import CRASH_POINTS
from actors.gateway.passing_on import on_replay_request
from actors.gateway.state import (
    BURST, CAUSE, CONTROL, COUNTED, COUNTERS, GATEWAY, HISTOGRAMS, ORDER, QUERIES, QUERY, REQUEST,
    REQUESTS, STATE, SWITCH, SYMBOL, TABLES, Sweep,
)
from actors.runtime import Actor, Input, Output, Overflow, Poller, Priority, Setup, Table, Timer
from actors.runtime.handler import Handler
from actors.runtime.journal.actor_journal import ActorJournal
from actors.runtime.journal.config import JournalConfig
from actors.runtime.journal.replaying import on_replay
from actors.runtime.logs import actor_logger
from actors.runtime.soup_kernels import SOUP_LINK
from actors.runtime.soup_session import SoupClient, SoupConfig
from schemas.messages import EXECUTION_REPORT, ExecutionReport, OrderCommand
from schemas.venue import symbol_to_int

__all__ = ["Gateway", "GatewayConfig"]

_FEWEST_REPORTS = 1 << 10


class GatewayConfig(SoupConfig):
    """Where orders go, how long to wait for an answer, and how many orders to keep."""

    #: An order that the venue has not answered for so long is cancelled and reported UNKNOWN.
    order_timeout_ms: float = pydantic.Field(500.0, gt=0, le=3_600_000)
    #: Orders kept, live and recent: a power of two. At most as many can be live.
    max_orders: int = pydantic.Field(1 << 14, ge=16, le=1 << 24)
    #: What is written down, to recover from.
    journal: JournalConfig = JournalConfig()

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
    rejected NOT_CONNECTED. What it knows is a function of its journal: an order is written down
    before its bytes go out, a message of the venue before it is applied. So one that was killed
    goes on with its orders, its numbers, and its place in the venue's stream.
    """

    kind, tag = "gateway", "GATEWAY"
    role = "gateway"
    Config = GatewayConfig
    inputs = {"orders": Input(OrderCommand, on_order, Priority.ORDER, 1024, Overflow.FAIL,
                              many=True)}
    outputs = {"reports": Output(ExecutionReport, burst=BURST)}
    timers = {"clock": Timer(on_clock, CLOCK_NS)}
    pollers = {"venue": Poller(on_venue)}
    resync = {"reports": on_replay_request}
    counters = COUNTERS
    histograms = HISTOGRAMS
    table_names = TABLES
    crash_points = CRASH_POINTS

    @classmethod
    def handlers(cls) -> list[Handler]:
        return [*super().handlers(), apply, on_replay]

    def __init__(self, setup: Setup):
        super().__init__(setup)
        if not self.symbols:
            raise ValueError("the gateway needs at least one symbol in the topology")
        self._order_map: OrderMap = allocate_map(self.config.max_orders)
        self._client: SoupClient | None = None
        self._journal = ActorJournal(self, apply, STATE, self.config.journal, counted=COUNTED,
                                     terms={"symbols": list(self.symbols)})

    def tables(self) -> dict[str, Table]:
        symbols = np.zeros(len(self.symbols), SYMBOL)
        symbols["name"] = [symbol_to_int(s) for s in self.symbols]
        gateway = np.zeros(1, GATEWAY)
        gateway["next_ref"] = gateway["next_sequence"] = 1
        return self._journal.declare({
            "gateway": Table(gateway, shared=True),
            "orders": Table(np.zeros(self.config.max_orders, ORDER), shared=True),
            "index": Table(self._order_map.entries), "index_header": Table(self._order_map.header),
            "ring": Table(np.zeros(self._ring_size(), EXECUTION_REPORT)),
            "link": Table(np.zeros(1, SOUP_LINK), shared=True), "symbols": Table(symbols),
            "cause": Table(np.zeros(1, CAUSE)), "control": Table(np.zeros(1, CONTROL)),
            "requests": Table(np.zeros(REQUESTS, REQUEST)),
            "queries": Table(np.zeros(QUERIES, QUERY)),
            "switch": Table(np.zeros(1, SWITCH)),
            "order": Table(np.zeros(OrderCommand.size, np.uint8))})

    def _ring_size(self) -> int:
        """Twice what may be lost on a wire with a consumer that dies."""
        most = max((wire.capacity for wire in self.host.plan.outputs_of(self.name)), default=1)
        return 1 << (2 * max(most, _FEWEST_REPORTS) - 1).bit_length()

    def start(self) -> None:
        log = actor_logger(self.host)
        tables = self.host.tables
        self._journal.start()
        self._begin_afresh()
        self._client = SoupClient(
            tables["link"][0:1].reshape(()), self.config, "order entry", log,
            lambda fd: self.host.set_fd("venue", fd), on_fresh=self._close_all,
            on_gap=lambda: None, may_log_in=self._may_log_in)
        if self._journal.recovered:
            log.info("recovered {} live orders, next message of the venue {}",
                     int(self._gateway["live"]), int(self._gateway["next_sequence"]))

    def _begin_afresh(self) -> None:
        """What is not in the journal: the link, and how far what follows from the state has got."""
        tables, gateway = self.host.tables, self._gateway
        link, control = tables["link"], tables["control"][0]
        link[0] = np.zeros((), SOUP_LINK)
        link["next_sequence"] = gateway["next_sequence"]
        words = np.array([gateway["session0"], gateway["session1"]])
        link["session"] = words.view("S16")
        tables["control"][0] = np.zeros((), CONTROL)
        control["logins"] = -1
        control["timeout_ns"] = int(self.config.order_timeout_ms * 1_000_000)
        control["oldest_ref"] = max(1, int(gateway["next_ref"]) - self.config.max_orders)
        control["sent"] = control["highest"] = gateway["report_seq"]

    @property
    def _gateway(self) -> np.ndarray:
        return self.host.tables["gateway"][0]

    @property
    def _control(self) -> np.ndarray:
        return self.host.tables["control"][0]

    def _close_all(self) -> None:
        """The venue's session is over: so are its orders. The reactor reports each of them."""
        self._control["session_over"] = 1

    def _may_log_in(self) -> bool:
        return not self._control["session_over"] and self._gateway["sweep"] != Sweep.CLOSE_ALL

    def housekeep(self, now_ns: int) -> None:
        self._client.housekeep(now_ns)
        self._journal.keep(now_ns)
        if self.ready():
            self._journal.announce()

    def connected(self) -> bool:
        return self._client.connected

    def ready(self) -> bool:
        link = self.host.tables["link"][0]
        return self._client.connected and bool(self._gateway["accepting"]) \
            and self._control["logins"] == link["logins"]

    def idle(self) -> bool:
        link, control, gateway = self.host.tables["link"][0], self._control, self._gateway
        return bool(gateway["unanswered"] <= 0 and link["tx_end"] <= link["tx_start"]
                    and control["sent"] >= gateway["report_seq"]
                    and control["requests_from"] >= control["requests_to"])

    def stop(self) -> None:
        self._client.close()
        self._journal.end()

    def describe_event(self, code: int, values: tuple[int, ...]) -> tuple[str, str]:
        return describe(code, values, self.symbols) or super().describe_event(code, values)
