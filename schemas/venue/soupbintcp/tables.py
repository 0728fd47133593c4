"""Every packet of SoupBinTCP 3.00 to 4.1: who sends it, and the fields of its payload.

Offsets count from the type byte; the specification's count from the two-byte length before it.
"""

from dataclasses import dataclass

from schemas.venue.layouts import Message, alpha, decimal, message

__all__ = ["ACCEPTED", "PACKETS", "Packet", "REJECTED", "REQUEST", "REQUEST_4_1"]


@dataclass(frozen=True, slots=True)
class Packet:
    """A packet's layout, its sender (``client``, ``server`` or ``either``), and what follows the
    fields of the layout."""

    layout: Message
    sender: str
    payload: str = ""


_REQUEST_FIELDS = {
    "username": alpha(6, "padded on the right; upper and lower case are the same"),
    "password": alpha(10, "padded on the right; upper and lower case are the same"),
    "session": alpha(10, "blank for the current one"),
    "sequence_number": decimal(20, "next one wanted, 1 for all, 0 for only what is new"),
}
REQUEST = message("L", "Login Request", {}, **_REQUEST_FIELDS)
REQUEST_4_1 = message(
    "L", "Login Request", _REQUEST_FIELDS, heartbeat_timeout=decimal(5, "milliseconds; since 4.1")
)
ACCEPTED = message(
    "A", "Login Accepted", {},
    session=alpha(10, "padded on the left"),
    sequence_number=decimal(20, "of the next Sequenced Data; padded on the left"),
)  # fmt: skip
REJECTED = message(
    "J", "Login Rejected", {}, reason=alpha(1, "A not authorised, S session not available")
)

PACKETS = (
    Packet(message("+", "Debug", {}), "either", "text, which the other side ignores"),
    Packet(REQUEST_4_1, "client"),
    Packet(message("U", "Unsequenced Data", {}), "either", "one message; from servers since 4.00"),
    Packet(message("R", "Client Heartbeat", {}), "client"),
    Packet(message("O", "Logout Request", {}), "client"),
    Packet(ACCEPTED, "server"),
    Packet(REJECTED, "server"),
    Packet(message("S", "Sequenced Data", {}), "server", "one message; its number is implied"),
    Packet(message("H", "Server Heartbeat", {}), "server"),
    Packet(message("Z", "End of Session", {}), "server"),
)
