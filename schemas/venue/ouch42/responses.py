"""Kernels that write OUCH 4.2 responses: the exchange's side.

Each writes a whole message at the address ``addr`` and returns its length in bytes. Times are
nanoseconds since midnight, prices 1/10,000 of the currency, one-letter fields their byte values,
``symbol`` and ``firm`` integers in memory order. A token is the address of the client's 14 bytes,
``order_token_at``, which are echoed as they came: clients put any text there. Values are not
checked.
"""

from schemas.pointer import kernel
from schemas.venue.big_endian import put_bytes, put_raw4, put_raw8, put_u8, put_u32, put_u64
from schemas.venue.ouch42 import offsets as at
from schemas.venue.ouch42.codes import CancelReason

__all__ = [
    "put_accepted",
    "put_aiq_canceled",
    "put_broken_trade",
    "put_cancel_pending",
    "put_cancel_reject",
    "put_canceled",
    "put_executed",
    "put_executed_with_reference_price",
    "put_modified",
    "put_order_priority_update",
    "put_rejected",
    "put_replaced",
    "put_system_event",
    "put_trade_correction",
    "put_trade_now_response",
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
    addr, timestamp_ns, order_token_at, side, shares, symbol, price_e4, time_in_force, firm,
    display, order_reference_number, capacity, intermarket_sweep_eligibility, minimum_quantity,
    cross_type, order_state, bbo_weight_indicator,
):  # fmt: skip
    """``A``: the order as the exchange took it. ``order_state`` DEAD means that it is already
    cancelled and nothing more comes."""
    _put_header(addr, at.ACCEPTED, timestamp_ns)
    put_bytes(addr, at.ACCEPTED_ORDER_TOKEN, order_token_at, at.ORDER_TOKEN_LENGTH)
    put_u8(addr, at.ACCEPTED_BUY_SELL_INDICATOR, side)
    put_u32(addr, at.ACCEPTED_SHARES, shares)
    put_raw8(addr, at.ACCEPTED_STOCK, symbol)
    put_u32(addr, at.ACCEPTED_PRICE, price_e4)
    put_u32(addr, at.ACCEPTED_TIME_IN_FORCE, time_in_force)
    put_raw4(addr, at.ACCEPTED_FIRM, firm)
    put_u8(addr, at.ACCEPTED_DISPLAY, display)
    put_u64(addr, at.ACCEPTED_ORDER_REFERENCE_NUMBER, order_reference_number)
    put_u8(addr, at.ACCEPTED_CAPACITY, capacity)
    put_u8(addr, at.ACCEPTED_INTERMARKET_SWEEP_ELIGIBILITY, intermarket_sweep_eligibility)
    put_u32(addr, at.ACCEPTED_MINIMUM_QUANTITY, minimum_quantity)
    put_u8(addr, at.ACCEPTED_CROSS_TYPE, cross_type)
    put_u8(addr, at.ACCEPTED_ORDER_STATE, order_state)
    put_u8(addr, at.ACCEPTED_BBO_WEIGHT_INDICATOR, bbo_weight_indicator)
    return at.ACCEPTED_LENGTH


@kernel
def put_replaced(
    addr, timestamp_ns, replacement_order_token_at, side, shares, symbol, price_e4,
    time_in_force, firm, display, order_reference_number, capacity,
    intermarket_sweep_eligibility, minimum_quantity, cross_type, order_state,
    previous_order_token_at, bbo_weight_indicator,
):  # fmt: skip
    """``U``: the order that took the place of the previous token's; ``shares`` is what is left to
    execute."""
    _put_header(addr, at.REPLACED, timestamp_ns)
    put_bytes(
        addr, at.REPLACED_REPLACEMENT_ORDER_TOKEN, replacement_order_token_at, at.ORDER_TOKEN_LENGTH
    )
    put_u8(addr, at.REPLACED_BUY_SELL_INDICATOR, side)
    put_u32(addr, at.REPLACED_SHARES, shares)
    put_raw8(addr, at.REPLACED_STOCK, symbol)
    put_u32(addr, at.REPLACED_PRICE, price_e4)
    put_u32(addr, at.REPLACED_TIME_IN_FORCE, time_in_force)
    put_raw4(addr, at.REPLACED_FIRM, firm)
    put_u8(addr, at.REPLACED_DISPLAY, display)
    put_u64(addr, at.REPLACED_ORDER_REFERENCE_NUMBER, order_reference_number)
    put_u8(addr, at.REPLACED_CAPACITY, capacity)
    put_u8(addr, at.REPLACED_INTERMARKET_SWEEP_ELIGIBILITY, intermarket_sweep_eligibility)
    put_u32(addr, at.REPLACED_MINIMUM_QUANTITY, minimum_quantity)
    put_u8(addr, at.REPLACED_CROSS_TYPE, cross_type)
    put_u8(addr, at.REPLACED_ORDER_STATE, order_state)
    put_bytes(
        addr, at.REPLACED_PREVIOUS_ORDER_TOKEN, previous_order_token_at, at.ORDER_TOKEN_LENGTH
    )
    put_u8(addr, at.REPLACED_BBO_WEIGHT_INDICATOR, bbo_weight_indicator)
    return at.REPLACED_LENGTH


