"""The compiled half of a SoupBinTCP client: packets in and out of a connection that is logged in.

One :data:`SOUP_LINK` record holds a connection. It has one owner at a time: the housekeeper
(:mod:`actors.runtime.soup_session`) while ``state`` is IDLE or LOST, the reactor while it is
ACTIVE.
The housekeeper hands over by storing ACTIVE last; the reactor hands back with :func:`lose`.

::

    rx   [ consumed | rx_start .. whole packets .. part of one .. rx_end | free ]
    tx   [ written  | tx_start .. what the socket would not take .. tx_end | free ]

A poller's handler reads like this::

    receive(link, ctx)
    while next_message(link):          # link.payload, link.payload_size, link.next_sequence
        ...
        consumed(link)
    keep_alive(link, now_ns)

Source: SoupBinTCP 3.00 to 4.1, section 2.
"""

import enum

import numpy as np

from actors.runtime.native import (
    errno_location, kernel, load_i64, load_u8, memmove, recv, send,
)
from actors.runtime.vitals import clock_ns
from schemas.venue.soupbintcp import (
    CLIENT_HEARTBEAT, COMPLETE, DEBUG, END_OF_SESSION, HEADER_LENGTH, INCOMPLETE, LOGOUT_REQUEST,
    MAX_PACKET_LENGTH, SEQUENCED_DATA, SERVER_HEARTBEAT, UNSEQUENCED_DATA, next_packet,
    put_packet_header,
)

__all__ = ["LinkLoss", "LinkState", "SOUP_LINK", "consumed", "is_active", "keep_alive", "lose",
           "next_message", "receive", "reserve", "transmit", "unsent"]


class LinkState(enum.IntEnum):
    """Who owns a link."""

    IDLE = 0    #: the housekeeper: not connected, or logging in
    ACTIVE = 1  #: the reactor: logged in
    LOST = 2    #: the housekeeper again: ``loss`` says why


class LinkLoss(enum.IntEnum):
    """Why the reactor gave a link up."""

    NONE = 0
    CLOSED = 1          #: the venue closed the connection
    ERROR = 2           #: the socket failed; ``loss_errno`` says how
    SILENCE = 3         #: nothing came for the silence limit
    MALFORMED = 4       #: bytes that are no SoupBinTCP packet; the first are in ``sample``
    END_OF_SESSION = 5  #: the venue ended the session
    LOGGED_OUT = 6      #: we logged out
    BAD_MESSAGE = 7     #: a message inside a packet that cannot be; it is in ``sample``


_ACTIVE = int(LinkState.ACTIVE)
_LOST = int(LinkState.LOST)
_CLOSED = int(LinkLoss.CLOSED)
_ERROR = int(LinkLoss.ERROR)
_SILENCE = int(LinkLoss.SILENCE)
_MALFORMED = int(LinkLoss.MALFORMED)
_END_OF_SESSION = int(LinkLoss.END_OF_SESSION)
_LOGGED_OUT = int(LinkLoss.LOGGED_OUT)

#: A connection. Sequence numbers are the venue's. ``next_sequence`` is the next message to handle,
#: ``skip`` how many repeated ones come before it, ``tail`` the next one the venue had not yet
#: generated when we logged in, ``gap`` how many it could not send again. ``received_ns`` is when
#: the latest bytes arrived (T1, monotonic).
SOUP_LINK = np.dtype([
    ("state", "i8"), ("fd", "i8"), ("loss", "i8"), ("loss_errno", "i8"), ("logout", "i8"),
    ("logins", "i8"), ("next_sequence", "i8"), ("skip", "i8"), ("tail", "i8"),
    ("gap", "i8"),
    ("payload", "i8"), ("payload_size", "i8"),
    ("rx", "i8"), ("rx_size", "i8"), ("rx_start", "i8"), ("rx_end", "i8"),
    ("tx", "i8"), ("tx_size", "i8"), ("tx_start", "i8"), ("tx_end", "i8"),
    ("received_ns", "i8"), ("sent_ns", "i8"), ("heartbeat_ns", "i8"), ("silence_ns", "i8"),
    ("bytes_in", "i8"), ("bytes_out", "i8"), ("sample_size", "i8"),
    ("sample", "u1", (64,)), ("session", "S16"),
], align=True)
_SAMPLE = SOUP_LINK.fields["sample"][0].itemsize

_DONTWAIT = 0x40
_NOSIGNAL = 0x4000
_EINTR, _EAGAIN = 4, 11


@kernel
def is_active(link):
    """Whether the reactor may use the link."""
    return link.state == _ACTIVE


@kernel
def lose(link, loss, error_number, sample, size):
    """Gives the link back to the housekeeper, with the reason and the first bytes at ``sample``."""
    link.loss = loss
    link.loss_errno = error_number
    link.sample_size = min(size, _SAMPLE)
    for i in range(link.sample_size):
        link.sample[i] = load_u8(sample + i)
    link.state = _LOST


# ---- in ------------------------------------------------------------------------------------------

