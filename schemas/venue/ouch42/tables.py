"""Every message of Nasdaq OUCH 4.2, field by field.

Requests travel in SoupBinTCP Unsequenced Data, responses in Sequenced Data. Prices are four bytes
in 1/10,000 of the currency; timestamps eight bytes of nanoseconds since midnight. An order is known
by its token, which no other order of the account has that day; a token used again is ignored.
"""

from schemas.venue.catalogue import Catalogue
from schemas.venue.layouts import alpha, message, price4, time_ns, uint

__all__ = ["INBOUND", "OUTBOUND", "REQUEST_HEADER", "RESPONSE_HEADER"]

# fmt: off
REQUEST_HEADER = {}
RESPONSE_HEADER = {"timestamp": time_ns(8)}

TOKEN = alpha(14, "case-sensitive, unique for the day")
SIDE = alpha(1, "B, S, T short, E short exempt")
STOCK = alpha(8)
TIME_IN_FORCE = uint(4, "seconds; 0 IOC, 99998 market hours, 99999 system hours")
FIRM = alpha(4, "blank for the account's default")
DISPLAY = alpha(1, "see Display")
CAPACITY = alpha(1, "A agency, P principal, R riskless, O other")
SWEEP = alpha(1, "Y, N, y")
CROSS_TYPE = alpha(1, "N continuous, O C H S R E crosses and special orders")
ORDER_REFERENCE = uint(8, "the exchange's; ITCH tells of the order by it")
ORDER_STATE = alpha(1, "L live, D dead")
BBO_WEIGHT = alpha(1, "0 to 3, space, S, N")
LIQUIDITY = alpha(1, "A added, R removed, J hidden added, O C H crosses, ...")
MATCH_NUMBER = uint(8)

# ---- requests, client to exchange

ENTER_ORDER = message(
    "O", "Enter Order", REQUEST_HEADER,
    order_token=TOKEN, buy_sell_indicator=SIDE, shares=uint(4, "1 to 999,999"), stock=STOCK,
    price=price4(4), time_in_force=TIME_IN_FORCE, firm=FIRM, display=DISPLAY, capacity=CAPACITY,
    intermarket_sweep_eligibility=SWEEP, minimum_quantity=uint(4), cross_type=CROSS_TYPE,
    customer_type=alpha(1, "R retail, N not, space for the port's default"),
)
REPLACE_ORDER = message(
    "U", "Replace Order", REQUEST_HEADER,
    existing_order_token=TOKEN, replacement_order_token=TOKEN,
    shares=uint(4, "for the whole chain of replacements, shares already executed included"),
    price=price4(4), time_in_force=TIME_IN_FORCE, display=DISPLAY,
    intermarket_sweep_eligibility=SWEEP, minimum_quantity=uint(4),
)
CANCEL_ORDER = message(
    "X", "Cancel Order", REQUEST_HEADER,
    order_token=TOKEN, shares=uint(4, "intended size from now on, 0 cancels the rest"),
)
MODIFY_ORDER = message(
    "M", "Modify Order", REQUEST_HEADER,
    order_token=TOKEN, buy_sell_indicator=alpha(1, "S to E, S to T or E to T"),
    shares=uint(4, "intended size, only less"),
)
TRADE_NOW = message("N", "Trade Now", REQUEST_HEADER, order_token=TOKEN)

# ---- responses, exchange to client

