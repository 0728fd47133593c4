"""The risk manager's handlers for orders and market data: orders in, orders or rejects out.

Reports are in :mod:`.reports`, queries in :mod:`.queries`.
"""

import numpy as np

from actors.risk.checks import LIMITS, RATE, check_order, take_token
from actors.risk.inputs import take_order
from actors.risk.loss import check_loss, publish_event
from actors.risk.open_orders import has_room, is_open
from actors.risk.positions import POSITION_STATE, average_price_e4, realized_e4, unrealized_e4
from actors.risk.queries import pass_query_on, reject_order
from actors.risk.state import (
    APPROVED, CHECKED, LIMITS_TABLE, LIMIT_REJECT, ORDER_PASSED_ON, ORDER_REFUSED,
    PASSED, POSITIONS, POSITIONS_OUT, RATE_TABLE, REJECTED, T2_T3, open_orders_of, state_of,
)
from actors.risk.trading_mode import admit
from actors.runtime import (
    abort, claim, clock_ns, commit, count, crash_point, handler, kernel, log, observe, table,
    trading_enabled,
)
from actors.runtime.native import memcpy
from actors.runtime.trading import mode_of, mode_of_floor, stricter, take_probe
from schemas.enums import Command, RejectReason, Severity, TradingState
from schemas.messages import HEADER, ORDER_COMMAND, PREFIX_SIZE
from schemas.views import market_data, order_command, position

__all__ = ["on_market", "on_order", "on_publish"]

_BODY = PREFIX_SIZE + HEADER.itemsize
_COMMAND_BODY_SIZE = ORDER_COMMAND.itemsize - HEADER.itemsize

_NEW, _CANCEL, _REPLACE = int(Command.NEW), int(Command.CANCEL), int(Command.REPLACE)
_QUERY = int(Command.QUERY)
_TRADING, _HALTED = int(TradingState.TRADING), int(TradingState.HALTED)
_WARNING = int(Severity.WARNING)
_INVALID = int(RejectReason.INVALID)
_UNKNOWN_SYMBOL = int(RejectReason.UNKNOWN_SYMBOL)
_REASON_HALTED = int(RejectReason.HALTED)
_ORDER_RATE = int(RejectReason.ORDER_RATE)
_TABLE_FULL = int(RejectReason.TABLE_FULL)
_DUPLICATE_ORDER = int(RejectReason.DUPLICATE_ORDER)
_JOURNAL_FULL = int(RejectReason.JOURNAL_FULL)
_WIRE_FULL = int(RejectReason.WIRE_FULL)


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
    state = state_of(ctx)
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
def _note(ctx, message, command, now):
    """Writes an order down before it goes on, and counts it as open. Returns 0, or why it cannot
    be."""
    orders = open_orders_of(ctx)
    if is_open(orders, np.int64(command.order_id)):
        return _DUPLICATE_ORDER
    if not has_room(orders):
        return _TABLE_FULL
    return 0 if take_order(ctx, message, now) else _JOURNAL_FULL


@kernel
def pass_on(ctx, message, command, now):
    """Sends the command to the gateway with T3. Returns 0, or the reason it could not go."""
    out = claim(ctx, APPROVED)
    if out == 0:
        return _WIRE_FULL
    if np.int64(command.command) != _CANCEL:
        reason = _note(ctx, message, command, now)
        if reason != 0:
            abort(ctx, APPROVED)
            return reason
    memcpy(out + _BODY, message + _BODY, _COMMAND_BODY_SIZE)
    passed = order_command(out)
    passed.risk_ns = clock_ns(ctx)
    taken = passed.risk_ns - command.strategy_ns
    commit(ctx, APPROVED)
    crash_point(ctx, ORDER_PASSED_ON)
    observe(ctx, T2_T3, taken)
    return 0


@kernel
def reject(ctx, command, reason, value, limit, now):
    """Tells the strategy and the monitor that a limit said no."""
    reject_order(ctx, command, np.int64(command.order_id), reason, now)
    publish_event(ctx, reason, value, limit, np.int64(command.order_id),
                  np.int64(command.symbol_id), np.int64(command.strategy_id), _WARNING, now)
    count(ctx, REJECTED, 1)
    log(ctx, LIMIT_REJECT, np.int64(command.order_id), reason, value, limit,
        np.int64(command.symbol_id), 0)
    crash_point(ctx, ORDER_REFUSED)


@handler
def on_order(ctx, message):
    command = order_command(message)
    if command.command == _QUERY:
        pass_query_on(ctx, message, command)
        return 0
    now = clock_ns(ctx)
    count(ctx, CHECKED, 1)
    reason, value, limit = evaluate(ctx, command, now)
    if reason == 0:
        reason = np.int64(pass_on(ctx, message, command, now))
    if reason == 0:
        count(ctx, PASSED, 1)
    else:
        reject(ctx, command, reason, value, limit, now)
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
            state_of(ctx).pnl_e4 += held.quantity * (mark - held.mark_e4)
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
