"""The codes of OUCH 4.2 fields, as enums of what stands on the wire.

One-letter fields are enums of their byte value, so that kernels use the members as integers;
``chr(code)`` is the letter. Those that OUCH 5.0 has just so are its own.
"""

import enum

from schemas.venue.ouch50.codes import Capacity, EventCode, LiquidityFlag, OrderState, Side

__all__ = [
    "BrokenTradeReason",
    "CancelReason",
    "Capacity",
    "CrossType",
    "CustomerType",
    "Display",
    "EventCode",
    "LiquidityFlag",
    "MARKET_PRICE",
    "MAX_SHARES",
    "OrderState",
    "RejectReason",
    "Side",
    "TimeInForce",
]

MAX_SHARES = 999_999
MARKET_PRICE = 0x7FFFFFFF  # a market order, in crosses only


class TimeInForce(enum.IntEnum):
    """Seconds for which the order is good, with these values apart."""

    IMMEDIATE_OR_CANCEL = 0
    MARKET_HOURS = 99_998
    SYSTEM_HOURS = 99_999


class Display(enum.IntEnum):
    ATTRIBUTABLE = ord("A")
    ANONYMOUS = ord("Y")
    HIDDEN = ord("N")
    POST_ONLY = ord("P")
    IMBALANCE_ONLY = ord("I")
    MIDPOINT_PEG = ord("M")
    MIDPOINT_PEG_POST_ONLY = ord("W")
    POST_ONLY_ATTRIBUTABLE = ord("L")
    RETAIL_ORDER_TYPE_1 = ord("O")
    RETAIL_ORDER_TYPE_2 = ord("T")
    RETAIL_PRICE_IMPROVEMENT = ord("Q")
    MIDPOINT_PEG_TRADE_NOW = ord("m")
    HIDDEN_TRADE_NOW = ord("n")
    CONFORMANT = ord("Z")  # from the exchange only


class CrossType(enum.IntEnum):
    CONTINUOUS = ord("N")
    OPENING = ord("O")
    CLOSING = ord("C")
    HALT_OR_IPO = ord("H")
    SUPPLEMENTAL = ord("S")
    RETAIL = ord("R")
    EXTENDED_LIFE = ord("E")


class CustomerType(enum.IntEnum):
    RETAIL = ord("R")
    NOT_RETAIL = ord("N")
    PORT_DEFAULT = ord(" ")


class CancelReason(enum.IntEnum):
    CROSS = ord("C")
    REGULATORY = ord("D")
    CLOSED = ord("E")
    POST_ONLY_NMS = ord("F")
    POST_ONLY_CONTRA = ord("G")
    HALTED = ord("H")
    IMMEDIATE_OR_CANCEL = ord("I")
    MARKET_COLLARS = ord("K")
    SELF_MATCH_PREVENTION = ord("Q")
    SUPERVISORY = ord("S")
    TIMEOUT = ord("T")
    USER = ord("U")
    OPEN_PROTECTION = ord("X")
    SYSTEM = ord("Z")


class BrokenTradeReason(enum.IntEnum):
    ERRONEOUS = ord("E")
    CONSENT = ord("C")
    SUPERVISORY = ord("S")
    EXTERNAL = ord("X")


class RejectReason(enum.IntEnum):
    """The reasons that do not come from an optional risk service (those are ``a`` to ``n``)."""

    TEST = ord("T")
    HALTED = ord("H")
    SHARES_EXCEED_THRESHOLD = ord("Z")
    INVALID_STOCK = ord("S")
    INVALID_DISPLAY = ord("D")
    CLOSED = ord("C")
    FIRM_NOT_AUTHORISED = ord("L")
    OUTSIDE_PERMITTED_TIMES = ord("M")
    NOT_ALLOWED_IN_CROSS = ord("R")
    INVALID_PRICE = ord("X")
    INVALID_MIN_QUANTITY = ord("N")
    OTHER = ord("O")
    INVALID_MIDPOINT_PRICE = ord("W")
