"""What changes the gateway's state: one record of the journal, live and in a recovery."""

from actors.gateway.inputs import InputType
from actors.gateway.requests import apply_command
from actors.gateway.responses import apply_response
from actors.gateway.state import Counter, Sweep, cause_of, gateway_of, order_at
from actors.gateway.sweeping import apply_sweep, apply_timeout
from actors.runtime import count, handler, kernel
from actors.runtime.journal.inputs import (
    payload_of, record_kind, record_length, record_number, record_time,
)
from actors.runtime.native import load_i64
from schemas.messages import ORDER_COMMAND
from schemas.pointer import record_at

__all__ = ["apply"]

_COMMAND, _SENT, _VENUE, _LOGIN, _SESSION_OVER, _TIMEOUT, _SWEEP = (int(t) for t in InputType)
_CLOSE_ALL = int(Sweep.CLOSE_ALL)
_LOGINS, _GAPS = int(Counter.LOGINS), int(Counter.GAPS)


@kernel
def _apply_sent(ctx, ref, t4_ns):
    order = order_at(ctx, ref)
    if order.ref == ref:
        order.t4_ns = t4_ns


@kernel
def _apply_login(ctx, payload):
    """A new connection: orders wait until the venue has said all it has to say about the past."""
    gateway = gateway_of(ctx)
    gateway.accepting = 0
    gateway.next_sequence = load_i64(payload)
    gateway.tail = load_i64(payload + 8)
    gateway.session0, gateway.session1 = load_i64(payload + 24), load_i64(payload + 32)
    count(ctx, _LOGINS, 1)
    count(ctx, _GAPS, load_i64(payload + 16))


@kernel
def _apply_session_over(ctx):
    """The venue's session is over: so are its orders, each of which is reported."""
    gateway = gateway_of(ctx)
    gateway.accepting = 0
    gateway.next_sequence = 1
    gateway.session0, gateway.session1 = 0, 0
    gateway.sweep_at = 0
    gateway.sweep = _CLOSE_ALL


@handler
def apply(ctx, record):
    """Carries out the journal's record at address ``record``."""
    kind, payload, time_ns = record_kind(record), payload_of(record), record_time(record)
    cause_of(ctx).record = record_number(record)
    if kind == _COMMAND:
        apply_command(ctx, record_at(payload + 16, 0, ORDER_COMMAND), load_i64(payload),
                      load_i64(payload + 8), time_ns)
    elif kind == _VENUE:
        gateway_of(ctx).next_sequence = load_i64(payload) + 1
        apply_response(ctx, payload + 8, record_length(record) - 8, load_i64(payload), time_ns)
    elif kind == _SENT:
        _apply_sent(ctx, load_i64(payload), time_ns)
    elif kind == _TIMEOUT:
        apply_timeout(ctx, load_i64(payload), time_ns)
    elif kind == _SWEEP:
        apply_sweep(ctx, time_ns)
    elif kind == _LOGIN:
        _apply_login(ctx, payload)
    elif kind == _SESSION_OVER:
        _apply_session_over(ctx)
    return 0
