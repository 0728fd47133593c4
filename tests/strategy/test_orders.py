"""Working orders against a dict: nothing is forgotten, nothing is counted twice."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.strategy.orders import (
    ORDER_ID_SPAN, STRATEGY_STATE, SYMBOL_STATE, WORKING_ORDER, apply_report, enter,
)
from schemas.enums import OrderStatus, RejectReason, ReportType, Side
from schemas.messages import EXECUTION_REPORT


class Desk:
    def __init__(self, rows=16):
        self.state = np.zeros(1, STRATEGY_STATE)[0]
        self.state["strategy_id"] = 3
        self.orders = np.zeros(rows, WORKING_ORDER)
        self.symbols = np.zeros(2, SYMBOL_STATE)

    def enter(self, symbol, side, quantity, now=0):
        return enter(self.state, self.orders, self.symbols, symbol, int(side), quantity, 100, now)

    def report(self, order_id, symbol, side, kind, status, shares=0, leaves=0,
               **fields):
        body = np.zeros(1, EXECUTION_REPORT)[0]
        body["order_id"], body["symbol_id"], body["side"] = order_id, symbol, side
        body["report_type"], body["order_status"] = kind, status
        body["exec_qty"], body["leaves_qty"] = shares, leaves
        for name, value in fields.items():
            body[name] = value
        return apply_report(self.state, self.orders, self.symbols, body)


def test_ids_carry_the_strategy_and_count_on():
    desk = Desk()
    assert desk.enter(0, Side.BUY, 10) == 3 * ORDER_ID_SPAN + 1
    assert desk.enter(0, Side.BUY, 10) == 3 * ORDER_ID_SPAN + 2


def test_partial_fill_then_cancel_leaves_the_traded_shares_and_nothing_working():
    desk = Desk()
    order = desk.enter(1, Side.SELL, 100)
    desk.report(order, 1, Side.SELL, ReportType.ACK, OrderStatus.NEW)
    desk.report(order, 1, Side.SELL, ReportType.FILL, OrderStatus.PARTIALLY_FILLED, 30, 70)
    assert desk.symbols["working_sell"][1] == 70 and desk.symbols["position"][1] == -30
    desk.report(order, 1, Side.SELL, ReportType.CANCEL, OrderStatus.CANCELED, 70, 0)
    assert desk.symbols["working_sell"][1] == 0 and desk.symbols["working"][1] == 0
    assert desk.symbols["position"][1] == -30


def never_arrived(desk, order):
    return desk.report(order, 0, Side.BUY, ReportType.REJECT, OrderStatus.REJECTED,
                       reject_reason=RejectReason.NEVER_ARRIVED)


def test_a_fill_of_an_order_that_is_not_known_still_counts():
    desk = Desk()
    assert not desk.report(7, 0, Side.BUY, ReportType.FILL, OrderStatus.FILLED, 10)
    assert desk.symbols["position"][0] == 10


def test_an_order_that_never_arrived_is_over_however_often_it_is_said():
    desk = Desk()
    order = desk.enter(0, Side.BUY, 10)
    assert never_arrived(desk, order) and not never_arrived(desk, order)
    assert desk.symbols["working"][0] == 0 and desk.symbols["position"][0] == 0


def test_an_order_that_timed_out_and_never_arrived_is_over():
    desk = Desk()
    order = desk.enter(0, Side.BUY, 10)
    desk.report(order, 0, Side.BUY, ReportType.REJECT, OrderStatus.UNKNOWN, 0, 10,
                reject_reason=RejectReason.TIMEOUT)
    assert desk.symbols["working_buy"][0] == 10, "nobody knows"
    never_arrived(desk, order)
    assert desk.symbols["working_buy"][0] == 0 and desk.symbols["working"][0] == 0


def test_an_order_that_was_answered_has_arrived_whatever_is_said():
    desk = Desk()
    order = desk.enter(0, Side.BUY, 10)
    desk.report(order, 0, Side.BUY, ReportType.ACK, OrderStatus.NEW, 0, 10)
    never_arrived(desk, order)
    assert desk.symbols["working_buy"][0] == 10


def test_a_status_never_moves_the_position_and_waits_for_the_fills_it_speaks_of():
    desk = Desk()
    order = desk.enter(0, Side.BUY, 10)

    def status():
        desk.report(order, 0, Side.BUY, ReportType.STATUS, OrderStatus.FILLED, cum_qty=10)

    status()
    assert desk.symbols["working_buy"][0] == 10 and desk.symbols["position"][0] == 0
    desk.report(order, 0, Side.BUY, ReportType.FILL, OrderStatus.PARTIALLY_FILLED, 4, 6)
    status()
    assert desk.symbols["working_buy"][0] == 6
    desk.report(order, 0, Side.BUY, ReportType.FILL, OrderStatus.FILLED, 6)
    status()
    assert desk.symbols["working_buy"][0] == 0 and desk.symbols["position"][0] == 10


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("EFC"), st.integers(0, 30), st.integers(1, 50)),
                max_size=120))
def test_sums_equal_the_sums_over_a_dict(steps):
    desk, model = Desk(), {}
    for step, pick, shares in steps:
        if step == "E":
            side = Side.BUY if pick % 2 else Side.SELL
            order = desk.enter(pick % 2, side, shares)
            assert (order == 0) == (len(model) >= 8)
            if order:
                model[order] = [pick % 2, side, shares]
        elif model:
            order = sorted(model)[pick % len(model)]
            symbol, side, leaves = model[order]
            if step == "F" and shares < leaves:
                model[order][2] -= shares
                desk.report(order, symbol, side, ReportType.FILL, OrderStatus.PARTIALLY_FILLED,
                            shares, leaves - shares)
            else:
                del model[order]
                desk.report(order, symbol, side, ReportType.CANCEL, OrderStatus.CANCELED, leaves)
        for symbol in (0, 1):
            working = [m for m in model.values() if m[0] == symbol]
            assert desk.symbols["working"][symbol] == len(working)
            assert desk.symbols["working_buy"][symbol] == sum(
                m[2] for m in working if m[1] == Side.BUY)
        assert desk.state["working"] == len(model)
        assert set(desk.orders["order_id"][desk.orders["order_id"] != 0]) == set(model)
