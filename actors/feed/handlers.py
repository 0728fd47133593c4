"""The feed's handlers: what the reactor calls."""

from actors.feed.line_follower import follow_lines
from actors.feed.publish import begin_round
from actors.feed.session_follower import follow_session
from actors.feed.state import Phase, Source, feed_of
from actors.runtime import handler

__all__ = ["on_data", "on_resync"]

_LIVE = int(Phase.LIVE)
_LINES = int(Source.LINES)


@handler
def on_data(ctx, fd):
    """One turn of what brings the market data; returns the work done. One handler serves every
    descriptor, so that what all sources do is compiled once."""
    if feed_of(ctx).source == _LINES:
        return follow_lines(ctx, fd)
    return follow_session(ctx)


@handler
def on_resync(ctx, wire):
    """A consumer of ``market`` asks for the books. While catching up, a round follows anyway."""
    if feed_of(ctx).phase == _LIVE:
        begin_round(ctx)
    return 0
