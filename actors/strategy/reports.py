"""What comes back to a strategy: reports, each applied exactly once, and answers to its queries.

The gateway numbers reports, over all strategies; a strategy follows the numbers of all and applies
its own. What is lost on the way is asked for again (:mod:`actors.runtime.numbering`), and an order
that nobody answered is asked about (:mod:`actors.runtime.sweep`). Handlers.
"""

import numpy as np

from actors.runtime import claim, clock_ns, commit, context, count, crash_point, handler, kernel
from actors.runtime import log, table
from actors.runtime.journal.inputs import checkpoint_if_due
from actors.runtime.numbering import (
    AHEAD, DUPLICATE, NEXT, NUMBERING, ask_again, follow_number, give_back,
)
from actors.runtime.sweep import (
    RECOVER_NS, SOON_NS, SWEEP, begin_sweep, is_overdue, is_urgent, sweep_at_once,
)
from actors.strategy.inputs import (
    ASKED, DUPLICATES, GAP, GAPS, LOST_ON_THE_WAY, QUERIES, QUERY_SENT, REPORT_APPLIED, orders_of,
    state_of, take_report, take_seen,
)
from actors.strategy.market import NUMBERING_TABLE, SWEEP_TABLE
from actors.strategy.orders import is_unanswered, is_working
from schemas.enums import Command, RejectReason
from schemas.views import execution_report, order_command

__all__ = ["on_recover", "on_report", "on_risk"]

_QUERY = int(Command.QUERY)
_NEVER_ARRIVED = int(RejectReason.NEVER_ARRIVED)
_SEEN_EVERY = 256  # reports of others, before it is noted that they came
_QUERIES_PER_CALL = 4
_ROWS_PER_CALL = 1024


@kernel
def _numbering(ctx):
    return table(ctx, NUMBERING_TABLE, NUMBERING)[0]


@kernel
def _take_own(ctx, message, report, now):
    """Applies a report about an order of ours; False if the journal is full."""
    if not take_report(ctx, message, now):
        return False
    crash_point(ctx, REPORT_APPLIED)
    return True


@handler
def on_report(ctx, message):
    """A report from the risk manager: of an order of ours, or of somebody else's."""
    report = execution_report(message)
    numbering, state = _numbering(ctx), state_of(ctx)
    number = np.int64(report.report_seq)
    now = context(ctx).now_ns
    expected, requests = numbering.wanted, numbering.requests
    verdict = follow_number(numbering, expected - 1, number, now)
    if verdict == AHEAD:
        count(ctx, GAPS, 1)
        if numbering.requests != requests:
            log(ctx, GAP, expected, number, 0, 0, 0, 0)
        return 0
    if verdict == DUPLICATE:
        count(ctx, DUPLICATES, 1)
        return 0
    if np.int64(report.strategy_id) != state.strategy_id:
        if number - state.last_report_seq >= _SEEN_EVERY:
            take_seen(ctx, number, now)
        return 0
    order_id = np.int64(report.order_id)
    if verdict == NEXT:
        if not _take_own(ctx, message, report, now):
            give_back(numbering, number)  # it comes again
    elif is_working(orders_of(ctx), order_id) and _take_own(ctx, message, report, now):
        if report.reject_reason == _NEVER_ARRIVED:
            log(ctx, LOST_ON_THE_WAY, order_id, 0, 0, 0, 0, 0)
    return 0


@handler
def on_risk(ctx, wire):
    """The risk manager's next incarnation is connected: orders that nobody answered may have been
    lost with the last one."""
    sweep_at_once(table(ctx, SWEEP_TABLE, SWEEP)[0], clock_ns(ctx))
    return 0


@kernel
def _ask(ctx, order):
    """Sends a query about a working order; False if it cannot be sent now."""
    out = claim(ctx, 0)
    if out == 0:
        return False
    query = order_command(out)
    query.command = _QUERY
    query.order_id = order.order_id
    query.original_id = order.order_id
    query.symbol_id = order.symbol_id
    query.side = order.side
    query.strategy_id = state_of(ctx).strategy_id
    query.strategy_ns = clock_ns(ctx)
    commit(ctx, 0)
    count(ctx, QUERIES, 1)
    crash_point(ctx, QUERY_SENT)
    return True


@kernel
def _ask_about_orders(ctx, now):
    """Goes on asking about orders without an answer. Returns whether to call it again soon."""
    sweep, rows = table(ctx, SWEEP_TABLE, SWEEP)[0], orders_of(ctx)
    if not begin_sweep(sweep, rows.size, now):
        return False
    asked = 0
    end = min(sweep.at + _ROWS_PER_CALL, rows.size)
    while sweep.at < end:
        order = rows[sweep.at]
        if order.order_id != 0 and is_unanswered(order) and is_overdue(sweep, order.sent_ns):
            if asked == _QUERIES_PER_CALL:
                return True
            if not _ask(ctx, order):
                return False
            asked += 1
            sweep.asked += 1
        sweep.at += 1
    if sweep.at == rows.size and sweep.asked > 0:
        log(ctx, ASKED, sweep.asked, 0, 0, 0, 0, 0)
    return is_urgent(sweep, rows.size)


@handler
def on_recover(ctx, now):
    """Asks again for what did not come. Returns when to look again."""
    numbering = _numbering(ctx)
    ask_again(numbering, numbering.wanted - 1, now)
    checkpoint_if_due(ctx)
    return now + (SOON_NS if _ask_about_orders(ctx, now) else RECOVER_NS)
