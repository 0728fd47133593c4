"""The risk manager's handlers: orders in, orders or rejects out; reports applied and passed on."""

import numpy as np

from actors.risk.checks import LIMITS, RATE, check_order, take_token
from actors.risk.open_orders import (
    MAP_ENTRY, MAP_HEADER, OPEN_ORDER, OpenOrders, release_report, reserve,
)
from actors.risk.positions import (
    POSITION_STATE, apply_fill, average_price_e4, realized_e4, unrealized_e4,
)
from actors.risk.trading_mode import admit
from actors.runtime import (
    abort, claim, clock_ns, commit, count, handler, kernel, log, observe, table, trading_enabled,
)
from actors.runtime.native import memcpy
from actors.runtime.trading import mode_of, mode_of_floor, stricter, take_probe
from schemas.enums import (
    Command, Flag, OrderStatus, RejectReason, ReportType, Severity, TradingState,
)
from schemas.messages import EXECUTION_REPORT, HEADER, ORDER_COMMAND, PREFIX_SIZE
from schemas.views import execution_report, market_data, order_command, position, risk_event

__all__ = ["LIMIT_REJECT", "RISK_STATE", "STATE_CHANGE", "on_market", "on_order", "on_publish",
           "on_report"]

APPROVED, REPORTS, POSITIONS_OUT, EVENTS = range(4)              # outputs
(STATE, POSITIONS, LIMITS_TABLE, RATE_TABLE, SLOTS, FREE, ENTRIES, MAP,
 OWN_COMMAND) = range(9)                                         # tables
CHECKED, PASSED, REJECTED, FILLS, REPORTS_SEEN, DUPLICATES = range(6)  # counters
T2_T3 = 0                                                        # histograms
LIMIT_REJECT, STATE_CHANGE = range(1, 3)                         # log codes

#: One record, shared. ``pnl_e4``: total profit, kept up with every fill and every mark.
RISK_STATE = np.dtype([("trading_state", "i8"), ("pnl_e4", "i8"), ("lowest_pnl_e4", "i8"),
                       ("last_report_seq", "i8")])

_BODY = PREFIX_SIZE + HEADER.itemsize
_COMMAND_BODY_SIZE = ORDER_COMMAND.itemsize - HEADER.itemsize
_REPORT_BODY_SIZE = EXECUTION_REPORT.itemsize - HEADER.itemsize

_NEW, _CANCEL, _REPLACE = int(Command.NEW), int(Command.CANCEL), int(Command.REPLACE)
_FILL, _REJECT = int(ReportType.FILL), int(ReportType.REJECT)
_STATUS_REJECTED = int(OrderStatus.REJECTED)
_TRADING, _HALTED = int(TradingState.TRADING), int(TradingState.HALTED)
_REPLAYED = int(Flag.REPLAYED)
_WARNING, _CRITICAL = int(Severity.WARNING), int(Severity.CRITICAL)
_INVALID = int(RejectReason.INVALID)
_UNKNOWN_SYMBOL = int(RejectReason.UNKNOWN_SYMBOL)
_REASON_HALTED = int(RejectReason.HALTED)
_ORDER_RATE = int(RejectReason.ORDER_RATE)
_TABLE_FULL = int(RejectReason.TABLE_FULL)
_WIRE_FULL = int(RejectReason.WIRE_FULL)
_LOSS_LIMIT = int(RejectReason.LOSS_LIMIT)


@kernel
def open_orders_of(ctx):
    return OpenOrders(table(ctx, SLOTS, OPEN_ORDER), table(ctx, FREE, np.int64),
                      table(ctx, ENTRIES, MAP_ENTRY), table(ctx, MAP, MAP_HEADER))


