"""SoupBinTCP: the session protocol under OUCH, GLIMPSE and ITCH on TCP.

Kernels ``put_packet_header`` and ``next_packet`` frame and find packets in a buffer; ``packet``,
``split`` and the ``Login…`` classes do sessions in plain Python. ``PACKETS`` holds the tables.
"""

from schemas.venue.soupbintcp import framing, login
from schemas.venue.soupbintcp.framing import *  # noqa: F403
from schemas.venue.soupbintcp.login import *  # noqa: F403
from schemas.venue.soupbintcp.tables import PACKETS

__all__ = ["PACKETS", *framing.__all__, *login.__all__]
