"""How a deployment ends: drain, stop one after the other, then together, then kill. Pure.

With the default grace of one second it is over within 1.8 s, whatever the actors do::

    0          0.6 s                  1.3 s         1.8 s
    | drain    | stop, last started   | stop all    | kill what is left
               | first, one by one    | at once     |
"""

from __future__ import annotations

from dataclasses import replace

from actors.supervisor.state import (
    Drain, Ended, Notice, Outcome, Phase, Stage,
)
from actors.supervisor.turn import Turn
from schemas.enums import ActorState

__all__ = ["ABANDON_AFTER_NS", "DRAIN_NS", "SHUTTING_DOWN", "advance_shutdown", "begin_shutdown"]

SHUTTING_DOWN = (Stage.DRAINING, Stage.STOPPING, Stage.ENDED)
DRAIN_NS = 600_000_000
ABANDON_AFTER_NS = 3_000_000_000
_SPARE_NS = 200_000_000


def begin_shutdown(turn: Turn, outcome: Outcome, reason: str) -> None:
    """Begins the end, unless it has begun: the first reason stands."""
    if turn.stage in SHUTTING_DOWN:
        return
    was_enabled = turn.stage == Stage.ENABLED
    turn.outcome, turn.reason = outcome, reason
    grace = max((turn[name].rules.stop_grace_ns for name in turn.names), default=0)
    turn.drain_until_ns = turn.now_ns + (DRAIN_NS if was_enabled else 0)
    turn.kill_ns = turn.now_ns + DRAIN_NS + _SPARE_NS + grace
    turn.together_ns = turn.kill_ns - grace // 2
    turn.abandon_ns = turn.kill_ns + ABANDON_AFTER_NS
    turn.stage = Stage.DRAINING
    turn.act(Notice("draining", "", f"stopping: {reason}" if reason else "stopping"), Drain())
    for name in turn.names:
        if turn[name].phase in (Phase.WAITING, Phase.BACKOFF):
            why = turn[name].reason if turn[name].phase == Phase.BACKOFF else ""
            turn.down(turn[name], ActorState.STOPPED, why)


def advance_shutdown(turn: Turn) -> None:
    """Goes on with a shutdown that has begun."""
    if turn.stage == Stage.DRAINING and turn.now_ns >= turn.drain_until_ns:
        turn.stage = Stage.STOPPING
    if turn.stage != Stage.STOPPING:
        return
    up = [turn[name] for name in turn.names if turn[name].is_up]
    if turn.now_ns >= turn.kill_ns:
        for process in up:
            if process.phase != Phase.KILLING:
                turn.kill(process, "did not stop in time")
    else:
        due = up if turn.now_ns >= turn.together_ns else up[-1:]
        for process in reversed(due):
            if process.phase in (Phase.STARTING, Phase.RUNNING):
                turn.ask_stop(process)
                asked = turn[process.name]
                turn.put(replace(asked, deadline_ns=min(asked.deadline_ns, turn.kill_ns)))
    if not up:
        _end(turn, turn.reason)
    elif turn.now_ns >= turn.abandon_ns:
        names = ", ".join(p.name for p in up)
        _end(turn, f"{turn.reason}; killed, but does not die: {names}".lstrip("; "))


def _end(turn: Turn, reason: str) -> None:
    turn.stage, turn.reason = Stage.ENDED, reason
    turn.act(Notice("ended", "", f"stopped: {reason}" if reason else "stopped"),
             Ended(turn.outcome, reason))
