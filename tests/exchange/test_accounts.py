"""Accounts: what each may do, how fast, and what becomes of its orders when it goes."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.exchange.accounts import apply_accounts, may_send
from actors.exchange.config import AccountConfig
from schemas.venue import ouch50
from schemas.venue.soupbintcp import LoginRejected, LoginRejectReason
from tests.exchange.desk import MAKER, NOON_NS, TAKER, Desk
from tests.exchange.venues import RunningExchange
from tests.runtime.deployments import eventually

REJECT = {"rate": ouch50.RejectReason.RISK_PORT_RATE,
          "stock": ouch50.RejectReason.RISK_RESTRICTED_STOCK}
SECOND_NS = 10**9


@pytest.fixture(scope="module")
def venue(tmp_path_factory):
    """One account without rules, one of each rule."""
    accounts = [{"username": "DESK01"},
                {"username": "DATA", "permissions": ["market_data", "glimpse"]},
                {"username": "ORDERS", "permissions": ["order_entry"], "symbols": ["MSFT"]},
                {"username": "GONE", "cancel_on_disconnect": True},
                {"username": "FAST", "max_orders_per_second": 5}]
    with RunningExchange(tmp_path_factory.mktemp("accounts"), accounts=accounts,
                         glimpse="127.0.0.1:0") as exchange:
        yield exchange


def trader(exchange, username):
    return exchange.order_client().start(username, "PITWIRE")


def test_an_account_may_use_the_ports_it_is_permitted_and_no_others(venue):
    refused = LoginRejected(LoginRejectReason.NOT_AUTHORISED)
    assert venue.order_client().login("DATA") == refused
    assert venue.expect_log("order entry", "user DATA may not use this port", "glimpse, market_data")
    assert venue.market_client().login("orders") == refused
    assert venue.expect_log("market data", "user orders may not use this port", "order_entry")
    assert venue.market_client().login("DATA").session
    assert venue.order_client().login("ORDERS").session


def test_an_account_may_trade_the_symbols_it_is_allowed_and_no_others(venue):
    orders = trader(venue, "ORDERS")
    orders.enter("B", 1, "AAPL", 10_000)
    assert orders.expect("J")["reason"] == REJECT["stock"]
    reference = orders.enter("B", 1, "MSFT", 10_000)
    orders.expect("A")
    orders.cancel(reference)
    orders.expect("C")


def test_orders_go_with_the_last_session_of_an_account(venue):
    """Two sessions, three orders in two symbols; the public sees them go with the second."""
    viewer, first, second = venue.viewer(), trader(venue, "GONE"), trader(venue, "GONE")
    other = trader(venue, "DESK01")
    references = [first.enter("B", n + 1, symbol, 10_000)
                  for n, symbol in enumerate(("AAPL", "MSFT", "MSFT"))]
    kept = other.enter("B", 9, "MSFT", 10_000)
    other.expect("A")
    assert [m["type"] for m in viewer.updates(4)] == ["A"] * 4
    first.logout()
    assert second.sync()[-1]["type"] == "A" and venue.counter("desertions") == 0
    second.logout()
    gone = viewer.updates(3)
    assert [m["type"] for m in gone] == ["D"] * 3
    assert venue.counter("desertions") == 1
    back = trader(venue, "GONE")
    again = venue.order_client()
    again.login("GONE", sequence=back.next_sequence - 4)  # the cancels, and the query of the login
    heard = [again.reply() for _ in range(3)]
    assert [(m["type"], m["user_ref_num"], m["reason"]) for m in heard] == \
        [("C", reference, "Z") for reference in references]
    assert other.sync() == []  # nothing happened to its order
    other.cancel(kept)
    other.expect("C")


def test_an_account_whose_orders_may_stay_finds_them_again(venue):
    first = trader(venue, "DESK01")
    reference = first.enter("B", 1, "AAPL", 10_000)
    first.expect("A")
    first.logout()
    back = trader(venue, "DESK01")
    back.cancel(reference)
    assert back.expect("C")["reason"] == "U"


def test_who_sends_too_much_is_refused_but_may_always_cancel(venue):
    fast = trader(venue, "FAST")
    references = [fast.enter("B", 1, "AAPL", 10_000) for _ in range(30)]
    replies = fast.sync()
    assert 5 <= [m["type"] for m in replies].count("A") < 30
    refused = [m for m in replies if m["type"] == "J"]
    assert {m["reason"] for m in refused} == {REJECT["rate"]}
    assert venue.counter("throttled") == len(refused)
    for reference in references:
        fast.cancel(reference)
    accepted = {m["user_ref_num"] for m in replies if m["type"] == "A"}
    assert {m["user_ref_num"] for m in fast.sync()} == accepted
    assert fast.next_ref == references[-1] + 1  # what was refused used its number
    eventually(lambda: fast.enter("B", 1, "AAPL", 10_000) and fast.reply()["type"] == "A",
               what="tokens again")


# --- the bucket -------------------------------------------------------------------------------


def bucket(rate: float) -> Desk:
    desk = Desk()
    apply_accounts(desk.venue, (AccountConfig(max_orders_per_second=rate),), ("AAPL", "MSFT"))
    return desk


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 50), st.lists(st.integers(0, SECOND_NS), max_size=120))
def test_the_bucket_is_a_bucket(rate, gaps):
    """Against one that holds a second of credit, of which each order takes its part."""
    desk, now = bucket(rate), NOON_NS
    gap_ns = SECOND_NS // rate
    full = credit = SECOND_NS
    for gap in gaps:
        now += gap
        credit = min(full, credit + gap)
        expected = credit >= gap_ns
        if expected:
            credit -= gap_ns
        assert may_send(desk.venue.address, 0, now) == expected


def test_a_bucket_survives_midnight():
    desk, last = bucket(2), 86_400 * SECOND_NS - 1
    assert [may_send(desk.venue.address, 0, last) for _ in range(3)] == [True, True, False]
    assert may_send(desk.venue.address, 0, 0)


def test_a_replacement_beyond_the_rate_is_refused_and_its_order_stays():
    desk = bucket(1)
    desk.enter(MAKER, 1, "B", 100, 10_000)
    refused = desk.ask(MAKER, "U", orig_user_ref_num=1, user_ref_num=2, quantity=100, price=20_000,
                       time_in_force="0", display="Y", intermarket_sweep_eligibility="N",
                       cl_ord_id="X", appendage=[])
    assert [ouch50.decode_out(m)["reason"] for m in refused] == [REJECT["rate"]]
    canceled = desk.ask(MAKER, "X", user_ref_num=1, quantity=0)
    assert [ouch50.decode_out(m)["type"] for m in canceled] == ["C"]
    assert len(desk.enter(TAKER, 1, "B", 100, 10_000)) == 1  # others are not held back


def test_a_symbol_that_is_none_is_an_error_that_names_it():
    with pytest.raises(ValueError, match="account DESK01 may trade AAPLE, which is not among"):
        apply_accounts(Desk().venue, (AccountConfig(symbols=("AAPLE",)),), ("AAPL", "MSFT"))
    with pytest.raises(ValueError, match="permissions"):
        AccountConfig(permissions=["everything"])
