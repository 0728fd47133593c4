"""Venue protocols as tables, and kernels to read and write them.

``itch50`` is market data and ``glimpse50`` a snapshot of it, ``ouch50`` and the older ``ouch42``
are orders; ``soupbintcp`` is the session under all of them on TCP, ``moldudp64`` the one under
market data on UDP, and ``binary_file`` recorded sessions. In a kernel::

    from schemas.venue import itch50
    from schemas.venue.big_endian import get_u32

    length = itch50.put_order_executed(addr, locate, 0, timestamp_ns, reference, shares, match)
    shares = get_u32(addr, itch50.ORDER_EXECUTED_EXECUTED_SHARES)

Kernels check nothing but what a ``validate`` kernel is for: call it once on bytes from outside,
then read them freely. Plain Python codecs on the same tables check everything and explain it in a
``ProtocolError``. Another protocol is another module like these: its tables, then its kernels.
"""

from schemas.venue import (
    big_endian,
    binary_file,
    glimpse50,
    itch50,
    layouts,
    moldudp64,
    ouch42,
    ouch50,
    soupbintcp,
    text,
)
from schemas.venue.catalogue import Catalogue
from schemas.venue.layouts import ProtocolError
from schemas.venue.text import int_to_symbol, symbol_to_int
from schemas.venue.validity import Validity

__all__ = [
    "Catalogue",
    "ProtocolError",
    "Validity",
    "big_endian",
    "binary_file",
    "glimpse50",
    "int_to_symbol",
    "itch50",
    "layouts",
    "moldudp64",
    "ouch42",
    "ouch50",
    "soupbintcp",
    "symbol_to_int",
    "text",
]
