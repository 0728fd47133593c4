"""Order commands in, OUCH requests out: checked, noted, encoded in place, sent at once.

An order is noted in the table before its bytes are written to the socket, so that a gateway that
dies between the two knows, when it is back, what it may have sent.
"""

import numpy as np

from actors.gateway.checks import (
    check_terms, price_to_send, time_in_force_letter, time_in_force_to_send,
)
from actors.gateway.orders import NO_REF, find_order, is_live, known_order, take_ref
from actors.gateway.reports import begin_cause, refuse, report
from actors.gateway.state import (
    Counter, Event, Histogram, begin_change, end_change, gateway_of, link_of, order_at,
    symbol_count, symbol_name,
)
from actors.gateway.lease import switched_off
from actors.runtime import clock_ns, context, count, kernel, log, observe
from actors.runtime.soup_kernels import is_active, reserve, transmit
from schemas.enums import Command, Display, OrderStatus, RejectReason, ReportType, Side
from schemas.venue import ouch50
from schemas.venue.soupbintcp import UNSEQUENCED_DATA

__all__ = ["cancel", "enter", "is_accepting", "replace", "send_cancel", "send_query"]

_BUY = int(Side.BUY)
_HIDDEN = int(Display.HIDDEN)
_BUY_LETTER, _SELL_LETTER = int(ouch50.Side.BUY), int(ouch50.Side.SELL)
_VISIBLE_LETTER, _HIDDEN_LETTER = int(ouch50.Display.VISIBLE), int(ouch50.Display.HIDDEN)
_PRINCIPAL = int(ouch50.Capacity.PRINCIPAL)
_CONTINUOUS = int(ouch50.CrossType.CONTINUOUS)
_NO = ord("N")

_PENDING_NEW = int(OrderStatus.PENDING_NEW)
_CANCEL, _REPLACE = int(Command.CANCEL), int(Command.REPLACE)
_REJECT = int(ReportType.REJECT)

_NOT_CONNECTED = int(RejectReason.NOT_CONNECTED)
_UNKNOWN_SYMBOL = int(RejectReason.UNKNOWN_SYMBOL)
_UNKNOWN_ORDER = int(RejectReason.UNKNOWN_ORDER)
_DUPLICATE_ORDER = int(RejectReason.DUPLICATE_ORDER)
_TABLE_FULL = int(RejectReason.TABLE_FULL)
_ORDER_SIZE = int(RejectReason.ORDER_SIZE)
_CANCEL_REJECTED = int(RejectReason.CANCEL_REJECTED)

_ORDERS_SENT = int(Counter.ORDERS_SENT)
_REPLACES_SENT = int(Counter.REPLACES_SENT)
_CANCELS_SENT = int(Counter.CANCELS_SENT)
_REFUSED = int(Counter.REFUSED)
_EVENT_ORDER, _EVENT_REPLACE = int(Event.ORDER), int(Event.REPLACE)
_EVENT_CANCEL = int(Event.CANCEL)
_T3_T4, _T1_T4 = int(Histogram.T3_T4), int(Histogram.T1_T4)


@kernel
def is_accepting(ctx):
    """Whether orders can be sent: logged in, and all of the past is settled."""
    link, gateway = link_of(ctx), gateway_of(ctx)
    return is_active(link) and gateway.accepting != 0 and gateway.logins == link.logins


@kernel
def _display_letter(command):
    return _HIDDEN_LETTER if command.display == _HIDDEN else _VISIBLE_LETTER


@kernel
def _check(ctx, command):
    """A RejectReason for a command that makes an order, or 0."""
    if not is_accepting(ctx):
        return _NOT_CONNECTED
    reason = switched_off(ctx)
    if reason != 0:
        return reason
    order_id = np.int64(command.order_id)
    reason = check_terms(order_id, np.int64(command.side), np.int64(command.order_type),
                         np.int64(command.time_in_force), np.int64(command.quantity),
                         command.price_e4)
    if reason == 0 and find_order(ctx, order_id) != NO_REF:
        return _DUPLICATE_ORDER
    return reason


