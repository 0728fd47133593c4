"""Whether the gateway may send new orders at all: leases and the trading mode. Cancels always pass.

This is the last check before an order's bytes, and the first thing that stops: risk refuses by the
same words, but nobody can be sure that risk lives.
"""

from actors.gateway.state import Counter, Event, gateway_of, switch_of
from actors.runtime import clock_ns, context, count, kernel, log
from actors.runtime.trading import (
    answer_at, gateway_answer, holds_lease, mode_of, mode_of_floor, take_probe, trading_of,
)
from schemas.enums import RejectReason, TradingState

__all__ = ["switched_off", "watch_lease"]

_PAUSED, _HALTED = int(TradingState.PAUSED), int(TradingState.HALTED)
_NO_LEASE, _REASON_PAUSED = int(RejectReason.NO_LEASE), int(RejectReason.PAUSED)
_REASON_HALTED = int(RejectReason.HALTED)
_LEASES_LOST, _SWITCHED_OFF = int(Counter.LEASES_LOST), int(Counter.SWITCHED_OFF)
_EVENT_LOST, _EVENT_BACK = int(Event.LEASE_LOST), int(Event.LEASE_BACK)


@kernel
def _note_loss(ctx, now_ns):
    switch, trading = switch_of(ctx), trading_of(ctx)
    switch.lost_ns = now_ns
    switch.answered = 0
    answer = answer_at(gateway_answer(ctx))
    answer.lost_ns = now_ns
    answer.losses += 1
    count(ctx, _LEASES_LOST, 1)
    log(ctx, _EVENT_LOST, trading.cancels, trading.grace_ns, gateway_of(ctx).live, 0, 0, 0)


@kernel
def watch_lease(ctx, now_ns):
    """Notes that a lease is gone, or that all are back. Returns whether all hold at ``now_ns``."""
    switch = switch_of(ctx)
    if not holds_lease(ctx, now_ns):
        if switch.lost_ns == 0:
            _note_loss(ctx, now_ns)
        return False
    if switch.lost_ns != 0:
        log(ctx, _EVENT_BACK, now_ns - switch.lost_ns, 0, 0, 0, 0, 0)
        answer_at(gateway_answer(ctx)).regained_ns = now_ns
        switch.lost_ns = 0
    return True


@kernel
def _why(ctx):
    if not holds_lease(ctx, context(ctx).now_ns):
        watch_lease(ctx, clock_ns(ctx))
        return _NO_LEASE
    mode = mode_of_floor(ctx)
    if mode == _HALTED:
        return _REASON_HALTED
    if mode == _PAUSED and trading_of(ctx).flattening == 0:
        return _REASON_PAUSED
    if mode != mode_of(ctx) and trading_of(ctx).risks == 0:  # nobody else counts the probes
        half_open = mode_of(ctx)
        if half_open == _PAUSED and not take_probe(ctx):
            return _REASON_PAUSED
    return 0


@kernel
def switched_off(ctx):
    """A RejectReason if no new order may go out now, else 0."""
    reason = _why(ctx)
    if reason != 0:
        count(ctx, _SWITCHED_OFF, 1)
    return reason
