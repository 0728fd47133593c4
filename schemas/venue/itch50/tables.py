"""Every message of Nasdaq TotalView-ITCH 5.0 (specification section 1), field by field.

Prices are unsigned in 1/10,000 of the currency, market-wide circuit breaker levels in
1/100,000,000; timestamps are six bytes of nanoseconds since midnight.
"""

from schemas.venue.catalogue import Catalogue
from schemas.venue.layouts import alpha, message, price4, price8, time_ns, uint

__all__ = ["CATALOGUE", "HEADER"]

# fmt: off

HEADER = {
    "stock_locate": uint(2, "index of the security for the day, 0 when about none"),
    "tracking_number": uint(2, "Nasdaq internal"),
    "timestamp": time_ns(6),
}

YES_NO = alpha(1, "Y or N")
YES_NO_BLANK = alpha(1, "Y, N or space when not applicable")
SIDE = alpha(1, "B buy, S sell")
STOCK = alpha(8)
CROSS_TYPE = alpha(1, "O opening, C closing, H halt or IPO, A extended trading close (NOII)")
ORDER_REFERENCE = uint(8, "unique for the day")
MATCH_NUMBER = uint(8, "unique for the day")

SYSTEM_EVENT = message(
    "S", "System Event", HEADER,
    event_code=alpha(1, "O S Q M E C: messages, system hours and market hours start and end"),
)
STOCK_DIRECTORY = message(
    "R", "Stock Directory", HEADER,
    stock=STOCK,
    market_category=alpha(1, "Q G S Nasdaq, N A P M Z V other markets, space not available"),
    financial_status_indicator=alpha(1, "N normal, other letters deficient, space not available"),
    round_lot_size=uint(4),
    round_lots_only=YES_NO,
    issue_classification=alpha(1, "C common, O ordinary, A ADR, ..."),
    issue_sub_type=alpha(2, "Z not applicable, ..."),
    authenticity=alpha(1, "P production, T test"),
    short_sale_threshold_indicator=YES_NO_BLANK,
    ipo_flag=alpha(1, "Y, N, Z new listing without an offering, space not applicable"),
    luld_reference_price_tier=alpha(1, "1, 2, space not applicable"),
    etp_flag=YES_NO_BLANK,
    etp_leverage_factor=uint(4),
    inverse_indicator=YES_NO,
)
STOCK_TRADING_ACTION = message(
    "H", "Stock Trading Action", HEADER,
    stock=STOCK,
    trading_state=alpha(1, "H halted, P paused, Q quotation only, T trading"),
    reserved=alpha(1),
    reason=alpha(4),
)
REG_SHO_RESTRICTION = message(
    "Y", "Reg SHO Restriction", HEADER,
    stock=STOCK,
    reg_sho_action=alpha(1, "0 none, 1 in effect since today, 2 remains in effect"),
)
MARKET_PARTICIPANT_POSITION = message(
    "L", "Market Participant Position", HEADER,
    mpid=alpha(4),
    stock=STOCK,
    primary_market_maker=YES_NO,
    market_maker_mode=alpha(1, "N normal, P passive, S syndicate, R pre-syndicate, L penalty"),
    market_participant_state=alpha(1, "A active, E excused, W withdrawn, S suspended, D deleted"),
)
MWCB_DECLINE_LEVEL = message(
    "V", "MWCB Decline Level", HEADER,
    level_1=price8(8), level_2=price8(8), level_3=price8(8),
)
MWCB_STATUS = message("W", "MWCB Status", HEADER, breached_level=alpha(1, "1, 2 or 3"))
IPO_QUOTING_PERIOD_UPDATE = message(
    "K", "IPO Quoting Period Update", HEADER,
    stock=STOCK,
    ipo_quotation_release_time=uint(4, "seconds since midnight, 0 when cancelled"),
    ipo_quotation_release_qualifier=alpha(1, "A anticipated, C cancelled or postponed"),
    ipo_price=price4(4),
)
LULD_AUCTION_COLLAR = message(
    "J", "LULD Auction Collar", HEADER,
    stock=STOCK,
    auction_collar_reference_price=price4(4),
    upper_auction_collar_price=price4(4),
    lower_auction_collar_price=price4(4),
    auction_collar_extension=uint(4, "number of extensions"),
)
OPERATIONAL_HALT = message(
    "h", "Operational Halt", HEADER,
    stock=STOCK,
    market_code=alpha(1, "Q Nasdaq, B Nasdaq Texas, X PSX"),
    operational_halt_action=alpha(1, "H halted, T lifted"),
)
ADD_ORDER = message(
    "A", "Add Order (no MPID)", HEADER,
    order_reference_number=ORDER_REFERENCE,
    buy_sell_indicator=SIDE,
    shares=uint(4),
    stock=STOCK,
    price=price4(4),
)
ADD_ORDER_MPID = message(
    "F", "Add Order (MPID attribution)", HEADER,
    order_reference_number=ORDER_REFERENCE,
    buy_sell_indicator=SIDE,
    shares=uint(4),
    stock=STOCK,
    price=price4(4),
    attribution=alpha(4, "MPID"),
)
ORDER_EXECUTED = message(
    "E", "Order Executed", HEADER,
    order_reference_number=ORDER_REFERENCE,
    executed_shares=uint(4, "taken off the order, at its own price"),
    match_number=MATCH_NUMBER,
)
ORDER_EXECUTED_WITH_PRICE = message(
    "C", "Order Executed With Price", HEADER,
    order_reference_number=ORDER_REFERENCE,
    executed_shares=uint(4, "taken off the order"),
    match_number=MATCH_NUMBER,
    printable=alpha(1, "Y, or N when the shares are reported elsewhere too"),
    execution_price=price4(4),
)
ORDER_CANCEL = message(
    "X", "Order Cancel (partial)", HEADER,
    order_reference_number=ORDER_REFERENCE,
    cancelled_shares=uint(4, "taken off the order"),
)
ORDER_DELETE = message("D", "Order Delete", HEADER, order_reference_number=ORDER_REFERENCE)
ORDER_REPLACE = message(
    "U", "Order Replace", HEADER,
    original_order_reference_number=ORDER_REFERENCE,
    new_order_reference_number=ORDER_REFERENCE,
    shares=uint(4),
    price=price4(4),
)
TRADE = message(
    "P", "Trade (non-cross)", HEADER,
    order_reference_number=uint(8, "0 since 2014"),
    buy_sell_indicator=alpha(1, "always B since 2014"),
    shares=uint(4),
    stock=STOCK,
    price=price4(4),
    match_number=MATCH_NUMBER,
)
CROSS_TRADE = message(
    "Q", "Cross Trade", HEADER,
    shares=uint(8, "may be 0"),
    stock=STOCK,
    cross_price=price4(4),
    match_number=MATCH_NUMBER,
    cross_type=CROSS_TYPE,
)
BROKEN_TRADE = message("B", "Broken Trade", HEADER, match_number=MATCH_NUMBER)
NOII = message(
    "I", "NOII", HEADER,
    paired_shares=uint(8),
    imbalance_shares=uint(8),
    imbalance_direction=alpha(1, "B, S, N none, O too few orders, P paused"),
    stock=STOCK,
    far_price=price4(4),
    near_price=price4(4),
    current_reference_price=price4(4),
    cross_type=CROSS_TYPE,
    price_variation_indicator=alpha(1, "L below 1%, 1 to 9, A B C from 10, 20, 30%, space n/a"),
)
RPII = message(
    "N", "RPII", HEADER,
    stock=STOCK,
    interest_flag=alpha(1, "B, S, A both, N none"),
)
DIRECT_LISTING = message(
    "O", "Direct Listing with Capital Raise price discovery", HEADER,
    stock=STOCK,
    open_eligibility_status=alpha(1),
    minimum_allowable_price=price4(4),
    maximum_allowable_price=price4(4),
    near_execution_price=price4(4),
    near_execution_time=uint(8),
    lower_price_range_collar=price4(4),
    upper_price_range_collar=price4(4),
)

CATALOGUE = Catalogue(
    "ITCH 5.0",
    (
        SYSTEM_EVENT, STOCK_DIRECTORY, STOCK_TRADING_ACTION, REG_SHO_RESTRICTION,
        MARKET_PARTICIPANT_POSITION, MWCB_DECLINE_LEVEL, MWCB_STATUS, IPO_QUOTING_PERIOD_UPDATE,
        LULD_AUCTION_COLLAR, OPERATIONAL_HALT, ADD_ORDER, ADD_ORDER_MPID, ORDER_EXECUTED,
        ORDER_EXECUTED_WITH_PRICE, ORDER_CANCEL, ORDER_DELETE, ORDER_REPLACE, TRADE, CROSS_TRADE,
        BROKEN_TRADE, NOII, RPII, DIRECT_LISTING,
    ),
)
