"""The order book: stories first, then any session against the obvious model."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.book.book_view import (DEPTH_LEVEL, best_ask, best_bid, best_price, copy_depth,
                                   first_order, level_count, next_order, nth_price, state_hash)
from actors.book.integrity import check_integrity
from actors.book.book_memory import OrderBook, allocate_order_book
from actors.book.memory import aligned_zeros
from actors.book.order_book import (BookStatus, Change, add_order, execute_order, find_order,
                                    reduce_order, remove_order, replace_order)
from schemas.enums import Side
from tests.book.order_book_model import ModelBook

BUY, SELL = int(Side.BUY), int(Side.SELL)


def depth_of(book, symbol, side):
    out = np.zeros(64, DEPTH_LEVEL)
    return [tuple(map(int, row)) for row in out[: copy_depth(book.address, symbol, side, out)]]


def queue_of(book, symbol, side):
    keys, slot = [], first_order(book.address, symbol, side)
    while slot >= 0:
        keys.append(int(book.orders[slot]["key"]))
        slot = next_order(book.address, slot)
    return keys


def test_orders_queue_by_price_then_by_time():
    book = allocate_order_book(symbols=2, orders=16)
    at = book.address
    for key, price in ((1, 100), (2, 101), (3, 100), (4, 99), (5, 101)):
        assert add_order(at, key, 1, BUY, price, 10).status == BookStatus.OK
        add_order(at, 10 + key, 1, SELL, 200 - price + 5, 10)
    assert queue_of(book, 1, BUY) == [2, 5, 1, 3, 4]
    assert queue_of(book, 1, SELL) == [12, 15, 11, 13, 14]
    assert depth_of(book, 1, BUY) == [(101, 20, 2), (100, 20, 2), (99, 10, 1)]
    assert best_bid(at, 1) == (101, 20)
    assert best_ask(at, 1) == (104, 20)
    assert nth_price(at, 1, BUY, 2) == (99, 10, 1)
    assert nth_price(at, 1, BUY, 3) == (0, 0, 0)
    assert best_bid(at, 0) == (0, 0)
    assert check_integrity(book) == []


def test_every_change_says_what_is_now_at_the_price():
    book = allocate_order_book(symbols=1, orders=8)
    at = book.address
    assert add_order(at, 7, 0, SELL, 500, 100) == Change(0, 0, 0, SELL, 500, 100, 100, 100)
    assert add_order(at, 8, 0, SELL, 500, 50) == Change(0, 1, 0, SELL, 500, 50, 50, 150)
    assert execute_order(at, 7, 30) == Change(0, 0, 0, SELL, 500, 30, 70, 120)
    assert reduce_order(at, 7, 20) == Change(0, 0, 0, SELL, 500, 20, 50, 100)
    assert queue_of(book, 0, SELL) == [7, 8], "a reduced order keeps its place"
    assert book.orders[0]["executed"] == 30
    assert remove_order(at, 7) == Change(0, 0, 0, SELL, 500, 50, 0, 50)
    assert remove_order(at, 8) == Change(0, 1, 0, SELL, 500, 50, 0, 0)
    assert level_count(at, 0, SELL) == 0


def test_a_replaced_order_goes_to_the_back_even_at_its_old_price():
    book = allocate_order_book(symbols=1, orders=8)
    at = book.address
    add_order(at, 1, 0, BUY, 100, 10)
    add_order(at, 2, 0, BUY, 100, 10)
    removed, added = replace_order(at, 1, 3, 100, 15)
    assert (removed.price_e4, removed.quantity, removed.level_quantity) == (100, 10, 10)
    assert (added.price_e4, added.quantity, added.level_quantity) == (100, 15, 25)
    assert queue_of(book, 0, BUY) == [2, 3]


def test_an_unknown_order_is_reported_and_nothing_else_happens():
    book = allocate_order_book(symbols=1, orders=8)
    at = book.address
    before = state_hash(at)
    for change in (remove_order(at, 9), reduce_order(at, 9, 1), execute_order(at, 9, 1)):
        assert change.status == BookStatus.UNKNOWN_ORDER
        assert change.slot == -1
    assert replace_order(at, 9, 10, 1, 1)[1].status == BookStatus.UNKNOWN_ORDER
    assert state_hash(at) == before


def test_taking_more_than_an_order_has_takes_all_and_says_so():
    book = allocate_order_book(symbols=1, orders=8)
    at = book.address
    add_order(at, 1, 0, BUY, 100, 10)
    change = execute_order(at, 1, 11)
    assert (change.status, change.quantity, change.leaves) == (BookStatus.CLAMPED, 10, 0)
    assert find_order(at, 1) == -1


@pytest.mark.parametrize(
    "symbol, side, price, quantity, status",
    [
        (-1, BUY, 1, 1, BookStatus.BAD_SYMBOL),
        (2, BUY, 1, 1, BookStatus.BAD_SYMBOL),
        (0, 0, 1, 1, BookStatus.BAD_SIDE),
        (2, 3, 1, 1, BookStatus.BAD_SIDE),
        (0, 3, 1, 1, BookStatus.BAD_SIDE),
        (0, BUY, 2**62 + 1, 1, BookStatus.BAD_PRICE),
        (0, BUY, -(2**62) - 1, 1, BookStatus.BAD_PRICE),
        (0, BUY, 1, 0, BookStatus.BAD_QUANTITY),
        (0, BUY, 1, 2**32, BookStatus.BAD_QUANTITY),
    ],
)
def test_what_cannot_be_an_order_is_refused(symbol, side, price, quantity, status):
    book = allocate_order_book(symbols=2, orders=4)
    at = book.address
    assert add_order(at, 1, symbol, side, price, quantity).status == status
    assert book.resting == 0


def test_the_extremes_of_price_and_quantity_are_orders_like_any_other():
    book = allocate_order_book(symbols=1, orders=4)
    at = book.address
    for key, side in ((1, BUY), (2, SELL)):
        add_order(at, key, 0, side, 2**62, 2**32 - 1)
        add_order(at, key + 2, 0, side, -(2**62), 2**32 - 1)
    assert queue_of(book, 0, BUY) == [1, 3]
    assert queue_of(book, 0, SELL) == [4, 2]
    assert check_integrity(book) == []


def test_a_total_beyond_what_a_depth_record_can_say_is_cut_to_its_most():
    book = allocate_order_book(symbols=1, orders=4)
    at = book.address
    add_order(at, 1, 0, BUY, 5, 2**32 - 1)
    add_order(at, 2, 0, BUY, 5, 2**32 - 1)
    assert best_bid(at, 0) == (5, 2**33 - 2)
    assert depth_of(book, 0, BUY) == [(5, 2**32 - 1, 2)]


def test_the_hash_knows_priority_but_not_history():
    def book_of(*orders, detour=False):
        book = allocate_order_book(symbols=1, orders=8)
        at = book.address
        if detour:
            for key in (90, 91, 92):
                add_order(at, key, 0, BUY, 50 + key, 1)
            remove_order(at, 91)
            remove_order(at, 90)
            remove_order(at, 92)
        for order in orders:
            add_order(at, *order)
        return state_hash(at)

    first, second = (1, 0, BUY, 100, 10), (2, 0, BUY, 100, 10)
    assert book_of(first, second) == book_of(first, second, detour=True)
    assert book_of(first, second) != book_of(second, first)


def test_a_full_book_refuses_loses_nothing_and_recovers():
    book = allocate_order_book(symbols=1, orders=2)
    at = book.address
    add_order(at, 1, 0, BUY, 10, 1)
    add_order(at, 2, 0, BUY, 11, 1)
    assert add_order(at, 3, 0, BUY, 12, 1).status == BookStatus.ORDERS_FULL
    assert queue_of(book, 0, BUY) == [2, 1]
    remove_order(at, 2)
    assert add_order(at, 3, 0, BUY, 12, 1).status == BookStatus.OK


def test_a_full_ladder_still_takes_orders_at_the_prices_it_has():
    book = allocate_order_book(symbols=1, orders=8, levels_per_side=2)
    at = book.address
    add_order(at, 1, 0, SELL, 10, 1)
    add_order(at, 2, 0, SELL, 11, 1)
    assert add_order(at, 3, 0, SELL, 9, 1).status == BookStatus.LEVELS_FULL
    assert add_order(at, 4, 0, SELL, 11, 1).status == BookStatus.OK
    assert add_order(at, 5, 0, BUY, 9, 1).status == BookStatus.OK
    assert check_integrity(book) == []


def test_a_copy_of_the_memory_is_the_book_at_that_moment():
    book = allocate_order_book(symbols=1, orders=4)
    add_order(book.address, 1, 0, BUY, 10, 5)
    copy = aligned_zeros(book.memory.size, np.uint8)
    copy[:] = book.memory
    remove_order(book.address, 1)
    assert queue_of(OrderBook(copy), 0, BUY) == [1]
    assert queue_of(book, 0, BUY) == []


def test_memory_that_is_no_book_is_refused():
    memory = allocate_order_book(symbols=1, orders=4).memory
    with pytest.raises(ValueError, match="starts on a cache line"):
        OrderBook(memory[1:])
    with pytest.raises(ValueError, match="not an order book"):
        OrderBook(memory[:-64])
    memory[0] ^= 1
    with pytest.raises(ValueError, match="not an order book"):
        OrderBook(memory)


@pytest.mark.parametrize("orders, levels, per_side", [(0, 1, 1), (1, 0, 1), (1, 1, 0)])
def test_a_book_without_bounds_is_refused(orders, levels, per_side):
    with pytest.raises(ValueError):
        allocate_order_book(1, orders, levels, per_side)


def test_integrity_names_what_is_broken():
    book = allocate_order_book(symbols=1, orders=4)
    at = book.address
    add_order(at, 1, 0, BUY, 10, 5)
    book.levels[book.orders[0]["level"]]["quantity"] = 6
    (problem,) = check_integrity(book)
    assert problem.startswith("symbol 0 bids at 10: 1 orders of 5 in all")


KEYS = st.integers(0, 24)
PRICES = st.one_of(st.integers(98, 103), st.integers(-(10**12), 10**12))
QUANTITIES = st.one_of(st.integers(1, 20), st.sampled_from([0, 2**32 - 1, 2**32]))
OPERATIONS = st.one_of(
    st.tuples(st.just("add"), KEYS, st.integers(-1, 3), st.integers(0, 3), PRICES, QUANTITIES),
    st.tuples(st.just("add"), KEYS, st.integers(0, 1), st.integers(1, 2), PRICES, QUANTITIES),
    st.tuples(st.just("reduce"), KEYS, QUANTITIES),
    st.tuples(st.just("execute"), KEYS, QUANTITIES),
    st.tuples(st.just("remove"), KEYS),
    st.tuples(st.just("replace"), KEYS, KEYS, PRICES, QUANTITIES),
)


@given(
    operations=st.lists(OPERATIONS, max_size=120),
    bounds=st.tuples(st.integers(1, 20), st.integers(1, 14), st.integers(1, 12)),
)
@settings(max_examples=150, deadline=None)
def test_any_session_leaves_what_the_model_says(operations, bounds):
    symbols = 3
    orders, levels, per_side = bounds
    book = allocate_order_book(symbols, orders, levels, per_side)
    at = book.address
    model = ModelBook(symbols, orders, levels, per_side)
    for name, *arguments in operations:
        if name == "add":
            change = add_order(at, *arguments)
            expected = model.add(*arguments)
        elif name == "remove":
            change = remove_order(at, *arguments)
            expected = model.remove(*arguments)
        elif name == "replace":
            _, change = replace_order(at, *arguments)
            expected = model.replace(*arguments)
        else:
            kernel = execute_order if name == "execute" else reduce_order
            change = kernel(at, *arguments)
            expected = model.reduce(*arguments, executed=name == "execute")
        assert change.status == expected
        if change.slot >= 0:
            place = (change.symbol, change.side, change.price_e4)
            assert change.level_quantity == sum(o.quantity for o in model.queue(*place))
        assert state_hash(at) == model.state_hash()
    assert check_integrity(book) == []
    for symbol in range(symbols):
        for side in (BUY, SELL):
            told = [(price, min(total, 2**32 - 1), n)  # as much as a row of depth can say
                    for price, total, n in model.levels(symbol, side)]
            assert depth_of(book, symbol, side) == told
            assert queue_of(book, symbol, side) == model.execution_order(symbol, side)
            best = model.levels(symbol, side)[:1]
            assert best_price(at, symbol, side) == (best[0][:2] if best else (0, 0))