@kernel
def put_canceled(addr, timestamp_ns, order_token_at, decrement_shares, reason):
    """``C``: ``decrement_shares`` were taken off the order, for a :class:`CancelReason`."""
    _put_header(addr, at.CANCELED, timestamp_ns)
    put_bytes(addr, at.CANCELED_ORDER_TOKEN, order_token_at, at.ORDER_TOKEN_LENGTH)
    put_u32(addr, at.CANCELED_DECREMENT_SHARES, decrement_shares)
    put_u8(addr, at.CANCELED_REASON, reason)
    return at.CANCELED_LENGTH


@kernel
def put_aiq_canceled(
    addr, timestamp_ns, order_token_at, decrement_shares, quantity_prevented_from_trading,
    execution_price_e4, liquidity_flag,
):  # fmt: skip
    """``D``: shares taken off because they would have traded with the same firm's order."""
    _put_header(addr, at.AIQ_CANCELED, timestamp_ns)
    put_bytes(addr, at.AIQ_CANCELED_ORDER_TOKEN, order_token_at, at.ORDER_TOKEN_LENGTH)
    put_u32(addr, at.AIQ_CANCELED_DECREMENT_SHARES, decrement_shares)
    put_u8(addr, at.AIQ_CANCELED_REASON, SELF_MATCH_PREVENTION)
    put_u32(addr, at.AIQ_CANCELED_QUANTITY_PREVENTED_FROM_TRADING, quantity_prevented_from_trading)
    put_u32(addr, at.AIQ_CANCELED_EXECUTION_PRICE, execution_price_e4)
    put_u8(addr, at.AIQ_CANCELED_LIQUIDITY_FLAG, liquidity_flag)
    return at.AIQ_CANCELED_LENGTH


@kernel
def put_executed(
    addr, timestamp_ns, order_token_at, executed_shares, execution_price_e4, liquidity_flag,
    match_number,
):  # fmt: skip
    """``E``: ``executed_shares`` of the order traded at ``execution_price_e4``."""
    _put_header(addr, at.EXECUTED, timestamp_ns)
    put_bytes(addr, at.EXECUTED_ORDER_TOKEN, order_token_at, at.ORDER_TOKEN_LENGTH)
    put_u32(addr, at.EXECUTED_EXECUTED_SHARES, executed_shares)
    put_u32(addr, at.EXECUTED_EXECUTION_PRICE, execution_price_e4)
    put_u8(addr, at.EXECUTED_LIQUIDITY_FLAG, liquidity_flag)
    put_u64(addr, at.EXECUTED_MATCH_NUMBER, match_number)
    return at.EXECUTED_LENGTH


@kernel
def put_broken_trade(addr, timestamp_ns, order_token_at, match_number, reason):
    """``B``: an execution is void, for a :class:`BrokenTradeReason`."""
    _put_header(addr, at.BROKEN_TRADE, timestamp_ns)
    put_bytes(addr, at.BROKEN_TRADE_ORDER_TOKEN, order_token_at, at.ORDER_TOKEN_LENGTH)
    put_u64(addr, at.BROKEN_TRADE_MATCH_NUMBER, match_number)
    put_u8(addr, at.BROKEN_TRADE_REASON, reason)
    return at.BROKEN_TRADE_LENGTH


@kernel
def put_executed_with_reference_price(
    addr, timestamp_ns, order_token_at, executed_shares, execution_price_e4, liquidity_flag,
    match_number, reference_price_e4, reference_price_type,
):  # fmt: skip
    """``G``: as ``E``, and the reference price that it was priced by."""
    _put_header(addr, at.EXECUTED_WITH_REFERENCE_PRICE, timestamp_ns)
    put_bytes(
        addr, at.EXECUTED_WITH_REFERENCE_PRICE_ORDER_TOKEN, order_token_at, at.ORDER_TOKEN_LENGTH
    )
    put_u32(addr, at.EXECUTED_WITH_REFERENCE_PRICE_EXECUTED_SHARES, executed_shares)
    put_u32(addr, at.EXECUTED_WITH_REFERENCE_PRICE_EXECUTION_PRICE, execution_price_e4)
    put_u8(addr, at.EXECUTED_WITH_REFERENCE_PRICE_LIQUIDITY_FLAG, liquidity_flag)
    put_u64(addr, at.EXECUTED_WITH_REFERENCE_PRICE_MATCH_NUMBER, match_number)
    put_u32(addr, at.EXECUTED_WITH_REFERENCE_PRICE_REFERENCE_PRICE, reference_price_e4)
    put_u8(addr, at.EXECUTED_WITH_REFERENCE_PRICE_REFERENCE_PRICE_TYPE, reference_price_type)
    return at.EXECUTED_WITH_REFERENCE_PRICE_LENGTH


