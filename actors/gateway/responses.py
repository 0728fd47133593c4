"""OUCH 5.0 responses in, order states and execution reports out.

Each message changes one order, some a second one: the order's other half in a replacement. All of
it follows from the message and the state, and happens once: see :mod:`.apply`.

Source: OUCH 5.0, section 3.
"""

from actors.gateway.orders import (
    NO_REF, close_order, forget_answer, is_live, is_unanswered, known_order,
)
from actors.gateway.reports import begin_cause, report
from actors.gateway.requests import ask_to_cancel
from actors.gateway.state import (
    Counter, Event, Histogram, Sweep, cause_of, gateway_of, order_at,
)
from actors.gateway.venue_words import map_cancel_reason, map_reject_reason
from actors.runtime import count, kernel, log, observe
from actors.runtime.native import load_u8
from schemas.enums import Command, OrderStatus, RejectReason, ReportType
from schemas.venue import ouch50
from schemas.venue.big_endian import get_u8, get_u16, get_u32, get_u64
from schemas.venue.validity import VALID

__all__ = ["apply_response"]

_ACK, _FILL, _REJECT = int(ReportType.ACK), int(ReportType.FILL), int(ReportType.REJECT)
_CANCEL, _REPLACE = int(ReportType.CANCEL), int(ReportType.REPLACE)
_NEW, _PARTIAL = int(OrderStatus.NEW), int(OrderStatus.PARTIALLY_FILLED)
_FILLED, _CANCELED = int(OrderStatus.FILLED), int(OrderStatus.CANCELED)
_REPLACED, _REJECTED = int(OrderStatus.REPLACED), int(OrderStatus.REJECTED)
_PENDING_CANCEL = int(Command.CANCEL)
_CANCEL_REJECTED = int(RejectReason.CANCEL_REJECTED)
_DEAD = int(ouch50.OrderState.DEAD)
_T4_T5 = int(Histogram.T4_T5)
_RECONCILE = int(Sweep.RECONCILE)

_ACKS, _FILLS, _CANCELS = int(Counter.ACKS), int(Counter.FILLS), int(Counter.CANCELS)
_REJECTS, _REPLACES = int(Counter.REJECTS), int(Counter.REPLACES)
_CANCEL_REJECTS = int(Counter.CANCEL_REJECTS)
_FILLED_SHARES = int(Counter.FILLED_SHARES)
_OTHER_MESSAGES, _BAD_MESSAGES = int(Counter.OTHER_MESSAGES), int(Counter.BAD_MESSAGES)
_UNKNOWN_ORDERS, _ORPHANS = int(Counter.UNKNOWN_ORDERS), int(Counter.ORPHANS)
_BROKEN_TRADES = int(Counter.BROKEN_TRADES)
_VENUE_MESSAGES = int(Counter.VENUE_MESSAGES)

_EVENT_FILL, _EVENT_CANCELED = int(Event.FILL), int(Event.CANCELED)
_EVENT_REJECTED, _EVENT_BAD = int(Event.REJECTED), int(Event.BAD_MESSAGE)
_EVENT_UNKNOWN, _EVENT_ORPHAN = int(Event.UNKNOWN_ORDER), int(Event.ORPHAN)
_EVENT_BROKEN, _EVENT_VENUE = int(Event.BROKEN_TRADE), int(Event.VENUE_EVENT)
_EVENT_OVERFILL = int(Event.OVERFILL)

_REPORTED_UNKNOWN, _REPORTED_BAD = 1, 2


@kernel
def _reject_replacement(ctx, original, sequence):
    """The replacement on its way to an order that just ended is too late. Returns reports made."""
    if original.replaced_by == NO_REF or not known_order(ctx, original.replaced_by):
        return 0
    order = order_at(ctx, original.replaced_by)
    if not is_unanswered(order):
        return 0
    order.sequence = sequence
    close_order(ctx, order, _REJECTED)
    cause = cause_of(ctx)
    cause.reason = _CANCEL_REJECTED
    cause.original_id = original.order_id
    cause.exec_qty = 0
    cause.exec_price_e4 = 0
    cause.exec_id = 0
    count(ctx, _CANCEL_REJECTS, 1)
    return report(ctx, order, _REJECT)


