"""A symbol's ladder, asked of the feed and read from shared memory; see :mod:`actors.feed.depth`.

The feed copies the book between two messages, so a ladder is never torn: it is the book after the
venue's message number ``sequence``.
"""

from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from actors.feed.depth import SHOWN_LEVELS, View
from actors.runtime.clock import NS, monotonic_ns
from actors.runtime.seqlock import copy_whole
from launcher.cli.errors import Failure
from launcher.cli.exit_codes import ExitCode
from launcher.operate.deployment import Deployment
from launcher.problems import did_you_mean, one_of
from schemas.enums import OrderStatus, Side

__all__ = ["BookWatch", "Ladder", "Level"]

_ANSWER_S = 0.5     # the feed looks a hundred times a second, if it turns
_POLL_S = 0.001
_TRIES = 1000
_WORKING = (OrderStatus.PENDING_NEW, OrderStatus.NEW, OrderStatus.PARTIALLY_FILLED,
            OrderStatus.UNKNOWN)
_ORDER_FIELDS = {"ref", "status", "symbol_id", "side", "price_e4", "leaves"}


@dataclass(frozen=True)
class Level:
    """One price: shares resting, in how many orders, and how many of the shares are our own."""

    price_e4: int
    quantity: int
    orders: int
    own: int


@dataclass(frozen=True)
class Ladder:
    """The best levels of both sides, best first, after the venue's message ``sequence``.

    ``state`` is LIVE, CATCHING_UP (history), DISCONNECTED (from the venue), or NO_ANSWER (the feed
    is down, stopped or stuck); of the latter two the levels are the last known. ``bid_levels`` and
    ``ask_levels`` count all there are. ``updates_per_second`` since the look before.
    """

    symbol: str
    feed: str
    state: str
    epoch: int
    sequence: int
    exchange_ns: int
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]
    bid_levels: int
    ask_levels: int
    last_e4: int
    last_quantity: int
    updates: int
    updates_per_second: float

    @property
    def spread_e4(self) -> int | None:
        """None if a side is empty."""
        return self.asks[0].price_e4 - self.bids[0].price_e4 if self.bids and self.asks else None

    @property
    def mid_e4(self) -> float | None:
        """None if a side is empty."""
        if not self.bids or not self.asks:
            return None
        return (self.asks[0].price_e4 + self.bids[0].price_e4) / 2

    def to_json(self) -> dict[str, Any]:
        return {**dataclasses.asdict(self), "spread_e4": self.spread_e4, "mid_e4": self.mid_e4}


class BookWatch:
    """Looks at the book of ``symbol`` again and again, ``levels`` a side at most.

    ``feed`` names the actor to ask, if there are several. :class:`Failure` if there is no such
    symbol, or no actor that shows books.
    """

    def __init__(self, deployment: Deployment, symbol: str, levels: int, feed: str = ""):
        symbols = deployment.plan.symbols
        if symbol not in symbols:
            raise Failure(f"no symbol '{symbol}' in {deployment.plan.name}",
                          did_you_mean(symbol, symbols), ExitCode.USAGE)
        self.symbol, self._number = symbol, symbols.index(symbol)
        self._levels = min(levels, SHOWN_LEVELS)
        self.feed = _feed_of(deployment, feed)
        self._looks = deployment.table(self.feed, "looks")
        self._shown = deployment.table(self.feed, "depth")[self._number:self._number + 1]
        self._copy = np.zeros((), self._shown.dtype)
        self._orders = _order_tables(deployment)
        self._before: tuple[int, int, int] | None = None  # epoch, time, updates of the last look

    def look(self) -> Ladder:
        """The ladder now; the last known one, as NO_ANSWER, if the feed does not answer."""
        answered = self._ask()
        seen = self._copy
        state = View(int(seen["view"])).name if answered else "NO_ANSWER"
        bids, asks = (self._side(side) for side in (Side.BUY, Side.SELL))
        return Ladder(
            self.symbol, self.feed, state, int(seen["epoch"]), int(seen["sequence"]),
            int(seen["exchange_ns"]), bids, asks, *map(int, seen["depth"]),
            int(seen["last_e4"]), int(seen["last_qty"]), int(seen["updates"]), self._rate())

    def _ask(self) -> bool:
        """Asks, and copies the answer. False if there is none in time."""
        stamp = monotonic_ns()
        until = time.monotonic() + _ANSWER_S
        while True:
            self._looks[1 + self._number] = stamp
            self._looks[0] = stamp
            time.sleep(_POLL_S)
            # Somebody else who looks at the same symbol may have asked after us.
            if self._read() and self._copy["stamp"] >= stamp:
                return True
            if time.monotonic() > until:
                return False

    def _read(self) -> bool:
        memory, out = self._shown.ctypes.data, self._copy.ctypes.data
        return copy_whole(memory, memory, self._copy.nbytes, out, _TRIES) >= 0

    def _rate(self) -> float:
        now = tuple(int(self._copy[name]) for name in ("epoch", "at_ns", "updates"))
        before, self._before = self._before, now
        if before is None or before[0] != now[0] or now[1] <= before[1]:
            return 0.0
        return max(now[2] - before[2], 0) * NS / (now[1] - before[1])

    def _side(self, side: Side) -> tuple[Level, ...]:
        place = 0 if side == Side.BUY else 1
        levels = self._copy["levels"][place][:min(int(self._copy["depth"][place]), self._levels)]
        own = self._own(side)
        return tuple(Level(int(level["price_e4"]), int(level["quantity"]), int(level["orders"]),
                           own.get(int(level["price_e4"]), 0)) for level in levels)

    def _own(self, side: Side) -> dict[int, int]:
        """Shares of ours that rest at a price, as the gateways know them."""
        own: dict[int, int] = {}
        for table in self._orders:
            mine = table[(table["symbol_id"] == self._number) & (table["side"] == int(side))
                         & np.isin(table["status"], _WORKING)]
            for price_e4, leaves in zip(mine["price_e4"].tolist(), mine["leaves"].tolist()):
                own[price_e4] = own.get(price_e4, 0) + leaves
        return own


def _feed_of(deployment: Deployment, wanted: str) -> str:
    if wanted:
        deployment.require_actor(wanted)
    feeds = [actor.name for actor in deployment.plan.actors if _shows_books(deployment, actor.name)]
    if wanted and wanted not in feeds:
        raise Failure(f"{wanted} shows no books", f"there is {one_of(feeds)}" if feeds else "",
                      ExitCode.USAGE)
    if not feeds:
        raise Failure(f"no actor of {deployment.plan.name} shows books",
                      "a feed handler does, once it has started")
    if not wanted and len(feeds) > 1:
        raise Failure(f"{one_of(feeds)} shows books: which one?", "say --feed ACTOR",
                      ExitCode.USAGE)
    return wanted or feeds[0]


def _shows_books(deployment: Deployment, actor: str) -> bool:
    page = deployment.vitals(actor)
    return page is not None and {"looks", "depth"} <= set(page.description.get("tables", {}))


def _order_tables(deployment: Deployment) -> list[np.ndarray]:
    tables = [deployment.table(actor.name, "orders") for actor in deployment.plan.actors]
    return [table for table in tables
            if table is not None and _ORDER_FIELDS <= set(table.dtype.names or ())]
