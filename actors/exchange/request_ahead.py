"""Kernels that look at the requests behind the one at hand, in the buffer that they came in.

A client that sends many at once finds the engine's books in memory that none of its requests has
touched for long: what they will need is fetched while those before them are carried out. Only
OUCH 5.0 is looked at; the tokens of OUCH 4.2 say nothing about an order's place.
"""

import numpy as np

from actors.book.ahead import AHEAD, start_looking
from actors.book.memory import kernel, record_at
from actors.exchange.matching_ahead import look_at_entry, look_at_nothing, look_at_reference
from actors.exchange.order_terms import order_type_of, time_in_force_of
from actors.exchange.ouch42_state import is_ouch42
from actors.exchange.session_state import SessionKind
from actors.exchange.venue import AHEAD_OF_REQUESTS, find_symbol, session_at, venue_at
from schemas.enums import Side
from schemas.venue import ouch50
from schemas.venue.big_endian import get_raw8, get_u8, get_u32, get_u64
from schemas.venue.soupbintcp import COMPLETE, UNSEQUENCED_DATA, next_packet

__all__ = ["begin_looking", "look_further"]

_RING_AT = AHEAD_OF_REQUESTS.fields["ring"][1]
_WORTH_IT = 256  # bytes at hand: a handful of requests
_BUY, _SELL = int(Side.BUY), int(Side.SELL)
_BUY_LETTER = int(ouch50.Side.BUY)


@kernel
def _look_at(venue, slot, ring, request, length):
    engine = venue_at(venue).engine
    owner = np.int64(session_at(venue, slot).account) + 1
    kind = get_u8(request, 0)
    if kind == ouch50.ENTER_ORDER and length >= ouch50.ENTER_ORDER_LENGTH:
        side = get_u8(request, ouch50.ENTER_ORDER_SIDE)
        price_e4 = get_u64(request, ouch50.ENTER_ORDER_PRICE)
        time_in_force = time_in_force_of(get_u8(request, ouch50.ENTER_ORDER_TIME_IN_FORCE))
        look_at_entry(ring, engine, owner, get_u32(request, ouch50.ENTER_ORDER_USER_REF_NUM),
                      find_symbol(venue, get_raw8(request, ouch50.ENTER_ORDER_SYMBOL)),
                      _BUY if side == _BUY_LETTER else _SELL,
                      order_type_of(side, price_e4, time_in_force), price_e4, time_in_force)
    elif (kind == ouch50.CANCEL_ORDER or kind == ouch50.MODIFY_ORDER) \
            and length >= ouch50.CANCEL_ORDER_LENGTH:
        look_at_reference(ring, engine, owner,
                          get_u32(request, ouch50.CANCEL_ORDER_USER_REF_NUM))
    elif kind == ouch50.REPLACE_ORDER and length >= ouch50.REPLACE_ORDER_LENGTH:
        look_at_reference(ring, engine, owner,
                          get_u32(request, ouch50.REPLACE_ORDER_ORIG_USER_REF_NUM))
    else:
        look_at_nothing(ring, engine)


@kernel
def look_further(venue, slot):
    """Look one packet further; call it for each one that is taken."""
    session = session_at(venue, slot)
    ahead_at = venue_at(venue).ahead_at
    ahead = record_at(ahead_at, 0, AHEAD_OF_REQUESTS)
    base = session.receive_at
    status, kind, at, length, following = next_packet(base, ahead.at, session.filled)
    if status == COMPLETE and kind == UNSEQUENCED_DATA and length > 0:
        _look_at(venue, slot, ahead_at + _RING_AT, base + at, length)
    else:
        look_at_nothing(ahead_at + _RING_AT, venue_at(venue).engine)
    ahead.at = following


@kernel
def begin_looking(venue, slot):
    """Look at the first packets of the session's buffer, if that is worth it. Whether it is."""
    session = session_at(venue, slot)
    record = venue_at(venue)
    if record.looks_ahead == 0 or session.filled - session.begin < _WORTH_IT \
            or session.kind != SessionKind.ORDER_ENTRY or is_ouch42(venue, session.account):
        return False
    record_at(record.ahead_at, 0, AHEAD_OF_REQUESTS).at = session.begin
    start_looking(record.ahead_at + _RING_AT)
    for _ in range(AHEAD):
        look_further(venue, slot)
    return True
