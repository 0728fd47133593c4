"""When a process may start: conditions of those before it, and of its group. Pure."""

from __future__ import annotations

from dataclasses import replace

from actors.supervisor.rules import Need
from actors.supervisor.shutdown import begin_shutdown
from actors.supervisor.state import Notice, Outcome, Phase, ProcessState, Spawn, Stage, State
from actors.supervisor.turn import Turn
from actors.supervisor.words import duration
from schemas.enums import ActorState

__all__ = ["may_start", "next_lapse_ns", "spawn"]

_BEGUN = (Phase.STARTING, Phase.RUNNING)


def may_start(turn: Turn, process: ProcessState) -> bool:
    """Whether a waiting process's turn has come.

    After a failure it does not wait for others, unless its group is restarted as a whole: then
    nobody starts before all that were to stop have stopped and those before it are back.
    """
    if process.phase != Phase.WAITING or turn.stage not in (Stage.STARTING, Stage.ENABLED):
        return False
    groups = [g for g in turn.rules.groups_of(process.name)
              if g.strategy != "one_for_one" or g.name == process.regroup]
    for group in groups:
        mates = [turn[name] for name in group.processes if name != process.name]
        if any(mate.phase in (Phase.STOPPING, Phase.KILLING) for mate in mates):
            return False
        if any(turn[name].phase == Phase.BACKOFF for name in group.restarted_by(process.name)):
            return False
        if process.regroup and any(mate.phase == Phase.BACKOFF and mate.regroup == process.regroup
                                   for mate in mates):
            return False
    if process.restarting and not groups:
        return True
    return not any(_keeps_waiting(turn, process, need) for need in process.rules.depends_on)


def _keeps_waiting(turn: Turn, process: ProcessState, need: Need) -> bool:
    """Whether what ``need`` asks for is still to come. What was stopped or given up holds nobody
    up, and what does not get well does only for as long as it might have taken to start."""
    other = turn[need.process]
    if need.condition == "started":
        return other.on_its_way and other.phase not in _BEGUN
    if other.on_its_way:
        return True
    if need.condition == "ready" or other.phase != Phase.RUNNING or _is_healthy(other):
        return False
    if turn.now_ns < _lapses_ns(other):
        return True
    ill = ", ".join(f"{pulse.name} is {pulse.state.name}" for pulse in other.pulses
                    if pulse.state != ActorState.RUNNING)
    why = f"{other.name} is not healthy after {duration(other.rules.start_period_ns)} ({ill})"
    if turn.stage == Stage.STARTING:
        begin_shutdown(turn, Outcome.START_FAILED, f"{process.name} waits: {why}")
        return True
    turn.act(Notice("unhealthy", process.name, f"starts all the same: {why}"))
    return False


def _is_healthy(process: ProcessState) -> bool:
    return all(pulse.state == ActorState.RUNNING for pulse in process.pulses)


def _lapses_ns(process: ProcessState) -> int:
    return process.ready_ns + process.rules.start_period_ns


def next_lapse_ns(state: State) -> list[int]:
    """When processes that wait for others to be healthy will have waited long enough."""
    return [_lapses_ns(other) for process in state.processes if process.phase == Phase.WAITING
            for need in process.rules.depends_on if need.condition == "healthy"
            and (other := state.process(need.process)).phase == Phase.RUNNING]


def spawn(turn: Turn, process: ProcessState) -> None:
    """Starts the next incarnation."""
    restarted = process.restarted_ns + ((turn.now_ns,) if process.restarting else ())
    process = turn.put(replace(
        process, phase=Phase.STARTING, incarnation=process.incarnation + 1, again=False, ready_ns=0,
        restarting=False, restarted_ns=restarted, regroup="", pulses=(), blame="",
        deadline_ns=turn.now_ns + process.rules.start_period_ns))
    turn.act(Spawn(process.name, process.incarnation))
