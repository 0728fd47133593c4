"""Execution reports: each applied exactly once, in order, then passed on. Handlers.

The gateway numbers reports. What is lost on the way, with a process or a wire, is asked for again
(:mod:`actors.runtime.numbering`); what comes twice is not applied twice. It is still passed on, as a
strategy may have asked for it: strategies count the same numbers.
"""

import numpy as np

from actors.risk.inputs import take_report
from actors.risk.loss import check_loss
from actors.risk.open_orders import is_open
from actors.risk.queries import ask_about_orders
from actors.risk.state import (
    DUPLICATES, GAP, GAPS, LOST_ON_THE_WAY, REPORTS, REPORTS_SEEN, REPORT_APPLIED,
    REPORT_PASSED_ON, numbering_of, open_orders_of, state_of,
)
from actors.runtime import (
    claim, clock_ns, commit, context, count, crash_point, handler, kernel, log, replay_from,
)
from actors.runtime.journal.inputs import checkpoint_if_due
from actors.runtime.native import memcpy
from actors.runtime.numbering import (
    AHEAD, DUPLICATE, NEXT, UNNUMBERED, ask_again, follow_number, give_back, go_back,
)
from actors.runtime.sweep import RECOVER_NS, SOON_NS
from actors.runtime.wire import message_header
from schemas.enums import Flag, RejectReason, ReportType
from schemas.messages import EXECUTION_REPORT, HEADER, PREFIX_SIZE
from schemas.views import execution_report

__all__ = ["on_recover", "on_report", "on_reports_wanted"]

_BODY = PREFIX_SIZE + HEADER.itemsize
_REPORT_BODY_SIZE = EXECUTION_REPORT.itemsize - HEADER.itemsize
_FILL = int(ReportType.FILL)
_REPLAYED = int(Flag.REPLAYED)
_NEVER_ARRIVED = int(RejectReason.NEVER_ARRIVED)


@kernel
def _pass_on(ctx, message, flags):
    """Sends a report on to the strategies, under the gateway's number."""
    out = claim(ctx, REPORTS)
    if out == 0:
        return
    memcpy(out + _BODY, message + _BODY, _REPORT_BODY_SIZE)
    message_header(out).flags = flags
    commit(ctx, REPORTS)
    crash_point(ctx, REPORT_PASSED_ON)


@kernel
def _apply(ctx, message, report, now):
    """Writes a report down and applies it. False if the journal is full."""
    if not take_report(ctx, message, now):
        return False
    crash_point(ctx, REPORT_APPLIED)
    if np.int64(report.report_type) == _FILL:
        check_loss(ctx, report.receive_ns)
    return True


@handler
def on_report(ctx, message):
    """A report from the gateway."""
    report = execution_report(message)
    count(ctx, REPORTS_SEEN, 1)
    numbering, state = numbering_of(ctx), state_of(ctx)
    number, order_id = np.int64(report.report_seq), np.int64(report.order_id)
    now = context(ctx).now_ns
    expected, requests = numbering.wanted, numbering.requests
    verdict = follow_number(numbering, state.last_report_seq, number, now)
    if verdict == AHEAD:
        count(ctx, GAPS, 1)
        if numbering.requests != requests:
            log(ctx, GAP, expected, number, 0, 0, 0, 0)
        return 0
    if verdict == DUPLICATE:
        count(ctx, DUPLICATES, 1)
        _pass_on(ctx, message, _REPLAYED)
        return 0
    known = verdict == NEXT or is_open(open_orders_of(ctx), order_id)
    if known and not _apply(ctx, message, report, now):
        if verdict == NEXT:
            give_back(numbering, number)
        return 0  # it comes again
    if verdict == UNNUMBERED and report.reject_reason == _NEVER_ARRIVED:
        log(ctx, LOST_ON_THE_WAY, order_id, 0, 0, 0, 0, 0)
    _pass_on(ctx, message, 0)
    return 0


@handler
def on_reports_wanted(ctx, wire):
    """A strategy is connected, or lacks reports: what it lacks is asked of the gateway, and passed
    on when it comes."""
    go_back(numbering_of(ctx), state_of(ctx).last_report_seq, replay_from(wire), clock_ns(ctx))
    return 0


@handler
def on_recover(ctx, now):
    """Asks again for what did not come. Returns when to look again."""
    ask_again(numbering_of(ctx), state_of(ctx).last_report_seq, now)
    check_loss(ctx, now)
    checkpoint_if_due(ctx)
    return now + (SOON_NS if ask_about_orders(ctx, now) else RECOVER_NS)
