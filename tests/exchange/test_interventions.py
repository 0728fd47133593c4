"""What the operator and the clock do to the market: halts, frozen cancels, broken trades, orders
whose time is over, the end of the day."""

import numpy as np
import pytest

from actors.book.memory import kernel
from actors.exchange.broken_trades import UnknownTrade, find_trade
from actors.exchange.engine_state import CancelMode
from actors.exchange.interventions import (
    break_trade, close_day, expire_orders, freeze, halt, next_expiry_s,
)
from actors.exchange.sequenced_log import append
from actors.exchange.venue import Counter, Phase, log_at
from schemas.venue import ouch42, ouch50
from schemas.venue.ouch50 import OptionTag as Tag
from schemas.venue.text import alpha_to_int
from tests.exchange.desk import MAKER, MAKER_42, NOON_NS, TAKER, TAKER_42, Desk

AAPL = 0
PRICE = 1_500_000
NOON_S = NOON_NS // 10**9


@pytest.fixture
def desk():
    return Desk()


def said(messages: list[bytes]) -> list[dict]:
    return [ouch50.decode_out(message) for message in messages]


def kinds(messages: list[bytes]) -> str:
    return "".join(chr(message[0]) for message in messages)


def enter_42(desk: Desk, account: int, token: str, side: str = "B", **fields) -> list[bytes]:
    values = dict(order_token=token, buy_sell_indicator=side, shares=100, stock="AAPL", price=PRICE,
                  time_in_force=99998, firm="", display="Y", capacity="P",
                  intermarket_sweep_eligibility="N", minimum_quantity=0, cross_type="N",
                  customer_type=" ")
    return desk.ask(account, "O", **{**values, **fields})


def frozen(desk: Desk, mode: CancelMode) -> None:
    freeze(desk.venue.address, AAPL | int(mode) << 32, NOON_NS)
    assert desk.venue.record[0]["outcome"]


# ---- halts -----------------------------------------------------------------------------------


def test_a_halt_is_published_with_its_reason_and_orders_are_rejected_until_it_ends(desk):
    desk.enter(MAKER, 1, "B", 100, PRICE)
    desk.public()
    halt(desk.venue.address, AAPL, True, int(alpha_to_int("T1", 4)), NOON_NS)
    [action] = desk.public()
    assert (action["type"], action["trading_state"], action["reason"]) == ("H", "H", "T1")
    assert kinds(desk.enter(MAKER, 2, "B", 100, PRICE)) == "J"
    assert kinds(desk.ask(MAKER, "X", user_ref_num=1, quantity=0)) == "C"
    halt(desk.venue.address, AAPL, False, int(alpha_to_int("", 4)), NOON_NS)
    assert kinds(desk.enter(MAKER, 3, "B", 100, PRICE)) == "A"


def test_a_second_halt_does_nothing(desk):
    for outcome in (1, 0):
        halt(desk.venue.address, AAPL, True, int(alpha_to_int("", 4)), NOON_NS)
        assert desk.venue.record[0]["outcome"] == outcome
    assert len(desk.public()) == 1


# ---- cancels that cannot be -------------------------------------------------------------------


def test_a_pending_cancel_is_carried_out_when_cancels_are_taken_again(desk):
    desk.enter(MAKER, 1, "B", 100, PRICE)
    frozen(desk, CancelMode.PENDING)
    [pending] = said(desk.ask(MAKER, "X", user_ref_num=1, quantity=0))
    assert (pending["type"], pending["user_ref_num"]) == ("P", 1)
    desk.public()
    frozen(desk, CancelMode.TAKEN)
    [canceled] = said(desk.heard(MAKER))
    assert (canceled["type"], canceled["quantity"], canceled["reason"]) == ("C", 100, "U")
    assert [m["type"] for m in desk.public()] == ["D"]


