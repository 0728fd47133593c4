"""Constants and kernels for GLIMPSE 5.0's own message, and for what is one of its messages."""

from schemas.pointer import kernel
from schemas.venue.big_endian import get_u8, put_u8
from schemas.venue.glimpse50 import tables
from schemas.venue.text import get_decimal, put_decimal_right
from schemas.venue.validity import BAD_NUMBER, VALID, validate_by_length

__all__ = [
    "END_OF_SNAPSHOT",
    "END_OF_SNAPSHOT_LENGTH",
    "LENGTH",
    "SEQUENCE_NUMBER",
    "SEQUENCE_NUMBER_LENGTH",
    "put_end_of_snapshot",
    "validate",
]

END_OF_SNAPSHOT = ord(tables.END_OF_SNAPSHOT.type)
END_OF_SNAPSHOT_LENGTH = tables.END_OF_SNAPSHOT.length
SEQUENCE_NUMBER = tables.END_OF_SNAPSHOT["sequence_number"].offset
SEQUENCE_NUMBER_LENGTH = tables.END_OF_SNAPSHOT["sequence_number"].length

# int64[256] by type byte, 0 where there is no such message. Kernels take it in as a constant.
LENGTH = tables.CATALOGUE.lengths()


@kernel
def validate(addr, length):
    """Whether the ``length`` bytes at ``addr`` are one whole GLIMPSE 5.0 message.

    Returns a :class:`schemas.venue.validity.Validity`; BAD_NUMBER for an End of Snapshot whose
    sequence number is none. Reads no byte beyond ``length``.
    """
    status = validate_by_length(addr, length, LENGTH)
    if status == VALID and get_u8(addr, 0) == END_OF_SNAPSHOT:
        if get_decimal(addr, SEQUENCE_NUMBER, SEQUENCE_NUMBER_LENGTH) < 0:
            return BAD_NUMBER
    return status


@kernel
def put_end_of_snapshot(addr, sequence_number):
    """``G``: the snapshot is whole; ITCH goes on with ``sequence_number``, written with spaces on
    its left, as SoupBinTCP writes numbers. Returns the length in bytes."""
    put_u8(addr, 0, END_OF_SNAPSHOT)
    put_decimal_right(addr, SEQUENCE_NUMBER, SEQUENCE_NUMBER_LENGTH, sequence_number)
    return END_OF_SNAPSHOT_LENGTH
