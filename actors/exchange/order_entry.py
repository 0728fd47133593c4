"""Order entry: OUCH 5.0 requests, one by one, checked and carried out.

What a request means to the engine, and what is refused, is told in
:mod:`actors.exchange.order_terms`. The engine has no tick of its own, so that is checked here.

A UserRefNum not above the account's highest is a retransmission and is ignored, as is a request for
an order that is gone (OUCH 5.0, sections 1 and 2). A Modify that asks for a side that its order
cannot take is ignored too: the protocol has no answer for it.
"""

import numpy as np

from actors.book.memory import kernel
from actors.book.order_book import order_at
from actors.exchange.accounts import may_send, may_trade
from actors.exchange.cancel_freeze import (
    answer_frozen, answer_frozen_orders, is_frozen, refuse_frozen_replace,
)
from actors.exchange.engine_state import CancelReason, Status
from actors.exchange.matching import (
    cancel_all, cancel_at, enter, find, modify_at, replace_with,
)
from actors.exchange.matching_events import book_of
from actors.exchange.order_replies import answer_gate, reject, settle
from actors.exchange.order_terms import (
    MAX_FLOOR, MIN_QTY, attributes_of, is_display, on_tick, option_of, order_type_of,
    refuse_expiry, refuse_options, sweep_of, time_in_force_of,
)
from actors.exchange.ouch_codes import tag_capacity, tag_display, tag_of, tag_side, tag_sweep
from actors.exchange.sequenced_log import append, message_address
from actors.exchange.session_io import end_session, keep_evidence
from actors.exchange.session_state import EndReason
from actors.exchange.venue import (
    Counter, Phase, account_at, bump, find_symbol, listing_at, log_at, session_at, venue_at,
)
from schemas.enums import Side
from schemas.venue import ouch50
from schemas.venue.big_endian import get_raw4, get_raw8, get_u8, get_u32, get_u64
from schemas.venue.validity import VALID

__all__ = ["cancel_deserted", "carry_out", "handle_request", "refuse_message"]

_ENTER, _REPLACE, _CANCEL = ouch50.ENTER_ORDER, ouch50.REPLACE_ORDER, ouch50.CANCEL_ORDER
_MASS_CANCEL, _QUERY = ouch50.MASS_CANCEL, ouch50.ACCOUNT_QUERY
_MODIFY, _DISABLE = ouch50.MODIFY_ORDER, ouch50.DISABLE_ORDER_ENTRY
_ENABLE = ouch50.ENABLE_ORDER_ENTRY

_BUY_LETTER, _SELL_LETTER = int(ouch50.Side.BUY), int(ouch50.Side.SELL)
_SHORT_LETTER = int(ouch50.Side.SELL_SHORT)
_EXEMPT_LETTER = int(ouch50.Side.SELL_SHORT_EXEMPT)
_CONTINUOUS = int(ouch50.CrossType.CONTINUOUS)
_AGENCY, _PRINCIPAL = int(ouch50.Capacity.AGENCY), int(ouch50.Capacity.PRINCIPAL)
_RISKLESS = int(ouch50.Capacity.RISKLESS_PRINCIPAL)
_OTHER_CAPACITY = int(ouch50.Capacity.OTHER)
_ALL_SYMBOLS = int.from_bytes(b"        ", "big")

_INVALID_SIDE = int(ouch50.RejectReason.INVALID_SIDE)
_INVALID_DISPLAY = int(ouch50.RejectReason.INVALID_DISPLAY)
_INVALID_CROSS = int(ouch50.RejectReason.INVALID_CROSS_ORDER)
_INVALID_PRICE = int(ouch50.RejectReason.INVALID_PRICE)
_INVALID_SYMBOL = np.int64(ouch50.RejectReason.INVALID_SYMBOL)
_NO_REPLACE = int(ouch50.RejectReason.REPLACE_NOT_ALLOWED)
_OTHER = np.int64(ouch50.RejectReason.OTHER)
_RESTRICTED = int(ouch50.RejectReason.RISK_RESTRICTED_STOCK)
_TOO_FAST = np.int64(ouch50.RejectReason.RISK_PORT_RATE)
_DESTINATION_CLOSED = int(ouch50.RejectReason.DESTINATION_CLOSED)
_DISABLED = int(ouch50.RejectReason.FIRM_NOT_AUTHORISED)

_BUY, _SELL = np.int64(Side.BUY), np.int64(Side.SELL)
_BY_USER = np.int64(CancelReason.USER)
_DISCONNECTED, _EVERY_SYMBOL = np.int64(CancelReason.DISCONNECTED), np.int64(-1)
_IMPOSSIBLE_PRICE = np.int64(0)


