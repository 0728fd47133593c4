"""The letters of ITCH 5.0 fields, as enums of their byte values.

``chr(code)`` is the letter; kernels use the members as integers.
"""

import enum

__all__ = [
    "CrossType",
    "EventCode",
    "ImbalanceDirection",
    "MarketCategory",
    "RegShoAction",
    "Side",
    "TradingState",
]


class EventCode(enum.IntEnum):
    """System Event ``event_code``, in the order they come in a day."""

    START_OF_MESSAGES = ord("O")
    START_OF_SYSTEM_HOURS = ord("S")
    START_OF_MARKET_HOURS = ord("Q")
    END_OF_MARKET_HOURS = ord("M")
    END_OF_SYSTEM_HOURS = ord("E")
    END_OF_MESSAGES = ord("C")


class TradingState(enum.IntEnum):
    """Stock Trading Action ``trading_state``. A stock with no such message is halted."""

    HALTED = ord("H")
    PAUSED = ord("P")
    QUOTATION_ONLY = ord("Q")
    TRADING = ord("T")


class Side(enum.IntEnum):
    """``buy_sell_indicator`` of orders and trades."""

    BUY = ord("B")
    SELL = ord("S")


class MarketCategory(enum.IntEnum):
    """Stock Directory ``market_category``: where the stock is listed."""

    NASDAQ_GLOBAL_SELECT = ord("Q")
    NASDAQ_GLOBAL_MARKET = ord("G")
    NASDAQ_CAPITAL_MARKET = ord("S")
    NYSE = ord("N")
    NYSE_AMERICAN = ord("A")
    NYSE_ARCA = ord("P")
    NYSE_TEXAS = ord("M")
    BATS_Z = ord("Z")
    IEX = ord("V")
    NOT_AVAILABLE = ord(" ")


class RegShoAction(enum.IntEnum):
    """Reg SHO Restriction ``reg_sho_action``."""

    NONE = ord("0")
    IN_EFFECT = ord("1")  # since the price fell today
    REMAINS_IN_EFFECT = ord("2")  # since the day before


class CrossType(enum.IntEnum):
    """``cross_type`` of Cross Trade and NOII: which auction."""

    OPENING = ord("O")
    CLOSING = ord("C")
    HALT_OR_IPO = ord("H")
    EXTENDED_TRADING_CLOSE = ord("A")  # in NOII only


class ImbalanceDirection(enum.IntEnum):
    """NOII ``imbalance_direction``: the side with shares left over."""

    BUY = ord("B")
    SELL = ord("S")
    NONE = ord("N")
    INSUFFICIENT_ORDERS = ord("O")
    PAUSED = ord("P")
