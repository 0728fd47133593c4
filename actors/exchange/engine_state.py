"""What the matching engine keeps and says: its memory, its events, its vocabulary.

Layouts and enumerations only; the kernels are in :mod:`actors.exchange.matching`. An engine is one
block of bytes of fixed size, allocated at the start; a bound that is reached is answered by a
reject that names it. It contains no address: a copy of it is the engine at that moment.

::

    0      ENGINE      sizes, offsets, the next numbers
    128    INCOMING    the order being worked on
    256    the order book (:mod:`actors.book.book_memory`), then symbols, owners, terms, and events
"""

from collections.abc import Sequence
from enum import IntEnum, IntFlag

import numpy as np

from actors.book.book_memory import HIDDEN, MAX_PRICE_E4, MAX_QUANTITY, BookBounds, OrderBook
from actors.book.memory import aligned_zeros, lay_out, view_at

__all__ = ["Attribute", "BOOK_AT", "BPS", "BookChange", "CancelMode", "CancelReason",
           "DEFAULT_MAX_PRICE_E4", "DEFAULT_MAX_QUANTITY", "ENGINE", "EVENT", "EXPIRY_SHIFT",
           "Engine", "EventKind", "INCOMING", "INCOMING_AT", "MAX_OWNER", "MAX_USER_REF",
           "MIN_EVENTS", "OWNER", "RefuseReason", "SYMBOL", "SelfMatch", "Status", "SymbolState",
           "TERMS", "USER_REF_BITS", "allocate", "order_key"]

#: A client's order is known by its owner (16 bits) and the client's reference (47 bits).
USER_REF_BITS = 47
MAX_OWNER = 2**16 - 1
MAX_USER_REF = 2**USER_REF_BITS - 1
#: The limits of a symbol unless listed with others: OUCH 5.0's, $199,999.99 and 999,999 shares.
DEFAULT_MAX_PRICE_E4 = 1_999_999_900
DEFAULT_MAX_QUANTITY = 999_999
#: The least room for events: accepted, one execution and its end, and one to spare.
MIN_EVENTS = 4
#: Where in an argument ``attributes`` the second begins at which the order expires, 0: never.
EXPIRY_SHIFT = 8
#: A price collar counts in basis points.
BPS = 10_000


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
    REFRESHED = 7  #: what an order with a reserve displays is used up, and some more is displayed
    MODIFIED = 8   #: an order has another tag, and perhaps fewer shares, in its place


class BookChange(IntEnum):
    """What an event did to the public book: the ITCH message it makes, if any."""

    NONE = 0
    ADD = 1      #: A or F: ``number`` rests, ``shown`` at ``price_e4``
    EXECUTE = 2  #: E: ``shown`` of ``number``, ``match_number``
    REDUCE = 3   #: X: ``shown`` less of ``number``, which keeps its place
    DELETE = 4   #: D: CANCELED: ``number`` is gone; REPLACED: ``contra_number`` is gone
    REPLACE = 5  #: U: ``number`` for ``contra_number``, ``shown`` at ``price_e4``
    TRADE = 6    #: P: a hidden order traded ``quantity`` at ``price_e4``; the book is as before


class CancelReason(IntEnum):
    """Why shares were canceled."""

    USER = 1             #: the owner asked
    IMMEDIATE = 2        #: the rest of an IOC or market order
    INVALID_REPLACE = 3  #: a replacement with impossible details takes its order off (OUCH 5.0)
    CLOSED = 4           #: the day is over
    HALTED = 5           #: the symbol was halted
    SUPERVISORY = 6      #: the venue's operator
    DISCONNECTED = 7     #: the owner's session is gone
    POST_ONLY = 8        #: it would have taken shares off the book
    SELF_MATCH = 9       #: it would have met an order of its owner
    COLLAR = 10          #: the rest of a market order: further prices are beyond the collar
    EXPIRED = 11         #: its time was over


class SelfMatch(IntEnum):
    """What happens when two orders of one owner meet, who is asked to say so beforehand."""

    NONE = 0           #: they trade
    CANCEL_NEWEST = 1  #: the incoming order is canceled
    CANCEL_OLDEST = 2  #: the resting order is canceled, and the incoming one goes on
    CANCEL_BOTH = 3


