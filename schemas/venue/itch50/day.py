"""Kernels that write what ITCH 5.0 says of the day and of its stocks.

All ``put_…`` kernels of this package write a whole message at the address ``addr`` and return its
length in bytes; the caller provides the room. Times are nanoseconds since midnight (below 2**48),
prices 1/10,000 of the currency (below 2**32), one-letter fields their byte values (``ord("Y")``,
a member of a code enum), ``symbol`` and other text integers in memory order
(:func:`schemas.venue.text.symbol_to_int`). Values are not checked: an integer too large loses its
high bytes.

Reading needs no kernel of its own: ``get_u32(addr, itch50.ADD_ORDER_SHARES)`` once ``validate`` has
said that the message is whole.
"""

from schemas.pointer import kernel
from schemas.venue.big_endian import put_raw4, put_raw8, put_u8, put_u16, put_u32, put_u64
from schemas.venue.itch50 import offsets as at
from schemas.venue.itch50.header import put_header

__all__ = [
    "put_ipo_quoting_period_update",
    "put_luld_auction_collar",
    "put_market_participant_position",
    "put_mwcb_decline_level",
    "put_mwcb_status",
    "put_operational_halt",
    "put_reg_sho_restriction",
    "put_stock_directory",
    "put_stock_trading_action",
    "put_system_event",
]

BLANK, NO, COMMON_STOCK, NORMAL = ord(" "), ord("N"), ord("C"), ord("N")
SUB_TYPE_NOT_APPLICABLE = int.from_bytes(b"Z ", "big")


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
def put_reg_sho_restriction(
    addr, stock_locate, tracking_number, timestamp_ns, symbol, reg_sho_action
):
    """``Y``: whether short sales of a stock are restricted, a :class:`RegShoAction`."""
    put_header(addr, at.REG_SHO_RESTRICTION, stock_locate, tracking_number, timestamp_ns)
    put_raw8(addr, at.REG_SHO_RESTRICTION_STOCK, symbol)
    put_u8(addr, at.REG_SHO_RESTRICTION_REG_SHO_ACTION, reg_sho_action)
    return at.REG_SHO_RESTRICTION_LENGTH


@kernel
def put_market_participant_position(
    addr, stock_locate, tracking_number, timestamp_ns, mpid, symbol, primary_market_maker,
    market_maker_mode, market_participant_state,
):  # fmt: skip
    """``L``: a market maker's standing in a stock; ``mpid`` is four characters in memory order."""
    put_header(addr, at.MARKET_PARTICIPANT_POSITION, stock_locate, tracking_number, timestamp_ns)
    put_raw4(addr, at.MARKET_PARTICIPANT_POSITION_MPID, mpid)
    put_raw8(addr, at.MARKET_PARTICIPANT_POSITION_STOCK, symbol)
    put_u8(addr, at.MARKET_PARTICIPANT_POSITION_PRIMARY_MARKET_MAKER, primary_market_maker)
    put_u8(addr, at.MARKET_PARTICIPANT_POSITION_MARKET_MAKER_MODE, market_maker_mode)
    put_u8(addr, at.MARKET_PARTICIPANT_POSITION_MARKET_PARTICIPANT_STATE, market_participant_state)
    return at.MARKET_PARTICIPANT_POSITION_LENGTH


@kernel
def put_mwcb_decline_level(
    addr, tracking_number, timestamp_ns, level_1_e8, level_2_e8, level_3_e8
):
    """``V``: the index levels, in 1/100,000,000, at which the day's market-wide circuit breakers
    act. Its stock locate is 0."""
    put_header(addr, at.MWCB_DECLINE_LEVEL, 0, tracking_number, timestamp_ns)
    put_u64(addr, at.MWCB_DECLINE_LEVEL_LEVEL_1, level_1_e8)
    put_u64(addr, at.MWCB_DECLINE_LEVEL_LEVEL_2, level_2_e8)
    put_u64(addr, at.MWCB_DECLINE_LEVEL_LEVEL_3, level_3_e8)
    return at.MWCB_DECLINE_LEVEL_LENGTH


