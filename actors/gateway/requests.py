"""Order commands, as they follow from the journal: checked, noted, and put among the requests.

What a command becomes depends on the state and on what its record says; whether orders can be sent
at all was found out before, and is in the record (:func:`admission`). The bytes are written and
sent by :mod:`.sending`, once the order is in the journal; a recovery sends nothing.
"""

import numpy as np

from actors.gateway.checks import check_terms, price_to_send, time_in_force_to_send
from actors.gateway.lease import switched_off
from actors.gateway.orders import NO_REF, find_order, is_live, known_order, take_ref
from actors.gateway.reports import begin_cause, refuse, report
from actors.gateway.state import (
    BURST, REQUESTS, Counter, Event, cause_of, control_of, gateway_of, link_of, order_at,
    request_at, symbol_count,
)
from actors.runtime import count, kernel, log
from actors.runtime.soup_kernels import is_active
from schemas.enums import Command, Display, OrderStatus, RejectReason, ReportType

__all__ = ["admission", "apply_command", "ask_to_cancel", "has_request_room", "is_accepting"]

_HIDDEN = int(Display.HIDDEN)
_PENDING_NEW = int(OrderStatus.PENDING_NEW)
_NEW, _CANCEL, _REPLACE = int(Command.NEW), int(Command.CANCEL), int(Command.REPLACE)
_REJECT = int(ReportType.REJECT)

_NOT_CONNECTED = int(RejectReason.NOT_CONNECTED)
_UNKNOWN_SYMBOL = int(RejectReason.UNKNOWN_SYMBOL)
_UNKNOWN_ORDER = int(RejectReason.UNKNOWN_ORDER)
_DUPLICATE_ORDER = int(RejectReason.DUPLICATE_ORDER)
_TABLE_FULL = int(RejectReason.TABLE_FULL)
_ORDER_SIZE = int(RejectReason.ORDER_SIZE)
_CANCEL_REJECTED = int(RejectReason.CANCEL_REJECTED)
_INVALID = int(RejectReason.INVALID)

_REFUSED = int(Counter.REFUSED)
_EVENT_ORDER, _EVENT_REPLACE = int(Event.ORDER), int(Event.REPLACE)
_EVENT_CANCEL = int(Event.CANCEL)


# ---- before the command is written down ----------------------------------------------------------

@kernel
def is_accepting(ctx):
    """Whether orders can be sent: logged in, and all of the past is settled."""
    link, gateway = link_of(ctx), gateway_of(ctx)
    return is_active(link) and gateway.accepting != 0 and control_of(ctx).logins == link.logins


@kernel
def has_request_room(ctx):
    """Whether as many requests as one record can lead to may be put behind those that wait."""
    control = control_of(ctx)
    return control.requests_to - control.requests_from + BURST <= REQUESTS


@kernel
def admission(ctx, command):
    """A RejectReason that has nothing to do with the orders there are, or 0: what the command
    (body record) is refused for, whatever it says."""
    if not is_accepting(ctx) or not has_request_room(ctx):  # no room: the venue does not read
        return _NOT_CONNECTED
    if command.command == _NEW or command.command == _REPLACE:  # cancels always pass
        return switched_off(ctx)
    return 0


# ---- what follows from its record ----------------------------------------------------------------

@kernel
def _ask(ctx, command, ref, quantity, time_in_force, hidden):
    """Puts a request behind those that wait."""
    control = control_of(ctx)
    request = request_at(ctx, control.requests_to)
    request.command = command
    request.ref = ref
    request.quantity = quantity
    request.time_in_force = time_in_force
    request.hidden = hidden
    request.record = cause_of(ctx).record
    control.requests_to += 1


@kernel
def ask_to_cancel(ctx, ref, quantity):
    """Asks the venue to reduce an order to ``quantity`` in all, 0 to end it. A cancel of an order
    that is over is answered with silence, so it is never wrong."""
    _ask(ctx, _CANCEL, ref, quantity, 0, 0)


@kernel
def _check(ctx, command):
    """A RejectReason for a command that makes an order, or 0."""
    order_id = np.int64(command.order_id)
    reason = check_terms(order_id, np.int64(command.side), np.int64(command.order_type),
                         np.int64(command.time_in_force), np.int64(command.quantity),
                         command.price_e4)
    if reason == 0 and find_order(ctx, order_id) != NO_REF:
        return _DUPLICATE_ORDER
    return reason


@kernel
def _note(ctx, ref, command, symbol_id, side, cum, deadline_ns):
    """Fills the slot of a new order."""
    gateway = gateway_of(ctx)
    order = order_at(ctx, ref)
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
    order.deadline_ns = deadline_ns
    order.sequence = 0
    order.status = _PENDING_NEW
    gateway.live += 1
    gateway.unanswered += 1
    return order


