"""The ladders, deep enough for binary searches and long moves, against a sorted list."""

import random

import pytest

from actors.book.book_memory import LADDERS_AT, allocate_order_book
from actors.book.price_levels import (NO_LEVEL, NO_RANK, best_level, best_rank, close_level,
                                      find_level, next_level, nth_level, open_level, side_row)
from schemas.enums import Side

BUY, SELL = int(Side.BUY), int(Side.SELL)


def test_both_sides_of_a_symbol_are_neighbours():
    assert [side_row(3, BUY), side_row(3, SELL), side_row(4, BUY)] == [6, 7, 8]


@pytest.mark.parametrize("side", [BUY, SELL])
@pytest.mark.parametrize("spread", [6, 40, 400])
def test_levels_opened_and_closed_anywhere_stay_sorted(side, spread):
    rng = random.Random(spread)
    book = allocate_order_book(symbols=2, orders=4, levels=spread, levels_per_side=spread)
    ladders, row = book.address + LADDERS_AT, side_row(1, side)
    level_of = {}
    for _ in range(3_000):
        price = rng.randrange(1_000, 1_000 + spread)
        found = find_level(ladders, row, price)
        assert found == level_of.get(price, NO_LEVEL)
        if rng.random() < 0.55:
            level_of[price] = open_level(ladders, row, price)
            assert found in (NO_LEVEL, level_of[price])
        elif found != NO_LEVEL:
            close_level(ladders, found)
            del level_of[price]
        prices = sorted(level_of, reverse=side == BUY)
        best = level_of[prices[0]] if prices else NO_LEVEL
        assert best_level(ladders, row) == best
        n = rng.randrange(spread)
        assert nth_level(ladders, row, n) == (level_of[prices[n]] if n < len(prices) else NO_LEVEL)
        worse = [p for p in prices if (p < price if side == BUY else p > price)]
        assert next_level(ladders, row, price) == (level_of[worse[0]] if worse else NO_LEVEL)
    assert book.sides["depth"].tolist() == [0] * row + [len(level_of)] + [0] * (3 - row)
    assert book.ladders["available"][0] == spread - len(level_of)
    assert len(set(level_of.values())) == len(level_of)


def test_an_empty_side_has_no_best():
    book = allocate_order_book(symbols=1, orders=4)
    ladders = book.address + LADDERS_AT
    assert best_level(ladders, 0) == NO_LEVEL
    assert best_rank(ladders, 0) == NO_RANK
    assert nth_level(ladders, 0, 0) == nth_level(ladders, 0, -1) == NO_LEVEL
