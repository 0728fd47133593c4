"""The gateway's handlers: what the reactor calls. Each writes down what comes, has it applied, and
lets out what follows."""

import numpy as np

from actors.gateway.commands import let_out, take_command
from actors.gateway.inputs import CRASH_POINTS, InputType
from actors.gateway.passing_on import has_ring_room, is_behind
from actors.gateway.requests import has_request_room
from actors.gateway.sending import send_query
from actors.gateway.state import (
    BURST, MAX_REPORTS, TABLES, Sweep, control_of, gateway_of, link_of,
)
from actors.gateway.sweeping import first_overdue
from actors.gateway.switch import serve_switch
from actors.runtime import context, crash_point, handler, kernel
from actors.runtime.journal.inputs import (
    begin_input, carry_out, checkpoint_if_due, holds_back, is_kept, last_record,
)
from actors.runtime.native import load_i64, memcpy, store_i64
from actors.runtime.soup_kernels import (
    SOUP_LINK, consumed, is_active, keep_alive, next_message, receive, reserve,
)
from schemas.venue import ouch50

__all__ = ["CLOCK_NS", "on_clock", "on_order", "on_venue"]

#: How often the gateway looks for orders without an answer, and goes on with a sweep.
CLOCK_NS = 5_000_000
_SOON_NS = 50_000

_NO_SWEEP = int(Sweep.NONE)
_VENUE = int(InputType.VENUE)
_LOGIN, _SESSION_OVER = int(InputType.LOGIN), int(InputType.SESSION_OVER)
_TIMEOUT, _SWEEP = int(InputType.TIMEOUT), int(InputType.SWEEP)
_SESSION = SOUP_LINK.fields["session"][1]
_LINK = TABLES.index("link")
_MESSAGE_ARRIVED, _MESSAGE_JOURNALED, _LOGGED_IN = (
    CRASH_POINTS.index(point) + 1
    for point in ("message arrived", "message journaled", "logged in"))


@handler
def on_order(ctx, message):
    """A command from risk: sent to the venue, or refused, before this returns; unless it has to
    wait for the disk."""
    take_command(ctx, message)
    return 0


@kernel
def _begin_login(ctx, link, control):
    """Asks the venue how far it has come; the answer ends what it has to say about the past."""
    query = reserve(link, ouch50.ACCOUNT_QUERY_LENGTH)
    if query == 0:
        return
    payload = begin_input(ctx, _LOGIN, 40, context(ctx).now_ns)
    if payload == 0:
        return
    session = context(ctx).tables[_LINK] + _SESSION
    store_i64(payload, link.next_sequence)
    store_i64(payload + 8, link.tail)
    store_i64(payload + 16, link.gap)
    store_i64(payload + 24, load_i64(session))
    store_i64(payload + 32, load_i64(session + 8))
    carry_out(ctx, payload)
    crash_point(ctx, _LOGGED_IN)
    control.logins = link.logins
    control.requests_from = control.requests_to  # the last connection's
    link.gap = 0
    send_query(ctx, query)


@kernel
def _take_message(ctx, link):
    """Writes the venue's message at hand down and has it applied. False if there is no room."""
    crash_point(ctx, _MESSAGE_ARRIVED)
    if not has_ring_room(ctx, MAX_REPORTS) or not has_request_room(ctx):
        return False
    payload = begin_input(ctx, _VENUE, 8 + link.payload_size, link.received_ns)
    if payload == 0:
        return False
    store_i64(payload, link.next_sequence)
    memcpy(payload + 8, link.payload, link.payload_size)
    carry_out(ctx, payload)
    consumed(link)
    crash_point(ctx, _MESSAGE_JOURNALED)
    return True


@kernel
def _settle(ctx, control, gateway):
    """One step of what has to be settled before anything new. Returns whether there was any."""
    if control.session_over != 0:
        payload = begin_input(ctx, _SESSION_OVER, 0, context(ctx).now_ns)
        if payload != 0:
            carry_out(ctx, payload)
            control.session_over = 0
        return True
    if gateway.sweep == _NO_SWEEP:
        return False
    if has_ring_room(ctx, BURST) and has_request_room(ctx):
        payload = begin_input(ctx, _SWEEP, 0, context(ctx).now_ns)
        if payload != 0:
            carry_out(ctx, payload)
    return True


@kernel
def serve_venue(ctx):
    """One turn of the gateway; returns the work done."""
    link, gateway, control = link_of(ctx), gateway_of(ctx), control_of(ctx)
    work = 0
    if is_active(link):
        if control.logins != link.logins:
            if control.session_over == 0 and gateway.sweep == _NO_SWEEP:
                _begin_login(ctx, link, control)
            work += 1
        if control.logins == link.logins:
            taken = receive(link, ctx)
            budget = BURST
            while budget >= MAX_REPORTS and gateway.sweep == _NO_SWEEP and next_message(link):
                before = gateway.report_seq
                if not _take_message(ctx, link):
                    break
                budget -= max(gateway.report_seq - before, 1)
                work += 1
            work += 1 if taken > 0 else 0
    if control.session_over != 0 or gateway.sweep != _NO_SWEEP:
        work += 1 if _settle(ctx, control, gateway) else 0
    work += let_out(ctx)
    if is_active(link):
        keep_alive(link, context(ctx).now_ns)
    return work


@handler
def on_venue(ctx, fd):
    """The venue's connection: also called on every turn."""
    return serve_venue(ctx)


@handler
def on_clock(ctx, now_ns):
    """Sweeps, timeouts, the kill switch, and what waits to get out. Returns when to look again."""
    gateway, control = gateway_of(ctx), control_of(ctx)
    checkpoint_if_due(ctx)
    busy = _settle(ctx, control, gateway)
    for _ in range(BURST):
        if busy or not has_ring_room(ctx, 1) or not has_request_room(ctx):
            break
        ref = first_overdue(ctx, now_ns)
        payload = begin_input(ctx, _TIMEOUT, 8, now_ns) if ref != 0 else np.int64(0)
        if payload == 0:
            break
        store_i64(payload, ref)
        carry_out(ctx, payload)
    let_out(ctx)
    busy = busy or serve_switch(ctx, now_ns)
    waits = holds_back(ctx) and not is_kept(ctx, last_record(ctx))
    if busy or is_behind(ctx) or waits:
        return now_ns + _SOON_NS
    return now_ns + CLOCK_NS
