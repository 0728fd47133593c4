"""The feed handler: takes the venue's market data, keeps every symbol's book, publishes changes."""

from __future__ import annotations

import numpy as np
import pydantic

from actors.book.book_memory import BookBounds, OrderBook
from actors.book.memory import aligned_zeros
from actors.feed.depth import LOOK_EVERY_NS, depth_tables, on_look
from actors.feed.handlers import on_resync, on_venue
from actors.feed.look_ahead import LOOK
from actors.feed.state import (
    BURST, COUNTERS, HISTOGRAMS, TABLES, Event, Phase, Status, directory_tables,
)
from actors.runtime import Actor, Output, Poller, Setup, Table, Timer
from actors.runtime.logs import actor_logger
from actors.runtime.soup_kernels import SOUP_LINK
from actors.runtime.soup_session import SoupClient, SoupConfig
from schemas.messages import MarketData
from schemas.venue.itch50 import EventCode

__all__ = ["FeedConfig", "FeedHandler"]


class FeedConfig(SoupConfig):
    """Where the market data comes from, and how large the books may grow."""

    #: Orders resting at a time, over all symbols of the deployment; about 100 bytes each.
    max_orders: int = pydantic.Field(1 << 18, ge=1, le=1 << 27)
    #: Prices at a time on one side of a symbol.
    levels_per_side: int = pydantic.Field(2048, ge=1, le=1 << 20)
    #: How long a snapshot waits for a consumer whose wire has no room and would drop it.
    snapshot_patience_ms: float = pydantic.Field(20.0, ge=0, le=10_000)


class FeedHandler(Actor):
    """ITCH 5.0 over SoupBinTCP in, level, BBO and trade updates out, for the deployment's symbols.

    A feed that starts, or comes back after an outage, first reads what it missed without publishing
    it, then publishes every book whole, then follows the market. It is ready while it follows.
    """

    kind, tag = "feed", "FEED"
    Config = FeedConfig
    outputs = {"market": Output(MarketData, burst=BURST)}
    timers = {"looks": Timer(on_look, LOOK_EVERY_NS)}
    pollers = {"venue": Poller(on_venue)}
    resync = {"market": on_resync}
    counters = COUNTERS
    histograms = HISTOGRAMS
    table_names = TABLES

    def __init__(self, setup: Setup):
        super().__init__(setup)
        if not self.symbols:
            raise ValueError("the feed handler needs at least one symbol in the topology")
        self._bounds = BookBounds(len(self.symbols), self.config.max_orders,
                                  levels_per_side=self.config.levels_per_side)
        self._client: SoupClient | None = None

    def tables(self) -> dict[str, Table]:
        directory = directory_tables(self.symbols)
        memory = aligned_zeros(self._bounds.size, np.uint8)
        OrderBook.create(memory, self._bounds)
        shown = depth_tables(len(self.symbols))
        return {"link": Table(np.zeros(1, SOUP_LINK), shared=True),
                "feed": Table(directory["feed"], shared=True),
                "symbols": Table(directory["symbols"], shared=True),
                "locates": Table(directory["locates"]), "updates": Table(directory["updates"]),
                "book": Table(memory),
                "looks": Table(shown["looks"], shared=True),
                "depth": Table(shown["depth"], shared=True),
                "ahead": Table(np.zeros(1, LOOK))}

    def start(self) -> None:
        """A new incarnation knows nothing: its book is empty and the stream starts over."""
        self.host.tables["link"][0] = np.zeros((), SOUP_LINK)
        self._forget()
        self.host.tables["feed"][0]["snapshots"] = 0
        self._show_nothing()
        self._client = SoupClient(
            self.host.tables["link"][0:1].reshape(()), self.config, "market data",
            actor_logger(self.host), lambda fd: self.host.set_fd("venue", fd),
            on_fresh=self._forget, on_gap=self._forget)

    def _forget(self) -> None:
        """Empties the books, and will say so: called while the reactor has no connection."""
        for name, array in directory_tables(self.symbols).items():
            self.host.tables[name][...] = array
        OrderBook.create(self.host.tables["book"], self._bounds)
        feed = self.host.tables["feed"][0]
        feed["snapshots"] = len(self.symbols)
        feed["patience_ns"] = int(self.config.snapshot_patience_ms * 1_000_000)

    def _show_nothing(self) -> None:
        """What the last incarnation showed is void, and may be half of something."""
        depth = self.host.tables["depth"]
        depth["version"] |= 1
        depth["stamp"] = depth["view"] = 0
        depth["version"] += 1

    def housekeep(self, now_ns: int) -> None:
        self._client.housekeep(now_ns)

    def ready(self) -> bool:
        return self._client.connected and self.host.tables["feed"][0]["phase"] == Phase.LIVE

    def stop(self) -> None:
        self._client.close()

    def describe_event(self, code: int, values: tuple[int, ...]) -> tuple[str, str]:
        if code == Event.CAUGHT_UP:
            return "INFO", f"caught up with the market after message {values[0]:,}"
        if code == Event.MARKET_EVENT:
            return "INFO", f"market: {_event_word(values[0])}"
        if code == Event.BREAKER_LEVEL:
            return "WARNING", f"market-wide circuit breaker: level {chr(values[0])} is breached"
        if code == Event.BAD_MESSAGE:
            return "ERROR", _describe_bad(*values)
        return super().describe_event(code, values)


def _event_word(code: int) -> str:
    try:
        return EventCode(code).name.lower().replace("_", " ")
    except ValueError:
        return f"system event {chr(code)!r}"


def _describe_bad(status: int, sequence: int, size: int, *words: int) -> str:
    what = {Status.NOT_A_MESSAGE: "is no ITCH 5.0 message",
            Status.UNKNOWN_ORDER: "is about an order that is not in the book",
            Status.REFUSED: "contradicts the book, or exceeds its bounds"}[Status(status)]
    data = b"".join(w.to_bytes(8, "little", signed=True) for w in words)[:size]
    more = " ..." if size > len(data) else ""
    return (f"message {sequence:,} {what}; it has {size} bytes: {data.hex(' ')}{more} "
            f"(further ones are counted only)")
