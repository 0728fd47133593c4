"""The feed handler's work alone: reading ITCH 5.0, and building every book, beside plain Python.

``parse`` reads every field of every message; ``books`` validates each, applies it to the orders and
levels of its symbol, and fills in the updates that the feed would publish. Both walk through memory
in which each message stands after its length, as in a MoldUDP64 packet. The day is made beforehand
(:mod:`bench.itch_flow`); building it must leave the book that it was made with, and plain Python
must read and build the same. Rates are by the thread's own time, so that another process on the
core does not count; latencies are by the wall clock.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import numpy as np

from actors.book.book_memory import OrderBook, allocate_order_book
from actors.book.book_view import DEPTH_LEVEL, copy_depth, state_hash
from actors.book.memory import aligned_zeros
from actors.feed.itch_book import apply_message
from actors.feed.look_ahead import LOOK, look_from, look_on
from actors.feed.state import directory_tables
from actors.runtime.clock import now_ns
from bench import itch_plain
from bench.itch_flow import Day, make_day
from bench.table import Row
from schemas.pointer import kernel
from schemas.venue import itch50
from schemas.venue.big_endian import get_raw8, get_u8, get_u16, get_u32, get_u48, get_u64
from schemas.venue.validity import VALID

__all__ = ["NAME", "run"]

NAME = "itch"
ROUNDS = 5
SYMBOLS = 8_000
RESTING = 400_000
MESSAGES = 1_000_000
PLAIN_MESSAGES = 40_000
TARGET_PARSE_PER_S = 30_000_000
TARGET_BOOKS_PER_S = 8_000_000
TARGET_P50_NS = 125


@kernel
def _read_order(addr, kind):
    """The fields of an order message that are not its header's, added up."""
    reference = get_u64(addr, itch50.ORDER_REFERENCE_NUMBER)
    if kind == itch50.ADD_ORDER or kind == itch50.ADD_ORDER_MPID:
        return (reference + get_u8(addr, itch50.ADD_ORDER_BUY_SELL_INDICATOR)
                + get_u32(addr, itch50.ADD_ORDER_SHARES) + get_u32(addr, itch50.ADD_ORDER_PRICE)
                + (get_raw8(addr, itch50.ADD_ORDER_STOCK) & 0xFFFF))
    if kind == itch50.ORDER_DELETE:
        return reference
    if kind == itch50.ORDER_EXECUTED:
        return (reference + get_u32(addr, itch50.ORDER_EXECUTED_EXECUTED_SHARES)
                + get_u64(addr, itch50.ORDER_EXECUTED_MATCH_NUMBER))
    if kind == itch50.ORDER_REPLACE:
        return (reference + get_u64(addr, itch50.ORDER_REPLACE_NEW_ORDER_REFERENCE_NUMBER)
                + get_u32(addr, itch50.ORDER_REPLACE_SHARES)
                + get_u32(addr, itch50.ORDER_REPLACE_PRICE))
    if kind == itch50.ORDER_CANCEL:
        return reference + get_u32(addr, itch50.ORDER_CANCEL_CANCELLED_SHARES)
    if kind == itch50.ORDER_EXECUTED_WITH_PRICE:
        return (reference + get_u32(addr, itch50.ORDER_EXECUTED_EXECUTED_SHARES)
                + get_u64(addr, itch50.ORDER_EXECUTED_MATCH_NUMBER)
                + get_u8(addr, itch50.ORDER_EXECUTED_WITH_PRICE_PRINTABLE)
                + get_u32(addr, itch50.ORDER_EXECUTED_WITH_PRICE_EXECUTION_PRICE))
    if kind == itch50.TRADE:
        return (reference + get_u8(addr, itch50.TRADE_BUY_SELL_INDICATOR)
                + get_u32(addr, itch50.TRADE_SHARES) + get_u32(addr, itch50.TRADE_PRICE)
                + (get_raw8(addr, itch50.TRADE_STOCK) & 0xFFFF)
                + get_u64(addr, itch50.TRADE_MATCH_NUMBER))
    return np.int64(0)


