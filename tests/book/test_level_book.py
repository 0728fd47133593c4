"""The level book: a few stories, then any stream of changes against a dict."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.book.level_book import (BOOK_LEVEL, OUTSIDE, UNCHANGED, allocate_level_book, best_ask,
                                    best_bid, best_of, clear, copy_levels, level_count, mid_e4,
                                    nth_of, quantity_at, set_level)
from schemas.enums import Side

BUY, SELL = int(Side.BUY), int(Side.SELL)


def levels_of(book, symbol, side):
    out = np.zeros(100, BOOK_LEVEL)
    return [tuple(map(int, row)) for row in out[: copy_levels(book, symbol, side, out)]]


def test_an_empty_book_has_no_best_and_no_mid():
    book = allocate_level_book(symbols=2)
    assert best_bid(book, 1) == best_ask(book, 1) == (0, 0)
    assert math.isnan(mid_e4(book, 1))


def test_a_strategy_follows_the_market():
    book = allocate_level_book(symbols=3)
    assert set_level(book, 1, BUY, 100_0000, 300) == 0
    assert set_level(book, 1, BUY, 99_9900, 500) == 1
    assert set_level(book, 1, SELL, 100_0200, 200) == 0
    assert best_bid(book, 1) == (100_0000, 300)
    assert best_ask(book, 1) == (100_0200, 200)
    assert mid_e4(book, 1) == 100_0100.0

    assert set_level(book, 1, BUY, 100_0100, 50) == 0, "a better bid"
    assert levels_of(book, 1, BUY) == [(100_0100, 50), (100_0000, 300), (99_9900, 500)]
    assert set_level(book, 1, BUY, 100_0100, 0) == 0, "and it goes again"
    assert set_level(book, 1, BUY, 99_9900, 0) == 1
    assert levels_of(book, 1, BUY) == [(100_0000, 300)]
    assert quantity_at(book, 1, BUY, 100_0000) == 300
    assert quantity_at(book, 1, BUY, 99_9900) == 0
    assert level_count(book, 0, BUY) == level_count(book, 2, SELL) == 0, "nobody else moved"


def test_what_changes_nothing_says_so():
    book = allocate_level_book(symbols=1)
    set_level(book, 0, SELL, 10, 5)
    assert set_level(book, 0, SELL, 10, 5) == UNCHANGED
    assert set_level(book, 0, SELL, 11, 0) == UNCHANGED


def test_a_full_side_gives_up_its_worst_level_and_counts_it():
    book = allocate_level_book(symbols=1, levels_per_side=3)
    for price in (10, 11, 12):
        set_level(book, 0, SELL, price, 1)
    assert set_level(book, 0, SELL, 13, 1) == UNCHANGED, "behind the last: not kept"
    assert set_level(book, 0, SELL, 9, 1) == 0, "a new best: 12 gives way"
    assert levels_of(book, 0, SELL) == [(9, 1), (10, 1), (11, 1)]
    assert book.sides[1]["dropped"] == 2
    assert clear(book, 0) == 0
    assert book.sides[1]["dropped"] == 0
    assert levels_of(book, 0, SELL) == []


@pytest.mark.parametrize("symbol, side", [(-1, BUY), (2, BUY), (0, 0), (0, 3), (1, 3)])
def test_a_symbol_or_side_outside_the_book_touches_nothing(symbol, side):
    book = allocate_level_book(symbols=2)
    assert set_level(book, symbol, side, 10, 1) == OUTSIDE
    assert not book.levels["quantity"].any()


def test_clear_of_a_symbol_outside_the_book_is_refused():
    assert clear(allocate_level_book(symbols=2), 2) == OUTSIDE


def test_each_symbol_can_have_its_own_depth():
    book = allocate_level_book(symbols=2, levels_per_side=[1, 4])
    for symbol in (0, 1):
        for price in (5, 6, 7):
            set_level(book, symbol, BUY, price, 1)
    assert levels_of(book, 0, BUY) == [(7, 1)]
    assert levels_of(book, 1, BUY) == [(7, 1), (6, 1), (5, 1)]


@pytest.mark.parametrize("symbols, depth", [(0, 1), (2, 0), (2, [1, 0])])
def test_a_book_without_bounds_is_refused(symbols, depth):
    with pytest.raises(ValueError):
        allocate_level_book(symbols, depth)


CHANGES = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.sampled_from([BUY, SELL]),
        st.one_of(st.integers(95, 105), st.integers(1, 2**40)),
        st.integers(0, 3),
    ),
    max_size=150,
)


@given(changes=CHANGES, capacity=st.integers(1, 12))
@settings(max_examples=120, deadline=None)
def test_any_stream_of_changes_leaves_what_a_dict_would_hold(changes, capacity):
    book = allocate_level_book(symbols=3, levels_per_side=capacity)
    model = {(symbol, side): {} for symbol in range(3) for side in (BUY, SELL)}

    def best_first(symbol, side):
        return sorted(model[symbol, side].items(), reverse=side == BUY)

    for symbol, side, price, quantity in changes:
        before = best_first(symbol, side)
        if quantity:
            model[symbol, side][price] = quantity
        else:
            model[symbol, side].pop(price, None)
        touched = best_first(symbol, side) if quantity else before
        for worst, _ in best_first(symbol, side)[capacity:]:
            del model[symbol, side][worst]
        after = best_first(symbol, side)
        distance = [p for p, _ in touched].index(price) if after != before else UNCHANGED
        assert set_level(book, symbol, side, price, quantity) == distance
        assert best_of(book, symbol, side) == (after[0] if after else (0, 0))
        assert nth_of(book, symbol, side, 1) == (after[1] if len(after) > 1 else (0, 0))
    for (symbol, side), levels in model.items():
        assert levels_of(book, symbol, side) == best_first(symbol, side)


@pytest.mark.parametrize("side", [BUY, SELL])
def test_a_deep_book_stays_sorted_wherever_it_changes(side):
    rng = np.random.default_rng(3)
    book = allocate_level_book(symbols=1, levels_per_side=300)
    model = {}
    for price, quantity in zip(rng.integers(1, 500, 5_000).tolist(),
                               rng.integers(0, 4, 5_000).tolist()):
        set_level(book, 0, side, price, quantity)
        model.pop(price, None)
        if quantity:
            model[price] = quantity
        if len(model) > 300:
            del model[(min if side == BUY else max)(model)]
    expected = sorted(model.items(), reverse=side == BUY)
    out = np.zeros(300, BOOK_LEVEL)
    assert out[: copy_levels(book, 0, side, out)].tolist() == expected
