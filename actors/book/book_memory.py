"""An order book as memory: one block of bytes that holds a fixed number of orders and levels.

::

    0      BOOK         sizes, offsets, the order pool's free list
    128    LADDERS      the header of the price ladders; its offsets count from here
    192    MAP_HEADER   the header of the order map
    256    entries of the order map, then sides, rungs, levels, and orders

The block says of itself how it is laid out, and contains no address: a copy of it is a book.
"""

from collections.abc import Sequence

import numpy as np

from actors.book.memory import aligned_zeros, lay_out, view_at
from actors.book.order_map import MAP_ENTRY, MAP_HEADER, clear_map, table_size
from actors.book.price_levels import LADDERS, LEVEL, RUNG, SIDE, clear_ladders

__all__ = ["BOOK", "BookBounds", "HIDDEN", "INDEX_AT", "LADDERS_AT", "MAX_PRICE_E4",
           "MAX_QUANTITY", "NO_ORDER", "ORDER", "OrderBook", "allocate_order_book"]

#: In place of a slot where there is no order.
NO_ORDER = -1
#: Prices are within plus or minus this. Any venue's uint32 or price(4) uint64 price fits.
MAX_PRICE_E4 = 2**62
#: An order's quantity is 1 to this.
MAX_QUANTITY = 2**32 - 1
#: The bit of `attributes` that is set exactly for orders on hidden rows.
HIDDEN = 1

#: One order: a cache line. `number` is the venue's order reference number; `executed` counts the
#: shares executed over a chain of replacements; `tag` is the owner of the book's to use, as are the
#: bits of `attributes` but HIDDEN. In a free slot `next` is the free list, the rest is what the
#: last order left.
ORDER = np.dtype(
    [("key", "i8"), ("number", "i8"), ("price_e4", "i8"), ("entered_ns", "i8"),
     ("quantity", "u4"), ("executed", "u4"), ("prev", "i4"), ("next", "i4"), ("level", "i4"),
     ("symbol", "i4"), ("tag", "u4"), ("side", "u1"), ("attributes", "u1"),
     ("reserved", "u1", (2,))],
    align=True,
)

#: The header of the block. `*_at` are offsets in it; `free` is the first free slot.
BOOK = np.dtype(
    [("magic", "i8"), ("size", "i8"), ("orders", "i8"), ("orders_at", "i8"), ("entries", "i8"),
     ("entries_at", "i8"), ("available", "i8"), ("free", "i8")]
)

MAGIC = int.from_bytes(b"PWBOOK02", "little")
LADDERS_AT = 128
INDEX_AT = 192
ARRAYS_AT = 256
assert ORDER.itemsize == LADDERS.itemsize == BOOK.itemsize == 64
assert MAP_HEADER.itemsize <= ARRAYS_AT - INDEX_AT


class BookBounds:
    """How much an order book holds, and so how its block is laid out.

    ``symbols``: numbered from 0; ``orders``: resting at a time; ``levels``: prices at a time, over
    all symbols (default: as many as orders, but no more than the sides hold); ``levels_per_side``:
    prices at a time on one side of a symbol, or of each symbol if it is a sequence;
    ``hidden_levels``: the same for hidden orders, 0 for a book that has none.
    """

    def __init__(
        self,
        symbols: int,
        orders: int,
        levels: int | None = None,
        levels_per_side: int | Sequence[int] = 1024,
        hidden_levels: int | Sequence[int] = 0,
    ):
        if not 1 <= symbols <= 2**24:
            raise ValueError(f"a book needs 1 to 2**24 symbols, not {symbols}")
        if not 1 <= orders <= 2**30:
            raise ValueError(f"a book needs room for 1 to 2**30 orders, not {orders}")
        per_symbol = np.broadcast_to(np.asarray(levels_per_side, np.int64), (symbols,))
        if per_symbol.min() < 1 or per_symbol.sum() > 2**29:
            raise ValueError(
                "levels_per_side must be at least 1 for every symbol and 2**29 in total, "
                f"not {levels_per_side}"
            )
        hidden = np.broadcast_to(np.asarray(hidden_levels, np.int64), (symbols,))
        if hidden.min() < 0 or hidden.sum() > 2**29:
            raise ValueError(
                f"hidden_levels must be 0 or more, and 2**29 at most in total, not {hidden_levels}"
            )
        if not hidden.any():
            hidden = hidden[:0]
        if levels is None:
            levels = min(orders, 2 * int(per_symbol.sum() + hidden.sum()))
        if not 1 <= levels <= 2**30:
            raise ValueError(f"a book needs room for 1 to 2**30 levels, not {levels}")
        self.symbols = symbols
        self.capacities = np.repeat(np.concatenate([per_symbol, hidden]), 2)
        self.arrays = {
            "entries": (MAP_ENTRY, table_size(orders)),
            "sides": (SIDE, self.capacities.size),
            "rungs": (RUNG, int(self.capacities.sum())),
            "levels": (LEVEL, levels),
            "orders": (ORDER, orders),
        }
        *offsets, self.size = lay_out(ARRAYS_AT, list(self.arrays.values()))
        self.offsets = dict(zip(self.arrays, offsets))


