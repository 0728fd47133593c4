"""The operator's wishes, carried out by the reactor between two inputs. Kernels.

What changes the market is an input like any other: written down, then done. What is about
connections only (who is cut off, what is late or lost) is no state of the market and is done.
"""

import numpy as np

from actors.book.memory import kernel, record_at
from actors.exchange.drops import set_drop
from actors.exchange.inputs import carry_out
from actors.exchange.latency import set_delay
from actors.exchange.operation_state import DONE, OPERATION, WANTED, Operation
from actors.exchange.session_io import end_session, is_active
from actors.exchange.session_state import EndReason
from actors.exchange.venue import session_at, venue_at
from actors.runtime.native import load_acquire, store_release

__all__ = ["is_wanted", "operate"]

_BY_OPERATOR, _NO_DETAIL = np.int64(EndReason.OPERATOR), np.int64(0)


@kernel
def is_wanted(venue):
    """Whether the operator wants something."""
    return load_acquire(venue_at(venue).operation) == WANTED


@kernel
def _is_one(account, wanted, also):
    return wanted < 0 or account == wanted or account == also


@kernel
def _disconnect(venue, account, also, kinds):
    """End the sessions of an account (-1: all), and of another, of the ``kinds``, bits by
    SessionKind."""
    ended = np.int64(0)
    for slot in range(venue_at(venue).used):
        session = session_at(venue, slot)
        if is_active(venue, slot) and _is_one(session.account, account, also) \
                and (kinds >> session.kind) & 1:
            end_session(venue, slot, _BY_OPERATOR, _NO_DETAIL)
            ended += 1
    return ended


@kernel
def operate(venue, stamp_ns, turn_ns):
    """Do what is wanted, at ``stamp_ns`` since midnight. Returns 1, or 0 if the journal takes
    nothing for now: then it is wanted still."""
    address = venue_at(venue).operation
    wish = record_at(address, np.int64(0), OPERATION)
    if wish.kind < Operation.FIRST_UNWRITTEN:
        if not carry_out(venue, wish.kind, wish.number, wish.message_at, wish.length, stamp_ns):
            return np.int64(0)
        wish.result = venue_at(venue).outcome
    elif wish.kind == Operation.DISCONNECT:
        wish.result = _disconnect(venue, wish.number, np.int64(wish.values[1]),
                                  np.int64(wish.values[0]))
    elif wish.kind == Operation.DELAY:
        set_delay(venue, wish.number, np.int64(wish.values[0]), wish.values[1], wish.values[2],
                  wish.values[3], np.int64(wish.values[4]), turn_ns)
    elif wish.kind == Operation.DROP:
        set_drop(venue, wish.number, np.int64(wish.values[0]), wish.values[1],
                 np.int64(wish.values[2]))
    store_release(address, np.int64(DONE))
    return np.int64(1)