SYSTEM_EVENT = message(
    "S", "System Event", RESPONSE_HEADER,
    event_code=alpha(1, "S start of day, E end of day"),
)
ACCEPTED = message(
    "A", "Accepted", RESPONSE_HEADER,
    order_token=TOKEN, buy_sell_indicator=SIDE, shares=uint(4), stock=STOCK, price=price4(4),
    time_in_force=TIME_IN_FORCE, firm=FIRM, display=DISPLAY,
    order_reference_number=ORDER_REFERENCE, capacity=CAPACITY,
    intermarket_sweep_eligibility=SWEEP, minimum_quantity=uint(4), cross_type=CROSS_TYPE,
    order_state=ORDER_STATE, bbo_weight_indicator=BBO_WEIGHT,
)
REPLACED = message(
    "U", "Replaced", RESPONSE_HEADER,
    replacement_order_token=TOKEN, buy_sell_indicator=SIDE, shares=uint(4, "shares left"),
    stock=STOCK, price=price4(4), time_in_force=TIME_IN_FORCE, firm=FIRM, display=DISPLAY,
    order_reference_number=ORDER_REFERENCE, capacity=CAPACITY,
    intermarket_sweep_eligibility=SWEEP, minimum_quantity=uint(4), cross_type=CROSS_TYPE,
    order_state=ORDER_STATE, previous_order_token=TOKEN, bbo_weight_indicator=BBO_WEIGHT,
)
CANCELED = message(
    "C", "Canceled", RESPONSE_HEADER,
    order_token=TOKEN, decrement_shares=uint(4, "taken off"),
    reason=alpha(1, "see CancelReason"),
)
AIQ_CANCELED = message(
    "D", "AIQ Canceled", RESPONSE_HEADER,
    order_token=TOKEN, decrement_shares=uint(4), reason=alpha(1, "always Q"),
    quantity_prevented_from_trading=uint(4), execution_price=price4(4), liquidity_flag=LIQUIDITY,
)
EXECUTED = message(
    "E", "Executed", RESPONSE_HEADER,
    order_token=TOKEN, executed_shares=uint(4, "of this execution"), execution_price=price4(4),
    liquidity_flag=LIQUIDITY, match_number=MATCH_NUMBER,
)
BROKEN_TRADE = message(
    "B", "Broken Trade", RESPONSE_HEADER,
    order_token=TOKEN, match_number=MATCH_NUMBER,
    reason=alpha(1, "E erroneous, C consent, S supervisory, X external"),
)
EXECUTED_WITH_REFERENCE_PRICE = message(
    "G", "Executed with Reference Price", RESPONSE_HEADER,
    order_token=TOKEN, executed_shares=uint(4, "of this execution"), execution_price=price4(4),
    liquidity_flag=LIQUIDITY, match_number=MATCH_NUMBER, reference_price=price4(4),
    reference_price_type=alpha(1),
)
TRADE_CORRECTION = message(
    "F", "Trade Correction", RESPONSE_HEADER,
    order_token=TOKEN, executed_shares=uint(4), execution_price=price4(4),
    liquidity_flag=LIQUIDITY, match_number=MATCH_NUMBER,
    reason=alpha(1, "E erroneous, C consent, S supervisory, X external"),
)
REJECTED = message(
    "J", "Rejected", RESPONSE_HEADER,
    order_token=TOKEN, reason=alpha(1, "see RejectReason"),
)
CANCEL_PENDING = message("P", "Cancel Pending", RESPONSE_HEADER, order_token=TOKEN)
CANCEL_REJECT = message("I", "Cancel Reject", RESPONSE_HEADER, order_token=TOKEN)
ORDER_PRIORITY_UPDATE = message(
    "T", "Order Priority Update", RESPONSE_HEADER,
    order_token=TOKEN, price=price4(4), display=DISPLAY, order_reference_number=ORDER_REFERENCE,
)
MODIFIED = message(
    "M", "Order Modified", RESPONSE_HEADER,
    order_token=TOKEN, buy_sell_indicator=SIDE, shares=uint(4),
)
TRADE_NOW_RESPONSE = message("N", "Trade Now", RESPONSE_HEADER, order_token=TOKEN)

INBOUND = Catalogue(
    "OUCH 4.2 inbound", (ENTER_ORDER, REPLACE_ORDER, CANCEL_ORDER, MODIFY_ORDER, TRADE_NOW)
)
OUTBOUND = Catalogue(
    "OUCH 4.2 outbound",
    (
        SYSTEM_EVENT, ACCEPTED, REPLACED, CANCELED, AIQ_CANCELED, EXECUTED, BROKEN_TRADE,
        EXECUTED_WITH_REFERENCE_PRICE, TRADE_CORRECTION, REJECTED, CANCEL_PENDING, CANCEL_REJECT,
        ORDER_PRIORITY_UPDATE, MODIFIED, TRADE_NOW_RESPONSE,
    ),
)