@kernel
def receive(link, ctx):
    """Takes what the socket has, at most once, unless a whole packet still waits in the buffer.

    So ``received_ns`` always is when the last byte of the packets at hand arrived. Returns the
    number of bytes taken. Loses the link when the venue closed it or the socket failed.
    """
    status, _, _, _, _ = next_packet(link.rx, link.rx_start, link.rx_end)
    if status != INCOMPLETE:
        return 0
    if link.rx_start > 0:
        if link.rx_end == link.rx_start:
            link.rx_start = 0
            link.rx_end = 0
        elif link.rx_size - link.rx_start < 2 * MAX_PACKET_LENGTH:
            memmove(link.rx, link.rx + link.rx_start, link.rx_end - link.rx_start)
            link.rx_end -= link.rx_start
            link.rx_start = 0
    taken = recv(np.int32(link.fd), link.rx + link.rx_end, link.rx_size - link.rx_end, _DONTWAIT)
    if taken > 0:
        link.received_ns = clock_ns(ctx)
        link.rx_end += taken
        link.bytes_in += taken
        return taken
    if taken == 0:
        lose(link, _CLOSED, 0, 0, 0)
        return 0
    error = load_i64(errno_location()) & 0xFFFFFFFF
    if error != _EAGAIN and error != _EINTR:
        lose(link, _ERROR, error, 0, 0)
    return 0


@kernel
def next_message(link):
    """Whether a sequenced message is at hand: at ``payload``, of ``payload_size`` bytes, number
    ``next_sequence``. It stays at hand until :func:`consumed`. Other packets are dealt with here.
    """
    while link.state == _ACTIVE:
        status, kind, at, size, following = next_packet(link.rx, link.rx_start, link.rx_end)
        if status == INCOMPLETE:
            return False
        if status == COMPLETE and kind == SEQUENCED_DATA:
            if link.skip == 0:
                link.payload = link.rx + at
                link.payload_size = size
                return True
            link.skip -= 1
        elif status == COMPLETE and kind == END_OF_SESSION:
            lose(link, _END_OF_SESSION, 0, 0, 0)
        elif status != COMPLETE or not (
                kind == SERVER_HEARTBEAT or kind == DEBUG or kind == UNSEQUENCED_DATA):
            lose(link, _MALFORMED, 0, link.rx + link.rx_start, link.rx_end - link.rx_start)
        link.rx_start = following
    return False


@kernel
def consumed(link):
    """Ends the message that :func:`next_message` found: it will not be asked for again."""
    link.rx_start = link.payload - link.rx + link.payload_size
    link.next_sequence += 1


# ---- out -----------------------------------------------------------------------------------------

@kernel
def unsent(link):
    """Bytes that the socket would not take yet."""
    return link.tx_end - link.tx_start


@kernel
def _flush(link, now_ns):
    taken = send(np.int32(link.fd), link.tx + link.tx_start, link.tx_end - link.tx_start,
                 _DONTWAIT | _NOSIGNAL)
    if taken < 0:
        error = load_i64(errno_location()) & 0xFFFFFFFF
        if error != _EAGAIN and error != _EINTR:
            lose(link, _ERROR, error, 0, 0)
        return
    link.sent_ns = now_ns
    link.bytes_out += taken
    link.tx_start += taken
    if link.tx_start == link.tx_end:
        link.tx_start = 0
        link.tx_end = 0


@kernel
def reserve(link, size):
    """Room for a packet with a payload of at most ``size`` bytes: the address for the payload.

    0 if there is none: the venue does not read. :func:`transmit` sends what was written there.
    """
    if link.tx_end + HEADER_LENGTH + size > link.tx_size:
        memmove(link.tx, link.tx + link.tx_start, link.tx_end - link.tx_start)
        link.tx_end -= link.tx_start
        link.tx_start = 0
        if link.tx_end + HEADER_LENGTH + size > link.tx_size:
            return 0
    return link.tx + link.tx_end + HEADER_LENGTH


@kernel
def transmit(link, kind, size, now_ns):
    """Sends a packet whose payload of ``size`` bytes lies where :func:`reserve` said.

    What the socket does not take stays behind what waits already; :func:`keep_alive` sends it.
    """
    put_packet_header(link.tx + link.tx_end, size, kind)
    link.tx_end += HEADER_LENGTH + size
    _flush(link, now_ns)


@kernel
def keep_alive(link, now_ns):
    """What a session needs on every turn: the rest of a partial send, a heartbeat after a second of
    own silence, the end after too long a silence of the venue's, and the log-out if asked for."""
    if link.state != _ACTIVE:
        return
    if link.tx_end > link.tx_start:
        _flush(link, now_ns)
    if link.logout != 0:
        if reserve(link, 0) != 0:
            transmit(link, LOGOUT_REQUEST, 0, now_ns)
        lose(link, _LOGGED_OUT, 0, 0, 0)
    elif now_ns - link.sent_ns >= link.heartbeat_ns and link.tx_end == link.tx_start:
        if reserve(link, 0) != 0:
            transmit(link, CLIENT_HEARTBEAT, 0, now_ns)
    if link.state == _ACTIVE and now_ns - link.received_ns > link.silence_ns:
        lose(link, _SILENCE, 0, 0, 0)
