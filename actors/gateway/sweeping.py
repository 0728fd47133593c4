"""What the gateway does by itself: orders without an answer, and walks over the whole table."""

from actors.gateway.orders import close_order, is_live, is_unanswered, known_order
from actors.gateway.reports import begin_cause, report
from actors.gateway.requests import ask_to_cancel
from actors.gateway.state import (
    BURST, Counter, Event, Sweep, control_of, gateway_of, order_at, order_count,
)
from actors.runtime import count, kernel, log
from schemas.enums import Command, OrderStatus, RejectReason, ReportType

__all__ = ["apply_sweep", "apply_timeout", "first_overdue"]

_CHUNK = 4096  # slots looked at in one call

_NONE, _CLOSE_ALL = int(Sweep.NONE), int(Sweep.CLOSE_ALL)
_RECONCILE = int(Sweep.RECONCILE)
_PENDING_NEW, _UNKNOWN = int(OrderStatus.PENDING_NEW), int(OrderStatus.UNKNOWN)
_CANCELED, _REJECTED = int(OrderStatus.CANCELED), int(OrderStatus.REJECTED)
_CANCEL, _REJECT = int(ReportType.CANCEL), int(ReportType.REJECT)
_PENDING_CANCEL = int(Command.CANCEL)
_TIMEOUT, _VENUE_CLOSED = int(RejectReason.TIMEOUT), int(RejectReason.VENUE_CLOSED)
_NEVER_ARRIVED = int(RejectReason.NEVER_ARRIVED)
_TIMEOUTS, _CANCELS = int(Counter.TIMEOUTS), int(Counter.CANCELS)
_COUNT_NEVER = int(Counter.NEVER_ARRIVED)
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
def first_overdue(ctx, now_ns):
    """The reference number of the oldest order whose deadline for an answer has passed, or 0."""
    control, gateway = control_of(ctx), gateway_of(ctx)
    looked = 0
    while control.oldest_ref < gateway.next_ref and looked < _CHUNK:
        order = order_at(ctx, control.oldest_ref)
        if order.ref == control.oldest_ref and order.status == _PENDING_NEW:
            return order.ref if now_ns >= order.deadline_ns else 0
        control.oldest_ref += 1
        looked += 1
    return 0


@kernel
def apply_timeout(ctx, ref, now_ns):
    """No answer in time: the venue is asked to cancel, and everybody told that nobody knows."""
    order = order_at(ctx, ref)
    if order.ref != ref or order.status != _PENDING_NEW:
        return 0
    waited = now_ns - order.deadline_ns
    order.status = _UNKNOWN
    order.pending = _PENDING_CANCEL
    ask_to_cancel(ctx, ref, 0)
    _let_go_of_original(ctx, order)
    count(ctx, _TIMEOUTS, 1)
    log(ctx, _EVENT_TIMEOUT, order.order_id, control_of(ctx).timeout_ns, waited, 0, 0, 0)
    cause = begin_cause(ctx, 0, now_ns)
    cause.reason = _TIMEOUT
    return report(ctx, order, _REJECT)


@kernel
def _close_with_session(ctx, order, now_ns):
    """The venue's session is over, and this order with it."""
    open_shares = order.leaves
    unanswered = is_unanswered(order)
    cause = begin_cause(ctx, 0, now_ns)
    cause.reason = _VENUE_CLOSED
    cause.exec_qty = open_shares
    order.sequence = 0
    close_order(ctx, order, _CANCELED)
    count(ctx, _CANCELS, 1)
    log(ctx, _EVENT_CLOSED, order.order_id, open_shares, 1 if unanswered else 0, 0, 0, 0)
    return report(ctx, order, _CANCEL)


@kernel
def _reconcile(ctx, order, now_ns):
    """Settles an order after a new login, when all the venue's answers are in.

    One without an answer never arrived. One with a cancel under way is cancelled once more.
    """
    if is_unanswered(order):
        _let_go_of_original(ctx, order)
        close_order(ctx, order, _REJECTED)
        count(ctx, _COUNT_NEVER, 1)
        log(ctx, _EVENT_REJECTED, order.order_id, _NEVER_ARRIVED, 0, 0, 0, 0)
        cause = begin_cause(ctx, 0, now_ns)
        cause.reason = _NEVER_ARRIVED
        return report(ctx, order, _REJECT)
    if order.pending == _PENDING_CANCEL:
        ask_to_cancel(ctx, order.ref, 0)
        return 1
    return 0


@kernel
def apply_sweep(ctx, now_ns):
    """Goes on with the walk over the table that is due, if one is: some slots, and as many orders
    as BURST reports or requests are about."""
    gateway = gateway_of(ctx)
    made = 0
    until = min(gateway.sweep_at + _CHUNK, order_count(ctx))
    while gateway.sweep != _NONE and gateway.sweep_at < until and made < BURST:
        order = order_at(ctx, gateway.sweep_at)  # a slot number is a reference number modulo size
        if is_live(order):
            if gateway.sweep == _CLOSE_ALL:
                made += _close_with_session(ctx, order, now_ns)
            elif order.ref < gateway.sweep_ref:
                made += _reconcile(ctx, order, now_ns)
        gateway.sweep_at += 1
    if gateway.sweep != _NONE and gateway.sweep_at == order_count(ctx):
        if gateway.sweep == _RECONCILE:
            gateway.accepting = 1
            log(ctx, _EVENT_ACCEPTING, gateway.next_ref, gateway.live, 0, 0, 0, 0)
        gateway.sweep = _NONE
