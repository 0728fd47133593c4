"""The codes of OUCH 5.0 fields, as enums of what stands on the wire.

One-letter fields are enums of their byte value, so that kernels use the members as integers;
``chr(code)`` is the letter.
"""

import enum

__all__ = [
    "CancelReason",
    "Capacity",
    "CrossType",
    "Display",
    "EventCode",
    "LiquidityFlag",
    "OptionTag",
    "OrderState",
    "RejectReason",
    "Side",
    "TimeInForce",
]


class Side(enum.IntEnum):
    BUY = ord("B")
    SELL = ord("S")
    SELL_SHORT = ord("T")
    SELL_SHORT_EXEMPT = ord("E")


class TimeInForce(enum.IntEnum):
    DAY = ord("0")
    IMMEDIATE_OR_CANCEL = ord("3")
    EXTENDED_HOURS = ord("5")
    GOOD_TILL_TIME = ord("6")  # needs OptionTag.EXPIRE_TIME
    AFTER_HOURS = ord("E")  # on Enter Order only


class Display(enum.IntEnum):
    VISIBLE = ord("Y")
    HIDDEN = ord("N")
    ATTRIBUTABLE = ord("A")
    CONFORMANT = ord("Z")  # from the exchange only


class Capacity(enum.IntEnum):
    AGENCY = ord("A")
    PRINCIPAL = ord("P")
    RISKLESS_PRINCIPAL = ord("R")
    OTHER = ord("O")


class CrossType(enum.IntEnum):
    CONTINUOUS = ord("N")
    OPENING = ord("O")
    CLOSING = ord("C")
    HALT_OR_IPO = ord("H")
    SUPPLEMENTAL = ord("S")
    RETAIL = ord("R")
    EXTENDED_LIFE = ord("E")
    AFTER_HOURS_CLOSE = ord("A")


class OrderState(enum.IntEnum):
    LIVE = ord("L")
    DEAD = ord("D")  # accepted and at once cancelled: nothing more will come


class EventCode(enum.IntEnum):
    START_OF_DAY = ord("S")
    END_OF_DAY = ord("E")


class LiquidityFlag(enum.IntEnum):
    """The flags of continuous trading and of crosses; the specification lists more."""

    ADDED = ord("A")
    REMOVED = ord("R")
    ADDED_HIDDEN = ord("J")
    OPENING_CROSS = ord("O")
    CLOSING_CROSS = ord("C")
    HALT_OR_IPO_CROSS = ord("H")


class CancelReason(enum.IntEnum):
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
    DIRECT_LISTING_SIZE = ord("e")


class RejectReason(enum.IntEnum):
    QUOTE_UNAVAILABLE = 0x01
    DESTINATION_CLOSED = 0x02
    INVALID_DISPLAY = 0x03
    INVALID_MAX_FLOOR = 0x04
    INVALID_PEG_TYPE = 0x05
    FAT_FINGER = 0x06
    HALTED = 0x07
    ISO_NOT_ALLOWED = 0x08
    INVALID_SIDE = 0x09
    PROCESSING_ERROR = 0x0A
    CANCEL_PENDING = 0x0B
    FIRM_NOT_AUTHORISED = 0x0C
    INVALID_MIN_QUANTITY = 0x0D
    NO_CLOSING_REFERENCE_PRICE = 0x0E
    OTHER = 0x0F
    CANCEL_NOT_ALLOWED = 0x10
    PEGGING_NOT_ALLOWED = 0x11
    CROSSED_MARKET = 0x12
    INVALID_QUANTITY = 0x13
    INVALID_CROSS_ORDER = 0x14
    REPLACE_NOT_ALLOWED = 0x15
    ROUTING_NOT_ALLOWED = 0x16
    INVALID_SYMBOL = 0x17
    TEST = 0x18
    LATE_LOC_TOO_AGGRESSIVE = 0x19
    RETAIL_NOT_ALLOWED = 0x1A
    INVALID_MIDPOINT_POST_ONLY_PRICE = 0x1B
    INVALID_DESTINATION = 0x1C
    INVALID_PRICE = 0x1D
    SHARES_EXCEED_THRESHOLD = 0x1E
    EXCEEDS_MAX_NOTIONAL = 0x1F
    RISK_AGGREGATE_EXPOSURE = 0x20
    RISK_MARKET_IMPACT = 0x21
    RISK_RESTRICTED_STOCK = 0x22
    RISK_SHORT_SELL_RESTRICTED = 0x23
    RISK_ISO = 0x24
    RISK_AVERAGE_DAILY_VOLUME = 0x25
    RISK_FAT_FINGER = 0x26
    RISK_LOCATE_REQUIRED = 0x27
    RISK_SYMBOL_RATE = 0x28
    RISK_PORT_RATE = 0x29
    RISK_DUPLICATE_RATE = 0x2A
    RISK_SHORT_SELL = 0x2B
    RISK_MARKET_ORDER = 0x2C
    RISK_PRE_MARKET = 0x2D
    RISK_POST_MARKET = 0x2E
    RISK_SHORT_EXEMPT = 0x2F
    RISK_SINGLE_ORDER_NOTIONAL = 0x30
    RISK_MAX_QUANTITY = 0x31
    REG_SHO_STATE_NOT_AVAILABLE = 0x32
    IPO_MARKET_BUY = 0x33


class OptionTag(enum.IntEnum):
    """Tags of the options in an appendage; their layouts are in ``tables.OPTIONS``."""

    SECONDARY_ORD_REF_NUM = 1
    FIRM = 2
    MIN_QTY = 3
    CUSTOMER_TYPE = 4
    MAX_FLOOR = 5
    PRICE_TYPE = 6
    PEG_OFFSET = 7
    DISCRETION_PRICE = 9
    DISCRETION_PRICE_TYPE = 10
    DISCRETION_PEG_OFFSET = 11
    POST_ONLY = 12
    RANDOM_RESERVES = 13
    ROUTE = 14
    EXPIRE_TIME = 15
    TRADE_NOW = 16
    HANDLE_INST = 17
    BBO_WEIGHT_INDICATOR = 18
    DISPLAY_QUANTITY = 22
    DISPLAY_PRICE = 23
    GROUP_ID = 24
    SHARES_LOCATED = 25
    LOCATE_BROKER = 26
    SIDE = 27
    USER_REF_IDX = 28
