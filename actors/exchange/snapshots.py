"""Snapshots of the public book: GLIMPSE 5.0 messages, framed as SoupBinTCP sends them.

A snapshot is, in this order: the latest System Event, each symbol's Stock Directory and Stock
Trading Action, an Add Order for every displayed order with what is left of it, and End of Snapshot
with the number of the first ITCH message that it does not know of.

It is written some orders at a time, while the public book stands still, and sent when it is whole:
to all who asked for it meanwhile, and to who asks within a second after. How many snapshots there
are in memory is bounded; when another is wanted, the clients of the oldest have been too slow.
"""

from __future__ import annotations

import numpy as np

from actors.book.memory import aligned_zeros, kernel, record_at
from actors.exchange.public_book import (
    BookState, allocate_public_book, follow, order_in, public_at,
)
from actors.exchange.public_book_start import take_over
from actors.exchange.sequenced_log import LogMemory
from schemas.venue import glimpse50, itch50
from schemas.venue.big_endian import get_raw8, get_u8, put_bytes
from schemas.venue.soupbintcp import HEADER_LENGTH as FRAME
from schemas.venue.soupbintcp import SEQUENCED_DATA, put_packet_header

__all__ = ["MOST_SNAPSHOTS", "Snapshot", "SnapshotMaker", "snapshot_bytes"]

#: Snapshots in memory at a time.
MOST_SNAPSHOTS = 8
_SHARED_FOR_NS = 1_000_000_000
#: What is done in one call, some hundred microseconds; when the log runs ahead, more.
_MESSAGES, _HURRY = 16_384, 32

_EVENT = np.int64(itch50.SYSTEM_EVENT_LENGTH)
_DIRECTORY = np.int64(itch50.STOCK_DIRECTORY_LENGTH)
_ACTION = np.int64(itch50.STOCK_TRADING_ACTION_LENGTH)
_SYMBOL_AT = np.int64(itch50.STOCK_DIRECTORY_STOCK)
_TRACKING = np.int64(0)

#: A snapshot being written. ``at`` is the address of the next byte, ``begin`` of the first;
#: ``next`` the slot of the next order, or -2 before the first; ``whole`` when it is.
WRITING = np.dtype([("begin", "i8"), ("at", "i8"), ("next", "i8"), ("whole", "i8")])
_BEFORE_FIRST, _NONE = -2, -1


def snapshot_bytes(n_symbols: int, orders: int) -> int:
    """The most bytes that a snapshot of so many takes."""
    per_symbol = 2 * FRAME + itch50.STOCK_DIRECTORY_LENGTH + itch50.STOCK_TRADING_ACTION_LENGTH
    return (FRAME + itch50.SYSTEM_EVENT_LENGTH + n_symbols * per_symbol
            + orders * (FRAME + itch50.ADD_ORDER_LENGTH)
            + FRAME + glimpse50.END_OF_SNAPSHOT_LENGTH)


# --- kernels ----------------------------------------------------------------------------------


@kernel
def _finish(writing, length):
    """Frame the message of ``length`` bytes that was written, and go on behind it."""
    put_packet_header(writing.at, length, SEQUENCED_DATA)
    writing.at += FRAME + length


@kernel
def _copy(writing, message, length):
    """Repeat a message as it was kept, if it ever came."""
    if get_u8(message, 0) != 0:
        put_bytes(writing.at, FRAME, message, length)
        _finish(writing, length)


@kernel
def _write_beginning(book, writing):
    state = public_at(book)
    _copy(writing, state.event_at, _EVENT)
    for n in range(state.n_symbols):
        _copy(writing, state.directory_at + n * _DIRECTORY, _DIRECTORY)
    for n in range(state.n_symbols):
        _copy(writing, state.actions_at + n * _ACTION, _ACTION)
    writing.next = state.first


@kernel
def write_some(book, writing_at, most):
    """Write up to ``most`` more orders of the book into a snapshot. Returns whether it is whole."""
    writing, state = record_at(writing_at, 0, WRITING), public_at(book)
    if writing.next == _BEFORE_FIRST:
        _write_beginning(book, writing)
    for _ in range(most):
        if writing.next == _NONE:
            break
        order = order_in(book, writing.next)
        symbol = get_raw8(state.directory_at + (order.locate - 1) * _DIRECTORY, _SYMBOL_AT)
        _finish(writing, itch50.put_add_order(
            writing.at + FRAME, np.int64(order.locate), _TRACKING, order.time_ns, order.number,
            np.int64(order.side), order.shares, symbol, order.price_e4))
        writing.next = np.int64(order.later)
    if writing.next == _NONE:
        _finish(writing, glimpse50.put_end_of_snapshot(writing.at + FRAME, state.next_seq))
        writing.whole = 1
    return writing.whole


