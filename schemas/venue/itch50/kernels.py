"""Kernels that write the ITCH 5.0 messages an exchange publishes, and one that checks any message.

Each ``put_…`` writes a whole message at the address ``addr`` and returns its length in bytes; the
caller provides the room. Times are nanoseconds since midnight (below 2**48), prices 1/10,000 of the
currency (below 2**32), sides and other one-letter fields their byte values, ``symbol`` and other
text integers in memory order (:func:`schemas.venue.text.symbol_to_int`). Values are not checked:
an integer too large loses its high bytes.

Reading needs no kernel of its own: ``get_u32(addr, itch50.ADD_ORDER_SHARES)`` once ``validate`` has
said that the message is whole.
"""

from schemas.pointer import kernel
from schemas.venue.big_endian import (
    get_u8,
    put_raw4,
    put_raw8,
    put_u8,
    put_u16,
    put_u32,
    put_u48,
    put_u64,
)
from schemas.venue.itch50 import offsets as at
from schemas.venue.validity import EMPTY, UNKNOWN_TYPE, VALID, WRONG_LENGTH

__all__ = [
    "put_add_order",
    "put_add_order_mpid",
    "put_header",
    "put_order_cancel",
    "put_order_delete",
    "put_order_executed",
    "put_order_executed_with_price",
    "put_order_replace",
    "put_stock_directory",
    "put_stock_trading_action",
    "put_system_event",
    "put_trade",
    "validate",
]

LENGTH = at.LENGTH
BLANK, NO, COMMON_STOCK, NORMAL = ord(" "), ord("N"), ord("C"), ord("N")
SUB_TYPE_NOT_APPLICABLE = int.from_bytes(b"Z ", "big")


@kernel
def validate(addr, length):
    """Whether the ``length`` bytes at ``addr`` are one whole ITCH 5.0 message.

    Returns a :class:`schemas.venue.validity.Validity`; reads no byte beyond ``length``.
    """
    if length < 1:
        return EMPTY
    expected = LENGTH[get_u8(addr, 0)]
    if expected == 0:
        return UNKNOWN_TYPE
    return VALID if length == expected else WRONG_LENGTH


@kernel
def put_header(addr, message_type, stock_locate, tracking_number, timestamp_ns):
    """The 11 bytes that every message starts with."""
    put_u8(addr, 0, message_type)
    put_u16(addr, at.STOCK_LOCATE, stock_locate)
    put_u16(addr, at.TRACKING_NUMBER, tracking_number)
    put_u48(addr, at.TIMESTAMP, timestamp_ns)


@kernel
def put_system_event(addr, tracking_number, timestamp_ns, event_code):
    """``S``: the day passes a stage, an :class:`EventCode`. Its stock locate is 0."""
    put_header(addr, at.SYSTEM_EVENT, 0, tracking_number, timestamp_ns)
    put_u8(addr, at.SYSTEM_EVENT_EVENT_CODE, event_code)
    return at.SYSTEM_EVENT_LENGTH


@kernel
def put_stock_directory(
    addr, stock_locate, tracking_number, timestamp_ns, symbol, market_category, round_lot_size,
    authenticity,
):  # fmt: skip
    """``R``: a stock that may trade today.

    ``authenticity`` is ``P`` for a production security, ``T`` for a test one. The attributes of the
    listing itself are those of a common stock in good standing, not leveraged, with no flag set.
    """
    put_header(addr, at.STOCK_DIRECTORY, stock_locate, tracking_number, timestamp_ns)
    put_raw8(addr, at.STOCK_DIRECTORY_STOCK, symbol)
    put_u8(addr, at.STOCK_DIRECTORY_MARKET_CATEGORY, market_category)
    put_u8(addr, at.STOCK_DIRECTORY_FINANCIAL_STATUS_INDICATOR, NORMAL)
    put_u32(addr, at.STOCK_DIRECTORY_ROUND_LOT_SIZE, round_lot_size)
    put_u8(addr, at.STOCK_DIRECTORY_ROUND_LOTS_ONLY, NO)
    put_u8(addr, at.STOCK_DIRECTORY_ISSUE_CLASSIFICATION, COMMON_STOCK)
    put_u16(addr, at.STOCK_DIRECTORY_ISSUE_SUB_TYPE, SUB_TYPE_NOT_APPLICABLE)
    put_u8(addr, at.STOCK_DIRECTORY_AUTHENTICITY, authenticity)
    put_u8(addr, at.STOCK_DIRECTORY_SHORT_SALE_THRESHOLD_INDICATOR, NO)
    put_u8(addr, at.STOCK_DIRECTORY_IPO_FLAG, NO)
    put_u8(addr, at.STOCK_DIRECTORY_LULD_REFERENCE_PRICE_TIER, BLANK)
    put_u8(addr, at.STOCK_DIRECTORY_ETP_FLAG, NO)
    put_u32(addr, at.STOCK_DIRECTORY_ETP_LEVERAGE_FACTOR, 0)
    put_u8(addr, at.STOCK_DIRECTORY_INVERSE_INDICATOR, NO)
    return at.STOCK_DIRECTORY_LENGTH


