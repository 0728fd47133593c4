"""What the operator wants of the reactor, and what is to get lost: layouts, no kernels."""

from __future__ import annotations

from enum import IntEnum

import numpy as np

__all__ = ["DONE", "DROP", "Lost", "NONE", "OPERATION", "Operation", "WANTED"]

#: ``OPERATION.stage``: the housekeeper sets WANTED, the reactor DONE.
NONE, WANTED, DONE = 0, 1, 2
_MESSAGE_ROOM = 128


class Operation(IntEnum):
    """What the operator wants that is no input of the market and is not written down; below
    FIRST_UNWRITTEN ``kind`` is the :class:`actors.exchange.inputs.InputType` of one that is."""

    FIRST_UNWRITTEN = 100
    DISCONNECT = 101  #: ``number``: an account, -1: all; ``values``: SessionKind bits, another one
    DELAY = 102       #: ``number``: a Direction; ``values``: kind, low, high, shape, seed
    DROP = 103        #: ``number``: a Lost; ``values``: how many, the fraction, the line or -1


class Lost(IntEnum):
    """What may be dropped."""

    ORDERS = 0       #: requests, once they have arrived
    MARKET_DATA = 1  #: MoldUDP64 packets with messages


#: One wish. ``message_at`` is the address of ``message``, of which ``length`` bytes count.
#: ``result``: what came of it, a number.
OPERATION = np.dtype([
    ("stage", "i8"), ("kind", "i8"), ("number", "i8"), ("length", "i8"), ("result", "i8"),
    ("message_at", "i8"), ("values", "f8", (6,)), ("message", "u1", (_MESSAGE_ROOM,)),
])

#: The ``next`` so many get lost, and of the others the ``fraction``, as drawn from ``random``; of
#: datagrams only those on ``line``, -1 for all lines.
DROP = np.dtype([("next", "i8"), ("fraction", "f8"), ("random", "u8"), ("line", "i8")])
