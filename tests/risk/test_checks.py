"""Limits: each says no for its own reason, and no sooner than it should."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.risk.checks import LIMITS, RATE, check_order, take_token
from actors.risk.positions import POSITION_STATE
from schemas.enums import OrderType, RejectReason, Side

BUY, SELL, LIMIT, MARKET = int(Side.BUY), int(Side.SELL), int(OrderType.LIMIT), int(OrderType.MARKET)


def limits(**changes):
    record = np.array([(1_000, 10**13, 5_000, 10**9, 500)], LIMITS)[0]
    for name, value in changes.items():
        record[name] = value
    return record


def position(**values):
    record = np.zeros(1, POSITION_STATE)[0]
    record["bid_e4"], record["ask_e4"], record["mark_e4"] = 999_900, 1_000_100, 1_000_000
    for name, value in values.items():
        record[name] = value
    return record


def reason(limit=None, held=None, side=BUY, kind=LIMIT, quantity=100, price_e4=1_000_000):
    return RejectReason(check_order(limit or limits(), held if held is not None else position(),
                                    side, kind, quantity, price_e4)[0])


def test_an_ordinary_order_passes():
    assert reason() == RejectReason.NONE
    assert reason(kind=MARKET, price_e4=0) == RejectReason.NONE


@pytest.mark.parametrize("broken, expected", [
    (dict(quantity=0), RejectReason.INVALID),
    (dict(side=0), RejectReason.INVALID),
    (dict(side=3), RejectReason.INVALID),
    (dict(kind=9), RejectReason.INVALID),
    (dict(quantity=1_001), RejectReason.ORDER_SIZE),
    (dict(price_e4=0), RejectReason.PRICE),
    (dict(price_e4=-5), RejectReason.PRICE),
    (dict(price_e4=1_060_000), RejectReason.PRICE),
    (dict(side=SELL, price_e4=940_000), RejectReason.PRICE),
    (dict(limit=limits(max_order_notional_e4=99_000_000)), RejectReason.ORDER_SIZE),
    (dict(held=position(bid_e4=0, ask_e4=0, mark_e4=0)), RejectReason.NO_REFERENCE_PRICE),
])
def test_each_broken_rule_has_its_reason(broken, expected):
    assert reason(**broken) == expected


@settings(max_examples=300, deadline=None)
@given(st.integers(-6_000, 6_000), st.integers(0, 3_000), st.integers(0, 3_000),
       st.integers(1, 1_000), st.sampled_from([BUY, SELL]))
def test_position_limit_counts_open_orders_as_filled(held, open_buy, open_sell, quantity, side):
    worst = held + open_buy + quantity if side == BUY else -held + open_sell + quantity
    got = reason(held=position(quantity=held, open_buy=open_buy, open_sell=open_sell), side=side,
                 quantity=quantity)
    assert (got == RejectReason.POSITION_LIMIT) == (worst > 5_000)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(0, 50), min_size=1, max_size=200), st.integers(1, 10), st.integers(1, 8))
def test_rate_limit_is_a_token_bucket(gaps, interval, burst):
    rate = np.array([(interval, burst, 0)], RATE)[0]
    now, tokens, last = 1_000_000, float(burst), 1_000_000
    for gap in gaps:
        now += gap
        tokens = min(float(burst), tokens + (now - last) / interval)
        last = now
        allowed = tokens >= 1.0 - 1e-9
        assert take_token(rate, now) == allowed
        if allowed:
            tokens -= 1.0
