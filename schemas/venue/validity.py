"""What a ``validate`` kernel says about the bytes it was shown."""

import enum

__all__ = ["BAD_APPENDAGE", "EMPTY", "UNKNOWN_TYPE", "VALID", "WRONG_LENGTH", "Validity"]


class Validity(enum.IntEnum):
    """VALID, or the first thing found wrong. ``Catalogue.decode`` on the same bytes raises the
    error that explains it."""

    VALID = 0
    EMPTY = 1  # not even a type byte
    UNKNOWN_TYPE = 2
    WRONG_LENGTH = 3  # for the message's type
    BAD_APPENDAGE = 4  # options that overrun, or a known option of the wrong size


# Plain integers: kernels return these rather than enum members, so a status is always an int64.
VALID = int(Validity.VALID)
EMPTY = int(Validity.EMPTY)
UNKNOWN_TYPE = int(Validity.UNKNOWN_TYPE)
WRONG_LENGTH = int(Validity.WRONG_LENGTH)
BAD_APPENDAGE = int(Validity.BAD_APPENDAGE)
