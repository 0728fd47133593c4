"""Every message and option of Nasdaq OUCH 5.0, field by field.

Requests travel in SoupBinTCP Unsequenced Data, responses in Sequenced Data. Prices are eight bytes
in 1/10,000 of the currency; timestamps eight bytes of nanoseconds since midnight. The options that
follow some messages, each one byte of length, one of tag and a value, are called the appendage;
since revision 1.04 messages that had none may carry one.
"""

from schemas.venue.catalogue import Catalogue
from schemas.venue.layouts import (
    Appendage,
    alpha,
    message,
    price4,
    signed_price4,
    time_ns,
    uint,
)
from schemas.venue.ouch50.codes import OptionTag

__all__ = ["INBOUND", "OPTIONS", "OUTBOUND", "REQUEST_HEADER", "RESPONSE_HEADER"]

# fmt: off
OPTIONS = {
    OptionTag.SECONDARY_ORD_REF_NUM: ("SecondaryOrdRefNum", uint(8)),
    OptionTag.FIRM: ("Firm", alpha(4)),
    OptionTag.MIN_QTY: ("MinQty", uint(4)),
    OptionTag.CUSTOMER_TYPE: ("CustomerType", alpha(1)),
    OptionTag.MAX_FLOOR: ("MaxFloor", uint(4)),
    OptionTag.PRICE_TYPE: ("PriceType", alpha(1)),
    OptionTag.PEG_OFFSET: ("PegOffset", signed_price4(4)),
    OptionTag.DISCRETION_PRICE: ("DiscretionPrice", price4(8)),
    OptionTag.DISCRETION_PRICE_TYPE: ("DiscretionPriceType", alpha(1)),
    OptionTag.DISCRETION_PEG_OFFSET: ("DiscretionPegOffset", signed_price4(4)),
    OptionTag.POST_ONLY: ("PostOnly", alpha(1)),
    OptionTag.RANDOM_RESERVES: ("RandomReserves", uint(4)),
    OptionTag.ROUTE: ("Route", alpha(4)),
    OptionTag.EXPIRE_TIME: ("ExpireTime", uint(4, "seconds")),
    OptionTag.TRADE_NOW: ("TradeNow", alpha(1)),
    OptionTag.HANDLE_INST: ("HandleInst", alpha(1)),
    OptionTag.BBO_WEIGHT_INDICATOR: ("BBOWeightIndicator", alpha(1)),
    OptionTag.DISPLAY_QUANTITY: ("DisplayQuantity", uint(4)),
    OptionTag.DISPLAY_PRICE: ("DisplayPrice", price4(8)),
    OptionTag.GROUP_ID: ("GroupID", uint(2)),
    OptionTag.SHARES_LOCATED: ("SharesLocated", alpha(1)),
    OptionTag.LOCATE_BROKER: ("LocateBroker", alpha(4)),
    OptionTag.SIDE: ("Side", alpha(1)),
    OptionTag.USER_REF_IDX: ("UserRefIdx", uint(1)),
}

REQUEST_HEADER = {}
RESPONSE_HEADER = {"timestamp": time_ns(8)}

USER_REF_NUM = uint(4, "per port, from 1, strictly increasing")
SIDE = alpha(1, "B, S, T short, E short exempt")
SYMBOL = alpha(8)
FIRM = alpha(4, "blank for the port's default")
TIME_IN_FORCE = alpha(1, "0 day, 3 IOC, 5 extended hours, 6 GTT, E after hours (Enter only)")
DISPLAY = alpha(1, "Y visible, N hidden, A attributable, Z conformant (outbound)")
CAPACITY = alpha(1, "A agency, P principal, R riskless, O other")
SWEEP = alpha(1, "Y or N")
CROSS_TYPE = alpha(1, "N continuous, O C H S R E A crosses and special orders")
CL_ORD_ID = alpha(14)
ORDER_REFERENCE = uint(8, "the exchange's; ITCH tells of the order by it")
ORDER_STATE = alpha(1, "L live, D dead")
LIQUIDITY = alpha(1, "A added, R removed, J hidden added, O C H crosses, ...")
OPTIONAL, REQUIRED = Appendage.OPTIONAL, Appendage.REQUIRED

