"""What the owners of orders hear: engine events as OUCH 5.0 messages in their accounts' logs, or as
OUCH 4.2 where an account speaks that.

``request`` is the address of the request that caused the events; its ClOrdID, price, time in force
and those options that the venue honours are echoed. Events of the synthetic flow have none, and no
owner to tell.
"""

import numpy as np

from actors.book.memory import kernel
from actors.exchange.engine_state import BookChange, CancelReason, EventKind, Status
from actors.exchange.market_data import tell_market
from actors.exchange.matching import resume
from actors.exchange.matching_events import clear_events, event_at, owner_at, pending_events
from actors.exchange.order_terms import ECHOED, option_of
from actors.exchange.ouch42_replies import deliver
from actors.exchange.ouch_codes import (
    CANCEL_LETTER, REJECT_CODE, STRATEGY_LETTER, tag_capacity, tag_display, tag_side, tag_sweep,
)
from actors.exchange.sequenced_log import append, message_address
from actors.exchange.venue import BACKGROUND, Counter, bump, listing_at, log_at, venue_at
from schemas.venue import ouch50
from schemas.venue.big_endian import get_u8, get_u64

__all__ = ["announce", "answer_gate", "reject", "settle"]

_LIVE = np.int64(ouch50.OrderState.LIVE)
_CONTINUOUS = np.int64(ouch50.CrossType.CONTINUOUS)
_ADDED, _REMOVED = np.int64(ouch50.LiquidityFlag.ADDED), np.int64(ouch50.LiquidityFlag.REMOVED)
_ADDED_HIDDEN = np.int64(ouch50.LiquidityFlag.ADDED_HIDDEN)
_HIDDEN = np.int64(ouch50.Display.HIDDEN)
_IS_REPLACE = ouch50.REPLACE_ORDER
_DISPLAY_REFRESHED = np.int64(ord("R"))
_RESTATED_APPENDAGE = np.int64(ouch50.RESTATED_APPENDAGE_LENGTH)
_SECONDARY_REFERENCE = np.int64(ouch50.OptionTag.SECONDARY_ORD_REF_NUM)
_DISPLAY_QUANTITY = np.int64(ouch50.OptionTag.DISPLAY_QUANTITY)


@kernel
def settle(venue, status, request):
    """Tell everybody the events of an engine call that returned ``status``, to the end of its
    order. Returns the status it ended with."""
    _publish_events(venue, request)
    while status == Status.PAUSED:
        status = resume(venue_at(venue).engine)
        _publish_events(venue, request)
    return status


@kernel
def _publish_events(venue, request):
    engine = venue_at(venue).engine
    for n in range(pending_events(engine)):
        event = event_at(engine, n)
        kind = event.kind
        if kind == EventKind.EXECUTED:
            _tell_executed(venue, event)
        elif event.owner != BACKGROUND:
            if kind == EventKind.ACCEPTED:
                _tell_accepted(venue, event, request)
            elif kind == EventKind.CANCELED:
                if event.reason == CancelReason.SELF_MATCH:
                    _tell_prevented(venue, event)
                else:
                    _tell_canceled(venue, event)
            elif kind == EventKind.REPLACED:
                _tell_replaced(venue, event, request)
            elif kind == EventKind.REFRESHED:
                _tell_refreshed(venue, event)
            elif kind == EventKind.MODIFIED:
                _tell_modified(venue, event)
            elif kind == EventKind.REJECTED:
                reject(venue, np.int64(event.owner), event.time_ns, event.user_ref,
                       REJECT_CODE[event.reason], _cl_ord_id_of(request))
        tell_market(venue, event)
    clear_events(engine)


@kernel
def _cl_ord_id_of(request):
    """Address of the ClOrdID of an Enter or Replace request."""
    if get_u8(request, 0) == _IS_REPLACE:
        return request + ouch50.REPLACE_ORDER_CL_ORD_ID
    return request + ouch50.ENTER_ORDER_CL_ORD_ID


@kernel
def _echo_options(request, options_at, message, length):
    """Repeat the options of a request at the end of a message of ``length`` bytes, which ends with
    an empty appendage. Returns the new length."""
    appendage_at = length - 2
    for tag in ECHOED:
        value = option_of(request, options_at, tag)
        if value != 0:
            length = ouch50.append_option(message, length, appendage_at, tag, value)
    return length


@kernel
def _tell_accepted(venue, event, request):
    message = message_address(log_at(venue, event.owner))
    length = ouch50.put_accepted(
        message, event.time_ns, event.user_ref, tag_side(event.tag),
        np.int64(event.quantity), listing_at(venue, event.symbol).symbol,
        get_u64(request, ouch50.ENTER_ORDER_PRICE),
        get_u8(request, ouch50.ENTER_ORDER_TIME_IN_FORCE), tag_display(event.tag), event.number,
        tag_capacity(event.tag), tag_sweep(event.tag), _CONTINUOUS, _LIVE, _cl_ord_id_of(request))
    length = _echo_options(request, ouch50.ENTER_ORDER_LENGTH, message, length)
    deliver(venue, np.int64(event.owner), length)
    bump(venue, Counter.ACKS, 1)


