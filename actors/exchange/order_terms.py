"""What an OUCH 5.0 request asks of the engine: letters and options as terms and attributes.

====================  ============================================================================
Display ``N``         HIDDEN
MinQty                the minimum quantity; all of an IOC order: fill or kill
MaxFloor              how much of an order to display at a time: round lots
PostOnly ``P``        POST_ONLY
GTT, ExpireTime       expires so many seconds after it came; a second begun counts as whole
IOC at 199,999.99     (a buy, or a sale at 0.0001) a market order: OUCH has no other in continuous
                      trading. Where there is a collar it stops there
====================  ============================================================================

What this venue does not offer is refused with the code that says so: crosses, pegging, routing,
discretion, random reserves, after hours. Prices of 1.00 and more are in
whole ticks (Rule 612 of Regulation NMS); below, any 1/10,000 will do.
"""

import numpy as np

from actors.book.memory import kernel
from actors.exchange.engine_state import DEFAULT_MAX_PRICE_E4, EXPIRY_SHIFT, Attribute
from schemas.enums import OrderType, TimeInForce
from schemas.venue import ouch50
from schemas.venue.big_endian import get_u8, get_u16

__all__ = ["ECHOED", "MAX_FLOOR", "MIN_QTY", "ROUND_LOT", "attributes_of", "is_display", "on_tick",
           "option_of", "order_type_of", "refuse_expiry", "refuse_options", "sweep_of",
           "time_in_force_of"]

#: Displayed pieces are whole ones of these: it bounds how often an order is refreshed.
ROUND_LOT = 100

_OUCH_DAY, _OUCH_EXTENDED = int(ouch50.TimeInForce.DAY), int(ouch50.TimeInForce.EXTENDED_HOURS)
_OUCH_IOC = int(ouch50.TimeInForce.IMMEDIATE_OR_CANCEL)
_OUCH_GTT = int(ouch50.TimeInForce.GOOD_TILL_TIME)
_VISIBLE, _ATTRIBUTABLE = int(ouch50.Display.VISIBLE), int(ouch50.Display.ATTRIBUTABLE)
_CONCEALED = int(ouch50.Display.HIDDEN)
_BUY_LETTER = int(ouch50.Side.BUY)
_YES, _NO, _BLANK = ord("Y"), ord("N"), ord(" ")
_LIMIT_PRICE, _POST = ord("L"), ord("P")

_INVALID_MAX_FLOOR = int(ouch50.RejectReason.INVALID_MAX_FLOOR)
_NO_PEGGING = int(ouch50.RejectReason.PEGGING_NOT_ALLOWED)
_NO_ROUTING = int(ouch50.RejectReason.ROUTING_NOT_ALLOWED)
_OTHER = int(ouch50.RejectReason.OTHER)

MIN_QTY = np.int64(ouch50.OptionTag.MIN_QTY)
MAX_FLOOR = np.int64(ouch50.OptionTag.MAX_FLOOR)
_POST_ONLY = np.int64(ouch50.OptionTag.POST_ONLY)
_PRICE_TYPE, _PEG_OFFSET = int(ouch50.OptionTag.PRICE_TYPE), int(ouch50.OptionTag.PEG_OFFSET)
_ROUTE, _TRADE_NOW = int(ouch50.OptionTag.ROUTE), int(ouch50.OptionTag.TRADE_NOW)
_SIDE_TAG = int(ouch50.OptionTag.SIDE)
_DISCRETION = int(ouch50.OptionTag.DISCRETION_PRICE)
_DISCRETION_TYPE = int(ouch50.OptionTag.DISCRETION_PRICE_TYPE)
_DISCRETION_PEG = int(ouch50.OptionTag.DISCRETION_PEG_OFFSET)
_RANDOM_RESERVES = int(ouch50.OptionTag.RANDOM_RESERVES)
_EXPIRE_TIME = np.int64(ouch50.OptionTag.EXPIRE_TIME)
#: Options of a request that are repeated in the answer.
ECHOED = (MIN_QTY, MAX_FLOOR, _POST_ONLY, _EXPIRE_TIME)
_DISPLAY_QUANTITY = int(ouch50.OptionTag.DISPLAY_QUANTITY)
_DISPLAY_PRICE = int(ouch50.OptionTag.DISPLAY_PRICE)

