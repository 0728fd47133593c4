"""Kernels that write what ITCH 5.0 says of trades and auctions. On their values: ``day.py``."""

from schemas.pointer import kernel
from schemas.venue.big_endian import put_raw8, put_u8, put_u32, put_u64
from schemas.venue.itch50 import offsets as at
from schemas.venue.itch50.header import put_header

__all__ = [
    "put_broken_trade",
    "put_cross_trade",
    "put_direct_listing",
    "put_noii",
    "put_rpii",
    "put_trade",
]


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


@kernel
def put_cross_trade(
    addr, stock_locate, tracking_number, timestamp_ns, shares, symbol, cross_price_e4, match_number,
    cross_type,
):  # fmt: skip
    """``Q``: an auction traded ``shares`` (8 bytes, 0 if nothing crossed) at one price; the
    ``cross_type`` is a :class:`CrossType`."""
    put_header(addr, at.CROSS_TRADE, stock_locate, tracking_number, timestamp_ns)
    put_u64(addr, at.CROSS_TRADE_SHARES, shares)
    put_raw8(addr, at.CROSS_TRADE_STOCK, symbol)
    put_u32(addr, at.CROSS_TRADE_CROSS_PRICE, cross_price_e4)
    put_u64(addr, at.CROSS_TRADE_MATCH_NUMBER, match_number)
    put_u8(addr, at.CROSS_TRADE_CROSS_TYPE, cross_type)
    return at.CROSS_TRADE_LENGTH


@kernel
def put_broken_trade(addr, stock_locate, tracking_number, timestamp_ns, match_number):
    """``B``: a trade of the day is void. The book stays as it is."""
    put_header(addr, at.BROKEN_TRADE, stock_locate, tracking_number, timestamp_ns)
    put_u64(addr, at.BROKEN_TRADE_MATCH_NUMBER, match_number)
    return at.BROKEN_TRADE_LENGTH


@kernel
def put_noii(
    addr, stock_locate, tracking_number, timestamp_ns, paired_shares, imbalance_shares,
    imbalance_direction, symbol, far_price_e4, near_price_e4, current_reference_price_e4,
    cross_type, price_variation_indicator,
):  # fmt: skip
    """``I``: how an auction would come out now (net order imbalance indicator).

    ``paired_shares`` would trade at the reference price and ``imbalance_shares`` stay on the side
    ``imbalance_direction``, an :class:`ImbalanceDirection`. At the near price all orders would
    cross, at the far price only those for the auction.
    """
    put_header(addr, at.NOII, stock_locate, tracking_number, timestamp_ns)
    put_u64(addr, at.NOII_PAIRED_SHARES, paired_shares)
    put_u64(addr, at.NOII_IMBALANCE_SHARES, imbalance_shares)
    put_u8(addr, at.NOII_IMBALANCE_DIRECTION, imbalance_direction)
    put_raw8(addr, at.NOII_STOCK, symbol)
    put_u32(addr, at.NOII_FAR_PRICE, far_price_e4)
    put_u32(addr, at.NOII_NEAR_PRICE, near_price_e4)
    put_u32(addr, at.NOII_CURRENT_REFERENCE_PRICE, current_reference_price_e4)
    put_u8(addr, at.NOII_CROSS_TYPE, cross_type)
    put_u8(addr, at.NOII_PRICE_VARIATION_INDICATOR, price_variation_indicator)
    return at.NOII_LENGTH


@kernel
def put_rpii(addr, stock_locate, tracking_number, timestamp_ns, symbol, interest_flag):
    """``N``: on which side of a stock retail orders could get a better price."""
    put_header(addr, at.RPII, stock_locate, tracking_number, timestamp_ns)
    put_raw8(addr, at.RPII_STOCK, symbol)
    put_u8(addr, at.RPII_INTEREST_FLAG, interest_flag)
    return at.RPII_LENGTH


@kernel
def put_direct_listing(
    addr, stock_locate, tracking_number, timestamp_ns, symbol, open_eligibility_status,
    minimum_allowable_price_e4, maximum_allowable_price_e4, near_execution_price_e4,
    near_execution_time, lower_price_range_collar_e4, upper_price_range_collar_e4,
):  # fmt: skip
    """``O``: how the price of a direct listing with a capital raise is being found."""
    put_header(addr, at.DIRECT_LISTING, stock_locate, tracking_number, timestamp_ns)
    put_raw8(addr, at.DIRECT_LISTING_STOCK, symbol)
    put_u8(addr, at.DIRECT_LISTING_OPEN_ELIGIBILITY_STATUS, open_eligibility_status)
    put_u32(addr, at.DIRECT_LISTING_MINIMUM_ALLOWABLE_PRICE, minimum_allowable_price_e4)
    put_u32(addr, at.DIRECT_LISTING_MAXIMUM_ALLOWABLE_PRICE, maximum_allowable_price_e4)
    put_u32(addr, at.DIRECT_LISTING_NEAR_EXECUTION_PRICE, near_execution_price_e4)
    put_u64(addr, at.DIRECT_LISTING_NEAR_EXECUTION_TIME, near_execution_time)
    put_u32(addr, at.DIRECT_LISTING_LOWER_PRICE_RANGE_COLLAR, lower_price_range_collar_e4)
    put_u32(addr, at.DIRECT_LISTING_UPPER_PRICE_RANGE_COLLAR, upper_price_range_collar_e4)
    return at.DIRECT_LISTING_LENGTH
