"""OUCH 5.0 responses written anew as OUCH 4.2. Kernels.

Everything that order entry says is said in OUCH 5.0 first; for an account that speaks OUCH 4.2,
:func:`deliver` puts the token in the place of the UserRefNum. What OUCH 5.0 knows no more, firm and
time in force in seconds, is repeated from the request.
"""

import numpy as np

from actors.book.memory import kernel
from actors.exchange.ouch42_state import firm_of, is_ouch42, ouch42_at, token_of
from actors.exchange.ouch_codes import code_table
from actors.exchange.sequenced_log import append, message_address
from actors.exchange.venue import log_at
from schemas.venue import ouch42, ouch50
from schemas.venue.big_endian import get_raw8, get_u8, get_u16, get_u32, get_u64, put_bytes

__all__ = ["REJECT_LETTER", "deliver"]

_BLANK = np.int64(ord(" "))
_OTHER = ouch42.RejectReason.OTHER

#: By the RejectReason of OUCH 5.0.
REJECT_LETTER = code_table({
    ouch50.RejectReason.DESTINATION_CLOSED: ouch42.RejectReason.CLOSED,
    ouch50.RejectReason.INVALID_DISPLAY: ouch42.RejectReason.INVALID_DISPLAY,
    ouch50.RejectReason.HALTED: ouch42.RejectReason.HALTED,
    ouch50.RejectReason.FIRM_NOT_AUTHORISED: ouch42.RejectReason.FIRM_NOT_AUTHORISED,
    ouch50.RejectReason.INVALID_MIN_QUANTITY: ouch42.RejectReason.INVALID_MIN_QUANTITY,
    ouch50.RejectReason.INVALID_QUANTITY: ouch42.RejectReason.SHARES_EXCEED_THRESHOLD,
    ouch50.RejectReason.INVALID_CROSS_ORDER: ouch42.RejectReason.NOT_ALLOWED_IN_CROSS,
    ouch50.RejectReason.INVALID_SYMBOL: ouch42.RejectReason.INVALID_STOCK,
    ouch50.RejectReason.INVALID_PRICE: ouch42.RejectReason.INVALID_PRICE,
    ouch50.RejectReason.RISK_RESTRICTED_STOCK: ouch42.RejectReason.INVALID_STOCK,
    max(ouch50.RejectReason): _OTHER,
}, _OTHER)
# A System Event is the same in both.
assert ouch42.OUTBOUND["S"].length == ouch50.OUTBOUND["S"].length


@kernel
def deliver(venue, owner, length):
    """Make the OUCH 5.0 response of ``length`` bytes that was written at the message address of
    the owner's log the next one there, in the protocol that the owner speaks."""
    log = log_at(venue, owner)
    if is_ouch42(venue, np.int64(owner) - 1):
        length = _rewrite(venue, np.int64(owner) - 1, message_address(log), length)
    append(log, length)