# ---- requests, client to exchange

ENTER_ORDER = message(
    "O", "Enter Order", REQUEST_HEADER, options=REQUIRED,
    user_ref_num=USER_REF_NUM, side=SIDE, quantity=uint(4, "1 to 999,999"), symbol=SYMBOL,
    price=price4(8), time_in_force=TIME_IN_FORCE, display=DISPLAY, capacity=CAPACITY,
    intermarket_sweep_eligibility=SWEEP, cross_type=CROSS_TYPE, cl_ord_id=CL_ORD_ID,
)
REPLACE_ORDER = message(
    "U", "Replace Order Request", REQUEST_HEADER, options=REQUIRED,
    orig_user_ref_num=USER_REF_NUM, user_ref_num=USER_REF_NUM,
    quantity=uint(4, "for the whole chain of replacements, shares already executed included"),
    price=price4(8), time_in_force=TIME_IN_FORCE, display=DISPLAY,
    intermarket_sweep_eligibility=SWEEP, cl_ord_id=CL_ORD_ID,
)
CANCEL_ORDER = message(
    "X", "Cancel Order Request", REQUEST_HEADER, options=OPTIONAL,
    user_ref_num=USER_REF_NUM, quantity=uint(4, "intended size from now on, 0 cancels the rest"),
)
MODIFY_ORDER = message(
    "M", "Modify Order Request", REQUEST_HEADER, options=OPTIONAL,
    user_ref_num=USER_REF_NUM, side=alpha(1, "S to E, S to T or E to T"),
    quantity=uint(4, "intended size, only less"),
)
MASS_CANCEL = message(
    "C", "Mass Cancel Request", REQUEST_HEADER, options=REQUIRED,
    user_ref_num=USER_REF_NUM, firm=FIRM, symbol=SYMBOL,
)
DISABLE_ORDER_ENTRY = message(
    "D", "Disable Order Entry Request", REQUEST_HEADER, options=REQUIRED,
    user_ref_num=USER_REF_NUM, firm=FIRM,
)
ENABLE_ORDER_ENTRY = message(
    "E", "Enable Order Entry Request", REQUEST_HEADER, options=REQUIRED,
    user_ref_num=USER_REF_NUM, firm=FIRM,
)
ACCOUNT_QUERY = message("Q", "Account Query Request", REQUEST_HEADER, options=OPTIONAL)

# ---- responses, exchange to client

