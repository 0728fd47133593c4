"""Bytes in and out of a session: kernels of the reactor, on non-blocking sockets.

Each works on session number ``slot`` of a venue, which must be ACTIVE, and ends the session when
its connection is of no more use. From then on the row is the housekeeper's and not written again.
None waits.
"""

import numpy as np

from actors.book.memory import kernel
from actors.exchange.accounts import count_in, count_out
from actors.exchange.latency import hold_back, latency_at, let_arrive, note_arrival, outlet_at
from actors.exchange.sequenced_log import NOT_RETAINED, locate, readable_bytes
from actors.exchange.session_state import (
    EVIDENCE, EVIDENCE_AT, RECEIVE_BYTES, SESSION, STATE_AT, EndReason, SessionKind, SessionState,
)
from actors.exchange.sockets import (
    EAGAIN, EINTR, RECEIVE_FLAGS, SEND_FLAGS, epoll_add, epoll_delete, shutdown,
)
from actors.exchange.venue import Counter, bump, log_at, session_at, venue_at
from actors.runtime.journal.kernels import SYNCED_AT, journal_at
from actors.runtime.native import (
    errno_location, load_acquire, load_i64, recv, send, store_release,
)
from schemas.venue.big_endian import put_bytes

__all__ = ["adopt", "compact", "end_session", "finish_session", "flush", "flush_all", "has_all",
           "is_active", "keep_evidence", "last_errno", "receive", "send_heartbeat"]

_SIZE = SESSION.itemsize
_OFFERED, _ACTIVE = int(SessionState.OFFERED), int(SessionState.ACTIVE)
_ENDED = int(SessionState.ENDED)
_MARKET_DATA = int(SessionKind.MARKET_DATA)
_BAD_FRAMING, _DAY_OVER = int(EndReason.BAD_FRAMING), int(EndReason.DAY_OVER)
_SHUT_WRITE = 1
_PACKET = 3  # bytes of a heartbeat, and of an end of session, which lies behind it


@kernel
def last_errno():
    """Why the last socket call failed."""
    return load_i64(errno_location()) & 0xFFFFFFFF


@kernel
def _record_address(venue, slot):
    return venue_at(venue).sessions + slot * _SIZE


@kernel
def is_active(venue, slot):
    """Whether the reactor serves the session."""
    return load_acquire(_record_address(venue, slot) + STATE_AT) == _ACTIVE


@kernel
def has_all(venue, slot):
    """Whether the session got everything there is for it."""
    session = session_at(venue, slot)
    return session.cursor == log_at(venue, session.log).end and session.heartbeat_left == 0


@kernel
def end_session(venue, slot, reason, detail):
    """Serve the session no more; the housekeeper says why in the log, and closes it."""
    session = session_at(venue, slot)
    if session.state != _ACTIVE:
        return
    record = venue_at(venue)
    epoll_delete(record.epoll_fd, session.fd, record.scratch_at)
    count_out(venue, slot)
    session.reason = reason
    session.detail = detail
    session.at_boundary = has_all(venue, slot)
    if reason < _BAD_FRAMING or reason >= _DAY_OVER:
        # At once, as the protocol wants it. To one who broke it, the housekeeper says why first.
        shutdown(np.int32(session.fd), np.int32(_SHUT_WRITE))
    store_release(_record_address(venue, slot) + STATE_AT, _ENDED)


@kernel
def adopt(venue, slot, now_ns):
    """Take over a session if one is offered in ``slot``. Returns whether there was."""
    if load_acquire(_record_address(venue, slot) + STATE_AT) != _OFFERED:
        return False
    session = session_at(venue, slot)
    record = venue_at(venue)
    session.state = _ACTIVE
    count_in(venue, slot)
    session.heard_ns = now_ns
    session.sent_ns = now_ns
    if latency_at(venue).orders and session.kind != _MARKET_DATA:
        let_arrive(venue, slot, now_ns)
    session.cursor = locate(log_at(venue, session.log), session.start_seq)
    session.backlog = session.filled > session.begin
    record.unfinished += session.backlog
    if session.cursor == NOT_RETAINED:
        end_session(venue, slot, EndReason.FELL_BEHIND, 0)
    elif epoll_add(record.epoll_fd, session.fd, slot, record.scratch_at) < 0:
        end_session(venue, slot, EndReason.CONNECTION_LOST, last_errno())
    return True


@kernel
def receive(venue, slot, now_ns):
    """Read what there is and fits. Returns how many bytes."""
    session = session_at(venue, slot)
    room = RECEIVE_BYTES - session.filled
    if room == 0:
        return np.int64(0)
    n = recv(np.int32(session.fd), session.receive_at + session.filled, room,
             np.int32(RECEIVE_FLAGS))
    if n > 0:
        session.filled += n
        session.heard_ns = now_ns
        if session.notes:
            note_arrival(venue, slot, n, now_ns)
        bump(venue, Counter.BYTES_IN, n)
        # A read that did not fill the room emptied the socket (epoll(7)); but an end of file that
        # came with it is announced only once.
        session.readable = n == room or session.hung_up != 0
        return n
    if n == 0:
        end_session(venue, slot, EndReason.CLIENT_CLOSED, 0)
        return np.int64(0)
    error = last_errno()
    if error == EAGAIN:
        session.readable = 0
    elif error != EINTR:
        end_session(venue, slot, EndReason.CONNECTION_LOST, error)
    return np.int64(0)


