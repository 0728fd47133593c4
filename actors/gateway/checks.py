"""What the gateway itself refuses to send, as pure kernels: what the protocol cannot carry.

Limits are the risk manager's business. Source: OUCH 5.0, sections 1.2 and 2.1.
"""

from actors.runtime import kernel
from schemas.enums import OrderType, RejectReason, Side, TimeInForce
from schemas.venue import ouch50

__all__ = ["LOWEST_PRICE_E4", "MAX_ORDER_ID", "MAX_PRICE_E4", "MAX_QUANTITY", "check_terms",
           "price_to_send", "time_in_force_letter", "time_in_force_to_send"]

#: ClOrdID has 14 digits.
MAX_ORDER_ID = 10**14 - 1
MAX_QUANTITY = 999_999
#: 199,999.99, the highest price of the protocol; the lowest is the smallest unit.
MAX_PRICE_E4 = 1_999_999_900
LOWEST_PRICE_E4 = 1

_BUY, _SELL = int(Side.BUY), int(Side.SELL)
_LIMIT, _MARKET = int(OrderType.LIMIT), int(OrderType.MARKET)
_DAY, _IOC = int(TimeInForce.DAY), int(TimeInForce.IOC)
_DAY_LETTER = int(ouch50.TimeInForce.DAY)
_IOC_LETTER = int(ouch50.TimeInForce.IMMEDIATE_OR_CANCEL)

_PASSED = int(RejectReason.NONE)
_INVALID = int(RejectReason.INVALID)
_ORDER_SIZE = int(RejectReason.ORDER_SIZE)
_PRICE = int(RejectReason.PRICE)


@kernel
def check_terms(order_id, side, order_type, time_in_force, quantity, price_e4):
    """A RejectReason for the terms of a new or replacing order, 0 if it can be sent."""
    if order_id < 1 or order_id > MAX_ORDER_ID:
        return _INVALID
    if side != _BUY and side != _SELL:
        return _INVALID
    if order_type != _LIMIT and order_type != _MARKET:
        return _INVALID
    if order_type == _LIMIT and time_in_force != _DAY and time_in_force != _IOC:
        return _INVALID
    if quantity < 1 or quantity > MAX_QUANTITY:
        return _ORDER_SIZE
    if order_type == _LIMIT and (price_e4 < LOWEST_PRICE_E4 or price_e4 > MAX_PRICE_E4):
        return _PRICE
    return _PASSED


@kernel
def price_to_send(order_type, side, price_e4):
    """The limit price; for a market order, which the protocol does not have in continuous trading,
    the price that trades with anybody."""
    if order_type == _LIMIT:
        return price_e4
    return MAX_PRICE_E4 if side == _BUY else LOWEST_PRICE_E4


@kernel
def time_in_force_to_send(order_type, time_in_force):
    """A market order never rests."""
    return _DAY if order_type == _LIMIT and time_in_force == _DAY else _IOC


@kernel
def time_in_force_letter(time_in_force):
    """OUCH's letter."""
    return _DAY_LETTER if time_in_force == _DAY else _IOC_LETTER