class OrderBook:
    """A block of memory that is an order book, and NumPy views of what is in it.

    Kernels take ``address``. The views are for setting up, tests and looking: ``orders`` ORDER,
    ``sides`` SIDE, ``rungs`` RUNG, ``levels`` LEVEL, ``entries`` MAP_ENTRY, and the headers, each a
    record array of one: ``book`` BOOK, ``ladders`` LADDERS, ``index`` MAP_HEADER. ``memory`` is
    kept alive, and must stay where it is while kernels use the address.
    """

    def __init__(self, memory: np.ndarray):
        if memory.dtype != np.uint8 or memory.size < ARRAYS_AT or memory.ctypes.data % 64:
            raise ValueError("an order book is a block of uint8 that starts on a cache line")
        self.book = view_at(memory, 0, BOOK, 1)
        header = self.book[0]
        if header["magic"] != MAGIC or header["size"] > memory.size:
            raise ValueError(
                f"these {memory.size} bytes are not an order book of version "
                f"{MAGIC.to_bytes(8, 'little')!r}: they start with {memory[:16].tobytes()!r}"
            )
        self.memory = memory
        self.ladders = view_at(memory, LADDERS_AT, LADDERS, 1)
        self.index = view_at(memory, INDEX_AT, MAP_HEADER, 1)
        self.entries = view_at(memory, header["entries_at"], MAP_ENTRY, header["entries"])
        self.orders = view_at(memory, header["orders_at"], ORDER, header["orders"])
        ladders = self.ladders[0]
        at = LADDERS_AT
        self.sides = view_at(memory, at + ladders["sides_at"], SIDE, ladders["rows"])
        self.rungs = view_at(memory, at + ladders["rungs_at"], RUNG, ladders["rungs"])
        self.levels = view_at(memory, at + ladders["levels_at"], LEVEL, ladders["levels"])

    @classmethod
    def create(cls, memory: np.ndarray, bounds: BookBounds, seed: int = 0) -> "OrderBook":
        """Make an empty book of a block, of any content, of at least ``bounds.size`` bytes.

        ``seed``, if not 0, draws the hash of the order keys.
        """
        count = {name: array[1] for name, array in bounds.arrays.items()}
        at = bounds.offsets
        memory[:ARRAYS_AT] = 0
        view_at(memory, 0, BOOK, 1)[0] = (
            MAGIC, bounds.size, count["orders"], at["orders"], count["entries"], at["entries"],
            count["orders"], 0,
        )
        view_at(memory, LADDERS_AT, LADDERS, 1)[0] = (
            count["sides"], 2 * bounds.symbols, at["sides"] - LADDERS_AT, count["rungs"],
            at["rungs"] - LADDERS_AT, count["levels"], at["levels"] - LADDERS_AT, 0, 0,
        )
        book = cls(memory)
        clear_map(book.entries, book.index, count["orders"], seed)
        clear_ladders(book.ladders, book.sides, book.levels, bounds.capacities)
        book.orders["next"] = np.arange(1, count["orders"] + 1)
        book.orders["next"][-1] = NO_ORDER
        return book

    @property
    def address(self) -> int:
        """Where the block is: what kernels take as ``book``."""
        return self.memory.ctypes.data

    @property
    def resting(self) -> int:
        """How many orders rest in the book."""
        return int(self.book["orders"][0] - self.book["available"][0])


def allocate_order_book(
    symbols: int,
    orders: int,
    levels: int | None = None,
    levels_per_side: int | Sequence[int] = 1024,
    seed: int = 0,
) -> OrderBook:
    """An empty book in memory of its own. See :class:`BookBounds` and :meth:`OrderBook.create`.

    It takes 96 to 128 bytes an order, 32 a level, 16 for each price a side may have.
    """
    bounds = BookBounds(symbols, orders, levels, levels_per_side)
    return OrderBook.create(aligned_zeros(bounds.size, np.uint8), bounds, seed)
