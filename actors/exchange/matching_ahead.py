"""Kernels that fetch the memory that requests behind the one at hand will need from the engine.

For each request that is carried out, one of the three is called about a request that comes later,
:data:`actors.book.ahead.AHEAD` further on. ``ring`` is the address of a RING.
"""

from actors.book.ahead import JOINS, RESTS, TAKES, look_at, looked_next
from actors.book.memory import kernel
from actors.book.price_levels import BUY, SELL, side_row
from actors.exchange.matching_checks import is_reference, key_of
from actors.exchange.matching_events import book_of, state_of
from schemas.enums import OrderType, TimeInForce

__all__ = ["look_at_entry", "look_at_nothing", "look_at_reference"]

_LIMIT, _DAY = int(OrderType.LIMIT), int(TimeInForce.DAY)


@kernel
def look_at_entry(ring, engine, owner, user_ref, symbol, side, order_type, price_e4,
                  time_in_force):
    """A new order; the arguments may be anything, as those of ``enter``."""
    looked = looked_next(ring)
    looked.row = -1
    if is_reference(owner, user_ref) and 0 <= symbol < state_of(engine).symbols \
            and (side == BUY or side == SELL):
        looked.key = key_of(owner, user_ref)
        looked.row = side_row(symbol, side)
        looked.about = JOINS if order_type == _LIMIT and time_in_force == _DAY else TAKES
        looked.price_e4 = price_e4
    look_at(ring, book_of(engine))


@kernel
def look_at_reference(ring, engine, owner, user_ref):
    """A request about an order that may be in the book."""
    looked = looked_next(ring)
    looked.row = -1
    if is_reference(owner, user_ref):
        looked.key = key_of(owner, user_ref)
        looked.row = 0
        looked.about = RESTS
    look_at(ring, book_of(engine))


@kernel
def look_at_nothing(ring, engine):
    """Some other request, or none: those before it are looked at again."""
    looked_next(ring).row = -1
    look_at(ring, book_of(engine))
