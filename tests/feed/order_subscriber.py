"""What a subscriber to ``feed/order_updates`` makes of them: every order, in plain lists."""

from __future__ import annotations

from dataclasses import dataclass

from schemas.enums import Flag, OrderAction, Side

__all__ = ["OrderSubscriber"]


@dataclass
class Order:
    number: int
    symbol: int
    side: int
    price_e4: int
    shares: int


class OrderSubscriber:
    """``orders`` by number, oldest first: so at each price they are in priority. Holds every update
    against what it knows of the order. Records may be CHANGE or message bodies."""

    def __init__(self):
        self.orders: dict[int, Order] = {}
        self.whole: set[int] = set()
        self.filling: set[int] = set()
        self.trades: list[tuple[int, int, int, bool]] = []

    def apply(self, update, flags: int = 0) -> None:
        """Applies one; ``flags`` are those of the message's header."""
        action, symbol = OrderAction(int(update["action"])), int(update["symbol_id"])
        if action == OrderAction.CLEAR:
            self.orders = {n: o for n, o in self.orders.items() if o.symbol != symbol}
            self.whole.discard(symbol)
            self.filling.add(symbol)
        elif symbol in self.whole or symbol in self.filling:
            assert bool(flags & Flag.SNAPSHOT) == (symbol in self.filling), update
            self._change(action, symbol, update)
        if flags & Flag.LAST:
            self.filling.discard(symbol)
            self.whole.add(symbol)

    def _change(self, action: OrderAction, symbol: int, update) -> None:
        number, quantity = int(update["order_number"]), int(update["quantity"])
        told = Order(number, symbol, int(update["side"]), int(update["price_e4"]),
                     int(update["remaining"]))
        if action == OrderAction.ADD:
            assert number not in self.orders and quantity == told.shares > 0, update
            self.orders[number] = told
            return
        if action == OrderAction.REPLACE:
            old = self.orders.pop(number)
            told.number = int(update["new_number"])
            assert told.side == old.side and quantity == told.shares > 0, update
            self.orders[told.number] = told
            return
        order = self.orders[number]
        order.shares -= quantity
        assert order == told and quantity > 0, (update, order)
        assert action != OrderAction.DELETE or order.shares == 0, update
        if action == OrderAction.EXECUTE:
            self.trades.append((symbol, int(update["trade_price_e4"]), quantity,
                                bool(update["printable"])))
        if order.shares == 0:
            del self.orders[number]

    def levels(self, symbol: int, side: Side) -> dict[int, int]:
        """Price to total shares."""
        levels: dict[int, int] = {}
        for order in self.orders.values():
            if (order.symbol, order.side) == (symbol, side):
                levels[order.price_e4] = levels.get(order.price_e4, 0) + order.shares
        return levels

    def queues(self) -> dict[tuple[int, int, int], list[tuple[int, int]]]:
        """(symbol, side, price) to (number, shares) of its orders in priority."""
        queues: dict[tuple[int, int, int], list[tuple[int, int]]] = {}
        for order in self.orders.values():
            queues.setdefault((order.symbol, order.side, order.price_e4), []).append(
                (order.number, order.shares))
        return queues

    def best_ten(self, symbol: int = 0) -> list[int]:
        """Ask, size, bid, size, level by level, as recordings print them."""
        asks = sorted(self.levels(symbol, Side.SELL).items())[:10]
        bids = sorted(self.levels(symbol, Side.BUY).items(), reverse=True)[:10]
        asks += [(0, 0)] * (10 - len(asks))
        bids += [(0, 0)] * (10 - len(bids))
        return [cell for ask, bid in zip(asks, bids) for cell in (*ask, *bid)]
