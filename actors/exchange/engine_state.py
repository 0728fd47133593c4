"""What the matching engine keeps and says: its arrays, its events, its vocabulary.

Layouts and enumerations only; the kernels are in :mod:`actors.exchange.matching`. Everything is
allocated once by :func:`allocate`, so a running engine's memory does not grow, and every bound
that is reached is answered by a reject that names it.
"""

from collections.abc import Sequence
from enum import IntEnum
from typing import NamedTuple

import numpy as np

from actors.book.memory import aligned_zeros
from actors.book.order_book import MAX_PRICE_E4, MAX_QUANTITY, OrderBook, allocate_order_book

__all__ = ["BookChange", "CancelReason", "ENGINE_STATE", "EVENT", "Engine", "EventKind",
           "ENGINE_MAX_PRICE_E4", "ENGINE_MAX_QUANTITY", "INCOMING", "MAX_OWNER", "MAX_USER_REF",
           "MIN_EVENTS", "RefuseReason", "SYMBOL", "Status", "SymbolState", "USER_REF_BITS",
           "allocate", "list_symbol", "order_key", "set_symbol_state"]

#: A client's order is known by its owner (16 bits) and the client's reference (47 bits).
USER_REF_BITS = 47
MAX_OWNER = 2**16 - 1
MAX_USER_REF = 2**USER_REF_BITS - 1
#: OUCH 5.0: prices to $199,999.99, quantities to 999,999. The limits of a symbol unless listed
#: with others.
ENGINE_MAX_PRICE_E4 = 1_999_999_900
ENGINE_MAX_QUANTITY = 999_999
#: The least room for events: accepted, one execution and its end, and one to spare.
MIN_EVENTS = 4


class Status(IntEnum):
    """How a call to the engine ended."""

    DONE = 0         #: what was asked was done; the events say what happened
    REJECTED = 1     #: refused, with a REJECTED event; nothing else changed
    IGNORED = 2      #: nothing to do, no event: the order is not (or no longer) in the book
    CANCELED = 3     #: a replacement took its order off the book instead; the new ref is unused
    PAUSED = 4       #: the events are full in mid-match: take them, then ``resume``
    EVENTS_FULL = 5  #: not begun, or ``cancel_all`` not finished: take the events, call again
    BUSY = 6         #: not begun: an order waits for ``resume``


class EventKind(IntEnum):
    """What an event reports. The fields of each are listed at :data:`EVENT`."""

    ACCEPTED = 1  #: a new order has its number; executions follow, then RESTED or CANCELED
    EXECUTED = 2  #: one fill between a resting order and the incoming one (``contra_*``)
    RESTED = 3    #: what is left of the incoming order is in the book
    CANCELED = 4  #: shares were taken off an order, in the book or on its way there
    REPLACED = 5  #: a new order took the place of another (``contra_*``)
    REJECTED = 6  #: an order or replacement was refused


class BookChange(IntEnum):
    """What an event did to the public book: the ITCH message it makes, if any."""

    NONE = 0
    ADD = 1      #: A or F: ``number`` rests, ``quantity`` at ``price_e4``
    EXECUTE = 2  #: E: ``quantity`` of ``number``, ``match_number``
    REDUCE = 3   #: X: ``quantity`` less of ``number``, which keeps its place
    DELETE = 4   #: D: CANCELED: ``number`` is gone; REPLACED: ``contra_number`` is gone
    REPLACE = 5  #: U: ``number`` for ``contra_number``, ``quantity`` at ``price_e4``


class CancelReason(IntEnum):
    """Why shares were canceled."""

    USER = 1             #: the owner asked
    IMMEDIATE = 2        #: the rest of an IOC or market order
    INVALID_REPLACE = 3  #: a replacement with impossible details takes its order off (OUCH 5.0)
    CLOSED = 4           #: the day is over
    HALTED = 5           #: the symbol was halted
    SUPERVISORY = 6      #: the venue's operator
    DISCONNECTED = 7     #: the owner's session is gone


class RefuseReason(IntEnum):
    """Why an order or replacement was rejected."""

    NONE = 0
    BAD_SYMBOL = 1         #: not listed
    BAD_SIDE = 2           #: neither BUY nor SELL
    BAD_ORDER_TYPE = 3     #: neither LIMIT nor MARKET
    BAD_TIME_IN_FORCE = 4  #: neither DAY nor IOC
    BAD_PRICE = 5          #: not positive, off the tick, or above the symbol's limit
    BAD_QUANTITY = 6       #: not positive, or above the symbol's limit
    BAD_REFERENCE = 7      #: the owner or user_ref does not fit its bits
    DUPLICATE_REF = 8      #: this owner has an order in the book with this user_ref
    HALTED = 9             #: the symbol does not trade now
    ORDERS_FULL = 10       #: the book holds as many orders as it was allocated for
    LEVELS_FULL = 11       #: no room for a new price, on this side or in the level pool


class SymbolState(IntEnum):
    """Whether a symbol takes orders. Cancels are always taken."""

    UNLISTED = 0
    TRADING = 1
    HALTED = 2


SYMBOL = np.dtype(
    [("tick_e4", "i8"), ("max_price_e4", "i8"), ("max_quantity", "i8"), ("state", "i8")],
    align=True,
)

