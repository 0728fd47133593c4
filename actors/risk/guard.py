"""What risk does for the kill switch, by its reactor's timer: its lease, its state, and requests.

The lease is renewed by the reactor and nobody else: a risk manager whose reactor stands still does
not check orders, however well its housekeeper is.
"""

from actors.risk.flatten import go_on_flattening
from actors.risk.handlers import OWN_COMMAND, STATE, RISK_STATE
from actors.runtime import context, handler, kernel, table
from actors.runtime.trading import (
    answer_at, answer_done, renew_lease, request_number, risk_answer, trading_of,
)
from schemas.enums import Instruction, TradingState

__all__ = ["GUARD_NS", "on_guard"]

#: How often risk looks while no lease is demanded, or renews it if that is sooner.
GUARD_NS = 10_000_000
_RENEWALS = 5  # in a period

_ARM, _FLATTEN = int(Instruction.ARM), int(Instruction.FLATTEN)
_TRADING = int(TradingState.TRADING)


@kernel
def _obey(ctx, state, now_ns):
    number = request_number(ctx)
    at = risk_answer(ctx)
    if answer_at(at).done == number:
        return
    if trading_of(ctx).instruction == _FLATTEN:
        go_on_flattening(ctx, context(ctx).tables[OWN_COMMAND], number, now_ns)
        return
    if trading_of(ctx).instruction == _ARM:
        state.trading_state = _TRADING
    answer_done(at, number, now_ns)


@handler
def on_guard(ctx, now_ns):
    """Renews the lease, shows risk's own state, works on requests. Returns when to do so again."""
    period = renew_lease(ctx, now_ns)
    state = table(ctx, STATE, RISK_STATE)[0]
    _obey(ctx, state, now_ns)
    answer_at(risk_answer(ctx)).mode = state.trading_state
    return now_ns + (min(GUARD_NS, period // _RENEWALS) if period > 0 else GUARD_NS)
