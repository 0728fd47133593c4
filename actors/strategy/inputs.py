"""A strategy's inputs: all that changes its orders and positions, written down and then carried out.

What is journaled (the tables ``state``, ``symbols``, ``orders``, but for ``valid`` and for when
orders were sent) changes in :data:`apply_input` and nowhere else. Live, ``take_order`` and the
others put an input into the journal and hand the record to it; recovery hands it the journal's
records again, to the same machine code::

    type     payload
    ORDER    an order about to be sent: ENTERED
    REPORT   the body of an execution report about an order of ours
    SEEN     number of a report about somebody else's

What a subclass decides by, books and windows of prices, is not journaled: it comes with the market.
"""

from enum import IntEnum

import numpy as np

from actors.runtime import count, crash_point, handler, kernel, table
from actors.runtime.journal.inputs import (
    begin_input, carry_out, payload_of, record_kind, record_time,
)
from actors.runtime.native import load_i64, memcpy, store_i64
from actors.strategy import orders
from actors.strategy.market import ORDERS, STATE, SYMBOLS
from actors.strategy.orders import STRATEGY_STATE, SYMBOL_STATE, WORKING_ORDER
from schemas.enums import ReportType
from schemas.messages import EXECUTION_REPORT, PREFIX_SIZE
from schemas.pointer import record_at
from schemas.views import execution_report

__all__ = ["ENTERED", "InputType", "apply_input", "orders_of", "state_of", "symbols_of",
           "take_order", "take_report", "take_seen"]


class InputType(IntEnum):
    """Types of a strategy's journal records."""

    ORDER = 1
    REPORT = 2
    SEEN = 3


#: Payload of an ORDER record.
ENTERED = np.dtype([("order_id", "i8"), ("symbol_id", "i8"), ("side", "i8"), ("quantity", "i8"),
                    ("price_e4", "i8")])

# Counters, histograms, log codes and crash points by place.
(UPDATES, SIGNALS, ORDERS_SENT, REFUSED, FILLS, REJECTS, UNKNOWN_REPORTS, QUERIES, DUPLICATES,
 GAPS, HALTED) = range(11)
T1_T2 = 0
SIGNAL, ASKED, TABLE_IS_FULL, GAP, LOST_ON_THE_WAY, JOURNAL_IS_FULL = range(1, 7)
ORDER_JOURNALED, ORDER_SENT, REPORT_JOURNALED, REPORT_APPLIED, QUERY_SENT = range(1, 6)

_ORDER, _REPORT, _SEEN = (np.int64(t) for t in InputType)
_ENTERED_SIZE, _REPORT_SIZE = ENTERED.itemsize, EXECUTION_REPORT.itemsize
_FILL, _REJECT = int(ReportType.FILL), int(ReportType.REJECT)


@kernel
def state_of(ctx):
    """The STRATEGY_STATE record."""
    return table(ctx, STATE, STRATEGY_STATE)[0]


@kernel
def orders_of(ctx):
    """The table of working orders."""
    return table(ctx, ORDERS, WORKING_ORDER)


@kernel
def symbols_of(ctx):
    """Position and working shares of each symbol."""
    return table(ctx, SYMBOLS, SYMBOL_STATE)


@kernel
def take_order(ctx, symbol_id, side, quantity, price_e4, now_ns):
    """Takes the next order id for an order and notes it as working. Returns the id, or 0: the
    journal is full. There must be room in the table."""
    payload = begin_input(ctx, _ORDER, _ENTERED_SIZE, now_ns)
    if payload == 0:
        return np.int64(0)
    state = state_of(ctx)
    entered = record_at(payload, np.int64(0), ENTERED)
    entered.order_id = state.strategy_id * orders.ORDER_ID_SPAN + state.orders + 1
    entered.symbol_id = symbol_id
    entered.side = side
    entered.quantity = quantity
    entered.price_e4 = price_e4
    return carry_out(ctx, payload)


@kernel
def take_report(ctx, message, now_ns):
    """Applies the execution report at ``message``. False: the journal is full, nothing happened."""
    payload = begin_input(ctx, _REPORT, _REPORT_SIZE, now_ns)
    if payload == 0:
        return False
    memcpy(payload, message + PREFIX_SIZE, _REPORT_SIZE)
    carry_out(ctx, payload)
    return True


@kernel
def take_seen(ctx, number, now_ns):
    """Notes that reports up to ``number`` need not come again; nothing if the journal is full."""
    payload = begin_input(ctx, _SEEN, 8, now_ns)
    if payload != 0:
        store_i64(payload, number)
        carry_out(ctx, payload)


@kernel
def _order(ctx, entered, now_ns):
    count(ctx, ORDERS_SENT, 1)
    return orders.enter(state_of(ctx), orders_of(ctx), symbols_of(ctx), entered.symbol_id,
                        entered.side, entered.quantity, entered.price_e4, now_ns)


@kernel
def _report(ctx, report):
    if not orders.apply_report(state_of(ctx), orders_of(ctx), symbols_of(ctx), report):
        count(ctx, UNKNOWN_REPORTS, 1)
    if report.report_type == _FILL:
        count(ctx, FILLS, 1)
    elif report.report_type == _REJECT:
        count(ctx, REJECTS, 1)


@handler
def apply_input(ctx, record):
    """Carries out the journal's record at address ``record``. For an order, returns its id."""
    kind = record_kind(record)
    if kind == _ORDER:
        crash_point(ctx, ORDER_JOURNALED)
        return _order(ctx, record_at(payload_of(record), np.int64(0), ENTERED),
                      record_time(record))
    if kind == _REPORT:
        crash_point(ctx, REPORT_JOURNALED)
        _report(ctx, execution_report(payload_of(record) - PREFIX_SIZE))
    elif kind == _SEEN:
        state_of(ctx).last_report_seq = load_i64(payload_of(record))
    return 0
