"""Whether an actor hangs. Pure.

Three things are a hang: a heartbeat that stands still; the same because a signal has stopped the
process; and a heart that beats on while work waits that is not taken. A reactor that waits for room
on a full wire, or for a core, does not hang, nor does an actor that is not ready.

Looks are counted, not time: when the machine or the supervisor itself stood still, everybody's
heartbeat looks old at the next look, and that look counts once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from actors.supervisor.rules import ActorRules
from actors.supervisor.words import duration
from schemas.enums import ActorState

__all__ = ["ActorSeen", "Pulse", "READY_STATES", "ailment", "hung_after_ns", "stalled_after_ns",
           "take_pulse"]

READY_STATES = (ActorState.RUNNING, ActorState.DEGRADED)
_STOPPING_STATES = (ActorState.STOPPING, ActorState.STOPPED)
_STALL = 10  # times as long as for a heartbeat: what waits may still be on its way


@dataclass(frozen=True)
class ActorSeen:
    """What one look at an actor's vitals page found. ``queued``: messages that wait and that it
    could take."""

    name: str
    state: ActorState
    heartbeat_ns: int = 0
    #: Its thread stood in line for a core since the last look, or a debugger holds it.
    starved: bool = False
    #: A signal has stopped its process (SIGSTOP).
    suspended: bool = False
    handled: int = 0
    queued: int = 0


@dataclass(frozen=True)
class Pulse:
    """What is remembered of one actor between looks: ``misses`` counts those that found its
    heartbeat where it was, ``stalls`` those that found work waiting and none done."""

    name: str
    state: ActorState
    heartbeat_ns: int
    looked_ns: int
    misses: int = 0
    suspended: bool = False
    handled: int = 0
    queued: int = 0
    stalls: int = 0
    stalled_ns: int = 0


def take_pulse(rules: ActorRules, before: Pulse | None, seen: ActorSeen, now_ns: int) -> Pulse:
    """The pulse after a look at ``now_ns``. Looks less than ``interval_ns`` apart count once, and
    looks at an actor that got no core do not count."""
    stalls, stalled_ns = _stalls(rules, before, seen, now_ns)
    pulse = Pulse(seen.name, seen.state, seen.heartbeat_ns, now_ns, 0, seen.suspended, seen.handled,
                  seen.queued, stalls, stalled_ns)
    if before is None or seen.heartbeat_ns != before.heartbeat_ns or seen.state != before.state:
        return pulse
    if now_ns - before.looked_ns < rules.interval_ns:
        return replace(pulse, looked_ns=before.looked_ns, misses=before.misses)
    return replace(pulse, misses=before.misses + (not seen.starved))


def _stalls(rules: ActorRules, before: Pulse | None, seen: ActorSeen,
            now_ns: int) -> tuple[int, int]:
    """How many looks in a row found work waiting and none done, and when that was last counted."""
    if before is None or not seen.queued or seen.handled != before.handled \
            or seen.state != before.state or seen.state not in READY_STATES:
        return 0, now_ns
    if now_ns - before.stalled_ns < rules.interval_ns:
        return before.stalls, before.stalled_ns
    return before.stalls + (not seen.starved), now_ns


def hung_after_ns(rules: ActorRules, state: ActorState, stop_grace_ns: int) -> int:
    """How long a heartbeat may stand still in ``state``, once the actor has been ready.

    Catching up may take one handler call as long as a start; stopping as long as its grace.
    """
    if state in READY_STATES:
        return rules.interval_ns * rules.retries
    return stop_grace_ns if state in _STOPPING_STATES else rules.start_period_ns


def stalled_after_ns(rules: ActorRules) -> int:
    """How long work may wait, and none be done, while the heart beats."""
    return rules.interval_ns * rules.retries * _STALL


def ailment(rules: ActorRules, pulse: Pulse, stop_grace_ns: int) -> str:
    """How the actor hangs: the looks it missed cover the time it has. Empty if it does not."""
    limit = hung_after_ns(rules, pulse.state, stop_grace_ns)
    if pulse.misses * rules.interval_ns >= limit:
        how = "stopped by a signal" if pulse.suspended else "hung"
        return f"{how}: {pulse.name} {pulse.state.name} without a heartbeat for {duration(limit)}"
    limit = stalled_after_ns(rules)
    if pulse.stalls * rules.interval_ns >= limit:
        waiting = f"{pulse.queued:,} message{'s wait' if pulse.queued > 1 else ' waits'}"
        return f"hung: {waiting} for {pulse.name} and it takes none for {duration(limit)}"
    return ""