@kernel
def put_trade_correction(
    addr, timestamp_ns, order_token_at, executed_shares, execution_price_e4, liquidity_flag,
    match_number, reason,
):  # fmt: skip
    """``F``: an execution as it is after a correction, for a :class:`BrokenTradeReason`."""
    _put_header(addr, at.TRADE_CORRECTION, timestamp_ns)
    put_bytes(addr, at.TRADE_CORRECTION_ORDER_TOKEN, order_token_at, at.ORDER_TOKEN_LENGTH)
    put_u32(addr, at.TRADE_CORRECTION_EXECUTED_SHARES, executed_shares)
    put_u32(addr, at.TRADE_CORRECTION_EXECUTION_PRICE, execution_price_e4)
    put_u8(addr, at.TRADE_CORRECTION_LIQUIDITY_FLAG, liquidity_flag)
    put_u64(addr, at.TRADE_CORRECTION_MATCH_NUMBER, match_number)
    put_u8(addr, at.TRADE_CORRECTION_REASON, reason)
    return at.TRADE_CORRECTION_LENGTH


@kernel
def put_rejected(addr, timestamp_ns, order_token_at, reason):
    """``J``: the order was refused, for a :class:`RejectReason`."""
    _put_header(addr, at.REJECTED, timestamp_ns)
    put_bytes(addr, at.REJECTED_ORDER_TOKEN, order_token_at, at.ORDER_TOKEN_LENGTH)
    put_u8(addr, at.REJECTED_REASON, reason)
    return at.REJECTED_LENGTH


@kernel
def put_cancel_pending(addr, timestamp_ns, order_token_at):
    """``P``: the cancel will be carried out when the cross the order takes part in is over."""
    _put_header(addr, at.CANCEL_PENDING, timestamp_ns)
    put_bytes(addr, at.CANCEL_PENDING_ORDER_TOKEN, order_token_at, at.ORDER_TOKEN_LENGTH)
    return at.CANCEL_PENDING_LENGTH


@kernel
def put_cancel_reject(addr, timestamp_ns, order_token_at):
    """``I``: the order cannot be cancelled now."""
    _put_header(addr, at.CANCEL_REJECT, timestamp_ns)
    put_bytes(addr, at.CANCEL_REJECT_ORDER_TOKEN, order_token_at, at.ORDER_TOKEN_LENGTH)
    return at.CANCEL_REJECT_LENGTH


@kernel
def put_order_priority_update(
    addr, timestamp_ns, order_token_at, price_e4, display, order_reference_number
):
    """``T``: the order rests at another price or under another number, with new priority."""
    _put_header(addr, at.ORDER_PRIORITY_UPDATE, timestamp_ns)
    put_bytes(addr, at.ORDER_PRIORITY_UPDATE_ORDER_TOKEN, order_token_at, at.ORDER_TOKEN_LENGTH)
    put_u32(addr, at.ORDER_PRIORITY_UPDATE_PRICE, price_e4)
    put_u8(addr, at.ORDER_PRIORITY_UPDATE_DISPLAY, display)
    put_u64(addr, at.ORDER_PRIORITY_UPDATE_ORDER_REFERENCE_NUMBER, order_reference_number)
    return at.ORDER_PRIORITY_UPDATE_LENGTH


@kernel
def put_modified(addr, timestamp_ns, order_token_at, side, shares):
    """``M``: the order after a Modify Order."""
    _put_header(addr, at.MODIFIED, timestamp_ns)
    put_bytes(addr, at.MODIFIED_ORDER_TOKEN, order_token_at, at.ORDER_TOKEN_LENGTH)
    put_u8(addr, at.MODIFIED_BUY_SELL_INDICATOR, side)
    put_u32(addr, at.MODIFIED_SHARES, shares)
    return at.MODIFIED_LENGTH


@kernel
def put_trade_now_response(addr, timestamp_ns, order_token_at):
    """``N``: the Trade Now was taken."""
    _put_header(addr, at.TRADE_NOW_RESPONSE, timestamp_ns)
    put_bytes(addr, at.TRADE_NOW_RESPONSE_ORDER_TOKEN, order_token_at, at.ORDER_TOKEN_LENGTH)
    return at.TRADE_NOW_RESPONSE_LENGTH
