"""Commands to the venue: validated, noted, encoded in place, written. Kernels; the hot path.

An order is in the table before its bytes are written, so that whatever happens after, the gateway
knows what it may have sent.
"""

import numpy as np

from actors.book.order_map import map_get, map_put, map_take
from actors.gateway.reports import refuse_command
from actors.gateway.state import (
    Counter, Event, T1_T4, T3_T4, is_live, link_of, order_map_of, orders_of, state_of, symbols_of,
)
from actors.runtime import clock_ns, count, handler, kernel, log, observe
from actors.runtime.soup_kernels import is_active, reserve, transmit
from schemas.enums import (
    Command, Display, OrderStatus, OrderType, RejectReason, Side, TimeInForce,
)
from schemas.venue import ouch50, soupbintcp
from schemas.views import order_command

__all__ = ["MAX_PRICE_E4", "on_order", "send_cancel"]

#: Largest price that OUCH 5.0 takes, $199,999.99; stands for "at any price" in a market order.
MAX_PRICE_E4 = 0x7735939C
_MAX_QUANTITY = 999_999
_MAX_ORDER_ID = 10**14 - 1
_TRIES = 64  # UserRefNums passed over because an old order still lives in their slot

_NEW, _CANCEL, _REPLACE = int(Command.NEW), int(Command.CANCEL), int(Command.REPLACE)
_BUY, _SELL = int(Side.BUY), int(Side.SELL)
_LIMIT, _MARKET = int(OrderType.LIMIT), int(OrderType.MARKET)
_DAY, _IOC = int(TimeInForce.DAY), int(TimeInForce.IOC)
_HIDDEN = int(Display.HIDDEN)
_PENDING_NEW = int(OrderStatus.PENDING_NEW)
_REJECTED, _UNKNOWN = int(OrderStatus.REJECTED), int(OrderStatus.UNKNOWN)

_PASSED = int(RejectReason.NONE)
_INVALID = int(RejectReason.INVALID)
_UNKNOWN_SYMBOL = int(RejectReason.UNKNOWN_SYMBOL)
_NOT_CONNECTED = int(RejectReason.NOT_CONNECTED)
_UNKNOWN_ORDER = int(RejectReason.UNKNOWN_ORDER)
_DUPLICATE_ORDER = int(RejectReason.DUPLICATE_ORDER)
_TABLE_FULL = int(RejectReason.TABLE_FULL)

_OUCH_BUY, _OUCH_SELL = int(ouch50.Side.BUY), int(ouch50.Side.SELL)
_OUCH_DAY = int(ouch50.TimeInForce.DAY)
_OUCH_IOC = int(ouch50.TimeInForce.IMMEDIATE_OR_CANCEL)
_OUCH_VISIBLE, _OUCH_HIDDEN = int(ouch50.Display.VISIBLE), int(ouch50.Display.HIDDEN)
_OUCH_PRINCIPAL = int(ouch50.Capacity.PRINCIPAL)
_OUCH_CONTINUOUS = int(ouch50.CrossType.CONTINUOUS)
_NO_SWEEP = ord("N")
_UNSEQUENCED = soupbintcp.UNSEQUENCED_DATA
_LONGEST_REQUEST = 64

_ORDERS_SENT, _CANCELS_SENT = int(Counter.ORDERS_SENT), int(Counter.CANCELS_SENT)
_REPLACES_SENT = int(Counter.REPLACES_SENT)
_EVENT_SENT = int(Event.ORDER_SENT)


@kernel
def validate(command, n_symbols):
    """Whether the venue could take this new or replacing order: a RejectReason, 0 = yes."""
    if np.int64(command.symbol_id) >= n_symbols:
        return _UNKNOWN_SYMBOL
    order_id = np.int64(command.order_id)
    if order_id < 1 or order_id > _MAX_ORDER_ID:
        return _INVALID
    if command.side != _BUY and command.side != _SELL:
        return _INVALID
    if command.quantity < 1 or command.quantity > _MAX_QUANTITY:
        return _INVALID
    if command.time_in_force != _DAY and command.time_in_force != _IOC:
        return _INVALID
    if command.order_type == _LIMIT:
        if command.price_e4 < 1 or command.price_e4 > MAX_PRICE_E4:
            return _INVALID
    elif command.order_type != _MARKET:
        return _INVALID
    return _PASSED