@kernel
def _tell_replaced(venue, event, request):
    message = message_address(log_at(venue, event.owner))
    length = ouch50.put_replaced(
        message, event.time_ns, event.contra_user_ref, event.user_ref,
        tag_side(event.tag), np.int64(event.quantity), listing_at(venue, event.symbol).symbol,
        event.price_e4, get_u8(request, ouch50.REPLACE_ORDER_TIME_IN_FORCE),
        tag_display(event.tag), event.number, tag_capacity(event.tag), tag_sweep(event.tag),
        _CONTINUOUS, _LIVE, _cl_ord_id_of(request))
    length = _echo_options(request, ouch50.REPLACE_ORDER_LENGTH, message, length)
    deliver(venue, np.int64(event.owner), length)
    bump(venue, Counter.ACKS, 1)


@kernel
def _tell_fill(venue, owner, user_ref, event, liquidity):
    message = message_address(log_at(venue, owner))
    deliver(venue, owner, ouch50.put_executed(message, event.time_ns, user_ref,
                                              np.int64(event.quantity), event.price_e4, liquidity,
                                              event.match_number))
    bump(venue, Counter.FILLS, 1)


@kernel
def _tell_executed(venue, event):
    if event.owner != BACKGROUND:
        flag = _ADDED_HIDDEN if event.book_change == BookChange.TRADE else _ADDED
        _tell_fill(venue, np.int64(event.owner), event.user_ref, event, flag)
    if event.contra_owner != BACKGROUND:
        _tell_fill(venue, np.int64(event.contra_owner), event.contra_user_ref, event, _REMOVED)


@kernel
def _tell_canceled(venue, event):
    message = message_address(log_at(venue, event.owner))
    length = ouch50.put_canceled(message, event.time_ns, event.user_ref, np.int64(event.quantity),
                                 CANCEL_LETTER[event.reason])
    deliver(venue, np.int64(event.owner), length)
    bump(venue, Counter.CANCELS, 1)


@kernel
def _tell_prevented(venue, event):
    """AIQ Canceled. Of two orders that meet, that with the lower number rested."""
    flag = _REMOVED
    if event.number < event.contra_number:
        flag = _ADDED_HIDDEN if tag_display(event.tag) == _HIDDEN else _ADDED
    mode = owner_at(venue_at(venue).engine, np.int64(event.owner)).self_match
    message = message_address(log_at(venue, event.owner))
    deliver(venue, np.int64(event.owner), ouch50.put_aiq_canceled(
        message, event.time_ns, event.user_ref, np.int64(event.quantity),
        np.int64(event.contra_leaves), event.price_e4, flag, STRATEGY_LETTER[mode]))
    bump(venue, Counter.CANCELS, 1)


@kernel
def _tell_refreshed(venue, event):
    """A reserve order shows its next shares, under another order reference number."""
    log = log_at(venue, event.owner)
    at = message_address(log)
    length = np.int64(ouch50.put_restated(at, event.time_ns, event.user_ref, _DISPLAY_REFRESHED))
    length = ouch50.append_option(at, length, _RESTATED_APPENDAGE, _SECONDARY_REFERENCE,
                                  event.number)
    append(log, ouch50.append_option(at, length, _RESTATED_APPENDAGE, _DISPLAY_QUANTITY,
                                     np.int64(event.shown)))


@kernel
def _tell_modified(venue, event):
    message = message_address(log_at(venue, event.owner))
    length = ouch50.put_modified(message, event.time_ns, event.user_ref, tag_side(event.tag),
                                 np.int64(event.leaves))
    deliver(venue, np.int64(event.owner), length)
    bump(venue, Counter.ACKS, 1)


@kernel
def answer_gate(venue, owner, stamp_ns, user_ref, firm, disabled):
    """Tell an owner that order entry is disabled, or enabled, for it now."""
    log = log_at(venue, owner)
    at = message_address(log)
    if disabled:
        length = ouch50.put_disable_order_entry_response(at, stamp_ns, user_ref, firm)
    else:
        length = ouch50.put_enable_order_entry_response(at, stamp_ns, user_ref, firm)
    append(log, length)


@kernel
def reject(venue, owner, stamp_ns, user_ref, code, cl_ord_id_at):
    """Tell an owner that an order was refused, for the reason ``code`` of OUCH."""
    message = message_address(log_at(venue, owner))
    deliver(venue, owner, ouch50.put_rejected(message, stamp_ns, user_ref, code, cl_ord_id_at))
    bump(venue, Counter.REJECTS, 1)


@kernel
def announce(venue, code, stamp_ns):
    """Send every account a System Event."""
    for owner in range(1, venue_at(venue).n_logs):
        log = log_at(venue, owner)
        append(log, ouch50.put_system_event(message_address(log), stamp_ns, code))
