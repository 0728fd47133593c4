"""Nasdaq OUCH 4.2: orders, by tokens of the client's making. OUCH 5.0 took its place.

In plain Python ``decode_in`` / ``encode_in`` (requests) and ``decode_out`` / ``encode_out``
(responses) read and write any message; ``encode_in(type="O", …)``. In kernels ``put_…`` write
messages at an address, ``validate_in`` and ``validate_out`` check one, and the constants say where
fields lie::

    if get_u8(addr, 0) == ouch42.ENTER_ORDER:
        shares = get_u32(addr, ouch42.ENTER_ORDER_SHARES)

For each message there are its type byte ``ENTER_ORDER``, its length ``ENTER_ORDER_LENGTH`` and its
fields' offsets ``ENTER_ORDER_PRICE``, …. A request and a response of one name differ: the response
says so, ``CANCELED``, ``MODIFIED``, ``TRADE_NOW_RESPONSE``. Codes are enums of their wire values
(``Side.BUY``). ``INBOUND`` and ``OUTBOUND`` hold the tables themselves.
"""

from schemas.venue.ouch42 import codes, offsets, requests, responses, validation
from schemas.venue.ouch42.codes import *  # noqa: F403
from schemas.venue.ouch42.offsets import *  # noqa: F403
from schemas.venue.ouch42.requests import *  # noqa: F403
from schemas.venue.ouch42.responses import *  # noqa: F403
from schemas.venue.ouch42.tables import INBOUND, OUTBOUND
from schemas.venue.ouch42.validation import *  # noqa: F403

decode_in = INBOUND.decode
encode_in = INBOUND.encode
decode_out = OUTBOUND.decode
encode_out = OUTBOUND.encode

__all__ = [
    "INBOUND",
    "OUTBOUND",
    "decode_in",
    "decode_out",
    "encode_in",
    "encode_out",
    *codes.__all__,
    *offsets.__all__,
    *requests.__all__,
    *responses.__all__,
    *validation.__all__,
]
