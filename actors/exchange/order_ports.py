"""Requests of every order entry protocol, each to who understands it."""

from actors.book.memory import kernel
from actors.exchange.order_entry import handle_request
from actors.exchange.ouch42_requests import handle_ouch42
from actors.exchange.ouch42_state import is_ouch42
from actors.exchange.venue import session_at

__all__ = ["take_request"]


@kernel
def take_request(venue, slot, request, length, stamp_ns):
    """Carry out the ``length`` bytes at ``request``, which session ``slot`` sent at ``stamp_ns``
    since midnight, in its account's protocol. The replies are in the account's log after."""
    if is_ouch42(venue, session_at(venue, slot).account):
        handle_ouch42(venue, slot, request, length, stamp_ns)
    else:
        handle_request(venue, slot, request, length, stamp_ns)