_LIMIT, _MARKET = np.int64(OrderType.LIMIT), np.int64(OrderType.MARKET)
_DAY, _IOC = np.int64(TimeInForce.DAY), np.int64(TimeInForce.IOC)
_NO_TIME = np.int64(TimeInForce.NONE)
_HIDDEN, _POSTS = np.int64(Attribute.HIDDEN), np.int64(Attribute.POST_ONLY)
_NONE = np.int64(0)

_WHOLE_TICKS_FROM_E4 = 10_000
_LOWEST_PRICE_E4 = 1
_NS = 1_000_000_000
_LONGEST_S = 86_400


@kernel
def _refuse_option(tag, value):
    """The code that refuses an option which would change what the order means here, or 0."""
    if tag == MAX_FLOOR:
        return _INVALID_MAX_FLOOR if value % ROUND_LOT != 0 else 0
    if tag == _RANDOM_RESERVES or tag == _DISPLAY_QUANTITY:
        return _INVALID_MAX_FLOOR if value > 0 else 0
    if tag == _PRICE_TYPE:
        return 0 if value == _LIMIT_PRICE or value == _BLANK else _NO_PEGGING
    if tag == _PEG_OFFSET or tag == _DISCRETION_PEG:
        return _NO_PEGGING if value != 0 else 0
    if tag == _ROUTE:
        return _NO_ROUTING
    if tag == _POST_ONLY:
        return 0 if value == _POST or value == _NO or value == _BLANK else _OTHER
    if tag == _TRADE_NOW:
        return 0 if value == _NO or value == _BLANK else _OTHER
    if tag == _DISCRETION or tag == _DISPLAY_PRICE:
        return _OTHER if value != 0 else 0
    if tag == _DISCRETION_TYPE or tag == _SIDE_TAG:
        return _OTHER
    return 0


@kernel
def refuse_options(request, at, end):
    """The code that refuses the first unsupported option of those from ``at`` on, or 0."""
    while at < end:
        tag = get_u8(request, at + 1)
        code = _refuse_option(tag, ouch50.get_option(request, at + 2, tag))
        if code != 0:
            return code
        at += 1 + get_u8(request, at)
    return 0


@kernel
def option_of(request, at, tag):
    """The value of an option of a valid request whose fixed part is ``at`` bytes; 0 if it has
    none."""
    length = get_u16(request, at - 2)
    if length == 0:
        return _NONE
    value_at = ouch50.find_appendage(request, at, at + length, tag)
    if value_at < 0:
        return _NONE
    return np.int64(ouch50.get_option(request, value_at, tag))


@kernel
def refuse_expiry(request, at, letter):
    """The code that refuses the time in force ``letter`` with the option ExpireTime of the request,
    or 0: a day at most, for GTT, and nothing else."""
    seconds = option_of(request, at, _EXPIRE_TIME)
    if letter == _OUCH_GTT:
        return 0 if 0 < seconds <= _LONGEST_S else _OTHER
    return _OTHER if seconds != 0 else 0


@kernel
def attributes_of(request, at, display, stamp_ns):
    """The engine's attributes for a request with this display letter that came at ``stamp_ns``;
    ``at`` as above."""
    attributes = _HIDDEN if display == _CONCEALED else _NONE
    if option_of(request, at, _POST_ONLY) == _POST:
        attributes |= _POSTS
    seconds = option_of(request, at, _EXPIRE_TIME)
    if seconds != 0:
        attributes |= (-(-stamp_ns // _NS) + seconds) << EXPIRY_SHIFT
    return attributes


@kernel
def time_in_force_of(letter):
    """The engine's time in force, or none. Extended hours are hours like others here; when an
    order expires, :func:`attributes_of` says."""
    if letter == _OUCH_DAY or letter == _OUCH_EXTENDED or letter == _OUCH_GTT:
        return _DAY
    return _IOC if letter == _OUCH_IOC else _NO_TIME


@kernel
def order_type_of(side, price_e4, time_in_force):
    """MARKET for an IOC order that takes any price of the protocol, LIMIT for others."""
    widest = DEFAULT_MAX_PRICE_E4 if side == _BUY_LETTER else _LOWEST_PRICE_E4
    return _MARKET if time_in_force == _IOC and price_e4 == widest else _LIMIT


@kernel
def is_display(letter):
    """Whether an order may ask to be displayed so."""
    return letter == _VISIBLE or letter == _ATTRIBUTABLE or letter == _CONCEALED


@kernel
def on_tick(price_e4, tick_e4):
    return price_e4 < _WHOLE_TICKS_FROM_E4 or price_e4 % tick_e4 == 0


@kernel
def sweep_of(letter):
    return _YES if letter == _YES else _NO
