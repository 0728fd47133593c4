"""The book of the reference engine: lists of orders by price, and their ranking, plain to see."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from actors.exchange.reference_orders import ReferenceOrder
from schemas.enums import Side

__all__ = ["ReferenceBook", "is_worse", "opposite"]


@dataclass
class ReferenceBook:
    """``orders``: by owner and reference. ``sides``: (symbol, side, hidden) to price to the orders
    there, oldest first."""

    symbols: int
    orders: dict[tuple[int, int], ReferenceOrder] = field(default_factory=dict, kw_only=True)
    sides: dict[tuple[int, int, bool], dict[int, list[ReferenceOrder]]] = field(
        default_factory=dict, kw_only=True)

    def __post_init__(self):
        for hidden in (False, True):
            for symbol in range(self.symbols):
                for side in (Side.BUY, Side.SELL):
                    self.sides.setdefault((symbol, side, hidden), {})

    def insert(self, order) -> None:
        """Rest an order, last at its price."""
        self.orders[order.owner, order.user_ref] = order
        side = self.sides[order.symbol, order.side, order.hidden]
        side.setdefault(order.price_e4, []).append(order)

    def remove(self, order) -> None:
        """Take a resting order out."""
        del self.orders[order.owner, order.user_ref]
        levels = self.sides[order.symbol, order.side, order.hidden]
        levels[order.price_e4].remove(order)
        if not levels[order.price_e4]:
            del levels[order.price_e4]

    def count_levels(self) -> int:
        """How many prices there are, over all sides."""
        return sum(len(levels) for levels in self.sides.values())

    def prices(self, symbol, side, hidden=False) -> list[int]:
        """The prices of a side, best first."""
        return sorted(self.sides[symbol, side, hidden], reverse=side == Side.BUY)

    def queue(self, symbol, side, hidden=False) -> list[ReferenceOrder]:
        """The displayed (or hidden) orders of a side as they would execute."""
        levels = self.sides[symbol, side, hidden]
        return [order for price in self.prices(symbol, side, hidden) for order in levels[price]]

    def ranked(self, order) -> Iterator[ReferenceOrder]:
        """The other side's orders: by price, displayed before hidden, oldest first."""
        shown = self.sides[order.symbol, opposite(order.side), False]
        hidden = self.sides[order.symbol, opposite(order.side), True]
        left = {*shown, *hidden} if hidden else set(shown)
        best = min if order.side == Side.BUY else max
        while left:
            price = best(left)
            left.remove(price)
            yield from shown.get(price, ())
            yield from hidden.get(price, ())

    def meets(self, order) -> bool:
        """Whether the other side has any order within the order's limit."""
        first = next(self.ranked(order), None)
        return first is not None and not is_worse(order.side, first.price_e4, order.price_e4)


def opposite(side: int) -> Side:
    """The side that this one trades with."""
    return Side.SELL if side == Side.BUY else Side.BUY


def is_worse(side: int, price_e4: int, limit: int) -> bool:
    """Whether an order of this side with this limit does not trade at the price."""
    return price_e4 > limit if side == Side.BUY else price_e4 < limit
