"""The feed handler: takes the venue's market data, keeps every symbol's book, publishes changes."""

from __future__ import annotations

import numpy as np

from actors.book.book_memory import BookBounds, OrderBook
from actors.book.memory import aligned_zeros
from actors.feed.config import FeedConfig
from actors.feed.depth import LOOK_EVERY_NS, depth_tables, on_look
from actors.feed.handlers import on_data, on_orders_resync, on_resync
from actors.feed.line_sockets import POLLERS, SNAPSHOT_POLLER, LineSockets
from actors.feed.lines import LINES
from actors.feed.look_ahead import LOOK
from actors.feed.orders import CHANGE
from actors.feed.player import RECORDING
from actors.feed.recordings import Player
from actors.feed.session_follower import CRASH_POINTS
from actors.feed.state import (
    BURST, COUNTERS, HISTOGRAMS, TABLES, Counter, Event, Phase, Source, Status, directory_tables,
)
from actors.runtime import Actor, Output, Poller, Setup, Table, Timer
from actors.runtime.logs import actor_logger
from actors.runtime.soup_kernels import SOUP_LINK
from actors.runtime.soup_session import SoupClient
from schemas.enums import Restriction, SymbolStatus
from schemas.messages import MarketData, OrderUpdate
from schemas.venue.itch50 import EventCode

__all__ = ["FeedHandler"]


class FeedHandler(Actor):
    """ITCH 5.0 in; level, BBO, trade and status updates out, and every order's changes for who
    asks for them, for the deployment's symbols.

    ITCH comes from a SoupBinTCP server, MoldUDP64 lines or a file, as the config says. A feed that
    starts, or comes back after an outage, first reads what it missed without publishing it, then
    publishes every book whole, then follows the market. It is ready while it follows.
    """

    kind, tag = "feed", "FEED"
    Config = FeedConfig
    outputs = {"market": Output(MarketData, burst=BURST),
               "order_updates": Output(OrderUpdate, burst=BURST)}
    timers = {"looks": Timer(on_look, LOOK_EVERY_NS), "recording": Timer(on_data, LOOK_EVERY_NS)}
    pollers = {name: Poller(on_data) for name in ("venue", *POLLERS, SNAPSHOT_POLLER)}
    resync = {"market": on_resync, "order_updates": on_orders_resync}
    counters = COUNTERS
    histograms = HISTOGRAMS
    table_names = TABLES
    crash_points = CRASH_POINTS

    def __init__(self, setup: Setup):
        super().__init__(setup)
        if not self.symbols:
            raise ValueError("the feed handler needs at least one symbol in the topology")
        self._bounds = BookBounds(len(self.symbols), self.config.max_orders,
                                  levels_per_side=self.config.levels_per_side)
        self._client: SoupClient | LineSockets | Player

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
                "ahead": Table(np.zeros(1, LOOK)),
                "lines": Table(np.zeros(1, LINES), shared=True),
                "recording": Table(np.zeros(1, RECORDING), shared=True),
                "changes": Table(np.zeros(1, CHANGE))}

    def start(self) -> None:
        """A new incarnation knows nothing: its book is empty and the stream starts over."""
        self.host.tables["link"][0] = np.zeros((), SOUP_LINK)
        self._forget()
        feed = self.host.tables["feed"][0]
        feed["snapshots"] = feed["orders_due"] = 0  # nobody has anything to forget yet
        self._show_nothing()
        self._client = {Source.LINES: self._follow_lines, Source.FILE: self._play,
                        Source.SESSION: self._follow_session}[self._source]()

    def _record(self, name: str) -> np.ndarray:
        return self.host.tables[name][0:1].reshape(())

    def _follow_session(self) -> SoupClient:
        return SoupClient(
            self._record("link"), self.config, "market data", actor_logger(self.host),
            lambda fd: self.host.set_fd("venue", fd),
            on_fresh=self._forget, on_gap=lambda: self._forget(directory=False))

    def _follow_lines(self) -> LineSockets:
        return LineSockets(
            self._record("lines"), self._record("link"), self.config, actor_logger(self.host),
            self.host.set_fd, self._forget, self._follow_from, self._count)

    def _play(self) -> Player:
        return Player(self._record("recording"), self.config.file, self.symbols,
                      actor_logger(self.host), lambda: all(
                          end.record["c_epoch"] for end in self.host.out_ends))

    @property
    def _source(self) -> Source:
        if self.config.file:
            return Source.FILE
        return Source.LINES if self.config.lines else Source.SESSION

    def _count(self, counter: Counter, n: int) -> None:
        """Counters that no handler touches."""
        self.host.vitals.counters[counter] += n

    def _forget(self, directory: bool = True) -> None:
        """Empties the books, and will say so: called while the reactor does not touch them.

        With ``directory`` it also forgets which symbols the venue has, and their last trades."""
        tables, fresh = self.host.tables, directory_tables(self.symbols)
        for name, array in fresh.items():
            if directory or name not in ("symbols", "locates"):
                tables[name][...] = array
        OrderBook.create(tables["book"], self._bounds)
        feed = tables["feed"][0]
        feed["source"] = self._source
        feed["snapshots"] = feed["orders_due"] = len(self.symbols)
        feed["patience_ns"] = int(self.config.snapshot_patience_ms * 1_000_000)

    def _follow_from(self, tail: int) -> None:
        """What comes before message ``tail`` is history."""
        self.host.tables["feed"][0]["tail"] = tail

    def _show_nothing(self) -> None:
        """What the last incarnation showed is void, and may be half of something."""
        depth = self.host.tables["depth"]
        depth["version"] |= 1
        depth["stamp"] = depth["view"] = 0
        depth["version"] += 1

    def housekeep(self, now_ns: int) -> None:
        self._client.housekeep(now_ns)

    def connected(self) -> bool:
        return self._client.connected

    def ready(self) -> bool:
        return self._client.connected and self.host.tables["feed"][0]["phase"] == Phase.LIVE

    def degraded(self) -> bool:
        return self._source == Source.LINES and self._client.degraded

    def stop(self) -> None:
        self._client.close()

    def describe_event(self, code: int, values: tuple[int, ...]) -> tuple[str, str]:
        if code == Event.CAUGHT_UP:
            return "INFO", f"caught up with the market after message {values[0]:,}"
        if code == Event.MARKET_EVENT:
            return "INFO", f"market: {_event_word(values[0])}"
        if code == Event.PLAYED:
            return "INFO", self._client.describe_end(values[0])
        if code == Event.GAP:
            return "WARNING", (f"messages {values[0]:,} to {values[1]:,} are missing on every "
                               f"line: asked for again (gap {values[2]:,}; further ones within a "
                               f"second are counted only)")
        if code == Event.SNAPSHOT_TAKEN:
            return "INFO", (f"took a snapshot of {values[2]:,} messages as of message "
                            f"{values[0] - 1:,}; the venue is at {values[1] - 1:,}")
        if code == Event.BREAKER_LEVEL:
            return "WARNING", f"market-wide circuit breaker: level {chr(values[0])} is breached"
        if code == Event.STATUS:
            return _describe_status(self.symbols[values[0]], *values[1:4])
        if code == Event.BAD_MESSAGE:
            return "ERROR", _describe_bad(*values)
        return super().describe_event(code, values)


