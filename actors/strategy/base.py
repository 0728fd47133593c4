"""What every compiled strategy is: ports, tables, order entry, reports. Subclasses add the idea."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pydantic

from actors.book import level_book
from actors.runtime import (
    Actor, Config, Input, Output, Overflow, Priority, Table, Timer, abort, claim, clock_ns, commit,
    count, handler, kernel, log, observe, table,
)
from actors.strategy import orders
from actors.strategy.market import ORDERS, STATE, SYMBOLS, VALID, is_halted
from actors.strategy.orders import STRATEGY_STATE, SYMBOL_STATE, WORKING_ORDER
from schemas.enums import Command, Display, OrderType, ReportType, Side, TimeInForce
from schemas.messages import ExecutionReport, MarketData, OrderCommand
from schemas.views import execution_report, order_command

__all__ = ["SIGNAL", "Strategy", "StrategyConfig", "UPDATES", "on_report", "send_order"]

# Counters, histograms and log codes by place.
UPDATES, SIGNALS, ORDERS_SENT, REFUSED, FILLS, REJECTS, UNKNOWN_REPORTS, EXPIRED, \
    HALTED = range(9)
T1_T2 = 0
SIGNAL, GAVE_UP, TABLE_IS_FULL = range(1, 4)

_NEW = int(Command.NEW)
_LIMIT = int(OrderType.LIMIT)
_VISIBLE = int(Display.VISIBLE)
_FILL = int(ReportType.FILL)
_REJECT = int(ReportType.REJECT)
IOC = int(TimeInForce.IOC)
DAY = int(TimeInForce.DAY)

_GIVE_UP_NS = 10_000_000_000  # the gateway's own timeout comes long before this


@kernel
def send_order(ctx, symbol_id, side, quantity, price_e4, time_in_force, t1_ns):
    """Sends a new limit order. Returns its id, or 0 if it was not sent: wire full or down, too many
    orders working, or the symbol is halted at the venue (see :func:`is_halted`). ``t1_ns``: arrival
    of the market data behind it, 0 if none."""
    if is_halted(ctx, symbol_id):
        count(ctx, HALTED, 1)
        return np.int64(0)
    state = table(ctx, STATE, STRATEGY_STATE)[0]
    working = table(ctx, ORDERS, WORKING_ORDER)
    symbols = table(ctx, SYMBOLS, SYMBOL_STATE)
    message = claim(ctx, 0)
    if message == 0:
        count(ctx, REFUSED, 1)
        return np.int64(0)
    now = clock_ns(ctx)
    order_id = orders.enter(state, working, symbols, symbol_id, side, quantity, price_e4, now)
    if order_id == 0:
        abort(ctx, 0)
        count(ctx, REFUSED, 1)
        log(ctx, TABLE_IS_FULL, 0, 0, 0, 0, 0, 0)
        return np.int64(0)
    body = order_command(message)
    body.order_id = order_id
    body.price_e4 = price_e4
    body.t1_ns = t1_ns
    body.strategy_ns = now
    body.symbol_id = symbol_id
    body.quantity = quantity
    body.strategy_id = state.strategy_id
    body.command = _NEW
    body.side = side
    body.order_type = _LIMIT
    body.time_in_force = time_in_force
    body.display = _VISIBLE
    commit(ctx, 0)
    if t1_ns != 0:
        observe(ctx, T1_T2, now - t1_ns)
    count(ctx, ORDERS_SENT, 1)
    return order_id


@handler
def on_report(ctx, message):
    """Applies a report to working orders and position; reports of other strategies are not ours."""
    report = execution_report(message)
    state = table(ctx, STATE, STRATEGY_STATE)[0]
    if np.int64(report.strategy_id) != state.strategy_id:
        return 0
    known = orders.apply_report(state, table(ctx, ORDERS, WORKING_ORDER),
                                table(ctx, SYMBOLS, SYMBOL_STATE), report)
    if not known:
        count(ctx, UNKNOWN_REPORTS, 1)
    if report.report_type == _FILL:
        count(ctx, FILLS, 1)
    elif report.report_type == _REJECT:
        count(ctx, REJECTS, 1)
    return 0


@handler
def on_expire(ctx, now):
    """Frees what no report ever ended, so that a lost report cannot stop a symbol for good."""
    expired = orders.expire(table(ctx, STATE, STRATEGY_STATE)[0], table(ctx, ORDERS, WORKING_ORDER),
                            table(ctx, SYMBOLS, SYMBOL_STATE), now - _GIVE_UP_NS)
    if expired > 0:
        count(ctx, EXPIRED, expired)
        log(ctx, GAVE_UP, expired, 0, 0, 0, 0, 0)
    return 0


class StrategyConfig(Config):
    """``symbols``: which of the deployment's symbols to trade, all if empty."""

    symbols: tuple[str, ...] = ()
    book_levels: int = pydantic.Field(64, ge=1, le=4096)
    max_working_orders: int = pydantic.Field(1024, ge=2, le=1_000_000)


class Strategy(Actor):
    """Base of the compiled strategies; a subclass gives ``inputs['market']`` its handler."""

    kind, tag = "strategy", "STRAT"
    Config = StrategyConfig
    inputs = {
        "market": Input(MarketData, None, Priority.MARKET_DATA, capacity=65_536,
                        overflow=Overflow.DROP_NEWEST),
        "reports": Input(ExecutionReport, on_report, Priority.EXECUTION, capacity=8192,
                         overflow=Overflow.BLOCK),
    }
    outputs = {"orders": Output(OrderCommand, burst=4)}
    timers = {"expire": Timer(on_expire, 1_000_000_000)}
    counters = ("updates", "signals", "orders", "refused", "fills", "rejects", "unknown_reports",
                "expired", "halted")
    histograms = ("t1_t2",)
    table_names = ("state", "symbols", "orders", "sides", "levels", "params")

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
        return {
            "state": Table(state, shared=True),
            "symbols": Table(np.zeros(len(self.symbols), SYMBOL_STATE), shared=True),
            "orders": Table(working, shared=True),
            "sides": Table(book.sides),
            "levels": Table(book.levels),
            "params": Table(self.params()),
        }

    def params(self) -> np.ndarray:
        """The strategy's parameters as a record array of shape (1,)."""
        raise NotImplementedError(f"{type(self).__name__} has no params()")

    def trades(self, symbol: str) -> bool:
        """Whether this strategy trades ``symbol``."""
        return not self.config.symbols or symbol in self.config.symbols

    def start(self) -> None:
        symbols = self.host.tables["symbols"]
        symbols["valid"] = symbols["status"] = 0  # books are not kept across incarnations

    def ready(self) -> bool:
        return bool((self.host.tables["symbols"]["valid"] == VALID).all())

    def describe_event(self, code: int, values: tuple[int, ...]) -> tuple[str, str]:
        if code == SIGNAL:
            side, symbol, z_e2, mid_e4 = values[:4]
            return "INFO", (f"signal {Side(side).name} {self.symbols[symbol]} z={z_e2 / 100:.1f} "
                            f"mid={mid_e4 / 10_000:.2f}")
        if code == GAVE_UP:
            return "WARNING", f"{values[0]} orders never reported an end: given up"
        if code == TABLE_IS_FULL:
            return "WARNING", (f"more than {self.config.max_working_orders} working orders: order "
                               f"not sent (config.max_working_orders)")
        return super().describe_event(code, values)


