"""One turn of serving: adopt, read, carry out, answer, publish. Kernels of the reactor.

An order's reply leaves in the turn that read it, before anybody's market data: first its own
session is flushed, then all.
"""

import numpy as np

from actors.exchange.accounts import desert_absent, next_deserted
from actors.exchange.datagrams import note_requests, send_datagrams, serve_requests
from actors.exchange.drops import drops_request
from actors.exchange.inputs import InputType, carry_out
from actors.exchange.latency import due_soon, is_due, latency_at, note_taken
from actors.exchange.operations import is_wanted, operate
from actors.exchange.request_ahead import begin_looking, look_further
from actors.exchange.session_io import (
    adopt, compact, end_session, finish_session, flush, flush_all, has_all, is_active,
    keep_evidence, receive, send_heartbeat,
)
from actors.exchange.session_state import EndReason, SessionKind
from actors.exchange.sockets import (
    EPOLLERR, EPOLLHUP, EPOLLIN, EPOLLOUT, EPOLLRDHUP, event_flags, event_slot,
)
from actors.exchange.venue import (
    DATAGRAM_SLOT, EPOLL_EVENTS, Counter, Directive, Phase, access_at, bump, session_at,
    venue_at,
)
from actors.runtime import kernel
from actors.runtime.clock import now_ns
from actors.runtime.histogram import record_ns
from actors.runtime.native import epoll_wait
from schemas.venue.soupbintcp import (
    CLIENT_HEARTBEAT, COMPLETE, DEBUG, HEARTBEAT_INTERVAL_NS, LOGOUT_REQUEST, MALFORMED,
    UNSEQUENCED_DATA, next_packet,
)

__all__ = ["keep_sessions", "open_day", "serve_turn", "stamp"]

_REQUESTS_PER_TURN = 512  # of one session, then others get theirs
_DAY_NS = 86_400_000_000_000
_GONE = EPOLLRDHUP | EPOLLHUP | EPOLLERR
_OPEN, _REQUEST, _CLOSE, _DESERT = (np.int64(t) for t in (
    InputType.OPEN, InputType.REQUEST, InputType.CLOSE, InputType.DESERT))
_NOTHING = np.int64(0)


@kernel
def stamp(venue):
    """The time now, in nanoseconds since midnight."""
    record = venue_at(venue)
    return (now_ns(record.scratch_at) + record.midnight_offset_ns) % _DAY_NS


@kernel
def open_day(venue):
    """Announce the day, once."""
    if venue_at(venue).phase == Phase.BEFORE_OPEN:
        carry_out(venue, _OPEN, _NOTHING, _NOTHING, _NOTHING, stamp(venue))


@kernel
def _handle_packets(venue, slot, turn_ns):
    """Carry out whole packets from the session's buffer, as far as they have arrived; returns how
    many requests there were."""
    session = session_at(venue, slot)
    record = venue_at(venue)
    requests = 0
    session.backlog = 0
    looks = begin_looking(venue, slot)
    while is_active(venue, slot):
        if requests == _REQUESTS_PER_TURN:
            session.backlog = 1
            break
        base = session.receive_at
        status, kind, at, length, following = next_packet(base, session.begin, session.filled)
        if status == MALFORMED:
            keep_evidence(venue, slot, base + session.begin, session.filled - session.begin)
            end_session(venue, slot, EndReason.BAD_FRAMING, 0)
        if status != COMPLETE:
            break
        if looks:
            look_further(venue, slot)
        begin, session.begin = session.begin, following
        if kind == UNSEQUENCED_DATA and session.kind != SessionKind.MARKET_DATA:
            record.request_slot = slot
            who = session.account | session.kind << 32
            if session.notes and not is_due(venue, slot, following - begin, turn_ns):
                session.begin = begin
                session.backlog = 1
                break
            if record.dropping and drops_request(venue):
                pass
            elif not carry_out(venue, _REQUEST, who, base + at, length, stamp(venue)):
                session.begin = begin  # the journal takes nothing for now: read no more
                session.backlog = 1
                break
            requests += 1
        elif kind == LOGOUT_REQUEST:
            end_session(venue, slot, EndReason.LOGOUT, 0)
        elif kind != CLIENT_HEARTBEAT and kind != DEBUG:
            keep_evidence(venue, slot, base + begin, following - begin)
            end_session(venue, slot, EndReason.BAD_PACKET, kind)
        if session.notes:
            note_taken(venue, slot, following - begin)
    if is_active(venue, slot):
        compact(venue, slot)
    return requests


