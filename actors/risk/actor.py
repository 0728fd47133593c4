"""The risk manager: every order passes here, every report comes back through here."""

from __future__ import annotations

import numpy as np
import pydantic

from actors.risk import guard, handlers
from actors.risk.checks import LIMITS, RATE
from actors.risk.handlers import LIMIT_REJECT, RISK_STATE, STATE_CHANGE
from actors.risk.open_orders import allocate_open_orders
from actors.risk.positions import POSITION_STATE
from actors.runtime import Actor, Config, Input, Output, Overflow, Priority, Table, Timer
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


class RiskManager(Actor):
    """Checks orders against limits before they go out, keeps positions and profit from reports."""

    kind, tag = "risk", "RISK"
    role = "risk"
    Config = RiskConfig
    inputs = {
        "orders": Input(OrderCommand, handlers.on_order, Priority.ORDER, 1024, Overflow.FAIL,
                        many=True),
        "reports": Input(ExecutionReport, handlers.on_report, Priority.EXECUTION, 8192,
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
              "guard": Timer(guard.on_guard, guard.GUARD_NS)}
    counters = ("orders_checked", "orders_passed", "risk_rejects", "fills", "reports",
                "duplicates")
    histograms = ("t2_t3",)
    table_names = ("state", "positions", "limits", "rate", "slots", "free", "entries", "map",
                   "order")

    def tables(self):
        config = self.config
        state = np.zeros(1, RISK_STATE)
        state["trading_state"] = TradingState.TRADING
        limits = np.array([(config.max_order_quantity, round(config.max_order_notional * _E4),
                            config.max_position, round(config.max_loss * _E4),
                            round(config.price_collar_pct * 100))], LIMITS)
        rate = np.array([(round(1e9 / config.orders_per_second), config.order_burst, 0)], RATE)
        orders = allocate_open_orders(config.max_open_orders)
        return {
            "state": Table(state, shared=True),
            "positions": Table(np.zeros(len(self.symbols), POSITION_STATE), shared=True),
            "limits": Table(limits), "rate": Table(rate), "slots": Table(orders.slots),
            "free": Table(orders.free), "entries": Table(orders.entries),
            "map": Table(orders.header),
            "order": Table(np.zeros(OrderCommand.size, np.uint8)),
        }

    def start(self) -> None:
        positions = self.host.tables["positions"]
        positions["open_buy"] = positions["open_sell"] = 0  # open orders are not kept over a crash
        positions["dirty"] = 1

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
        return super().describe_event(code, values)
