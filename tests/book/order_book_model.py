"""The slow, obvious order book that the kernels are judged by: dicts and lists."""

from dataclasses import dataclass, field

from actors.book.order_book import BookStatus

MASK = 2**64 - 1


@dataclass
class ModelOrder:
    key: int
    symbol: int
    side: int
    price_e4: int
    quantity: int
    executed: int = 0


@dataclass
class ModelBook:
    """Orders by key, in the order of their priority, within bounds on orders and levels."""

    symbols: int
    max_orders: int
    max_levels: int
    max_levels_per_side: int
    orders: dict[int, ModelOrder] = field(default_factory=dict)

    def queue(self, symbol, side, price_e4):
        place = (symbol, side, price_e4)
        return [o for o in self.orders.values() if (o.symbol, o.side, o.price_e4) == place]

    def prices(self, symbol, side):
        """Best first."""
        found = {o.price_e4 for o in self.orders.values() if (o.symbol, o.side) == (symbol, side)}
        return sorted(found, reverse=side == 1)

    def levels(self, symbol, side):
        """(price, total quantity, number of orders), best first."""
        queues = ((p, self.queue(symbol, side, p)) for p in self.prices(symbol, side))
        return [(p, sum(o.quantity for o in queue), len(queue)) for p, queue in queues]

    def execution_order(self, symbol, side):
        return [o.key for p in self.prices(symbol, side) for o in self.queue(symbol, side, p)]

    def add(self, key, symbol, side, price_e4, quantity):
        if side not in (1, 2):
            return BookStatus.BAD_SIDE
        if not 0 <= symbol < self.symbols:
            return BookStatus.BAD_SYMBOL
        if not 1 <= quantity < 2**32:
            return BookStatus.BAD_QUANTITY
        if key in self.orders:
            return BookStatus.DUPLICATE_ORDER
        if len(self.orders) == self.max_orders:
            return BookStatus.ORDERS_FULL
        if not self.queue(symbol, side, price_e4):
            total = sum(len(self.prices(s, d)) for s in range(self.symbols) for d in (1, 2))
            if len(self.prices(symbol, side)) == self.max_levels_per_side:
                return BookStatus.LEVELS_FULL
            if total == self.max_levels:
                return BookStatus.LEVELS_FULL
        self.orders[key] = ModelOrder(key, symbol, side, price_e4, quantity)
        return BookStatus.OK

    def reduce(self, key, quantity, executed=False):
        if quantity < 1:
            return BookStatus.BAD_QUANTITY
        if key not in self.orders:
            return BookStatus.UNKNOWN_ORDER
        order = self.orders[key]
        taken = min(quantity, order.quantity)
        order.quantity -= taken
        order.executed += taken * executed
        if order.quantity == 0:
            del self.orders[key]
        return BookStatus.OK if taken == quantity else BookStatus.CLAMPED

    def remove(self, key):
        return BookStatus.OK if self.orders.pop(key, None) else BookStatus.UNKNOWN_ORDER

    def replace(self, key, new_key, price_e4, quantity):
        if key not in self.orders:
            return BookStatus.UNKNOWN_ORDER
        if new_key != key and new_key in self.orders:
            return BookStatus.DUPLICATE_ORDER
        if not 1 <= quantity < 2**32:
            return BookStatus.BAD_QUANTITY
        old = self.orders.pop(key)
        return self.add(new_key, old.symbol, old.side, price_e4, quantity)

    def state_hash(self):
        hashed = 0x243F6A8885A308D3

        def mix(value):
            nonlocal hashed
            hashed = ((hashed ^ (value & MASK)) * 0x9E3779B97F4A7C15) & MASK
            hashed ^= hashed >> 29

        for symbol in range(self.symbols):
            for side in (1, 2):
                keys = self.execution_order(symbol, side)
                if keys:
                    mix(2 * symbol + side - 1)
                for key in keys:
                    order = self.orders[key]
                    for value in (key, key, order.price_e4, order.quantity, order.executed):
                        mix(value)
        return hashed
