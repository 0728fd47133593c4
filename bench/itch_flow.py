"""A seeded day of ITCH 5.0 over thousands of symbols, in the proportions of a recorded market.

Proportions: AAPL's first hour of 2012-06-21 as LOBSTER published it (44,256 submissions, 41,004
deletions, 469 partial cancellations, 4,067 executions of displayed and 2,201 of hidden orders), in
which a replacement shows as a deletion and a submission; how many are replacements, name their
firm, or execute at a price of their own is as among 10,000 of AAPL's ITCH messages of 2019-01-30
(7,465 A, 109 F, 437 U, 729 E, 17 C). Assumed, as no recording says it: a symbol's share of the
messages falls as ``rank ** -0.8``; orders live for any number of messages with the same probability
a factor (log-uniform), so most go soon and some stay all day; prices lie behind the middle by a
geometrically distributed distance; executions take the first order at the best price.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from actors.book.book_memory import OrderBook, allocate_order_book
from actors.book.book_view import first_order
from actors.book.memory import aligned_zeros, kernel
from actors.book.order_book import add_order, find_order, order_at, reduce_at
from actors.book.price_levels import BUY
from schemas.venue import itch50, symbol_to_int
from schemas.venue.big_endian import put_u16

__all__ = ["Day", "MIX", "make_day"]

#: Messages of each type, of so many altogether.
MIX = {"A": 41_240, "D": 38_590, "E": 3_974, "U": 2_414, "P": 2_201, "F": 602, "X": 469, "C": 93}

_ADD, _FIRM, _DELETE, _EXECUTE, _AT_PRICE, _CANCEL, _REPLACE, _TRADE = (
    ord(kind) for kind in "AFDECXUP")
_PREFIX = 2
_LONGEST = int(itch50.LENGTH.max())
_DRAWS = 1 << 16
_OPEN_NS = 34_200_000_000_000
_BUY_LETTER, _SELL_LETTER = ord("B"), ord("S")
_FIRM_NAME = int.from_bytes(b"DESK", "little")


@dataclass(frozen=True)
class Day:
    """``buffer`` (uint8): the messages, each after its length (two bytes), as in a BinaryFILE or a
    MoldUDP64 packet. The first ``listing`` bytes list ``symbols``; up to ``opening`` orders join;
    from there on ``measured`` messages are the mix. ``book`` is the book after all of them.
    """

    symbols: tuple[str, ...]
    buffer: np.ndarray
    listing: int
    opening: int
    measured: int
    book: OrderBook

    def part(self, first: int, last: int) -> tuple[int, int]:
        """The address of the bytes from offset ``first`` to ``last``, and how many."""
        return self.buffer.ctypes.data + first, last - first


@kernel
def _random(state):
    """xorshift64 (Marsaglia, 2003): the next of 63 random bits."""
    x = state[0]
    x ^= x << np.uint64(13)
    x ^= x >> np.uint64(7)
    x ^= x << np.uint64(17)
    state[0] = x
    return np.int64(x >> np.uint64(1))


@kernel
def _price(state, middle_e4, side):
    """A price behind the middle: a cent, and on with probability 15/16 by cents up to 4."""
    distance = np.int64(1)
    while distance < 800 and _random(state) & 15 != 0:
        distance += 1 + (_random(state) & 3)
    return middle_e4 - 100 * distance if side == BUY else middle_e4 + 100 * distance


@kernel
def _resting(book, state, newest):
    """The slot of an order that rests, chosen by its age: log-uniform."""
    while True:
        back = np.int64(np.exp((_random(state) & 0xFFFFFF) / 16777216.0 * np.log(newest)))
        for reference in range(newest - back + 1, min(newest - back + 17, newest + 1)):
            slot = find_order(book, reference)
            if slot >= 0:
                return slot


@kernel
def _first_at_best(book, state, draws):
    """The slot of an order that executes next on some side of some symbol."""
    while True:
        slot = first_order(book, draws[_random(state) & (draws.size - 1)],
                           BUY + (_random(state) & 1))
        if slot >= 0:
            return slot


@kernel
def _letter(side):
    return _BUY_LETTER if side == BUY else _SELL_LETTER


@kernel
def _join(book, state, at, symbol, names, middles, reference, kind, time_ns):
    side = BUY + (_random(state) & 1)
    price_e4 = _price(state, middles[symbol], side)
    shares = 1 + (_random(state) & 255)
    add_order(book, reference, symbol, side, price_e4, shares)
    if kind == _FIRM:
        return itch50.put_add_order_mpid(at, symbol + 1, 0, time_ns, reference, _letter(side),
                                         shares, names[symbol], price_e4, _FIRM_NAME)
    return itch50.put_add_order(at, symbol + 1, 0, time_ns, reference, _letter(side), shares,
                                names[symbol], price_e4)


@kernel
def _leave(book, state, at, kind, slot, middles, reference, time_ns):
    """D, X, E, C or U of the order in ``slot``. Returns the message's length."""
    order = order_at(book, slot)
    number, locate, symbol = order.key, order.symbol + 1, np.int64(order.symbol)
    side, has = np.int64(order.side), np.int64(order.quantity)
    taken = min(has, 1 + (_random(state) & 127))
    if kind == _DELETE:
        reduce_at(book, slot, has)
        return itch50.put_order_delete(at, locate, 0, time_ns, number)
    if kind == _REPLACE:
        price_e4 = _price(state, middles[symbol], side)
        shares = 1 + (_random(state) & 255)
        reduce_at(book, slot, has)
        add_order(book, reference, symbol, side, price_e4, shares)
        return itch50.put_order_replace(at, locate, 0, time_ns, number, reference, shares, price_e4)
    if kind != _CANCEL:
        order.executed += taken
    reduce_at(book, slot, taken)
    if kind == _CANCEL:
        return itch50.put_order_cancel(at, locate, 0, time_ns, number, taken)
    if kind == _EXECUTE:
        return itch50.put_order_executed(at, locate, 0, time_ns, number, taken, time_ns)
    return itch50.put_order_executed_with_price(at, locate, 0, time_ns, number, taken, time_ns,
                                                ord("Y"), middles[symbol])


