"""Kernels that write OUCH 5.0 responses: the exchange's side.

Each writes a whole message without options at the address ``addr`` and returns its length in bytes
(:func:`schemas.venue.ouch50.append_option` adds options). Times are nanoseconds since midnight,
prices 1/10,000 of the currency, one-letter fields their byte values, ``symbol`` and ``firm``
integers in memory order. ``cl_ord_id_at`` is the address of the client's 14 bytes, which are echoed
as they came: clients put any text there. Values are not checked.
"""

from schemas.pointer import kernel
from schemas.venue.big_endian import (
    put_bytes,
    put_raw4,
    put_raw8,
    put_u8,
    put_u16,
    put_u32,
    put_u64,
)
from schemas.venue.ouch50 import offsets as at
from schemas.venue.ouch50.codes import CancelReason

__all__ = [
    "put_accepted",
    "put_account_query_response",
    "put_aiq_canceled",
    "put_broken_trade",
    "put_cancel_pending",
    "put_cancel_reject",
    "put_canceled",
    "put_disable_order_entry_response",
    "put_enable_order_entry_response",
    "put_executed",
    "put_mass_cancel_response",
    "put_modified",
    "put_order_priority_update",
    "put_rejected",
    "put_replaced",
    "put_restated",
    "put_system_event",
]

SELF_MATCH_PREVENTION = int(CancelReason.SELF_MATCH_PREVENTION)


@kernel
def _put_header(addr, message_type, timestamp_ns):
    put_u8(addr, 0, message_type)
    put_u64(addr, at.TIMESTAMP, timestamp_ns)


@kernel
def put_system_event(addr, timestamp_ns, event_code):
    """``S``: the day starts or ends, an :class:`EventCode`."""
    _put_header(addr, at.SYSTEM_EVENT, timestamp_ns)
    put_u8(addr, at.SYSTEM_EVENT_EVENT_CODE, event_code)
    return at.SYSTEM_EVENT_LENGTH


@kernel
def put_accepted(
    addr, timestamp_ns, user_ref_num, side, quantity, symbol, price_e4, time_in_force, display,
    order_reference_number, capacity, intermarket_sweep_eligibility, cross_type, order_state,
    cl_ord_id_at,
):  # fmt: skip
    """``A``: the order as the exchange took it. ``order_state`` DEAD means that it is already
    cancelled and nothing more comes."""
    _put_header(addr, at.ACCEPTED, timestamp_ns)
    put_u32(addr, at.ACCEPTED_USER_REF_NUM, user_ref_num)
    put_u8(addr, at.ACCEPTED_SIDE, side)
    put_u32(addr, at.ACCEPTED_QUANTITY, quantity)
    put_raw8(addr, at.ACCEPTED_SYMBOL, symbol)
    put_u64(addr, at.ACCEPTED_PRICE, price_e4)
    put_u8(addr, at.ACCEPTED_TIME_IN_FORCE, time_in_force)
    put_u8(addr, at.ACCEPTED_DISPLAY, display)
    put_u64(addr, at.ACCEPTED_ORDER_REFERENCE_NUMBER, order_reference_number)
    put_u8(addr, at.ACCEPTED_CAPACITY, capacity)
    put_u8(addr, at.ACCEPTED_INTERMARKET_SWEEP_ELIGIBILITY, intermarket_sweep_eligibility)
    put_u8(addr, at.ACCEPTED_CROSS_TYPE, cross_type)
    put_u8(addr, at.ACCEPTED_ORDER_STATE, order_state)
    put_bytes(addr, at.ACCEPTED_CL_ORD_ID, cl_ord_id_at, at.CL_ORD_ID_LENGTH)
    put_u16(addr, at.ACCEPTED_APPENDAGE_LENGTH, 0)
    return at.ACCEPTED_LENGTH


@kernel
def put_replaced(
    addr, timestamp_ns, orig_user_ref_num, user_ref_num, side, quantity, symbol, price_e4,
    time_in_force, display, order_reference_number, capacity, intermarket_sweep_eligibility,
    cross_type, order_state, cl_ord_id_at,
):  # fmt: skip
    """``U``: the order that took the place of ``orig_user_ref_num``; ``quantity`` is what is left
    to execute."""
    _put_header(addr, at.REPLACED, timestamp_ns)
    put_u32(addr, at.REPLACED_ORIG_USER_REF_NUM, orig_user_ref_num)
    put_u32(addr, at.REPLACED_USER_REF_NUM, user_ref_num)
    put_u8(addr, at.REPLACED_SIDE, side)
    put_u32(addr, at.REPLACED_QUANTITY, quantity)
    put_raw8(addr, at.REPLACED_SYMBOL, symbol)
    put_u64(addr, at.REPLACED_PRICE, price_e4)
    put_u8(addr, at.REPLACED_TIME_IN_FORCE, time_in_force)
    put_u8(addr, at.REPLACED_DISPLAY, display)
    put_u64(addr, at.REPLACED_ORDER_REFERENCE_NUMBER, order_reference_number)
    put_u8(addr, at.REPLACED_CAPACITY, capacity)
    put_u8(addr, at.REPLACED_INTERMARKET_SWEEP_ELIGIBILITY, intermarket_sweep_eligibility)
    put_u8(addr, at.REPLACED_CROSS_TYPE, cross_type)
    put_u8(addr, at.REPLACED_ORDER_STATE, order_state)
    put_bytes(addr, at.REPLACED_CL_ORD_ID, cl_ord_id_at, at.CL_ORD_ID_LENGTH)
    put_u16(addr, at.REPLACED_APPENDAGE_LENGTH, 0)
    return at.REPLACED_LENGTH


