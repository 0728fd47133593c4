"""What the venue answers: OUCH 5.0 messages applied to orders and reported. Kernels; the hot path.

Every message refers to an order by its UserRefNum. Quantities of executions and cancels are changes.
"""

import numpy as np

from actors.gateway.reports import report_order
from actors.gateway.state import (
    Counter, Event, T4_T5, is_live, link_of, orders_of, state_of,
)
from actors.runtime import count, kernel, log, observe
from schemas.enums import OrderStatus, RejectReason, ReportType
from schemas.venue import ouch50
from schemas.venue.big_endian import get_u8, get_u16, get_u32, get_u64

__all__ = ["apply_answer", "end_order"]

_NEW = int(OrderStatus.NEW)
_PENDING_NEW = int(OrderStatus.PENDING_NEW)
_UNKNOWN = int(OrderStatus.UNKNOWN)
_PARTIALLY_FILLED, _FILLED = int(OrderStatus.PARTIALLY_FILLED), int(OrderStatus.FILLED)
_CANCELED, _REJECTED = int(OrderStatus.CANCELED), int(OrderStatus.REJECTED)
_STATUS_REPLACED = int(OrderStatus.REPLACED)

_ACK, _FILL, _CANCEL = int(ReportType.ACK), int(ReportType.FILL), int(ReportType.CANCEL)
_REJECT, _REPLACE = int(ReportType.REJECT), int(ReportType.REPLACE)

_CANCEL_REJECTED = int(RejectReason.CANCEL_REJECTED)
_VENUE, _VENUE_SYMBOL = int(RejectReason.VENUE), int(RejectReason.VENUE_SYMBOL)
_VENUE_PRICE, _VENUE_QUANTITY = int(RejectReason.VENUE_PRICE), int(RejectReason.VENUE_QUANTITY)
_VENUE_HALTED, _VENUE_CLOSED = int(RejectReason.VENUE_HALTED), int(RejectReason.VENUE_CLOSED)

_OUCH_HALTED = int(ouch50.RejectReason.HALTED)
_OUCH_CLOSED = int(ouch50.RejectReason.DESTINATION_CLOSED)
_OUCH_SYMBOL = int(ouch50.RejectReason.INVALID_SYMBOL)
_OUCH_PRICE = int(ouch50.RejectReason.INVALID_PRICE)
_OUCH_QUANTITY = int(ouch50.RejectReason.INVALID_QUANTITY)
_DEAD = int(ouch50.OrderState.DEAD)

_COUNT_ACKS, _COUNT_FILLS = int(Counter.ACKS), int(Counter.FILLS)
_COUNT_CANCELS, _COUNT_REPLACED = int(Counter.CANCELS), int(Counter.REPLACED)
_COUNT_REJECTS, _COUNT_UNKNOWN = int(Counter.REJECTS), int(Counter.UNKNOWN_ORDERS)
_COUNT_OTHER = int(Counter.OTHER_MESSAGES)
_EVENT_FILL, _EVENT_REJECT = int(Event.FILL), int(Event.REJECT)
_EVENT_UNKNOWN, _EVENT_BROKEN = int(Event.UNKNOWN_ORDER), int(Event.BROKEN_TRADE)


@kernel
def find_order(ctx, user_ref):
    """Slot of the order with this UserRefNum, or -1: not ours, or long ended."""
    orders = orders_of(ctx)
    slot = user_ref & (orders.size - 1)
    if orders[slot].user_ref == user_ref and orders[slot].order_id != 0:
        return slot
    return np.int64(-1)


@kernel
def _answered(ctx, order):
    """The first answer to an order: T5."""
    if order.t5_ns != 0:
        return
    order.t5_ns = link_of(ctx).received_ns
    if order.t4_ns != 0:
        observe(ctx, T4_T5, order.t5_ns - order.t4_ns)
    state_of(ctx).pending -= 1


@kernel
def end_order(ctx, order, status):
    """The order has ended: its slot may be used again."""
    if is_live(order):
        state_of(ctx).live -= 1
    order.status = status
    order.leaves = 0


