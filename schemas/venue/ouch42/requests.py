"""Kernels that write OUCH 4.2 requests: the client's side.

Each writes a whole message at the address ``addr`` and returns its length in bytes. The values are
the fields of ``tables.py``: prices in 1/10,000 of the currency, one-letter fields their byte values
(``Side.BUY``), ``symbol`` and ``firm`` integers in memory order, and tokens order ids, which are
written in decimal and come back from every response by ``get_decimal``.

Values are not checked, with one exception: an order id that is negative or has more than 14 digits
leaves its token blank, and -1 is returned in place of a length, so that it is not sent.
"""

from schemas.pointer import kernel
from schemas.venue.big_endian import put_raw4, put_raw8, put_u8, put_u32
from schemas.venue.ouch42 import offsets as at
from schemas.venue.text import put_decimal

__all__ = [
    "put_cancel_order",
    "put_enter_order",
    "put_modify_order",
    "put_replace_order",
    "put_trade_now",
]


@kernel
def _put_token(addr, offset, order_id):
    return put_decimal(addr, offset, at.ORDER_TOKEN_LENGTH, order_id)


@kernel
def put_enter_order(
    addr, order_token, side, shares, symbol, price_e4, time_in_force, firm, display, capacity,
    intermarket_sweep_eligibility, minimum_quantity, cross_type, customer_type,
):  # fmt: skip
    """``O``: a new order. A token used before is ignored by the exchange."""
    put_u8(addr, 0, at.ENTER_ORDER)
    put_u8(addr, at.ENTER_ORDER_BUY_SELL_INDICATOR, side)
    put_u32(addr, at.ENTER_ORDER_SHARES, shares)
    put_raw8(addr, at.ENTER_ORDER_STOCK, symbol)
    put_u32(addr, at.ENTER_ORDER_PRICE, price_e4)
    put_u32(addr, at.ENTER_ORDER_TIME_IN_FORCE, time_in_force)
    put_raw4(addr, at.ENTER_ORDER_FIRM, firm)
    put_u8(addr, at.ENTER_ORDER_DISPLAY, display)
    put_u8(addr, at.ENTER_ORDER_CAPACITY, capacity)
    put_u8(addr, at.ENTER_ORDER_INTERMARKET_SWEEP_ELIGIBILITY, intermarket_sweep_eligibility)
    put_u32(addr, at.ENTER_ORDER_MINIMUM_QUANTITY, minimum_quantity)
    put_u8(addr, at.ENTER_ORDER_CROSS_TYPE, cross_type)
    put_u8(addr, at.ENTER_ORDER_CUSTOMER_TYPE, customer_type)
    if _put_token(addr, at.ENTER_ORDER_ORDER_TOKEN, order_token) < 0:
        return -1
    return at.ENTER_ORDER_LENGTH


@kernel
def put_replace_order(
    addr, existing_order_token, replacement_order_token, shares, price_e4, time_in_force,
    display, intermarket_sweep_eligibility, minimum_quantity,
):  # fmt: skip
    """``U``: cancel and enter anew in one step, at the back of the queue. ``shares`` is for the
    whole chain of replacements: shares already executed count."""
    put_u8(addr, 0, at.REPLACE_ORDER)
    put_u32(addr, at.REPLACE_ORDER_SHARES, shares)
    put_u32(addr, at.REPLACE_ORDER_PRICE, price_e4)
    put_u32(addr, at.REPLACE_ORDER_TIME_IN_FORCE, time_in_force)
    put_u8(addr, at.REPLACE_ORDER_DISPLAY, display)
    put_u8(addr, at.REPLACE_ORDER_INTERMARKET_SWEEP_ELIGIBILITY, intermarket_sweep_eligibility)
    put_u32(addr, at.REPLACE_ORDER_MINIMUM_QUANTITY, minimum_quantity)
    if _put_token(addr, at.REPLACE_ORDER_EXISTING_ORDER_TOKEN, existing_order_token) < 0:
        return -1
    if _put_token(addr, at.REPLACE_ORDER_REPLACEMENT_ORDER_TOKEN, replacement_order_token) < 0:
        return -1
    return at.REPLACE_ORDER_LENGTH


@kernel
def put_cancel_order(addr, order_token, shares):
    """``X``: reduce an order's intended size to ``shares``, executed shares included; 0 cancels
    what is left. The order keeps its place."""
    put_u8(addr, 0, at.CANCEL_ORDER)
    put_u32(addr, at.CANCEL_ORDER_SHARES, shares)
    if _put_token(addr, at.CANCEL_ORDER_ORDER_TOKEN, order_token) < 0:
        return -1
    return at.CANCEL_ORDER_LENGTH


@kernel
def put_modify_order(addr, order_token, side, shares):
    """``M``: change between kinds of selling, or reduce the size, in place."""
    put_u8(addr, 0, at.MODIFY_ORDER)
    put_u8(addr, at.MODIFY_ORDER_BUY_SELL_INDICATOR, side)
    put_u32(addr, at.MODIFY_ORDER_SHARES, shares)
    if _put_token(addr, at.MODIFY_ORDER_ORDER_TOKEN, order_token) < 0:
        return -1
    return at.MODIFY_ORDER_LENGTH


@kernel
def put_trade_now(addr, order_token):
    """``N``: let a resting order take from the other side, where it may."""
    put_u8(addr, 0, at.TRADE_NOW)
    if _put_token(addr, at.TRADE_NOW_ORDER_TOKEN, order_token) < 0:
        return -1
    return at.TRADE_NOW_LENGTH