@kernel
def put_canceled(addr, timestamp_ns, user_ref_num, quantity, reason):
    """``C``: ``quantity`` shares were taken off the order, for a :class:`CancelReason`."""
    _put_header(addr, at.CANCELED, timestamp_ns)
    put_u32(addr, at.CANCELED_USER_REF_NUM, user_ref_num)
    put_u32(addr, at.CANCELED_QUANTITY, quantity)
    put_u8(addr, at.CANCELED_REASON, reason)
    return at.CANCELED_LENGTH


@kernel
def put_aiq_canceled(
    addr, timestamp_ns, user_ref_num, decrement_shares, quantity_prevented_from_trading,
    execution_price_e4, liquidity_flag, aiq_strategy,
):  # fmt: skip
    """``D``: shares taken off because they would have traded with the same firm's order."""
    _put_header(addr, at.AIQ_CANCELED, timestamp_ns)
    put_u32(addr, at.AIQ_CANCELED_USER_REF_NUM, user_ref_num)
    put_u32(addr, at.AIQ_CANCELED_DECREMENT_SHARES, decrement_shares)
    put_u8(addr, at.AIQ_CANCELED_REASON, SELF_MATCH_PREVENTION)
    put_u32(
        addr, at.AIQ_CANCELED_QUANTITY_PREVENTED_FROM_TRADING, quantity_prevented_from_trading
    )
    put_u64(addr, at.AIQ_CANCELED_EXECUTION_PRICE, execution_price_e4)
    put_u8(addr, at.AIQ_CANCELED_LIQUIDITY_FLAG, liquidity_flag)
    put_u8(addr, at.AIQ_CANCELED_AIQ_STRATEGY, aiq_strategy)
    return at.AIQ_CANCELED_LENGTH


@kernel
def put_executed(
    addr, timestamp_ns, user_ref_num, quantity, price_e4, liquidity_flag, match_number
):
    """``E``: ``quantity`` shares of the order traded at ``price_e4``."""
    _put_header(addr, at.EXECUTED, timestamp_ns)
    put_u32(addr, at.EXECUTED_USER_REF_NUM, user_ref_num)
    put_u32(addr, at.EXECUTED_QUANTITY, quantity)
    put_u64(addr, at.EXECUTED_PRICE, price_e4)
    put_u8(addr, at.EXECUTED_LIQUIDITY_FLAG, liquidity_flag)
    put_u64(addr, at.EXECUTED_MATCH_NUMBER, match_number)
    put_u16(addr, at.EXECUTED_APPENDAGE_LENGTH, 0)
    return at.EXECUTED_LENGTH


@kernel
def put_broken_trade(addr, timestamp_ns, user_ref_num, match_number, reason, cl_ord_id_at):
    """``B``: an execution of the order is void; ``reason`` is ``E``, ``C``, ``S`` or ``X``."""
    _put_header(addr, at.BROKEN_TRADE, timestamp_ns)
    put_u32(addr, at.BROKEN_TRADE_USER_REF_NUM, user_ref_num)
    put_u64(addr, at.BROKEN_TRADE_MATCH_NUMBER, match_number)
    put_u8(addr, at.BROKEN_TRADE_REASON, reason)
    put_bytes(addr, at.BROKEN_TRADE_CL_ORD_ID, cl_ord_id_at, at.CL_ORD_ID_LENGTH)
    return at.BROKEN_TRADE_LENGTH


@kernel
def put_rejected(addr, timestamp_ns, user_ref_num, reason, cl_ord_id_at):
    """``J``: the order was refused, for a :class:`RejectReason`."""
    _put_header(addr, at.REJECTED, timestamp_ns)
    put_u32(addr, at.REJECTED_USER_REF_NUM, user_ref_num)
    put_u16(addr, at.REJECTED_REASON, reason)
    put_bytes(addr, at.REJECTED_CL_ORD_ID, cl_ord_id_at, at.CL_ORD_ID_LENGTH)
    return at.REJECTED_LENGTH


@kernel
def put_cancel_pending(addr, timestamp_ns, user_ref_num):
    """``P``: the cancel will be carried out when the cross the order takes part in is over."""
    _put_header(addr, at.CANCEL_PENDING, timestamp_ns)
    put_u32(addr, at.CANCEL_PENDING_USER_REF_NUM, user_ref_num)
    return at.CANCEL_PENDING_LENGTH


