"""Whether an actor hangs: its heartbeat was found standing still too often in a row. Pure.

Looks are counted, not time: when the machine or the supervisor itself stood still, everybody's
heartbeat looks old at the next look, and that look counts once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from actors.supervisor.rules import ActorRules
from schemas.enums import ActorState

__all__ = ["ActorSeen", "Pulse", "READY_STATES", "hung_after_ns", "is_hung", "take_pulse"]

READY_STATES = (ActorState.RUNNING, ActorState.DEGRADED)
_STOPPING_STATES = (ActorState.STOPPING, ActorState.STOPPED)


@dataclass(frozen=True)
class ActorSeen:
    """What one look at an actor's vitals page found."""

    name: str
    state: ActorState
    heartbeat_ns: int = 0
    #: Its thread stood in line for a core since the last look.
    starved: bool = False


@dataclass(frozen=True)
class Pulse:
    """What is remembered of one actor between looks."""

    name: str
    state: ActorState
    heartbeat_ns: int
    looked_ns: int
    misses: int = 0


def take_pulse(rules: ActorRules, before: Pulse | None, seen: ActorSeen, now_ns: int) -> Pulse:
    """The pulse after a look at ``now_ns``. Looks less than ``interval_ns`` apart count once, and
    looks at an actor that got no core do not count."""
    if before is None or seen.heartbeat_ns != before.heartbeat_ns or seen.state != before.state:
        return Pulse(seen.name, seen.state, seen.heartbeat_ns, now_ns)
    if now_ns - before.looked_ns < rules.interval_ns:
        return before
    misses = before.misses if seen.starved else before.misses + 1
    return replace(before, looked_ns=now_ns, misses=misses)


def hung_after_ns(rules: ActorRules, state: ActorState, stop_grace_ns: int) -> int:
    """How long a heartbeat may stand still in ``state``, once the actor has been ready.

    Catching up may take one handler call as long as a start; stopping as long as its grace.
    """
    if state in READY_STATES:
        return rules.interval_ns * rules.retries
    return stop_grace_ns if state in _STOPPING_STATES else rules.start_period_ns


def is_hung(rules: ActorRules, pulse: Pulse, stop_grace_ns: int) -> bool:
    """Whether the actor hangs: the looks it missed cover :func:`hung_after_ns`."""
    return pulse.misses * rules.interval_ns >= hung_after_ns(rules, pulse.state, stop_grace_ns)