# --- plain Python -----------------------------------------------------------------------------


class Snapshot:
    """Bytes to send. ``begun_ns``: when it was asked for; ``sequence``: ITCH goes on with it;
    ``readers``: how many clients are still being sent it."""

    def __init__(self, room: int, begun_ns: int, sequence: int):
        self._memory = np.empty(room, np.uint8)
        self._writing = aligned_zeros(1, WRITING)
        base = self._memory.ctypes.data
        self._writing[0] = (base, base, _BEFORE_FIRST, 0)
        self.begun_ns, self.sequence, self.readers = begun_ns, sequence, 0
        self.abandoned = False

    @property
    def whole(self) -> bool:
        return bool(self._writing[0]["whole"])

    def write(self, book: int, orders: int) -> None:
        write_some(book, self._writing.ctypes.data, orders)

    def bytes(self) -> memoryview:
        row = self._writing[0]
        return memoryview(self._memory)[: int(row["at"] - row["begin"])]


class SnapshotMaker:
    """Follows log number ``number`` from its beginning and writes snapshots of what it says.

    ``orders`` bounds the displayed orders, ``at_a_time`` how many of them one call writes.
    Constructing it compiles its kernels, or loads them.
    """

    def __init__(self, logs: LogMemory, number: int, orders: int, n_symbols: int,
                 at_a_time: int = 8_192):
        self._at_a_time = at_a_time
        self.book = allocate_public_book(orders, n_symbols)
        self._state = self.book.state[0]
        self._log, self._log_at = logs.logs[number], logs.logs[number:].ctypes.data
        self._n_symbols = n_symbols
        self._snapshots: list[Snapshot] = []
        follow(self.book.address, self._log_at, 0)
        write_some(self.book.address, Snapshot(snapshot_bytes(n_symbols, 0), 0, 1)._writing
                   .ctypes.data, 0)

    def take_over(self, venue: int, stamp_ns: int) -> None:
        """Begins with what the venue at this address has in its engine, instead of with the log's
        first message. Before the first :meth:`work`, and before the reactor runs."""
        take_over(self.book.address, venue, stamp_ns)

    @property
    def failure(self) -> BookState | None:
        """Why there are no snapshots any more, or None."""
        state = BookState(int(self._state["state"]))
        return None if state == BookState.FOLLOWING else state

    @property
    def lag_bytes(self) -> int:
        """How much of the log was not read yet."""
        return int(self._log["limit"]) - int(self._state["position"])

    def ask(self, now_ns: int) -> Snapshot:
        """The snapshot for somebody who asks now, not whole yet perhaps; they are its reader from
        now on. Raises RuntimeError when there is a :attr:`failure`."""
        if self.failure is not None:
            raise RuntimeError(f"the public book is {self.failure.name}")
        self._snapshots = [s for s in self._snapshots if s.readers > 0 or not s.whole]
        newest = self._snapshots[-1] if self._snapshots else None
        if newest is None or (newest.whole and now_ns - newest.begun_ns > _SHARED_FOR_NS):
            if len(self._snapshots) == MOST_SNAPSHOTS:
                self._snapshots.pop(0).abandoned = True
            self._catch_up_at_most(_MESSAGES * _HURRY)
            room = snapshot_bytes(self._n_symbols, int(self._state["count"]))
            newest = Snapshot(room, now_ns, int(self._state["next_seq"]))
            self._snapshots.append(newest)
        newest.readers += 1
        return newest

    def work(self) -> None:
        """Writes some more of the snapshot asked for, or follows the log; a bounded piece."""
        hurry = _HURRY if self.lag_bytes > int(self._log["capacity"]) // 4 else 1
        unfinished = self._snapshots[-1] if self._snapshots else None
        if unfinished is not None and not unfinished.whole:
            unfinished.write(self.book.address, self._at_a_time * hurry)
        else:
            self._catch_up_at_most(_MESSAGES * hurry)

    def _catch_up_at_most(self, messages: int) -> None:
        follow(self.book.address, self._log_at, messages)