@kernel
def put_cancel_reject(addr, timestamp_ns, user_ref_num):
    """``I``: the order cannot be cancelled now."""
    _put_header(addr, at.CANCEL_REJECT, timestamp_ns)
    put_u32(addr, at.CANCEL_REJECT_USER_REF_NUM, user_ref_num)
    return at.CANCEL_REJECT_LENGTH


@kernel
def put_order_priority_update(
    addr, timestamp_ns, user_ref_num, price_e4, display, order_reference_number
):
    """``T``: the order rests at another price or under another number, with new priority."""
    _put_header(addr, at.ORDER_PRIORITY_UPDATE, timestamp_ns)
    put_u32(addr, at.ORDER_PRIORITY_UPDATE_USER_REF_NUM, user_ref_num)
    put_u64(addr, at.ORDER_PRIORITY_UPDATE_PRICE, price_e4)
    put_u8(addr, at.ORDER_PRIORITY_UPDATE_DISPLAY, display)
    put_u64(addr, at.ORDER_PRIORITY_UPDATE_ORDER_REFERENCE_NUMBER, order_reference_number)
    return at.ORDER_PRIORITY_UPDATE_LENGTH


@kernel
def put_modified(addr, timestamp_ns, user_ref_num, side, quantity):
    """``M``: the order after a Modify Order Request."""
    _put_header(addr, at.MODIFIED, timestamp_ns)
    put_u32(addr, at.MODIFIED_USER_REF_NUM, user_ref_num)
    put_u8(addr, at.MODIFIED_SIDE, side)
    put_u32(addr, at.MODIFIED_QUANTITY, quantity)
    return at.MODIFIED_LENGTH


@kernel
def put_restated(addr, timestamp_ns, user_ref_num, reason):
    """``R``: the exchange changed the order: ``R``, its display was refreshed, or ``P``, its price
    updated. What it is now comes in options."""
    _put_header(addr, at.RESTATED, timestamp_ns)
    put_u32(addr, at.RESTATED_USER_REF_NUM, user_ref_num)
    put_u8(addr, at.RESTATED_REASON, reason)
    put_u16(addr, at.RESTATED_APPENDAGE_LENGTH, 0)
    return at.RESTATED_LENGTH


@kernel
def put_mass_cancel_response(addr, timestamp_ns, user_ref_num, firm, symbol):
    """``X``: the Mass Cancel Request was taken."""
    _put_header(addr, at.MASS_CANCEL_RESPONSE, timestamp_ns)
    put_u32(addr, at.MASS_CANCEL_RESPONSE_USER_REF_NUM, user_ref_num)
    put_raw4(addr, at.MASS_CANCEL_RESPONSE_FIRM, firm)
    put_raw8(addr, at.MASS_CANCEL_RESPONSE_SYMBOL, symbol)
    put_u16(addr, at.MASS_CANCEL_RESPONSE_APPENDAGE_LENGTH, 0)
    return at.MASS_CANCEL_RESPONSE_LENGTH


@kernel
def put_disable_order_entry_response(addr, timestamp_ns, user_ref_num, firm):
    """``G``: no more orders of the firm are taken."""
    _put_header(addr, at.DISABLE_ORDER_ENTRY_RESPONSE, timestamp_ns)
    put_u32(addr, at.DISABLE_ORDER_ENTRY_RESPONSE_USER_REF_NUM, user_ref_num)
    put_raw4(addr, at.DISABLE_ORDER_ENTRY_RESPONSE_FIRM, firm)
    put_u16(addr, at.DISABLE_ORDER_ENTRY_RESPONSE_APPENDAGE_LENGTH, 0)
    return at.DISABLE_ORDER_ENTRY_RESPONSE_LENGTH


@kernel
def put_enable_order_entry_response(addr, timestamp_ns, user_ref_num, firm):
    """``K``: orders of the firm are taken again."""
    _put_header(addr, at.ENABLE_ORDER_ENTRY_RESPONSE, timestamp_ns)
    put_u32(addr, at.ENABLE_ORDER_ENTRY_RESPONSE_USER_REF_NUM, user_ref_num)
    put_raw4(addr, at.ENABLE_ORDER_ENTRY_RESPONSE_FIRM, firm)
    put_u16(addr, at.ENABLE_ORDER_ENTRY_RESPONSE_APPENDAGE_LENGTH, 0)
    return at.ENABLE_ORDER_ENTRY_RESPONSE_LENGTH


@kernel
def put_account_query_response(addr, timestamp_ns, next_user_ref_num):
    """``Q``: the next user reference number that the exchange will take."""
    _put_header(addr, at.ACCOUNT_QUERY_RESPONSE, timestamp_ns)
    put_u32(addr, at.ACCOUNT_QUERY_RESPONSE_NEXT_USER_REF_NUM, next_user_ref_num)
    return at.ACCOUNT_QUERY_RESPONSE_LENGTH
