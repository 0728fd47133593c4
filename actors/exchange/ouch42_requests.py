"""OUCH 4.2 requests, written anew as OUCH 5.0 and carried out. Kernels.

====================  ============================================================================
time in force         0: immediate or cancel; 99998 and 99999: day; any other number of seconds is
                      refused
display ``P``, ``L``  displayed (``L`` with attribution), PostOnly
minimum quantity      MinQty
Trade Now             ignored: what rests here can take nothing
====================  ============================================================================

The other letters are the same. A token that was used before, and a request for one that was not,
is met with silence, as the protocol wants it.
"""

import numpy as np

from actors.book.memory import kernel
from actors.exchange.order_entry import carry_out, refuse_message
from actors.exchange.order_replies import settle
from actors.exchange.ouch42_state import (
    add_token, firm_of, forget_token, has_room, ouch42_at, user_ref_of,
)
from actors.exchange.sequenced_log import append, message_address
from actors.exchange.venue import Counter, account_at, bump, log_at, session_at
from schemas.venue import ouch42, ouch50
from schemas.venue.big_endian import get_raw4, get_raw8, get_u8, get_u32
from schemas.venue.validity import VALID

__all__ = ["handle_ouch42"]

_ENTER, _REPLACE, _CANCEL = ouch42.ENTER_ORDER, ouch42.REPLACE_ORDER, ouch42.CANCEL_ORDER
_MODIFY = ouch42.MODIFY_ORDER
_TOKEN = ouch42.ORDER_TOKEN_LENGTH
_ENTERED = ouch42.ENTER_ORDER_ORDER_TOKEN
_REPLACEMENT = ouch42.REPLACE_ORDER_REPLACEMENT_ORDER_TOKEN
_EXISTING = ouch42.REPLACE_ORDER_EXISTING_ORDER_TOKEN
_OTHER = np.int64(ouch42.RejectReason.OTHER)

_AT_ONCE = int(ouch42.TimeInForce.IMMEDIATE_OR_CANCEL)
_MARKET_HOURS = int(ouch42.TimeInForce.MARKET_HOURS)
_SYSTEM_HOURS = int(ouch42.TimeInForce.SYSTEM_HOURS)
_IOC = np.int64(ouch50.TimeInForce.IMMEDIATE_OR_CANCEL)
_DAY, _UNTIL = np.int64(ouch50.TimeInForce.DAY), np.int64(ouch50.TimeInForce.GOOD_TILL_TIME)
_POST_ONLY = int(ouch42.Display.POST_ONLY)
_POST_ONLY_ATTRIBUTABLE = int(ouch42.Display.POST_ONLY_ATTRIBUTABLE)
_VISIBLE = np.int64(ouch50.Display.VISIBLE)
_ATTRIBUTABLE = np.int64(ouch50.Display.ATTRIBUTABLE)
_MIN_QTY, _EXPIRE_TIME = np.int64(ouch50.OptionTag.MIN_QTY), np.int64(ouch50.OptionTag.EXPIRE_TIME)
_POST_ONLY_TAG, _POSTS = np.int64(ouch50.OptionTag.POST_ONLY), np.int64(ord("P"))


@kernel
def handle_ouch42(venue, slot, request, length, stamp_ns):
    """Carry out the ``length`` bytes at ``request``, which session ``slot`` of OUCH 4.2 sent at
    ``stamp_ns`` since midnight. The replies are in the account's log when it returns."""
    account, kind = session_at(venue, slot).account, np.int64(0)
    validity = ouch42.validate_in(request, length)
    if length > 0:
        kind = get_u8(request, 0)
    if validity != VALID:
        _refuse_malformed(venue, slot, request, length, kind, validity, stamp_ns)
    elif kind == _ENTER:
        _enter(venue, account, request, stamp_ns)
    elif kind == _REPLACE:
        _replace(venue, account, request, stamp_ns)
    elif kind == _CANCEL or kind == _MODIFY:
        _change(venue, account, request, kind, stamp_ns)
    else:
        bump(venue, Counter.IGNORED, 1)


@kernel
def _refuse_malformed(venue, slot, request, length, kind, validity, stamp_ns):
    """Reject what can be told from its beginning to be an order; end the session over the rest."""
    token_at = np.int64(0)
    if kind == _ENTER and length >= _ENTERED + _TOKEN:
        token_at = request + _ENTERED
    elif kind == _REPLACE and length >= _REPLACEMENT + _TOKEN:
        token_at = request + _REPLACEMENT
    if refuse_message(venue, slot, request, length, validity, token_at != 0):
        account = session_at(venue, slot).account
        if user_ref_of(venue, account, token_at) == 0:
            _reject(venue, account, token_at, stamp_ns)


@kernel
def _reject(venue, account, token_at, stamp_ns):
    log = log_at(venue, account + 1)
    append(log, ouch42.put_rejected(message_address(log), stamp_ns, token_at, _OTHER))
    bump(venue, Counter.REJECTS, 1)


