"""Every reply of order entry, byte by byte as the tables of OUCH 5.0 have it; and halts."""

import pytest

from actors.exchange.trading_states import halt_symbol, resume_symbol
from schemas.venue import ouch50
from schemas.venue.text import alpha_to_int
from tests.exchange.desk import MAKER, NOON_NS, TAKER, Desk

Tag = ouch50.OptionTag


def out(kind: str, **fields) -> bytes:
    return ouch50.encode_out(kind, timestamp=NOON_NS, **fields)


def accepted(user_ref, side, quantity, price, number, **fields) -> bytes:
    values = dict(user_ref_num=user_ref, side=side, quantity=quantity, symbol="AAPL", price=price,
                  time_in_force="0", display="Y", order_reference_number=number, capacity="P",
                  intermarket_sweep_eligibility="N", cross_type="N", order_state="L",
                  cl_ord_id="CLIENT ORDER 1", appendage=[])
    return out("A", **{**values, **fields})


def executed(user_ref, quantity, price, flag, match) -> bytes:
    return out("E", user_ref_num=user_ref, quantity=quantity, price=price, liquidity_flag=flag,
               match_number=match, appendage=[])


def test_an_order_with_a_reserve_is_acknowledged_executed_and_restated():
    desk = Desk()
    floor = [(Tag.MAX_FLOOR, 100)]
    assert desk.enter(MAKER, 1, "S", 150, 500_000, appendage=floor) == [
        accepted(1, "S", 150, 500_000, 1, appendage=floor)]
    assert desk.enter(TAKER, 1, "B", 120, 500_000) == [
        accepted(1, "B", 120, 500_000, 2), executed(1, 100, 500_000, "R", 1),
        executed(1, 20, 500_000, "R", 2)]
    first, restated, second = desk.heard(MAKER)
    assert (first, second) == (executed(1, 100, 500_000, "A", 1), executed(1, 20, 500_000, "A", 2))
    assert restated.hex(" ") == (
        "52 " + NOON_NS.to_bytes(8, "big").hex(" ") + " 00 00 00 01 52 00 10"
        " 09 01 00 00 00 00 00 00 00 03"  # SecondaryOrdRefNum: 3
        " 05 16 00 00 00 32")             # DisplayQuantity: 50
    assert ouch50.decode_out(restated)["reason"] == "R"
    assert [(m["type"], m["order_reference_number"]) for m in desk.public()] == [
        ("A", 1), ("E", 1), ("A", 3), ("E", 3)]


def test_an_execution_of_a_hidden_order():
    desk = Desk()
    assert desk.enter(MAKER, 1, "S", 150, 500_000, display="N") == [
        accepted(1, "S", 150, 500_000, 1, display="N")]
    desk.enter(TAKER, 1, "B", 50, 500_000)
    assert desk.heard(MAKER) == [executed(1, 50, 500_000, "J", 1)]
    (trade,) = desk.public()
    assert trade == {"type": "P", "stock_locate": 1, "tracking_number": 0, "timestamp": NOON_NS,
                     "order_reference_number": 0, "buy_sell_indicator": "B", "shares": 50,
                     "stock": "AAPL", "price": 500_000, "match_number": 1}


def test_a_self_match_is_prevented_on_both_sides():
    desk = Desk()
    desk.enter(TAKER, 1, "S", 150, 500_000)
    told = desk.enter(TAKER, 2, "B", 40, 510_000)
    prevented = dict(reason="Q", quantity_prevented_from_trading=40, execution_price=500_000,
                     aiq_strategy="B")
    assert told == [
        accepted(2, "B", 40, 510_000, 2),
        out("D", user_ref_num=1, decrement_shares=150, liquidity_flag="A", **prevented),
        out("D", user_ref_num=2, decrement_shares=40, liquidity_flag="R", **prevented)]
    desk.enter(TAKER, 3, "S", 150, 500_000, display="N")
    _, hidden, _ = desk.enter(TAKER, 4, "B", 40, 510_000)
    assert hidden == out("D", user_ref_num=3, decrement_shares=150, liquidity_flag="J", **prevented)
    assert [m["type"] for m in desk.public()] == ["A", "D"]


