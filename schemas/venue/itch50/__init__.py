"""Nasdaq TotalView-ITCH 5.0: market data.

In plain Python ``decode(data)`` and ``encode(type="A", …)`` read and write any message. In kernels
``put_…`` write them at an address, ``validate`` checks one, and constants say where fields lie::

    if itch50.validate(addr, length) == VALID and get_u8(addr, 0) == itch50.ADD_ORDER:
        shares = get_u32(addr, itch50.ADD_ORDER_SHARES)

For each message there are its type byte ``ADD_ORDER``, its length ``ADD_ORDER_LENGTH`` and its
fields' offsets ``ADD_ORDER_PRICE``, …; ``STOCK_LOCATE``, ``TRACKING_NUMBER`` and ``TIMESTAMP`` are
common to all; ``LENGTH`` has the length by type byte. ``CATALOGUE`` holds the tables themselves.
"""

from schemas.venue.itch50 import codes, day, header, offsets, orders, trades
from schemas.venue.itch50.codes import *  # noqa: F403
from schemas.venue.itch50.day import *  # noqa: F403
from schemas.venue.itch50.header import *  # noqa: F403
from schemas.venue.itch50.offsets import *  # noqa: F403
from schemas.venue.itch50.orders import *  # noqa: F403
from schemas.venue.itch50.tables import CATALOGUE
from schemas.venue.itch50.trades import *  # noqa: F403

decode = CATALOGUE.decode
encode = CATALOGUE.encode

__all__ = [
    "CATALOGUE",
    "decode",
    "encode",
    *codes.__all__,
    *day.__all__,
    *header.__all__,
    *offsets.__all__,
    *orders.__all__,
    *trades.__all__,
]
