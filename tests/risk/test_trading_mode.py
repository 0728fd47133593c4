"""What passes in which trading state, against a model in plain words."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.risk.checks import LIMITS
from actors.risk.flatten import closing_order
from actors.risk.positions import POSITION_STATE
from actors.risk.trading_mode import admit, reduces
from actors.runtime.trading import MODES, strictest
from schemas.enums import RejectReason, Side, TradingState

BUY, SELL = int(Side.BUY), int(Side.SELL)
modes = st.sampled_from([TradingState.NONE, *MODES])
shares = st.integers(0, 500)


def position(quantity, open_buy=0, open_sell=0, bid_e4=999_900, ask_e4=1_000_100):
    record = np.zeros(1, POSITION_STATE)[0]
    record["quantity"], record["open_buy"], record["open_sell"] = quantity, open_buy, open_sell
    record["bid_e4"], record["ask_e4"], record["mark_e4"] = bid_e4, ask_e4, 1_000_000
    return record


@settings(max_examples=400, deadline=None)
@given(st.integers(-500, 500), shares, shares, st.integers(1, 500), st.sampled_from([BUY, SELL]))
def test_an_order_reduces_if_no_fill_of_it_takes_the_position_away_from_zero(
        held, open_buy, open_sell, quantity, side):
    sign, waiting = (1, open_buy) if side == BUY else (-1, open_sell)
    before = held + sign * waiting  # all that is open on this side fills first
    model = all(abs(before + sign * n) < abs(before + sign * (n - 1))
                for n in range(1, quantity + 1)) and held * sign < 0
    assert reduces(position(held, open_buy, open_sell), side, quantity) == model


@settings(max_examples=400, deadline=None)
@given(modes, modes, modes, st.integers(-500, 500), st.integers(1, 500),
       st.sampled_from([BUY, SELL]))
def test_the_most_restrictive_state_decides(own, floor, mode, held, quantity, side):
    def refusal(state):
        if state == TradingState.HALTED:
            return RejectReason.HALTED
        if state == TradingState.PAUSED:
            return RejectReason.PAUSED
        if state == TradingState.REDUCE_ONLY and not reduces(position(held), side, quantity):
            return RejectReason.REDUCE_ONLY
        return RejectReason.NONE

    firm = strictest(*(m for m in (own, floor) if m))
    whole = strictest(firm, *(m for m in (mode,) if m))
    reason, unless_probe = admit(int(own), int(floor), int(mode), position(held), side, quantity)
    assert reason == refusal(firm)
    assert unless_probe == (refusal(whole) if not reason else RejectReason.NONE)


@settings(max_examples=400, deadline=None)
@given(st.integers(-10_000, 10_000), st.integers(1, 2_000), st.integers(10**6, 10**10),
       st.sampled_from([0, 999_900]), st.sampled_from([0, 1_000_100]))
def test_a_closing_order_never_turns_a_position_round_and_keeps_the_limits(
        held, max_quantity, max_notional, bid, ask):
    limits = np.array([(max_quantity, max_notional, 20_000, 10**12, 500)], LIMITS)[0]
    side, quantity, price = closing_order(position(held, bid_e4=bid, ask_e4=ask), limits)
    assert 0 <= quantity <= min(abs(held), max_quantity)
    touch = bid if held > 0 else ask
    if quantity:
        assert (side, price) == (SELL if held > 0 else BUY, touch)
        assert quantity * price <= max_notional
    else:
        assert held == 0 or touch == 0 or max_notional < touch
