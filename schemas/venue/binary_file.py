"""BinaryFILE: recorded messages one after another, as in Nasdaq's daily ITCH files.

Each message has its length before it, two bytes big-endian; a length of 0 ends the session, and so
does the end of the file.
"""

from collections.abc import Iterable, Iterator

from schemas.venue.layouts import ProtocolError

__all__ = ["pack", "unpack"]


def unpack(data: bytes) -> Iterator[bytes]:
    """The messages in ``data``. ProtocolError, after the whole ones, if the last is cut short."""
    position = 0
    while position < len(data):
        length = int.from_bytes(data[position : position + 2], "big")
        end = position + 2 + length
        if position + 2 > len(data) or end > len(data):
            raise ProtocolError(
                f"BinaryFILE of {len(data)} bytes is cut short: the message whose length stands at "
                f"byte {position} is not whole"
            )
        if length == 0:
            return
        yield data[position + 2 : end]
        position = end


def pack(messages: Iterable[bytes]) -> bytes:
    """The messages with their lengths, and the end of session mark."""
    framed = (len(data).to_bytes(2, "big") + data for data in messages)
    return b"".join(framed) + b"\x00\x00"
