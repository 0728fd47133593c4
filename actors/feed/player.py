"""Kernels of a feed that plays a recording: ITCH messages in memory, at the times that they carry.

The housekeeper (:mod:`actors.feed.recordings`) fills two chunks in turn, the reactor empties them:

::

    chunk 0   full ─► being played ─► empty ─► (housekeeper) ─► full ...
    chunk 1   empty ─► (housekeeper) ─► full ─► being played ...

A message is due when as much time has passed since the first one as lies between their own times,
divided by ``speed``; at speed 0 when the wires have room for it. What lies before ``start_ns`` is
history: it makes the books and is published as they are then.
"""

import enum

import numpy as np

from actors.book.memory import record_at
from actors.feed.look_ahead import look_from, look_on
from actors.feed.publish import is_due, is_inside, publish_snapshots
from actors.feed.state import (
    BATCH, BURST, MAX_UPDATES, PARSE, SNAPSHOT_BUDGET, Counter, Event, Phase, ahead_of, book_of,
    feed_of, locates_of, recording_of, symbols_of,
)
from actors.feed.take import go_live, take_message
from actors.runtime import clock_ns, count, draining, kernel, log, observe
from schemas.venue import itch50
from schemas.venue.big_endian import get_u48

__all__ = ["CHUNK", "PlayState", "RECORDING", "is_played", "play"]


class PlayState(enum.IntEnum):
    """How far a recording has been played."""

    WAITING = 0  #: for its first chunk, or for somebody to hear it
    PLAYING = 1
    ENDED = 2    #: the books stay as they are


#: ``count`` messages, of which ``at`` is next: ``lengths[at]`` bytes from ``buffer + offsets[at]``.
CHUNK = np.dtype([("full", "i8"), ("buffer", "i8"), ("offsets", "i8"), ("lengths", "i8"),
                  ("count", "i8"), ("at", "i8"), ("framed", "i8"), ("end", "i8")])

#: ``chunk`` is the one being played, ``ended`` whether none follows the full ones. ``first_ns`` is
#: the time of the first live message and ``began_ns`` when it was played (monotonic, 0: not yet).
RECORDING = np.dtype([("state", "i8"), ("chunk", "i8"), ("ended", "i8"), ("speed", "f8"),
                      ("start_ns", "i8"), ("first_ns", "i8"), ("began_ns", "i8"),
                      ("played", "i8"), ("chunks", CHUNK, (2,))])
_CHUNKS_AT = RECORDING.fields["chunks"][1]
_WORD = np.dtype([("value", "i8")])

_WAITING, _PLAYING, _ENDED = (int(s) for s in PlayState)
_LIVE = int(Phase.LIVE)
_BYTES, _PLAYED = int(Counter.BYTES), int(Event.PLAYED)
_TIMESTAMP, _HEADER = itch50.TIMESTAMP, itch50.TIMESTAMP + 6
_LOOK_AGAIN_NS = 1_000_000
_PREFIX = 2


@kernel
def is_played(recording):
    """Whether the reactor has the books."""
    return record_at(recording, 0, RECORDING).state != _WAITING


@kernel
def _chunk(recording):
    """The chunk with the next message, or the empty one that waits for it."""
    record = record_at(recording, 0, RECORDING)
    chunk = record_at(recording + _CHUNKS_AT, record.chunk, CHUNK)
    if chunk.full != 0 and chunk.at == chunk.count:
        chunk.full = 0
        record.chunk ^= 1
        chunk = record_at(recording + _CHUNKS_AT, record.chunk, CHUNK)
    return chunk


@kernel
def _due_ns(record, time_ns, now_ns):
    """When a message with this time is to be played. The first live one is, now."""
    if time_ns < record.start_ns or record.speed == 0.0:
        return now_ns
    if record.began_ns == 0:
        record.began_ns = now_ns
        record.first_ns = time_ns
    return record.began_ns + np.int64((time_ns - record.first_ns) / record.speed)


@kernel
def _end(ctx, feed, record):
    """Nothing follows. Returns whether there is anything left to do at once."""
    if feed.phase != _LIVE:
        go_live(ctx)
        return True
    if is_due(feed):
        return True
    if record.state == _PLAYING:
        record.state = _ENDED
        log(ctx, _PLAYED, record.played, 0, 0, 0, 0, 0)
    return False


@kernel
def _play_chunk(ctx, recording, chunk, budget, now_ns):
    """Plays what is due until ``budget`` updates are published or a batch is full. Returns messages
    played, and when the next one is due."""
    record, feed = record_at(recording, 0, RECORDING), feed_of(ctx)
    book, symbols, locates = book_of(ctx), symbols_of(ctx), locates_of(ctx)
    looks = feed.looks_ahead != 0 and chunk.framed != 0
    played = 0
    while budget >= MAX_UPDATES and played < BATCH and chunk.at < chunk.count:
        addr = chunk.buffer + record_at(chunk.offsets, chunk.at, _WORD).value
        size = record_at(chunk.lengths, chunk.at, _WORD).value
        time_ns = get_u48(addr, _TIMESTAMP) if size >= _HEADER else feed.exchange_ns
        if feed.phase != _LIVE and time_ns >= record.start_ns:
            go_live(ctx)
            break
        due_ns = _due_ns(record, time_ns, now_ns)
        if due_ns > now_ns:
            return played, due_ns
        if looks:
            if chunk.at == 0:
                look_from(ahead_of(ctx), addr - _PREFIX, chunk.buffer + chunk.end, 0, book, symbols,
                          locates)
            look_on(ahead_of(ctx), book, symbols, locates)
        budget -= take_message(ctx, addr, size, record.played + 1, now_ns, feed.phase == _LIVE)
        count(ctx, _BYTES, size)
        chunk.at += 1
        record.played += 1
        played += 1
    return played, now_ns


@kernel
def play(ctx, now_ns):
    """Plays what is due. Returns when to be called again, for the timer."""
    recording, feed = recording_of(ctx), feed_of(ctx)
    record = record_at(recording, 0, RECORDING)
    if record.state == _WAITING or draining(ctx):
        return now_ns + _LOOK_AGAIN_NS
    sent = publish_snapshots(ctx, SNAPSHOT_BUDGET)
    if is_inside(feed):
        return now_ns
    chunk = _chunk(recording)
    if chunk.full == 0:
        if record.ended != 0 and _end(ctx, feed, record):
            return now_ns
        return now_ns if feed.snapshots > 0 else now_ns + _LOOK_AGAIN_NS
    played, due_ns = _play_chunk(ctx, recording, chunk, BURST - sent, now_ns)
    if played > 0:
        observe(ctx, PARSE, (clock_ns(ctx) - now_ns) // played)
    return now_ns if is_due(feed) else min(due_ns, now_ns + _LOOK_AGAIN_NS)
