"""Kernels that write OUCH 5.0 requests: the client's side.

Each writes a whole message without options at the address ``addr`` and returns its length in bytes
(:func:`schemas.venue.ouch50.append_option` adds options). The values are the fields of
``tables.py``: prices in 1/10,000 of the currency, one-letter fields their byte values
(``Side.BUY``), ``symbol`` and ``firm`` integers in memory order, and ``cl_ord_id`` an order id,
which is written in decimal and comes back from every response by ``get_decimal``.

Values are not checked, with one exception: an order id that is negative or has more than 14 digits
leaves ClOrdID blank, and -1 is returned in place of a length, so that it is not sent.
"""

from schemas.pointer import kernel
from schemas.venue.big_endian import put_raw4, put_raw8, put_u8, put_u16, put_u32, put_u64
from schemas.venue.ouch50 import offsets as at
from schemas.venue.text import put_decimal

__all__ = [
    "put_account_query",
    "put_cancel_order",
    "put_disable_order_entry",
    "put_enable_order_entry",
    "put_enter_order",
    "put_mass_cancel",
    "put_modify_order",
    "put_replace_order",
]


@kernel
def put_enter_order(
    addr, user_ref_num, side, quantity, symbol, price_e4, time_in_force, display, capacity,
    intermarket_sweep_eligibility, cross_type, cl_ord_id,
):  # fmt: skip
    """``O``: a new order. A ``user_ref_num`` not above the last one is ignored by the exchange."""
    put_u8(addr, 0, at.ENTER_ORDER)
    put_u32(addr, at.ENTER_ORDER_USER_REF_NUM, user_ref_num)
    put_u8(addr, at.ENTER_ORDER_SIDE, side)
    put_u32(addr, at.ENTER_ORDER_QUANTITY, quantity)
    put_raw8(addr, at.ENTER_ORDER_SYMBOL, symbol)
    put_u64(addr, at.ENTER_ORDER_PRICE, price_e4)
    put_u8(addr, at.ENTER_ORDER_TIME_IN_FORCE, time_in_force)
    put_u8(addr, at.ENTER_ORDER_DISPLAY, display)
    put_u8(addr, at.ENTER_ORDER_CAPACITY, capacity)
    put_u8(addr, at.ENTER_ORDER_INTERMARKET_SWEEP_ELIGIBILITY, intermarket_sweep_eligibility)
    put_u8(addr, at.ENTER_ORDER_CROSS_TYPE, cross_type)
    put_u16(addr, at.ENTER_ORDER_APPENDAGE_LENGTH, 0)
    if put_decimal(addr, at.ENTER_ORDER_CL_ORD_ID, at.CL_ORD_ID_LENGTH, cl_ord_id) < 0:
        return -1
    return at.ENTER_ORDER_LENGTH


@kernel
def put_replace_order(
    addr, orig_user_ref_num, user_ref_num, quantity, price_e4, time_in_force, display,
    intermarket_sweep_eligibility, cl_ord_id,
):  # fmt: skip
    """``U``: cancel and enter anew in one step, at the back of the queue.

    ``quantity`` is for the whole chain of replacements: shares already executed count.
    """
    put_u8(addr, 0, at.REPLACE_ORDER)
    put_u32(addr, at.REPLACE_ORDER_ORIG_USER_REF_NUM, orig_user_ref_num)
    put_u32(addr, at.REPLACE_ORDER_USER_REF_NUM, user_ref_num)
    put_u32(addr, at.REPLACE_ORDER_QUANTITY, quantity)
    put_u64(addr, at.REPLACE_ORDER_PRICE, price_e4)
    put_u8(addr, at.REPLACE_ORDER_TIME_IN_FORCE, time_in_force)
    put_u8(addr, at.REPLACE_ORDER_DISPLAY, display)
    put_u8(addr, at.REPLACE_ORDER_INTERMARKET_SWEEP_ELIGIBILITY, intermarket_sweep_eligibility)
    put_u16(addr, at.REPLACE_ORDER_APPENDAGE_LENGTH, 0)
    if put_decimal(addr, at.REPLACE_ORDER_CL_ORD_ID, at.CL_ORD_ID_LENGTH, cl_ord_id) < 0:
        return -1
    return at.REPLACE_ORDER_LENGTH


@kernel
def put_cancel_order(addr, user_ref_num, quantity):
    """``X``: reduce an order's intended size to ``quantity``, executed shares included; 0 cancels
    what is left. The order keeps its place."""
    put_u8(addr, 0, at.CANCEL_ORDER)
    put_u32(addr, at.CANCEL_ORDER_USER_REF_NUM, user_ref_num)
    put_u32(addr, at.CANCEL_ORDER_QUANTITY, quantity)
    return at.CANCEL_ORDER_LENGTH


@kernel
def put_modify_order(addr, user_ref_num, side, quantity):
    """``M``: change between kinds of selling, or reduce the size, in place."""
    put_u8(addr, 0, at.MODIFY_ORDER)
    put_u32(addr, at.MODIFY_ORDER_USER_REF_NUM, user_ref_num)
    put_u8(addr, at.MODIFY_ORDER_SIDE, side)
    put_u32(addr, at.MODIFY_ORDER_QUANTITY, quantity)
    return at.MODIFY_ORDER_LENGTH


@kernel
def put_mass_cancel(addr, user_ref_num, firm, symbol):
    """``C``: cancel all orders of a firm in a symbol."""
    put_u8(addr, 0, at.MASS_CANCEL)
    put_u32(addr, at.MASS_CANCEL_USER_REF_NUM, user_ref_num)
    put_raw4(addr, at.MASS_CANCEL_FIRM, firm)
    put_raw8(addr, at.MASS_CANCEL_SYMBOL, symbol)
    put_u16(addr, at.MASS_CANCEL_APPENDAGE_LENGTH, 0)
    return at.MASS_CANCEL_LENGTH


@kernel
def put_disable_order_entry(addr, user_ref_num, firm):
    """``D``: take no more orders of a firm, until ``E``."""
    put_u8(addr, 0, at.DISABLE_ORDER_ENTRY)
    put_u32(addr, at.DISABLE_ORDER_ENTRY_USER_REF_NUM, user_ref_num)
    put_raw4(addr, at.DISABLE_ORDER_ENTRY_FIRM, firm)
    put_u16(addr, at.DISABLE_ORDER_ENTRY_APPENDAGE_LENGTH, 0)
    return at.DISABLE_ORDER_ENTRY_LENGTH


@kernel
def put_enable_order_entry(addr, user_ref_num, firm):
    """``E``: take orders of a firm again."""
    put_u8(addr, 0, at.ENABLE_ORDER_ENTRY)
    put_u32(addr, at.ENABLE_ORDER_ENTRY_USER_REF_NUM, user_ref_num)
    put_raw4(addr, at.ENABLE_ORDER_ENTRY_FIRM, firm)
    put_u16(addr, at.ENABLE_ORDER_ENTRY_APPENDAGE_LENGTH, 0)
    return at.ENABLE_ORDER_ENTRY_LENGTH


@kernel
def put_account_query(addr):
    """``Q``: ask for the next user reference number, after a reconnection."""
    put_u8(addr, 0, at.ACCOUNT_QUERY)
    return at.ACCOUNT_QUERY_LENGTH
