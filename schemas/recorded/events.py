"""One recorded event, whichever format it was recorded in."""

import enum

import numpy as np

__all__ = ["Action", "EVENT"]


class Action(enum.IntEnum):
    """What happened to the recorded book."""

    NONE = 0     #: nothing that a book shows
    ADD = 1      #: an order rests: ``quantity`` at ``price_e4``
    EXECUTE = 2  #: ``quantity`` of a resting order traded
    REDUCE = 3   #: a resting order lost ``quantity`` and kept its place
    DELETE = 4   #: a resting order was taken off, whatever it had left
    REPLACE = 5  #: ``new_reference`` rests instead: ``quantity`` at ``price_e4``, last in its queue
    TRADE = 6    #: a trade that no order of the book took part in: hidden, or in an auction


#: ``time_ns`` counts from midnight; ``reference`` is the recording's own; ``symbol`` is a place in
#: the reader's list; ``side`` that of the resting order (``schemas.enums.Side``). ``ends``: the
#: recording's order is gone after this. ITCH names price and side only where an order is added:
#: elsewhere they are 0 until :mod:`actors.exchange.recorded_orders` has followed the orders.
EVENT = np.dtype([
    ("time_ns", "i8"), ("reference", "i8"), ("new_reference", "i8"), ("price_e4", "u4"),
    ("quantity", "u4"), ("symbol", "u2"), ("action", "u1"), ("side", "u1"), ("ends", "u1"),
    ("reserved", "u1", (3,)),
])
assert EVENT.itemsize == 40
