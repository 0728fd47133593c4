"""LOBSTER: a day of one stock as two CSV files, of events and of the book after each.

A row of the message file is time (seconds after midnight, to the nanosecond), type, order id, size,
price (times 10,000) and direction (1: the resting order buys, -1: it sells). A row of the order
book file is, level by level, ask price, ask size, bid price, bid size, after the event in the same
row of the other file. Neither has a header. Source: lobsterdata.com, "Output structure".

What the two files determine of each other: the book file shows a window of so many levels, and
events outside it are not recorded. So from the first row and the messages one knows a price for as
long as it has been inside the window without interruption (:func:`determined`). What happened to
other prices can only be seen once the window shows them again.
"""

import enum
import os
from collections.abc import Iterator

import numpy as np

from schemas.enums import Side
from schemas.recorded.csv_rows import DEFAULT_PIECE_BYTES, count_columns, read_rows
from schemas.recorded.errors import RecordingError
from schemas.recorded.events import EVENT, Action

__all__ = ["MESSAGE", "MessageType", "book_rows", "determined", "events_of", "level_count",
           "messages", "orders_before", "read_messages"]


class MessageType(enum.IntEnum):
    """The second column of the message file."""

    SUBMISSION = 1
    CANCELLATION = 2      #: of a part
    DELETION = 3
    EXECUTION = 4         #: of a visible order
    HIDDEN_EXECUTION = 5
    CROSS_TRADE = 6       #: in an auction
    TRADING_HALT = 7      #: price -1: halt, 0: quoting resumes, 1: trading resumes


#: A row of the message file.
MESSAGE = np.dtype([("time_ns", "i8"), ("type", "i8"), ("order_id", "i8"), ("size", "i8"),
                    ("price_e4", "i8"), ("direction", "i8")])

_COLUMNS, _PLACES = len(MESSAGE.names), 9
_DAY_NS = 86_400 * 10**9
_MOST = 2**32 - 1
_ACTIONS = np.array([Action.NONE, Action.ADD, Action.REDUCE, Action.DELETE, Action.EXECUTE,
                     Action.TRADE, Action.TRADE, Action.NONE], np.uint8)
_NO_HEADER = ("a LOBSTER message file has no header, and six columns: time, type, order id, size, "
              "price x 10,000, direction")


# ---- the message file ----------------------------------------------------------------------------


def messages(path: str | os.PathLike,
             piece_bytes: int = DEFAULT_PIECE_BYTES) -> Iterator[np.ndarray]:
    """The message file at ``path``, piece by piece, as MESSAGE records.

    A file with a row that cannot be is refused with a RecordingError that names its line: a book
    whose history has a hole is wrong from there on.
    """
    columns = count_columns(path)
    if columns != _COLUMNS:
        raise RecordingError(f"{path}:1: has {columns} columns: {_NO_HEADER}")
    line, before_ns = 1, 0
    for rows in read_rows(path, _COLUMNS, _PLACES, piece_bytes):
        piece = rows.view(MESSAGE)[:, 0]
        _check(path, line, piece, before_ns)
        if piece.size:
            line, before_ns = line + piece.size, int(piece["time_ns"][-1])
            yield piece


def read_messages(path: str | os.PathLike) -> np.ndarray:
    """The whole message file, as MESSAGE records. See :func:`messages`."""
    return np.concatenate([np.empty(0, MESSAGE), *messages(path)])


def _check(path: str | os.PathLike, line: int, piece: np.ndarray, before_ns: int) -> None:
    halt = piece["type"] == MessageType.TRADING_HALT
    time_ns = piece["time_ns"]
    earlier_ns = np.concatenate([[before_ns], time_ns[:-1]])
    for wrong, what in (
        (~((piece["type"] >= 1) & (piece["type"] <= 7)), "type {type} is not 1 to 7"),
        ((time_ns < 0) | (time_ns >= _DAY_NS), "the time is not within a day"),
        (time_ns < earlier_ns, "the time is before that of the row before; sort the file by time"),
        (np.abs(piece["direction"]) != 1, "direction {direction} is neither 1 nor -1"),
        (~halt & ~((piece["size"] >= 1) & (piece["size"] <= _MOST)),
         "size {size} is not that of an order"),
        (~halt & ~((piece["price_e4"] >= 1) & (piece["price_e4"] <= _MOST)),
         "price {price_e4} is not one"),
        (piece["order_id"] < 0, "order id {order_id} is negative"),
    ):
        if wrong.any():
            at = int(np.argmax(wrong))
            said = what.format(**{name: piece[name][at] for name in MESSAGE.names})
            raise RecordingError(f"{path}:{line + at}: {said}; {_NO_HEADER}")


