"""A strategy that rests orders and trades: bids behind the market, and small orders that take, on
both sides in turn or, ``only_buys``, on one."""

from __future__ import annotations

import numpy as np

from actors.runtime import Actor, Config, Input, Output, Table
from schemas.enums import Command, OrderType, Side, TimeInForce, UpdateType
from schemas.messages import ExecutionReport, MarketData, OrderCommand

__all__ = ["Rester", "SENT"]

SENT = np.dtype([("resting", "i8"), ("taking", "i8"), ("updates", "i8")])
_EVERY = 50  # updates of the market between two orders that take


class ResterConfig(Config):
    resting: int = 8
    only_buys: bool = False


class Rester(Actor):
    kind, tag = "rester", "RESTER"
    Config = ResterConfig
    inputs = {"market": Input(MarketData), "reports": Input(ExecutionReport)}
    outputs = {"orders": Output(OrderCommand)}
    table_names = ("sent",)

    def __init__(self, setup):
        super().__init__(setup)
        self._table = np.zeros(1, SENT)
        self._id = setup.epoch * 1_000_000

    def tables(self):
        return {"sent": Table(self._table, shared=True)}

    def on_market(self, update):
        if update["update_type"] != UpdateType.BBO or update["bid_e4"] <= 0 \
                or not self.host.deployment["trading_enabled"]:
            return
        sent = self.host.tables["sent"][0]
        sent["updates"] += 1
        if sent["resting"] < self.config.resting:
            sent["resting"] += 1
            self._send(update, Side.BUY, int(update["bid_e4"]) // 10_000 * 9_800,
                       TimeInForce.DAY)
        elif sent["updates"] % _EVERY == 0:
            sent["taking"] += 1
            sells = not self.config.only_buys and int(sent["taking"]) % 2
            side = Side.SELL if sells else Side.BUY
            price = update["ask_e4"] if side == Side.BUY else update["bid_e4"]
            self._send(update, side, int(price), TimeInForce.IOC)

    def _send(self, update, side, price_e4, time_in_force):
        self._id += 1
        self.out.send("orders", command=Command.NEW, order_id=self._id, side=side, quantity=10,
                      symbol_id=update["symbol_id"], price_e4=price_e4,
                      order_type=OrderType.LIMIT, time_in_force=time_in_force,
                      t1_ns=int(update["receive_ns"]))

    def on_reports(self, report):
        pass