@kernel
def handle_request(venue, slot, request, length, stamp_ns):
    """Carry out the ``length`` bytes at ``request``, which session ``slot`` sent at ``stamp_ns``
    since midnight. The replies are in the account's log when it returns."""
    validity = ouch50.validate_in(request, length)
    if validity != VALID:
        _refuse_malformed(venue, slot, request, length, validity, stamp_ns)
        return
    account = session_at(venue, slot).account
    status = carry_out(venue, account, request, length, stamp_ns)
    while settle(venue, status, request) == Status.EVENTS_FULL:
        status = _cancel_next(venue, account, request, stamp_ns)


@kernel
def cancel_deserted(venue, account, stamp_ns):
    """Cancel the orders of an account that has lost its last session."""
    record = venue_at(venue)
    if record.phase != Phase.OPEN:
        return  # the orders are over with the day
    bump(venue, Counter.DESERTIONS, 1)
    status = np.int64(Status.EVENTS_FULL)
    while status == Status.EVENTS_FULL:
        status = cancel_all(record.engine, account + 1, _EVERY_SYMBOL, _DISCONNECTED, stamp_ns)
        settle(venue, status, record.blanks_at)


@kernel
def carry_out(venue, account, request, length, stamp_ns):
    """Do what the request asks. Returns the engine's Status, DONE where it was not needed."""
    kind = get_u8(request, 0)
    if kind == _ENTER:
        return _enter(venue, account, request, length, stamp_ns)
    if kind == _REPLACE:
        return _replace_order(venue, account, request, length, stamp_ns)
    if kind == _CANCEL:
        return _cancel_order(venue, account, request, stamp_ns)
    if kind == _MODIFY:
        return _modify_order(venue, account, request, stamp_ns)
    if kind == _MASS_CANCEL:
        return _cancel_many(venue, account, request, stamp_ns)
    if kind == _DISABLE or kind == _ENABLE:
        return _set_gate(venue, account, request, kind == _DISABLE, stamp_ns)
    if kind == _QUERY:
        log = log_at(venue, account + 1)
        following = account_at(venue, account).last_user_ref + 1
        append(log, ouch50.put_account_query_response(message_address(log), stamp_ns, following))
    return Status.DONE


@kernel
def _refuse_malformed(venue, slot, request, length, validity, stamp_ns):
    """Reject what can be told from its beginning to be an order; end the session over the rest."""
    user_ref, kind = np.int64(-1), np.int64(0)
    if length > 0:
        kind = get_u8(request, 0)
    if kind == _ENTER and length >= ouch50.ENTER_ORDER_USER_REF_NUM + 4:
        user_ref = get_u32(request, ouch50.ENTER_ORDER_USER_REF_NUM)
    elif kind == _REPLACE and length >= ouch50.REPLACE_ORDER_USER_REF_NUM + 4:
        user_ref = get_u32(request, ouch50.REPLACE_ORDER_USER_REF_NUM)
    if refuse_message(venue, slot, request, length, validity, user_ref >= 0):
        reject(venue, session_at(venue, slot).account + 1, stamp_ns, user_ref, _OTHER,
               venue_at(venue).blanks_at)


@kernel
def refuse_message(venue, slot, request, length, validity, is_order):
    """Note that a session sent bytes that are no message. If they can be told to have been meant as
    an order they are to be rejected: True. If not the session is over."""
    keep_evidence(venue, slot, request, length)
    session = session_at(venue, slot)
    if is_order:
        session.detail = validity
        session.faults += 1
        return True
    end_session(venue, slot, EndReason.BAD_MESSAGE, validity)
    return False


# --- requests ---------------------------------------------------------------------------------


@kernel
def _refuse_enter(venue, account, request, length, symbol, price_e4):
    """The code that refuses an Enter Order before the engine sees it, or 0."""
    side = get_u8(request, ouch50.ENTER_ORDER_SIDE)
    if venue_at(venue).phase == Phase.CLOSED:
        return _DESTINATION_CLOSED
    if account_at(venue, account).disabled:
        return _DISABLED
    if symbol < 0:
        return _INVALID_SYMBOL
    if not may_trade(venue, account, symbol):
        return _RESTRICTED
    if side != _BUY_LETTER and side != _SELL_LETTER and side != _SHORT_LETTER \
            and side != _EXEMPT_LETTER:
        return _INVALID_SIDE
    if not is_display(get_u8(request, ouch50.ENTER_ORDER_DISPLAY)):
        return _INVALID_DISPLAY
    if get_u8(request, ouch50.ENTER_ORDER_CROSS_TYPE) != _CONTINUOUS:
        return _INVALID_CROSS
    if not on_tick(price_e4, listing_at(venue, symbol).tick_e4):
        return _INVALID_PRICE
    code = refuse_options(request, ouch50.ENTER_ORDER_LENGTH, length)
    if code != 0:
        return code
    return refuse_expiry(request, ouch50.ENTER_ORDER_LENGTH,
                         get_u8(request, ouch50.ENTER_ORDER_TIME_IN_FORCE))