@kernel
def _is_dead_on_arrival(ctx, order):
    """Accepted and at once over: what was open counts as cancelled."""
    cause = cause_of(ctx)
    order.quantity -= order.leaves
    close_order(ctx, order, _CANCELED)
    count(ctx, _CANCELS, 1)
    cause.original_id = 0
    return report(ctx, order, _CANCEL)


@kernel
def _answered(ctx, order, received_ns):
    """T5: the venue has the order."""
    forget_answer(ctx, order)
    order.status = _NEW
    order.t5_ns = received_ns
    if order.t4_ns != 0:
        observe(ctx, _T4_T5, received_ns - order.t4_ns)


@kernel
def _accepted(ctx, order, addr, sequence):
    order.sequence = sequence
    _answered(ctx, order, cause_of(ctx).receive_ns)
    order.quantity = get_u32(addr, ouch50.ACCEPTED_QUANTITY)
    order.leaves = order.quantity
    order.price_e4 = get_u64(addr, ouch50.ACCEPTED_PRICE)
    count(ctx, _ACKS, 1)
    dead = get_u8(addr, ouch50.ACCEPTED_ORDER_STATE) == _DEAD
    if dead:
        cause_of(ctx).exec_qty = 0
    made = report(ctx, order, _ACK)
    if dead:
        cause_of(ctx).exec_qty = get_u32(addr, ouch50.ACCEPTED_QUANTITY)
        made += _is_dead_on_arrival(ctx, order)
    return made


@kernel
def _replaced(ctx, order, addr, sequence):
    """``order`` is the new one; the old one may be gone from the table if it is ancient."""
    cause = cause_of(ctx)
    original_ref = get_u32(addr, ouch50.REPLACED_ORIG_USER_REF_NUM)
    order.sequence = sequence
    if known_order(ctx, original_ref):
        original = order_at(ctx, original_ref)
        cause.original_id = original.order_id
        if is_live(original):
            original.sequence = sequence
            order.cum = original.cum
            close_order(ctx, original, _REPLACED)
    _answered(ctx, order, cause.receive_ns)
    order.leaves = get_u32(addr, ouch50.REPLACED_QUANTITY)
    order.quantity = order.cum + order.leaves
    order.price_e4 = get_u64(addr, ouch50.REPLACED_PRICE)
    count(ctx, _REPLACES, 1)
    made = report(ctx, order, _REPLACE)
    if get_u8(addr, ouch50.REPLACED_ORDER_STATE) == _DEAD:
        cause.exec_qty = get_u32(addr, ouch50.REPLACED_QUANTITY)
        made += _is_dead_on_arrival(ctx, order)
    return made


@kernel
def _executed(ctx, order, addr, sequence):
    cause = cause_of(ctx)
    cause.exec_qty = get_u32(addr, ouch50.EXECUTED_QUANTITY)
    cause.exec_price_e4 = get_u64(addr, ouch50.EXECUTED_PRICE)
    cause.exec_id = get_u64(addr, ouch50.EXECUTED_MATCH_NUMBER)
    cause.liquidity = get_u8(addr, ouch50.EXECUTED_LIQUIDITY_FLAG)
    order.sequence = sequence
    if cause.exec_qty > order.leaves:
        log(ctx, _EVENT_OVERFILL, order.order_id, cause.exec_qty, order.leaves, 0, 0, 0)
    order.cum += cause.exec_qty
    left = max(order.leaves - cause.exec_qty, 0)
    if left > 0:
        forget_answer(ctx, order)
        order.leaves = left
        order.status = _PARTIAL
    elif is_live(order):
        close_order(ctx, order, _FILLED)
    count(ctx, _FILLED_SHARES, cause.exec_qty)
    count(ctx, _FILLS, 1)
    tick_to_trade = order.t4_ns - order.t1_ns if order.t1_ns != 0 and order.t4_ns != 0 else 0
    log(ctx, _EVENT_FILL, order.order_id, cause.exec_qty, cause.exec_price_e4, tick_to_trade,
        order.leaves, 0)
    made = report(ctx, order, _FILL)
    if not is_live(order):
        made += _reject_replacement(ctx, order, sequence)
    return made


