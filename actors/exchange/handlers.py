"""What the reactor calls: thin shells around the kernels."""

import numpy as np

from actors.exchange.datagrams import send_datagrams
from actors.exchange.flow_clock import due_ns
from actors.exchange.flow_recorded import history_at, is_seeded
from actors.exchange.inputs import InputType, carry_out
from actors.exchange.interventions import next_expiry_s
from actors.exchange.latency import latency_at
from actors.exchange.serving import keep_sessions, open_day, serve_turn, stamp
from actors.exchange.session_io import flush_all
from actors.exchange.venue import Phase, venue_at
from actors.runtime import context, handler
from actors.runtime.journal.state_copy import give_snapshot

__all__ = ["VENUE_TABLE", "on_flow_timer", "on_heartbeat_timer", "on_latency_timer", "on_sockets"]

VENUE_TABLE = 0
_IDLE_NS = 1_000_000_000
_SOON_NS = 1_000_000
_SYNC_CHECK_NS = 100_000  # durability: disk
_FLOW, _BEGIN, _NOTHING = np.int64(InputType.FLOW), np.int64(InputType.BEGIN), np.int64(0)
_EXPIRE, _NS = np.int64(InputType.EXPIRE), 1_000_000_000
_LATE_CHECK_NS, _UNUSED_CHECK_NS = 500_000, 10_000_000


@handler
def on_sockets(ctx, epoll_fd):
    """Poller: serves the sessions."""
    return serve_turn(context(ctx).tables[VENUE_TABLE], epoll_fd, context(ctx).now_ns)


@handler
def on_flow_timer(ctx, now_ns):
    """Timer: opens the day, fills the book, then runs the flow or the recording at its own pace."""
    venue = context(ctx).tables[VENUE_TABLE]
    open_day(venue)
    following = now_ns + _IDLE_NS
    if venue_at(venue).phase == Phase.OPEN:
        if due_ns(venue, now_ns) <= now_ns:
            at = stamp(venue)
            if venue_at(venue).history != 0 and is_seeded(venue) and history_at(venue).waits != 0:
                carry_out(venue, _BEGIN, _NOTHING, _NOTHING, _NOTHING, at)
            if not carry_out(venue, _FLOW, now_ns, _NOTHING, _NOTHING, at):
                return now_ns + _SOON_NS
            flush_all(venue, now_ns)
            send_datagrams(venue, now_ns)
        following = due_ns(venue, now_ns)
    if venue_at(venue).holds:
        flush_all(venue, now_ns)
        send_datagrams(venue, now_ns)
        following = min(following, now_ns + _SYNC_CHECK_NS)
    return following


@handler
def on_heartbeat_timer(ctx, now_ns):
    """Timer: heartbeats out, silent clients off; a copy of the state if one is wanted; the end of
    orders whose time is over."""
    venue = context(ctx).tables[VENUE_TABLE]
    record = venue_at(venue)
    give_snapshot(record.snapshot, record.journal, record.scratch_at)
    keep_sessions(venue, now_ns)
    expires_s = next_expiry_s(venue)
    if expires_s != 0 and record.phase == Phase.OPEN:
        at = stamp(venue)
        if at >= expires_s * _NS:
            carry_out(venue, _EXPIRE, at // _NS, _NOTHING, _NOTHING, at)
            flush_all(venue, now_ns)
    return 0


@handler
def on_latency_timer(ctx, now_ns):
    """Timer: wakes the reactor when something that is late is due; sockets are served after."""
    venue = context(ctx).tables[VENUE_TABLE]
    latency = latency_at(venue)
    if latency.orders | latency.out == 0:
        return now_ns + _UNUSED_CHECK_NS
    if latency.next_ns > now_ns:
        return min(latency.next_ns, now_ns + _LATE_CHECK_NS)
    return now_ns + _LATE_CHECK_NS
