"""The order book rebuilds real markets, level by level, as their recordings say.

The recordings are not part of the project; without them these tests skip.
"""

import csv
import struct

from actors.book.integrity import check_integrity
from actors.book.book_memory import allocate_order_book
from actors.book.order_book import (BookStatus, add_order, execute_order, find_order, reduce_order,
                                    remove_order, replace_order)
from tests.book.recordings import (BUY, ITCH, ITCH_BOOK, LOBSTER, LOBSTER_BOOK, SELL, book_csv,
                                   itch_messages, published_book, recorded, rows_of)


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


@recorded(ITCH, ITCH_BOOK)
def test_ten_thousand_itch_messages_leave_the_published_book_after_each():
    book = allocate_order_book(symbols=1, orders=20_000)
    expected = published_book(ITCH_BOOK)
    compared = 0
    for index, message in enumerate(itch_messages(ITCH)):
        for change in apply_itch(book, message):
            assert change.status == BookStatus.OK, f"message {index}: {message!r}"
        if index in expected:
            assert rows_of(book, 10) == expected[index], f"after message {index}"
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
    rows = book_csv(LOBSTER_BOOK)
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