@kernel
def _accepted(ctx, order, message, exchange_ns, receive_ns):
    _answered(ctx, order)
    order.leaves = get_u32(message, ouch50.ACCEPTED_QUANTITY)
    order.status = _NEW
    count(ctx, _COUNT_ACKS, 1)
    report_order(ctx, order, _ACK, 0, 0, 0, 0, 0, exchange_ns, receive_ns, 0)
    if get_u8(message, ouch50.ACCEPTED_ORDER_STATE) == _DEAD:
        _canceled(ctx, order, order.leaves, exchange_ns, receive_ns)


@kernel
def _replaced(ctx, order, message, exchange_ns, receive_ns):
    _answered(ctx, order)
    original_id = np.int64(0)
    old = find_order(ctx, get_u32(message, ouch50.REPLACED_ORIG_USER_REF_NUM))
    if old >= 0:
        original = orders_of(ctx)[old]
        original_id = original.order_id
        order.cum = original.cum
        end_order(ctx, original, _STATUS_REPLACED)
    order.leaves = get_u32(message, ouch50.REPLACED_QUANTITY)
    order.price_e4 = get_u64(message, ouch50.REPLACED_PRICE)
    order.status = _NEW
    count(ctx, _COUNT_REPLACED, 1)
    report_order(ctx, order, _REPLACE, 0, 0, 0, 0, 0, exchange_ns, receive_ns, original_id)
    if get_u8(message, ouch50.REPLACED_ORDER_STATE) == _DEAD:
        _canceled(ctx, order, order.leaves, exchange_ns, receive_ns)


@kernel
def _executed(ctx, order, message, exchange_ns, receive_ns):
    _answered(ctx, order)
    quantity = get_u32(message, ouch50.EXECUTED_QUANTITY)
    price_e4 = get_u64(message, ouch50.EXECUTED_PRICE)
    order.cum += quantity
    order.leaves = max(order.leaves - quantity, 0)
    if order.leaves == 0:
        end_order(ctx, order, _FILLED)
    else:
        order.status = _PARTIALLY_FILLED
    count(ctx, _COUNT_FILLS, 1)
    report_order(ctx, order, _FILL, quantity, price_e4,
                 get_u64(message, ouch50.EXECUTED_MATCH_NUMBER),
                 get_u8(message, ouch50.EXECUTED_LIQUIDITY_FLAG), 0, exchange_ns, receive_ns, 0)
    tick_to_trade = order.t4_ns - order.t1_ns if order.t1_ns != 0 else np.int64(0)
    log(ctx, _EVENT_FILL, order.order_id, quantity, price_e4, tick_to_trade,
        np.int64(order.symbol_id), 0)


@kernel
def _canceled(ctx, order, quantity, exchange_ns, receive_ns):
    _answered(ctx, order)
    order.leaves = max(order.leaves - quantity, 0)
    if order.leaves == 0:
        end_order(ctx, order, _CANCELED)
        count(ctx, _COUNT_CANCELS, 1)
    report_order(ctx, order, _CANCEL, quantity, 0, 0, 0, 0, exchange_ns, receive_ns, 0)


@kernel
def _reason(code):
    """Our word for a venue's reject reason."""
    if code == _OUCH_SYMBOL:
        return _VENUE_SYMBOL
    if code == _OUCH_PRICE:
        return _VENUE_PRICE
    if code == _OUCH_QUANTITY:
        return _VENUE_QUANTITY
    if code == _OUCH_HALTED:
        return _VENUE_HALTED
    return _VENUE_CLOSED if code == _OUCH_CLOSED else _VENUE


@kernel
def _rejected(ctx, order, message, exchange_ns, receive_ns):
    """A new or replacing order that the venue refused, or a cancel that it cannot do."""
    code = get_u16(message, ouch50.REJECTED_REASON)
    reason = _reason(code)
    if order.status == _PENDING_NEW or order.status == _UNKNOWN:
        _answered(ctx, order)
        end_order(ctx, order, _REJECTED)
    else:
        reason = _CANCEL_REJECTED
    count(ctx, _COUNT_REJECTS, 1)
    report_order(ctx, order, _REJECT, 0, 0, 0, 0, reason, exchange_ns, receive_ns, 0)
    log(ctx, _EVENT_REJECT, order.order_id, reason, code, np.int64(order.symbol_id), 0, 0)