@kernel
def _make(book, kinds, addr, names, middles, draws, state, marks):
    """Writes a message of each of ``kinds`` at ``addr``. ``marks[i]``: where the i-th begins."""
    position = np.int64(0)
    newest = np.int64(0)
    for i in range(kinds.size):
        kind = np.int64(kinds[i])
        at = addr + position + _PREFIX
        time_ns = _OPEN_NS + 500 * i
        marks[i] = position
        symbol = draws[_random(state) & (draws.size - 1)]
        if kind == _ADD or kind == _FIRM:
            newest += 1
            length = _join(book, state, at, symbol, names, middles, newest, kind, time_ns)
        elif kind == _TRADE:
            length = itch50.put_trade(at, symbol + 1, 0, time_ns, 0, _BUY_LETTER,
                                      1 + (_random(state) & 127), names[symbol], middles[symbol],
                                      time_ns)
        else:
            if kind == _EXECUTE or kind == _AT_PRICE:
                slot = _first_at_best(book, state, draws)
            else:
                slot = _resting(book, state, newest)
            if kind == _REPLACE:
                newest += 1
            length = _leave(book, state, at, kind, slot, middles, newest, time_ns)
        put_u16(addr + position, 0, length)
        position += _PREFIX + length
    return position


def _listing(symbols: tuple[str, ...]) -> bytes:
    messages = [itch50.encode(
        type="R", stock_locate=i + 1, tracking_number=0, timestamp=_OPEN_NS, stock=symbol,
        market_category="Q", financial_status_indicator="N", round_lot_size=100,
        round_lots_only="N", issue_classification="C", issue_sub_type="Z", authenticity="P",
        short_sale_threshold_indicator="N", ipo_flag="N", luld_reference_price_tier="1",
        etp_flag="N", etp_leverage_factor=0, inverse_indicator="N")
        for i, symbol in enumerate(symbols)]
    return b"".join(len(m).to_bytes(2, "big") + m for m in messages)


def _draws(symbols: int, rng) -> np.ndarray:
    """_DRAWS symbols, each as often as its share of the messages says, at least once."""
    weight = np.arange(1, symbols + 1) ** -0.8
    times = np.maximum(1, np.floor(weight / weight.sum() * (_DRAWS - symbols))).astype(np.int64)
    times[0] += _DRAWS - times.sum()
    return rng.permutation(np.repeat(rng.permutation(symbols), times)).astype(np.int64)


def make_day(symbols: int, resting: int, measured: int, seed: int = 1) -> Day:
    """A day of so many ``symbols``: ``resting`` orders join, then come ``measured`` messages."""
    rng = np.random.default_rng(seed)
    names = tuple(f"S{i:05d}" for i in range(symbols))
    letters = np.array([ord(kind) for kind in MIX], np.uint8)
    share = np.array(list(MIX.values())) / sum(MIX.values())
    kinds = np.concatenate([np.full(resting, _ADD, np.uint8),
                            rng.choice(letters, measured, p=share)])
    listing = np.frombuffer(_listing(names), np.uint8)
    buffer = aligned_zeros(listing.size + (_PREFIX + _LONGEST) * kinds.size, np.uint8)
    buffer[:listing.size] = listing
    book = allocate_order_book(symbols, 2 * resting + 1024, levels_per_side=1024)
    middles = np.rint(np.exp(rng.uniform(np.log(10), np.log(500), symbols)) * 100)
    marks = np.zeros(kinds.size, np.int64)
    written = _make(book.address, kinds, buffer.ctypes.data + listing.size,
                    np.array([symbol_to_int(n) for n in names], np.int64),
                    (middles * 100).astype(np.int64), _draws(symbols, rng),
                    np.array([88172645463325252 + seed], np.uint64), marks)
    return Day(names, buffer[:listing.size + written], listing.size,
               listing.size + int(marks[resting]), measured, book)
