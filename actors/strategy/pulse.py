"""Pulse: orders at a fixed rate, for load tests and benchmarks.

Sends immediate-or-cancel orders of ``quantity`` shares, ``rate`` a second in total, going round the
symbols and alternating sides, each ``offset_ticks`` behind the best own-side price, so that they cost
nothing by default. The schedule is open-loop: a late turn sends what is due, up to ``burst``.
"""

from __future__ import annotations

import numpy as np
import pydantic

from actors.book import level_book
from actors.runtime import Input, Timer, count, draining, handler, kernel, table, trading_enabled
from actors.strategy.base import IOC, Strategy, StrategyConfig, UPDATES, send_order
from actors.strategy.market import PARAMS, apply_update, book_of, is_halted
from schemas.enums import Side
from schemas.messages import MarketData
from schemas.views import market_data

__all__ = ["Pulse", "PulseConfig"]

PARAMETERS = np.dtype([("interval_ns", "i8"), ("quantity", "i8"), ("offset_e4", "i8"),
                       ("next_ns", "i8"), ("sent", "i8"), ("limit", "i8"), ("cross", "i8")])

_BUY, _SELL = int(Side.BUY), int(Side.SELL)
_BURST = 4


@kernel
def pulse_price(book, symbol_id, side, offset_e4, cross):
    """Price of the next order, or 0 if the book cannot say."""
    bid, _ = level_book.best_bid(book, symbol_id)
    ask, _ = level_book.best_ask(book, symbol_id)
    if bid <= 0 or ask <= 0:
        return np.int64(0)
    if cross != 0:
        return ask if side == _BUY else bid
    return bid - offset_e4 if side == _BUY else ask + offset_e4


@handler
def on_market(ctx, message):
    count(ctx, UPDATES, 1)
    apply_update(ctx, market_data(message))
    return 0


@handler
def on_pulse(ctx, now):
    """Sends what is due; the next deadline follows the schedule, not the clock."""
    params = table(ctx, PARAMS, PARAMETERS)[0]
    if params.next_ns == 0 or not trading_enabled(ctx) or draining(ctx):
        params.next_ns = now + params.interval_ns
        return params.next_ns
    book = book_of(ctx)
    symbols = book.sides.size // 2
    for _ in range(_BURST):
        if now < params.next_ns or params.sent >= params.limit:
            break
        symbol_id = (params.sent // 2) % symbols
        side = _BUY if params.sent % 2 == 0 else _SELL
        price = pulse_price(book, symbol_id, side, params.offset_e4, params.cross)
        if is_halted(ctx, symbol_id):
            price = np.int64(0)  # its turn passes, as when the book cannot say
        if price > 0 and send_order(ctx, symbol_id, side, params.quantity, price, IOC, now) == 0:
            break  # no room: the same order again next turn
        params.sent += 1
        params.next_ns += params.interval_ns
    return params.next_ns if params.sent < params.limit else now + 1_000_000_000


class PulseConfig(StrategyConfig):
    """``rate`` orders a second; ``limit`` orders in all (0: no end); ``cross``: take the touch."""

    rate: float = pydantic.Field(1000.0, gt=0, le=1_000_000)
    quantity: int = pydantic.Field(1, ge=1, le=999_999)
    offset_ticks: int = pydantic.Field(5, ge=0, le=10_000)
    tick_e4: int = pydantic.Field(100, ge=1)
    limit: int = pydantic.Field(0, ge=0)
    cross: bool = False


class Pulse(Strategy):
    """Orders at a fixed rate; see the module's docstring."""

    Config = PulseConfig
    inputs = {**Strategy.inputs,
              "market": Input(MarketData, on_market, Strategy.inputs["market"].priority,
                              Strategy.inputs["market"].capacity,
                              Strategy.inputs["market"].overflow)}
    timers = {**Strategy.timers, "pulse": Timer(on_pulse, 1_000_000)}

    def params(self) -> np.ndarray:
        config = self.config
        return np.array([(round(1e9 / config.rate), config.quantity,
                          config.offset_ticks * config.tick_e4, 0, 0,
                          config.limit or 2**62, int(config.cross))], PARAMETERS)