#: An order on its way through the engine; also where it waits while the engine is PAUSED.
#: `limit_rank` is the worst rank on the other side that it may execute against.
INCOMING = np.dtype(
    [("key", "i8"), ("number", "i8"), ("replaces", "i8"), ("price_e4", "i8"), ("limit_rank", "i8"),
     ("now_ns", "i8"), ("leaves", "i8"), ("executed", "i8"), ("symbol", "i4"), ("tag", "u4"),
     ("side", "u1"), ("rests", "u1"), ("waiting", "u1"), ("reserved", "u1", (5,))],
    align=True,
)

ENGINE_STATE = np.dtype(
    [("next_number", "i8"), ("next_match", "i8"), ("events", "i8"), ("reserved", "i8")],
    align=True,
)

#: One event, 96 bytes. What is not named for a kind is 0.
#:
#: ==========  ====================================================================================
#: all         kind, book_change, time_ns, symbol, side, owner, user_ref, number, tag
#: ACCEPTED    order_type, time_in_force, price_e4, quantity, leaves
#: EXECUTED    of the resting order; price_e4, quantity, leaves, match_number; contra_number,
#:             contra_owner, contra_user_ref, contra_tag, contra_leaves: the incoming order
#: RESTED      price_e4, quantity, leaves; contra_number: the order it replaces in the public book
#: CANCELED    reason (CancelReason), price_e4, quantity (shares taken off), leaves
#: REPLACED    time_in_force, price_e4, quantity (shares exposed), leaves; contra_number,
#:             contra_owner, contra_user_ref, contra_tag, contra_leaves (its shares until now): the
#:             order replaced
#: REJECTED    reason (RefuseReason), order_type, time_in_force, price_e4, quantity as asked; number
#:             is 0, or for a replacement the order that stays, whose reference is contra_user_ref
#: ==========  ====================================================================================
EVENT = np.dtype(
    [("kind", "u1"), ("side", "u1"), ("book_change", "u1"), ("reason", "u1"),
     ("order_type", "u1"), ("time_in_force", "u1"), ("owner", "u2"), ("contra_owner", "u2"),
     ("symbol", "i4"), ("quantity", "u4"), ("leaves", "u4"), ("contra_leaves", "u4"),
     ("tag", "u4"), ("number", "i8"), ("user_ref", "i8"), ("price_e4", "i8"), ("time_ns", "i8"),
     ("contra_number", "i8"), ("contra_user_ref", "i8"), ("match_number", "i8"),
     ("contra_tag", "u4")],
    align=True,
)


class Engine(NamedTuple):
    """The matching engine's state. ``symbols``: SYMBOL by symbol; ``incoming``, ``state``: one
    record each; ``events``: EVENT, of which the first ``state[0]["events"]`` are to be taken."""

    book: OrderBook
    symbols: np.ndarray
    incoming: np.ndarray
    state: np.ndarray
    events: np.ndarray


def allocate(
    symbols: int,
    orders: int,
    levels: int | None = None,
    levels_per_side: int | Sequence[int] = 1024,
    events: int = 4096,
    seed: int = 0,
) -> Engine:
    """An engine with an empty book and no symbol listed.

    ``symbols``, ``orders``, ``levels``, ``levels_per_side`` and ``seed`` are the book's, as for
    :func:`actors.book.order_book.allocate_order_book`. ``events`` bounds the events not yet taken:
    an order that makes more pauses until they are.
    """
    if events < MIN_EVENTS:
        raise ValueError(f"an engine needs room for {MIN_EVENTS} events at least, not {events}")
    engine = Engine(
        book=allocate_order_book(symbols, orders, levels, levels_per_side, seed),
        symbols=aligned_zeros(symbols, SYMBOL),
        incoming=aligned_zeros(1, INCOMING),
        state=aligned_zeros(1, ENGINE_STATE),
        events=aligned_zeros(events, EVENT),
    )
    engine.state[0]["next_number"] = 1
    engine.state[0]["next_match"] = 1
    return engine


def list_symbol(
    engine: Engine,
    symbol: int,
    tick_e4: int = 1,
    max_price_e4: int = ENGINE_MAX_PRICE_E4,
    max_quantity: int = ENGINE_MAX_QUANTITY,
) -> None:
    """Let a symbol trade. Prices must be multiples of ``tick_e4``, up to ``max_price_e4``."""
    _check_symbol(engine, symbol)
    if not 1 <= tick_e4 <= max_price_e4 <= MAX_PRICE_E4:
        raise ValueError(
            f"symbol {symbol}: want 1 <= tick_e4 <= max_price_e4 <= {MAX_PRICE_E4}, "
            f"not tick_e4={tick_e4}, max_price_e4={max_price_e4}"
        )
    if not 1 <= max_quantity <= MAX_QUANTITY:
        raise ValueError(f"symbol {symbol}: max_quantity {max_quantity} is not 1..{MAX_QUANTITY}")
    engine.symbols[symbol] = (tick_e4, max_price_e4, max_quantity, SymbolState.TRADING)


def set_symbol_state(engine: Engine, symbol: int, state: SymbolState) -> None:
    """Halt a listed symbol, or let it trade again. What rests in the book stays there."""
    _check_symbol(engine, symbol)
    if engine.symbols[symbol]["tick_e4"] == 0:
        raise ValueError(f"symbol {symbol} is not listed: call list_symbol first")
    engine.symbols[symbol]["state"] = state


def _check_symbol(engine: Engine, symbol: int) -> None:
    if not 0 <= symbol < engine.symbols.size:
        raise ValueError(f"symbol {symbol}: the engine has symbols 0 to {engine.symbols.size - 1}")


def order_key(owner: int, user_ref: int) -> int:
    """The key under which the book knows an owner's order."""
    return owner << USER_REF_BITS | user_ref
