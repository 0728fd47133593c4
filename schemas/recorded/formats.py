"""Which format a recorded file is in, told from its first bytes."""

import enum
import os

from schemas.recorded.csv_rows import first_bytes
from schemas.recorded.errors import RecordingError
from schemas.venue import ProtocolError
from schemas.venue.binary_file import detect

__all__ = ["Format", "format_of"]

_HEAD = 4096


class Format(enum.Enum):
    ITCH = "ITCH 5.0"
    LOBSTER = "LOBSTER"


def format_of(path: str | os.PathLike) -> Format:
    """The format of the file at ``path``, which may be compressed with gzip.

    A LOBSTER message file begins with the digits of a time, an ITCH file with a length or a message
    type. RecordingError if it is neither, or cannot be read.
    """
    head = first_bytes(path, _HEAD)
    if not head:
        raise RecordingError(f"{path}: is empty")
    if head[:1].isdigit():
        return Format.LOBSTER
    try:
        detect(head)
    except ProtocolError:
        raise RecordingError(
            f"{path}: is neither an ITCH 5.0 file (messages, each with two bytes of length before "
            "it, or bare) nor a LOBSTER message file (CSV without a header), plain or gzip; it "
            f"begins {head[:16].hex(' ')}"
        ) from None
    return Format.ITCH