def _event_word(code: int) -> str:
    try:
        return EventCode(code).name.lower().replace("_", " ")
    except ValueError:
        return f"system event {chr(code)!r}"


def _describe_status(symbol: str, status: int, restrictions: int, reason: int) -> tuple[str, str]:
    text = f"{symbol} is {SymbolStatus(status).name.lower().replace('_', ' ')}"
    letters = reason.to_bytes(4, "big").decode("latin-1").strip(" \0")
    if letters:
        text += f" (reason {letters})"
    bits = [bit.name.lower().replace("_", " ") for bit in Restriction if restrictions & bit]
    if bits:
        text += f"; restrictions: {', '.join(bits)}"
    return "INFO" if status == SymbolStatus.TRADING else "WARNING", text


def _describe_bad(status: int, sequence: int, size: int, *words: int) -> str:
    what = {Status.NOT_A_MESSAGE: "is no ITCH 5.0 message",
            Status.UNKNOWN_ORDER: "is about an order that is not in the book",
            Status.REFUSED: "contradicts the book, or exceeds its bounds"}[Status(status)]
    data = b"".join(w.to_bytes(8, "little", signed=True) for w in words)[:size]
    more = " ..." if size > len(data) else ""
    return (f"message {sequence:,} {what}; it has {size} bytes: {data.hex(' ')}{more} "
            f"(further ones are counted only)")
