"""Reports out, from the ring, in the order of their numbers; and answers to queries behind them.

``control.sent`` is the last report passed on. Who missed some asks for them by number, which takes
that back: everything from there on is sent again, marked REPLAYED, and what is new follows. So
nobody ever gets a later report before an earlier one, and nobody misses one that the ring has.
"""

import numpy as np

from actors.gateway.inputs import CRASH_POINTS
from actors.gateway.orders import NO_REF, find_order
from actors.gateway.reports import describe_order, describe_refused
from actors.gateway.state import (
    QUERIES, Counter, Event, control_of, gateway_of, order_at, query_at, report_address,
    report_at, report_count, symbol_count,
)
from actors.runtime import (
    claim, clock_ns, commit, count, crash_point, handler, kernel, log, replay_from,
)
from actors.runtime.journal.inputs import is_kept, last_record
from actors.runtime.native import memcpy
from actors.runtime.records import message_header, out_wire, wire_page
from schemas.enums import Flag, OrderStatus, RejectReason, ReportType
from schemas.messages import EXECUTION_REPORT, HEADER, PREFIX_SIZE
from schemas.views import execution_report

__all__ = ["answer_queries", "has_ring_room", "is_behind", "note_query", "on_replay_request",
           "pass_on", "refuse_at_once"]

_PORT = 0
_HEADER, _SIZE = HEADER.itemsize, EXECUTION_REPORT.itemsize
_REPLAYED = int(Flag.REPLAYED)
_REJECT, _STATUS = int(ReportType.REJECT), int(ReportType.STATUS)
_REJECTED = int(OrderStatus.REJECTED)
_NEVER_ARRIVED = int(RejectReason.NEVER_ARRIVED)
_RESENT, _REPORTS_LOST = int(Counter.RESENT), int(Counter.REPORTS_LOST)
_QUERIES, _QUERIES_LOST = int(Counter.QUERIES), int(Counter.QUERIES_LOST)
_TOO_OLD = int(Counter.TOO_OLD)
_EVENT_TOO_OLD, _EVENT_AHEAD = int(Event.TOO_OLD), int(Event.AHEAD)
_REPORT_SENT = CRASH_POINTS.index("report sent") + 1


@kernel
def is_behind(ctx):
    """Whether reports or answers wait to be passed on."""
    control = control_of(ctx)
    return control.sent < gateway_of(ctx).report_seq or control.queries_from < control.queries_to


@kernel
def has_ring_room(ctx, reports):
    """Whether so many more may be made before what waits is passed on."""
    return gateway_of(ctx).report_seq - control_of(ctx).sent + reports <= report_count(ctx)


@kernel
def pass_on(ctx, budget):
    """Passes on at most ``budget`` reports. Returns how many.

    The wires that matter are ``block``: the reactor saw to their room. Should somebody have made
    one ``fail``, what it will not take is counted.
    """
    control, gateway = control_of(ctx), gateway_of(ctx)
    passed = 0
    while control.sent < gateway.report_seq and passed < budget:
        number = control.sent + 1
        if not is_kept(ctx, np.int64(report_at(ctx, number).header.seq)):
            break
        control.sent = number
        passed += 1
        message = claim(ctx, _PORT)
        if message == 0:
            count(ctx, _REPORTS_LOST, 1)
            continue
        memcpy(message + PREFIX_SIZE + _HEADER, report_address(ctx, number) + _HEADER,
               _SIZE - _HEADER)
        if number <= control.highest:
            message_header(message).flags = _REPLAYED
            count(ctx, _RESENT, 1)
        control.highest = max(control.highest, number)
        commit(ctx, _PORT)
        crash_point(ctx, _REPORT_SENT)
    return passed


@handler
def on_replay_request(ctx, wire):
    """A consumer is new on output wire ``wire``, or asks for reports again.

    Who asks gets everything from the number it says. To who is merely connected, as after a restart
    of the gateway, the last report goes once more: if it lacks any, it sees that and asks.
    """
    control, gateway = control_of(ctx), gateway_of(ctx)
    page = wire_page(out_wire(wire).page)
    first = gateway.report_seq
    if page.resync != page.resync_served:
        page.resync_served = page.resync
        first = replay_from(wire)
    oldest = max(gateway.report_seq - report_count(ctx) + 1, 1)
    if first < 1:
        return 0
    if first > gateway.report_seq + 1:
        log(ctx, _EVENT_AHEAD, first, gateway.report_seq, 0, 0, 0, 0)
    elif first < oldest:
        count(ctx, _TOO_OLD, oldest - first)
        log(ctx, _EVENT_TOO_OLD, first, oldest, 0, 0, 0, 0)
        first = oldest
    control.sent = min(control.sent, first - 1)
    return 0


# ---- answers without a number --------------------------------------------------------------------

@kernel
def note_query(ctx, command):
    """Somebody asks what became of order ``original_id`` of the command (body record)."""
    control = control_of(ctx)
    if control.queries_to - control.queries_from >= QUERIES:
        count(ctx, _QUERIES_LOST, 1)
        return
    query = query_at(ctx, control.queries_to)
    query.order_id = np.int64(command.original_id)
    query.symbol_id = np.int64(command.symbol_id)
    query.strategy_id = command.strategy_id
    query.side = command.side
    control.queries_to += 1


@kernel
def answer_queries(ctx, budget):
    """Answers at most ``budget`` queries, if all reports are out, so that none is overtaken."""
    control = control_of(ctx)
    answered = 0
    while control.queries_from < control.queries_to and answered < budget \
            and control.sent >= gateway_of(ctx).report_seq and is_kept(ctx, last_record(ctx)):
        query = query_at(ctx, control.queries_from)
        control.queries_from += 1
        answered += 1
        message = claim(ctx, _PORT)
        if message == 0:
            count(ctx, _QUERIES_LOST, 1)
            continue
        body = execution_report(message)
        body.receive_ns = clock_ns(ctx)
        ref = find_order(ctx, query.order_id)
        if ref != NO_REF:
            describe_order(body, order_at(ctx, ref))
            body.report_type = _STATUS
        else:
            body.order_id = query.order_id
            body.symbol_id = min(query.symbol_id, symbol_count(ctx) - 1)
            body.strategy_id = query.strategy_id
            body.side = query.side
            body.report_type = _REJECT
            body.order_status = _REJECTED
            body.reject_reason = _NEVER_ARRIVED
        commit(ctx, _PORT)
        count(ctx, _QUERIES, 1)
    return answered


@kernel
def refuse_at_once(ctx, command, order_id, reason):
    """Rejects a command (body record) about order ``order_id`` that cannot be written down, and so
    changes nothing and gets no number."""
    message = claim(ctx, _PORT)
    if message == 0:
        count(ctx, _REPORTS_LOST, 1)
        return
    body = execution_report(message)
    ref = find_order(ctx, order_id)
    if ref != NO_REF:
        describe_order(body, order_at(ctx, ref))
        body.report_type = _REJECT
    else:
        describe_refused(ctx, body, command, order_id)
    body.receive_ns = clock_ns(ctx)
    body.reject_reason = reason
    commit(ctx, _PORT)
