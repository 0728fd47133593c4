"""Nasdaq GLIMPSE 5.0: a snapshot of the books, in ITCH 5.0 messages over SoupBinTCP.

A client that logs in gets the stocks, their states and every displayed order as ITCH messages, then
End of Snapshot, which names the sequence number from which the ITCH feed goes on from there. In
plain Python ``decode(data)`` and ``encode(type="G", …)``; in kernels ``validate``, ITCH's own
constants and ``put_…``, and::

    if get_u8(addr, 0) == glimpse50.END_OF_SNAPSHOT:
        following = get_decimal(addr, glimpse50.SEQUENCE_NUMBER, glimpse50.SEQUENCE_NUMBER_LENGTH)
"""

from schemas.venue.glimpse50 import kernels
from schemas.venue.glimpse50.kernels import *  # noqa: F403
from schemas.venue.glimpse50.tables import CATALOGUE

decode = CATALOGUE.decode
encode = CATALOGUE.encode

__all__ = ["CATALOGUE", "decode", "encode", *kernels.__all__]
