"""The book as the public knows it, kept from the market data log: what snapshots are made of.

It belongs to the housekeeper, which reads the log while the reactor writes it, some messages at a
time. So a snapshot is consistent without anybody stopping: while one is written, the book does not
follow, and catches up after. The reactor knows nothing of it.

Orders lie in the order in which they came into the book, a list through PUBLIC_ORDER records, so
that who enters them again in the order of the snapshot has the queues as they are.

::

    log     ...│S│R│R│H│H│S│S│A│A│E│A│X│A│D│...         (position)
                                     ↑ position, next_seq
    orders  first ⇄ . ⇄ . ⇄ . ⇄ last        free → . → .
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

import numpy as np

from actors.book.memory import aligned_zeros, kernel, record_at
from actors.book.order_map import MAP_HEADER, OrderMap, allocate_map, get_in, put_in, take_from
from actors.exchange.sequenced_log import LOG
from actors.runtime.native import fence_acquire, load_acquire
from schemas.venue import itch50
from schemas.venue.big_endian import get_u8, get_u16, get_u32, get_u48, get_u64, put_bytes
from schemas.venue.soupbintcp import HEADER_LENGTH as FRAME

__all__ = ["BookState", "PUBLIC_BOOK", "PUBLIC_ORDER", "PublicBook", "allocate_public_book",
           "enter_order", "follow", "order_in", "public_at"]

#: No ITCH message is longer.
_LONGEST = int(itch50.LENGTH.max())
_MESSAGE_ROOM = -(-_LONGEST // 8) * 8
#: Behind the end of the log a packet is being written over the oldest bytes.
_BEING_WRITTEN = 512
_NONE = -1
_LOG_END, _LOG_LIMIT = LOG.fields["end"][1], LOG.fields["limit"][1]


class BookState(IntEnum):
    """Whether the public book is the market's."""

    FOLLOWING = 0
    FELL_BEHIND = 1  #: the log went round before the messages were read
    FULL = 2         #: more orders than there is room for
    AT_ODDS = 3      #: a message about an order that is not there


#: One displayed order. ``earlier`` and ``later`` are slots, -1 at the ends. ``side`` is a letter.
PUBLIC_ORDER = np.dtype([
    ("number", "i8"), ("time_ns", "i8"), ("price_e4", "i8"), ("shares", "i8"), ("locate", "i4"),
    ("side", "i4"), ("earlier", "i4"), ("later", "i4"),
])

#: ``position`` and ``next_seq`` are of the next message to read. ``first`` and ``last`` order,
#: ``free`` the first of the free slots, chained by ``later``; ``count`` orders. The addresses
#: ``*_at``: PUBLIC_ORDER records, the map from numbers to slots, room for one message, and as they
#: came the latest System Event, and of each symbol the Stock Directory and Stock Trading Action.
PUBLIC_BOOK = np.dtype([
    ("position", "i8"), ("next_seq", "i8"), ("state", "i8"), ("count", "i8"), ("first", "i8"),
    ("last", "i8"), ("free", "i8"), ("n_symbols", "i8"), ("orders_at", "i8"), ("names_at", "i8"),
    ("names_header_at", "i8"), ("message_at", "i8"), ("event_at", "i8"), ("directory_at", "i8"),
    ("actions_at", "i8"), ("reserved", "i8"),
])


class PublicBook(NamedTuple):
    """``state``: one PUBLIC_BOOK; ``messages``: uint8, the room for messages; the rest is what the
    addresses point to."""

    state: np.ndarray
    orders: np.ndarray
    names: OrderMap
    messages: np.ndarray

    @property
    def address(self) -> int:
        """What kernels take as ``book``."""
        return self.state.ctypes.data


def allocate_public_book(orders: int, n_symbols: int) -> PublicBook:
    """An empty book for up to ``orders`` displayed orders, about 100 bytes each."""
    rows, names = aligned_zeros(orders, PUBLIC_ORDER), allocate_map(orders)
    rows["later"] = np.arange(1, orders + 1)
    rows["later"][-1] = _NONE
    rooms = [_MESSAGE_ROOM, itch50.SYSTEM_EVENT_LENGTH, itch50.STOCK_DIRECTORY_LENGTH * n_symbols,
             itch50.STOCK_TRADING_ACTION_LENGTH * n_symbols]
    messages = aligned_zeros(sum(rooms), np.uint8)
    state = aligned_zeros(1, PUBLIC_BOOK)
    row, base = state[0], messages.ctypes.data
    row["next_seq"], row["n_symbols"] = 1, n_symbols
    row["first"] = row["last"] = _NONE
    row["orders_at"], row["names_at"] = rows.ctypes.data, names.entries.ctypes.data
    row["names_header_at"] = names.header.ctypes.data
    for field, place in zip(("message_at", "event_at", "directory_at", "actions_at"),
                            np.cumsum([0, *rooms[:-1]])):
        row[field] = base + place
    return PublicBook(state, rows, names, messages)


# --- kernels ----------------------------------------------------------------------------------


@kernel
def public_at(book):
    """The PUBLIC_BOOK record."""
    return record_at(book, 0, PUBLIC_BOOK)


@kernel
def order_in(book, slot):
    """The PUBLIC_ORDER record of a slot."""
    return record_at(public_at(book).orders_at, np.int64(slot), PUBLIC_ORDER)