def test_an_order_whose_cancel_is_pending_may_still_execute(desk):
    desk.enter(MAKER, 1, "B", 100, PRICE)
    frozen(desk, CancelMode.PENDING)
    desk.ask(MAKER, "X", user_ref_num=1, quantity=0)
    assert kinds(desk.enter(TAKER, 1, "S", 40, PRICE)) == "AE"
    assert kinds(desk.heard(MAKER)) == "E"
    frozen(desk, CancelMode.TAKEN)
    [canceled] = said(desk.heard(MAKER))
    assert (canceled["type"], canceled["quantity"]) == ("C", 60)


def test_where_cancels_are_rejected_the_order_stays(desk):
    desk.enter(MAKER, 1, "B", 100, PRICE)
    frozen(desk, CancelMode.REJECTED)
    assert kinds(desk.ask(MAKER, "X", user_ref_num=1, quantity=0)) == "I"
    frozen(desk, CancelMode.TAKEN)
    assert desk.heard(MAKER) == []
    assert kinds(desk.ask(MAKER, "X", user_ref_num=1, quantity=0)) == "C"


def test_a_part_and_a_modify_cannot_pend(desk):
    desk.enter(MAKER, 1, "B", 100, PRICE)
    frozen(desk, CancelMode.PENDING)
    assert kinds(desk.ask(MAKER, "X", user_ref_num=1, quantity=50)) == "I"
    assert kinds(desk.ask(MAKER, "M", user_ref_num=1, side="B", quantity=50)) == "I"


def test_a_replacement_is_rejected_its_number_used_and_the_order_intact(desk):
    desk.enter(MAKER, 1, "B", 100, PRICE)
    frozen(desk, CancelMode.PENDING)
    fields = dict(orig_user_ref_num=1, quantity=200, price=PRICE, time_in_force="0", display="Y",
                  intermarket_sweep_eligibility="N", cl_ord_id="AGAIN", appendage=[])
    [rejected] = said(desk.ask(MAKER, "U", user_ref_num=2, **fields))
    assert rejected["reason"] == ouch50.RejectReason.CANCEL_NOT_ALLOWED
    desk.ask(MAKER, "X", user_ref_num=1, quantity=0)
    [rejected] = said(desk.ask(MAKER, "U", user_ref_num=3, **fields))
    assert rejected["reason"] == ouch50.RejectReason.CANCEL_PENDING
    frozen(desk, CancelMode.TAKEN)
    assert said(desk.heard(MAKER))[0]["quantity"] == 100


def test_a_mass_cancel_takes_what_it_may_and_the_rest_pends(desk):
    desk.enter(MAKER, 1, "B", 100, PRICE)
    desk.enter(MAKER, 2, "B", 100, PRICE, symbol="MSFT")
    frozen(desk, CancelMode.PENDING)
    heard = said(desk.ask(MAKER, "C", user_ref_num=3, firm="", symbol=""))
    assert [(m["type"], m["user_ref_num"]) for m in heard] == [("X", 3), ("P", 1), ("C", 2)]
    assert desk.counter(Counter.CANCELS_PENDING) == 1


def test_ouch42_has_both_answers_too():
    desk = Desk(tokens=100)
    enter_42(desk, MAKER_42, "PATIENT")
    for mode, letter in ((CancelMode.PENDING, "P"), (CancelMode.REJECTED, "I")):
        frozen(desk, mode)
        [answer] = desk.ask(MAKER_42, "X", order_token="PATIENT", shares=0)
        decoded = ouch42.decode_out(answer)
        assert (decoded["type"], decoded["order_token"]) == (letter, "PATIENT")


# ---- broken trades -----------------------------------------------------------------------------


def bust(desk: Desk, match_number: int, reason: str = "E") -> None:
    trade = find_trade(desk.venue, match_number)
    raw = np.frombuffer(reason.encode() + trade.locate.to_bytes(2, "big") + trade.parties,
                        np.uint8).copy()
    break_trade(desk.venue.address, match_number, raw.ctypes.data, raw.size, NOON_NS)


