"""Execution reports out: every one numbered, none lost.

A report says what an order now is, from its record, and what happened, from the ``cause`` record
that :func:`begin_cause` starts.
"""

import numpy as np

from actors.gateway.state import Counter, cause_of, gateway_of, symbol_count
from actors.runtime import claim, clock_ns, commit, count, kernel
from actors.runtime.wire import message_header
from schemas.enums import Flag, OrderStatus, ReportType
from schemas.views import execution_report

__all__ = ["begin_cause", "refuse", "report"]

_PORT = 0
_REJECT = int(ReportType.REJECT)
_REJECTED = int(OrderStatus.REJECTED)
_REPLAYED = int(Flag.REPLAYED)
_REPORTS = int(Counter.REPORTS)
_REPORTS_LOST = int(Counter.REPORTS_LOST)
_REFUSED = int(Counter.REFUSED)


@kernel
def begin_cause(ctx, exchange_ns, receive_ns):
    """Starts the description of something new: all else 0, the next report number. Returns it."""
    cause = cause_of(ctx)
    cause.exchange_ns = exchange_ns
    cause.receive_ns = receive_ns
    cause.reason = 0
    cause.exec_qty = 0
    cause.exec_price_e4 = 0
    cause.exec_id = 0
    cause.original_id = 0
    cause.liquidity = 0
    cause.again = 0
    cause.report_seq = gateway_of(ctx).report_seq + 1
    return cause


@kernel
def _claim_numbered(ctx, cause):
    """A claimed report with its number, or 0.

    The wires that matter are ``block``: the reactor saw to their room. Should somebody have made
    one ``fail``, what it will not take is counted.
    """
    gateway = gateway_of(ctx)
    gateway.report_seq = max(gateway.report_seq, cause.report_seq)
    cause.report_seq += 1
    message = claim(ctx, _PORT)
    if message == 0:
        count(ctx, _REPORTS_LOST, 1)
        return 0
    count(ctx, _REPORTS, 1)
    if cause.again != 0:
        message_header(message).flags = _REPLAYED
    body = execution_report(message)
    body.report_seq = cause.report_seq - 1
    body.original_id = cause.original_id
    body.exec_id = cause.exec_id
    body.exec_price_e4 = cause.exec_price_e4
    body.exchange_ns = cause.exchange_ns
    body.receive_ns = cause.receive_ns
    body.exec_qty = cause.exec_qty
    body.reject_reason = cause.reason
    body.liquidity = cause.liquidity
    return message


@kernel
def report(ctx, order, kind):
    """Reports on an order of the table as it now is. Returns 1, for the caller's budget."""
    message = _claim_numbered(ctx, cause_of(ctx))
    if message == 0:
        return 1
    body = execution_report(message)
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
    body.report_type = kind
    body.side = order.side
    body.order_status = order.status
    commit(ctx, _PORT)
    return 1


@kernel
def refuse(ctx, command, order_id, reason):
    """Rejects a command (body record) about an order that is not in the table. Returns 1."""
    count(ctx, _REFUSED, 1)
    cause = begin_cause(ctx, 0, clock_ns(ctx))
    cause.reason = reason
    cause.original_id = command.original_id if order_id == np.int64(command.order_id) else 0
    message = _claim_numbered(ctx, cause)
    if message == 0:
        return 1
    body = execution_report(message)
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
    commit(ctx, _PORT)
    return 1