@kernel
def _ask_for(ctx, command, order, event):
    """Asks for the order that was noted."""
    time_in_force = time_in_force_to_send(np.int64(command.order_type),
                                          np.int64(command.time_in_force))
    _ask(ctx, np.int64(command.command), order.ref, order.quantity, time_in_force,
         1 if command.display == _HIDDEN else 0)
    log(ctx, event, order.order_id, order.side, order.quantity, order.symbol_id, order.price_e4,
        time_in_force)


@kernel
def _enter(ctx, command, reason, deadline_ns, now_ns):
    symbol_id = np.int64(command.symbol_id)
    if reason == 0:
        reason = _check(ctx, command)
    if reason == 0 and symbol_id >= symbol_count(ctx):
        reason = _UNKNOWN_SYMBOL
    order_id = np.int64(command.order_id)
    ref = take_ref(ctx, order_id) if reason == 0 else NO_REF
    if reason == 0 and ref == NO_REF:
        reason = _TABLE_FULL
    if reason != 0:
        return refuse(ctx, command, order_id, reason, now_ns)
    order = _note(ctx, ref, command, symbol_id, np.int64(command.side), 0, deadline_ns)
    _ask_for(ctx, command, order, _EVENT_ORDER)
    return 0


@kernel
def _check_replace(ctx, command, original_ref, reason):
    if original_ref == NO_REF:
        return _UNKNOWN_ORDER
    if reason == 0:
        reason = _check(ctx, command)
    original = order_at(ctx, original_ref)
    if reason == 0 and (not is_live(original) or original.pending != 0):
        return _CANCEL_REJECTED
    if reason == 0 and np.int64(command.quantity) <= original.cum:
        return _ORDER_SIZE
    return reason


@kernel
def _replace(ctx, command, reason, deadline_ns, now_ns):
    """New terms for a live order, under a new id. Returns reports made.

    The side and symbol stay. ``quantity`` is the total of the chain, executed shares included.
    """
    order_id = np.int64(command.order_id)
    original_ref = find_order(ctx, np.int64(command.original_id))
    reason = _check_replace(ctx, command, original_ref, reason)
    ref = take_ref(ctx, order_id) if reason == 0 else NO_REF
    if reason == 0 and ref == NO_REF:
        reason = _TABLE_FULL
    if reason != 0:
        return refuse(ctx, command, order_id, reason, now_ns)
    original = order_at(ctx, original_ref)
    order = _note(ctx, ref, command, original.symbol_id, original.side, original.cum, deadline_ns)
    order.replaces = original_ref
    original.replaced_by = ref
    original.pending = _REPLACE
    _ask_for(ctx, command, order, _EVENT_REPLACE)
    return 0


@kernel
def _refuse_cancel(ctx, order, reason, now_ns):
    count(ctx, _REFUSED, 1)
    cause = begin_cause(ctx, 0, now_ns)
    cause.reason = reason
    return report(ctx, order, _REJECT)


@kernel
def _cancel(ctx, command, reason, now_ns):
    """Ends a live order, or reduces what it has open to ``quantity``. Returns reports made.

    If a replacement is on its way, that is cancelled too: either of them may be the live one.
    """
    original_id = np.int64(command.original_id)
    ref = find_order(ctx, original_id)
    if ref == NO_REF:
        return refuse(ctx, command, original_id, _UNKNOWN_ORDER, now_ns)
    order = order_at(ctx, ref)
    leave = np.int64(command.quantity)
    if reason != 0:
        return _refuse_cancel(ctx, order, reason, now_ns)
    if not is_live(order) or (leave > 0 and leave >= order.leaves):
        return _refuse_cancel(ctx, order, _CANCEL_REJECTED, now_ns)
    ask_to_cancel(ctx, ref, order.cum + leave if leave > 0 else 0)
    if leave == 0:
        if order.pending == _REPLACE and known_order(ctx, order.replaced_by):
            ask_to_cancel(ctx, order.replaced_by, 0)
        else:
            order.pending = _CANCEL
    log(ctx, _EVENT_CANCEL, original_id, leave, order.leaves, order.symbol_id, 0, 0)
    return 0


@kernel
def apply_command(ctx, command, reason, deadline_ns, now_ns):
    """Carries out a command (body record) that was refused already if ``reason`` is not 0. Returns
    reports made."""
    if command.command == _NEW:
        return _enter(ctx, command, reason, deadline_ns, now_ns)
    if command.command == _CANCEL:
        return _cancel(ctx, command, reason, now_ns)
    if command.command == _REPLACE:
        return _replace(ctx, command, reason, deadline_ns, now_ns)
    return refuse(ctx, command, np.int64(command.order_id), _INVALID, now_ns)
