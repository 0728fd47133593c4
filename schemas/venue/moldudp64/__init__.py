"""MoldUDP64 1.00: sequenced messages in UDP packets, and requests for those that were lost.

Kernels build a packet at an address, message by message, and find the messages of one received::

    length = moldudp64.begin_packet(addr, session_at, sequence_number)
    at = moldudp64.reserve_message(addr, length, limit, itch50.ORDER_DELETE_LENGTH)
    if at >= 0:
        length = at + itch50.put_order_delete(addr + at, …)

``Packet`` and ``Request`` do the same in plain Python, and explain what is wrong with a packet.
"""

from schemas.venue.moldudp64 import kernels, packets
from schemas.venue.moldudp64.kernels import *  # noqa: F403
from schemas.venue.moldudp64.packets import *  # noqa: F403

__all__ = [*kernels.__all__, *packets.__all__]