@kernel
def _parse(addr, size):
    """Reads the messages in ``size`` bytes. Returns how many, and the sum of all fields."""
    position = np.int64(0)
    count = np.int64(0)
    total = np.int64(0)
    while position < size:
        length = get_u16(addr, position)
        at = addr + position + 2
        if itch50.validate(at, length) == VALID:
            total += (get_u16(at, itch50.STOCK_LOCATE) + get_u16(at, itch50.TRACKING_NUMBER)
                      + get_u48(at, itch50.TIMESTAMP) + _read_order(at, get_u8(at, 0)))
            count += 1
        position += 2 + length
    return count, total


@kernel
def _build(book, symbols, n_symbols, locates, updates, look, addr, size):
    """Applies the messages in ``size`` bytes. Returns messages, updates, and what was refused."""
    look_from(look, addr, addr + size, 0, book, symbols, locates)
    position = np.int64(0)
    count = np.int64(0)
    told = np.int64(0)
    refused = np.int64(0)
    while position < size:
        length = get_u16(addr, position)
        look_on(look, book, symbols, locates)
        n = apply_message(book, symbols, n_symbols, locates, addr + position + 2, length, updates)
        told += max(n, 0)
        refused += n < 0
        count += 1
        position += 2 + length
    return count, told, refused


@kernel
def _build_timed(book, symbols, n_symbols, locates, updates, look, addr, size, taken_ns,
                 scratch):
    look_from(look, addr, addr + size, 0, book, symbols, locates)
    position = np.int64(0)
    count = np.int64(0)
    while position < size:
        length = get_u16(addr, position)
        start = now_ns(scratch)
        look_on(look, book, symbols, locates)
        apply_message(book, symbols, n_symbols, locates, addr + position + 2, length, updates)
        taken_ns[count] = now_ns(scratch) - start
        count += 1
        position += 2 + length


@kernel
def _time_nothing(taken_ns, scratch):
    for i in range(taken_ns.size):
        start = now_ns(scratch)
        taken_ns[i] = now_ns(scratch) - start


@dataclass
class Builder:
    """An empty feed handler's books for a day, without the actor."""

    day: Day
    book: OrderBook = field(init=False)

    def __post_init__(self) -> None:
        self.tables = directory_tables(self.day.symbols)
        self.book = allocate_order_book(len(self.day.symbols), 2 * RESTING + 1024,
                                        levels_per_side=1024)
        self.look = np.zeros(1, LOOK)
        self.arguments = (self.book.address, self.tables["symbols"].ctypes.data,
                          len(self.day.symbols), self.tables["locates"].ctypes.data,
                          self.tables["updates"].ctypes.data, self.look.ctypes.data)
        self.apply(0, self.day.listing)

    def apply(self, first: int, last: int) -> tuple[int, int, int]:
        return _build(*self.arguments, *self.day.part(first, last))

    def levels(self) -> dict[tuple[int, int], dict[int, int]]:
        """(symbol, side) to price to shares, as plain Python keeps them."""
        rows, found = np.zeros(1024, DEPTH_LEVEL), {}
        for symbol in range(len(self.day.symbols)):
            for side in (1, 2):
                n = copy_depth(self.book.address, symbol, side, rows)
                if n:
                    found[symbol, side] = dict(zip(rows["price_e4"][:n].tolist(),
                                                   rows["quantity"][:n].tolist()))
        return found


def _parse_rates(day: Day, rounds: int) -> list[float]:
    where = day.part(day.opening, day.buffer.size)
    rates = []
    for _ in range(rounds):
        start = time.thread_time()
        count, _ = _parse(*where)
        rates.append(count / (time.thread_time() - start))
        if count != day.measured:
            raise RuntimeError(f"{count} of {day.measured} messages were read")
    return rates


