"""The risk manager: every order passes here, every report comes back through here."""

from __future__ import annotations

import numpy as np
import pydantic

from actors.risk import guard, handlers, reports
from actors.risk.checks import LIMITS, RATE
from actors.risk.inputs import apply_input
from actors.risk.open_orders import allocate_open_orders
from actors.risk.positions import POSITION_STATE, total_pnl_e4
from actors.risk.queries import on_gateway
from actors.risk.state import (
    ASKED, GAP, LIMIT_REJECT, LOST_ON_THE_WAY, MARKET_FIELDS, RISK_STATE, STATE_CHANGE,
    STRATEGIES, UNJOURNALED_STATE,
)
from actors.runtime import Actor, Config, Input, Output, Overflow, Priority, Table, Timer
from actors.runtime.journal.actor_journal import ActorJournal
from actors.runtime.journal.config import JournalConfig
from actors.runtime.journal.replaying import on_replay
from actors.runtime.numbering import NUMBERING, begin_numbering
from actors.runtime.sweep import RECOVER_NS, SWEEP
from schemas.enums import RejectReason, TradingState
from schemas.messages import ExecutionReport, MarketData, OrderCommand, Position, RiskEvent

__all__ = ["RiskConfig", "RiskManager"]

_E4 = 10_000
_ORDER_ID_SPAN = 10**11  # an order id is strategy * span + the strategy's own count


class RiskConfig(Config):
    """Limits. Shares; money in the currency; ``price_collar_pct`` beyond the opposite touch."""

    max_order_quantity: int = pydantic.Field(10_000, ge=1, le=999_999)
    max_order_notional: float = pydantic.Field(1_000_000, gt=0, le=1e12)
    max_position: int = pydantic.Field(10_000, ge=1, le=10**12)
    max_loss: float = pydantic.Field(100_000, gt=0, le=1e12)
    price_collar_pct: float = pydantic.Field(5.0, gt=0, le=100)
    orders_per_second: float = pydantic.Field(20_000, gt=0, le=10_000_000)
    order_burst: int = pydantic.Field(1_000, ge=1, le=10_000_000)
    max_open_orders: int = pydantic.Field(65_536, ge=1, le=10_000_000)
    journal: JournalConfig = JournalConfig()


class RiskManager(Actor):
    """Checks orders against limits before they go out, keeps positions and profit from reports."""

    kind, tag = "risk", "RISK"
    role = "risk"
    Config = RiskConfig
    inputs = {
        "orders": Input(OrderCommand, handlers.on_order, Priority.ORDER, 1024, Overflow.FAIL,
                        many=True),
        "reports": Input(ExecutionReport, reports.on_report, Priority.EXECUTION, 8192,
                         Overflow.BLOCK),
        "market": Input(MarketData, handlers.on_market, Priority.MARKET_DATA, 65_536,
                        Overflow.DROP_NEWEST),
    }
    outputs = {
        "approved": Output(OrderCommand),
        "reports": Output(ExecutionReport),
        "positions": Output(Position, burst=64),
        "events": Output(RiskEvent),
    }
    timers = {"publish": Timer(handlers.on_publish, 50_000_000),
              "recover": Timer(reports.on_recover, RECOVER_NS),
              "guard": Timer(guard.on_guard, guard.GUARD_NS)}
    resync = {"approved": on_gateway, "reports": reports.on_reports_wanted}
    counters = ("orders_checked", "orders_passed", "risk_rejects", "fills", "reports",
                "duplicates", "gaps", "queries_sent", "queries_seen", "never_arrived")
    histograms = ("t2_t3",)
    table_names = ("state", "positions", "limits", "rate", "slots", "free", "entries", "map",
                   "highest", "numbering", "sweep", "order", "durability")
    crash_points = ("order_journaled", "order_passed_on", "order_refused", "report_journaled",
                    "report_applied", "report_passed_on", "state_journaled", "query_sent")

    @classmethod
    def handlers(cls):
        return [*super().handlers(), apply_input, on_replay]

    def tables(self):
        config = self.config
        state = np.zeros(1, RISK_STATE)
        state["trading_state"] = TradingState.TRADING
        limits = np.array([(config.max_order_quantity, round(config.max_order_notional * _E4),
                            config.max_position, round(config.max_loss * _E4),
                            round(config.price_collar_pct * 100))], LIMITS)
        rate = np.array([(round(1e9 / config.orders_per_second), config.order_burst, 0)], RATE)
        orders = allocate_open_orders(config.max_open_orders)
        sweep = np.zeros(1, SWEEP)
        sweep["at"] = config.max_open_orders
        self._journal = ActorJournal(
            self, apply_input,
            ("state", "positions", "slots", "free", "entries", "map", "highest"), config.journal,
            transient={"state": UNJOURNALED_STATE, "positions": MARKET_FIELDS,
                       "slots": ("sent_ns",)},
            counted=("fills",), terms={"symbols": list(self.symbols)})
        return self._journal.declare({
            "state": Table(state, shared=True),
            "positions": Table(np.zeros(len(self.symbols), POSITION_STATE), shared=True),
            "limits": Table(limits), "rate": Table(rate), "slots": Table(orders.slots),
            "free": Table(orders.free), "entries": Table(orders.entries),
            "map": Table(orders.header), "highest": Table(np.zeros(STRATEGIES, np.int64)),
            "numbering": Table(np.zeros(1, NUMBERING)), "sweep": Table(sweep),
            "order": Table(np.zeros(OrderCommand.size, np.uint8)),
        })

    def start(self) -> None:
        self._journal.start()
        tables = self.host.tables
        last = int(tables["state"]["last_report_seq"][0])
        begin_numbering(tables["numbering"], self.host.page_of("reports"), last)
        self.host.resume_from("reports", last + 1)
        tables["state"]["pnl_e4"] = total_pnl_e4(tables["positions"])
        tables["positions"]["dirty"] = 1

    def housekeep(self, now_ns: int) -> None:
        self._journal.keep(now_ns)
        self._journal.announce()

    def stop(self) -> None:
        self._journal.end()

    def describe_event(self, code: int, values: tuple[int, ...]) -> tuple[str, str]:
        if code == LIMIT_REJECT:
            order_id, reason, value, limit, symbol_id = values[:5]
            symbol = self.symbols[symbol_id] if symbol_id < len(self.symbols) else f"#{symbol_id}"
            return "WARNING", (f"reject order {order_id % _ORDER_ID_SPAN} {symbol}: "
                               f"{RejectReason(reason).name} {value} against limit {limit}")
        if code == STATE_CHANGE:
            state, reason, pnl_e4, limit_e4 = values[:4]
            return "ERROR", (f"{TradingState(state).name}: {RejectReason(reason).name}, profit "
                             f"{pnl_e4 / _E4:,.2f} against limit -{limit_e4 / _E4:,.2f}")
        if code == GAP:
            return "WARNING", (f"reports {values[0]} to {values[1] - 1} did not come: asked for "
                               f"again")
        if code == ASKED:
            return "INFO", f"asked what became of {values[0]} orders without an answer"
        if code == LOST_ON_THE_WAY:
            return "WARNING", f"order {values[0] % _ORDER_ID_SPAN} never arrived: it is over"
        return super().describe_event(code, values)
