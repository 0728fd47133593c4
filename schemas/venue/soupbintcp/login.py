"""SoupBinTCP logins, in plain Python: they happen once a connection.

Clients in the field pad these fields on either side, so reading strips both; writing pads user name
and password on the right, session and numbers on the left. User names and passwords do not
distinguish upper and lower case. Source: SoupBinTCP 3.00, 4.0 and 4.1, section 2.2 and 2.3.
"""

import enum
from dataclasses import dataclass

from schemas.venue.layouts import Field, Message, ProtocolError
from schemas.venue.soupbintcp.framing import (
    LOGIN_ACCEPTED,
    LOGIN_REJECTED,
    LOGIN_REQUEST,
    packet,
)
from schemas.venue.soupbintcp.tables import ACCEPTED, REJECTED, REQUEST, REQUEST_4_1

__all__ = ["LoginAccepted", "LoginRejectReason", "LoginRejected", "LoginRequest"]


@dataclass(frozen=True, slots=True)
class LoginRequest:
    """The client's first packet.

    ``session`` blank means the current one. ``sequence_number`` is the first message wanted: 1 for
    the whole session, 0 for only what comes from now on. ``heartbeat_timeout_ms`` exists since
    version 4.1; None sends the shorter form that all servers know.
    """

    username: str
    password: str
    session: str = ""
    sequence_number: int = 1
    heartbeat_timeout_ms: int | None = None

    def encode(self) -> bytes:
        """The whole packet. ProtocolError if a value does not fit its field."""
        payload = (
            _padded(REQUEST, "username", self.username, left=False)
            + _padded(REQUEST, "password", self.password, left=False)
            + _padded(REQUEST, "session", self.session, left=True)
            + _number(REQUEST, "sequence_number", self.sequence_number)
        )
        if self.heartbeat_timeout_ms is not None:
            payload += _number(REQUEST_4_1, "heartbeat_timeout", self.heartbeat_timeout_ms)
        return packet(LOGIN_REQUEST, payload)

    @classmethod
    def decode(cls, payload: bytes) -> "LoginRequest":
        """Read a payload of 46 bytes, or of 51 in version 4.1. ProtocolError if it is neither, or
        holds no number where one belongs."""
        layout = REQUEST_4_1 if len(payload) == REQUEST_4_1.length - 1 else REQUEST
        _require_length(layout, payload)
        timeout = None
        if layout is REQUEST_4_1 and _text(layout["heartbeat_timeout"], payload):
            timeout = _read_number(layout, "heartbeat_timeout", payload)
        return cls(
            _text(layout["username"], payload),
            _text(layout["password"], payload),
            _text(layout["session"], payload),
            _read_number(layout, "sequence_number", payload),
            timeout,
        )

    def matches(self, username: str, password: str) -> bool:
        """Whether these are the given credentials, whatever their case and padding."""
        mine = (self.username.strip().upper(), self.password.strip().upper())
        return mine == (username.strip().upper(), password.strip().upper())


@dataclass(frozen=True, slots=True)
class LoginAccepted:
    """The server's welcome: the session, and the sequence number of the next Sequenced Data."""

    session: str
    sequence_number: int

    def encode(self) -> bytes:
        """The whole packet. ProtocolError if a value does not fit its field."""
        payload = _padded(ACCEPTED, "session", self.session, left=True)
        payload += _number(ACCEPTED, "sequence_number", self.sequence_number)
        return packet(LOGIN_ACCEPTED, payload)

    @classmethod
    def decode(cls, payload: bytes) -> "LoginAccepted":
        """Read a payload of 30 bytes. ProtocolError if it is not one."""
        _require_length(ACCEPTED, payload)
        session = _text(ACCEPTED["session"], payload)
        return cls(session, _read_number(ACCEPTED, "sequence_number", payload))


class LoginRejectReason(enum.IntEnum):
    """Why a login was refused; the value is the byte on the wire."""

    NOT_AUTHORISED = ord("A")
    SESSION_NOT_AVAILABLE = ord("S")


@dataclass(frozen=True, slots=True)
class LoginRejected:
    """The server's refusal, after which it closes the connection."""

    reason: LoginRejectReason

    def encode(self) -> bytes:
        """The whole packet."""
        return packet(LOGIN_REJECTED, bytes([self.reason]))

    @classmethod
    def decode(cls, payload: bytes) -> "LoginRejected":
        """Read a payload of one byte. ProtocolError if it is not a known reason."""
        _require_length(REJECTED, payload)
        try:
            return cls(LoginRejectReason(payload[0]))
        except ValueError:
            raise ProtocolError(
                f"SoupBinTCP Login Rejected: reason {chr(payload[0])!r}; known are A, not "
                "authorised, and S, session not available"
            ) from None


def _require_length(layout: Message, payload: bytes) -> None:
    expected = layout.length - 1
    if len(payload) != expected:
        longer = f" (or {REQUEST_4_1.length - 1} since 4.1)" if layout is REQUEST else ""
        raise ProtocolError(
            f"SoupBinTCP {layout.name} ({layout.type!r}): expected a payload of {expected} "
            f"bytes{longer}, got {len(payload)}; it begins {payload[:16].hex(' ')}"
        )


def _raw(field: Field, payload: bytes) -> bytes:
    return payload[field.offset - 1 : field.end - 1]


def _text(field: Field, payload: bytes) -> str:
    return _raw(field, payload).decode("latin-1").strip(" ")


def _read_number(layout: Message, name: str, payload: bytes) -> int:
    raw = _raw(layout[name], payload)
    digits = raw.strip(b" ")
    if not digits.isdigit():
        raise ProtocolError(
            f"SoupBinTCP {layout.name}: {name} must be ASCII digits padded with spaces, got {raw!r}"
        )
    return int(digits)


def _padded(layout: Message, name: str, text: str, left: bool) -> bytes:
    width = layout[name].length
    if not text.isascii() or len(text) > width:
        raise ProtocolError(
            f"SoupBinTCP {layout.name}: {name} takes at most {width} ASCII characters, got {text!r}"
        )
    raw = text.encode("ascii")
    return raw.rjust(width) if left else raw.ljust(width)


def _number(layout: Message, name: str, value: int) -> bytes:
    if value < 0:
        raise ProtocolError(f"SoupBinTCP {layout.name}: {name} must not be negative, got {value}")
    return _padded(layout, name, str(value), left=True)
