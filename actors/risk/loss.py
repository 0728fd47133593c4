"""The loss limit, and what the monitor is told of limits: kernels."""

from actors.risk.checks import LIMITS
from actors.risk.inputs import take_trading
from actors.risk.state import EVENTS, LIMITS_TABLE, STATE_CHANGE, state_of
from actors.runtime import claim, commit, kernel, log, table
from schemas.enums import RejectReason, Severity, TradingState
from schemas.views import risk_event

__all__ = ["check_loss", "publish_event"]

_HALTED = int(TradingState.HALTED)
_CRITICAL = int(Severity.CRITICAL)
_LOSS_LIMIT = int(RejectReason.LOSS_LIMIT)


@kernel
def publish_event(ctx, reason, value, limit, order_id, symbol_id, strategy_id, severity, now):
    """Tells the monitor what met a limit; lost if it cannot be told now."""
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
    event.state = state_of(ctx).trading_state
    event.severity = severity
    commit(ctx, EVENTS)


@kernel
def check_loss(ctx, now):
    """Halts trading, for good until a person intervenes, when the loss limit is reached."""
    state = state_of(ctx)
    state.lowest_pnl_e4 = min(state.lowest_pnl_e4, state.pnl_e4)
    limit = table(ctx, LIMITS_TABLE, LIMITS)[0].max_loss_e4
    if state.pnl_e4 > -limit or state.trading_state == _HALTED:
        return
    if take_trading(ctx, _HALTED, _LOSS_LIMIT, state.pnl_e4, limit, now):
        log(ctx, STATE_CHANGE, _HALTED, _LOSS_LIMIT, state.pnl_e4, limit, 0, 0)
        publish_event(ctx, _LOSS_LIMIT, state.pnl_e4, -limit, 0, 0, 0, _CRITICAL, now)