@kernel
def _may_use(venue, account, token_at, stamp_ns):
    """Whether a new order may have this token: it is new, and there is room for another one."""
    if user_ref_of(venue, account, token_at) != 0:
        bump(venue, Counter.IGNORED, 1)
        return False
    if not has_room(venue, account):
        bump(venue, Counter.TOKENS_FULL, 1)
        _reject(venue, account, token_at, stamp_ns)
        return False
    return True


@kernel
def _run(venue, account, length, stamp_ns):
    """Carry out what was written anew."""
    written = ouch42_at(venue).written_at
    settle(venue, carry_out(venue, account, written, length, stamp_ns), written)


@kernel
def _time_in_force(seconds):
    if seconds == _AT_ONCE:
        return _IOC
    return _DAY if seconds == _MARKET_HOURS or seconds == _SYSTEM_HOURS else _UNTIL


@kernel
def _display(letter):
    if letter == _POST_ONLY:
        return _VISIBLE
    return _ATTRIBUTABLE if letter == _POST_ONLY_ATTRIBUTABLE else np.int64(letter)


@kernel
def _add_options(written, length, display, minimum, seconds):
    """Write the options behind the ``length`` bytes of an order. Returns the new length."""
    at = length - 2
    if minimum > 0:
        length = ouch50.append_option(written, length, at, _MIN_QTY, minimum)
    if display == _POST_ONLY or display == _POST_ONLY_ATTRIBUTABLE:
        length = ouch50.append_option(written, length, at, _POST_ONLY_TAG, _POSTS)
    if _time_in_force(seconds) == _UNTIL:
        length = ouch50.append_option(written, length, at, _EXPIRE_TIME, seconds)
    return length


@kernel
def _enter(venue, account, request, stamp_ns):
    if not _may_use(venue, account, request + _ENTERED, stamp_ns):
        return
    state = ouch42_at(venue)
    user_ref = add_token(venue, account, request + _ENTERED,
                         get_raw4(request, ouch42.ENTER_ORDER_FIRM))
    seconds = get_u32(request, ouch42.ENTER_ORDER_TIME_IN_FORCE)
    display = get_u8(request, ouch42.ENTER_ORDER_DISPLAY)
    length = ouch50.put_enter_order(
        state.written_at, user_ref, get_u8(request, ouch42.ENTER_ORDER_BUY_SELL_INDICATOR),
        get_u32(request, ouch42.ENTER_ORDER_SHARES), get_raw8(request, ouch42.ENTER_ORDER_STOCK),
        get_u32(request, ouch42.ENTER_ORDER_PRICE), _time_in_force(seconds), _display(display),
        get_u8(request, ouch42.ENTER_ORDER_CAPACITY),
        get_u8(request, ouch42.ENTER_ORDER_INTERMARKET_SWEEP_ELIGIBILITY),
        get_u8(request, ouch42.ENTER_ORDER_CROSS_TYPE), user_ref)
    length = _add_options(state.written_at, length, display,
                          get_u32(request, ouch42.ENTER_ORDER_MINIMUM_QUANTITY), seconds)
    state.request_at = request
    _run(venue, account, length, stamp_ns)


@kernel
def _replace(venue, account, request, stamp_ns):
    original = user_ref_of(venue, account, request + _EXISTING)
    if original == 0:
        bump(venue, Counter.IGNORED, 1)
        return
    if not _may_use(venue, account, request + _REPLACEMENT, stamp_ns):
        return
    state = ouch42_at(venue)
    user_ref = add_token(venue, account, request + _REPLACEMENT,
                         firm_of(venue, account, original))
    seconds = get_u32(request, ouch42.REPLACE_ORDER_TIME_IN_FORCE)
    display = get_u8(request, ouch42.REPLACE_ORDER_DISPLAY)
    length = ouch50.put_replace_order(
        state.written_at, original, user_ref, get_u32(request, ouch42.REPLACE_ORDER_SHARES),
        get_u32(request, ouch42.REPLACE_ORDER_PRICE), _time_in_force(seconds), _display(display),
        get_u8(request, ouch42.REPLACE_ORDER_INTERMARKET_SWEEP_ELIGIBILITY), user_ref)
    length = _add_options(state.written_at, length, display,
                          get_u32(request, ouch42.REPLACE_ORDER_MINIMUM_QUANTITY), seconds)
    state.request_at = request
    _run(venue, account, length, stamp_ns)
    if account_at(venue, account).last_user_ref < user_ref:  # not used: the order is gone
        forget_token(venue, account, request + _REPLACEMENT)


@kernel
def _change(venue, account, request, kind, stamp_ns):
    """Cancel or Modify."""
    user_ref = user_ref_of(venue, account, request + ouch42.CANCEL_ORDER_ORDER_TOKEN)
    if user_ref == 0:
        bump(venue, Counter.IGNORED, 1)
        return
    written = ouch42_at(venue).written_at
    if kind == _CANCEL:
        length = ouch50.put_cancel_order(written, user_ref,
                                         get_u32(request, ouch42.CANCEL_ORDER_SHARES))
    else:
        length = ouch50.put_modify_order(
            written, user_ref, get_u8(request, ouch42.MODIFY_ORDER_BUY_SELL_INDICATOR),
            get_u32(request, ouch42.MODIFY_ORDER_SHARES))
    _run(venue, account, length, stamp_ns)
