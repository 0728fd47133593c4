"""Kernels of a feed that follows MoldUDP64 lines, and rebuilds books from GLIMPSE if it must."""

import numpy as np

from actors.feed.gaps import Act, ask, look_at_gap, resume_at
from actors.feed.lines import (
    LinesState, Opened, at_hand, close_at_hand, keep_packet, line_at, line_of, lines_at, offer,
    open_packet, receive,
)
from actors.feed.look_ahead import look_from, look_on
from actors.feed.publish import is_due, is_inside, publish_snapshots
from actors.feed.state import (
    BATCH, BURST, MAX_UPDATES, PARSE, SNAPSHOT_BUDGET, Counter, Event, Phase, ahead_of, book_of,
    feed_of, lines_of, link_of, locates_of, symbols_of,
)
from actors.feed.take import go_live, take_message
from actors.runtime import clock_ns, context, count, draining, kernel, log, observe
from actors.runtime.soup_kernels import (
    LinkLoss, consumed, is_active, keep_alive, lose, next_message, receive as receive_session,
)
from schemas.venue import glimpse50
from schemas.venue.big_endian import get_u8
from schemas.venue.text import get_decimal
from schemas.venue.validity import VALID

__all__ = ["follow_lines"]

_FOLLOWING = int(LinesState.FOLLOWING)
_SNAPSHOT = int(LinesState.SNAPSHOT)
_FORGETTING = int(LinesState.FORGETTING)
_ROLLING = int(LinesState.ROLLING)
_NEW_SESSION = int(Opened.NEW_SESSION)
_MESSAGES = int(Opened.MESSAGES)
_ASK, _GIVE_UP = int(Act.ASK), int(Act.GIVE_UP)
_LIVE, _CATCHING_UP = int(Phase.LIVE), int(Phase.CATCHING_UP)
_GAP, _SNAPSHOT_TAKEN = int(Event.GAP), int(Event.SNAPSHOT_TAKEN)
_BYTES = int(Counter.BYTES)
_SNAPSHOT_MESSAGES = int(Counter.SNAPSHOT_MESSAGES)
_LINK_BAD_MESSAGE = int(LinkLoss.BAD_MESSAGE)
_PACKETS_KEPT = 64
_TELL_EVERY_NS = 1_000_000_000
_END = glimpse50.END_OF_SNAPSHOT


@kernel
def _next_packet(ctx, lines, i):
    """Takes a packet off line ``i`` and reads its header. Returns whether it may be asked for
    messages; not so when nothing came, or when another session begins."""
    opened = open_packet(lines, i)
    if opened == _MESSAGES:
        return True
    if opened != _NEW_SESSION:
        size = receive(lines, i)
        if size == 0:
            return False
        offer(lines, i, size, clock_ns(ctx))
        count(ctx, _BYTES, size)
        opened = open_packet(lines, i)
    if opened == _NEW_SESSION:
        lines_at(lines).state = _ROLLING
        return False
    return True


@kernel
def _look(ctx, lines, i, begin):
    line = line_at(lines, i)
    book, symbols, locates = book_of(ctx), symbols_of(ctx), locates_of(ctx)
    if begin:
        look_from(ahead_of(ctx), line.packet + line.at, line.packet + line.size, 0, book, symbols,
                  locates)
    else:
        look_on(ahead_of(ctx), book, symbols, locates)


@kernel
def _read(ctx, lines, i, budget):
    """Takes messages in order until ``budget`` updates are published, or a batch is full, or there
    is none. Returns how many."""
    feed, record = feed_of(ctx), lines_at(lines)
    looks = feed.looks_ahead != 0
    read = 0
    while budget >= MAX_UPDATES and read < BATCH:
        live = feed.phase == _LIVE
        if feed.tail == 0:
            feed.tail = record.began
        if not live and record.known != 0 and record.expected >= feed.tail:
            go_live(ctx)
            break
        if not at_hand(lines, i):
            if not _next_packet(ctx, lines, i):
                break
            if looks and line_at(lines, i).left > 0:
                _look(ctx, lines, i, True)
            continue
        if looks:
            _look(ctx, lines, i, False)
        budget -= take_message(ctx, record.payload, record.payload_size, record.sequence,
                               record.received_ns, live)
        close_at_hand(lines)
        read += 1
    return read


