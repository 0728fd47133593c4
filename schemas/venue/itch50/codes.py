"""The letters of ITCH 5.0 fields that Pitwire acts on, as enums of their byte values.

``chr(code)`` is the letter; kernels use the members as integers.
"""

import enum

__all__ = ["EventCode", "MarketCategory", "Side", "TradingState"]


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
