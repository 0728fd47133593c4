"""A venue's market data as ITCH messages, and the slow, obvious book they leave."""

from __future__ import annotations

import itertools
import random
from dataclasses import dataclass, field

from schemas.enums import Side
from schemas.venue import glimpse50, itch50

__all__ = ["Market", "Resting"]

OPEN_NS = 34_200_000_000_000


@dataclass
class Resting:
    """A displayed order."""

    symbol: str
    side: Side
    shares: int
    price_e4: int


@dataclass
class Market:
    """Makes the messages; keeps the orders that rest after them, by reference number."""

    symbols: tuple[str, ...] = ("ZZZZ", "AAPL", "MSFT", "OTHER")
    orders: dict[int, Resting] = field(default_factory=dict)
    last: dict[str, tuple[int, int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._reference = itertools.count(1)
        self._match = itertools.count(1)
        self._clock = itertools.count(OPEN_NS, 1_000)

    def _message(self, type: str, locate: int, **fields) -> bytes:
        return itch50.encode(type=type, stock_locate=locate, tracking_number=0,
                             timestamp=next(self._clock), **fields)

    def locate(self, symbol: str) -> int:
        return self.symbols.index(symbol) + 1

    def opening(self) -> list[bytes]:
        """The start of a day: event O, a directory entry and a state a symbol, event Q."""
        listed = [self.listing(s) for s in self.symbols]
        trading = [self.trading_state(s, "T") for s in self.symbols]
        return [self.event("O"), *listed, *trading, self.event("Q")]

    def trading_state(self, symbol: str, state: str, reason: str = "") -> bytes:
        return self._message("H", self.locate(symbol), stock=symbol, trading_state=state,
                             reserved="", reason=reason)

    def operational_halt(self, symbol: str, action: str) -> bytes:
        return self._message("h", self.locate(symbol), stock=symbol, market_code="Q",
                             operational_halt_action=action)

    def reg_sho(self, symbol: str, action: str) -> bytes:
        return self._message("Y", self.locate(symbol), stock=symbol, reg_sho_action=action)

    def breaker(self, level: str) -> bytes:
        return self._message("W", 0, breached_level=level)

    def event(self, code: str) -> bytes:
        return self._message("S", 0, event_code=code)

    def listing(self, symbol: str) -> bytes:
        return self._message(
            "R", self.locate(symbol), stock=symbol, market_category="Q",
            financial_status_indicator="N", round_lot_size=100, round_lots_only="N",
            issue_classification="C", issue_sub_type="Z", authenticity="P",
            short_sale_threshold_indicator="N", ipo_flag="N", luld_reference_price_tier="1",
            etp_flag="N", etp_leverage_factor=0, inverse_indicator="N")

    def add(self, symbol: str, side: Side, shares: int, price_e4: int, mpid: str = "") -> bytes:
        reference = next(self._reference)
        self.orders[reference] = Resting(symbol, side, shares, price_e4)
        extra = {"attribution": mpid} if mpid else {}
        return self._message("F" if mpid else "A", self.locate(symbol),
                             order_reference_number=reference, shares=shares, stock=symbol,
                             buy_sell_indicator=side.name[0], price=price_e4, **extra)

    def _reduce(self, reference: int, shares: int) -> Resting:
        order = self.orders[reference]
        order.shares -= shares
        if order.shares <= 0:
            del self.orders[reference]
        return order

    def execute(self, reference: int, shares: int, price_e4: int = 0,
                printable: bool = True) -> bytes:
        """An execution, at the order's price (E) or at one of its own (C)."""
        order = self._reduce(reference, shares)
        if printable or not price_e4:
            self.last[order.symbol] = (price_e4 or order.price_e4, shares)
        fields = dict(order_reference_number=reference, executed_shares=shares,
                      match_number=next(self._match))
        locate = self.locate(order.symbol)
        if not price_e4:
            return self._message("E", locate, **fields)
        return self._message("C", locate, **fields, printable="Y" if printable else "N",
                             execution_price=price_e4)

    def cancel(self, reference: int, shares: int) -> bytes:
        order = self._reduce(reference, shares)
        return self._message("X", self.locate(order.symbol), order_reference_number=reference,
                             cancelled_shares=shares)

    def delete(self, reference: int) -> bytes:
        order = self.orders.pop(reference)
        return self._message("D", self.locate(order.symbol), order_reference_number=reference)

    def replace(self, reference: int, shares: int, price_e4: int) -> bytes:
        old = self.orders.pop(reference)
        new = next(self._reference)
        self.orders[new] = Resting(old.symbol, old.side, shares, price_e4)
        return self._message("U", self.locate(old.symbol),
                             original_order_reference_number=reference,
                             new_order_reference_number=new, shares=shares, price=price_e4)

    def trade(self, symbol: str, shares: int, price_e4: int) -> bytes:
        """A trade against an order that is not displayed."""
        self.last[symbol] = (price_e4, shares)
        return self._message("P", self.locate(symbol), order_reference_number=0,
                             buy_sell_indicator="B", shares=shares, stock=symbol, price=price_e4,
                             match_number=next(self._match))

    def cross(self, symbol: str, shares: int, price_e4: int) -> bytes:
        """A cross: opening, closing, or after a halt."""
        return self._message("Q", self.locate(symbol), shares=shares, stock=symbol,
                             cross_price=price_e4, match_number=next(self._match), cross_type="O")

    def any(self, rng: random.Random) -> bytes:
        """Some next message; prices within a dozen ticks, so that levels are shared."""
        kinds = ["add"] * 3 + ["trade"]
        if self.orders:
            kinds += ["execute", "cancel", "delete", "replace"]
        kind = rng.choice(kinds)
        symbol, side = rng.choice(self.symbols), rng.choice((Side.BUY, Side.SELL))
        shares, price_e4 = rng.randint(1, 300), rng.randint(1_0000, 1_0012)
        if kind == "add":
            return self.add(symbol, side, shares, price_e4, mpid=rng.choice(("", "DESK")))
        if kind == "trade":
            return self.trade(symbol, shares, price_e4)
        reference = rng.choice(list(self.orders))
        if kind == "delete":
            return self.delete(reference)
        if kind == "replace":
            return self.replace(reference, shares, price_e4)
        shares = rng.randint(1, self.orders[reference].shares)
        if kind == "cancel":
            return self.cancel(reference, shares)
        return self.execute(reference, shares, rng.choice((0, price_e4)), rng.random() < 0.8)

    def snapshot(self, sequence: int) -> list[bytes]:
        """What GLIMPSE sends of the market as it is before message ``sequence``."""
        messages = [self.listing(s) for s in self.symbols]
        messages += [self.trading_state(s, "T") for s in self.symbols]
        for reference, order in self.orders.items():
            messages.append(self._message(
                "A", self.locate(order.symbol), order_reference_number=reference,
                shares=order.shares, stock=order.symbol, buy_sell_indicator=order.side.name[0],
                price=order.price_e4))
        return messages + [glimpse50.encode(type="G", sequence_number=sequence)]

    def levels(self, symbol: str, side: Side) -> dict[int, int]:
        """Price to total shares."""
        levels: dict[int, int] = {}
        for order in self.orders.values():
            if order.symbol == symbol and order.side == side:
                levels[order.price_e4] = levels.get(order.price_e4, 0) + order.shares
        return levels