class Attribute(IntFlag):
    """What an order is beyond its price and quantity. The last four are the engine's to set.

    An order that is to expire has the second of the day when it does behind these bits
    (``EXPIRY_SHIFT``), in an argument ``attributes``.
    """

    HIDDEN = HIDDEN  #: not displayed; ranks behind the displayed orders at its price
    POST_ONLY = 2    #: canceled if it would execute on entry
    GTC = 4          #: good till canceled: as a day order here, and for the end of the day to see
    RESERVE = 8      #: more of it waits than is displayed
    MINIMUM = 16     #: it executes against orders of a least quantity only
    EXPIRES = 32     #: it is canceled when its second comes
    CANCEL_PENDING = 64  #: its owner wants it canceled as soon as the venue takes cancels again


class CancelMode(IntEnum):
    """What a symbol does with its owners' cancels and replacements."""

    TAKEN = 0
    PENDING = 1   #: cancels wait until they are taken again
    REJECTED = 2


class RefuseReason(IntEnum):
    """Why an order or replacement was rejected: the first that applies, in this order."""

    NONE = 0
    BAD_REFERENCE = 1      #: the owner or user_ref does not fit its bits
    BAD_SYMBOL = 2         #: not listed
    HALTED = 3             #: the symbol does not trade now
    BAD_SIDE = 4           #: neither BUY nor SELL
    BAD_ORDER_TYPE = 5     #: neither LIMIT nor MARKET
    BAD_TIME_IN_FORCE = 6  #: neither DAY nor IOC
    BAD_QUANTITY = 7       #: not positive, or above the symbol's limit
    BAD_PRICE = 8          #: not positive, off the tick, or above the symbol's limit
    COLLAR = 9             #: a limit further beyond the last price than the symbol's collar
    BAD_ATTRIBUTES = 10    #: unknown ones, or POST_ONLY or GTC for an order that never rests
    BAD_MINIMUM = 11       #: negative, above the quantity, or for an order that rests displayed
    BAD_DISPLAY = 12       #: negative, or for an order that is hidden or never rests
    DUPLICATE_REF = 13     #: this owner has an order in the book with this user_ref
    ORDERS_FULL = 14       #: the book holds as many orders as it was allocated for
    LEVELS_FULL = 15       #: no room for a new price, on this side or in the level pool


class SymbolState(IntEnum):
    """Whether a symbol takes orders. Cancels are always taken."""

    UNLISTED = 0
    TRADING = 1
    HALTED = 2


#: `reference_e4` is the last price at which the symbol traded here, or that which it was listed
#: with, or 0; the collar, if not 0, counts from there. `cancels` is a
#: CancelMode.
SYMBOL = np.dtype(
    [("tick_e4", "i8"), ("max_price_e4", "i8"), ("reference_e4", "i8"), ("max_quantity", "u4"),
     ("collar_bps", "u2"), ("state", "u1"), ("cancels", "u1")],
    align=True,
)

#: What is known of an owner, by number.
OWNER = np.dtype([("self_match", "u1")])

#: Beside each place in the order pool, what only few orders have: shares in `reserve`, how many to
#: `display` at a time, the least to execute, and the second of the day at which it expires. Means
#: something only if the order's attributes say so (RESERVE, MINIMUM, EXPIRES).
TERMS = np.dtype([("reserve", "u4"), ("display", "u4"), ("minimum", "u4"), ("expires_s", "u4")])

#: An order on its way through the engine; also where it waits while the engine is PAUSED.
#: `limit_rank` is the worst rank on the other side that it may execute against; `collared` says
#: that it is a market order's collar.
INCOMING = np.dtype(
    [("key", "i8"), ("number", "i8"), ("replaces", "i8"), ("price_e4", "i8"), ("limit_rank", "i8"),
     ("now_ns", "i8"), ("leaves", "i8"), ("executed", "i8"), ("symbol", "i4"), ("tag", "u4"),
     ("display", "u4"), ("minimum", "u4"), ("expires_s", "u4"), ("side", "u1"),
     ("rests", "u1"), ("waiting", "u1"),
     ("attributes", "u1"), ("collared", "u1"), ("end_reason", "u1"), ("reserved", "u1", (2,))],
    align=True,
)

