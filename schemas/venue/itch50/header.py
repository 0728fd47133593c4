"""The header that every ITCH 5.0 message starts with, and what is one message: kernels."""

from schemas.pointer import kernel
from schemas.venue.big_endian import put_u8, put_u16, put_u48
from schemas.venue.itch50 import offsets as at
from schemas.venue.validity import validate_by_length

__all__ = ["put_header", "validate"]

LENGTH = at.LENGTH


@kernel
def validate(addr, length):
    """Whether the ``length`` bytes at ``addr`` are one whole ITCH 5.0 message.

    Returns a :class:`schemas.venue.validity.Validity`; reads no byte beyond ``length``.
    """
    return validate_by_length(addr, length, LENGTH)


@kernel
def put_header(addr, message_type, stock_locate, tracking_number, timestamp_ns):
    """The 11 bytes that every message starts with."""
    put_u8(addr, 0, message_type)
    put_u16(addr, at.STOCK_LOCATE, stock_locate)
    put_u16(addr, at.TRACKING_NUMBER, tracking_number)
    put_u48(addr, at.TIMESTAMP, timestamp_ns)