def test_both_sides_and_the_public_hear_of_a_broken_trade(desk):
    desk.enter(MAKER, 1, "B", 100, PRICE, cl_ord_id="BUYER")
    executed = said(desk.enter(TAKER, 7, "S", 100, PRICE, cl_ord_id="SELLER"))[-1]
    desk.heard(MAKER), desk.public()
    bust(desk, executed["match_number"])
    for account, user_ref, cl_ord_id in ((MAKER, 1, "BUYER"), (TAKER, 7, "SELLER")):
        [broken] = said(desk.heard(account))
        assert (broken["type"], broken["user_ref_num"], broken["reason"]) == ("B", user_ref, "E")
        assert broken["match_number"] == executed["match_number"]
        assert broken["cl_ord_id"] == cl_ord_id
    [public] = desk.public()
    assert (public["type"], public["stock_locate"]) == ("B", 1)
    assert public["match_number"] == executed["match_number"]


def test_the_right_one_of_many_trades_is_broken(desk):
    desk.enter(MAKER, 1, "B", 500, PRICE)
    for user_ref in range(1, 6):
        desk.enter(TAKER, user_ref, "S", 100, PRICE)
    desk.heard(MAKER)
    bust(desk, 3)
    [broken] = said(desk.heard(TAKER))
    assert (broken["user_ref_num"], broken["match_number"]) == (3, 3)


def test_a_trade_of_ouch42_is_broken_by_its_token():
    desk = Desk(tokens=100)
    enter_42(desk, MAKER_42, "BUYS")
    enter_42(desk, TAKER_42, "SELLS", side="S")
    desk.heard(MAKER_42)
    bust(desk, 1)
    for account, token in ((MAKER_42, "BUYS"), (TAKER_42, "SELLS")):
        [broken] = [ouch42.decode_out(message) for message in desk.heard(account)]
        assert (broken["type"], broken["order_token"]) == ("B", token)


def test_trades_that_cannot_be_broken_are_told_apart(desk):
    desk.enter(MAKER, 1, "B", 100, PRICE)
    desk.enter(TAKER, 1, "S", 100, PRICE)
    with pytest.raises(UnknownTrade, match="there is no trade 99 today"):
        find_trade(desk.venue, 99)
    bust(desk, 1)
    with pytest.raises(UnknownTrade, match="trade 1 is broken already"):
        find_trade(desk.venue, 1)


def test_a_trade_that_the_stream_has_forgotten_cannot_be_broken(desk):
    desk.enter(MAKER, 1, "B", 100, PRICE)
    desk.enter(TAKER, 1, "S", 100, PRICE)
    _fill_log(desk.venue.address, np.int64(20_000))
    with pytest.raises(UnknownTrade, match="nothing is kept any more of a trade 1"):
        find_trade(desk.venue, 1)


@kernel
def _fill_log(venue, n):
    log = log_at(venue, 0)
    for _ in range(n):
        append(log, np.int64(240))


# ---- time in force ------------------------------------------------------------------------------


def until(seconds: int) -> dict:
    return {"time_in_force": "6", "appendage": [(Tag.EXPIRE_TIME, seconds)]}


def test_an_order_expires_after_its_time_and_not_before(desk):
    accepted = said(desk.enter(MAKER, 1, "B", 100, PRICE, **until(30)))[0]
    assert accepted["time_in_force"] == "6"
    assert next_expiry_s(desk.venue.address) == NOON_S + 30
    expire_orders(desk.venue.address, NOON_S + 29, NOON_NS)
    assert desk.heard(MAKER) == []
    expire_orders(desk.venue.address, NOON_S + 30, NOON_NS)
    [canceled] = said(desk.heard(MAKER))
    assert (canceled["type"], canceled["reason"], canceled["quantity"]) == ("C", "T", 100)
    assert next_expiry_s(desk.venue.address) == 0


def test_the_next_expiry_is_that_of_the_next_order(desk):
    desk.enter(MAKER, 1, "B", 100, PRICE, **until(60))
    desk.enter(MAKER, 2, "B", 100, PRICE, **until(20))
    desk.enter(MAKER, 3, "B", 100, PRICE)
    assert next_expiry_s(desk.venue.address) == NOON_S + 20
    expire_orders(desk.venue.address, NOON_S + 20, NOON_NS)
    assert [m["user_ref_num"] for m in said(desk.heard(MAKER))] == [2]
    assert next_expiry_s(desk.venue.address) == NOON_S + 60


