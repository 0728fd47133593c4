"""How the engine's words and OUCH's translate: constants and tables for kernels.

A order's ``tag`` in the engine holds the letters that OUCH echoes and the engine does not need:
side (B, S, T, E), display, capacity and intermarket sweep eligibility, a byte each.
"""

import numpy as np

from actors.book.memory import kernel
from actors.exchange.engine_state import CancelReason, RefuseReason, SelfMatch
from schemas.venue import ouch50

__all__ = ["CANCEL_LETTER", "REJECT_CODE", "STRATEGY_LETTER", "code_table", "tag_capacity",
           "tag_display", "tag_of", "tag_side", "tag_sweep"]


def code_table(pairs: dict[int, int], other: int) -> np.ndarray:
    """What each code becomes, by the code, int64; ``other`` where ``pairs`` do not say."""
    codes = np.full(max(pairs) + 1, other, np.int64)
    for reason, code in pairs.items():
        codes[reason] = code
    codes.flags.writeable = False
    return codes


#: By the engine's RefuseReason.
REJECT_CODE = code_table({
    RefuseReason.BAD_SYMBOL: ouch50.RejectReason.INVALID_SYMBOL,
    RefuseReason.BAD_SIDE: ouch50.RejectReason.INVALID_SIDE,
    RefuseReason.BAD_PRICE: ouch50.RejectReason.INVALID_PRICE,
    RefuseReason.BAD_QUANTITY: ouch50.RejectReason.INVALID_QUANTITY,
    RefuseReason.HALTED: ouch50.RejectReason.HALTED,
    RefuseReason.COLLAR: ouch50.RejectReason.FAT_FINGER,
    RefuseReason.BAD_MINIMUM: ouch50.RejectReason.INVALID_MIN_QUANTITY,
    RefuseReason.BAD_DISPLAY: ouch50.RejectReason.INVALID_MAX_FLOOR,
    RefuseReason.ORDERS_FULL: ouch50.RejectReason.PROCESSING_ERROR,
    RefuseReason.LEVELS_FULL: ouch50.RejectReason.PROCESSING_ERROR,
}, ouch50.RejectReason.OTHER)

#: By the engine's CancelReason.
CANCEL_LETTER = code_table({
    CancelReason.USER: ouch50.CancelReason.USER,
    CancelReason.IMMEDIATE: ouch50.CancelReason.IMMEDIATE_OR_CANCEL,
    CancelReason.CLOSED: ouch50.CancelReason.CLOSED,
    CancelReason.HALTED: ouch50.CancelReason.HALTED,
    CancelReason.SUPERVISORY: ouch50.CancelReason.SUPERVISORY,
    CancelReason.DISCONNECTED: ouch50.CancelReason.SYSTEM,
    CancelReason.POST_ONLY: ouch50.CancelReason.POST_ONLY_CONTRA,
    CancelReason.SELF_MATCH: ouch50.CancelReason.SELF_MATCH_PREVENTION,
    CancelReason.COLLAR: ouch50.CancelReason.MARKET_COLLARS,
    CancelReason.EXPIRED: ouch50.CancelReason.TIMEOUT,
}, ouch50.CancelReason.SYSTEM)

#: By the owner's SelfMatch. The specification does not list the values; these are this venue's.
STRATEGY_LETTER = code_table({
    SelfMatch.CANCEL_NEWEST: ord("N"),
    SelfMatch.CANCEL_OLDEST: ord("O"),
    SelfMatch.CANCEL_BOTH: ord("B"),
}, ord(" "))


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
