"""What the exchange knows of its MoldUDP64 lines: where they go, and how far the stream is sent."""

from __future__ import annotations

import socket
import sys
from typing import NamedTuple

import numpy as np

from actors.book.memory import aligned_zeros
from schemas.venue.moldudp64 import REQUEST_LENGTH, SESSION_LENGTH

__all__ = ["ADDRESS_BYTES", "DATAGRAMS", "Datagrams", "ENDINGS", "LINE", "allocate_datagrams",
           "socket_address"]

#: Room for an IPv4 socket address, which has 16 bytes (ip(7)).
ADDRESS_BYTES = 16
#: How often End of Session is said, before the exchange goes.
ENDINGS = 3
#: One more than a request has, to tell longer ones.
_REQUEST_ROOM = REQUEST_LENGTH + 1

#: One line: a socket and the address it sends to. ``errno`` is that of the last datagram that could
#: not be sent for a reason other than a full buffer, for the housekeeper to tell.
LINE = np.dtype([("fd", "i8"), ("errno", "i8"), ("address", "u1", (ADDRESS_BYTES,))])

#: The stream. ``cursor`` is a position in the market data log and ``next_seq`` the number of the
#: message there: what is before was sent. ``limit`` bounds a datagram's bytes. ``sent_ns`` is when
#: the last datagram was sent (monotonic). ``endings`` counts End of Session packets. ``request_fd``
#: is the retransmission server's socket, -1 without one; ``watched``: epoll knows it; ``readable``:
#: it may have requests. The addresses ``*_at`` are of LINE records, of the datagram being built,
#: and of the fields at the end, of which ``address_length`` is a socklen_t.
DATAGRAMS = np.dtype([
    ("cursor", "i8"), ("next_seq", "i8"), ("limit", "i8"), ("sent_ns", "i8"),
    ("heartbeat_ns", "i8"), ("endings", "i8"), ("n_lines", "i8"), ("lines_at", "i8"),
    ("packet_at", "i8"), ("session_at", "i8"), ("request_fd", "i8"), ("watched", "i8"),
    ("readable", "i8"), ("request_at", "i8"), ("address_at", "i8"), ("address_length_at", "i8"),
    ("address_length", "i8"), ("address", "u1", (ADDRESS_BYTES,)),
    ("session", "u1", (SESSION_LENGTH,)), ("request", "u1", (_REQUEST_ROOM,)),
], align=True)


class Datagrams(NamedTuple):
    """``state``: one DATAGRAMS; ``lines``: LINE records; ``packet``: room for one datagram."""

    state: np.ndarray
    lines: np.ndarray
    packet: np.ndarray


def allocate_datagrams(n_lines: int, limit: int, heartbeat_ns: int, session: str) -> Datagrams:
    """A stream at its beginning, lines without sockets."""
    state, lines = aligned_zeros(1, DATAGRAMS), aligned_zeros(n_lines, LINE)
    packet = aligned_zeros(limit, np.uint8)
    row, base = state[0], state.ctypes.data
    for field in ("session", "request", "address", "address_length"):
        row[f"{field}_at"] = base + DATAGRAMS.fields[field][1]
    row["session"] = list(session.encode("ascii").ljust(SESSION_LENGTH))
    row["next_seq"], row["limit"], row["heartbeat_ns"] = 1, limit, heartbeat_ns
    row["n_lines"], row["lines_at"] = n_lines, lines.ctypes.data
    row["packet_at"] = packet.ctypes.data
    row["request_fd"], lines["fd"] = -1, -1
    return Datagrams(state, lines, packet)


def socket_address(host: str, port: int) -> bytes:
    """``struct sockaddr_in`` of an IPv4 address."""
    family = socket.AF_INET.to_bytes(2, sys.byteorder)
    return family + port.to_bytes(2, "big") + socket.inet_aton(host) + bytes(8)
