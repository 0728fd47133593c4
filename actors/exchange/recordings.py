"""Reading a recording into the events that the exchange plays, and saying what is in it."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from actors.book.book_memory import allocate_order_book
from actors.book.book_view import first_order, next_order
from actors.book.memory import aligned_zeros
from actors.exchange.config import CapacityConfig
from actors.exchange.flow_config import HistoricalFlowConfig, time_of_day_ns
from actors.exchange.history_state import HISTORY, History
from actors.exchange.recorded_orders import follow, new_trace
from schemas.enums import Side
from schemas.recorded import EVENT, Action, Format, RecordingError, format_of, lobster
from schemas.recorded.itch import Picker
from schemas.venue import binary_file

__all__ = ["Recording", "allocate_history", "load_recording"]

_END_OF_DAY_NS = 86_400 * 10**9
_NO_ROWS = np.zeros((0, 4), np.int64)
_SLACK = 4096
_LISTED_SHOWN = 8

#: What counts of TRACE mean, for the log.
_ODDITIES = {
    "unknown": "about orders that it never added", "duplicate": "adding an order twice",
    "overdrawn": "taking more off an order than it had", "refused": "without a price or size",
    "crossed": "adding an order at a price of the other side, which trades when it is played",
    "corrected": "after which the book file shows something else",
}


class Recording(NamedTuple):
    """``events``: EVENT records to play, the first ``seeds`` of which were in the book before it
    begins; ``begins_ns``: the recording's time then; ``oddities``: what did not fit, in words."""

    events: np.ndarray
    seeds: int
    begins_ns: int
    oddities: tuple[str, ...]


def load_recording(config: HistoricalFlowConfig, symbols: Sequence[str],
                   capacity: CapacityConfig) -> Recording:
    """The recording that ``config`` names, for the deployment's ``symbols``.

    Memory: 40 bytes an event that is played, and a piece of the file at a time. RecordingError says
    what is wrong with the file, where, and what to do.
    """
    follower = _Follower(config, len(symbols), capacity)
    if format_of(config.file) == Format.LOBSTER:
        _load_lobster(config, symbols, follower)
    else:
        _load_itch(config, symbols, follower)
    return follower.recording()


def allocate_history(config: HistoricalFlowConfig, recording: Recording) -> History:
    """A recording at its beginning."""
    state, events = aligned_zeros(1, HISTORY), np.ascontiguousarray(recording.events)
    state["events"], state["count"] = events.ctypes.data, events.size
    state["seeds"], state["begins_ns"] = recording.seeds, recording.begins_ns
    state["speed"] = 0.0 if config.speed == "max" else config.speed
    state["loop"], state["waits"] = config.loop, config.wait_for_trader
    return History(state, events)


