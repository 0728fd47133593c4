"""What the gateway does by the clock: orders without an answer, and walks over the whole table."""

from actors.gateway.orders import close_order, is_live, is_unanswered, known_order
from actors.gateway.reports import begin_cause, report
from actors.gateway.requests import send_cancel
from actors.gateway.state import (
    Counter, Event, Sweep, begin_change, end_change, gateway_of, order_at, order_count,
)
from actors.runtime import clock_ns, context, count, kernel, log
from schemas.enums import Command, OrderStatus, RejectReason, ReportType

__all__ = ["expire_unanswered", "sweep"]

_CHUNK = 4096  # slots looked at in one call

_NONE, _CLOSE_ALL = int(Sweep.NONE), int(Sweep.CLOSE_ALL)
_RECONCILE = int(Sweep.RECONCILE)
_PENDING_NEW, _UNKNOWN = int(OrderStatus.PENDING_NEW), int(OrderStatus.UNKNOWN)
_CANCELED, _REJECTED = int(OrderStatus.CANCELED), int(OrderStatus.REJECTED)
_CANCEL, _REJECT = int(ReportType.CANCEL), int(ReportType.REJECT)
_PENDING_CANCEL = int(Command.CANCEL)
_TIMEOUT, _VENUE_CLOSED = int(RejectReason.TIMEOUT), int(RejectReason.VENUE_CLOSED)
_NOT_CONNECTED = int(RejectReason.NOT_CONNECTED)
_TIMEOUTS, _CANCELS = int(Counter.TIMEOUTS), int(Counter.CANCELS)
_REFUSED = int(Counter.REFUSED)
_EVENT_TIMEOUT, _EVENT_CLOSED = int(Event.TIMEOUT), int(Event.CLOSED)
_EVENT_REJECTED, _EVENT_ACCEPTING = int(Event.REJECTED), int(Event.ACCEPTING)


@kernel
def _let_go_of_original(ctx, order):
    """The order that ``order`` was to replace may be cancelled or replaced again."""
    if known_order(ctx, order.replaces):
        original = order_at(ctx, order.replaces)
        if original.replaced_by == order.ref:
            original.pending = 0


@kernel
def _time_out(ctx, order):
    """No answer in time: the venue is asked to cancel, and everybody told that nobody knows."""
    begin_change(ctx, order.ref)
    order.status = _UNKNOWN
    order.pending = _PENDING_CANCEL
    order.cancel_due = 1
    end_change(ctx, order.ref)
    if send_cancel(ctx, order.ref, 0):
        order.cancel_due = 0
    _let_go_of_original(ctx, order)
    count(ctx, _TIMEOUTS, 1)
    log(ctx, _EVENT_TIMEOUT, order.order_id, gateway_of(ctx).timeout_ns, order.cancel_due, 0, 0, 0)
    cause = begin_cause(ctx, 0, clock_ns(ctx))
    cause.reason = _TIMEOUT
    return report(ctx, order, _REJECT)


@kernel
def expire_unanswered(ctx, budget):
    """Times out orders whose deadline has passed, oldest first. Returns reports made."""
    gateway = gateway_of(ctx)
    now_ns = context(ctx).now_ns
    made = 0
    looked = 0
    while gateway.oldest_ref < gateway.next_ref and made < budget and looked < _CHUNK:
        order = order_at(ctx, gateway.oldest_ref)
        if order.ref == gateway.oldest_ref and order.status == _PENDING_NEW:
            if now_ns < order.deadline_ns:
                break
            made += _time_out(ctx, order)
        gateway.oldest_ref += 1
        looked += 1
    return made


@kernel
def _close_with_session(ctx, order):
    """The venue's session is over, and this order with it."""
    open_shares = order.leaves
    unanswered = is_unanswered(order)
    cause = begin_cause(ctx, 0, clock_ns(ctx))
    cause.reason = _VENUE_CLOSED
    cause.exec_qty = open_shares
    begin_change(ctx, order.ref)
    order.sequence = 0
    close_order(ctx, order, _CANCELED)
    end_change(ctx, order.ref)
    count(ctx, _CANCELS, 1)
    log(ctx, _EVENT_CLOSED, order.order_id, open_shares, 1 if unanswered else 0, 0, 0, 0)
    return report(ctx, order, _CANCEL)


@kernel
def _reconcile(ctx, order):
    """Settles an order after a new login, when all the venue's answers are in.

    One without an answer never arrived. One with a cancel under way is cancelled once more.
    """
    if is_unanswered(order):
        _let_go_of_original(ctx, order)
        begin_change(ctx, order.ref)
        close_order(ctx, order, _REJECTED)
        end_change(ctx, order.ref)
        count(ctx, _REFUSED, 1)
        log(ctx, _EVENT_REJECTED, order.order_id, _NOT_CONNECTED, 0, 0, 0, 0)
        cause = begin_cause(ctx, 0, clock_ns(ctx))
        cause.reason = _NOT_CONNECTED
        return report(ctx, order, _REJECT)
    if order.cancel_due != 0 or order.pending == _PENDING_CANCEL:
        if send_cancel(ctx, order.ref, 0):
            order.cancel_due = 0
    return 0


@kernel
def sweep(ctx, budget):
    """Goes on with the walk over the table that is due, if one is. Returns reports made."""
    gateway = gateway_of(ctx)
    made = 0
    until = min(gateway.sweep_at + _CHUNK, order_count(ctx))
    while gateway.sweep != _NONE and gateway.sweep_at < until and made < budget:
        order = order_at(ctx, gateway.sweep_at)  # a slot number is a reference number modulo size
        if is_live(order):
            if gateway.sweep == _CLOSE_ALL:
                made += _close_with_session(ctx, order)
            elif order.ref < gateway.sweep_ref:
                made += _reconcile(ctx, order)
        gateway.sweep_at += 1
    if gateway.sweep != _NONE and gateway.sweep_at == order_count(ctx):
        if gateway.sweep == _RECONCILE:
            gateway.accepting = 1
            log(ctx, _EVENT_ACCEPTING, gateway.next_ref, gateway.live, 0, 0, 0, 0)
        gateway.sweep = _NONE
    return made
