"""The gateway's end of the order-entry session: the poller and the timer. The hot path.

After every login the venue is asked for its next UserRefNum. Its answer comes after everything that
was missed, so when it is there the gateway knows all that the venue knows, and what never arrived.
"""

import numpy as np

from actors.gateway.answers import apply_answer, end_order, find_order
from actors.gateway.commands import send_cancel
from actors.gateway.reports import report_order
from actors.gateway.state import Counter, Event, is_live, link_of, orders_of, state_of
from actors.runtime import clock_ns, count, handler, kernel, log
from actors.runtime.soup_kernels import (
    LinkLoss, consumed, is_active, keep_alive, lose, next_message, receive, reserve, transmit,
)
from schemas.enums import OrderStatus, RejectReason, ReportType
from schemas.venue import ouch50, soupbintcp

__all__ = ["BURST", "on_readable", "on_timer"]

#: Most reports that one call of a handler sends.
BURST = 64
_ANSWERS_PER_TURN = BURST // 2  # an answer makes two reports at most
_SWEPT_PER_TURN = 4096

_VALID = 0
_UNSEQUENCED = soupbintcp.UNSEQUENCED_DATA
_BAD_MESSAGE = int(LinkLoss.BAD_MESSAGE)
_LONGEST_REQUEST = 64

_CANCELED, _UNKNOWN = int(OrderStatus.CANCELED), int(OrderStatus.UNKNOWN)
_PENDING_NEW, _REJECTED = int(OrderStatus.PENDING_NEW), int(OrderStatus.REJECTED)
_CANCEL, _REJECT = int(ReportType.CANCEL), int(ReportType.REJECT)
_VENUE_CLOSED, _TIMEOUT = int(RejectReason.VENUE_CLOSED), int(RejectReason.TIMEOUT)
_NOT_CONNECTED = int(RejectReason.NOT_CONNECTED)
_COUNT_BAD, _COUNT_TIMEOUTS = int(Counter.BAD_MESSAGES), int(Counter.TIMEOUTS)
_COUNT_CANCELS, _COUNT_NEVER = int(Counter.CANCELS), int(Counter.NEVER_ARRIVED)
_EVENT_TIMEOUT, _EVENT_NEVER = int(Event.TIMEOUT), int(Event.NEVER_ARRIVED)


@kernel
def ask_next_user_ref(ctx, link, now_ns):
    """Sends Account Query once a login."""
    state = state_of(ctx)
    if state.queried == link.logins:
        return
    state.synced = 0
    request = reserve(link, _LONGEST_REQUEST)
    if request != 0:
        transmit(link, _UNSEQUENCED, ouch50.put_account_query(request), now_ns)
        state.queried = link.logins


@handler
def on_readable(ctx, fd):
    """Reads answers, at most a turn's worth; returns the work done."""
    link = link_of(ctx)
    if not is_active(link):
        return 0
    now = clock_ns(ctx)
    ask_next_user_ref(ctx, link, now)
    work = np.int64(receive(link, ctx))
    for _ in range(_ANSWERS_PER_TURN):
        if not next_message(link):
            break
        if ouch50.validate_out(link.payload, link.payload_size) != _VALID:
            count(ctx, _COUNT_BAD, 1)
            lose(link, _BAD_MESSAGE, 0, link.payload, link.payload_size)
            break
        apply_answer(ctx, link.payload)
        consumed(link)
        work += 1
    keep_alive(link, now)
    return work


@kernel
def close_orders(ctx):
    """Reports every order as ended: the venue began a new session and knows none of them."""
    state, orders = state_of(ctx), orders_of(ctx)
    reported = 0
    looked = 0
    while state.sweep < orders.size and reported < BURST and looked < _SWEPT_PER_TURN:
        order = orders[state.sweep]
        if order.order_id != 0 and is_live(order):
            quantity = order.leaves
            if order.t5_ns == 0:
                state.pending -= 1
            end_order(ctx, order, _CANCELED)
            count(ctx, _COUNT_CANCELS, 1)
            report_order(ctx, order, _CANCEL, quantity, 0, 0, 0, _VENUE_CLOSED, 0, clock_ns(ctx), 0)
            reported += 1
        order.user_ref = 0  # the new session numbers from 1 again
        state.sweep += 1
        looked += 1
    if state.sweep >= orders.size:
        state.sweep = -1


@kernel
def reject_what_never_arrived(ctx):
    """Orders numbered beyond what the venue has seen: their bytes were lost with a connection."""
    state = state_of(ctx)
    for _ in range(BURST):
        if state.lost_from >= state.lost_to:
            return
        slot = find_order(ctx, state.lost_from)
        state.lost_from += 1
        if slot < 0 or not is_live(orders_of(ctx)[slot]):
            continue
        order = orders_of(ctx)[slot]
        if order.t5_ns == 0:
            state.pending -= 1
        end_order(ctx, order, _REJECTED)
        count(ctx, _COUNT_NEVER, 1)
        log(ctx, _EVENT_NEVER, order.order_id, 0, 0, 0, 0, 0)
        report_order(ctx, order, _REJECT, 0, 0, 0, 0, _NOT_CONNECTED, 0, clock_ns(ctx), 0)


@kernel
def find_timeouts(ctx, now_ns):
    """Cancels orders that the venue has not answered in time, and says that their fate is unknown."""
    state = state_of(ctx)
    for _ in range(BURST):
        if state.checked_ref >= state.next_ref:
            return
        slot = find_order(ctx, state.checked_ref)
        if slot >= 0 and orders_of(ctx)[slot].status == _PENDING_NEW:
            order = orders_of(ctx)[slot]
            if now_ns - order.t4_ns < state.timeout_ns or not send_cancel(ctx, order, 0):
                return
            order.status = _UNKNOWN
            order.late = 1
            count(ctx, _COUNT_TIMEOUTS, 1)
            log(ctx, _EVENT_TIMEOUT, order.order_id, state.timeout_ns, 0, 0, 0, 0)
            report_order(ctx, order, _REJECT, 0, 0, 0, 0, _TIMEOUT, 0, now_ns, 0)
        state.checked_ref += 1


@handler
def on_timer(ctx, now):
    """Orders without answer, one concern a turn, so that a turn stays within its burst."""
    state = state_of(ctx)
    link = link_of(ctx)
    if state.sweep >= 0:
        close_orders(ctx)
        return now if state.sweep >= 0 else np.int64(0)
    if not is_active(link) or state.synced == 0:
        return 0
    if state.lost_from < state.lost_to:
        reject_what_never_arrived(ctx)
        return now if state.lost_from < state.lost_to else np.int64(0)
    find_timeouts(ctx, now)
    keep_alive(link, now)
    return 0