@kernel
def take_slot(state, orders, order_map, order_id):
    """The slot of the next free UserRefNum, its old order forgotten; -1 if all tried are taken."""
    for _ in range(_TRIES):
        slot = state.next_ref & (orders.size - 1)
        if not is_live(orders[slot]):
            if orders[slot].order_id != 0:
                map_take(order_map, orders[slot].order_id)
            orders[slot].order_id = 0
            if map_put(order_map, order_id, slot) < 0:
                return np.int64(-1)
            return slot
        state.next_ref += 1
    return np.int64(-1)


@kernel
def note_order(ctx, command, price_e4, original_ref):
    """Enters a new or replacing order into the table as pending. Returns its slot, or -1."""
    state, orders = state_of(ctx), orders_of(ctx)
    order_id = np.int64(command.order_id)
    slot = take_slot(state, orders, order_map_of(ctx), order_id)
    if slot < 0:
        return slot
    order = orders[slot]
    order.user_ref = state.next_ref
    order.original_ref = original_ref
    order.price_e4 = price_e4
    order.quantity = np.int64(command.quantity)
    order.cum = 0
    order.leaves = np.int64(command.quantity)
    order.t1_ns = command.t1_ns
    order.t2_ns = command.strategy_ns
    order.t3_ns = command.risk_ns
    order.t4_ns = 0
    order.t5_ns = 0
    order.symbol_id = np.int32(command.symbol_id)
    order.strategy_id = np.int32(command.strategy_id)
    order.side = np.int16(command.side)
    order.late = 0
    order.order_id = order_id
    order.status = _PENDING_NEW
    state.next_ref += 1
    state.pending += 1
    state.live += 1
    return slot


@kernel
def _stamp(ctx, order):
    """T4, right after the bytes were written."""
    order.t4_ns = clock_ns(ctx)
    observe(ctx, T3_T4, order.t4_ns - order.t3_ns)
    if order.t1_ns != 0:
        observe(ctx, T1_T4, order.t4_ns - order.t1_ns)


@kernel
def _wire_price(command):
    if command.order_type == _LIMIT:
        return command.price_e4
    return np.int64(MAX_PRICE_E4) if command.side == _BUY else np.int64(1)


@kernel
def _wire_time_in_force(command):
    if command.order_type == _MARKET or command.time_in_force == _IOC:
        return _OUCH_IOC
    return _OUCH_DAY


@kernel
def send_new(ctx, command):
    """A new order: RejectReason, 0 = sent."""
    reason = validate(command, symbols_of(ctx).size)
    if reason != 0:
        return reason
    if map_get(order_map_of(ctx), np.int64(command.order_id)) >= 0:
        return _DUPLICATE_ORDER
    link = link_of(ctx)
    request = reserve(link, _LONGEST_REQUEST)
    if request == 0:
        return _NOT_CONNECTED
    price_e4 = _wire_price(command)
    slot = note_order(ctx, command, price_e4, 0)
    if slot < 0:
        return _TABLE_FULL
    order = orders_of(ctx)[slot]
    length = ouch50.put_enter_order(
        request, order.user_ref, _OUCH_BUY if command.side == _BUY else _OUCH_SELL,
        order.quantity, symbols_of(ctx)[order.symbol_id], price_e4, _wire_time_in_force(command),
        _OUCH_HIDDEN if command.display == _HIDDEN else _OUCH_VISIBLE, _OUCH_PRINCIPAL, _NO_SWEEP,
        _OUCH_CONTINUOUS, order.order_id)
    transmit(link, _UNSEQUENCED, length, clock_ns(ctx))
    _stamp(ctx, order)
    count(ctx, _ORDERS_SENT, 1)
    log(ctx, _EVENT_SENT, order.order_id, np.int64(order.side), order.quantity,
        np.int64(order.symbol_id), price_e4, np.int64(command.time_in_force))
    return _PASSED


