"""SoupBinTCP packets on a TCP stream: kernels to frame and find them, and the same in plain Python.

::

    ┌──────── 2 ────────┬── 1 ──┬── length - 1 ──┐
    │ length, big-endian│ type  │    payload     │     length counts the type and the payload
    └───────────────────┴───────┴────────────────┘

A TCP segment may hold any part of a packet or several. Source: SoupBinTCP 3.00 to 4.1, section 2.
"""

from schemas.pointer import kernel
from schemas.venue.big_endian import get_u8, get_u16, put_u8, put_u16
from schemas.venue.layouts import ProtocolError

__all__ = [
    "CLIENT_HEARTBEAT",
    "CLIENT_SILENCE_LIMIT_NS",
    "COMPLETE",
    "DEBUG",
    "END_OF_SESSION",
    "HEADER_LENGTH",
    "HEARTBEAT_INTERVAL_NS",
    "INCOMPLETE",
    "LOGIN_ACCEPTED",
    "LOGIN_LIMIT_NS",
    "LOGIN_REJECTED",
    "LOGIN_REQUEST",
    "LOGOUT_REQUEST",
    "MALFORMED",
    "MAX_PACKET_LENGTH",
    "MAX_PAYLOAD_LENGTH",
    "SEQUENCED_DATA",
    "SERVER_HEARTBEAT",
    "UNSEQUENCED_DATA",
    "debug",
    "next_packet",
    "packet",
    "put_packet_header",
    "split",
]

# Packet types. From either side:
DEBUG = ord("+")
UNSEQUENCED_DATA = ord("U")  # from the server only since 4.00, and 3.00 clients choke on it
# From the client:
LOGIN_REQUEST = ord("L")
CLIENT_HEARTBEAT = ord("R")
LOGOUT_REQUEST = ord("O")
# From the server:
LOGIN_ACCEPTED = ord("A")
LOGIN_REJECTED = ord("J")
SEQUENCED_DATA = ord("S")
SERVER_HEARTBEAT = ord("H")
END_OF_SESSION = ord("Z")

LENGTH_FIELD = 2
HEADER_LENGTH = 3  # the length field and the type
MAX_PAYLOAD_LENGTH = 65_534
MAX_PACKET_LENGTH = HEADER_LENGTH + MAX_PAYLOAD_LENGTH

HEARTBEAT_INTERVAL_NS = 1_000_000_000  # send a heartbeat after being silent this long
CLIENT_SILENCE_LIMIT_NS = 15_000_000_000  # the server gives up a client silent this long
LOGIN_LIMIT_NS = 30_000_000_000  # the server may drop a connection not logged in by then

# What next_packet found:
COMPLETE = 0
INCOMPLETE = 1
MALFORMED = 2


def packet(packet_type: int, payload: bytes = b"") -> bytes:
    """One whole packet. Heartbeats, logout and end of session have no payload:
    ``packet(CLIENT_HEARTBEAT)``. ProtocolError if the payload is too long."""
    if len(payload) > MAX_PAYLOAD_LENGTH:
        raise ProtocolError(
            f"SoupBinTCP packet {chr(packet_type)!r}: payload of {len(payload)} bytes; the length "
            f"field allows {MAX_PAYLOAD_LENGTH}"
        )
    return (1 + len(payload)).to_bytes(LENGTH_FIELD, "big") + bytes([packet_type]) + payload


def debug(text: str) -> bytes:
    """A Debug packet: text that the other side may log and otherwise ignores. Characters that are
    not ASCII become ``?``."""
    return packet(DEBUG, text.encode("ascii", "replace"))


def split(stream: bytes) -> tuple[list[tuple[int, bytes]], bytes]:
    """The whole packets at the start of ``stream`` as ``(type, payload)``, and the bytes left over.

    ProtocolError if a packet has length 0, which no packet can, as each has a type.
    """
    packets = []
    position = 0
    while len(stream) - position >= LENGTH_FIELD:
        length = int.from_bytes(stream[position : position + LENGTH_FIELD], "big")
        if length == 0:
            raise ProtocolError(
                f"SoupBinTCP packet of length 0 at byte {position} of the stream, after "
                f"{len(packets)} packets; the sides have lost step: close the connection"
            )
        end = position + LENGTH_FIELD + length
        if end > len(stream):
            break
        packets.append((stream[position + LENGTH_FIELD], stream[position + HEADER_LENGTH : end]))
        position = end
    return packets, stream[position:]


# ---- kernels -------------------------------------------------------------------------------------


@kernel
def put_packet_header(addr, payload_length, packet_type):
    """Write the three bytes before a payload of ``payload_length`` bytes (at most
    MAX_PAYLOAD_LENGTH). Returns where the payload goes, HEADER_LENGTH."""
    put_u16(addr, 0, payload_length + 1)
    put_u8(addr, LENGTH_FIELD, packet_type)
    return HEADER_LENGTH


@kernel
def next_packet(addr, start, end):
    """Find the packet that begins at offset ``start`` of the bytes received up to ``end``.

    Returns ``(status, type, payload_offset, payload_length, next_start)``, offsets counted from
    ``addr``. When INCOMPLETE or MALFORMED (length 0: the stream has lost step and cannot go on),
    type, offset and length are 0 and ``next_start`` is ``start``. Reads nothing from ``end`` on.
    """
    if end - start < LENGTH_FIELD:
        return INCOMPLETE, 0, 0, 0, start
    length = get_u16(addr, start)
    if length == 0:
        return MALFORMED, 0, 0, 0, start
    following = start + LENGTH_FIELD + length
    if following > end:
        return INCOMPLETE, 0, 0, 0, start
    packet_type = get_u8(addr, start + LENGTH_FIELD)
    return COMPLETE, packet_type, start + HEADER_LENGTH, length - 1, following