@kernel
def _note(ctx, ref, command, symbol_id, side, cum):
    """Fills the slot of a new order, which :func:`end_change` completes."""
    gateway = gateway_of(ctx)
    order = order_at(ctx, ref)
    begin_change(ctx, ref)
    order.ref = ref
    order.order_id = np.int64(command.order_id)
    order.pending = 0
    order.symbol_id = symbol_id
    order.strategy_id = command.strategy_id
    order.side = side
    order.price_e4 = price_to_send(np.int64(command.order_type), side, command.price_e4)
    order.quantity = command.quantity
    order.leaves = order.quantity - cum
    order.cum = cum
    order.replaces = NO_REF
    order.replaced_by = NO_REF
    order.t1_ns = command.t1_ns
    order.t2_ns = command.strategy_ns
    order.t3_ns = command.risk_ns
    order.t4_ns = 0
    order.t5_ns = 0
    order.deadline_ns = context(ctx).now_ns + gateway.timeout_ns
    order.sequence = 0
    order.report_seq = 0
    order.cancel_due = 0
    order.status = _PENDING_NEW
    gateway.live += 1
    gateway.unanswered += 1
    return order


@kernel
def _send(ctx, order, size, event, time_in_force):
    """Sends the request that lies in the buffer; stamps T4 when the socket has it."""
    transmit(link_of(ctx), UNSEQUENCED_DATA, size, context(ctx).now_ns)
    order.t4_ns = clock_ns(ctx)
    observe(ctx, _T3_T4, order.t4_ns - order.t3_ns)
    if order.t1_ns != 0:
        observe(ctx, _T1_T4, order.t4_ns - order.t1_ns)
    log(ctx, event, order.order_id, order.side, order.quantity, order.symbol_id, order.price_e4,
        time_in_force)


@kernel
def enter(ctx, command):
    """A new order (body record). Returns reports made."""
    reason = _check(ctx, command)
    symbol_id = np.int64(command.symbol_id)
    if reason == 0 and symbol_id >= symbol_count(ctx):
        reason = _UNKNOWN_SYMBOL
    payload = reserve(link_of(ctx), ouch50.ENTER_ORDER_LENGTH) if reason == 0 else 0
    if reason == 0 and payload == 0:
        reason = _NOT_CONNECTED  # the venue does not read
    order_id = np.int64(command.order_id)
    ref = take_ref(ctx, order_id) if reason == 0 else NO_REF
    if reason == 0 and ref == NO_REF:
        reason = _TABLE_FULL
    if reason != 0:
        return refuse(ctx, command, order_id, reason)
    side = np.int64(command.side)
    time_in_force = time_in_force_to_send(np.int64(command.order_type),
                                          np.int64(command.time_in_force))
    order = _note(ctx, ref, command, symbol_id, side, 0)
    end_change(ctx, ref)
    size = ouch50.put_enter_order(
        payload, ref, _BUY_LETTER if side == _BUY else _SELL_LETTER, order.quantity,
        symbol_name(ctx, symbol_id), order.price_e4,
        time_in_force_letter(time_in_force), _display_letter(command), _PRINCIPAL, _NO, _CONTINUOUS,
        order_id)
    _send(ctx, order, size, _EVENT_ORDER, time_in_force)
    count(ctx, _ORDERS_SENT, 1)
    return 0


@kernel
def _check_replace(ctx, command, original_ref):
    if original_ref == NO_REF:
        return _UNKNOWN_ORDER
    reason = _check(ctx, command)
    original = order_at(ctx, original_ref)
    if reason == 0 and (not is_live(original) or original.pending != 0):
        return _CANCEL_REJECTED
    if reason == 0 and np.int64(command.quantity) <= original.cum:
        return _ORDER_SIZE
    return reason


