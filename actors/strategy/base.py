"""What every compiled strategy is: ports, tables, order entry, reports. Subclasses add the idea."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pydantic

from actors.book import level_book
from actors.runtime import (
    Actor, Config, Input, Output, Overflow, Priority, Table, Timer, abort, claim, clock_ns, commit,
    count, crash_point, kernel, log, observe,
)
from actors.runtime.journal.actor_journal import ActorJournal
from actors.runtime.journal.config import JournalConfig
from actors.runtime.journal.replaying import on_replay
from actors.runtime.numbering import NUMBERING, begin_numbering
from actors.runtime.sweep import RECOVER_NS, SWEEP
from actors.strategy.inputs import (
    ASKED, GAP, HALTED, JOURNAL_IS_FULL, LOST_ON_THE_WAY, ORDER_SENT, REFUSED, SIGNAL, SIGNALS, T1_T2,
    TABLE_IS_FULL, UPDATES, apply_input, orders_of, state_of, take_order,
)
from actors.strategy.market import VALID, is_halted
from actors.strategy.orders import (
    STRATEGY_STATE, SYMBOL_STATE, WORKING_ORDER, has_room, order_number,
)
from actors.strategy.reports import on_recover, on_report, on_risk
from schemas.enums import Command, Display, OrderType, Side, TimeInForce
from schemas.messages import ExecutionReport, MarketData, OrderCommand
from schemas.views import order_command

__all__ = ["DAY", "IOC", "SIGNAL", "SIGNALS", "Strategy", "StrategyConfig", "UPDATES", "on_report",
           "send_order"]

_NEW = int(Command.NEW)
_LIMIT = int(OrderType.LIMIT)
_VISIBLE = int(Display.VISIBLE)
IOC = int(TimeInForce.IOC)
DAY = int(TimeInForce.DAY)


@kernel
def _note(ctx, symbol_id, side, quantity, price_e4, now):
    """Writes an order down before it is sent. Returns its id, or 0 if there is no room for it."""
    if not has_room(state_of(ctx), orders_of(ctx)):
        log(ctx, TABLE_IS_FULL, 0, 0, 0, 0, 0, 0)
        return np.int64(0)
    order_id = take_order(ctx, symbol_id, side, quantity, price_e4, now)
    if order_id == 0:
        log(ctx, JOURNAL_IS_FULL, 0, 0, 0, 0, 0, 0)
    return order_id


@kernel
def send_order(ctx, symbol_id, side, quantity, price_e4, time_in_force, t1_ns):
    """Sends a new limit order. Returns its id, or 0 if it was not sent: wire full or down, too many
    orders working, no room in the journal, or the symbol is halted at the venue (see
    :func:`is_halted`). ``t1_ns``: arrival of the market data behind it, 0 if none."""
    if is_halted(ctx, symbol_id):
        count(ctx, HALTED, 1)
        return np.int64(0)
    message = claim(ctx, 0)
    if message == 0:
        count(ctx, REFUSED, 1)
        return np.int64(0)
    now = clock_ns(ctx)
    order_id = _note(ctx, symbol_id, side, quantity, price_e4, now)
    if order_id == 0:
        abort(ctx, 0)
        count(ctx, REFUSED, 1)
        return np.int64(0)
    body = order_command(message)
    body.order_id = order_id
    body.price_e4 = price_e4
    body.t1_ns = t1_ns
    body.strategy_ns = now
    body.symbol_id = symbol_id
    body.quantity = quantity
    body.strategy_id = state_of(ctx).strategy_id
    body.command = _NEW
    body.side = side
    body.order_type = _LIMIT
    body.time_in_force = time_in_force
    body.display = _VISIBLE
    commit(ctx, 0)
    crash_point(ctx, ORDER_SENT)
    if t1_ns != 0:
        observe(ctx, T1_T2, now - t1_ns)
    return order_id


class StrategyConfig(Config):
    """``symbols``: which of the deployment's symbols to trade, all if empty."""

    symbols: tuple[str, ...] = ()
    book_levels: int = pydantic.Field(64, ge=1, le=4096)
    max_working_orders: int = pydantic.Field(1024, ge=2, le=1_000_000)
    journal: JournalConfig = JournalConfig()


