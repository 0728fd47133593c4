"""How the engine's words and OUCH's translate: constants and tables for kernels.

A order's ``tag`` in the engine holds the letters that OUCH echoes and the engine does not need:
side (B, S, T, E), display, capacity and intermarket sweep eligibility, a byte each.
"""

import numpy as np

from actors.book.memory import kernel
from actors.exchange.engine_state import CancelReason, RefuseReason
from schemas.venue import ouch50

__all__ = ["CANCEL_LETTER", "REJECT_CODE", "tag_capacity", "tag_display", "tag_of", "tag_side",
           "tag_sweep"]


def _table(pairs: dict[int, int], other: int) -> np.ndarray:
    codes = np.full(max(pairs) + 1, other, np.int64)
    for reason, code in pairs.items():
        codes[reason] = code
    codes.flags.writeable = False
    return codes


#: By the engine's RefuseReason.
REJECT_CODE = _table({
    RefuseReason.BAD_SYMBOL: ouch50.RejectReason.INVALID_SYMBOL,
    RefuseReason.BAD_SIDE: ouch50.RejectReason.INVALID_SIDE,
    RefuseReason.BAD_PRICE: ouch50.RejectReason.INVALID_PRICE,
    RefuseReason.BAD_QUANTITY: ouch50.RejectReason.INVALID_QUANTITY,
    RefuseReason.HALTED: ouch50.RejectReason.HALTED,
    RefuseReason.ORDERS_FULL: ouch50.RejectReason.PROCESSING_ERROR,
    RefuseReason.LEVELS_FULL: ouch50.RejectReason.PROCESSING_ERROR,
}, ouch50.RejectReason.OTHER)

#: By the engine's CancelReason.
CANCEL_LETTER = _table({
    CancelReason.USER: ouch50.CancelReason.USER,
    CancelReason.IMMEDIATE: ouch50.CancelReason.IMMEDIATE_OR_CANCEL,
    CancelReason.CLOSED: ouch50.CancelReason.CLOSED,
    CancelReason.HALTED: ouch50.CancelReason.HALTED,
    CancelReason.SUPERVISORY: ouch50.CancelReason.SUPERVISORY,
    CancelReason.DISCONNECTED: ouch50.CancelReason.SYSTEM,
}, ouch50.CancelReason.SYSTEM)


# --- kernels ----------------------------------------------------------------------------------


@kernel
def tag_of(side, display, capacity, sweep):
    """The tag of an order with these letters."""
    return side | (display << 8) | (capacity << 16) | (sweep << 24)


@kernel
def tag_side(tag):
    return np.int64(tag) & 0xFF


@kernel
def tag_display(tag):
    return (np.int64(tag) >> 8) & 0xFF


@kernel
def tag_capacity(tag):
    return (np.int64(tag) >> 16) & 0xFF


@kernel
def tag_sweep(tag):
    return (np.int64(tag) >> 24) & 0xFF
