"""What became of an order: queries passed on, answered, and asked. Kernels and handlers.

See :mod:`actors.runtime.sweep` for when orders are asked about, and why the answer is final.
"""

import numpy as np

from actors.risk.state import (
    APPROVED, ASKED, HIGHEST, NEVER_ARRIVED, QUERIES_SEEN, QUERIES_SENT, QUERY_SENT, REPORTS,
    open_orders_of, sweep_of,
)
from actors.runtime import claim, clock_ns, commit, count, crash_point, handler, kernel, log, table
from actors.runtime.native import memcpy
from actors.runtime.sweep import begin_sweep, is_overdue, is_urgent, sweep_at_once
from schemas.enums import Command, OrderStatus, RejectReason, ReportType
from schemas.messages import HEADER, ORDER_COMMAND, PREFIX_SIZE
from schemas.views import execution_report, order_command

__all__ = ["ask_about_orders", "on_gateway", "pass_query_on", "reject_order"]

_QUERIES_PER_CALL = 4
_SLOTS_PER_CALL = 1024
_BODY = PREFIX_SIZE + HEADER.itemsize
_COMMAND_BODY_SIZE = ORDER_COMMAND.itemsize - HEADER.itemsize

_QUERY = int(Command.QUERY)
_REJECT = int(ReportType.REJECT)
_STATUS_REJECTED = int(OrderStatus.REJECTED)
_REASON_NEVER_ARRIVED = int(RejectReason.NEVER_ARRIVED)


@kernel
def reject_order(ctx, command, order_id, reason, now):
    """Reports to the strategies that a command (body record) about ``order_id`` was refused."""
    out = claim(ctx, REPORTS)
    if out == 0:
        return
    report = execution_report(out)
    report.order_id = order_id
    report.original_id = command.original_id
    report.price_e4 = command.price_e4
    report.receive_ns = now
    report.t1_ns = command.t1_ns
    report.t2_ns = command.strategy_ns
    report.t3_ns = now
    report.symbol_id = command.symbol_id
    report.strategy_id = command.strategy_id
    report.side = command.side
    report.report_type = _REJECT
    report.order_status = _STATUS_REJECTED
    report.reject_reason = reason
    commit(ctx, REPORTS)


@kernel
def pass_query_on(ctx, message, command):
    """A strategy's query. An id above all that came from it never arrived, which is said at once;
    whether another did and what became of it, the gateway knows. If that cannot be asked now, the
    strategy will ask again."""
    count(ctx, QUERIES_SEEN, 1)
    highest = table(ctx, HIGHEST, np.int64)
    order_id = np.int64(command.original_id)
    strategy_id = np.int64(command.strategy_id)
    if strategy_id < highest.size and order_id > highest[strategy_id]:
        count(ctx, NEVER_ARRIVED, 1)
        reject_order(ctx, command, order_id, _REASON_NEVER_ARRIVED, clock_ns(ctx))
        return
    out = claim(ctx, APPROVED)
    if out == 0:
        return
    memcpy(out + _BODY, message + _BODY, _COMMAND_BODY_SIZE)
    commit(ctx, APPROVED)


@handler
def on_gateway(ctx, wire):
    """The gateway's next incarnation is connected: what the last one did not answer may have been
    lost with it."""
    sweep_at_once(sweep_of(ctx), clock_ns(ctx))
    return 0


@kernel
def _ask(ctx, order):
    """Sends a query about an open order; False if there is no room or no gateway."""
    out = claim(ctx, APPROVED)
    if out == 0:
        return False
    query = order_command(out)
    query.command = _QUERY
    query.order_id = order.order_id
    query.original_id = order.order_id
    query.symbol_id = order.symbol_id
    query.side = order.side
    query.strategy_id = order.strategy_id
    query.risk_ns = clock_ns(ctx)
    commit(ctx, APPROVED)
    count(ctx, QUERIES_SENT, 1)
    crash_point(ctx, QUERY_SENT)
    return True


@kernel
def ask_about_orders(ctx, now):
    """Goes on asking about orders without an answer. Returns whether it should be called again
    soon."""
    sweep = sweep_of(ctx)
    slots = open_orders_of(ctx).slots
    if not begin_sweep(sweep, slots.size, now):
        return False
    asked = 0
    end = min(sweep.at + _SLOTS_PER_CALL, slots.size)
    while sweep.at < end:
        order = slots[sweep.at]
        if order.order_id != 0 and order.answered == 0 and is_overdue(sweep, order.sent_ns):
            if asked == _QUERIES_PER_CALL:
                return True
            if not _ask(ctx, order):
                return False
            asked += 1
            sweep.asked += 1
        sweep.at += 1
    if sweep.at == slots.size and sweep.asked > 0:
        log(ctx, ASKED, sweep.asked, 0, 0, 0, 0, 0)
    return is_urgent(sweep, slots.size)