@kernel
def _enter(venue, account, request, length, stamp_ns):
    bump(venue, Counter.ORDERS_IN, 1)
    user_ref = get_u32(request, ouch50.ENTER_ORDER_USER_REF_NUM)
    if user_ref <= account_at(venue, account).last_user_ref:
        bump(venue, Counter.IGNORED, 1)
        return Status.IGNORED
    account_at(venue, account).last_user_ref = user_ref
    symbol = find_symbol(venue, get_raw8(request, ouch50.ENTER_ORDER_SYMBOL))
    price_e4 = get_u64(request, ouch50.ENTER_ORDER_PRICE)
    code = _TOO_FAST
    if may_send(venue, account, stamp_ns):
        code = _refuse_enter(venue, account, request, length, symbol, price_e4)
    if code != 0:
        reject(venue, account + 1, stamp_ns, user_ref, code,
               request + ouch50.ENTER_ORDER_CL_ORD_ID)
        return Status.REJECTED
    side = get_u8(request, ouch50.ENTER_ORDER_SIDE)
    capacity = get_u8(request, ouch50.ENTER_ORDER_CAPACITY)
    if capacity != _AGENCY and capacity != _PRINCIPAL and capacity != _RISKLESS:
        capacity = _OTHER_CAPACITY
    display = get_u8(request, ouch50.ENTER_ORDER_DISPLAY)
    tag = tag_of(side, display, capacity,
                 sweep_of(get_u8(request, ouch50.ENTER_ORDER_INTERMARKET_SWEEP_ELIGIBILITY)))
    time_in_force = time_in_force_of(get_u8(request, ouch50.ENTER_ORDER_TIME_IN_FORCE))
    at = ouch50.ENTER_ORDER_LENGTH
    return enter(venue_at(venue).engine, account + 1, user_ref, symbol,
                 _BUY if side == _BUY_LETTER else _SELL,
                 order_type_of(side, price_e4, time_in_force), price_e4,
                 get_u32(request, ouch50.ENTER_ORDER_QUANTITY), time_in_force,
                 attributes_of(request, at, display, stamp_ns), option_of(request, at, MIN_QTY),
                 option_of(request, at, MAX_FLOOR), tag, stamp_ns)


@kernel
def _replace_order(venue, account, request, length, stamp_ns):
    bump(venue, Counter.ORDERS_IN, 1)
    user_ref = get_u32(request, ouch50.REPLACE_ORDER_USER_REF_NUM)
    original = get_u32(request, ouch50.REPLACE_ORDER_ORIG_USER_REF_NUM)
    slot = find(venue_at(venue).engine, account + 1, original)
    if user_ref <= account_at(venue, account).last_user_ref or slot < 0:
        bump(venue, Counter.IGNORED, 1)
        return Status.IGNORED
    code = refuse_options(request, ouch50.REPLACE_ORDER_LENGTH, length)
    if code == 0:
        code = refuse_frozen_replace(venue, slot)
    if account_at(venue, account).disabled:
        code = _NO_REPLACE
    elif code == 0 and not may_send(venue, account, stamp_ns):
        code = _TOO_FAST
    if code != 0:
        account_at(venue, account).last_user_ref = user_ref
        reject(venue, account + 1, stamp_ns, user_ref, code,
               request + ouch50.REPLACE_ORDER_CL_ORD_ID)
        return Status.REJECTED
    order = order_at(book_of(venue_at(venue).engine), slot)
    tick_e4 = listing_at(venue, order.symbol).tick_e4
    display = get_u8(request, ouch50.REPLACE_ORDER_DISPLAY)
    price_e4 = get_u64(request, ouch50.REPLACE_ORDER_PRICE)
    if not on_tick(price_e4, tick_e4) or not is_display(display) \
            or refuse_expiry(request, ouch50.REPLACE_ORDER_LENGTH,
                             get_u8(request, ouch50.REPLACE_ORDER_TIME_IN_FORCE)) != 0:
        price_e4 = _IMPOSSIBLE_PRICE  # impossible details take the order off; the engine does it
    tag = tag_of(tag_side(order.tag), display, tag_capacity(order.tag),
                 sweep_of(get_u8(request, ouch50.REPLACE_ORDER_INTERMARKET_SWEEP_ELIGIBILITY)))
    at = ouch50.REPLACE_ORDER_LENGTH
    status = replace_with(venue_at(venue).engine, account + 1, original, user_ref, price_e4,
                          get_u32(request, ouch50.REPLACE_ORDER_QUANTITY),
                          time_in_force_of(get_u8(request, ouch50.REPLACE_ORDER_TIME_IN_FORCE)),
                          attributes_of(request, at, display, stamp_ns),
                          option_of(request, at, MIN_QTY),
                          option_of(request, at, MAX_FLOOR), tag, stamp_ns)
    if status == Status.DONE or status == Status.PAUSED or status == Status.REJECTED:
        account_at(venue, account).last_user_ref = user_ref
    return status