class Strategy(Actor):
    """Base of the compiled strategies; a subclass gives ``inputs['market']`` its handler.

    Orders, positions and order numbers are a function of its journal: a strategy that is killed
    goes on with them. A subclass that adds timers, tables or handlers adds to those that are here,
    and calls these methods in its own ``start``, ``housekeep`` and ``stop``.
    """

    kind, tag = "strategy", "STRAT"
    Config = StrategyConfig
    inputs = {
        "market": Input(MarketData, None, Priority.MARKET_DATA, capacity=65_536,
                        overflow=Overflow.DROP_NEWEST),
        "reports": Input(ExecutionReport, on_report, Priority.EXECUTION, capacity=8192,
                         overflow=Overflow.BLOCK),
    }
    outputs = {"orders": Output(OrderCommand, burst=4)}
    timers = {"recover": Timer(on_recover, RECOVER_NS)}
    resync = {"orders": on_risk}
    counters = ("updates", "signals", "orders", "refused", "fills", "rejects", "unknown_reports",
                "queries", "duplicates", "gaps", "halted")
    histograms = ("t1_t2",)
    table_names = ("state", "symbols", "orders", "sides", "levels", "params", "numbering", "sweep",
                   "durability")
    crash_points = ("order_journaled", "order_sent", "report_journaled", "report_applied",
                    "query_sent")

    @classmethod
    def handlers(cls):
        return [*super().handlers(), apply_input, on_replay]

    def __init__(self, setup):
        super().__init__(setup)
        unknown = [s for s in self.config.symbols if s not in self.symbols]
        if unknown:
            raise ValueError(f"{self.name}: config.symbols names {', '.join(unknown)}, the "
                             f"deployment has {', '.join(self.symbols)}")
        if self.index + 1 >= 1000:
            raise ValueError(f"{self.name}: actor number {self.index} is too high for order ids")

    @property
    def strategy_id(self) -> int:
        return self.index + 1

    def tables(self) -> Mapping[str, Table]:
        state = np.zeros(1, STRATEGY_STATE)
        state["strategy_id"] = self.strategy_id
        book = level_book.allocate_level_book(len(self.symbols), self.config.book_levels)
        working = np.zeros(2 * self.config.max_working_orders, WORKING_ORDER)
        sweep = np.zeros(1, SWEEP)
        sweep["at"] = len(working)
        self._journal = ActorJournal(
            self, apply_input, ("state", "symbols", "orders"), self.config.journal,
            transient={"symbols": ("valid", "last_order_ns", "status"), "orders": ("sent_ns",)},
            counted=("orders", "fills", "rejects", "unknown_reports"),
            terms={"symbols": list(self.symbols), "strategy_id": self.strategy_id})
        return self._journal.declare({
            "state": Table(state, shared=True),
            "symbols": Table(np.zeros(len(self.symbols), SYMBOL_STATE), shared=True),
            "orders": Table(working, shared=True),
            "sides": Table(book.sides),
            "levels": Table(book.levels),
            "params": Table(self.params()),
            "numbering": Table(np.zeros(1, NUMBERING)),
            "sweep": Table(sweep),
        })

    def params(self) -> np.ndarray:
        """The strategy's parameters as a record array of shape (1,)."""
        raise NotImplementedError(f"{type(self).__name__} has no params()")

    def trades(self, symbol: str) -> bool:
        """Whether this strategy trades ``symbol``."""
        return not self.config.symbols or symbol in self.config.symbols

    def start(self) -> None:
        self._journal.start()
        tables = self.host.tables
        symbols = tables["symbols"]
        symbols["valid"] = symbols["status"] = 0  # books are not kept across incarnations
        last = int(tables["state"]["last_report_seq"][0])
        begin_numbering(tables["numbering"], self.host.page_of("reports"), last)
        self.host.resume_from("reports", last + 1)

    def housekeep(self, now_ns: int) -> None:
        self._journal.keep(now_ns)
        self._journal.announce()

    def stop(self) -> None:
        self._journal.end()

    def ready(self) -> bool:
        return bool((self.host.tables["symbols"]["valid"] == VALID).all())

    def describe_event(self, code: int, values: tuple[int, ...]) -> tuple[str, str]:
        if code == SIGNAL:
            side, symbol, z_e2, mid_e4 = values[:4]
            return "INFO", (f"signal {Side(side).name} {self.symbols[symbol]} z={z_e2 / 100:.1f} "
                            f"mid={mid_e4 / 10_000:.2f}")
        if code == ASKED:
            return "INFO", f"asked what became of {values[0]} orders without an answer"
        if code == GAP:
            return "WARNING", (f"reports {values[0]} to {values[1] - 1} did not come: asked for "
                               f"again")
        if code == LOST_ON_THE_WAY:
            return "WARNING", f"order {order_number(values[0])} never arrived: it is over"
        if code == JOURNAL_IS_FULL:
            return "WARNING", "order not sent: there is no room in the journal"
        if code == TABLE_IS_FULL:
            return "WARNING", (f"more than {self.config.max_working_orders} working orders: order "
                               f"not sent (config.max_working_orders)")
        return super().describe_event(code, values)
