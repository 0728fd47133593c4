"""What the auditor says when an actor and the exchange do not agree."""

import dataclasses
from types import SimpleNamespace

import pytest

from launcher.audit.account import ORDER_ID_SPAN, fold_messages
from launcher.audit.beliefs import (
    Belief, GatewayBelief, OrderBelief, RiskBelief, StrategyBelief, SymbolBelief,
)
from launcher.audit.compare import compare, compare_book
from launcher.audit.live import what_moves
from schemas.enums import OrderStatus, Side
from tests.launcher.test_audit_account import accepted, canceled, executed, rejected, replaced

WORKING, FILLED = ORDER_ID_SPAN + 1, ORDER_ID_SPAN + 2


@pytest.fixture
def account():
    """One order works with 60 of 100 shares, another has sold 50."""
    return fold_messages([accepted(1), executed(1, 40, 1_000_000),
                          accepted(2, 50, "S", price=990_000), executed(2, 50, 1_010_000)])


@pytest.fixture
def belief():
    """Everybody knows that."""
    working = OrderBelief(WORKING, "AAPL", OrderStatus.PARTIALLY_FILLED, 60, 1, Side.BUY, 1_000_000,
                          40)
    filled = OrderBelief(FILLED, "AAPL", OrderStatus.FILLED, 0, 2, Side.SELL, 990_000, 50)
    mine = dataclasses.replace(working, ref=None)
    position = SymbolBelief(-10, 60, 0, 40, 50, -40 * 1_000_000 + 50 * 1_010_000, -10 * 1_010_000)
    return Belief(
        (GatewayBelief("gateway", "DESK01", (working, filled), 4, 0),),
        (RiskBelief("risk", frozenset((1,)), {"AAPL": position}, (mine,)),),
        (StrategyBelief("strategy", 1, {"AAPL": SymbolBelief(-10, 60, 0)}, (mine,), 2),),
        {1: "strategy"})


def said(account, belief):
    return [str(difference) for difference in compare({"DESK01": account}, belief)]


def with_gateway(belief, **changes):
    return dataclasses.replace(
        belief, gateways=(dataclasses.replace(belief.gateways[0], **changes),))


def with_risk(belief, **changes):
    position = dataclasses.replace(belief.risks[0].symbols["AAPL"], **changes)
    return dataclasses.replace(
        belief, risks=(dataclasses.replace(belief.risks[0], symbols={"AAPL": position}),))


def with_strategy(belief, **changes):
    return dataclasses.replace(
        belief, strategies=(dataclasses.replace(belief.strategies[0], **changes),))


def test_nothing_is_said_when_all_agree(account, belief):
    assert said(account, belief) == []


def test_an_order_that_the_gateway_does_not_know_is_an_orphan(account, belief):
    assert said(account, with_gateway(belief, orders=belief.gateways[0].orders[1:])) == [
        "gateway: AAPL, order strategy/1: order: not known; the exchange has 60 shares working"]


def test_an_order_that_the_exchange_never_had_is_named(account, belief):
    ghost = OrderBelief(ORDER_ID_SPAN + 3, "MSFT", OrderStatus.NEW, 5, 3)
    orders = (*belief.gateways[0].orders, ghost)
    assert said(account, with_gateway(belief, orders=orders)) == [
        "gateway: MSFT, order strategy/3: order: NEW; the exchange has no such order"]


def test_an_order_refused_because_it_never_arrived_agrees_with_the_exchange(account, belief):
    refused = OrderBelief(ORDER_ID_SPAN + 3, "MSFT", OrderStatus.REJECTED, 0, 3)
    assert said(account, with_gateway(belief,
                                      orders=(*belief.gateways[0].orders, refused))) == []


def test_a_fill_that_the_gateway_missed_shows_in_state_and_shares(account, belief):
    late = dataclasses.replace(belief.gateways[0].orders[1], status=OrderStatus.NEW, leaves=50,
                               executed=0)
    found = said(account, with_gateway(belief, orders=(belief.gateways[0].orders[0], late)))
    assert found == [
        "gateway: AAPL, order strategy/2: state: working; the exchange has filled",
        "gateway: AAPL, order strategy/2: shares open: 50; the exchange has 0",
        "gateway: AAPL, order strategy/2: shares executed: 0; the exchange has 50"]


