"""The recorded markets that tests use, and how they are read. They are not part of the project."""

import csv
import struct
from pathlib import Path

import numpy as np
import pytest

from actors.book.book_view import DEPTH_LEVEL, copy_depth
from schemas.enums import Side

__all__ = ["BUY", "DATA", "ITCH", "ITCH_BOOK", "LOBSTER", "LOBSTER_BOOK", "LOBSTER_HOUR", "SELL",
           "book_csv", "itch_messages", "published_book", "recorded", "rows_of"]

BUY, SELL = int(Side.BUY), int(Side.SELL)
DATA = Path(__file__).resolve().parents[2] / ".." / "shared" / "data"
ITCH = DATA / "itch50" / "derived_aapl_20190130_0930_10k.itch"
ITCH_BOOK = ITCH.with_suffix(".book10.csv")
LOBSTER = DATA / "lobster" / "AAPL_2012-06-21_34200000_57600000_message_10.head998.csv"
LOBSTER_BOOK = LOBSTER.with_name(LOBSTER.name.replace("message", "orderbook"))
LOBSTER_HOUR = DATA / "lobster" / "AAPL_2012-06-21_34200000_37800000_message_50.csv"


def recorded(*files):
    """Skips a test where a file is missing."""
    missing = [str(file) for file in files if not file.exists()]
    return pytest.mark.skipif(bool(missing), reason=f"no recorded market data at {missing}")


def itch_messages(path):
    data, at = path.read_bytes(), 0
    while at + 2 <= len(data):
        (length,) = struct.unpack_from(">H", data, at)
        yield data[at + 2 : at + 2 + length]
        at += 2 + length


def published_book(path):
    """Rows of the ten best levels, by the place in the ITCH file of the message before them."""
    with path.open() as file:
        rows = list(csv.reader(file))[1:]
    return {int(row[0]): [int(cell or 0) for cell in row[1:]] for row in rows}


def book_csv(path):
    with path.open() as file:
        return [[int(cell) for cell in row] for row in csv.reader(file)]


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
