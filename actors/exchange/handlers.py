"""What the reactor calls: thin shells around the kernels."""

from actors.exchange.flow import is_populated, populate, run_flow
from actors.exchange.flow_recorded import is_seeded, run_history, seed_history
from actors.exchange.serving import keep_sessions, open_day, serve_turn, stamp
from actors.exchange.session_io import flush_all
from actors.exchange.venue import Phase, venue_at
from actors.runtime import context, handler

__all__ = ["VENUE_TABLE", "on_heartbeat_timer", "on_flow_timer", "on_sockets"]

VENUE_TABLE = 0
_EVENTS_PER_CALL = 256
_IDLE_NS = 1_000_000_000


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
        if venue_at(venue).history != 0:
            if not is_seeded(venue):
                seed_history(venue, stamp(venue), _EVENTS_PER_CALL)
                following = now_ns
            else:
                following = run_history(venue, now_ns, stamp(venue), _EVENTS_PER_CALL)
        elif not is_populated(venue):
            populate(venue, stamp(venue))
            following = now_ns
        else:
            following = run_flow(venue, now_ns, stamp(venue), _EVENTS_PER_CALL)
        flush_all(venue, now_ns)
    return following


@handler
def on_heartbeat_timer(ctx, now_ns):
    """Timer: heartbeats out, silent clients off."""
    keep_sessions(context(ctx).tables[VENUE_TABLE], now_ns)
    return 0
