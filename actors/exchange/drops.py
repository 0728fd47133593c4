"""Losing messages on purpose: requests on their way in, datagrams on their way out. Kernels."""

import numpy as np

from actors.book.memory import kernel, record_at
from actors.exchange.operation_state import DROP, Lost
from actors.exchange.random_numbers import uniform
from actors.exchange.venue import Counter, bump, venue_at

__all__ = ["drops_datagram", "drops_request", "set_drop", "takes_datagram"]

_ORDERS, _MARKET_DATA = np.int64(Lost.ORDERS), np.int64(Lost.MARKET_DATA)


@kernel
def _drop_at(venue, lost):
    return record_at(venue_at(venue).drops, np.int64(lost), DROP)


@kernel
def _takes_next(drop):
    if drop.next == 0:
        return False
    drop.next -= 1
    return True


@kernel
def drops_request(venue):
    """Whether the next request is to get lost."""
    drop = _drop_at(venue, _ORDERS)
    lost = _takes_next(drop) or drop.fraction > 0.0 and uniform(drop) < drop.fraction
    if lost:
        bump(venue, Counter.REQUESTS_DROPPED, 1)
        note_drops(venue)
    return lost


@kernel
def takes_datagram(venue):
    """Whether the next datagram is one of those that are to get lost wherever drops are made."""
    taken = _takes_next(_drop_at(venue, _MARKET_DATA))
    if taken:
        note_drops(venue)
    return taken


@kernel
def drops_datagram(venue, line, taken):
    """Whether a datagram is to get lost on a line; ``taken``: what :func:`takes_datagram` said."""
    drop = _drop_at(venue, _MARKET_DATA)
    if drop.line >= 0 and drop.line != line:
        return False
    lost = taken or drop.fraction > 0.0 and uniform(drop) < drop.fraction
    if lost:
        bump(venue, Counter.DATAGRAMS_DROPPED, 1)
    return lost


@kernel
def set_drop(venue, lost, count, fraction, line):
    """Lose the next ``count`` from now on, and ``fraction`` of the others, on ``line`` or, -1, on
    all lines."""
    drop = _drop_at(venue, lost)
    drop.next = count
    drop.fraction = fraction
    drop.line = line
    note_drops(venue)


@kernel
def note_drops(venue):
    """Note whether anything is to get lost at all."""
    dropping = np.int64(0)
    for lost in range(2):
        drop = _drop_at(venue, lost)
        dropping |= drop.next > 0 or drop.fraction > 0.0
    venue_at(venue).dropping = dropping
