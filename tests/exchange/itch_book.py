"""The public book as anyone can rebuild it from ITCH, in plain Python and obvious."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

__all__ = ["ItchBook", "Resting"]


@dataclass
class Resting:
    symbol: str
    side: str
    price: int
    shares: int


class ItchBook:
    """Apply messages in order; ``orders`` are by reference number. Raises on what cannot be."""

    def __init__(self):
        self.orders: dict[int, Resting] = {}
        self.directory: dict[int, str] = {}
        self.trading: dict[str, str] = {}
        self.events = ""
        self.matches: list[int] = []
        self.volume: dict[str, int] = defaultdict(int)

    def apply(self, message: dict) -> None:
        getattr(self, f"_{message['type']}")(message)

    def best(self, symbol: str) -> tuple[int, int]:
        """Best bid and ask, 0 where there is none."""
        of = [o for o in self.orders.values() if o.symbol == symbol]
        return (max((o.price for o in of if o.side == "B"), default=0),
                min((o.price for o in of if o.side == "S"), default=0))

    def _S(self, message):
        self.events += message["event_code"]

    def _R(self, message):
        self.directory[message["stock_locate"]] = message["stock"]

    def _H(self, message):
        self.trading[message["stock"]] = message["trading_state"]

    def _A(self, message):
        assert message["order_reference_number"] not in self.orders
        assert self.directory[message["stock_locate"]] == message["stock"]
        self.orders[message["order_reference_number"]] = Resting(
            message["stock"], message["buy_sell_indicator"], message["price"], message["shares"])

    def _E(self, message):
        order = self.orders[message["order_reference_number"]]
        self.volume[order.symbol] += message["executed_shares"]
        self.matches.append(message["match_number"])
        bid, ask = self.best(order.symbol)
        assert order.price == (bid if order.side == "B" else ask), "not the best price"
        self._take(message, message["executed_shares"])

    def _P(self, message):
        self.volume[message["stock"]] += message["shares"]
        self.matches.append(message["match_number"])

    def _X(self, message):
        self._take(message, message["cancelled_shares"])

    def _take(self, message, shares):
        order = self.orders[message["order_reference_number"]]
        assert 0 < shares <= order.shares
        order.shares -= shares
        if order.shares == 0:
            del self.orders[message["order_reference_number"]]

    def _D(self, message):
        del self.orders[message["order_reference_number"]]

    def _U(self, message):
        old = self.orders.pop(message["original_order_reference_number"])
        assert message["new_order_reference_number"] not in self.orders
        self.orders[message["new_order_reference_number"]] = Resting(
            old.symbol, old.side, message["price"], message["shares"])
