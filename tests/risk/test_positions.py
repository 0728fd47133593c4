"""Positions and profit against slow, obvious models."""

from fractions import Fraction

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.risk.positions import (
    POSITION_STATE, apply_fill, average_price_e4, realized_e4, total_pnl_e4, unrealized_e4,
)
from schemas.enums import Side

FILLS = st.lists(st.tuples(st.sampled_from([Side.BUY, Side.SELL]), st.integers(1, 1_000),
                           st.integers(1, 2_000_000)), max_size=40)


def flat():
    return np.zeros(1, POSITION_STATE)[0]


def fill(position, side, quantity, price_e4):
    apply_fill(position, int(side), quantity, price_e4, 0)


def test_buy_then_sell_half_realizes_half_of_the_gain():
    position = flat()
    fill(position, Side.BUY, 100, 1_000_000)
    fill(position, Side.SELL, 50, 1_010_000)
    assert position["quantity"] == 50
    assert average_price_e4(position) == 1_000_000
    assert realized_e4(position) == 50 * 10_000


def test_selling_through_zero_opens_the_other_side_at_the_fill_price():
    position = flat()
    fill(position, Side.BUY, 100, 1_000_000)
    fill(position, Side.SELL, 150, 990_000)
    assert position["quantity"] == -50
    assert average_price_e4(position) == 990_000
    assert realized_e4(position) == -100 * 10_000


def test_a_short_that_falls_gains():
    position = flat()
    fill(position, Side.SELL, 10, 500_000)
    position["mark_e4"] = 400_000
    assert unrealized_e4(position) == 10 * 100_000


@settings(max_examples=200, deadline=None)
@given(FILLS, st.integers(1, 2_000_000))
def test_total_profit_is_exactly_cash_plus_value(fills, mark_e4):
    position = flat()
    cash = quantity = 0
    for side, shares, price in fills:
        fill(position, side, shares, price)
        change = shares if side == Side.BUY else -shares
        quantity, cash = quantity + change, cash - change * price
    position["mark_e4"] = mark_e4
    assert position["quantity"] == quantity
    assert realized_e4(position) + unrealized_e4(position) == cash + quantity * mark_e4
    assert total_pnl_e4(np.array([position], POSITION_STATE)) == cash + quantity * mark_e4


@settings(max_examples=200, deadline=None)
@given(FILLS)
def test_average_cost_follows_the_exact_model_within_one_unit_a_fill(fills):
    position = flat()
    quantity, cost = 0, Fraction(0)
    for side, shares, price in fills:
        fill(position, side, shares, price)
        change = shares if side == Side.BUY else -shares
        if quantity == 0 or (quantity > 0) == (change > 0):
            cost += change * price
        elif abs(change) < abs(quantity):
            cost -= cost * Fraction(abs(change), abs(quantity))
        else:
            cost = Fraction((quantity + change) * price)
        quantity += change
    assert position["quantity"] == quantity
    assert abs(int(position["cost_e4"]) - cost) <= len(fills)
    if quantity == 0:
        assert position["cost_e4"] == 0