class _Follower:
    """The recording's own book, and the events to play, as they come out."""

    def __init__(self, config: HistoricalFlowConfig, n_symbols: int, capacity: CapacityConfig):
        self._config = config
        self._capacity = capacity
        self._n_symbols = n_symbols
        self._book = allocate_order_book(n_symbols, capacity.orders,
                                         levels_per_side=capacity.levels_per_side)
        self._trace = new_trace(anonymous=False)
        self._start_ns = time_of_day_ns(config.start) if config.start else 0
        self.until_ns = time_of_day_ns(config.end) - 1 if config.end else _END_OF_DAY_NS
        self._begins_ns = -1
        self._seeds = np.empty(0, EVENT)
        self._played: list[np.ndarray] = []
        self._count = 0

    def seed(self, orders: np.ndarray) -> None:
        """Orders from before the file; from now on unknown orders are some of them."""
        self._trace["anonymous"] = 1
        self._follow(orders, _NO_ROWS)

    def take(self, events: np.ndarray, rows: np.ndarray) -> None:
        """The next EVENT records of the recording, with the windows after each, if there are."""
        if self._begins_ns < 0 and events.size:
            begun = np.flatnonzero(events["time_ns"] >= self._start_ns)
            before = int(begun[0]) if begun.size else events.size
            self._follow(events[:before], rows[:before])
            events, rows = events[before:], rows[before:]
            if events.size:
                self._begin(int(events["time_ns"][0]))
        if events.size:
            self._play(self._follow(events, rows))

    def _begin(self, first_ns: int) -> None:
        self._begins_ns = self._start_ns or first_ns
        self._seeds = self._resting()
        self._play(self._seeds)

    def _play(self, events: np.ndarray) -> None:
        self._played.append(events)
        self._count += events.size
        if self._count > self._config.max_events:
            raise RecordingError(
                f"{self._config.file}: more than {self._config.max_events:,} events to play; raise "
                "flow.max_events (40 bytes each), or narrow start, end or symbols")

    def _follow(self, events: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """What the events come to."""
        events, rows = np.ascontiguousarray(events), np.ascontiguousarray(rows)
        pieces, done = [np.empty(0, EVENT)], 0
        while done < events.size:
            room = events.size - done + self._book.resting + rows.shape[1] + _SLACK
            out = np.zeros(room, EVENT)
            self._trace["written"] = 0
            done += follow(self._book.address, self._trace.ctypes.data,
                           events[done:].ctypes.data, events.size - done, rows[done:],
                           out.ctypes.data, room)
            pieces.append(out[: self._trace["written"][0]].copy())
        if self._trace["full"][0]:
            raise RecordingError(
                f"{self._config.file}: more rests in it than fits {self._capacity.orders:,} orders "
                f"and {self._capacity.levels_per_side:,} prices a side; raise capacity.orders and "
                "capacity.levels_per_side")
        return np.concatenate(pieces)

    def _resting(self) -> np.ndarray:
        """What rests now, in the order in which it would execute, as orders to be added."""
        orders, address = self._book.orders, self._book.address
        slots = []
        for symbol in range(self._n_symbols):
            for side in (Side.BUY, Side.SELL):
                slot = first_order(address, symbol, int(side))
                while slot >= 0:
                    slots.append(slot)
                    slot = next_order(address, slot)
        found, out = orders[slots], np.zeros(len(slots), EVENT)
        for field, of_order in (("reference", "number"), ("price_e4", "price_e4"),
                                ("quantity", "quantity"), ("symbol", "symbol"), ("side", "side")):
            out[field] = found[of_order]
        out["time_ns"], out["action"] = self._begins_ns, Action.ADD
        return out

    def recording(self) -> Recording:
        if self._begins_ns < 0 or self._count == self._seeds.size:
            config = self._config
            when = f" between {config.start or '00:00'} and {config.end or '24:00'}" \
                if config.start or config.end else ""
            raise RecordingError(f"{config.file}: there is nothing to play{when}")
        told = tuple(f"{self._trace[name][0]:,} events {words}"
                     for name, words in _ODDITIES.items() if self._trace[name][0])
        return Recording(_joined(self._played), self._seeds.size, self._begins_ns, told)


def _joined(pieces: list[np.ndarray]) -> np.ndarray:
    """The pieces in one, each freed once it is copied: a long day is never in memory twice."""
    whole, at = np.empty(sum(piece.size for piece in pieces), EVENT), 0
    pieces.reverse()
    while pieces:
        piece = pieces.pop()
        whole[at:at + piece.size] = piece
        at += piece.size
    return whole


def _load_itch(config: HistoricalFlowConfig, symbols: Sequence[str], follower: _Follower) -> None:
    wanted = config.symbols or tuple(symbols)
    unknown = [name for name in wanted if name not in symbols]
    if unknown:
        raise RecordingError(f"flow.symbols names {unknown[0]}, which is not among the topology's "
                             f"symbols {', '.join(symbols)}")
    picker, places = Picker(wanted), np.array([symbols.index(name) for name in wanted], np.uint16)
    stocks: list[str] = []
    for chunk in binary_file.stream(config.file):
        stocks += picker.stocks(chunk, _LISTED_SHOWN + 1 - len(stocks))
        events, goes_on = picker.pick(chunk, follower.until_ns)
        events["symbol"] = places[events["symbol"]]
        follower.take(events, _NO_ROWS)
        if not goes_on:
            break
        if chunk.end is not None and not chunk.end.whole:
            raise RecordingError(f"{config.file}: {chunk.end.text}; get the file again, or play "
                                 "only what is whole by an end: before that")
    missing = [name for place, name in enumerate(wanted) if place not in picker.listed]
    if missing and (config.symbols or len(missing) == len(wanted)):
        shown = ", ".join(stocks[:_LISTED_SHOWN]) + (", …" if len(stocks) > _LISTED_SHOWN else "")
        raise RecordingError(f"{config.file}: {', '.join(missing)} is not in its directory, which "
                             f"lists {shown or 'no stock'}; say what to trade under symbols:")


def _load_lobster(config: HistoricalFlowConfig, symbols: Sequence[str],
                  follower: _Follower) -> None:
    place = _place_of(config, symbols)
    if config.book is None:
        for piece in lobster.messages(config.file):
            wanted = piece[piece["time_ns"] <= follower.until_ns]
            follower.take(lobster.events_of(wanted, place), _NO_ROWS)
            if wanted.size < piece.size:
                return
        return
    windows = _Windows(config)
    seeded = False
    for piece in lobster.messages(config.file):
        rows = windows.next(piece.size)
        if not seeded:
            orders = lobster.orders_before(piece[0], rows[0])
            orders["symbol"], seeded = place, True
            follower.seed(orders)
        wanted = int(np.count_nonzero(piece["time_ns"] <= follower.until_ns))
        follower.take(lobster.events_of(piece[:wanted], place), rows[:wanted])
        if wanted < piece.size:
            return
    windows.expect_end()


def _place_of(config: HistoricalFlowConfig, symbols: Sequence[str]) -> int:
    name = config.symbol or pathlib.Path(config.file).name.split("_")[0]
    if name in symbols:
        return symbols.index(name)
    if config.symbol:
        raise RecordingError(f"flow.symbol is {name}, which is not among the topology's symbols "
                             f"{', '.join(symbols)}")
    if len(symbols) == 1:
        return 0
    raise RecordingError(f"{config.file}: the name does not say which of {', '.join(symbols)} it "
                         "is of: say flow.symbol")


class _Windows:
    """The rows of an order book file, as many at a time as there are messages."""

    def __init__(self, config: HistoricalFlowConfig):
        self._config = config
        self._pieces: Iterator[np.ndarray] = lobster.book_rows(config.book)
        self._rest = np.zeros((0, 4 * lobster.level_count(config.book)), np.int64)
        self._given = 0

    def next(self, count: int) -> np.ndarray:
        while self._rest.shape[0] < count:
            piece = next(self._pieces, None)
            if piece is None:
                raise RecordingError(
                    f"{self._config.book}: has {self._given + self._rest.shape[0]:,} rows, fewer "
                    f"than {self._config.file}, so they do not belong together")
            self._rest = np.concatenate([self._rest, piece])
        rows, self._rest = self._rest[:count], self._rest[count:]
        self._given += count
        return rows

    def expect_end(self) -> None:
        if self._rest.shape[0] or next(self._pieces, None) is not None:
            raise RecordingError(
                f"{self._config.book}: has more rows than the {self._given:,} of "
                f"{self._config.file}, so they do not belong together")