def _book_rows(day: Day, rounds: int) -> list[Row]:
    taken = np.zeros(day.measured, np.int64)
    scratch = aligned_zeros(2, np.dtype("i8"))
    expected = state_hash(day.book.address)
    rates, p50, p99 = [], [], []
    for _ in range(rounds):
        for timed in (False, True):
            builder = Builder(day)
            builder.apply(day.listing, day.opening)
            start = time.thread_time()
            if timed:
                _build_timed(*builder.arguments, *day.part(day.opening, day.buffer.size), taken,
                             scratch.ctypes.data)
                p50.append(float(np.percentile(taken, 50)))
                p99.append(float(np.percentile(taken, 99)))
            else:
                count, told, refused = builder.apply(day.opening, day.buffer.size)
                rates.append(count / (time.thread_time() - start))
                if refused or count != day.measured:
                    raise RuntimeError(f"{refused} of {count} messages were refused")
            if state_hash(builder.book.address) != expected:
                raise RuntimeError("the book built is not the one that the day was made with")
    return [Row("all books", "messages/s", rates, TARGET_BOOKS_PER_S, "above"),
            Row("all books: a message, p50", "ns", p50, TARGET_P50_NS),
            Row("all books: a message, p99", "ns", p99)]


def _clock(rounds: int) -> Row:
    """What two clock readings take: part of every latency above."""
    taken = np.zeros(20_000, np.int64)
    scratch = aligned_zeros(2, np.dtype("i8"))
    values = []
    for _ in range(rounds):
        _time_nothing(taken, scratch.ctypes.data)
        values.append(float(np.percentile(taken, 50)))
    return Row("of each of these, the clock", "ns", values)


def _plain_rates(day: Day, rounds: int) -> tuple[list[float], list[float]]:
    """Messages a second of plain Python, reading and building; checked against the kernels."""
    first, parse_rates, book_rates = day.opening, [], []
    builder, plain = Builder(day), itch_plain.Books()
    plain.apply_all(day.buffer[:first].tobytes())
    builder.apply(day.listing, first)
    for _ in range(rounds):
        last = itch_plain.skip(day.buffer, first, PLAIN_MESSAGES)
        data = day.buffer[first:last].tobytes()
        start = time.thread_time()
        read = itch_plain.parse_all(data)
        parse_rates.append(read[0] / (time.thread_time() - start))
        if read != tuple(_parse(*day.part(first, last))):
            raise RuntimeError("plain Python reads other fields than the kernel")
        start = time.thread_time()
        count = plain.apply_all(data)
        book_rates.append(count / (time.thread_time() - start))
        builder.apply(first, last)
        first = last
    if plain.levels() != builder.levels():
        raise RuntimeError("plain Python builds other books than the kernels")
    return parse_rates, book_rates


def run(quick: bool = False) -> list[Row]:
    """Rows: reading alone, building all books, and both in plain Python."""
    rounds = 3 if quick else ROUNDS
    day = make_day(SYMBOLS, RESTING, MESSAGES // 4 if quick else MESSAGES)
    builder = Builder(day)  # compiles before the clock runs
    builder.apply(day.listing, day.listing)
    _parse(*day.part(0, 0))
    parse = _parse_rates(day, rounds)
    books = _book_rows(day, rounds)
    plain_parse, plain_books = _plain_rates(day, rounds)
    return [
        Row(f"parse, {SYMBOLS:,} symbols", "messages/s", parse, TARGET_PARSE_PER_S, "above"),
        *books, _clock(rounds),
        Row("parse: plain Python", "messages/s", plain_parse),
        Row("parse: faster by", "times", [a / b for a, b in zip(parse, plain_parse)]),
        Row("all books: plain Python", "messages/s", plain_books),
        Row("all books: faster by", "times",
            [a / b for a, b in zip(books[0].values, plain_books)]),
    ]
