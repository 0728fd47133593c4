"""Requests out: encoded in place and sent, in their order, once what they follow from is kept.

Here an order leaves the house: its record is in the journal by then, and nothing else ever sends
it. What was not sent when a connection ends is dropped; the next login settles it.
"""

from actors.gateway.checks import time_in_force_letter
from actors.gateway.inputs import CRASH_POINTS, InputType
from actors.gateway.orders import known_order
from actors.gateway.state import (
    Counter, Histogram, control_of, link_of, order_at, request_at, symbol_name,
)
from actors.runtime import clock_ns, context, count, crash_point, kernel, observe
from actors.runtime.journal.inputs import begin_input, carry_out, is_kept
from actors.runtime.native import store_i64
from actors.runtime.soup_kernels import is_active, reserve, transmit
from schemas.enums import Command, Side
from schemas.venue import ouch50
from schemas.venue.soupbintcp import UNSEQUENCED_DATA

__all__ = ["send_query", "send_requests"]

_BUY = int(Side.BUY)
_BUY_LETTER, _SELL_LETTER = int(ouch50.Side.BUY), int(ouch50.Side.SELL)
_VISIBLE_LETTER, _HIDDEN_LETTER = int(ouch50.Display.VISIBLE), int(ouch50.Display.HIDDEN)
_PRINCIPAL = int(ouch50.Capacity.PRINCIPAL)
_CONTINUOUS = int(ouch50.CrossType.CONTINUOUS)
_NO = ord("N")
_CANCEL, _NEW = int(Command.CANCEL), int(Command.NEW)
_LONGEST = max(ouch50.ENTER_ORDER_LENGTH, ouch50.REPLACE_ORDER_LENGTH, ouch50.CANCEL_ORDER_LENGTH)

_ORDERS_SENT = int(Counter.ORDERS_SENT)
_REPLACES_SENT = int(Counter.REPLACES_SENT)
_CANCELS_SENT = int(Counter.CANCELS_SENT)
_T3_T4, _T1_T4 = int(Histogram.T3_T4), int(Histogram.T1_T4)
_SENT = int(InputType.SENT)
_ORDER_SENT = CRASH_POINTS.index("order sent") + 1


@kernel
def _encode(ctx, payload, request, order):
    """Writes the bytes of a new order or a replacement. Returns how many."""
    display = _HIDDEN_LETTER if request.hidden != 0 else _VISIBLE_LETTER
    time_in_force = time_in_force_letter(request.time_in_force)
    if request.command == _NEW:
        return ouch50.put_enter_order(
            payload, order.ref, _BUY_LETTER if order.side == _BUY else _SELL_LETTER,
            order.quantity, symbol_name(ctx, order.symbol_id), order.price_e4, time_in_force,
            display, _PRINCIPAL, _NO, _CONTINUOUS, order.order_id)
    return ouch50.put_replace_order(payload, order.replaces, order.ref, order.quantity,
                                    order.price_e4, time_in_force, display, _NO, order.order_id)


@kernel
def _note_sent(ctx, order):
    """T4: the socket has it. That is written down too, so that reports say the same ever after."""
    t4_ns = clock_ns(ctx)
    observe(ctx, _T3_T4, t4_ns - order.t3_ns)
    if order.t1_ns != 0:
        observe(ctx, _T1_T4, t4_ns - order.t1_ns)
    payload = begin_input(ctx, _SENT, 8, t4_ns)
    if payload != 0:
        store_i64(payload, order.ref)
        carry_out(ctx, payload)


@kernel
def _send(ctx, link, payload, request):
    now_ns = context(ctx).now_ns
    if request.command == _CANCEL:
        size = ouch50.put_cancel_order(payload, request.ref, request.quantity)
        transmit(link, UNSEQUENCED_DATA, size, now_ns)
        count(ctx, _CANCELS_SENT, 1)
    elif known_order(ctx, request.ref):
        order = order_at(ctx, request.ref)
        transmit(link, UNSEQUENCED_DATA, _encode(ctx, payload, request, order), now_ns)
        crash_point(ctx, _ORDER_SENT)
        _note_sent(ctx, order)
        count(ctx, _ORDERS_SENT if request.command == _NEW else _REPLACES_SENT, 1)


@kernel
def send_requests(ctx):
    """Sends what waits, as far as it may and the venue reads."""
    link, control = link_of(ctx), control_of(ctx)
    while control.requests_from < control.requests_to:
        if not is_active(link) or control.logins != link.logins:  # they were the last one's
            control.requests_from = control.requests_to
            return
        request = request_at(ctx, control.requests_from)
        if not is_kept(ctx, request.record):
            return
        payload = reserve(link, _LONGEST)
        if payload == 0:
            return
        control.requests_from += 1
        _send(ctx, link, payload, request)


@kernel
def send_query(ctx, payload):
    """Asks for the next reference number, in the ACCOUNT_QUERY_LENGTH bytes reserved at
    ``payload``. Its answer comes after all answers to what was sent before, and so also says that
    these are complete."""
    transmit(link_of(ctx), UNSEQUENCED_DATA, ouch50.put_account_query(payload),
             context(ctx).now_ns)
