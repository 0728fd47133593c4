"""Kernels of a feed that follows a SoupBinTCP session."""

from actors.feed.look_ahead import look_from, look_on
from actors.feed.publish import is_due, is_inside, publish_snapshots
from actors.feed.state import (
    BATCH, BURST, MAX_UPDATES, PARSE, SNAPSHOT_BUDGET, Counter, Phase, ahead_of, book_of, feed_of,
    link_of, locates_of, symbols_of,
)
from actors.feed.take import go_live, take_message
from actors.runtime import clock_ns, context, count, crash_point, draining, kernel, observe
from actors.runtime.soup_kernels import consumed, is_active, keep_alive, next_message, receive

__all__ = ["CRASH_POINTS", "follow_session"]

#: Where the feed may be made to crash: a message is in the book and published, and not yet consumed.
CRASH_POINTS = ("message_taken",)
_MESSAGE_TAKEN = 1

_LIVE = int(Phase.LIVE)
_CATCHING_UP = int(Phase.CATCHING_UP)
_BYTES = int(Counter.BYTES)
_GAPS = int(Counter.GAPS)
_LOGINS = int(Counter.LOGINS)
_TYPE_BYTE = 1  # SoupBinTCP's, between a packet's length and the message


@kernel
def _begin_login(ctx, link, feed):
    """A new connection: is there history to catch up with?"""
    feed.logins = link.logins
    feed.sequence = link.next_sequence - 1
    feed.received_ns = link.received_ns
    count(ctx, _LOGINS, 1)
    count(ctx, _GAPS, link.gap)
    link.gap = 0
    if feed.was_live == 0 or link.next_sequence < link.tail:
        feed.phase = _CATCHING_UP


@kernel
def _read(ctx, link, feed, budget):
    """Reads messages until ``budget`` updates are published, or a batch is full. Returns how many.

    History is not published: that is everything up to where the venue was when we logged in. What
    came after that login is live, however late we are.
    """
    live = feed.phase == _LIVE
    read = 0
    while budget >= MAX_UPDATES and read < BATCH and (live or link.next_sequence < link.tail) \
            and next_message(link):
        if feed.looks_ahead != 0:
            look_on(ahead_of(ctx), book_of(ctx), symbols_of(ctx), locates_of(ctx))
        budget -= take_message(ctx, link.payload, link.payload_size, link.next_sequence,
                               link.received_ns, live)
        crash_point(ctx, _MESSAGE_TAKEN)
        consumed(link)
        read += 1
    if not live and link.next_sequence >= link.tail:
        go_live(ctx)
    return read


@kernel
def follow_session(ctx):
    """One turn of a feed that follows a SoupBinTCP session; returns the work done."""
    link = link_of(ctx)
    feed = feed_of(ctx)
    if not is_active(link):
        return 0
    if feed.logins != link.logins:
        _begin_login(ctx, link, feed)
    now_ns = context(ctx).now_ns
    if draining(ctx):
        keep_alive(link, now_ns)
        return 0
    sent = publish_snapshots(ctx, SNAPSHOT_BUDGET)
    if is_inside(feed):
        keep_alive(link, now_ns)
        return 1
    taken = receive(link, ctx)
    if taken > 0 and feed.looks_ahead != 0:
        look_from(ahead_of(ctx), link.rx + link.rx_start, link.rx + link.rx_end, _TYPE_BYTE,
                  book_of(ctx), symbols_of(ctx), locates_of(ctx))
    read = _read(ctx, link, feed, BURST - sent)
    if read > 0:
        began_ns = link.received_ns if taken > 0 else now_ns
        observe(ctx, PARSE, (clock_ns(ctx) - began_ns) // read)
    count(ctx, _BYTES, taken)
    keep_alive(link, now_ns)
    return sent + read + (1 if taken > 0 or is_due(feed) else 0)
