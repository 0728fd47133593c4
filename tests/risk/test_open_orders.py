"""Open shares: what was approved and may still trade, against a dict."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.risk.open_orders import allocate_open_orders, is_open, release_report, reserve
from actors.risk.positions import POSITION_STATE
from schemas.enums import OrderStatus, RejectReason, ReportType, Side
from schemas.messages import EXECUTION_REPORT


def report(order_id, kind, status, leaves=0, original=0, **fields):
    body = np.zeros(1, EXECUTION_REPORT)[0]
    for name, value in fields.items():
        body[name] = value
    body["order_id"], body["report_type"], body["order_status"] = order_id, kind, status
    body["leaves_qty"], body["original_id"] = leaves, original
    return body


def test_a_full_table_says_no_and_takes_orders_again_after_one_ends():
    orders, positions = allocate_open_orders(2), np.zeros(1, POSITION_STATE)
    assert reserve(orders, positions, 1, 0, 0, Side.BUY, 10, 1, 0)
    assert reserve(orders, positions, 2, 0, 0, Side.BUY, 10, 1, 0)
    assert not reserve(orders, positions, 3, 0, 0, Side.BUY, 10, 1, 0)
    release_report(orders, positions, report(1, ReportType.CANCEL, OrderStatus.CANCELED))
    assert reserve(orders, positions, 3, 0, 0, Side.SELL, 5, 1, 0)
    assert positions["open_buy"][0] == 10 and positions["open_sell"][0] == 5


def test_a_used_id_is_refused():
    orders, positions = allocate_open_orders(4), np.zeros(1, POSITION_STATE)
    assert reserve(orders, positions, 7, 0, 0, Side.BUY, 10, 1, 0)
    assert not reserve(orders, positions, 7, 0, 0, Side.BUY, 10, 1, 0)
    assert positions["open_buy"][0] == 10


def test_replace_moves_the_open_shares_to_the_new_order():
    orders, positions = allocate_open_orders(4), np.zeros(1, POSITION_STATE)
    reserve(orders, positions, 1, 0, 0, Side.BUY, 100, 1, 0)
    reserve(orders, positions, 2, 1, 0, Side.BUY, 60, 1, 0)
    assert positions["open_buy"][0] == 160  # either may still trade
    release_report(orders, positions,
                   report(2, ReportType.REPLACE, OrderStatus.NEW, leaves=60, original=1))
    assert positions["open_buy"][0] == 60


def test_an_order_that_never_arrived_is_given_back_unless_it_was_answered():
    orders, positions = allocate_open_orders(4), np.zeros(1, POSITION_STATE)
    never = {"reject_reason": RejectReason.NEVER_ARRIVED}
    for order_id in (1, 2):
        reserve(orders, positions, order_id, 0, 0, Side.BUY, 10, 1, 0)
    release_report(orders, positions, report(2, ReportType.ACK, OrderStatus.NEW, 10))
    for order_id in (1, 1, 2):
        release_report(orders, positions,
                       report(order_id, ReportType.REJECT, OrderStatus.REJECTED, **never))
    assert not is_open(orders, 1) and is_open(orders, 2) and positions["open_buy"][0] == 10


def test_an_order_that_timed_out_and_never_arrived_is_given_back():
    orders, positions = allocate_open_orders(4), np.zeros(1, POSITION_STATE)
    reserve(orders, positions, 1, 0, 0, Side.BUY, 10, 1, 0)
    release_report(orders, positions, report(1, ReportType.REJECT, OrderStatus.UNKNOWN, 10,
                                             reject_reason=RejectReason.TIMEOUT))
    assert is_open(orders, 1), "nobody knows"
    release_report(orders, positions, report(1, ReportType.REJECT, OrderStatus.REJECTED,
                                             reject_reason=RejectReason.NEVER_ARRIVED))
    assert not is_open(orders, 1) and positions["open_buy"][0] == 0


def test_a_status_is_believed_as_far_as_fills_bear_it_out():
    orders, positions = allocate_open_orders(4), np.zeros(1, POSITION_STATE)
    reserve(orders, positions, 1, 0, 0, Side.SELL, 10, 1, 0)
    over = report(1, ReportType.STATUS, OrderStatus.CANCELED, cum_qty=4)
    assert not release_report(orders, positions, over), "its fill has not come yet"
    assert positions["open_sell"][0] == 10
    release_report(orders, positions,
                   report(1, ReportType.FILL, OrderStatus.PARTIALLY_FILLED, 6, exec_qty=4))
    assert release_report(orders, positions, over)
    assert not is_open(orders, 1) and positions["open_sell"][0] == 0


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 12), st.sampled_from("NFCX"), st.integers(1, 100),
                          st.sampled_from([Side.BUY, Side.SELL])), max_size=80))
def test_open_shares_equal_the_sum_over_open_orders(steps):
    orders, positions = allocate_open_orders(8), np.zeros(1, POSITION_STATE)
    model: dict[int, list] = {}
    for order_id, step, shares, side in steps:
        if step == "N":
            taken = reserve(orders, positions, order_id, 0, 0, int(side), shares, 1, 0)
            assert taken == (order_id not in model and len(model) < 8)
            if taken:
                model[order_id] = [side, shares]
        elif step == "F":
            leaves = max(model.get(order_id, [0, 0])[1] - shares, 0)
            status = OrderStatus.PARTIALLY_FILLED if leaves else OrderStatus.FILLED
            release_report(orders, positions, report(order_id, ReportType.FILL, status, leaves))
            if order_id in model:
                model[order_id][1] = leaves
                if not leaves:
                    del model[order_id]
        else:
            kind, status = ((ReportType.CANCEL, OrderStatus.CANCELED) if step == "C"
                            else (ReportType.REJECT, OrderStatus.REJECTED))
            release_report(orders, positions, report(order_id, kind, status))
            model.pop(order_id, None)
        assert positions["open_buy"][0] == sum(q for s, q in model.values() if s == Side.BUY)
        assert positions["open_sell"][0] == sum(q for s, q in model.values() if s == Side.SELL)