@kernel
def _canceled(ctx, order, removed, letter, sequence):
    cause = cause_of(ctx)
    cause.exec_qty = removed
    cause.reason = map_cancel_reason(letter)
    order.sequence = sequence
    left = max(order.leaves - removed, 0)
    order.quantity -= min(removed, order.leaves)
    if left > 0:
        order.leaves = left
        if is_unanswered(order):
            forget_answer(ctx, order)
            order.status = _NEW
    elif is_live(order):
        close_order(ctx, order, _CANCELED)
    count(ctx, _CANCELS, 1)
    log(ctx, _EVENT_CANCELED, order.order_id, removed, letter, order.leaves, 0, 0)
    made = report(ctx, order, _CANCEL)
    if not is_live(order):
        made += _reject_replacement(ctx, order, sequence)
    return made


@kernel
def _rejected(ctx, order, code, sequence):
    """An order refused; or, if the venue has it already, a request about it."""
    cause = cause_of(ctx)
    if not is_unanswered(order):
        return _cancel_refused(ctx, order, sequence)
    cause.reason = map_reject_reason(code)
    if known_order(ctx, order.replaces):
        original = order_at(ctx, order.replaces)
        cause.original_id = original.order_id
        if original.replaced_by == order.ref:
            original.replaced_by = NO_REF
            original.pending = 0
    order.sequence = sequence
    close_order(ctx, order, _REJECTED)
    count(ctx, _REJECTS, 1)
    log(ctx, _EVENT_REJECTED, order.order_id, cause.reason, code, 0, 0, 0)
    return report(ctx, order, _REJECT)


@kernel
def _cancel_refused(ctx, order, sequence):
    cause_of(ctx).reason = _CANCEL_REJECTED
    order.sequence = sequence
    if order.pending == _PENDING_CANCEL:
        order.pending = 0
    count(ctx, _CANCEL_REJECTS, 1)
    log(ctx, _EVENT_REJECTED, order.order_id, _CANCEL_REJECTED, 0, 0, 0, 0)
    return report(ctx, order, _REJECT)


@kernel
def _unknown(ctx, kind, ref, addr, sequence):
    """A message about an order that is not in the table. If it says that the order lives, it must
    not: nobody here would know of its fills. History is left alone: what it tells may be over."""
    gateway = gateway_of(ctx)
    count(ctx, _UNKNOWN_ORDERS, 1)
    if gateway.reported & _REPORTED_UNKNOWN == 0:
        gateway.reported |= _REPORTED_UNKNOWN
        log(ctx, _EVENT_UNKNOWN, kind, ref, sequence, 0, 0, 0)
    if kind == ouch50.ACCEPTED and sequence >= gateway.tail \
            and get_u8(addr, ouch50.ACCEPTED_ORDER_STATE) != _DEAD:
        count(ctx, _ORPHANS, 1)
        ask_to_cancel(ctx, ref, 0)
        log(ctx, _EVENT_ORPHAN, ref, sequence, 0, 0, 0, 0)
    return 0


@kernel
def _ref_of(kind, addr):
    """The reference number a response is about; NO_REF if it is about none."""
    if kind == ouch50.REPLACED:
        return get_u32(addr, ouch50.REPLACED_USER_REF_NUM)
    if kind == ouch50.SYSTEM_EVENT or kind == ouch50.ACCOUNT_QUERY_RESPONSE:
        return NO_REF
    return get_u32(addr, ouch50.ACCEPTED_USER_REF_NUM)