@kernel
def put_stock_trading_action(
    addr, stock_locate, tracking_number, timestamp_ns, symbol, trading_state, reason
):
    """``H``: a stock's :class:`TradingState`; ``reason`` is four characters in memory order
    (``alpha_to_int("", 4)`` for none)."""
    put_header(addr, at.STOCK_TRADING_ACTION, stock_locate, tracking_number, timestamp_ns)
    put_raw8(addr, at.STOCK_TRADING_ACTION_STOCK, symbol)
    put_u8(addr, at.STOCK_TRADING_ACTION_TRADING_STATE, trading_state)
    put_u8(addr, at.STOCK_TRADING_ACTION_RESERVED, BLANK)
    put_raw4(addr, at.STOCK_TRADING_ACTION_REASON, reason)
    return at.STOCK_TRADING_ACTION_LENGTH


@kernel
def put_add_order(
    addr, stock_locate, tracking_number, timestamp_ns, order_reference_number, side, shares, symbol,
    price_e4,
):  # fmt: skip
    """``A``: a displayed order joins the book, behind all others at its price."""
    put_header(addr, at.ADD_ORDER, stock_locate, tracking_number, timestamp_ns)
    put_u64(addr, at.ADD_ORDER_ORDER_REFERENCE_NUMBER, order_reference_number)
    put_u8(addr, at.ADD_ORDER_BUY_SELL_INDICATOR, side)
    put_u32(addr, at.ADD_ORDER_SHARES, shares)
    put_raw8(addr, at.ADD_ORDER_STOCK, symbol)
    put_u32(addr, at.ADD_ORDER_PRICE, price_e4)
    return at.ADD_ORDER_LENGTH


@kernel
def put_add_order_mpid(
    addr, stock_locate, tracking_number, timestamp_ns, order_reference_number, side, shares, symbol,
    price_e4, attribution,
):  # fmt: skip
    """``F``: as ``A``, and it names the firm: ``attribution``, four characters in memory order."""
    put_add_order(
        addr, stock_locate, tracking_number, timestamp_ns, order_reference_number, side, shares,
        symbol, price_e4,
    )  # fmt: skip
    put_u8(addr, 0, at.ADD_ORDER_MPID)
    put_raw4(addr, at.ADD_ORDER_MPID_ATTRIBUTION, attribution)
    return at.ADD_ORDER_MPID_LENGTH


@kernel
def put_order_executed(
    addr, stock_locate, tracking_number, timestamp_ns, order_reference_number, executed_shares,
    match_number,
):  # fmt: skip
    """``E``: ``executed_shares`` of an order traded at its own price. At 0 left it is gone; no
    ``D`` follows."""
    put_header(addr, at.ORDER_EXECUTED, stock_locate, tracking_number, timestamp_ns)
    put_u64(addr, at.ORDER_EXECUTED_ORDER_REFERENCE_NUMBER, order_reference_number)
    put_u32(addr, at.ORDER_EXECUTED_EXECUTED_SHARES, executed_shares)
    put_u64(addr, at.ORDER_EXECUTED_MATCH_NUMBER, match_number)
    return at.ORDER_EXECUTED_LENGTH