@kernel
def compact(venue, slot):
    """Move what is left of the buffer to its beginning; where it waits there, once there is little
    room behind it."""
    session = session_at(venue, slot)
    left = session.filled - session.begin
    if session.notes and left > 0 and session.begin < RECEIVE_BYTES // 2:
        return
    if session.begin > 0 and left > 0:
        put_bytes(session.receive_at, 0, session.receive_at + session.begin, left)
    session.begin = 0
    session.filled = left


@kernel
def keep_evidence(venue, slot, address, length):
    """Keep the first bytes of what the client sent, unless there are some already."""
    session = session_at(venue, slot)
    if session.evidence_length == 0:
        kept = min(length, EVIDENCE)
        put_bytes(_record_address(venue, slot), EVIDENCE_AT, address, kept)
        session.evidence_length = kept


@kernel
def _send(venue, slot, address, length, now_ns):
    """Send up to ``length`` bytes; returns how many went. Notes when the socket is full."""
    session = session_at(venue, slot)
    while True:
        sent = send(np.int32(session.fd), address, length, np.int32(SEND_FLAGS))
        if sent >= 0:
            break
        error = last_errno()
        if error == EAGAIN:
            session.blocked = 1
            return np.int64(0)
        if error != EINTR:
            end_session(venue, slot, EndReason.CONNECTION_LOST, error)
            return np.int64(0)
    session.sent_ns = now_ns
    bump(venue, Counter.BYTES_OUT, sent)
    if sent < length:
        session.blocked = 1
    return sent


@kernel
def flush(venue, slot, now_ns):
    """Send what the session has not got yet, as far as the socket takes it. Returns bytes sent."""
    session = session_at(venue, slot)
    log = log_at(venue, session.log)
    if session.heartbeat_left > 0:
        _send_heartbeat_rest(venue, slot, now_ns)
    total = np.int64(0)
    while session.state == _ACTIVE and session.blocked == 0:
        length = readable_bytes(log, session.cursor)
        if length == 0:
            break
        if length == NOT_RETAINED:
            end_session(venue, slot, EndReason.FELL_BEHIND, 0)
            break
        sent = _send(venue, slot, log.base + (session.cursor & (log.capacity - 1)), length, now_ns)
        if sent == 0:
            break
        session.cursor += sent
        total += sent
    return total


@kernel
def _let_go(venue):
    """What was appended before the record that is on the disk by now may be sent."""
    record = venue_at(venue)
    if load_acquire(record.journal + SYNCED_AT) < record.held_sequence:
        return
    for number in range(record.n_logs):
        log = log_at(venue, number)
        if latency_at(venue).out:
            outlet_at(venue, number).cleared = log.marked
        else:
            log.limit = log.marked
        log.marked = log.end
    record.held_sequence = journal_at(record.journal).sequence


@kernel
def flush_all(venue, now_ns):
    """Send every session what it has not got yet. Returns bytes sent."""
    total = np.int64(0)
    if venue_at(venue).holds:
        _let_go(venue)
    if latency_at(venue).out:
        hold_back(venue, now_ns)
    for slot in range(venue_at(venue).used):
        if not is_active(venue, slot) or has_all(venue, slot):
            continue
        session = session_at(venue, slot)
        if readable_bytes(log_at(venue, session.log), session.cursor) == NOT_RETAINED:
            end_session(venue, slot, EndReason.FELL_BEHIND, 0)
        elif session.blocked == 0:
            total += flush(venue, slot, now_ns)
    return total


@kernel
def _send_heartbeat_rest(venue, slot, now_ns):
    session = session_at(venue, slot)
    address = venue_at(venue).packets_at + _PACKET - session.heartbeat_left
    sent = _send(venue, slot, address, session.heartbeat_left, now_ns)
    if sent > 0:
        session.heartbeat_left -= sent


@kernel
def send_heartbeat(venue, slot, now_ns):
    """Send a heartbeat, unless there are messages to send, which do as well."""
    session = session_at(venue, slot)
    if session.cursor >= log_at(venue, session.log).limit and session.heartbeat_left == 0:
        session.heartbeat_left = _PACKET
        _send_heartbeat_rest(venue, slot, now_ns)


@kernel
def finish_session(venue, slot, now_ns):
    """End the session as the day's last: End of Session, if it has everything before that."""
    if has_all(venue, slot):
        _send(venue, slot, venue_at(venue).packets_at + _PACKET, _PACKET, now_ns)
    end_session(venue, slot, _DAY_OVER, 0)