@kernel
def _cancel_order(venue, account, request, stamp_ns):
    bump(venue, Counter.CANCELS_IN, 1)
    engine = venue_at(venue).engine
    size = get_u32(request, ouch50.CANCEL_ORDER_QUANTITY)
    slot = find(engine, account + 1, get_u32(request, ouch50.CANCEL_ORDER_USER_REF_NUM))
    status = Status.IGNORED
    if slot >= 0:
        if is_frozen(venue, slot):
            answer_frozen(venue, slot, size == 0, stamp_ns)
            return Status.DONE
        status = cancel_at(engine, slot, size, _BY_USER, stamp_ns)
    if status == Status.IGNORED:
        bump(venue, Counter.IGNORED, 1)
    return status


@kernel
def _may_become(old, new):
    """Whether a Modify may turn side ``old`` into ``new``, letters of OUCH, or leave it."""
    if old == new:
        return True
    if old == _SELL_LETTER:
        return new == _SHORT_LETTER or new == _EXEMPT_LETTER
    return old == _EXEMPT_LETTER and new == _SHORT_LETTER


@kernel
def _modify_order(venue, account, request, stamp_ns):
    bump(venue, Counter.CANCELS_IN, 1)
    engine = venue_at(venue).engine
    slot = find(engine, account + 1, get_u32(request, ouch50.MODIFY_ORDER_USER_REF_NUM))
    side = get_u8(request, ouch50.MODIFY_ORDER_SIDE)
    if slot < 0 or not _may_become(tag_side(order_at(book_of(engine), slot).tag), side):
        bump(venue, Counter.IGNORED, 1)
        return Status.IGNORED
    if is_frozen(venue, slot):
        answer_frozen(venue, slot, False, stamp_ns)
        return Status.DONE
    tag = order_at(book_of(engine), slot).tag
    return modify_at(engine, slot, get_u32(request, ouch50.MODIFY_ORDER_QUANTITY),
                     tag_of(side, tag_display(tag), tag_capacity(tag), tag_sweep(tag)), stamp_ns)


@kernel
def _set_gate(venue, account, request, disable, stamp_ns):
    """Disable or Enable Order Entry: for the account, whatever its firm is called."""
    row = account_at(venue, account)
    user_ref = get_u32(request, ouch50.DISABLE_ORDER_ENTRY_USER_REF_NUM)
    if user_ref <= row.last_user_ref:
        bump(venue, Counter.IGNORED, 1)
        return Status.IGNORED
    row.last_user_ref = user_ref
    row.disabled = disable
    answer_gate(venue, account + 1, stamp_ns, user_ref,
                get_raw4(request, ouch50.DISABLE_ORDER_ENTRY_FIRM), disable)
    return Status.DONE


@kernel
def _cancel_many(venue, account, request, stamp_ns):
    """Mass Cancel: the response, then the cancels. A blank symbol stands for all."""
    bump(venue, Counter.CANCELS_IN, 1)
    user_ref = get_u32(request, ouch50.MASS_CANCEL_USER_REF_NUM)
    if user_ref <= account_at(venue, account).last_user_ref:
        bump(venue, Counter.IGNORED, 1)
        return Status.IGNORED
    account_at(venue, account).last_user_ref = user_ref
    name = get_raw8(request, ouch50.MASS_CANCEL_SYMBOL)
    if name != _ALL_SYMBOLS and find_symbol(venue, name) < 0:
        reject(venue, account + 1, stamp_ns, user_ref, _INVALID_SYMBOL, venue_at(venue).blanks_at)
        return Status.REJECTED
    log = log_at(venue, account + 1)
    append(log, ouch50.put_mass_cancel_response(
        message_address(log), stamp_ns, user_ref, get_raw4(request, ouch50.MASS_CANCEL_FIRM), name))
    answer_frozen_orders(venue, account, find_symbol(venue, name), stamp_ns)
    return Status.EVENTS_FULL


@kernel
def _cancel_next(venue, account, request, stamp_ns):
    """Cancel as many of the orders that a Mass Cancel means as the engine has events for."""
    symbol = find_symbol(venue, get_raw8(request, ouch50.MASS_CANCEL_SYMBOL))
    return cancel_all(venue_at(venue).engine, account + 1, symbol, _BY_USER, stamp_ns)