def test_messages_that_the_gateway_has_not_handled_are_counted(account, belief):
    assert said(account, with_gateway(belief, taken=3)) == [
        "gateway: messages of the venue handled: 3; the exchange has sent 4"]


@pytest.mark.parametrize("field, words", [
    ("quantity", "position: -9; the exchange has -10"),
    ("bought", "shares bought: 41; the exchange has 40"),
    ("sold", "shares sold: 51; the exchange has 50"),
    ("cash_e4", "cash: 1,050.0001; the exchange has 1,050.0000"),
    ("cost_e4", "cost of the open shares: -1,009.9999; the exchange has -1,010.0000"),
    ("open_buy", "shares open to buy: 61; the exchange has 60"),
    ("open_sell", "shares open to sell: 1; the exchange has 0"),
])
def test_risk_is_told_what_it_has_wrong(account, belief, field, words):
    wrong = getattr(belief.risks[0].symbols["AAPL"], field) + 1
    assert said(account, with_risk(belief, **{field: wrong})) == [f"risk: AAPL: {words}"]


def test_an_order_that_a_strategy_has_given_up_and_that_works_is_named(account, belief):
    assert said(account, with_strategy(belief, orders=())) == [
        "strategy: AAPL, order strategy/1: order: not known; the exchange has 60 shares working"]


def test_an_order_that_a_strategy_waits_for_in_vain_is_named(account, belief):
    waiting = OrderBelief(FILLED, "AAPL", OrderStatus.NEW, 50)
    assert said(account, with_strategy(
        belief, orders=(*belief.strategies[0].orders, waiting))) == [
        "strategy: AAPL, order strategy/2: order: 50 shares working; the exchange has it not "
        "working"]


def test_a_strategy_that_counts_fewer_orders_than_it_sent_will_use_a_number_twice(account, belief):
    assert said(account, with_strategy(belief, sent=1)) == [
        "strategy: orders ever sent: 1; the exchange has its number 2"]


def test_the_fills_of_another_strategy_are_no_business_of_this_one(belief):
    other = 2 * ORDER_ID_SPAN + 1
    account = fold_messages([
        accepted(1), executed(1, 40), accepted(2, 50, "S", price=990_000),
        executed(2, 50, 1_010_000), accepted(3, 10, order_id=other), executed(3, 10)])
    found = said(account, with_gateway(belief, taken=6))
    assert found == []  # an order that is over and gone from the gateway's table is no difference


def test_what_an_order_was_replaced_by_is_its_own_order(belief):
    account = fold_messages([accepted(1), executed(1, 40), replaced(1, 3, 60), canceled(3, 60),
                             rejected(4)])
    found = {d.order for d in compare({"DESK01": account}, belief) if d.actor == "gateway"}
    assert found == {"", "strategy/1", "strategy/2"}


def test_a_gateway_of_an_account_that_the_exchange_does_not_have_is_named(account, belief):
    found = compare({"OTHER": account}, belief)
    assert "gateway: account: DESK01; the exchange has the accounts OTHER" in map(str, found)


def test_the_exchange_s_book_is_held_against_what_it_told(account):
    assert compare_book(account, {1: 60}) == []
    assert [str(d) for d in compare_book(account, {1: 50, 7: 5})] == [
        "exchange: AAPL, order reference 1: shares it told of: 60; the exchange has 50 in its book",
        "exchange: order reference 7: shares it told of: 0; the exchange has 5 in its book"]


def test_an_actor_that_shows_nothing_is_not_taken_for_one_that_agrees(belief):
    desk = SimpleNamespace(plan=SimpleNamespace(name="desk", wires=()))
    assert what_moves(desk, belief) == ""
    moving = what_moves(desk, dataclasses.replace(belief, silent=("risk",)))
    assert moving == "risk cannot be compared: no orders and positions in shared memory"