#: The header of the block; `*_at` are offsets in it. `events` is how many there is room for, of
#: which the first `pending` are to be taken. No order expires before second `expires_s` of the day;
#: 0: none does.
ENGINE = np.dtype(
    [("magic", "i8"), ("size", "i8"), ("symbols", "i8"), ("symbols_at", "i8"), ("events", "i8"),
     ("events_at", "i8"), ("pending", "i8"), ("next_number", "i8"), ("next_match", "i8"),
     ("owners_at", "i8"), ("terms_at", "i8"), ("expires_s", "i8"), ("reserved", "i8", (4,))]
)

MAGIC = int.from_bytes(b"PWENGN02", "little")
INCOMING_AT = 128
BOOK_AT = 256
assert ENGINE.itemsize == 128 and INCOMING.itemsize <= BOOK_AT - INCOMING_AT

#: One event, 96 bytes. What is not named for a kind is 0. Quantities and leaves include reserves;
#: `shown` is the part of `quantity` that the public book hears of.
#:
#: ==========  ====================================================================================
#: all         kind, book_change, time_ns, symbol, side, owner, user_ref, number, tag
#: ACCEPTED    order_type, time_in_force, price_e4, quantity, leaves
#: EXECUTED    of the resting order; price_e4, quantity, leaves, match_number; contra_number,
#:             contra_owner, contra_user_ref, contra_tag, contra_leaves: the incoming order
#: RESTED      price_e4, quantity, leaves; contra_number: the order it replaces in the public book
#: CANCELED    reason (CancelReason), price_e4, quantity (shares taken off), leaves. SELF_MATCH:
#:             price_e4 is that at which the two would have traded, contra_leaves how many shares;
#:             contra_number, contra_owner, contra_user_ref, contra_tag: the other order
#: MODIFIED    price_e4, quantity (shares taken off, may be 0), leaves
#: REFRESHED   price_e4, quantity, leaves; contra_number: its number until now
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
     ("contra_tag", "u4"), ("shown", "u4")],
    align=True,
)
assert EVENT.itemsize == 96 and SYMBOL.itemsize == 32


