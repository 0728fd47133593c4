"""Execution reports: what the gateway tells risk. Kernels; the hot path."""

import numpy as np

from actors.gateway.state import Counter, Event, state_of
from actors.runtime import claim, commit, count, kernel, log
from schemas.enums import OrderStatus, ReportType
from schemas.views import execution_report

__all__ = ["refuse_command", "report_order"]

REPORTS = 0  # output port

_REJECT = int(ReportType.REJECT)
_REJECTED = int(OrderStatus.REJECTED)
_COUNT_REPORTS = int(Counter.REPORTS)
_COUNT_REJECTS = int(Counter.REJECTS)
_EVENT_REJECT = int(Event.REJECT)


@kernel
def _number(ctx, report):
    state = state_of(ctx)
    state.report_seq += 1
    report.report_seq = state.report_seq
    count(ctx, _COUNT_REPORTS, 1)


@kernel
def report_order(ctx, order, kind, quantity, price_e4, exec_id, liquidity, reason, exchange_ns,
                 receive_ns, original_id):
    """Reports what happened to ``order`` (ORDER record), as its record now stands."""
    out = claim(ctx, REPORTS)
    report = execution_report(out)
    report.order_id = order.order_id
    report.original_id = original_id
    report.exec_id = exec_id
    report.price_e4 = order.price_e4
    report.exec_price_e4 = price_e4
    report.exchange_ns = exchange_ns
    report.receive_ns = receive_ns
    report.t1_ns = order.t1_ns
    report.t2_ns = order.t2_ns
    report.t3_ns = order.t3_ns
    report.t4_ns = order.t4_ns
    report.t5_ns = order.t5_ns
    report.symbol_id = order.symbol_id
    report.exec_qty = quantity
    report.leaves_qty = order.leaves
    report.cum_qty = order.cum
    report.strategy_id = order.strategy_id
    report.reject_reason = reason
    report.report_type = kind
    report.side = order.side
    report.order_status = order.status
    report.liquidity = liquidity
    _number(ctx, report)
    commit(ctx, REPORTS)


@kernel
def refuse_command(ctx, command, order_id, status, reason, now_ns):
    """Rejects a command that did not leave: ``order_id`` is the order it was about."""
    out = claim(ctx, REPORTS)
    report = execution_report(out)
    report.order_id = order_id
    report.original_id = command.original_id
    report.price_e4 = command.price_e4
    report.receive_ns = now_ns
    report.t1_ns = command.t1_ns
    report.t2_ns = command.strategy_ns
    report.t3_ns = command.risk_ns
    report.symbol_id = command.symbol_id
    report.strategy_id = command.strategy_id
    report.reject_reason = reason
    report.report_type = _REJECT
    report.side = command.side
    report.order_status = status
    _number(ctx, report)
    commit(ctx, REPORTS)
    count(ctx, _COUNT_REJECTS, 1)
    log(ctx, _EVENT_REJECT, np.int64(order_id), reason, 0, np.int64(command.symbol_id), 0, 0)
