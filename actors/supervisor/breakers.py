"""Circuit breakers, as pure functions: ``step(state, event, now_ns) -> (state, actions)``.

Source: Nygard, *Release It!*, "Circuit Breaker". Closed, a breaker counts failures with no success
in between. Open, it waits. Half open, it grants probes: as many successes as probes close it, one
failure opens it again for twice as long.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace

from actors.runtime.plan import BreakerPlan
from schemas.enums import TradingState

__all__ = ["Breaker", "Changed", "Event", "Failed", "Grant", "Phase", "Rearmed", "Revoke", "Tick",
           "Worked", "mode_of_open", "next_ns", "step"]


class Phase(enum.StrEnum):
    CLOSED = "CLOSED"        #: all is well
    OPEN = "OPEN"            #: trading is restricted until ``until_ns``
    HALF_OPEN = "HALF_OPEN"  #: restricted but for probes


@dataclass(frozen=True)
class Breaker:
    """One breaker. ``reset_ns``: how long it stays open this time, or the next time it opens."""

    rules: BreakerPlan
    phase: Phase = Phase.CLOSED
    failures: int = 0
    successes: int = 0
    opened: int = 0
    reset_ns: int = 0
    until_ns: int = 0
    why: str = ""

    @property
    def latches(self) -> bool:
        """Whether being open halts the desk, which only a person undoes."""
        return self.rules.on_open == "halt"


# ---- events --------------------------------------------------------------------------------------

@dataclass(frozen=True)
class Failed:
    """``count`` failures; ``why`` names them for people."""

    count: int
    why: str


@dataclass(frozen=True)
class Worked:
    """``count`` times it worked."""

    count: int = 1


@dataclass(frozen=True)
class Tick:
    """Time went on."""


@dataclass(frozen=True)
class Rearmed:
    """A person armed trading again."""


Event = Failed | Worked | Tick | Rearmed


# ---- actions -------------------------------------------------------------------------------------

@dataclass(frozen=True)
class Changed:
    """The breaker is in another phase, for a reason that people can read."""

    phase: Phase
    text: str


@dataclass(frozen=True)
class Grant:
    """Let so many more probes through."""

    probes: int


@dataclass(frozen=True)
class Revoke:
    """Let no further probe through."""


Action = Changed | Grant | Revoke
Step = tuple[Breaker, tuple[Action, ...]]


def step(state: Breaker, event: Event, now_ns: int) -> Step:
    """What becomes of a breaker when ``event`` happens at ``now_ns``, and what is to be done."""
    match event, state.phase:
        case Rearmed(), Phase.CLOSED:
            return replace(state, failures=0), ()
        case Rearmed(), _:
            return _close(state, "armed")
        case Failed(count=count), Phase.CLOSED if count > 0:
            state = replace(state, failures=state.failures + count)
            if state.failures >= state.rules.max_failures:
                return _open(state, event, now_ns, state.rules.reset_ns)
        case Failed(count=count), Phase.HALF_OPEN if count > 0:
            longer = min(2 * state.reset_ns, state.rules.max_reset_ns)
            return _open(state, event, now_ns, longer)
        case Worked(count=count), Phase.CLOSED if count > 0:
            state = replace(state, failures=0)
        case Worked(count=count), Phase.HALF_OPEN if count > 0:
            state = replace(state, successes=state.successes + count)
            if state.successes >= state.rules.half_open_max:
                return _close(state, f"{state.successes} probes worked")
        case Tick(), Phase.OPEN if now_ns >= state.until_ns and not state.latches:
            return _half_open(state, now_ns)
        case Tick(), Phase.HALF_OPEN if now_ns >= state.until_ns:
            return _half_open(state, now_ns)  # its probes came to nothing: others
    return state, ()


def _open(state: Breaker, failed: Failed, now_ns: int, reset_ns: int) -> Step:
    why = f"{state.failures or failed.count} × {failed.why}" if state.phase == Phase.CLOSED \
        else f"a probe failed: {failed.why}"
    after = "until it is armed" if state.latches else f"for {reset_ns / 1e9:g} s"
    return replace(state, phase=Phase.OPEN, failures=0, successes=0, opened=state.opened + 1,
                   reset_ns=reset_ns, until_ns=now_ns + reset_ns, why=why), \
        (Revoke(), Changed(Phase.OPEN, f"open {after}, {state.rules.on_open}: {why}"))


def _half_open(state: Breaker, now_ns: int) -> Step:
    probes = state.rules.half_open_max
    actions: tuple[Action, ...] = (Revoke(), Grant(probes))
    if state.phase == Phase.OPEN:
        actions += (Changed(Phase.HALF_OPEN, f"half open: {probes} may try"),)
    return replace(state, phase=Phase.HALF_OPEN, successes=0,
                   until_ns=now_ns + state.reset_ns), actions


def _close(state: Breaker, why: str) -> Step:
    return replace(state, phase=Phase.CLOSED, failures=0, successes=0, reset_ns=0, until_ns=0,
                   why=""), (Revoke(), Changed(Phase.CLOSED, f"closed: {why}"))


def next_ns(state: Breaker) -> int | None:
    """When a :class:`Tick` will do something; None if time changes nothing."""
    if state.phase == Phase.CLOSED or state.phase == Phase.OPEN and state.latches:
        return None
    return state.until_ns


def mode_of_open(state: Breaker) -> TradingState:
    """What trading may do while the breaker is not closed; a halt is the operator's state."""
    if state.phase == Phase.CLOSED:
        return TradingState.TRADING
    return TradingState.REDUCE_ONLY if state.rules.on_open == "reduce_only" \
        else TradingState.PAUSED
