"""The risk manager's inputs: all that changes what it knows, written down and then carried out.

What is journaled (see :mod:`.state`) changes in :data:`apply_input` and nowhere else. Live,
``take_order`` and the others put an input into the journal and hand the record to it; recovery
hands it the journal's records again, to the same machine code::

    type     payload
    ORDER    the body of the order command that was approved
    REPORT   the body of the execution report
    TRADING  the new trading state, and why

An input that changes nothing is not written down: refused orders, cancels, market data.
"""

from enum import IntEnum

import numpy as np

from actors.risk.open_orders import release_report, reserve
from actors.risk.positions import POSITION_STATE, apply_fill
from actors.risk.state import (
    FILLS, HIGHEST, ORDER_JOURNALED, POSITIONS, REPORT_JOURNALED, STATE_JOURNALED, open_orders_of,
    state_of,
)
from actors.runtime import count, crash_point, handler, kernel, table
from actors.runtime.journal.inputs import (
    begin_input, carry_out, payload_of, record_kind, record_time,
)
from actors.runtime.native import memcpy
from schemas.enums import Command, ReportType
from schemas.messages import EXECUTION_REPORT, ORDER_COMMAND, PREFIX_SIZE
from schemas.pointer import record_at
from schemas.views import execution_report, order_command

__all__ = ["InputType", "TRADING", "apply_input", "take_order", "take_report", "take_trading"]


class InputType(IntEnum):
    """Types of the risk manager's journal records."""

    ORDER = 1
    REPORT = 2
    TRADING = 3


#: Payload of a TRADING record: TradingState, RejectReason, and the value that met its limit.
TRADING = np.dtype([("trading_state", "i8"), ("reason", "i8"), ("value", "i8"), ("limit", "i8")])

_ORDER, _REPORT, _TRADING = (np.int64(t) for t in InputType)
_REPLACE = int(Command.REPLACE)
_FILL = int(ReportType.FILL)
_ORDER_SIZE, _REPORT_SIZE = ORDER_COMMAND.itemsize, EXECUTION_REPORT.itemsize
_TRADING_SIZE = TRADING.itemsize


@kernel
def _take(ctx, kind, source, length, now_ns):
    """Writes down an input, ``length`` bytes at ``source``, and carries it out. False if the
    journal takes nothing more for now: then nothing has happened."""
    payload = begin_input(ctx, kind, length, now_ns)
    if payload == 0:
        return False
    memcpy(payload, source, length)
    carry_out(ctx, payload)
    return True


@kernel
def take_order(ctx, message, now_ns):
    """The order command at ``message`` is approved. False: the journal is full."""
    return _take(ctx, _ORDER, message + PREFIX_SIZE, _ORDER_SIZE, now_ns)


@kernel
def take_report(ctx, message, now_ns):
    """The execution report at ``message`` is next. False: the journal is full."""
    return _take(ctx, _REPORT, message + PREFIX_SIZE, _REPORT_SIZE, now_ns)


@kernel
def take_trading(ctx, trading_state, reason, value, limit, now_ns):
    """The trading state changes, for good: the next incarnation begins with it. False: the journal
    is full."""
    payload = begin_input(ctx, _TRADING, _TRADING_SIZE, now_ns)
    if payload == 0:
        return False
    change = record_at(payload, np.int64(0), TRADING)
    change.trading_state = trading_state
    change.reason = reason
    change.value = value
    change.limit = limit
    carry_out(ctx, payload)
    return True


@kernel
def _order(ctx, command, now_ns):
    """An approved order may trade from now on."""
    replaces = np.int64(command.original_id) if command.command == _REPLACE else np.int64(0)
    reserve(open_orders_of(ctx), table(ctx, POSITIONS, POSITION_STATE), np.int64(command.order_id),
            replaces, np.int64(command.symbol_id), np.int64(command.side),
            np.int64(command.quantity), np.int64(command.strategy_id), now_ns)
    highest = table(ctx, HIGHEST, np.int64)
    strategy_id = np.int64(command.strategy_id)
    if strategy_id < highest.size:
        highest[strategy_id] = max(highest[strategy_id], np.int64(command.order_id))


@kernel
def _report(ctx, report):
    """What happened to an order."""
    state = state_of(ctx)
    positions = table(ctx, POSITIONS, POSITION_STATE)
    state.last_report_seq = max(state.last_report_seq, np.int64(report.report_seq))
    symbol_id = np.int64(report.symbol_id)
    if np.int64(report.report_type) == _FILL and symbol_id < positions.size:
        held = positions[symbol_id]
        before = held.cash_e4 + held.quantity * held.mark_e4
        apply_fill(held, np.int64(report.side), np.int64(report.exec_qty), report.exec_price_e4,
                   report.receive_ns)
        state.pnl_e4 += held.cash_e4 + held.quantity * held.mark_e4 - before
        count(ctx, FILLS, 1)
    release_report(open_orders_of(ctx), positions, report)


@handler
def apply_input(ctx, record):
    """Carries out the journal's record at address ``record``."""
    kind = record_kind(record)
    body = payload_of(record) - PREFIX_SIZE  # a payload is a message's body without what precedes
    if kind == _ORDER:
        crash_point(ctx, ORDER_JOURNALED)
        _order(ctx, order_command(body), record_time(record))
    elif kind == _REPORT:
        crash_point(ctx, REPORT_JOURNALED)
        _report(ctx, execution_report(body))
    elif kind == _TRADING:
        crash_point(ctx, STATE_JOURNALED)
        state_of(ctx).trading_state = record_at(payload_of(record), np.int64(0),
                                                TRADING).trading_state
    return 0