@kernel
def _recover(ctx, lines, now_ns):
    """What a gap needs now. Returns 1 while there is one: it is not slept on."""
    record, feed = lines_at(lines), feed_of(ctx)
    act = look_at_gap(lines, now_ns)
    if act == _ASK:
        first, began = record.expected, record.recovering == 0
        n = ask(lines, now_ns)
        if began and now_ns - record.told_ns > _TELL_EVERY_NS:
            record.told_ns = now_ns
            log(ctx, _GAP, first, first + n - 1, record.gaps, 0, 0, 0)
        if record.highest - record.expected > record.mask and feed.phase == _LIVE:
            feed.phase = _CATCHING_UP  # so much is history, when it comes
            feed.tail = record.highest
    elif act == _GIVE_UP:
        record.state = _SNAPSHOT if record.has_snapshot != 0 else _FORGETTING
    return np.int64(record.gap_at != 0)


@kernel
def _keep_reading(ctx, lines, i):
    """Keeps what line ``i`` brings while the books are rebuilt. Returns packets taken."""
    taken = 0
    while taken < _PACKETS_KEPT and _next_packet(ctx, lines, i):
        keep_packet(lines, i)
        taken += 1
    return taken


@kernel
def _take_snapshot(ctx, lines):
    """Builds the books from the GLIMPSE session, up to the message that ends it: the lines go on
    from the number that it says. Returns messages taken."""
    link, feed, record = link_of(ctx), feed_of(ctx), lines_at(lines)
    receive_session(link, ctx)
    read = 0
    while read < BATCH and record.state == _SNAPSHOT and next_message(link):
        addr, size = link.payload, link.payload_size
        if size > 0 and get_u8(addr, 0) == _END:
            if glimpse50.validate(addr, size) != VALID:
                lose(link, _LINK_BAD_MESSAGE, 0, addr, size)
                break
            following = get_decimal(addr, glimpse50.SEQUENCE_NUMBER,
                                    glimpse50.SEQUENCE_NUMBER_LENGTH)
            feed.sequence = following - 1
            feed.phase = _CATCHING_UP
            # The round that makes everybody forget is not needed: another one follows.
            feed.snapshots = feed.orders_due = 0
            resume_at(lines, following)
            feed.tail = record.highest
            log(ctx, _SNAPSHOT_TAKEN, following, record.highest, link.next_sequence - 1, 0, 0, 0)
            link.logout = 1
            record.state = _FOLLOWING
        else:
            take_message(ctx, addr, size, link.next_sequence, link.received_ns, False)
            count(ctx, _SNAPSHOT_MESSAGES, 1)
        consumed(link)
        read += 1
    keep_alive(link, context(ctx).now_ns)
    return read


@kernel
def _follow(ctx, lines, i):
    sent = publish_snapshots(ctx, SNAPSHOT_BUDGET)
    feed = feed_of(ctx)
    if is_inside(feed):
        return 1
    now_ns = context(ctx).now_ns
    read = _read(ctx, lines, i, BURST - sent)
    if read > 0:
        observe(ctx, PARSE, (clock_ns(ctx) - now_ns) // read)
    if lines_at(lines).state != _FOLLOWING:
        return 1
    return sent + read + _recover(ctx, lines, now_ns) + np.int64(is_due(feed))


@kernel
def follow_lines(ctx, fd):
    """One turn of one line, the retransmission server's included, or of the GLIMPSE session;
    returns the work done."""
    lines = lines_of(ctx)
    record = lines_at(lines)
    if draining(ctx):
        return 0
    i = line_of(lines, fd)
    if i < 0:
        if is_active(link_of(ctx)):
            if record.state == _SNAPSHOT:
                return _take_snapshot(ctx, lines)
            keep_alive(link_of(ctx), context(ctx).now_ns)
        return 0
    if record.state == _SNAPSHOT:
        return _keep_reading(ctx, lines, i)
    if record.state != _FOLLOWING:
        return 0
    return _follow(ctx, lines, i)
