"""What a new supervisor makes of what its predecessor knew and of what it finds running. Pure.

Processes that run as they were meant to are left alone: no restart, no new epoch, nothing they
could notice. What was decided but perhaps not done is done again; all of it may be done twice. Who
ended meanwhile is treated as if the end were seen now, by the same rules as ever.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from actors.supervisor.policy import step
from actors.supervisor.shutdown import ABANDON_AFTER_NS
from actors.supervisor.state import (
    Action, AskStop, Drain, EnableTrading, Exited, Kill, Notice, Phase, ProcessState, Publish,
    Spawn, Stage, State, Tick,
)
from actors.supervisor.turn import Turn
from schemas.enums import ActorState

__all__ = ["Found", "adopt_state"]

_STATE_OF = {Phase.BACKOFF: ActorState.BACKOFF, Phase.STOPPED: ActorState.STOPPED,
             Phase.FATAL: ActorState.FATAL}


@dataclass(frozen=True)
class Found:
    """The last incarnation there was of a process: it lives, or it ended (``failed``, ``reason``).
    """

    incarnation: int
    lives: bool
    failed: bool = False
    reason: str = ""


def adopt_state(saved: State, found: Mapping[str, Found],
                now_ns: int) -> tuple[State, tuple[Action, ...]]:
    """What the new supervisor knows at ``now_ns``, and what it does, in order.

    ``found`` has an entry for each process of which any incarnation was ever born.
    """
    turn = Turn(saved, now_ns)
    ended: list[Exited] = []
    for name in turn.names:
        there = found.get(name)
        if there is not None and there.lives:
            _adopt_living(turn, turn[name], there)
        elif turn[name].is_up:
            ended += _adopt_ended(turn, turn[name], there)
        elif turn[name].phase in _STATE_OF:
            process, state = turn[name], _STATE_OF[turn[name].phase]
            turn.act(Publish(name, state, process.reason, closed=state != ActorState.BACKOFF))
    _adopt_stage(turn)
    state, actions = turn.result()
    for event in [*ended, Tick()]:
        state, more = step(state, event, now_ns)
        actions += more
    return state, actions


def _adopt_living(turn: Turn, process: ProcessState, there: Found) -> None:
    if there.incarnation < process.incarnation:
        # Its successor was decided on, and is not there: it ends first, as ever.
        process = turn.put(replace(process, incarnation=there.incarnation, phase=Phase.KILLING,
                                   again=process.wanted, pulses=()))
        turn.act(Notice("killed", process.name, "an earlier incarnation was left over"),
                 Kill(process.name, process.incarnation))
        return
    if there.incarnation > process.incarnation or not process.is_up:
        # Born after the last word that was kept. Looks will tell how far it is.
        process = replace(process, incarnation=there.incarnation, phase=Phase.STARTING, again=False,
                          ready_ns=0, restarting=False, blame="")
    process = turn.put(replace(process, pulses=()))
    turn.act(Notice("adopted", process.name, "runs on under a new supervisor"))
    match process.phase:
        case Phase.STARTING:
            turn.put(replace(process, deadline_ns=turn.now_ns + process.rules.start_period_ns))
        case Phase.STOPPING:
            turn.put(replace(process, deadline_ns=turn.now_ns + process.rules.stop_grace_ns))
            turn.act(AskStop(process.name, process.incarnation))
        case Phase.KILLING:
            turn.act(Kill(process.name, process.incarnation))
    if not process.wanted and process.phase in (Phase.STARTING, Phase.RUNNING):
        turn.ask_stop(process)


def _adopt_ended(turn: Turn, process: ProcessState, there: Found | None) -> list[Exited]:
    """Of a process that should be up nothing is: it ended, or it never came to be."""
    if there is not None and there.incarnation >= process.incarnation:
        process = turn.put(replace(process, incarnation=there.incarnation, pulses=()))
        return [Exited(process.name, there.incarnation, there.failed, there.reason)]
    if process.phase == Phase.STARTING and turn.stage in (Stage.STARTING, Stage.ENABLED):
        turn.put(replace(process, deadline_ns=turn.now_ns + process.rules.start_period_ns))
        turn.act(Spawn(process.name, process.incarnation))
        return []
    return [Exited(process.name, process.incarnation, False, "stopped before it was forked")]


def _adopt_stage(turn: Turn) -> None:
    match turn.stage:
        case Stage.ENABLED:
            turn.act(EnableTrading())
        case Stage.DRAINING:
            turn.act(Drain())
        case Stage.STOPPING:
            grace = max((turn[name].rules.stop_grace_ns for name in turn.names), default=0)
            turn.act(Drain())
            turn.together_ns = max(turn.together_ns, turn.now_ns)
            turn.kill_ns = max(turn.kill_ns, turn.now_ns + grace)
            turn.abandon_ns = max(turn.abandon_ns, turn.kill_ns + ABANDON_AFTER_NS)