@kernel
def _rewrite(venue, account, message, length):
    """Write the response of ``length`` bytes at ``message`` anew. Returns its new length."""
    source = ouch42_at(venue).reply_at
    put_bytes(source, 0, message, length)
    kind, stamp_ns = get_u8(source, 0), get_u64(source, ouch50.TIMESTAMP)
    if kind == ouch50.ACCEPTED:
        return _accepted(venue, account, message, source, stamp_ns)
    if kind == ouch50.REPLACED:
        return _replaced(venue, account, message, source, stamp_ns)
    if kind == ouch50.SYSTEM_EVENT:
        return length
    # The same place in all that follow.
    token_at = token_of(venue, account, get_u32(source, ouch50.EXECUTED_USER_REF_NUM))
    if kind == ouch50.EXECUTED:
        return ouch42.put_executed(
            message, stamp_ns, token_at, get_u32(source, ouch50.EXECUTED_QUANTITY),
            get_u64(source, ouch50.EXECUTED_PRICE), get_u8(source, ouch50.EXECUTED_LIQUIDITY_FLAG),
            get_u64(source, ouch50.EXECUTED_MATCH_NUMBER))
    if kind == ouch50.CANCELED:
        return ouch42.put_canceled(
            message, stamp_ns, token_at, get_u32(source, ouch50.CANCELED_QUANTITY),
            get_u8(source, ouch50.CANCELED_REASON))
    if kind == ouch50.AIQ_CANCELED:
        return ouch42.put_aiq_canceled(
            message, stamp_ns, token_at, get_u32(source, ouch50.AIQ_CANCELED_DECREMENT_SHARES),
            get_u32(source, ouch50.AIQ_CANCELED_QUANTITY_PREVENTED_FROM_TRADING),
            get_u64(source, ouch50.AIQ_CANCELED_EXECUTION_PRICE),
            get_u8(source, ouch50.AIQ_CANCELED_LIQUIDITY_FLAG))
    if kind == ouch50.MODIFIED:
        return ouch42.put_modified(
            message, stamp_ns, token_at, get_u8(source, ouch50.MODIFIED_SIDE),
            get_u32(source, ouch50.MODIFIED_QUANTITY))
    if kind == ouch50.BROKEN_TRADE:
        return ouch42.put_broken_trade(
            message, stamp_ns, token_at, get_u64(source, ouch50.BROKEN_TRADE_MATCH_NUMBER),
            get_u8(source, ouch50.BROKEN_TRADE_REASON))
    if kind == ouch50.CANCEL_PENDING:
        return ouch42.put_cancel_pending(message, stamp_ns, token_at)
    if kind == ouch50.CANCEL_REJECT:
        return ouch42.put_cancel_reject(message, stamp_ns, token_at)
    return ouch42.put_rejected(message, stamp_ns, token_at,
                               REJECT_LETTER[get_u16(source, ouch50.REJECTED_REASON)])


@kernel
def _accepted(venue, account, message, source, stamp_ns):
    request, user_ref = ouch42_at(venue).request_at, get_u32(source, ouch50.ACCEPTED_USER_REF_NUM)
    return ouch42.put_accepted(
        message, stamp_ns, token_of(venue, account, user_ref),
        get_u8(source, ouch50.ACCEPTED_SIDE), get_u32(source, ouch50.ACCEPTED_QUANTITY),
        get_raw8(source, ouch50.ACCEPTED_SYMBOL), get_u64(source, ouch50.ACCEPTED_PRICE),
        get_u32(request, ouch42.ENTER_ORDER_TIME_IN_FORCE), firm_of(venue, account, user_ref),
        get_u8(request, ouch42.ENTER_ORDER_DISPLAY),
        get_u64(source, ouch50.ACCEPTED_ORDER_REFERENCE_NUMBER),
        get_u8(source, ouch50.ACCEPTED_CAPACITY),
        get_u8(source, ouch50.ACCEPTED_INTERMARKET_SWEEP_ELIGIBILITY),
        get_u32(request, ouch42.ENTER_ORDER_MINIMUM_QUANTITY),
        get_u8(source, ouch50.ACCEPTED_CROSS_TYPE), get_u8(source, ouch50.ACCEPTED_ORDER_STATE),
        _BLANK)


@kernel
def _replaced(venue, account, message, source, stamp_ns):
    request, user_ref = ouch42_at(venue).request_at, get_u32(source, ouch50.REPLACED_USER_REF_NUM)
    return ouch42.put_replaced(
        message, stamp_ns, token_of(venue, account, user_ref),
        get_u8(source, ouch50.REPLACED_SIDE), get_u32(source, ouch50.REPLACED_QUANTITY),
        get_raw8(source, ouch50.REPLACED_SYMBOL), get_u64(source, ouch50.REPLACED_PRICE),
        get_u32(request, ouch42.REPLACE_ORDER_TIME_IN_FORCE), firm_of(venue, account, user_ref),
        get_u8(request, ouch42.REPLACE_ORDER_DISPLAY),
        get_u64(source, ouch50.REPLACED_ORDER_REFERENCE_NUMBER),
        get_u8(source, ouch50.REPLACED_CAPACITY),
        get_u8(source, ouch50.REPLACED_INTERMARKET_SWEEP_ELIGIBILITY),
        get_u32(request, ouch42.REPLACE_ORDER_MINIMUM_QUANTITY),
        get_u8(source, ouch50.REPLACED_CROSS_TYPE), get_u8(source, ouch50.REPLACED_ORDER_STATE),
        token_of(venue, account, get_u32(source, ouch50.REPLACED_ORIG_USER_REF_NUM)), _BLANK)