def events_of(piece: np.ndarray, symbol: int = 0) -> np.ndarray:
    """MESSAGE records as EVENT records of a symbol, one each; halts become Action.NONE."""
    out = np.zeros(piece.size, EVENT)
    out["action"] = _ACTIONS[piece["type"]]
    shown = out["action"] != Action.NONE
    out["time_ns"], out["reference"] = piece["time_ns"], piece["order_id"]
    out["price_e4"] = np.where(shown, piece["price_e4"], 0)
    out["quantity"] = np.where(shown, piece["size"], 0)
    out["symbol"] = symbol
    out["side"] = np.where(piece["direction"] > 0, Side.BUY, Side.SELL)
    return out


# ---- the order book file -------------------------------------------------------------------------


def level_count(path: str | os.PathLike) -> int:
    """How many levels the order book file shows. RecordingError if it is none."""
    columns = count_columns(path)
    if columns == 0 or columns % 4:
        raise RecordingError(
            f"{path}:1: has {columns} columns: an order book file of LOBSTER has four a level, ask "
            "price, ask size, bid price, bid size, and no header"
        )
    return columns // 4


def book_rows(path: str | os.PathLike,
              piece_bytes: int = DEFAULT_PIECE_BYTES) -> Iterator[np.ndarray]:
    """The order book file at ``path``, piece by piece, as int64[rows, 4 * levels].

    Levels are best first; where a side has fewer, sizes are 0. RecordingError names the line of a
    row that is no book.
    """
    levels, line = level_count(path), 1
    for rows in read_rows(path, 4 * levels, piece_bytes=piece_bytes):
        for first, sign, word in ((0, 1, "ask"), (2, -1, "bid")):
            prices, sizes = rows[:, first::4] * sign, rows[:, first + 1 :: 4]
            filled = sizes > 0
            wrong = (sizes < 0) | (sizes > _MOST) | (filled & (rows[:, first::4] < 1))
            wrong[:, 1:] |= filled[:, 1:] & (~filled[:, :-1] | (prices[:, 1:] <= prices[:, :-1]))
            if wrong.any():
                row, level = np.argwhere(wrong)[0]
                raise RecordingError(
                    f"{path}:{line + row}: {word} {level + 1} is {rows[row, first + 4 * level]} x "
                    f"{rows[row, first + 4 * level + 1]}, which is no level behind the one before"
                )
        if rows.shape[0]:
            line += rows.shape[0]
            yield rows


def orders_before(message: np.ndarray, row: np.ndarray) -> np.ndarray:
    """What rested before the file began: EVENT records, an ADD a level, best first, reference 0.

    ``message`` is the first row of the message file and ``row`` that of the order book file, which
    is the book *after* it: so the message is undone first. How many orders a level consists of the
    files do not say.
    """
    sides = {Side.SELL: _levels(row, 0), Side.BUY: _levels(row, 2)}
    action = Action(_ACTIONS[message["type"]])
    if action in (Action.ADD, Action.REDUCE, Action.DELETE, Action.EXECUTE):
        levels = sides[Side.BUY if message["direction"] > 0 else Side.SELL]
        size = int(message["size"])
        undone = -size if action == Action.ADD else size
        price_e4 = int(message["price_e4"])
        levels[price_e4] = levels.get(price_e4, 0) + undone
        if levels[price_e4] < 0:
            raise RecordingError(
                f"the book after the first message has {levels[price_e4] + size} shares at "
                f"{price_e4}, of the {size} that the message puts there: the two files do not "
                "belong together"
            )
    found = [(side, price_e4, size) for side, levels in sides.items()
             for price_e4, size in sorted(levels.items(), reverse=side == Side.BUY) if size > 0]
    out = np.zeros(len(found), EVENT)
    out["time_ns"], out["action"] = message["time_ns"], Action.ADD
    for event, (side, price_e4, size) in zip(out, found):
        event["side"], event["price_e4"], event["quantity"] = side, price_e4, size
    return out


def _levels(row: np.ndarray, first: int) -> dict[int, int]:
    return {int(price_e4): int(size) for price_e4, size in zip(row[first::4], row[first + 1 :: 4])
            if size > 0}


def determined(rows: np.ndarray) -> np.ndarray:
    """Which cells follow from the first row and the messages alone: bool[rows, 4 * levels].

    ``rows`` are those of an order book file from its beginning. A level's two cells are determined
    if its price has been inside the window in every row so far: no farther out than the last level
    of any earlier full row.
    """
    out = np.empty(rows.shape, bool)
    for first, sign in ((0, 1), (2, -1)):
        prices, sizes = rows[:, first::4] * sign, rows[:, first + 1 :: 4]
        edge = np.where(sizes[:, -1] > 0, prices[:, -1], np.iinfo(np.int64).max)
        inside = prices <= np.minimum.accumulate(edge)[:, np.newaxis]
        if not rows.size:
            inside = np.empty_like(prices, bool)
        ever_full = np.minimum.accumulate(edge) < np.iinfo(np.int64).max
        inside &= (sizes > 0) | ~ever_full[:, np.newaxis]
        out[:, first::4] = out[:, first + 1 :: 4] = inside
    return out
