"""MoldUDP64 packets in plain Python: for tools and tests, and to explain what is wrong."""

from dataclasses import dataclass

from schemas.venue.layouts import ProtocolError
from schemas.venue.moldudp64.kernels import (
    END_OF_SESSION_COUNT,
    HEADER_LENGTH,
    MAX_MESSAGE_COUNT,
    MAX_MESSAGE_LENGTH,
    MESSAGE_COUNT,
    REQUEST_LENGTH,
    SEQUENCE_NUMBER,
    SESSION_LENGTH,
)

__all__ = ["Packet", "Request"]

MAX_SEQUENCE_NUMBER = 2**64 - 1
SHOWN_BYTES = 24


@dataclass(frozen=True, slots=True)
class Packet:
    """A downstream packet. Without messages it is a heartbeat or the end of the session, and
    ``sequence_number`` that of the next message."""

    session: str
    sequence_number: int
    messages: tuple[bytes, ...] = ()
    end_of_session: bool = False

    @property
    def is_heartbeat(self) -> bool:
        return not self.messages and not self.end_of_session

    def encode(self) -> bytes:
        """The packet's bytes. ProtocolError if a value does not fit its field."""
        count = len(self.messages)
        if self.end_of_session:
            if count:
                raise ProtocolError("MoldUDP64: an end of session packet carries no messages")
            count = END_OF_SESSION_COUNT
        elif count > MAX_MESSAGE_COUNT:
            raise ProtocolError(
                f"MoldUDP64: a packet carries at most {MAX_MESSAGE_COUNT} messages, got {count}"
            )
        data = [_header(self.session, self.sequence_number, count)]
        for number, message in enumerate(self.messages):
            if len(message) > MAX_MESSAGE_LENGTH:
                raise ProtocolError(
                    f"MoldUDP64: message {number} has {len(message)} bytes; its length field "
                    f"allows {MAX_MESSAGE_LENGTH}"
                )
            data += [len(message).to_bytes(2, "big"), message]
        return b"".join(data)

    @classmethod
    def decode(cls, data: bytes) -> "Packet":
        """Read a packet. ProtocolError if it has no header, or other messages than it counts."""
        if len(data) < HEADER_LENGTH:
            raise ProtocolError(
                f"MoldUDP64 packet: a header takes {HEADER_LENGTH} bytes, got {len(data)}: "
                f"{data.hex(' ')}"
            )
        session, sequence_number, count = _read_header(data)
        end_of_session = count == END_OF_SESSION_COUNT
        messages = []
        position = HEADER_LENGTH
        for number in range(0 if end_of_session else count):
            length = int.from_bytes(data[position : position + 2], "big")
            end = position + 2 + length
            if position + 2 > len(data) or end > len(data):
                raise ProtocolError(
                    f"MoldUDP64 packet of {len(data)} bytes counts {count} messages, but message "
                    f"{number}, whose length stands at byte {position}, is not whole; the packet "
                    f"begins {data[:SHOWN_BYTES].hex(' ')}"
                )
            messages.append(data[position + 2 : end])
            position = end
        if position != len(data):
            raise ProtocolError(
                f"MoldUDP64 packet of {len(data)} bytes goes on after the {len(messages)} messages "
                f"it counts, which end at byte {position}; there stand "
                f"{data[position : position + SHOWN_BYTES].hex(' ')}"
            )
        return cls(session, sequence_number, tuple(messages), end_of_session)


@dataclass(frozen=True, slots=True)
class Request:
    """A request, sent to the re-request server: ``message_count`` messages from
    ``sequence_number`` on. The answer is one packet with as many of them as fit."""

    session: str
    sequence_number: int
    message_count: int

    def encode(self) -> bytes:
        """The packet's bytes. ProtocolError if a value does not fit its field."""
        if not 0 <= self.message_count <= 0xFFFF:
            raise ProtocolError(
                f"MoldUDP64: message_count takes 0 to 65535, got {self.message_count}"
            )
        return _header(self.session, self.sequence_number, self.message_count)

    @classmethod
    def decode(cls, data: bytes) -> "Request":
        """Read a request. ProtocolError if it does not have exactly 20 bytes."""
        if len(data) != REQUEST_LENGTH:
            raise ProtocolError(
                f"MoldUDP64 request: expected {REQUEST_LENGTH} bytes, got {len(data)}; it begins "
                f"{data[:SHOWN_BYTES].hex(' ')}"
            )
        return cls(*_read_header(data))


def _header(session: str, sequence_number: int, count: int) -> bytes:
    if not session.isascii() or len(session) > SESSION_LENGTH:
        raise ProtocolError(
            f"MoldUDP64: session takes at most {SESSION_LENGTH} ASCII characters, got {session!r}"
        )
    if not 0 <= sequence_number <= MAX_SEQUENCE_NUMBER:
        raise ProtocolError(
            f"MoldUDP64: sequence_number takes 0 to {MAX_SEQUENCE_NUMBER}, got {sequence_number}"
        )
    name = session.encode("ascii").ljust(SESSION_LENGTH)
    return name + sequence_number.to_bytes(8, "big") + count.to_bytes(2, "big")


def _read_header(data: bytes) -> tuple[str, int, int]:
    return (
        data[:SESSION_LENGTH].decode("latin-1").rstrip(" "),
        int.from_bytes(data[SEQUENCE_NUMBER:MESSAGE_COUNT], "big"),
        int.from_bytes(data[MESSAGE_COUNT:HEADER_LENGTH], "big"),
    )
