"""The enumerations of ``common.fbs`` and ``control.fbs`` as Python enums, usable in kernels.

Written out, rather than built at import, so that editors and readers see them; a test holds each
against the schema. Meanings are in the schema files.
"""

from enum import IntEnum, IntFlag

__all__ = ["ActorState", "Command", "Display", "Flag", "Instruction", "OrderAction", "OrderStatus",
           "OrderType", "RejectReason", "ReportType", "Restriction", "Severity", "Side",
           "SymbolStatus", "TimeInForce", "TradingState", "UpdateType"]


class Flag(IntFlag):
    SNAPSHOT = 1
    LAST = 2
    REPLAYED = 4


class Side(IntEnum):
    NONE = 0
    BUY = 1
    SELL = 2


class UpdateType(IntEnum):
    NONE = 0
    TRADE = 1
    BBO = 2
    BOOK = 3
    CLEAR = 4
    STATUS = 5


class SymbolStatus(IntEnum):
    NONE = 0
    TRADING = 1
    HALTED = 2
    PAUSED = 3
    QUOTATION_ONLY = 4


class Restriction(IntFlag):
    SHORT_SALE = 1
    OPERATIONAL_HALT = 2
    BREAKER_1 = 4
    BREAKER_2 = 8
    BREAKER_3 = 16


class OrderAction(IntEnum):
    NONE = 0
    ADD = 1
    EXECUTE = 2
    CANCEL = 3
    DELETE = 4
    REPLACE = 5
    CLEAR = 6


class Command(IntEnum):
    NONE = 0
    NEW = 1
    CANCEL = 2
    REPLACE = 3
    QUERY = 4


class OrderType(IntEnum):
    NONE = 0
    LIMIT = 1
    MARKET = 2


class TimeInForce(IntEnum):
    NONE = 0
    DAY = 1
    IOC = 2


class Display(IntEnum):
    NONE = 0
    VISIBLE = 1
    HIDDEN = 2


class ReportType(IntEnum):
    NONE = 0
    ACK = 1
    FILL = 2
    CANCEL = 3
    REJECT = 4
    REPLACE = 5
    STATUS = 6


class OrderStatus(IntEnum):
    NONE = 0
    PENDING_NEW = 1
    NEW = 2
    PARTIALLY_FILLED = 3
    FILLED = 4
    PENDING_CANCEL = 5
    PENDING_REPLACE = 6
    CANCELED = 7
    REPLACED = 8
    REJECTED = 9
    UNKNOWN = 10


class RejectReason(IntEnum):
    NONE = 0
    ORDER_SIZE = 1
    POSITION_LIMIT = 2
    ORDER_RATE = 3
    LOSS_LIMIT = 4
    PRICE = 5
    HALTED = 6
    UNKNOWN_SYMBOL = 7
    NO_REFERENCE_PRICE = 8
    INVALID = 9
    REDUCE_ONLY = 10
    PAUSED = 11
    NOT_CONNECTED = 100
    TIMEOUT = 101
    UNKNOWN_ORDER = 102
    DUPLICATE_ORDER = 103
    TABLE_FULL = 104
    NEVER_ARRIVED = 105
    NO_LEASE = 106
    JOURNAL_FULL = 107
    VENUE = 200
    VENUE_SYMBOL = 201
    VENUE_PRICE = 202
    VENUE_QUANTITY = 203
    VENUE_HALTED = 204
    VENUE_CLOSED = 205
    CANCEL_REJECTED = 206
    WIRE_FULL = 300
    WIRE_DOWN = 301


class TradingState(IntEnum):
    NONE = 0
    TRADING = 1
    REDUCE_ONLY = 2
    HALTED = 3
    PAUSED = 4


class ActorState(IntEnum):
    NONE = 0
    STARTING = 1
    WARMING = 2
    CATCHING_UP = 3
    RUNNING = 4
    DEGRADED = 5
    BACKOFF = 6
    STOPPING = 7
    STOPPED = 8
    FATAL = 9


class Severity(IntEnum):
    NONE = 0
    INFO = 1
    WARNING = 2
    CRITICAL = 3


class Instruction(IntEnum):
    NONE = 0
    PAUSE = 1
    RESUME = 2
    HALT = 3
    ARM = 4
    FLATTEN = 5
    CANCEL_ALL = 6
    RESYNC = 7