@kernel
def _cancel_rejected(ctx, order, exchange_ns, receive_ns):
    count(ctx, _COUNT_REJECTS, 1)
    report_order(ctx, order, _REJECT, 0, 0, 0, 0, _CANCEL_REJECTED, exchange_ns, receive_ns, 0)


@kernel
def _next_user_ref(ctx, message):
    """The venue's next UserRefNum: what we numbered from there on never reached it."""
    state = state_of(ctx)
    expected = get_u32(message, ouch50.ACCOUNT_QUERY_RESPONSE_NEXT_USER_REF_NUM)
    if expected < state.next_ref:
        state.lost_from = expected
        state.lost_to = state.next_ref
    state.next_ref = max(state.next_ref, expected)
    state.checked_ref = max(state.checked_ref, expected - orders_of(ctx).size)
    state.synced = 1


@kernel
def _is_about_an_order(kind):
    return (kind == ouch50.ACCEPTED or kind == ouch50.REPLACED or kind == ouch50.EXECUTED
            or kind == ouch50.CANCELED or kind == ouch50.AIQ_CANCELED or kind == ouch50.REJECTED
            or kind == ouch50.CANCEL_REJECT or kind == ouch50.MODIFIED
            or kind == ouch50.BROKEN_TRADE)


@kernel
def _user_ref(kind, message):
    if kind == ouch50.REPLACED:
        return get_u32(message, ouch50.REPLACED_USER_REF_NUM)
    return get_u32(message, ouch50.ACCEPTED_USER_REF_NUM)  # the same place in all the others


@kernel
def apply_answer(ctx, message):
    """Applies one valid outbound OUCH message at address ``message``; at most two reports."""
    kind = get_u8(message, 0)
    if kind == ouch50.ACCOUNT_QUERY_RESPONSE:
        _next_user_ref(ctx, message)
        return
    if not _is_about_an_order(kind):
        count(ctx, _COUNT_OTHER, 1)
        return
    user_ref = _user_ref(kind, message)
    slot = find_order(ctx, user_ref)
    if slot < 0:
        count(ctx, _COUNT_UNKNOWN, 1)
        log(ctx, _EVENT_UNKNOWN, kind, user_ref, 0, 0, 0, 0)
        return
    order = orders_of(ctx)[slot]
    exchange_ns = get_u64(message, ouch50.TIMESTAMP)
    receive_ns = link_of(ctx).received_ns
    if kind == ouch50.ACCEPTED:
        _accepted(ctx, order, message, exchange_ns, receive_ns)
    elif kind == ouch50.EXECUTED:
        _executed(ctx, order, message, exchange_ns, receive_ns)
    elif kind == ouch50.CANCELED:
        _canceled(ctx, order, get_u32(message, ouch50.CANCELED_QUANTITY), exchange_ns, receive_ns)
    elif kind == ouch50.AIQ_CANCELED:
        _canceled(ctx, order, get_u32(message, ouch50.AIQ_CANCELED_DECREMENT_SHARES), exchange_ns,
                  receive_ns)
    elif kind == ouch50.REPLACED:
        _replaced(ctx, order, message, exchange_ns, receive_ns)
    elif kind == ouch50.REJECTED:
        _rejected(ctx, order, message, exchange_ns, receive_ns)
    elif kind == ouch50.CANCEL_REJECT:
        _cancel_rejected(ctx, order, exchange_ns, receive_ns)
    elif kind == ouch50.MODIFIED:
        removed = order.leaves + order.cum - get_u32(message, ouch50.MODIFIED_QUANTITY)
        _canceled(ctx, order, max(removed, 0), exchange_ns, receive_ns)
    else:
        log(ctx, _EVENT_BROKEN, order.order_id,
            get_u64(message, ouch50.BROKEN_TRADE_MATCH_NUMBER), 0, 0, 0, 0)
