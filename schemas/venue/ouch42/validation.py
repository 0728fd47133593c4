"""Kernels that say whether bytes are one OUCH 4.2 message."""

from schemas.pointer import kernel
from schemas.venue.ouch42 import offsets as at
from schemas.venue.validity import validate_by_length

__all__ = ["validate_in", "validate_out"]

INBOUND_LENGTH, OUTBOUND_LENGTH = at.INBOUND_LENGTH, at.OUTBOUND_LENGTH


@kernel
def validate_in(addr, length):
    """Whether the ``length`` bytes at ``addr`` are one whole OUCH 4.2 request.

    Returns a :class:`schemas.venue.validity.Validity`. VALID says that every field of the message's
    type can be read; it does not judge their values. Reads nothing beyond ``length``.
    """
    return validate_by_length(addr, length, INBOUND_LENGTH)


@kernel
def validate_out(addr, length):
    """As :func:`validate_in`, for what the exchange sends."""
    return validate_by_length(addr, length, OUTBOUND_LENGTH)
