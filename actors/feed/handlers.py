"""The feed's handlers: what the reactor calls."""

from actors.feed.line_follower import follow_lines
from actors.feed.player import play
from actors.feed.orders import begin_orders
from actors.feed.publish import begin_round
from actors.feed.session_follower import follow_session
from actors.feed.state import Phase, Source, feed_of
from actors.runtime import handler

__all__ = ["on_data", "on_orders_resync", "on_resync"]

_LIVE = int(Phase.LIVE)
_LINES, _FILE = int(Source.LINES), int(Source.FILE)
_LAST_FD = 0x7FFFFFFF
_NOT_SOON_NS = 1_000_000_000


@handler
def on_data(ctx, argument):
    """One turn of what brings the market data. One handler serves every descriptor and the timer of
    recordings, so that what all sources do is compiled once. A descriptor is answered with the work
    done, the time, which is larger than any, with when to be called again."""
    source = feed_of(ctx).source
    if argument > _LAST_FD:
        return play(ctx, argument) if source == _FILE else argument + _NOT_SOON_NS
    if source == _LINES:
        return follow_lines(ctx, argument)
    return follow_session(ctx)


@handler
def on_resync(ctx, wire):
    """A consumer of ``market`` asks for the books. While catching up, a round follows anyway."""
    if feed_of(ctx).phase == _LIVE:
        begin_round(ctx)
    return 0


@handler
def on_orders_resync(ctx, wire):
    """A consumer of ``order_updates`` asks for every order."""
    if feed_of(ctx).phase == _LIVE:
        begin_orders(ctx)
    return 0
