"""The order book rebuilds real markets, level by level, as their recordings say.

The recordings are not part of the project; without them these tests skip.
"""

import csv
import struct
from pathlib import Path

import numpy as np
import pytest

from actors.book.book_view import DEPTH_LEVEL, copy_depth
from actors.book.integrity import check_integrity
from actors.book.book_memory import allocate_order_book
from actors.book.order_book import (BookStatus, add_order, execute_order, find_order, reduce_order,
                                    remove_order, replace_order)
from schemas.enums import Side

BUY, SELL = int(Side.BUY), int(Side.SELL)
DATA = Path(__file__).resolve().parents[2] / ".." / "shared" / "data"
ITCH = DATA / "itch50" / "derived_aapl_20190130_0930_10k.itch"
ITCH_BOOK = ITCH.with_suffix(".book10.csv")
LOBSTER = DATA / "lobster" / "AAPL_2012-06-21_34200000_57600000_message_10.head998.csv"
LOBSTER_BOOK = LOBSTER.with_name(LOBSTER.name.replace("message", "orderbook"))


def recorded(*files):
    missing = [str(file) for file in files if not file.exists()]
    return pytest.mark.skipif(bool(missing), reason=f"no recorded market data at {missing}")


def itch_messages(path):
    data, at = path.read_bytes(), 0
    while at + 2 <= len(data):
        (length,) = struct.unpack_from(">H", data, at)
        yield data[at + 2 : at + 2 + length]
        at += 2 + length


def apply_itch(book, message):
    """One ITCH 5.0 message, by the field tables of the specification."""
    kind = message[:1]
    if kind in b"AF":
        number, side, shares = struct.unpack_from(">QcI", message, 11)
        (price,) = struct.unpack_from(">I", message, 32)
        return [add_order(book.address, number, 0, BUY if side == b"B" else SELL, price, shares)]
    if kind == b"U":
        return replace_order(book.address, *_reordered(*struct.unpack_from(">QQII", message, 11)))
    if kind in b"ECXD":
        (number,) = struct.unpack_from(">Q", message, 11)
        if kind == b"D":
            return [remove_order(book.address, number)]
        (shares,) = struct.unpack_from(">I", message, 19)
        return [(reduce_order if kind == b"X" else execute_order)(book.address, number, shares)]
    return []


def _reordered(old, new, shares, price):
    return old, new, price, shares


def rows_of(book, levels):
    """The book as a recording prints it: ask, size, bid, size, level by level."""
    asks, bids = np.zeros(levels, DEPTH_LEVEL), np.zeros(levels, DEPTH_LEVEL)
    copy_depth(book.address, 0, SELL, asks)
    copy_depth(book.address, 0, BUY, bids)
    row = []
    for ask, bid in zip(asks, bids):
        row += [int(ask["price_e4"]), int(ask["quantity"])]
        row += [int(bid["price_e4"]), int(bid["quantity"])]
    return row


@recorded(ITCH, ITCH_BOOK)
def test_ten_thousand_itch_messages_leave_the_published_book_after_each():
    book = allocate_order_book(symbols=1, orders=20_000)
    with ITCH_BOOK.open() as file:
        expected = {int(row[0]): row[1:] for row in list(csv.reader(file))[1:]}
    compared = 0
    for index, message in enumerate(itch_messages(ITCH)):
        for change in apply_itch(book, message):
            assert change.status == BookStatus.OK, f"message {index}: {message!r}"
        if index in expected:
            published = [int(cell or 0) for cell in expected[index]]
            assert rows_of(book, 10) == published, f"after message {index}"
            compared += 1
    assert compared == len(expected) == 10_000
    assert check_integrity(book) == []


def adopt(book, row, levels):
    """Rest, as one order a level, what the recording shows beyond these levels and we lack.

    LOBSTER leaves out events outside its window of ten levels, so orders can move into it unseen.
    """
    ours = rows_of(book, 10)
    for place in range(4 * levels, 40, 2):
        side, price, size = SELL if place % 4 == 0 else BUY, row[place], row[place + 1]
        known = dict(zip(ours[place % 4 :: 4], ours[place % 4 + 1 :: 4]))
        missing = size - known.get(price, 0)
        if missing > 0 and find_order(book.address, -price) < 0:
            add_order(book.address, -price, 0, side, price, missing)


@recorded(LOBSTER, LOBSTER_BOOK)
def test_a_recorded_morning_keeps_the_five_best_levels_right():
    book = allocate_order_book(symbols=1, orders=4_000)
    with LOBSTER_BOOK.open() as file:
        rows = [[int(cell) for cell in row] for row in csv.reader(file)]
    with LOBSTER.open() as file:
        messages = list(csv.reader(file))
    adopt(book, rows[0], 0)
    for (_, kind, order_id, size, price, direction), row in zip(messages[1:], rows[1:]):
        key = int(order_id)
        if kind == "1":
            side = BUY if direction == "1" else SELL
            add_order(book.address, key, 0, side, int(price), int(size))
        elif kind in "234":
            key = key if find_order(book.address, key) >= 0 else -int(price)
            reduce_order(book.address, key, int(size))
        assert rows_of(book, 5) == row[:20]
        adopt(book, row, 5)
    assert check_integrity(book) == []