@kernel
def put_mwcb_status(addr, tracking_number, timestamp_ns, breached_level):
    """``W``: a circuit breaker acts; ``breached_level`` is ``1``, ``2`` or ``3``. Its stock locate
    is 0."""
    put_header(addr, at.MWCB_STATUS, 0, tracking_number, timestamp_ns)
    put_u8(addr, at.MWCB_STATUS_BREACHED_LEVEL, breached_level)
    return at.MWCB_STATUS_LENGTH


@kernel
def put_ipo_quoting_period_update(
    addr, stock_locate, tracking_number, timestamp_ns, symbol, ipo_quotation_release_time,
    ipo_quotation_release_qualifier, ipo_price_e4,
):  # fmt: skip
    """``K``: when a new listing may be quoted, in seconds since midnight, and its price; both 0
    with the qualifier ``C``, cancelled."""
    put_header(addr, at.IPO_QUOTING_PERIOD_UPDATE, stock_locate, tracking_number, timestamp_ns)
    put_raw8(addr, at.IPO_QUOTING_PERIOD_UPDATE_STOCK, symbol)
    put_u32(
        addr, at.IPO_QUOTING_PERIOD_UPDATE_IPO_QUOTATION_RELEASE_TIME, ipo_quotation_release_time
    )
    put_u8(
        addr,
        at.IPO_QUOTING_PERIOD_UPDATE_IPO_QUOTATION_RELEASE_QUALIFIER,
        ipo_quotation_release_qualifier,
    )
    put_u32(addr, at.IPO_QUOTING_PERIOD_UPDATE_IPO_PRICE, ipo_price_e4)
    return at.IPO_QUOTING_PERIOD_UPDATE_LENGTH


@kernel
def put_luld_auction_collar(
    addr, stock_locate, tracking_number, timestamp_ns, symbol, auction_collar_reference_price_e4,
    upper_auction_collar_price_e4, lower_auction_collar_price_e4, auction_collar_extension,
):  # fmt: skip
    """``J``: the prices within which the auction after a limit up limit down pause must be."""
    put_header(addr, at.LULD_AUCTION_COLLAR, stock_locate, tracking_number, timestamp_ns)
    put_raw8(addr, at.LULD_AUCTION_COLLAR_STOCK, symbol)
    put_u32(
        addr,
        at.LULD_AUCTION_COLLAR_AUCTION_COLLAR_REFERENCE_PRICE,
        auction_collar_reference_price_e4,
    )
    put_u32(
        addr, at.LULD_AUCTION_COLLAR_UPPER_AUCTION_COLLAR_PRICE, upper_auction_collar_price_e4
    )
    put_u32(
        addr, at.LULD_AUCTION_COLLAR_LOWER_AUCTION_COLLAR_PRICE, lower_auction_collar_price_e4
    )
    put_u32(addr, at.LULD_AUCTION_COLLAR_AUCTION_COLLAR_EXTENSION, auction_collar_extension)
    return at.LULD_AUCTION_COLLAR_LENGTH


@kernel
def put_operational_halt(
    addr, stock_locate, tracking_number, timestamp_ns, symbol, market_code, operational_halt_action
):
    """``h``: one market centre (``Q``, ``B`` or ``X``) stops trading a stock, or resumes."""
    put_header(addr, at.OPERATIONAL_HALT, stock_locate, tracking_number, timestamp_ns)
    put_raw8(addr, at.OPERATIONAL_HALT_STOCK, symbol)
    put_u8(addr, at.OPERATIONAL_HALT_MARKET_CODE, market_code)
    put_u8(addr, at.OPERATIONAL_HALT_OPERATIONAL_HALT_ACTION, operational_halt_action)
    return at.OPERATIONAL_HALT_LENGTH