def test_modified_disabled_enabled_and_canceled():
    desk = Desk()
    desk.enter(MAKER, 1, "S", 150, 500_000)
    assert desk.ask(MAKER, "M", user_ref_num=1, side="T", quantity=90) == [
        out("M", user_ref_num=1, side="T", quantity=90)]
    assert desk.ask(MAKER, "D", user_ref_num=2, firm="ABCD", appendage=[]) == [
        out("G", user_ref_num=2, firm="ABCD", appendage=[])]
    assert desk.enter(MAKER, 3, "S", 150, 500_000) == [
        out("J", user_ref_num=3, reason=ouch50.RejectReason.FIRM_NOT_AUTHORISED,
            cl_ord_id="CLIENT ORDER 1")]
    assert desk.ask(MAKER, "E", user_ref_num=4, firm="ABCD", appendage=[]) == [
        out("K", user_ref_num=4, firm="ABCD", appendage=[])]
    assert desk.ask(MAKER, "C", user_ref_num=5, firm="ABCD", symbol="", appendage=[]) == [
        out("X", user_ref_num=5, firm="ABCD", symbol="", appendage=[]),
        out("C", user_ref_num=1, quantity=90, reason="U")]


@pytest.mark.parametrize("price, fields, left, letter", [
    (440_000, dict(appendage=[(Tag.POST_ONLY, "P")]), 200, "G"),
    (440_000, dict(appendage=[(Tag.MIN_QTY, 200)], time_in_force="3"), 200, "I"),
    (1_999_999_900, dict(time_in_force="3"), 190, "K"),
])
def test_an_order_that_ends_at_once_says_why(price, fields, left, letter):
    desk = Desk(collar=0.1, prices={"AAPL": 40.0})
    desk.enter(MAKER, 1, "S", 10, 430_000)
    desk.enter(MAKER, 2, "S", 150, 440_100)  # beyond 10% from 40.00
    told = desk.enter(TAKER, 1, "B", 200, price, **fields)
    assert told[0] == accepted(1, "B", 200, price, 3, **fields)
    assert told[-1] == out("C", user_ref_num=1, quantity=left, reason=letter)


def test_a_halt_is_published_rejects_orders_and_takes_cancels():
    desk = Desk()
    desk.enter(MAKER, 1, "S", 150, 500_000)
    desk.public()
    reason, nothing = alpha_to_int("T1", 4), alpha_to_int("", 4)
    assert halt_symbol(desk.venue.address, 0, reason, NOON_NS + 1)
    assert not halt_symbol(desk.venue.address, 0, reason, NOON_NS + 1), "it is halted already"
    assert not halt_symbol(desk.venue.address, 2, reason, NOON_NS + 1), "there is no such symbol"
    (halted,) = desk.public()
    assert (halted["type"], halted["stock"], halted["stock_locate"]) == ("H", "AAPL", 1)
    assert (halted["trading_state"], halted["reason"]) == ("H", "T1")
    assert halted["timestamp"] == NOON_NS + 1
    assert desk.enter(TAKER, 1, "B", 50, 500_000) == [
        out("J", user_ref_num=1, reason=ouch50.RejectReason.HALTED, cl_ord_id="CLIENT ORDER 1")]
    assert desk.enter(TAKER, 2, "B", 50, 500_000, symbol="MSFT") == [
        accepted(2, "B", 50, 500_000, 2, symbol="MSFT")]
    assert desk.ask(MAKER, "X", user_ref_num=1, quantity=60) == [
        out("C", user_ref_num=1, quantity=90, reason="U")]
    assert resume_symbol(desk.venue.address, 0, nothing, NOON_NS + 2)
    desk.enter(TAKER, 3, "B", 50, 500_000)
    assert desk.heard(MAKER) == [executed(1, 50, 500_000, "A", 1)]
    assert [(m["type"], m.get("trading_state")) for m in desk.public()] == [
        ("A", None), ("X", None), ("H", "T"), ("E", None)]