@kernel
def _serve_session(venue, slot, turn_ns):
    """Read from one session, carry out its requests and answer them. Returns the work done."""
    session = session_at(venue, slot)
    record = venue_at(venue)
    received = np.int64(0)
    if session.readable:
        received = receive(venue, slot, turn_ns)
    begun_ns = now_ns(record.scratch_at)
    requests = _handle_packets(venue, slot, turn_ns)
    if requests > 0:
        if is_active(venue, slot):
            flush(venue, slot, begun_ns)
        took_ns = now_ns(record.scratch_at) - begun_ns
        for _ in range(requests):
            record_ns(record.order_ack, took_ns)
    return received + requests


@kernel
def _adopt_offered(venue, turn_ns):
    record = venue_at(venue)
    for slot in range(record.used):
        if adopt(venue, slot, turn_ns):
            record.adopted += 1
            bump(venue, Counter.LOGINS, 1)


@kernel
def _note_events(venue, epoll_fd):
    """Ask epoll what happened and note it in the sessions. Returns how many events."""
    record = venue_at(venue)
    n = epoll_wait(np.int32(epoll_fd), record.epoll_events_at, np.int32(EPOLL_EVENTS), np.int32(0))
    for i in range(n):
        slot = event_slot(record.epoll_events_at, i)
        if slot == DATAGRAM_SLOT:
            note_requests(venue)
            continue
        session = session_at(venue, slot)
        flags = event_flags(record.epoll_events_at, i)
        if flags & (EPOLLIN | _GONE):
            session.readable = 1
        if flags & _GONE:
            session.hung_up = 1
        if flags & EPOLLOUT:
            session.blocked = 0
    return n


@kernel
def _leave_no_orders(venue):
    """Cancel the orders of the accounts that have lost their last session, if they want that."""
    account = next_deserted(venue)
    while account >= 0:
        if not carry_out(venue, _DESERT, account, _NOTHING, _NOTHING, stamp(venue)):
            return
        access_at(venue, account).deserted = 0
        account = next_deserted(venue)
    venue_at(venue).deserted = 0


@kernel
def serve_turn(venue, epoll_fd, turn_ns):
    """Everything there is to do for the sessions now. Returns the work done."""
    record = venue_at(venue)
    latency = latency_at(venue)
    if latency.orders | latency.out:
        latency.next_ns = 0
    if record.offered != record.adopted:
        _adopt_offered(venue, turn_ns)
    work = np.int64(_note_events(venue, epoll_fd))
    if work > 0 or record.unfinished > 0:
        record.unfinished = 0
        for slot in range(record.used):
            session = session_at(venue, slot)
            if is_active(venue, slot) and (session.readable or session.backlog):
                work += _serve_session(venue, slot, turn_ns)
                if is_active(venue, slot):
                    record.unfinished += session.readable | session.backlog
    if record.grace_ns != 0 and turn_ns >= record.grace_ns:
        desert_absent(venue)
    if record.deserted:
        _leave_no_orders(venue)
    if is_wanted(venue):
        work += operate(venue, stamp(venue), turn_ns)
    work += flush_all(venue, turn_ns) + send_datagrams(venue, turn_ns) + serve_requests(venue)
    if latency.orders | latency.out:
        work += due_soon(venue, turn_ns)
    if record.directive >= Directive.CLOSE:
        work += _close_day(venue, turn_ns)
    return work


@kernel
def _close_day(venue, turn_ns):
    """Announce the end of the day, once, and end each session that has heard of it."""
    record = venue_at(venue)
    if record.phase == Phase.OPEN:
        if not carry_out(venue, _CLOSE, _NOTHING, _NOTHING, _NOTHING, stamp(venue)):
            return np.int64(0)
        flush_all(venue, turn_ns)
    ended = 0
    for slot in range(record.used):
        if is_active(venue, slot):
            if has_all(venue, slot) or record.directive == Directive.END_ALL:
                finish_session(venue, slot, turn_ns)
                ended += 1
    return ended


@kernel
def keep_sessions(venue, turn_ns):
    """Heartbeats where nothing was sent for a while; an end to sessions that are silent."""
    record = venue_at(venue)
    for slot in range(record.used):
        if not is_active(venue, slot):
            continue
        session = session_at(venue, slot)
        if turn_ns - session.heard_ns >= session.silence_ns:
            end_session(venue, slot, EndReason.SILENT, 0)
        elif turn_ns - session.sent_ns >= HEARTBEAT_INTERVAL_NS:
            send_heartbeat(venue, slot, turn_ns)
