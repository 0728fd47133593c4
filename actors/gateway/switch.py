"""The gateway's half of the kill switch: it cancels orders when told, or when a lease is gone.

A walk passes over the order table again and again until it finds no order that is to be cancelled:
each live one is cancelled once, as if its strategy had asked, and then waited for. Cancels that
could not be sent, because the venue is away or does not read, are sent on a later pass.
"""

import numpy as np

from actors.gateway.commands import take_command
from actors.gateway.lease import watch_lease
from actors.gateway.orders import is_live
from actors.gateway.requests import is_accepting
from actors.gateway.state import (
    BURST, Event, gateway_of, link_of, order_at, order_count, own_command, switch_of,
)
from actors.runtime import kernel, log
from actors.runtime.soup_kernels import reserve
from actors.runtime.trading import (
    answer_at, answer_done, gateway_answer, request_number, trading_of,
)
from schemas.enums import Command, Instruction
from schemas.venue import ouch50
from schemas.views import order_command

__all__ = ["LEASE_WALK", "serve_switch"]

#: In place of a request's number: the walk after a lease was lost.
LEASE_WALK = -1
_CHUNK = 4096  # slots looked at in one call
_PASS_NS = 5_000_000  # from the end of a pass to the next
_NO_WALK = 0

_CANCEL = int(Command.CANCEL)
_HALT, _FLATTEN = int(Instruction.HALT), int(Instruction.FLATTEN)
_CANCEL_ALL = int(Instruction.CANCEL_ALL)
_EVENT_CANCELLING, _EVENT_CANCELLED = int(Event.CANCELLING), int(Event.CANCELLED_ALL)


@kernel
def _begin(ctx, number, until_ref, symbol_id, strategy_id, now_ns):
    switch = switch_of(ctx)
    switch.walk = number
    switch.at = 0
    switch.live = 0
    switch.until_ref = until_ref
    switch.symbol_id = symbol_id
    switch.strategy_id = strategy_id
    switch.next_ns = now_ns
    log(ctx, _EVENT_CANCELLING, number, 0, 0, 0, 0, 0)


@kernel
def _take_request(ctx, now_ns):
    """Begins the request that is due, or answers at once what does not concern gateways."""
    number = request_number(ctx)
    at = gateway_answer(ctx)
    answer = answer_at(at)
    if number == answer.done or switch_of(ctx).walk == number:
        return
    trading = trading_of(ctx)
    instruction = trading.instruction
    if instruction != _HALT and instruction != _FLATTEN and instruction != _CANCEL_ALL:
        answer_done(at, number, now_ns)
        return
    if answer.request != number:  # else an incarnation before this one has begun it
        answer.asked = 0
        answer.left = gateway_of(ctx).live
        answer.until_ref = gateway_of(ctx).next_ref
        answer.began_ns = now_ns
        answer.request = number
    _begin(ctx, number, answer.until_ref, trading.symbol_id, trading.strategy_id, now_ns)


@kernel
def _concerns(switch, order):
    """Whether the walk is to cancel this order."""
    if not is_live(order) or order.ref >= switch.until_ref:
        return False
    if switch.symbol_id >= 0 and order.symbol_id != switch.symbol_id:
        return False
    return switch.strategy_id < 0 or order.strategy_id == switch.strategy_id


@kernel
def _cancel(ctx, order, now_ns):
    """Cancels an order as anybody would. False if that cannot be sent now."""
    if not is_accepting(ctx) or reserve(link_of(ctx), ouch50.CANCEL_ORDER_LENGTH) == 0:
        return False
    message = own_command(ctx)
    command = order_command(message)
    command.command = _CANCEL
    command.order_id = 0
    command.original_id = order.order_id
    command.symbol_id = order.symbol_id
    command.strategy_id = order.strategy_id
    command.side = order.side
    command.quantity = 0
    command.risk_ns = now_ns
    take_command(ctx, message)
    return True


@kernel
def _walk(ctx, now_ns):
    """Goes on with the walk. Returns whether a pass has found no order left."""
    switch = switch_of(ctx)
    until = min(switch.at + _CHUNK, order_count(ctx))
    sent = 0
    while switch.at < until and sent < BURST:
        order = order_at(ctx, switch.at)  # a slot number is a reference number modulo size
        if _concerns(switch, order):
            switch.live += 1
            if order.pending != _CANCEL and _cancel(ctx, order, now_ns):
                sent += 1
        switch.at += 1
    answer_at(gateway_answer(ctx)).asked += sent
    if switch.at < order_count(ctx):
        return False
    found = switch.live
    switch.at = 0
    switch.live = 0
    switch.next_ns = now_ns + _PASS_NS
    if switch.walk != LEASE_WALK:
        answer_at(gateway_answer(ctx)).left = found
    return found == 0


@kernel
def serve_switch(ctx, now_ns):
    """One look at leases and requests. Returns whether there is more to do right away."""
    switch, trading = switch_of(ctx), trading_of(ctx)
    held = watch_lease(ctx, now_ns)
    _take_request(ctx, now_ns)
    if switch.walk == LEASE_WALK and held:
        switch.walk = _NO_WALK
    if not held and switch.walk == _NO_WALK and switch.answered == 0 and trading.cancels != 0 \
            and now_ns - switch.lost_ns >= trading.grace_ns:
        answer_at(gateway_answer(ctx)).asked = 0
        _begin(ctx, LEASE_WALK, gateway_of(ctx).next_ref, np.int64(-1), np.int64(-1), now_ns)
    if switch.walk == _NO_WALK or now_ns < switch.next_ns:
        return False
    if _walk(ctx, now_ns):
        at = gateway_answer(ctx)
        log(ctx, _EVENT_CANCELLED, switch.walk, answer_at(at).asked, 0, 0, 0, 0)
        if switch.walk == LEASE_WALK:
            switch.answered = 1
        else:
            answer_done(at, switch.walk, now_ns)
        switch.walk = _NO_WALK
    return switch.walk != _NO_WALK and switch.at != 0
