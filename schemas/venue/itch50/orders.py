"""Kernels that write what ITCH 5.0 says of displayed orders. How they take values: ``day.py``."""

from schemas.pointer import kernel
from schemas.venue.big_endian import put_raw4, put_raw8, put_u8, put_u32, put_u64
from schemas.venue.itch50 import offsets as at
from schemas.venue.itch50.header import put_header

__all__ = [
    "put_add_order",
    "put_add_order_mpid",
    "put_order_cancel",
    "put_order_delete",
    "put_order_executed",
    "put_order_executed_with_price",
    "put_order_replace",
]


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