@kernel
def _apply_to_order(ctx, kind, ref, addr, sequence):
    order = order_at(ctx, ref)
    if kind == ouch50.ACCEPTED:
        if not is_unanswered(order):
            return _unknown(ctx, kind, ref, addr, sequence)  # we took it for lost and said so
        return _accepted(ctx, order, addr, sequence)
    if kind == ouch50.EXECUTED:
        return _executed(ctx, order, addr, sequence)
    if kind == ouch50.CANCELED:
        return _canceled(ctx, order, get_u32(addr, ouch50.CANCELED_QUANTITY),
                         get_u8(addr, ouch50.CANCELED_REASON), sequence)
    if kind == ouch50.AIQ_CANCELED:
        return _canceled(ctx, order, get_u32(addr, ouch50.AIQ_CANCELED_DECREMENT_SHARES),
                         get_u8(addr, ouch50.AIQ_CANCELED_REASON), sequence)
    if kind == ouch50.REPLACED:
        if not is_unanswered(order):
            return _unknown(ctx, kind, ref, addr, sequence)
        return _replaced(ctx, order, addr, sequence)
    if kind == ouch50.REJECTED:
        return _rejected(ctx, order, get_u16(addr, ouch50.REJECTED_REASON), sequence)
    if kind == ouch50.CANCEL_REJECT:
        return _cancel_refused(ctx, order, sequence)
    if kind == ouch50.BROKEN_TRADE:
        count(ctx, _BROKEN_TRADES, 1)
        log(ctx, _EVENT_BROKEN, order.order_id, get_u64(addr, ouch50.BROKEN_TRADE_MATCH_NUMBER),
            get_u8(addr, ouch50.BROKEN_TRADE_REASON), 0, 0, 0)
        return 0
    if kind == ouch50.ORDER_PRIORITY_UPDATE:
        order.price_e4 = get_u64(addr, ouch50.ORDER_PRIORITY_UPDATE_PRICE)
    count(ctx, _OTHER_MESSAGES, 1)
    return 0


@kernel
def _query_answered(ctx, next_ref, sequence):
    """All answers to what was sent before are in: time to settle what has none. Unless it is the
    answer to the query of an earlier login, which comes before ours in the stream."""
    gateway = gateway_of(ctx)
    if sequence < gateway.tail:
        return
    gateway.next_ref = max(gateway.next_ref, next_ref)
    gateway.sweep_ref = gateway.next_ref
    gateway.sweep_at = 0
    gateway.sweep = _RECONCILE


@kernel
def _bad(ctx, addr, size, sequence):
    gateway = gateway_of(ctx)
    count(ctx, _BAD_MESSAGES, 1)
    if gateway.reported & _REPORTED_BAD == 0:
        gateway.reported |= _REPORTED_BAD
        first = 0
        for i in range(min(size, 7)):
            first |= load_u8(addr + i) << (8 * i)
        log(ctx, _EVENT_BAD, sequence, size, first, 0, 0, 0)
    return 0


@kernel
def apply_response(ctx, addr, size, sequence, received_ns):
    """Applies the sequenced message of ``size`` bytes at ``addr``, number ``sequence``, which makes
    at most MAX_REPORTS reports. Bytes that are no OUCH response are counted, logged once, and
    change nothing."""
    count(ctx, _VENUE_MESSAGES, 1)
    if ouch50.validate_out(addr, size) != VALID:
        return _bad(ctx, addr, size, sequence)
    kind = get_u8(addr, 0)
    begin_cause(ctx, get_u64(addr, ouch50.TIMESTAMP), received_ns)
    ref = _ref_of(kind, addr)
    if ref != NO_REF:
        if known_order(ctx, ref):
            return _apply_to_order(ctx, kind, ref, addr, sequence)
        return _unknown(ctx, kind, ref, addr, sequence)
    if kind == ouch50.ACCOUNT_QUERY_RESPONSE:
        _query_answered(ctx, get_u32(addr, ouch50.ACCOUNT_QUERY_RESPONSE_NEXT_USER_REF_NUM),
                        sequence)
    elif kind == ouch50.SYSTEM_EVENT:
        log(ctx, _EVENT_VENUE, get_u8(addr, ouch50.SYSTEM_EVENT_EVENT_CODE), 0, 0, 0, 0, 0)
    else:
        count(ctx, _OTHER_MESSAGES, 1)
    return 0
