"""What a ``validate`` kernel says about the bytes it was shown."""

import enum

from schemas.pointer import kernel
from schemas.venue.big_endian import get_u8

__all__ = [
    "BAD_APPENDAGE",
    "BAD_NUMBER",
    "EMPTY",
    "UNKNOWN_TYPE",
    "VALID",
    "WRONG_LENGTH",
    "Validity",
    "validate_by_length",
]


class Validity(enum.IntEnum):
    """VALID, or the first thing found wrong. ``Catalogue.decode`` on the same bytes raises the
    error that explains it."""

    VALID = 0
    EMPTY = 1  # not even a type byte
    UNKNOWN_TYPE = 2
    WRONG_LENGTH = 3  # for the message's type
    BAD_APPENDAGE = 4  # options that overrun, or a known option of the wrong size
    BAD_NUMBER = 5  # a field of ASCII digits holds something else, or more than 63 bits


# Plain integers: kernels return these rather than enum members, so a status is always an int64.
VALID = int(Validity.VALID)
EMPTY = int(Validity.EMPTY)
UNKNOWN_TYPE = int(Validity.UNKNOWN_TYPE)
WRONG_LENGTH = int(Validity.WRONG_LENGTH)
BAD_APPENDAGE = int(Validity.BAD_APPENDAGE)
BAD_NUMBER = int(Validity.BAD_NUMBER)


@kernel
def validate_by_length(addr, length, lengths_by_type):
    """Whether the ``length`` bytes at ``addr`` are one whole message of a protocol whose messages
    have the fixed ``lengths_by_type`` (int64[256], 0 where there is no such type).

    Returns a :class:`Validity`; reads no byte beyond ``length``.
    """
    if length < 1:
        return EMPTY
    expected = lengths_by_type[get_u8(addr, 0)]
    if expected == 0:
        return UNKNOWN_TYPE
    return VALID if length == expected else WRONG_LENGTH
