"""What the gateway refuses to send, checked against the protocol's own words."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.gateway.checks import (
    LOWEST_PRICE_E4, MAX_ORDER_ID, MAX_PRICE_E4, MAX_QUANTITY, check_terms, price_to_send,
    time_in_force_letter, time_in_force_to_send,
)
from actors.gateway.venue_words import map_cancel_reason, map_reject_reason
from schemas.enums import OrderType, RejectReason, Side, TimeInForce
from schemas.venue import ouch50

LIMIT, MARKET = int(OrderType.LIMIT), int(OrderType.MARKET)
DAY, IOC = int(TimeInForce.DAY), int(TimeInForce.IOC)
BUY, SELL = int(Side.BUY), int(Side.SELL)

small = st.integers(-1, 4)
ids = st.one_of(st.integers(-2, 3), st.integers(MAX_ORDER_ID - 2, MAX_ORDER_ID + 2))
quantities = st.one_of(st.integers(-1, 2), st.integers(MAX_QUANTITY - 1, MAX_QUANTITY + 1))
prices = st.one_of(st.integers(-2, 2), st.integers(MAX_PRICE_E4 - 1, MAX_PRICE_E4 + 1))


@settings(deadline=None)
@given(ids, small, small, small, quantities, prices)
def test_what_passes_can_be_encoded_and_what_cannot_be_encoded_does_not(
        order_id, side, order_type, time_in_force, quantity, price_e4):
    passed = check_terms(order_id, side, order_type, time_in_force, quantity, price_e4) == 0
    fits = (1 <= order_id < 10**14 and side in (BUY, SELL) and 1 <= quantity <= 999_999
            and (order_type == MARKET or (order_type == LIMIT and time_in_force in (DAY, IOC)
                                          and 1 <= price_e4 <= 1_999_999_900)))
    assert passed == fits


def test_market_orders_trade_with_anybody_and_never_rest():
    assert price_to_send(MARKET, BUY, 5) == MAX_PRICE_E4 == 0x7735939C
    assert price_to_send(MARKET, SELL, 5) == LOWEST_PRICE_E4
    assert price_to_send(LIMIT, SELL, 5) == 5
    assert time_in_force_to_send(MARKET, DAY) == time_in_force_to_send(LIMIT, IOC) == IOC
    assert time_in_force_to_send(LIMIT, DAY) == DAY
    assert [chr(time_in_force_letter(t)) for t in (DAY, IOC)] == ["0", "3"]


@pytest.mark.parametrize("code", [*ouch50.RejectReason, 0, 63, 64, 0xFFFF])
def test_every_reject_code_is_a_venue_reason(code):
    reason = RejectReason(int(map_reject_reason(int(code))))
    assert 200 <= reason < 300 and reason != RejectReason.CANCEL_REJECTED


@pytest.mark.parametrize("letter", list(ouch50.CancelReason))
def test_cancels_have_a_reason_only_when_trading_was_not_possible(letter):
    expected = {ouch50.CancelReason.CLOSED: RejectReason.VENUE_CLOSED,
                ouch50.CancelReason.HALTED: RejectReason.VENUE_HALTED}
    assert map_cancel_reason(int(letter)) == expected.get(letter, RejectReason.NONE)