@kernel
def put_order_executed_with_price(
    addr, stock_locate, tracking_number, timestamp_ns, order_reference_number, executed_shares,
    match_number, printable, execution_price_e4,
):  # fmt: skip
    """``C``: as ``E`` at another price; ``printable`` is ``Y``, or ``N`` to keep it out of the
    volume."""
    put_header(addr, at.ORDER_EXECUTED_WITH_PRICE, stock_locate, tracking_number, timestamp_ns)
    put_u64(addr, at.ORDER_EXECUTED_WITH_PRICE_ORDER_REFERENCE_NUMBER, order_reference_number)
    put_u32(addr, at.ORDER_EXECUTED_WITH_PRICE_EXECUTED_SHARES, executed_shares)
    put_u64(addr, at.ORDER_EXECUTED_WITH_PRICE_MATCH_NUMBER, match_number)
    put_u8(addr, at.ORDER_EXECUTED_WITH_PRICE_PRINTABLE, printable)
    put_u32(addr, at.ORDER_EXECUTED_WITH_PRICE_EXECUTION_PRICE, execution_price_e4)
    return at.ORDER_EXECUTED_WITH_PRICE_LENGTH


@kernel
def put_order_cancel(
    addr, stock_locate, tracking_number, timestamp_ns, order_reference_number, cancelled_shares
):
    """``X``: an order loses ``cancelled_shares`` and keeps its place."""
    put_header(addr, at.ORDER_CANCEL, stock_locate, tracking_number, timestamp_ns)
    put_u64(addr, at.ORDER_CANCEL_ORDER_REFERENCE_NUMBER, order_reference_number)
    put_u32(addr, at.ORDER_CANCEL_CANCELLED_SHARES, cancelled_shares)
    return at.ORDER_CANCEL_LENGTH


@kernel
def put_order_delete(addr, stock_locate, tracking_number, timestamp_ns, order_reference_number):
    """``D``: an order leaves the book."""
    put_header(addr, at.ORDER_DELETE, stock_locate, tracking_number, timestamp_ns)
    put_u64(addr, at.ORDER_DELETE_ORDER_REFERENCE_NUMBER, order_reference_number)
    return at.ORDER_DELETE_LENGTH


@kernel
def put_order_replace(
    addr, stock_locate, tracking_number, timestamp_ns, original_order_reference_number,
    new_order_reference_number, shares, price_e4,
):  # fmt: skip
    """``U``: an order is replaced by one of the same side and stock, which queues afresh."""
    put_header(addr, at.ORDER_REPLACE, stock_locate, tracking_number, timestamp_ns)
    put_u64(
        addr, at.ORDER_REPLACE_ORIGINAL_ORDER_REFERENCE_NUMBER, original_order_reference_number
    )
    put_u64(addr, at.ORDER_REPLACE_NEW_ORDER_REFERENCE_NUMBER, new_order_reference_number)
    put_u32(addr, at.ORDER_REPLACE_SHARES, shares)
    put_u32(addr, at.ORDER_REPLACE_PRICE, price_e4)
    return at.ORDER_REPLACE_LENGTH


@kernel
def put_trade(
    addr, stock_locate, tracking_number, timestamp_ns, order_reference_number, side, shares, symbol,
    price_e4, match_number,
):  # fmt: skip
    """``P``: a trade against an order that was not displayed. Nasdaq sends reference number 0 and
    side ``B``, whatever the order's."""
    put_header(addr, at.TRADE, stock_locate, tracking_number, timestamp_ns)
    put_u64(addr, at.TRADE_ORDER_REFERENCE_NUMBER, order_reference_number)
    put_u8(addr, at.TRADE_BUY_SELL_INDICATOR, side)
    put_u32(addr, at.TRADE_SHARES, shares)
    put_raw8(addr, at.TRADE_STOCK, symbol)
    put_u32(addr, at.TRADE_PRICE, price_e4)
    put_u64(addr, at.TRADE_MATCH_NUMBER, match_number)
    return at.TRADE_LENGTH
