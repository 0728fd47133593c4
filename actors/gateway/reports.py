"""Execution reports, as they follow from the journal: each gets a number and a place in the ring.

A report says what an order now is, from its record, and what happened, from the ``cause`` record
that :func:`begin_cause` starts. It is passed on from the ring (:mod:`.passing_on`), and again if
somebody missed it.
"""

import numpy as np

from actors.gateway.state import (
    Counter, cause_of, gateway_of, report_address, report_at, symbol_count,
)
from actors.runtime import count, kernel
from actors.runtime.native import memset
from schemas.enums import OrderStatus, ReportType
from schemas.messages import EXECUTION_REPORT

__all__ = ["begin_cause", "describe_order", "describe_refused", "refuse", "report"]

_REJECT = int(ReportType.REJECT)
_REJECTED = int(OrderStatus.REJECTED)
_REPORTS, _REFUSED = int(Counter.REPORTS), int(Counter.REFUSED)
_SIZE = EXECUTION_REPORT.itemsize


@kernel
def begin_cause(ctx, exchange_ns, receive_ns):
    """Starts the description of something new: all else 0. Returns it."""
    cause = cause_of(ctx)
    cause.exchange_ns = exchange_ns
    cause.receive_ns = receive_ns
    cause.reason = 0
    cause.exec_qty = 0
    cause.exec_price_e4 = 0
    cause.exec_id = 0
    cause.original_id = 0
    cause.liquidity = 0
    return cause


@kernel
def _begin_report(ctx):
    """The next report in the ring, with its number and its cause. In place of a header it has the
    number of the journal's record it follows from."""
    gateway, cause = gateway_of(ctx), cause_of(ctx)
    gateway.report_seq += 1
    memset(report_address(ctx, gateway.report_seq), 0, _SIZE)
    body = report_at(ctx, gateway.report_seq)
    body.header.seq = cause.record
    body.report_seq = gateway.report_seq
    body.original_id = cause.original_id
    body.exec_id = cause.exec_id
    body.exec_price_e4 = cause.exec_price_e4
    body.exchange_ns = cause.exchange_ns
    body.receive_ns = cause.receive_ns
    body.exec_qty = cause.exec_qty
    body.reject_reason = cause.reason
    body.liquidity = cause.liquidity
    count(ctx, _REPORTS, 1)
    return body


@kernel
def describe_order(body, order):
    """What the order now is."""
    body.order_id = order.order_id
    body.price_e4 = order.price_e4
    body.t1_ns = order.t1_ns
    body.t2_ns = order.t2_ns
    body.t3_ns = order.t3_ns
    body.t4_ns = order.t4_ns
    body.t5_ns = order.t5_ns
    body.symbol_id = order.symbol_id
    body.leaves_qty = order.leaves
    body.cum_qty = order.cum
    body.strategy_id = order.strategy_id
    body.side = order.side
    body.order_status = order.status


@kernel
def report(ctx, order, kind):
    """Reports on an order of the table as it now is. Returns 1, for the caller's budget."""
    body = _begin_report(ctx)
    describe_order(body, order)
    body.report_type = kind
    return 1


@kernel
def refuse(ctx, command, order_id, reason, now_ns):
    """Rejects a command (body record) about an order that is not in the table. Returns 1."""
    count(ctx, _REFUSED, 1)
    cause = begin_cause(ctx, 0, now_ns)
    cause.reason = reason
    cause.original_id = command.original_id if order_id == np.int64(command.order_id) else 0
    body = _begin_report(ctx)
    describe_refused(ctx, body, command, order_id)
    return 1


@kernel
def describe_refused(ctx, body, command, order_id):
    """What the command (body record) would have made of order ``order_id``, which is not there."""
    body.order_id = order_id
    body.price_e4 = command.price_e4
    body.t1_ns = command.t1_ns
    body.t2_ns = command.strategy_ns
    body.t3_ns = command.risk_ns
    body.symbol_id = min(np.int64(command.symbol_id), symbol_count(ctx) - 1)
    body.strategy_id = command.strategy_id
    body.report_type = _REJECT
    body.side = command.side
    body.order_status = _REJECTED