@kernel
def enter_order(book, number, time_ns, locate, side, shares, price_e4):
    """Put an order, of which nothing is there yet, behind all others."""
    state = public_at(book)
    slot = state.free
    if slot == _NONE:
        state.state = BookState.FULL
        return
    order = order_in(book, slot)
    state.free = order.later
    order.number = number
    order.time_ns = time_ns
    order.locate = locate
    order.side = side
    order.shares = shares
    order.price_e4 = price_e4
    order.earlier = state.last
    order.later = _NONE
    if state.last == _NONE:
        state.first = slot
    else:
        order_in(book, state.last).later = slot
    state.last = slot
    state.count += 1
    put_in(record_at(state.names_header_at, 0, MAP_HEADER), state.names_at, number, slot)


@kernel
def _remove(book, number):
    """Take an order out. Returns its slot, which is free now but as it was, or -1."""
    state = public_at(book)
    slot = take_from(record_at(state.names_header_at, 0, MAP_HEADER), state.names_at, number)
    if slot < 0:
        state.state = BookState.AT_ODDS
        return slot
    order = order_in(book, slot)
    if order.earlier == _NONE:
        state.first = order.later
    else:
        order_in(book, order.earlier).later = order.later
    if order.later == _NONE:
        state.last = order.earlier
    else:
        order_in(book, order.later).earlier = order.earlier
    order.later = state.free
    state.free = slot
    state.count -= 1
    return slot


@kernel
def _reduce(book, number, shares):
    state = public_at(book)
    slot = get_in(record_at(state.names_header_at, 0, MAP_HEADER), state.names_at, number)
    if slot < 0:
        state.state = BookState.AT_ODDS
        return
    order = order_in(book, slot)
    order.shares -= shares
    if order.shares <= 0:
        _remove(book, number)


@kernel
def _keep(book, message, length, at):
    """Keep a message about a symbol in its place of the messages at ``at``."""
    locate = get_u16(message, itch50.STOCK_LOCATE)
    if 1 <= locate <= public_at(book).n_symbols:
        put_bytes(at, (locate - 1) * length, message, length)


@kernel
def _apply(book, message):
    """Do to the book what one whole ITCH message says."""
    state, kind = public_at(book), get_u8(message, 0)
    number = get_u64(message, itch50.ORDER_REFERENCE_NUMBER)  # where the message has one
    if kind == itch50.ADD_ORDER or kind == itch50.ADD_ORDER_MPID:
        enter_order(book, number, get_u48(message, itch50.TIMESTAMP),
                    get_u16(message, itch50.STOCK_LOCATE),
                    get_u8(message, itch50.ADD_ORDER_BUY_SELL_INDICATOR),
                    get_u32(message, itch50.ADD_ORDER_SHARES),
                    get_u32(message, itch50.ADD_ORDER_PRICE))
    elif kind == itch50.ORDER_EXECUTED or kind == itch50.ORDER_EXECUTED_WITH_PRICE:
        _reduce(book, number, get_u32(message, itch50.ORDER_EXECUTED_EXECUTED_SHARES))
    elif kind == itch50.ORDER_CANCEL:
        _reduce(book, number, get_u32(message, itch50.ORDER_CANCEL_CANCELLED_SHARES))
    elif kind == itch50.ORDER_DELETE:
        _remove(book, number)
    elif kind == itch50.ORDER_REPLACE:
        slot = _remove(book, number)
        if slot >= 0:
            order = order_in(book, slot)
            enter_order(book, get_u64(message, itch50.ORDER_REPLACE_NEW_ORDER_REFERENCE_NUMBER),
                        get_u48(message, itch50.TIMESTAMP), np.int64(order.locate),
                        np.int64(order.side), get_u32(message, itch50.ORDER_REPLACE_SHARES),
                        get_u32(message, itch50.ORDER_REPLACE_PRICE))
    elif kind == itch50.STOCK_DIRECTORY:
        _keep(book, message, np.int64(itch50.STOCK_DIRECTORY_LENGTH), state.directory_at)
    elif kind == itch50.STOCK_TRADING_ACTION:
        _keep(book, message, np.int64(itch50.STOCK_TRADING_ACTION_LENGTH), state.actions_at)
    elif kind == itch50.SYSTEM_EVENT:
        put_bytes(state.event_at, 0, message, itch50.SYSTEM_EVENT_LENGTH)


@kernel
def follow(book, log_address, most):
    """Apply up to ``most`` messages that the log at this address has and the book has not. Returns
    how many; the book's state says whether it is still the market's. The log may be written to
    meanwhile."""
    state, log = public_at(book), record_at(log_address, 0, LOG)
    base, capacity = log.base, log.capacity
    limit = load_acquire(log_address + _LOG_LIMIT)
    applied = np.int64(0)
    while applied < most and state.position < limit and state.state == BookState.FOLLOWING:
        frame = base + (state.position & (capacity - 1))
        length = get_u16(frame, 0) - 1
        put_bytes(state.message_at, 0, frame + FRAME, max(min(length, _LONGEST), 1))
        fence_acquire()
        end = load_acquire(log_address + _LOG_END)
        if end + _BEING_WRITTEN - state.position > capacity:
            state.state = BookState.FELL_BEHIND  # what was copied may be newer than it should be
            break
        _apply(book, state.message_at)
        state.position += FRAME + length
        state.next_seq += 1
        applied += 1
        limit = load_acquire(log_address + _LOG_LIMIT)
    return applied