@kernel
def replace(ctx, command):
    """New terms for a live order, under a new id. Returns reports made.

    The side and symbol stay. ``quantity`` is the total of the chain, executed shares included.
    """
    order_id = np.int64(command.order_id)
    original_ref = find_order(ctx, np.int64(command.original_id))
    reason = _check_replace(ctx, command, original_ref)
    payload = reserve(link_of(ctx), ouch50.REPLACE_ORDER_LENGTH) if reason == 0 else 0
    if reason == 0 and payload == 0:
        reason = _NOT_CONNECTED
    ref = take_ref(ctx, order_id) if reason == 0 else NO_REF
    if reason == 0 and ref == NO_REF:
        reason = _TABLE_FULL
    if reason != 0:
        return refuse(ctx, command, order_id, reason)
    original = order_at(ctx, original_ref)
    order = _note(ctx, ref, command, original.symbol_id, original.side, original.cum)
    order.replaces = original_ref
    end_change(ctx, ref)
    original.replaced_by = ref
    original.pending = _REPLACE
    time_in_force = time_in_force_to_send(np.int64(command.order_type),
                                          np.int64(command.time_in_force))
    size = ouch50.put_replace_order(
        payload, original_ref, ref, order.quantity, order.price_e4,
        time_in_force_letter(time_in_force), _display_letter(command), _NO, order_id)
    _send(ctx, order, size, _EVENT_REPLACE, time_in_force)
    count(ctx, _REPLACES_SENT, 1)
    return 0


@kernel
def send_cancel(ctx, ref, quantity):
    """Asks the venue to reduce an order to ``quantity`` in all, 0 to end it. False if it cannot be
    sent now. A cancel of an order that is over is answered with silence, so it is never wrong."""
    link = link_of(ctx)
    if not is_active(link):
        return False
    payload = reserve(link, ouch50.CANCEL_ORDER_LENGTH)
    if payload == 0:
        return False
    size = ouch50.put_cancel_order(payload, ref, quantity)
    transmit(link, UNSEQUENCED_DATA, size, context(ctx).now_ns)
    count(ctx, _CANCELS_SENT, 1)
    return True


@kernel
def send_query(ctx):
    """Asks for the next reference number. Its answer comes after all answers to what was sent
    before, and so also says that these are complete. False if it cannot be sent now."""
    link = link_of(ctx)
    payload = reserve(link, ouch50.ACCOUNT_QUERY_LENGTH)
    if payload == 0:
        return False
    size = ouch50.put_account_query(payload)
    transmit(link, UNSEQUENCED_DATA, size, context(ctx).now_ns)
    return True


@kernel
def _refuse_cancel(ctx, order, reason):
    count(ctx, _REFUSED, 1)
    cause = begin_cause(ctx, 0, clock_ns(ctx))
    cause.reason = reason
    return report(ctx, order, _REJECT)


@kernel
def cancel(ctx, command):
    """Ends a live order, or reduces what it has open to ``quantity``. Returns reports made.

    If a replacement is on its way, that is cancelled too: either of them may be the live one.
    """
    original_id = np.int64(command.original_id)
    ref = find_order(ctx, original_id)
    if ref == NO_REF:
        return refuse(ctx, command, original_id, _UNKNOWN_ORDER)
    order = order_at(ctx, ref)
    leave = np.int64(command.quantity)
    if not is_accepting(ctx):
        return _refuse_cancel(ctx, order, _NOT_CONNECTED)
    if not is_live(order) or (leave > 0 and leave >= order.leaves):
        return _refuse_cancel(ctx, order, _CANCEL_REJECTED)
    if not send_cancel(ctx, ref, order.cum + leave if leave > 0 else 0):
        return _refuse_cancel(ctx, order, _NOT_CONNECTED)
    if leave == 0:
        if order.pending == _REPLACE and known_order(ctx, order.replaced_by):
            send_cancel(ctx, order.replaced_by, 0)
        else:
            order.pending = _CANCEL
    log(ctx, _EVENT_CANCEL, original_id, leave, order.leaves, order.symbol_id, 0, 0)
    return 0
