"""Whether an order may go on in the trading state that is in force: pure kernels.

The state in force is the most restrictive of three: the operator's and the breakers', which the
supervisor writes into the trading page, and risk's own. What reduces a position passes in
REDUCE_ONLY, whatever else may be open on that side counted as filled.
"""

import numpy as np

from actors.runtime import kernel
from actors.runtime.trading import severity, stricter
from schemas.enums import RejectReason, Side

__all__ = ["admit", "reduces"]

_BUY = int(Side.BUY)
_ADMITTED = int(RejectReason.NONE)
_HALTED, _PAUSED = int(RejectReason.HALTED), int(RejectReason.PAUSED)
_REDUCE_ONLY = int(RejectReason.REDUCE_ONLY)


@kernel
def reduces(position, side, quantity):
    """Whether an order brings the position (POSITION_STATE record) nearer to 0 even if all that is
    open on its side fills before it: it never turns it round."""
    if side == _BUY:
        return position.open_buy + quantity <= -position.quantity
    return position.open_sell + quantity <= position.quantity


@kernel
def _refusal(mode, position, side, quantity):
    degree = severity(mode)
    if degree == 3:
        return _HALTED
    if degree == 2:
        return _PAUSED
    if degree == 1 and not reduces(position, side, quantity):
        return _REDUCE_ONLY
    return _ADMITTED


@kernel
def admit(own, floor, mode, position, side, quantity):
    """Judges a new order. Returns a RejectReason, 0 if it may pass; and another one, 0 if none,
    that holds unless the order can take a probe of a half-open breaker.

    ``own``: risk's own state; ``floor``: that of operator and open breakers; ``mode``: half-open
    breakers included.
    """
    firm = stricter(own, floor)
    reason = _refusal(firm, position, side, quantity)
    if reason != _ADMITTED or severity(mode) <= severity(firm):
        return np.int64(reason), np.int64(_ADMITTED)
    return np.int64(_ADMITTED), np.int64(_refusal(mode, position, side, quantity))