@kernel
def evaluate(ctx, command, now):
    """Whether this command may go on: (reason, value, limit). A cancel always may."""
    kind = np.int64(command.command)
    if kind == _CANCEL:
        return np.int64(0), np.int64(0), np.int64(0)
    if kind != _NEW and kind != _REPLACE:
        return np.int64(_INVALID), kind, np.int64(0)
    positions = table(ctx, POSITIONS, POSITION_STATE)
    symbol_id = np.int64(command.symbol_id)
    if symbol_id >= positions.size:
        return np.int64(_UNKNOWN_SYMBOL), symbol_id, np.int64(positions.size)
    state = table(ctx, STATE, RISK_STATE)[0]
    mode = mode_of(ctx)
    if not trading_enabled(ctx):
        return np.int64(_REASON_HALTED), np.int64(state.trading_state), np.int64(_TRADING)
    reason, unless_probe = admit(state.trading_state, mode_of_floor(ctx), mode,
                                 positions[symbol_id], np.int64(command.side),
                                 np.int64(command.quantity))
    if reason != 0:
        return reason, np.int64(stricter(state.trading_state, mode)), np.int64(_TRADING)
    rate = table(ctx, RATE_TABLE, RATE)[0]
    if not take_token(rate, now):
        return np.int64(_ORDER_RATE), rate.burst, rate.burst
    reason, value, limit = check_order(
        table(ctx, LIMITS_TABLE, LIMITS)[0], positions[symbol_id], np.int64(command.side),
        np.int64(command.order_type), np.int64(command.quantity), command.price_e4)
    if reason == 0 and unless_probe != 0 and not take_probe(ctx):
        return unless_probe, np.int64(mode), np.int64(_TRADING)
    return np.int64(reason), np.int64(value), np.int64(limit)


@kernel
def pass_on(ctx, message, command):
    """Sends the command to the gateway with T3. Returns 0, or the reason it could not go."""
    out = claim(ctx, APPROVED)
    if out == 0:
        return _WIRE_FULL
    if np.int64(command.command) != _CANCEL:
        replaces = np.int64(command.original_id) if command.command == _REPLACE else np.int64(0)
        if not reserve(open_orders_of(ctx), table(ctx, POSITIONS, POSITION_STATE),
                       np.int64(command.order_id), replaces, np.int64(command.symbol_id),
                       np.int64(command.side), np.int64(command.quantity)):
            abort(ctx, APPROVED)
            return _TABLE_FULL
    memcpy(out + _BODY, message + _BODY, _COMMAND_BODY_SIZE)
    passed = order_command(out)
    passed.risk_ns = clock_ns(ctx)
    taken = passed.risk_ns - command.strategy_ns
    commit(ctx, APPROVED)
    observe(ctx, T2_T3, taken)
    return 0


@kernel
def reject(ctx, command, reason, value, limit, now):
    """Tells the strategy and the monitor that a limit said no."""
    out = claim(ctx, REPORTS)
    report = execution_report(out)
    report.order_id = command.order_id
    report.original_id = command.original_id
    report.price_e4 = command.price_e4
    report.receive_ns = now
    report.t1_ns = command.t1_ns
    report.t2_ns = command.strategy_ns
    report.t3_ns = now
    report.symbol_id = command.symbol_id
    report.strategy_id = command.strategy_id
    report.side = command.side
    report.report_type = _REJECT
    report.order_status = _STATUS_REJECTED
    report.reject_reason = reason
    commit(ctx, REPORTS)
    publish_event(ctx, reason, value, limit, np.int64(command.order_id),
                  np.int64(command.symbol_id), np.int64(command.strategy_id), _WARNING, now)
    count(ctx, REJECTED, 1)
    log(ctx, LIMIT_REJECT, np.int64(command.order_id), reason, value, limit,
        np.int64(command.symbol_id), 0)


@kernel
def publish_event(ctx, reason, value, limit, order_id, symbol_id, strategy_id, severity, now):
    out = claim(ctx, EVENTS)
    if out == 0:
        return
    event = risk_event(out)
    event.time_ns = now
    event.order_id = order_id
    event.value = value
    event.limit = limit
    event.symbol_id = symbol_id
    event.strategy_id = strategy_id
    event.reason = reason
    event.state = table(ctx, STATE, RISK_STATE)[0].trading_state
    event.severity = severity
    commit(ctx, EVENTS)


@handler
def on_order(ctx, message):
    command = order_command(message)
    now = clock_ns(ctx)
    count(ctx, CHECKED, 1)
    reason, value, limit = evaluate(ctx, command, now)
    if reason == 0:
        reason = np.int64(pass_on(ctx, message, command))
    if reason == 0:
        count(ctx, PASSED, 1)
    else:
        reject(ctx, command, reason, value, limit, now)
    return 0


