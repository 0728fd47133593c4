"""What becomes of a command, whoever gives it: risk, or the gateway itself when switched off."""

import numpy as np

from actors.gateway.inputs import CRASH_POINTS, InputType
from actors.gateway.passing_on import (
    answer_queries, has_ring_room, note_query, pass_on, refuse_at_once,
)
from actors.gateway.requests import admission
from actors.gateway.sending import send_requests
from actors.gateway.state import BURST, Counter, control_of
from actors.runtime import context, count, crash_point, kernel
from actors.runtime.journal.inputs import begin_input, carry_out
from actors.runtime.native import memcpy, store_i64
from schemas.enums import Command, RejectReason
from schemas.messages import ORDER_COMMAND, PREFIX_SIZE
from schemas.views import order_command

__all__ = ["let_out", "take_command"]

_NEW, _REPLACE, _QUERY = int(Command.NEW), int(Command.REPLACE), int(Command.QUERY)
_JOURNAL_FULL = int(RejectReason.JOURNAL_FULL)
_COUNT_FULL = int(Counter.JOURNAL_FULL)
_COMMAND = int(InputType.COMMAND)
_COMMAND_SIZE = ORDER_COMMAND.itemsize
_COMMAND_ARRIVED, _ORDER_JOURNALED = (
    CRASH_POINTS.index(point) + 1 for point in ("command arrived", "order journaled"))


@kernel
def let_out(ctx):
    """What follows from what was written down: requests to the venue, reports and answers."""
    send_requests(ctx)
    passed = pass_on(ctx, BURST)
    return passed + answer_queries(ctx, BURST - passed)


@kernel
def take_command(ctx, message):
    """Writes the command in the OrderCommand at ``message`` down, has it applied, and lets out what
    follows."""
    command = order_command(message)
    if command.command == _QUERY:
        note_query(ctx, command)
        let_out(ctx)
        return
    crash_point(ctx, _COMMAND_ARRIVED)
    now_ns = context(ctx).now_ns
    payload = begin_input(ctx, _COMMAND, 16 + _COMMAND_SIZE, now_ns) \
        if has_ring_room(ctx, 1) else np.int64(0)
    if payload == 0:
        count(ctx, _COUNT_FULL, 1)
        makes_order = command.command == _NEW or command.command == _REPLACE
        refuse_at_once(ctx, command, np.int64(command.order_id) if makes_order
                       else np.int64(command.original_id), _JOURNAL_FULL)
        return
    store_i64(payload, admission(ctx, command))
    store_i64(payload + 8, now_ns + control_of(ctx).timeout_ns)
    memcpy(payload + 16, message + PREFIX_SIZE, _COMMAND_SIZE)
    carry_out(ctx, payload)
    crash_point(ctx, _ORDER_JOURNALED)
    let_out(ctx)
