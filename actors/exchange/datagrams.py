"""Market data in datagrams: MoldUDP64 out, requests for lost messages in. Kernels of the reactor.

The stream is the market data log, which every line and every request reads at its own place; a
message is copied from there into a datagram behind as many others as there are and fit. Sending
never waits: a datagram that the kernel has no room for is counted and left out, and receivers ask
for it like for any other that got lost. The same holds for everything that cannot be sent.

Requests are answered from what the log retains, one datagram for each, to where they came from
(MoldUDP64 1.00, section 4). What cannot be answered is counted and met with silence, as there is no
packet that says no. So many are served a turn, that a flood of them delays nobody.
"""

import numpy as np

from actors.book.memory import kernel, record_at
from actors.exchange.datagram_state import ADDRESS_BYTES, DATAGRAMS, ENDINGS, LINE
from actors.exchange.drops import drops_datagram, takes_datagram
from actors.exchange.sequenced_log import NOT_RETAINED, locate, readable_bytes
from actors.exchange.session_io import last_errno
from actors.exchange.sockets import (
    EAGAIN, EINTR, ENOBUFS, RECEIVE_FLAGS, SEND_FLAGS, epoll_add, recvfrom, sendto,
)
from actors.exchange.venue import (
    DATAGRAM_SLOT, MARKET_DATA_LOG, Counter, Phase, bump, log_at, venue_at,
)
from actors.runtime.native import store_i64
from schemas.venue.big_endian import get_u8, get_u16, get_u64
from schemas.venue.moldudp64 import (
    MESSAGE_COUNT, REQUEST_LENGTH, SEQUENCE_NUMBER, append_message, begin_packet,
    put_end_of_session,
)
from schemas.venue.soupbintcp import HEADER_LENGTH as FRAME

__all__ = ["note_requests", "send_datagrams", "serve_requests"]

_LINE_BYTES, _LINE_ADDRESS = LINE.itemsize, LINE.fields["address"][1]
_PER_TURN = 64           # datagrams of the stream
_REQUESTS_PER_TURN = 16
_ENDING_NS = 20_000_000  # between two packets of End of Session
_ANY_NUMBER = np.int64(0xFFFF)


@kernel
def _datagrams(venue):
    return record_at(venue_at(venue).datagrams, 0, DATAGRAMS)


@kernel
def _pack(stream, log, position, sequence, most):
    """Build the datagram of up to ``most`` messages from the one at ``position``, whose number is
    ``sequence``. Returns ``(length, position, sequence)``: its length, and where it ends."""
    at = stream.packet_at
    length = np.int64(begin_packet(at, stream.session_at, sequence))
    while most > 0 and readable_bytes(log, position) > 0:
        frame = log.base + (position & (log.capacity - 1))
        size = get_u16(frame, 0) - 1  # the frame counts its type
        longer = append_message(at, length, stream.limit, frame + FRAME, size)
        if longer < 0:
            break
        length = longer
        position += FRAME + size
        sequence += 1
        most -= 1
    return length, position, sequence


@kernel
def _send_to_lines(venue, length, turn_ns, may_get_lost):
    """Send the datagram of ``length`` bytes on every line; it may be one to get lost."""
    stream = _datagrams(venue)
    loses = may_get_lost and venue_at(venue).dropping != 0
    taken = loses and takes_datagram(venue)
    for n in range(stream.n_lines):
        if loses and drops_datagram(venue, n, taken):
            continue
        line = record_at(stream.lines_at, n, LINE)
        to = stream.lines_at + n * _LINE_BYTES + _LINE_ADDRESS
        sent = sendto(np.int32(line.fd), stream.packet_at, length, np.int32(SEND_FLAGS), to,
                      np.int32(ADDRESS_BYTES))
        if sent == length:
            bump(venue, Counter.DATAGRAMS, 1)
            continue
        bump(venue, Counter.DATAGRAMS_UNSENT, 1)
        error = last_errno()
        if sent < 0 and error != EAGAIN and error != ENOBUFS and error != EINTR:
            line.errno = error
    stream.sent_ns = turn_ns


