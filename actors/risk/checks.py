"""Pre-trade checks: pure kernels that answer with a RejectReason, 0 = passed.

Working orders count as if they were filled: a limit holds whatever the venue does next.
"""

import numpy as np

from actors.runtime import kernel
from schemas.enums import OrderType, RejectReason, Side

__all__ = ["LIMITS", "RATE", "check_order", "take_token"]

#: One record. Notional and loss in 1/10,000 of the currency.
LIMITS = np.dtype([
    ("max_order_quantity", "i8"), ("max_order_notional_e4", "i8"), ("max_position", "i8"),
    ("max_loss_e4", "i8"), ("collar_e4", "i8"),
])

#: Token bucket: a token a ``interval_ns``, at most ``burst`` saved up.
RATE = np.dtype([("interval_ns", "i8"), ("burst", "i8"), ("full_ns", "i8")])

_BUY, _SELL = int(Side.BUY), int(Side.SELL)
_LIMIT, _MARKET = int(OrderType.LIMIT), int(OrderType.MARKET)
_PASSED = int(RejectReason.NONE)
_INVALID = int(RejectReason.INVALID)
_ORDER_SIZE = int(RejectReason.ORDER_SIZE)
_PRICE = int(RejectReason.PRICE)
_POSITION_LIMIT = int(RejectReason.POSITION_LIMIT)
_NO_REFERENCE_PRICE = int(RejectReason.NO_REFERENCE_PRICE)


@kernel
def take_token(rate, now_ns):
    """Takes one token; False if there is none. ``full_ns`` is when the bucket would be full again,
    which says everything: no counter to refill."""
    start = max(rate.full_ns, now_ns)
    if start + rate.interval_ns - now_ns > rate.burst * rate.interval_ns:
        return False
    rate.full_ns = start + rate.interval_ns
    return True


@kernel
def check_order(limits, position, side, order_type, quantity, price_e4):
    """Checks a new order (or the new terms of a replaced one) against ``limits`` (LIMITS record) and
    ``position`` (POSITION_STATE record). Returns (reason, value measured, limit)."""
    if (side != _BUY and side != _SELL) or quantity <= 0:
        return _INVALID, quantity, np.int64(1)
    if order_type != _LIMIT and order_type != _MARKET:
        return _INVALID, order_type, np.int64(_LIMIT)
    if quantity > limits.max_order_quantity:
        return _ORDER_SIZE, quantity, limits.max_order_quantity
    reference = position.ask_e4 if side == _BUY else position.bid_e4
    if reference <= 0:
        reference = position.mark_e4
    if order_type == _LIMIT:
        if price_e4 <= 0:
            return _PRICE, price_e4, np.int64(1)
        if reference <= 0:
            return _NO_REFERENCE_PRICE, reference, np.int64(1)
        away = price_e4 - reference if side == _BUY else reference - price_e4
        if away > limits.collar_e4 * reference // 10_000:
            return _PRICE, away, limits.collar_e4 * reference // 10_000
        reference = price_e4
    elif reference <= 0:
        return _NO_REFERENCE_PRICE, reference, np.int64(1)
    if quantity * reference > limits.max_order_notional_e4:
        return _ORDER_SIZE, quantity * reference, limits.max_order_notional_e4
    if side == _BUY:
        worst = position.quantity + position.open_buy + quantity
    else:
        worst = -position.quantity + position.open_sell + quantity
    if worst > limits.max_position:
        return _POSITION_LIMIT, worst, limits.max_position
    return _PASSED, np.int64(0), np.int64(0)
