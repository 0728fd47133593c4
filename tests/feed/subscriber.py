"""What a subscriber to ``feed/market`` makes of the updates: plain dicts."""

from __future__ import annotations

from collections import defaultdict

from schemas.enums import Flag, Side, UpdateType

__all__ = ["Subscriber"]


class Subscriber:
    """Books by symbol and side: price to quantity. Records may be updates or message bodies.

    With ``checks`` it also holds every update's best prices and type against its own book.
    """

    def __init__(self, checks: bool = True):
        self.checks = checks
        self.books = defaultdict(dict)
        self.trades: list[tuple[int, int, int, int]] = []
        self.in_snapshot: set[int] = set()
        self.whole: set[int] = set()
        self.last: dict[int, tuple[int, int]] = {}

    def best(self, symbol: int, side: Side) -> tuple[int, int]:
        """(price, quantity) of the best level, or zeros."""
        book = self.books[symbol, side]
        if not book:
            return 0, 0
        price = max(book) if side == Side.BUY else min(book)
        return price, book[price]

    def apply(self, update, flags: int = 0) -> None:
        """Applies one; ``flags`` are those of the message's header."""
        symbol, kind = int(update["symbol_id"]), UpdateType(int(update["update_type"]))
        if kind == UpdateType.CLEAR:
            self.books[symbol, Side.BUY].clear()
            self.books[symbol, Side.SELL].clear()
            self.in_snapshot.add(symbol)
            self.last[symbol] = (int(update["last_e4"]), int(update["last_qty"]))
        elif kind == UpdateType.TRADE:
            self.trades.append((symbol, int(update["side"]), int(update["price_e4"]),
                                int(update["quantity"])))
            self.last[symbol] = (int(update["price_e4"]), int(update["quantity"]))
        elif kind != UpdateType.STATUS:
            self._set_level(symbol, kind, update, bool(flags & Flag.SNAPSHOT))
        if flags & Flag.LAST:
            self.in_snapshot.discard(symbol)
            self.whole.add(symbol)
        if self.checks and symbol not in self.in_snapshot:
            self.check_best(update)

    def _set_level(self, symbol: int, kind: UpdateType, update, snapshot: bool) -> None:
        side, price = Side(int(update["side"])), int(update["price_e4"])
        before = self.best(symbol, side) if self.checks else None
        if update["quantity"]:
            self.books[symbol, side][price] = int(update["quantity"])
        else:
            self.books[symbol, side].pop(price, None)
        if self.checks and not snapshot:
            after = self.best(symbol, side)
            assert after == before or kind == UpdateType.BBO, (update, before)
            assert kind == UpdateType.BOOK or price in (before[0], after[0]), (update, before)

    def check_best(self, update) -> None:
        symbol = int(update["symbol_id"])
        bid, ask = self.best(symbol, Side.BUY), self.best(symbol, Side.SELL)
        assert (update["bid_e4"], update["bid_qty"]) == bid, update
        assert (update["ask_e4"], update["ask_qty"]) == ask, update
        if symbol in self.last:
            assert (update["last_e4"], update["last_qty"]) == self.last[symbol], update

    def levels(self, symbol: int, side: Side) -> dict[int, int]:
        return dict(self.books[symbol, side])
