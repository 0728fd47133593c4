"""Who risk and strategies talk to, in tests: a tape, a strategy that does as the tape says, and the
port through which a test speaks as the gateway."""

from actors.runtime import Actor, Input, Output, Overflow, handler
from actors.strategy.base import DAY, Strategy, send_order
from schemas.messages import ExecutionReport, MarketData, OrderCommand
from schemas.views import market_data

import numpy as np


@handler
def on_market(ctx, message):
    """An order for each update: its side, quantity and price."""
    update = market_data(message)
    send_order(ctx, np.int64(update.symbol_id), np.int64(update.side), np.int64(update.quantity),
               update.price_e4, DAY, 0)
    return 0


class Obedient(Strategy):
    """Orders what its tape says."""

    inputs = {**Strategy.inputs, "market": Input(MarketData, on_market)}

    def params(self):
        return np.zeros(1, np.int64)


class Tape(Actor):
    """Says what the test makes it say."""

    kind, tag = "tape", "TAPE"
    outputs = {"first": Output(MarketData), "second": Output(MarketData),
               "risk": Output(MarketData)}


class VenuePort(Actor):
    """The gateway's ports."""

    kind, tag = "gateway", "GATEWAY"
    inputs = {"orders": Input(OrderCommand, None, overflow=Overflow.FAIL)}
    outputs = {"reports": Output(ExecutionReport)}

    def on_orders(self, command):
        raise AssertionError("the test takes orders itself")