@kernel
def send_replace(ctx, command):
    """Replaces a live order by a new one: RejectReason, 0 = sent."""
    reason = validate(command, symbols_of(ctx).size)
    if reason != 0:
        return reason
    order_map, orders, link = order_map_of(ctx), orders_of(ctx), link_of(ctx)
    slot = map_get(order_map, np.int64(command.original_id))
    if slot < 0 or not is_live(orders[slot]) or orders[slot].side != command.side \
            or orders[slot].symbol_id != command.symbol_id:
        return _UNKNOWN_ORDER
    if map_get(order_map, np.int64(command.order_id)) >= 0:
        return _DUPLICATE_ORDER
    request = reserve(link, _LONGEST_REQUEST)
    if request == 0:
        return _NOT_CONNECTED
    price_e4 = _wire_price(command)
    original_ref = orders[slot].user_ref
    replacement = note_order(ctx, command, price_e4, original_ref)
    if replacement < 0:
        return _TABLE_FULL
    order = orders[replacement]
    length = ouch50.put_replace_order(
        request, original_ref, order.user_ref, order.quantity, price_e4,
        _wire_time_in_force(command),
        _OUCH_HIDDEN if command.display == _HIDDEN else _OUCH_VISIBLE, _NO_SWEEP, order.order_id)
    transmit(link, _UNSEQUENCED, length, clock_ns(ctx))
    _stamp(ctx, order)
    count(ctx, _REPLACES_SENT, 1)
    return _PASSED


@kernel
def send_cancel(ctx, order, leave):
    """Asks the venue to take the order's open shares down to ``leave``. Returns whether it left."""
    link = link_of(ctx)
    request = reserve(link, _LONGEST_REQUEST)
    if request == 0:
        return False
    size = order.cum + leave if leave > 0 else np.int64(0)
    transmit(link, _UNSEQUENCED, ouch50.put_cancel_order(request, order.user_ref, size),
             clock_ns(ctx))
    count(ctx, _CANCELS_SENT, 1)
    return True


@handler
def on_order(ctx, message):
    """Sends a command, or answers it with a reject at once."""
    command = order_command(message)
    kind = np.int64(command.command)
    link = link_of(ctx)
    if not is_active(link) or state_of(ctx).synced == 0:
        about = command.original_id if kind == _CANCEL else command.order_id
        status = _UNKNOWN if kind == _CANCEL else _REJECTED
        refuse_command(ctx, command, about, status, _NOT_CONNECTED, clock_ns(ctx))
        return 0
    if kind == _CANCEL:
        slot = map_get(order_map_of(ctx), np.int64(command.original_id))
        if slot < 0:
            refuse_command(ctx, command, command.original_id, _UNKNOWN, _UNKNOWN_ORDER,
                           clock_ns(ctx))
        elif not is_live(orders_of(ctx)[slot]):
            refuse_command(ctx, command, command.original_id, orders_of(ctx)[slot].status,
                           _UNKNOWN_ORDER, clock_ns(ctx))
        elif not send_cancel(ctx, orders_of(ctx)[slot], np.int64(command.quantity)):
            refuse_command(ctx, command, command.original_id, orders_of(ctx)[slot].status,
                           _NOT_CONNECTED, clock_ns(ctx))
        return 0
    reason = np.int64(_INVALID)
    if kind == _NEW:
        reason = np.int64(send_new(ctx, command))
    elif kind == _REPLACE:
        reason = np.int64(send_replace(ctx, command))
    if reason != 0:
        refuse_command(ctx, command, command.order_id, _REJECTED, reason, clock_ns(ctx))
    return 0
