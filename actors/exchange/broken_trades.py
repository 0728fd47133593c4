"""Who took part in a trade: found in the streams, which are what was said of it.

The housekeeper searches them, beside the reactor that writes them: what is about to be written over
is left out.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from actors.book.memory import kernel
from actors.exchange.interventions import PARTY_BYTES
from actors.exchange.ouch42_state import is_ouch42, user_ref_of
from actors.exchange.sequenced_log import locate
from actors.exchange.venue import MARKET_DATA_LOG, Venue, log_at
from schemas.venue import itch50, ouch42, ouch50
from schemas.venue.big_endian import get_u8, get_u16, get_u32, get_u64, put_bytes, put_u32
from schemas.venue.soupbintcp import HEADER_LENGTH as FRAME

__all__ = ["Trade", "UnknownTrade", "find_trade"]

_BROKEN, _HIDDEN = -2, itch50.TRADE
_SPARE_PART = 8  # of a log's capacity, that may be written over while it is searched


class UnknownTrade(ValueError):
    """There is no such trade to break; the text says why."""


class Trade(NamedTuple):
    """``locate``: the symbol's number from 1; ``parties``: what a BUST says of the accounts that
    took part, and ``owners``: theirs."""

    locate: int
    parties: bytes
    owners: tuple[int, ...]


def find_trade(venue: Venue, match_number: int) -> Trade:
    """The trade of that number. UnknownTrade if it is not kept any more, was none, or is broken."""
    found = _search(venue, MARKET_DATA_LOG, match_number, np.zeros(PARTY_BYTES, np.uint8))
    if found == _BROKEN:
        raise UnknownTrade(f"trade {match_number} is broken already")
    if found < 0:
        newest = int(venue.engine.state["next_match"][0]) - 1
        raise UnknownTrade(f"there is no trade {match_number} today" if match_number > newest else
                           f"nothing is kept any more of a trade {match_number}")
    parties, owners = [], []
    for owner in range(1, venue.logs.logs.size):
        party = np.zeros(PARTY_BYTES, np.uint8)
        # An account that traded with itself took part twice.
        for _ in range(_search(venue, owner, match_number, party)):
            parties.append(party.tobytes())
            owners.append(owner)
    return Trade(int(found), b"".join(parties), tuple(owners))


def _search(venue: Venue, number: int, match_number: int, party: np.ndarray) -> int:
    log = venue.logs.logs[number]
    first = venue.logs.oldest_retained(number, int(log["capacity"]) // _SPARE_PART)
    if first >= int(log["next_seq"]):
        return -1 if number == MARKET_DATA_LOG else 0
    if number == MARKET_DATA_LOG:
        return search_market(venue.address, first, match_number)
    return search_orders(venue.address, number, first, match_number, party.ctypes.data)


# --- kernels ----------------------------------------------------------------------------------


@kernel
def search_market(venue, first, match_number):
    """The stock locate of a trade in the market data from message ``first`` on; -1 if there is
    none, -2 if it is broken."""
    log = log_at(venue, MARKET_DATA_LOG)
    position, limit = locate(log, first), log.end
    found = np.int64(-1)
    while 0 <= position < limit:
        at = log.base + (position & (log.capacity - 1))
        message, kind = at + FRAME, get_u8(at, FRAME)
        where = np.int64(-1)
        if kind == itch50.ORDER_EXECUTED or kind == itch50.ORDER_EXECUTED_WITH_PRICE:
            where = np.int64(itch50.ORDER_EXECUTED_MATCH_NUMBER)
        elif kind == _HIDDEN:
            where = np.int64(itch50.TRADE_MATCH_NUMBER)
        elif kind == itch50.BROKEN_TRADE:
            where = np.int64(itch50.BROKEN_TRADE_MATCH_NUMBER)
        if where >= 0 and get_u64(message, where) == match_number:
            if kind == itch50.BROKEN_TRADE:
                return np.int64(_BROKEN)
            found = np.int64(get_u16(message, itch50.STOCK_LOCATE))
        position += FRAME - 1 + get_u16(at, 0)
    return found


@kernel
def search_orders(venue, owner, first, match_number, party):
    """How many executions of a trade an owner heard of from message ``first`` on. Writes at
    ``party`` the owner's number, its UserRefNum and, if that was said, its ClOrdID."""
    log = log_at(venue, owner)
    old = is_ouch42(venue, owner - 1)
    place = np.int64(ouch42.EXECUTED_MATCH_NUMBER if old else ouch50.EXECUTED_MATCH_NUMBER)
    position, limit = locate(log, first), log.end
    begin, count, user_ref = position, np.int64(0), np.int64(0)
    while 0 <= position < limit:
        at = log.base + (position & (log.capacity - 1))
        message = at + FRAME
        if get_u8(message, 0) == ouch50.EXECUTED and get_u64(message, place) == match_number:
            count += 1
            if old:
                user_ref = user_ref_of(venue, owner - 1, message + ouch42.EXECUTED_ORDER_TOKEN)
            else:
                user_ref = np.int64(get_u32(message, ouch50.EXECUTED_USER_REF_NUM))
        position += FRAME - 1 + get_u16(at, 0)
    put_u32(party, 0, owner)
    put_u32(party, 4, user_ref)
    if count > 0 and not old:
        _find_cl_ord_id(log, begin, limit, user_ref, party + 8)
    return count


@kernel
def _find_cl_ord_id(log, position, limit, user_ref, to):
    """Copy the ClOrdID of an order from where the stream says that it was taken."""
    while position < limit:
        at = log.base + (position & (log.capacity - 1))
        message = at + FRAME
        kind = get_u8(message, 0)
        if kind == ouch50.ACCEPTED and get_u32(message, ouch50.ACCEPTED_USER_REF_NUM) == user_ref:
            put_bytes(to, 0, message + ouch50.ACCEPTED_CL_ORD_ID, ouch50.CL_ORD_ID_LENGTH)
        elif kind == ouch50.REPLACED \
                and get_u32(message, ouch50.REPLACED_USER_REF_NUM) == user_ref:
            put_bytes(to, 0, message + ouch50.REPLACED_CL_ORD_ID, ouch50.CL_ORD_ID_LENGTH)
        position += FRAME - 1 + get_u16(at, 0)
