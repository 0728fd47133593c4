"""Made-up messages, the same ones every time, that an actor on its own can do something with."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np

from schemas.enums import (
    Command, Display, Flag, OrderStatus, OrderType, ReportType, Side, TimeInForce, UpdateType,
)
from schemas.messages import ExecutionReport, MarketData, MessageType, OrderCommand

__all__ = ["bodies"]

_START_E4 = 1_000_000   # every symbol starts at 100.00
_TICK_E4 = 100
_SHARES = 100


def bodies(message: MessageType, n_symbols: int) -> Iterator[np.ndarray]:
    """Bodies, shape (), of messages of one type, for each symbol in turn, without end.

    Market data makes consistent books on a random walk; orders are new ones of strategy 1; reports
    fill such orders. Other types are zeros.
    """
    if message is MarketData:
        return _market_data(n_symbols)
    if message is OrderCommand:
        return _orders(n_symbols)
    if message is ExecutionReport:
        return _fills(n_symbols)
    return _blank(message, n_symbols)


def _blank(message: MessageType, n_symbols: int) -> Iterator[np.ndarray]:
    for i in itertools.count():
        body = np.zeros((), message.dtype)
        if "symbol_id" in (message.dtype.names or ()):
            body["symbol_id"] = i % n_symbols
        yield body


def _market_data(n_symbols: int) -> Iterator[np.ndarray]:
    """The walks of all symbols, a step of each in turn, numbered as a venue would."""
    random = np.random.default_rng(1)
    walks = [_walk(symbol, np.random.default_rng(random.integers(2**32)))
             for symbol in range(n_symbols)]
    for sequence, walk in enumerate(itertools.cycle(walks), 1):
        body = next(walk)
        body["sequence"] = sequence
        yield body


def _walk(symbol: int, random: np.random.Generator) -> Iterator[np.ndarray]:
    """One symbol's book: a snapshot of one level a side, then both moving by a few ticks at a time.

    Each move is four messages, the side in front first, so that the book is never crossed.
    """
    bid, ask = 0, 0

    def update(side: Side, price: int, quantity: int, kind: UpdateType = UpdateType.BBO,
               flags: int = 0) -> np.ndarray:
        body = np.zeros((), MarketData.dtype)
        body["header"]["flags"] = flags
        body["symbol_id"], body["update_type"], body["side"] = symbol, kind, side
        body["price_e4"], body["quantity"] = price, quantity
        body["bid_e4"], body["bid_qty"] = bid, _SHARES if bid else 0
        body["ask_e4"], body["ask_qty"] = ask, _SHARES if ask else 0
        return body

    yield update(Side.NONE, 0, 0, UpdateType.CLEAR, Flag.SNAPSHOT)
    bid = _START_E4 - _TICK_E4
    yield update(Side.BUY, bid, _SHARES, flags=Flag.SNAPSHOT)
    ask = _START_E4 + _TICK_E4
    yield update(Side.SELL, ask, _SHARES, flags=Flag.SNAPSHOT | Flag.LAST)
    while True:
        move = _TICK_E4 * int(random.integers(1, 4)) * (1 if random.integers(2) else -1)
        if bid + move <= 0:
            move = -move
        old_bid, old_ask = bid, ask
        if move > 0:
            yield update(Side.SELL, old_ask + move, _SHARES, UpdateType.BOOK)
            ask += move
            yield update(Side.SELL, old_ask, 0)
            bid += move
            yield update(Side.BUY, bid, _SHARES)
            yield update(Side.BUY, old_bid, 0, UpdateType.BOOK)
        else:
            yield update(Side.BUY, old_bid + move, _SHARES, UpdateType.BOOK)
            bid += move
            yield update(Side.BUY, old_bid, 0)
            ask += move
            yield update(Side.SELL, ask, _SHARES)
            yield update(Side.SELL, old_ask, 0, UpdateType.BOOK)


def _orders(n_symbols: int) -> Iterator[np.ndarray]:
    for i in itertools.count():
        body = np.zeros((), OrderCommand.dtype)
        body["order_id"], body["strategy_id"] = 10**11 + i + 1, 1
        body["command"], body["order_type"] = Command.NEW, OrderType.LIMIT
        body["time_in_force"], body["display"] = TimeInForce.IOC, Display.VISIBLE
        body["symbol_id"] = i % n_symbols
        body["side"] = Side.SELL if i // n_symbols % 2 else Side.BUY
        body["quantity"], body["price_e4"] = _SHARES, _START_E4
        yield body


def _fills(n_symbols: int) -> Iterator[np.ndarray]:
    for i, order in enumerate(_orders(n_symbols), 1):
        body = np.zeros((), ExecutionReport.dtype)
        body["report_seq"] = body["exec_id"] = i
        for name in ("order_id", "strategy_id", "symbol_id", "side", "price_e4"):
            body[name] = order[name]
        body["report_type"], body["order_status"] = ReportType.FILL, OrderStatus.FILLED
        body["exec_price_e4"] = order["price_e4"]
        body["exec_qty"] = body["cum_qty"] = order["quantity"]
        yield body
