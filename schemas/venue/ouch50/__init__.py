"""Nasdaq OUCH 5.0: orders.

In plain Python ``decode_in`` / ``encode_in`` (requests) and ``decode_out`` / ``encode_out``
(responses) read and write any message; ``encode_in(type="O", …)``. In kernels ``put_…`` write
messages at an address, ``validate_in`` and ``validate_out`` check one, ``find_appendage``,
``get_option`` and ``append_option`` handle options, and the constants say where fields lie::

    if get_u8(addr, 0) == ouch50.ENTER_ORDER:
        quantity = get_u32(addr, ouch50.ENTER_ORDER_QUANTITY)

For each message there are its type byte ``ENTER_ORDER``, its length ``ENTER_ORDER_LENGTH`` without
options and its fields' offsets ``ENTER_ORDER_PRICE``, …. Codes are enums of their wire values
(``Side.BUY``). ``INBOUND`` and ``OUTBOUND`` hold the tables themselves, ``OPTIONS`` the options.
"""

from schemas.venue.ouch50 import codes, offsets, options, requests, responses
from schemas.venue.ouch50.codes import *  # noqa: F403
from schemas.venue.ouch50.offsets import *  # noqa: F403
from schemas.venue.ouch50.options import *  # noqa: F403
from schemas.venue.ouch50.requests import *  # noqa: F403
from schemas.venue.ouch50.responses import *  # noqa: F403
from schemas.venue.ouch50.tables import INBOUND, OPTIONS, OUTBOUND

decode_in = INBOUND.decode
encode_in = INBOUND.encode
decode_out = OUTBOUND.decode
encode_out = OUTBOUND.encode

__all__ = [
    "INBOUND",
    "OPTIONS",
    "OUTBOUND",
    "decode_in",
    "decode_out",
    "encode_in",
    "encode_out",
    *codes.__all__,
    *offsets.__all__,
    *options.__all__,
    *requests.__all__,
    *responses.__all__,
]