SYSTEM_EVENT = message(
    "S", "System Event", RESPONSE_HEADER,
    event_code=alpha(1, "S start of day, E end of day"),
)
ACCEPTED = message(
    "A", "Order Accepted", RESPONSE_HEADER, options=REQUIRED,
    user_ref_num=USER_REF_NUM, side=SIDE, quantity=uint(4), symbol=SYMBOL, price=price4(8),
    time_in_force=TIME_IN_FORCE, display=DISPLAY, order_reference_number=ORDER_REFERENCE,
    capacity=CAPACITY, intermarket_sweep_eligibility=SWEEP, cross_type=CROSS_TYPE,
    order_state=ORDER_STATE, cl_ord_id=CL_ORD_ID,
)
REPLACED = message(
    "U", "Order Replaced", RESPONSE_HEADER, options=REQUIRED,
    orig_user_ref_num=USER_REF_NUM, user_ref_num=USER_REF_NUM, side=SIDE,
    quantity=uint(4, "shares left"), symbol=SYMBOL, price=price4(8),
    time_in_force=TIME_IN_FORCE, display=DISPLAY, order_reference_number=ORDER_REFERENCE,
    capacity=CAPACITY, intermarket_sweep_eligibility=SWEEP, cross_type=CROSS_TYPE,
    order_state=ORDER_STATE, cl_ord_id=CL_ORD_ID,
)
CANCELED = message(
    "C", "Order Canceled", RESPONSE_HEADER, options=OPTIONAL,
    user_ref_num=USER_REF_NUM, quantity=uint(4, "shares taken off"),
    reason=alpha(1, "see CancelReason"),
)
AIQ_CANCELED = message(
    "D", "AIQ Canceled", RESPONSE_HEADER, options=OPTIONAL,
    user_ref_num=USER_REF_NUM, decrement_shares=uint(4), reason=alpha(1, "always Q"),
    quantity_prevented_from_trading=uint(4), execution_price=price4(8),
    liquidity_flag=LIQUIDITY, aiq_strategy=alpha(1),
)
EXECUTED = message(
    "E", "Order Executed", RESPONSE_HEADER, options=REQUIRED,
    user_ref_num=USER_REF_NUM, quantity=uint(4, "shares of this execution"), price=price4(8),
    liquidity_flag=LIQUIDITY, match_number=uint(8),
)
BROKEN_TRADE = message(
    "B", "Broken Trade", RESPONSE_HEADER, options=OPTIONAL,
    user_ref_num=USER_REF_NUM, match_number=uint(8),
    reason=alpha(1, "E erroneous, C consent, S supervisory, X external"), cl_ord_id=CL_ORD_ID,
)
REJECTED = message(
    "J", "Rejected", RESPONSE_HEADER, options=OPTIONAL,
    user_ref_num=USER_REF_NUM, reason=uint(2, "see RejectReason"), cl_ord_id=CL_ORD_ID,
)
CANCEL_PENDING = message(
    "P", "Cancel Pending", RESPONSE_HEADER, options=OPTIONAL, user_ref_num=USER_REF_NUM,
)
CANCEL_REJECT = message(
    "I", "Cancel Reject", RESPONSE_HEADER, options=OPTIONAL, user_ref_num=USER_REF_NUM,
)
ORDER_PRIORITY_UPDATE = message(
    "T", "Order Priority Update", RESPONSE_HEADER, options=OPTIONAL,
    user_ref_num=USER_REF_NUM, price=price4(8), display=DISPLAY,
    order_reference_number=ORDER_REFERENCE,
)
MODIFIED = message(
    "M", "Order Modified", RESPONSE_HEADER, options=OPTIONAL,
    user_ref_num=USER_REF_NUM, side=SIDE, quantity=uint(4),
)
RESTATED = message(
    "R", "Order Restated", RESPONSE_HEADER, options=REQUIRED,
    user_ref_num=USER_REF_NUM, reason=alpha(1, "R display refreshed, P price updated"),
)
MASS_CANCEL_RESPONSE = message(
    "X", "Mass Cancel Response", RESPONSE_HEADER, options=REQUIRED,
    user_ref_num=USER_REF_NUM, firm=FIRM, symbol=SYMBOL,
)
DISABLE_ORDER_ENTRY_RESPONSE = message(
    "G", "Disable Order Entry Response", RESPONSE_HEADER, options=REQUIRED,
    user_ref_num=USER_REF_NUM, firm=FIRM,
)
ENABLE_ORDER_ENTRY_RESPONSE = message(
    "K", "Enable Order Entry Response", RESPONSE_HEADER, options=REQUIRED,
    user_ref_num=USER_REF_NUM, firm=FIRM,
)
ACCOUNT_QUERY_RESPONSE = message(
    "Q", "Account Query Response", RESPONSE_HEADER, options=OPTIONAL,
    next_user_ref_num=USER_REF_NUM,
)

INBOUND = Catalogue(
    "OUCH 5.0 inbound",
    (
        ENTER_ORDER, REPLACE_ORDER, CANCEL_ORDER, MODIFY_ORDER, MASS_CANCEL, DISABLE_ORDER_ENTRY,
        ENABLE_ORDER_ENTRY, ACCOUNT_QUERY,
    ),
    OPTIONS,
)
OUTBOUND = Catalogue(
    "OUCH 5.0 outbound",
    (
        SYSTEM_EVENT, ACCEPTED, REPLACED, CANCELED, AIQ_CANCELED, EXECUTED, BROKEN_TRADE, REJECTED,
        CANCEL_PENDING, CANCEL_REJECT, ORDER_PRIORITY_UPDATE, MODIFIED, RESTATED,
        MASS_CANCEL_RESPONSE, DISABLE_ORDER_ENTRY_RESPONSE, ENABLE_ORDER_ENTRY_RESPONSE,
        ACCOUNT_QUERY_RESPONSE,
    ),
    OPTIONS,
)
