"""LOBSTER's message file as the ITCH 5.0 messages that it was made of, as far as it says.

A stock directory message comes first, then, if the order book file is given, an order for each
level that it shows before the first message. A row about an order that was never added (it rested
before the file begins) is told of the order that stands for its level; if there is none, or it has
less, of as much as there is, and otherwise under its own number, which a reader will not know.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import numpy as np

from actors.book.memory import kernel
from actors.book.order_map import OrderMap, allocate_map, map_get, map_put, map_take
from schemas.enums import Side
from schemas.recorded import lobster
from schemas.recorded.lobster import MessageType
from schemas.venue import itch50, symbol_to_int
from schemas.venue.binary_file import Messages
from schemas.venue.big_endian import put_u16

__all__ = ["lobster_chunks"]

_ROOM = 2 + int(itch50.LENGTH.max())
_LOCATE = 1
#: Numbers of the orders that stand for levels: above any of LOBSTER's.
_STANDS_FOR = 1 << 48
_ORDERS = 1 << 21  # that rest at a time
_MOST = 2**31 - 1
_SUBMISSION, _CANCELLATION = int(MessageType.SUBMISSION), int(MessageType.CANCELLATION)
_EXECUTION, _HIDDEN = int(MessageType.EXECUTION), int(MessageType.HIDDEN_EXECUTION)
_CROSS = int(MessageType.CROSS_TRADE)
_BUY, _SELL = ord("B"), ord("S")
_HALTED, _QUOTING, _TRADING = ord("H"), ord("Q"), ord("T")


@kernel
def _standing(price_e4, direction):
    return _STANDS_FOR + 2 * price_e4 + np.int64(direction > 0)


@kernel
def _leave(known, at, row, time_ns):
    """A cancellation, deletion or execution; 0 if nothing can be said."""
    number, size = row.order_id, min(row.size, _MOST)
    has = map_get(known, number)
    if has < 0:
        standing = _standing(row.price_e4, row.direction)
        if map_get(known, standing) > 0:
            number = standing
            has = map_get(known, standing)
            size = min(size, has)
    if has > size:
        map_put(known, number, has - size)
    else:
        map_take(known, number)
    if row.type == _EXECUTION:
        return itch50.put_order_executed(at, _LOCATE, 0, time_ns, number, size, 0)
    if has > size or row.type == _CANCELLATION and has < 0:
        return itch50.put_order_cancel(at, _LOCATE, 0, time_ns, number, size)
    return itch50.put_order_delete(at, _LOCATE, 0, time_ns, number)


@kernel
def _convert(rows, known, name, addr, offsets, lengths):
    """Writes a message for each row, after its length. Returns how many, and bytes written."""
    position = np.int64(0)
    count = np.int64(0)
    for i in range(rows.size):
        row = rows[i]
        at, time_ns = addr + position + 2, row.time_ns
        side = _BUY if row.direction > 0 else _SELL
        length = np.int64(0)
        if row.type == _SUBMISSION:
            map_put(known, row.order_id, min(row.size, _MOST))
            length = np.int64(itch50.put_add_order(
                at, _LOCATE, 0, time_ns, row.order_id, side, row.size, name, row.price_e4))
        elif row.type <= _EXECUTION:
            length = np.int64(_leave(known, at, row, time_ns))
        elif row.type == _HIDDEN or row.type == _CROSS:
            length = np.int64(itch50.put_trade(at, _LOCATE, 0, time_ns, 0, side, row.size, name,
                                               row.price_e4, 0))
        elif row.price_e4 <= 1:
            state = _HALTED if row.price_e4 < 0 else _QUOTING if row.price_e4 == 0 else _TRADING
            length = np.int64(itch50.put_stock_trading_action(at, _LOCATE, 0, time_ns, name, state,
                                                              0x20202020))
        if length > 0:
            put_u16(addr, position, length)
            offsets[count] = position + 2
            lengths[count] = length
            position += 2 + length
            count += 1
    return count, position


def _chunk(rows: np.ndarray, known: OrderMap, name: int) -> Messages:
    buffer = np.zeros(rows.size * _ROOM, np.uint8)
    offsets, lengths = np.zeros(rows.size, np.int64), np.zeros(rows.size, np.int64)
    count, size = _convert(rows, known, name, buffer.ctypes.data, offsets, lengths)
    return Messages(buffer[:size], offsets[:count], lengths[:count], None)


def _opening(symbol: str, time_ns: int) -> Messages:
    message = itch50.encode(
        type="R", stock_locate=_LOCATE, tracking_number=0, timestamp=time_ns, stock=symbol,
        market_category="Q", financial_status_indicator="N", round_lot_size=100,
        round_lots_only="N", issue_classification="C", issue_sub_type="Z", authenticity="P",
        short_sale_threshold_indicator="N", ipo_flag="N", luld_reference_price_tier="1",
        etp_flag="N", etp_leverage_factor=0, inverse_indicator="N")
    buffer = np.frombuffer(len(message).to_bytes(2, "big") + message, np.uint8)
    return Messages(buffer, np.array([2]), np.array([len(message)]), None)


def _orders_before(first: np.ndarray, book: str | os.PathLike) -> np.ndarray:
    """Submissions of the orders that stand for the levels before the first message."""
    row = next(iter(lobster.book_rows(book)))[0]
    events = lobster.orders_before(first, row)
    rows = np.zeros(events.size, lobster.MESSAGE)
    rows["type"], rows["time_ns"] = MessageType.SUBMISSION, events["time_ns"]
    rows["price_e4"], rows["size"] = events["price_e4"], events["quantity"]
    rows["direction"] = np.where(events["side"] == Side.BUY, 1, -1)
    rows["order_id"] = _STANDS_FOR + 2 * rows["price_e4"] + (rows["direction"] > 0)
    return rows


def lobster_chunks(path: str | os.PathLike, book: str | os.PathLike | None,
                   symbol: str) -> Iterator[Messages]:
    """The message file at ``path``, with the order book file ``book`` if there is one, as chunks of
    ITCH messages about ``symbol``. RecordingError names the line that cannot be."""
    known, name, first = allocate_map(_ORDERS), symbol_to_int(symbol), True
    for rows in lobster.messages(path):
        if first:
            yield _opening(symbol, int(rows["time_ns"][0]))
            if book is not None:
                yield _chunk(_orders_before(rows[0], book), known, name)
            first = False
        yield _chunk(rows, known, name)