def test_a_reserve_expires_as_a_whole_and_a_replacement_has_its_own_time(desk):
    desk.enter(MAKER, 1, "B", 500, PRICE, time_in_force="6",
               appendage=[(Tag.EXPIRE_TIME, 5), (Tag.MAX_FLOOR, 100)])
    desk.enter(TAKER, 1, "S", 100, PRICE)
    desk.enter(MAKER, 2, "B", 100, PRICE - 100, **until(5))
    desk.ask(MAKER, "U", orig_user_ref_num=2, user_ref_num=3, quantity=100, price=PRICE - 100,
             time_in_force="0", display="Y", intermarket_sweep_eligibility="N", cl_ord_id="DAY",
             appendage=[])
    desk.heard(MAKER)
    expire_orders(desk.venue.address, NOON_S + 5, NOON_NS)
    assert [(m["user_ref_num"], m["quantity"]) for m in said(desk.heard(MAKER))] == [(1, 400)]


@pytest.mark.parametrize("fields", [
    {"time_in_force": "6"}, {"time_in_force": "0", "appendage": [(Tag.EXPIRE_TIME, 5)]},
    {"time_in_force": "3", "appendage": [(Tag.EXPIRE_TIME, 5)]},
    {"time_in_force": "6", "appendage": [(Tag.EXPIRE_TIME, 86_401)]},
])
def test_a_time_without_gtt_and_gtt_without_a_time_are_rejected(desk, fields):
    assert kinds(desk.enter(MAKER, 1, "B", 100, PRICE, **fields)) == "J"


def test_a_time_in_force_in_seconds_of_ouch42_is_kept():
    desk = Desk(tokens=100)
    [accepted] = enter_42(desk, MAKER_42, "BRIEF", time_in_force=10)
    assert ouch42.decode_out(accepted)["time_in_force"] == 10
    expire_orders(desk.venue.address, NOON_S + 10, NOON_NS)
    [canceled] = [ouch42.decode_out(message) for message in desk.heard(MAKER_42)]
    assert (canceled["type"], canceled["order_token"], canceled["reason"]) == ("C", "BRIEF", "T")


# ---- the day and the ticks ----------------------------------------------------------------------


def test_the_end_of_the_day_cancels_what_rests_between_the_hours_end_and_the_days(desk):
    desk.enter(MAKER, 1, "B", 100, PRICE)
    desk.enter(TAKER, 1, "S", 100, PRICE + 100)
    desk.heard(MAKER), desk.public()
    close_day(desk.venue.address, NOON_NS)
    for account in (MAKER, TAKER):
        canceled, event = said(desk.heard(account))
        assert (canceled["type"], canceled["reason"]) == ("C", "E")
        assert (event["type"], event["event_code"]) == ("S", "E")
    public = desk.public()
    assert [m["type"] for m in public] == ["S", "D", "D", "S", "S"]
    assert [m["event_code"] for m in public if m["type"] == "S"] == ["M", "E", "C"]
    assert desk.venue.record[0]["phase"] == Phase.CLOSED
    [rejected] = said(desk.enter(MAKER, 2, "B", 100, PRICE))
    assert rejected["reason"] == ouch50.RejectReason.DESTINATION_CLOSED


def test_each_symbol_has_its_own_tick():
    desk = Desk(tick={"default": 0.01, "MSFT": 0.05})
    assert kinds(desk.enter(MAKER, 1, "B", 100, 1_500_100)) == "A"
    [rejected] = said(desk.enter(MAKER, 2, "B", 100, 1_500_100, symbol="MSFT"))
    assert rejected["reason"] == ouch50.RejectReason.INVALID_PRICE
    assert kinds(desk.enter(MAKER, 3, "B", 100, 1_500_500, symbol="MSFT")) == "A"