@kernel
def _send_stream(venue, turn_ns):
    """Send what was published since the last time; returns how many datagrams that were."""
    stream, log = _datagrams(venue), log_at(venue, MARKET_DATA_LOG)
    count = np.int64(0)
    while count < _PER_TURN:
        readable = readable_bytes(log, stream.cursor)
        if readable == 0:
            break
        if readable == NOT_RETAINED:
            # So much in one turn that the log went round. Nothing retains it: a gap for everybody.
            stream.cursor = log.end
            stream.next_seq = log.next_seq
            bump(venue, Counter.DATAGRAMS_UNSENT, 1)
            break
        length, stream.cursor, stream.next_seq = _pack(stream, log, stream.cursor, stream.next_seq,
                                                       _ANY_NUMBER - 1)
        _send_to_lines(venue, length, turn_ns, True)
        count += 1
    return count


@kernel
def send_datagrams(venue, turn_ns):
    """Send the lines what is new, or if nothing was for a while a heartbeat; after the day's last
    message End of Session, again and again. Returns how many datagrams it made."""
    if venue_at(venue).datagrams == 0:
        return np.int64(0)
    count = _send_stream(venue, turn_ns)
    stream = _datagrams(venue)
    if count > 0:
        return count
    idle_ns = turn_ns - stream.sent_ns
    if venue_at(venue).phase == Phase.CLOSED:
        if stream.endings == 0 or idle_ns >= _ENDING_NS:
            _send_to_lines(venue, put_end_of_session(stream.packet_at, stream.session_at,
                                                     stream.next_seq), turn_ns, False)
            stream.endings += 1
        return np.int64(stream.endings < ENDINGS)  # so the reactor stays awake for them
    elif idle_ns >= stream.heartbeat_ns:
        _send_to_lines(venue, begin_packet(stream.packet_at, stream.session_at, stream.next_seq),
                       turn_ns, False)
    return count


# --- retransmission ---------------------------------------------------------------------------


@kernel
def _is_our_session(stream):
    """Whether the request names this session: all ten characters."""
    for n in range(SEQUENCE_NUMBER):
        if get_u8(stream.request_at, n) != get_u8(stream.session_at, n):
            return False
    return True


@kernel
def _answer(venue, length):
    """Answer the request of ``length`` bytes that was received last, or count why not."""
    stream, log = _datagrams(venue), log_at(venue, MARKET_DATA_LOG)
    wanted = get_u16(stream.request_at, MESSAGE_COUNT)
    if length != REQUEST_LENGTH or wanted == 0 or not _is_our_session(stream):
        bump(venue, Counter.BAD_REQUESTS, 1)
        return
    sequence = get_u64(stream.request_at, SEQUENCE_NUMBER)
    position = np.int64(NOT_RETAINED)
    if sequence < log.next_seq:  # what was not published yet comes by itself
        position = locate(log, sequence)
    if position == NOT_RETAINED:
        bump(venue, Counter.REQUESTS_UNANSWERED, 1)
        return
    size, _, following = _pack(stream, log, position, sequence, wanted)
    sent = np.int64(-1)
    if following > sequence:
        sent = sendto(np.int32(stream.request_fd), stream.packet_at, size, np.int32(SEND_FLAGS),
                      stream.address_at, np.int32(ADDRESS_BYTES))
    if sent == size:
        bump(venue, Counter.RETRANSMITTED, following - sequence)
    else:
        bump(venue, Counter.REQUESTS_UNANSWERED, 1)


@kernel
def note_requests(venue):
    """Epoll says that there are requests."""
    _datagrams(venue).readable = 1


@kernel
def serve_requests(venue):
    """Answer some of the requests there are; returns how many."""
    if venue_at(venue).datagrams == 0:
        return np.int64(0)
    stream, record = _datagrams(venue), venue_at(venue)
    if stream.request_fd >= 0 and stream.watched == 0:
        stream.watched = 1
        stream.readable = 1
        epoll_add(record.epoll_fd, stream.request_fd, DATAGRAM_SLOT, record.scratch_at)
    count = np.int64(0)
    while stream.readable != 0 and count < _REQUESTS_PER_TURN:
        store_i64(stream.address_length_at, ADDRESS_BYTES)
        length = recvfrom(np.int32(stream.request_fd), stream.request_at, REQUEST_LENGTH + 1,
                          np.int32(RECEIVE_FLAGS), stream.address_at, stream.address_length_at)
        if length >= 0:
            count += 1
            bump(venue, Counter.REQUESTS_IN, 1)
            _answer(venue, length)
        elif last_errno() != EINTR:
            stream.readable = 0
    return count