@kernel
def check_loss(ctx, now):
    """Halts trading, for good until a person intervenes, when the loss limit is reached."""
    state = table(ctx, STATE, RISK_STATE)[0]
    state.lowest_pnl_e4 = min(state.lowest_pnl_e4, state.pnl_e4)
    limit = table(ctx, LIMITS_TABLE, LIMITS)[0].max_loss_e4
    if state.pnl_e4 <= -limit and state.trading_state == _TRADING:
        state.trading_state = _HALTED
        log(ctx, STATE_CHANGE, _HALTED, _LOSS_LIMIT, state.pnl_e4, limit, 0, 0)
        publish_event(ctx, _LOSS_LIMIT, state.pnl_e4, -limit, 0, 0, 0, _CRITICAL, now)


@handler
def on_report(ctx, message):
    """Applies a report from the gateway, then passes it on to the strategies."""
    report = execution_report(message)
    count(ctx, REPORTS_SEEN, 1)
    positions = table(ctx, POSITIONS, POSITION_STATE)
    symbol_id = np.int64(report.symbol_id)
    if symbol_id >= positions.size:
        return 0
    state = table(ctx, STATE, RISK_STATE)[0]
    seq = np.int64(report.report_seq)
    if np.int64(report.header.flags) & _REPLAYED and seq <= state.last_report_seq:
        count(ctx, DUPLICATES, 1)  # applied before the gateway's last incarnation ended
        return 0
    state.last_report_seq = seq
    if np.int64(report.report_type) == _FILL:
        held = positions[symbol_id]
        before = held.cash_e4 + held.quantity * held.mark_e4
        apply_fill(held, np.int64(report.side), np.int64(report.exec_qty), report.exec_price_e4,
                   report.receive_ns)
        state.pnl_e4 += held.cash_e4 + held.quantity * held.mark_e4 - before
        count(ctx, FILLS, 1)
        check_loss(ctx, report.receive_ns)
    release_report(open_orders_of(ctx), positions, report)
    out = claim(ctx, REPORTS)
    memcpy(out + _BODY, message + _BODY, _REPORT_BODY_SIZE)
    commit(ctx, REPORTS)
    return 0


@handler
def on_market(ctx, message):
    """Keeps reference prices and marks, and the profit that follows from them."""
    update = market_data(message)
    positions = table(ctx, POSITIONS, POSITION_STATE)
    symbol_id = np.int64(update.symbol_id)
    if symbol_id >= positions.size:
        return 0
    held = positions[symbol_id]
    held.bid_e4 = update.bid_e4
    held.ask_e4 = update.ask_e4
    held.last_e4 = update.last_e4
    mark = held.mark_e4
    if update.bid_e4 > 0 and update.ask_e4 > 0:
        mark = (update.bid_e4 + update.ask_e4) // 2
    elif update.last_e4 > 0:
        mark = update.last_e4
    if mark != held.mark_e4:
        if held.quantity != 0:
            table(ctx, STATE, RISK_STATE)[0].pnl_e4 += held.quantity * (mark - held.mark_e4)
            held.dirty = 1
        held.mark_e4 = mark
        if held.quantity != 0:
            check_loss(ctx, update.receive_ns)
    return 0


@handler
def on_publish(ctx, now):
    """Publishes the positions that changed since the last time."""
    positions = table(ctx, POSITIONS, POSITION_STATE)
    for i in range(positions.size):
        held = positions[i]
        if held.dirty == 0:
            continue
        out = claim(ctx, POSITIONS_OUT)
        if out == 0:
            return 0
        held.dirty = 0
        body = position(out)
        body.last_update_ns = held.updated_ns
        body.quantity = held.quantity
        body.avg_price_e4 = average_price_e4(held)
        body.mark_e4 = held.mark_e4
        body.realized_e4 = realized_e4(held)
        body.unrealized_e4 = unrealized_e4(held)
        body.bought_qty = held.bought
        body.sold_qty = held.sold
        body.symbol_id = i
        commit(ctx, POSITIONS_OUT)
    return 0