class Engine:
    """A block of memory that is a matching engine, and NumPy views of what is in it.

    Kernels take ``address``. ``book`` is the :class:`OrderBook` inside; ``state`` (ENGINE) and
    ``incoming`` (INCOMING) are record arrays of one, ``symbols`` (SYMBOL), ``owners`` (OWNER),
    ``terms`` (TERMS) and ``events`` (EVENT) of many. ``memory`` is kept alive, and must stay where
    it is while kernels use the address.
    """

    def __init__(self, memory: np.ndarray):
        if memory.dtype != np.uint8 or memory.size < BOOK_AT or memory.ctypes.data % 64:
            raise ValueError("an engine is a block of uint8 that starts on a cache line")
        self.state = view_at(memory, 0, ENGINE, 1)
        header = self.state[0]
        if header["magic"] != MAGIC or header["size"] > memory.size:
            raise ValueError(
                f"these {memory.size} bytes are not a matching engine of version "
                f"{MAGIC.to_bytes(8, 'little')!r}: they start with {memory[:16].tobytes()!r}"
            )
        self.memory = memory
        self.incoming = view_at(memory, INCOMING_AT, INCOMING, 1)
        self.book = OrderBook(memory[BOOK_AT : header["symbols_at"]])
        self.symbols = view_at(memory, header["symbols_at"], SYMBOL, header["symbols"])
        self.owners = view_at(memory, header["owners_at"], OWNER, MAX_OWNER + 1)
        self.terms = view_at(memory, header["terms_at"], TERMS, self.book.orders.size)
        self.events = view_at(memory, header["events_at"], EVENT, header["events"])

    @property
    def address(self) -> int:
        """Where the block is: what kernels take as ``engine``."""
        return self.memory.ctypes.data

    def pending(self) -> np.ndarray:
        """The events that were not taken yet: EVENT records, oldest first, a view."""
        return self.events[: self.state["pending"][0]]

    def list_symbol(
        self,
        symbol: int,
        tick_e4: int = 1,
        max_price_e4: int = DEFAULT_MAX_PRICE_E4,
        max_quantity: int = DEFAULT_MAX_QUANTITY,
        collar_bps: int = 0,
        reference_e4: int = 0,
    ) -> None:
        """Let a symbol trade. Prices must be multiples of ``tick_e4``, up to ``max_price_e4``.

        With a collar, limit orders that are more than ``collar_bps`` basis points more aggressive
        than the last price (``reference_e4`` until there is one; no collar while both are 0) are
        refused, and market orders execute no further than that.
        """
        self._check_symbol(symbol)
        if not 1 <= tick_e4 <= max_price_e4 <= MAX_PRICE_E4:
            raise ValueError(
                f"symbol {symbol}: want 1 <= tick_e4 <= max_price_e4 <= {MAX_PRICE_E4}, "
                f"not tick_e4={tick_e4}, max_price_e4={max_price_e4}"
            )
        if not 1 <= max_quantity <= MAX_QUANTITY:
            raise ValueError(
                f"symbol {symbol}: want 1 <= max_quantity <= {MAX_QUANTITY}, not {max_quantity}"
            )
        if not 0 <= collar_bps < BPS:
            raise ValueError(f"symbol {symbol}: want 0 <= collar_bps < {BPS}, not {collar_bps}")
        if not 0 <= reference_e4 <= max_price_e4:
            raise ValueError(f"symbol {symbol}: want a reference_e4 of 0 to max_price_e4="
                             f"{max_price_e4}, not {reference_e4}")
        self.symbols[symbol] = (tick_e4, max_price_e4, reference_e4, max_quantity, collar_bps,
                                SymbolState.TRADING, 0)

    def set_self_match(self, owner: int, mode: SelfMatch) -> None:
        """What happens from now on when two orders of this owner meet."""
        if not 0 <= owner <= MAX_OWNER:
            raise ValueError(f"owner {owner}: owners are numbered 0 to {MAX_OWNER}")
        self.owners[owner]["self_match"] = SelfMatch(mode)

    def set_symbol_state(self, symbol: int, state: SymbolState) -> None:
        """Halt a listed symbol, or let it trade again. What rests in the book stays there."""
        self._check_symbol(symbol)
        if self.symbols[symbol]["tick_e4"] == 0:
            raise ValueError(f"symbol {symbol} is not listed: call list_symbol first")
        self.symbols[symbol]["state"] = state

    def _check_symbol(self, symbol: int) -> None:
        if not 0 <= symbol < self.symbols.size:
            raise ValueError(f"symbol {symbol}: the engine has 0 to {self.symbols.size - 1}")


def allocate(
    symbols: int,
    orders: int,
    levels: int | None = None,
    levels_per_side: int | Sequence[int] = 1024,
    events: int = 4096,
    seed: int = 0,
    hidden_levels: int | Sequence[int] | None = None,
) -> Engine:
    """An engine with an empty book and no symbol listed, in memory of its own.

    ``symbols``, ``orders``, ``levels`` and ``levels_per_side`` are the book's, as for
    :class:`actors.book.book_memory.BookBounds`, as is ``hidden_levels``, by default as many as
    ``levels_per_side``; ``seed``, if not 0, draws the hash of order keys.
    ``events`` bounds the events not yet taken: an order that makes more pauses until they are.
    """
    if events < MIN_EVENTS:
        raise ValueError(f"an engine needs room for {MIN_EVENTS} events at least, not {events}")
    hidden = levels_per_side if hidden_levels is None else hidden_levels
    bounds = BookBounds(symbols, orders, levels, levels_per_side, hidden)
    symbols_at, owners_at, terms_at, events_at, size = lay_out(
        BOOK_AT + bounds.size,
        [(SYMBOL, symbols), (OWNER, MAX_OWNER + 1), (TERMS, orders), (EVENT, events)]
    )
    memory = aligned_zeros(size, np.uint8)
    OrderBook.create(memory[BOOK_AT:symbols_at], bounds, seed)
    view_at(memory, 0, ENGINE, 1)[0] = (
        MAGIC, size, symbols, symbols_at, events, events_at, 0, 1, 1, owners_at, terms_at, 0,
        (0,) * 4
    )
    return Engine(memory)


def order_key(owner: int, user_ref: int) -> int:
    """The key under which the book knows an owner's order."""
    return owner << USER_REF_BITS | user_ref
