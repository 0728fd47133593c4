"""The gateway's handlers: what the reactor calls."""

from actors.gateway.commands import take_command
from actors.gateway.requests import send_query
from actors.gateway.responses import apply_response
from actors.gateway.state import BURST, MAX_REPORTS, Counter, Sweep, gateway_of, link_of
from actors.gateway.sweeping import expire_unanswered, sweep
from actors.gateway.switch import serve_switch
from actors.runtime import context, count, handler, kernel
from actors.runtime.soup_kernels import consumed, is_active, keep_alive, next_message, receive

__all__ = ["CLOCK_NS", "on_clock", "on_order", "on_venue"]

#: How often the gateway looks for orders without an answer, and goes on with a sweep.
CLOCK_NS = 5_000_000
_SWEEPING_NS = 50_000

_NO_SWEEP = int(Sweep.NONE)
_LOGINS, _GAPS = int(Counter.LOGINS), int(Counter.GAPS)


@handler
def on_order(ctx, message):
    """A command from risk: sent to the venue, or refused, before this returns."""
    take_command(ctx, message)
    return 0


@kernel
def _begin_login(ctx, link, gateway):
    """A new connection: orders wait until the venue has said all it has to say about the past."""
    gateway.accepting = 0
    if send_query(ctx):
        gateway.logins = link.logins
        count(ctx, _LOGINS, 1)
        count(ctx, _GAPS, link.gap)
        link.gap = 0


@kernel
def serve_venue(ctx):
    """One turn of the gateway; returns the work done."""
    link, gateway = link_of(ctx), gateway_of(ctx)
    if not is_active(link):
        return 0
    if gateway.logins != link.logins:
        _begin_login(ctx, link, gateway)
    if gateway.sweep != _NO_SWEEP:  # the past first
        sweep(ctx, BURST)
        keep_alive(link, context(ctx).now_ns)
        return 1
    taken = receive(link, ctx)
    budget = BURST
    read = 0
    while budget >= MAX_REPORTS and gateway.sweep == _NO_SWEEP and next_message(link):
        budget -= max(apply_response(ctx, link.payload, link.payload_size), 1)
        consumed(link)
        read += 1
    keep_alive(link, context(ctx).now_ns)
    return read + (1 if taken > 0 else 0)


@handler
def on_venue(ctx, fd):
    """The venue's connection: also called on every turn."""
    return serve_venue(ctx)


@handler
def on_clock(ctx, now_ns):
    """Sweeps, timeouts and the kill switch. Returns when to look again."""
    gateway = gateway_of(ctx)
    if gateway.sweep != _NO_SWEEP:
        sweep(ctx, BURST)
        return now_ns + _SWEEPING_NS
    expire_unanswered(ctx, BURST)
    return now_ns + (_SWEEPING_NS if serve_switch(ctx, now_ns) else CLOCK_NS)
