"""Mean reversion: buy what fell, sell what rose, by the z-score of the mid price.

Over a rolling window of mid prices, one sample an update of the best bid or offer: when the mid is
``threshold_sigma`` standard deviations below its mean, buy at the offer; above, sell at the bid; when
it is back within ``exit_sigma``, close what is held. Immediate-or-cancel orders of ``quantity``
shares, one working order a symbol, positions within ``max_position``.

Idea: Bollinger bands; see E. Chan, Algorithmic Trading (2013), ch. 3.
"""

from __future__ import annotations

import numpy as np
import pydantic

from actors.book import level_book
from actors.runtime import Input, Table, count, draining, handler, kernel, log, table
from actors.runtime import table2, trading_enabled
from actors.strategy.base import (
    IOC, SIGNAL, SIGNALS, Strategy, StrategyConfig, UPDATES, send_order,
)
from actors.strategy.market import (
    OWN_TABLES, PARAMS, SYMBOLS, apply_update, book_of, is_halted,
)
from actors.strategy.orders import SYMBOL_STATE
from actors.strategy.signals import WINDOW, add_price, z_score
from schemas.enums import Side, UpdateType
from schemas.messages import MarketData
from schemas.views import market_data

__all__ = ["MeanReversion", "MeanReversionConfig", "decide"]

WINDOWS, SAMPLES, ACTIVE = range(OWN_TABLES, OWN_TABLES + 3)

PARAMETERS = np.dtype([("threshold_sigma", "f8"), ("exit_sigma", "f8"), ("quantity", "i8"),
                       ("max_position", "i8"), ("cooldown_ns", "i8")])

_BUY, _SELL = int(Side.BUY), int(Side.SELL)
_BBO = int(UpdateType.BBO)


@kernel
def decide(params, z, position):
    """Shares to trade: positive buys, negative sells, 0 does nothing. Never beyond max_position,
    never across zero in one order."""
    if z <= -params.threshold_sigma and position < params.max_position:
        wanted = min(params.quantity, params.max_position - position)
        return wanted if position >= 0 else min(wanted, -position)
    if z >= params.threshold_sigma and position > -params.max_position:
        wanted = min(params.quantity, params.max_position + position)
        return -wanted if position <= 0 else -min(wanted, position)
    if position > 0 and z >= -params.exit_sigma:
        return -min(params.quantity, position)
    if position < 0 and z <= params.exit_sigma:
        return min(params.quantity, -position)
    return np.int64(0)


@kernel
def trade(ctx, symbol_id, shares, z, t1_ns):
    """Sends the order that ``decide`` asked for, against the best opposite price."""
    side = _BUY if shares > 0 else _SELL
    book = book_of(ctx)
    bid, _ = level_book.best_bid(book, symbol_id)
    ask, _ = level_book.best_ask(book, symbol_id)
    price = ask if shares > 0 else bid
    if send_order(ctx, symbol_id, side, abs(shares), price, IOC, t1_ns) != 0:
        count(ctx, SIGNALS, 1)
        log(ctx, SIGNAL, side, symbol_id, np.int64(z * 100.0), (bid + ask) // 2, 0, 0)


@handler
def on_market(ctx, message):
    update = market_data(message)
    count(ctx, UPDATES, 1)
    symbol_id = apply_update(ctx, update)
    if symbol_id < 0 or np.int64(update.update_type) != _BBO:
        return 0
    bid, ask = update.bid_e4, update.ask_e4
    if bid <= 0 or ask <= 0 or table(ctx, ACTIVE, np.int64)[symbol_id] == 0:
        return 0
    window = table(ctx, WINDOWS, WINDOW)[symbol_id]
    samples = table2(ctx, SAMPLES, np.int64)[symbol_id]
    add_price(window, samples, bid + ask)
    z = z_score(window, samples, bid + ask)
    params = table(ctx, PARAMS, PARAMETERS)[0]
    symbol = table(ctx, SYMBOLS, SYMBOL_STATE)[symbol_id]
    shares = decide(params, z, symbol.position)
    if shares == 0 or symbol.working > 0 or is_halted(ctx, symbol_id):
        return 0
    if not trading_enabled(ctx) or draining(ctx):
        return 0
    if update.receive_ns - symbol.last_order_ns < params.cooldown_ns:
        return 0
    trade(ctx, symbol_id, shares, z, update.receive_ns)
    return 0


class MeanReversionConfig(StrategyConfig):
    """``window`` samples; thresholds in standard deviations; ``quantity`` shares an order."""

    window: int = pydantic.Field(100, ge=2, le=65_536)
    threshold_sigma: float = pydantic.Field(2.0, gt=0, le=20)
    exit_sigma: float = pydantic.Field(0.5, ge=0, le=20)
    quantity: int = pydantic.Field(50, ge=1, le=999_999)
    max_position: int = pydantic.Field(500, ge=1, le=100_000_000)
    cooldown_ms: float = pydantic.Field(0.0, ge=0, le=3_600_000)


class MeanReversion(Strategy):
    """Trades each symbol back to its recent mean; see the module's docstring."""

    Config = MeanReversionConfig
    inputs = {**Strategy.inputs,
              "market": Input(MarketData, on_market, Strategy.inputs["market"].priority,
                              Strategy.inputs["market"].capacity,
                              Strategy.inputs["market"].overflow)}
    table_names = (*Strategy.table_names, "windows", "samples", "active")

    def params(self) -> np.ndarray:
        config = self.config
        return np.array([(config.threshold_sigma, config.exit_sigma, config.quantity,
                          config.max_position, int(config.cooldown_ms * 1e6))], PARAMETERS)

    def tables(self):
        n = len(self.symbols)
        active = np.array([self.trades(s) for s in self.symbols], np.int64)
        return {**super().tables(), "windows": Table(np.zeros(n, WINDOW)),
                "samples": Table(np.zeros((n, self.config.window), np.int64)),
                "active": Table(active)}
