"""Closing positions when told: after the gateways have cancelled everything, round by round.

Each round sends one order a symbol that still has a position and nothing open: IOC, at the price
the other side offers, within the limits any order has to keep. Rounds are bounded: what no market would
take is reported as left.
"""

import numpy as np

from actors.risk.checks import LIMITS, check_order
from actors.risk.handlers import LIMITS_TABLE, POSITIONS, pass_on
from actors.risk.positions import POSITION_STATE
from actors.runtime import clock_ns, context, kernel, table
from actors.runtime.trading import (
    answer_at, answer_done, answers_missing, risk_answer, trading_of,
)
from schemas.enums import Command, Display, OrderType, Side, TimeInForce
from schemas.views import order_command

__all__ = ["ROUNDS", "closing_order", "go_on_flattening"]

#: Looks at the positions, ``_ROUND_NS`` apart, after which risk gives up.
ROUNDS = 100
_ROUND_NS = 20_000_000

_BUY, _SELL = int(Side.BUY), int(Side.SELL)
_LIMIT, _NEW = int(OrderType.LIMIT), int(Command.NEW)
_IOC, _VISIBLE = int(TimeInForce.IOC), int(Display.VISIBLE)

_ID_SPAN = 10**11        # order ids: who * span + request * _REQUEST_SPAN + n
_REQUEST_SPAN = 100_000
_REQUESTS = 1_000_000


@kernel
def closing_order(position, limits):
    """The order that closes as much of a position as one order may: (side, quantity, price_e4);
    quantity 0 if there is nothing to close or nobody on the other side."""
    side = np.int64(_SELL if position.quantity > 0 else _BUY)
    price = position.bid_e4 if position.quantity > 0 else position.ask_e4
    if position.quantity == 0 or price <= 0:
        return side, np.int64(0), np.int64(0)
    quantity = min(abs(position.quantity), limits.max_order_quantity,
                   limits.max_order_notional_e4 // price)
    reason, _, _ = check_order(limits, position, side, np.int64(_LIMIT), quantity, price)
    return side, quantity if reason == 0 else np.int64(0), price


@kernel
def _send(ctx, message, symbol_id, side, quantity, price_e4, number, n):
    """One closing order, under an id that no other order ever has. Whether it went out."""
    who = context(ctx).index + 1
    command = order_command(message)
    now = clock_ns(ctx)
    command.order_id = who * _ID_SPAN + number % _REQUESTS * _REQUEST_SPAN + n
    command.original_id = 0
    command.price_e4 = price_e4
    command.t1_ns = 0
    command.strategy_ns = now
    command.symbol_id = symbol_id
    command.quantity = quantity
    command.strategy_id = who
    command.command = _NEW
    command.side = side
    command.order_type = _LIMIT
    command.time_in_force = _IOC
    command.display = _VISIBLE
    return pass_on(ctx, message, command) == 0


@kernel
def _shares(positions, only):
    """Shares held in all of the symbols that are meant, and whether any has orders open."""
    total = np.int64(0)
    is_open = False
    for i in range(positions.size):
        if only < 0 or i == only:
            total += abs(positions[i].quantity)
            is_open = is_open or positions[i].open_buy != 0 or positions[i].open_sell != 0
    return total, is_open


@kernel
def go_on_flattening(ctx, message, number, now_ns):
    """Does what is due of flatten request ``number``; ``message``: room for an OrderCommand."""
    at = risk_answer(ctx)
    answer = answer_at(at)
    positions, only = table(ctx, POSITIONS, POSITION_STATE), trading_of(ctx).symbol_id
    if answer.request != number:
        answer.rounds = 0
        answer.sent = 0
        answer.next_ns = 0
        answer.began_ns = now_ns
        answer.request = number
    if answers_missing(ctx, number) > 0 or now_ns < answer.next_ns:
        return  # what is cancelled might still fill
    left, is_open = _shares(positions, only)
    if answer.rounds == 0:
        answer.shares = left
    answer.left = left
    if left == 0 and not is_open or answer.rounds >= ROUNDS:
        answer_done(at, number, now_ns)
        return
    limits = table(ctx, LIMITS_TABLE, LIMITS)[0]
    for i in range(positions.size):
        held = positions[i]
        if only >= 0 and i != only or held.open_buy != 0 or held.open_sell != 0:
            continue
        side, quantity, price_e4 = closing_order(held, limits)
        if quantity > 0:
            answer.sent += 1
            _send(ctx, message, i, side, quantity, price_e4, number, answer.sent)
    answer.rounds += 1
    answer.next_ns = now_ns + _ROUND_NS
