"""Every decision of the supervisor: ``step(state, event, now_ns) -> (state, actions)``. Pure.

Vocabulary and behaviour follow Erlang/OTP's *supervisor* (restart strategies, intensity) with
exponential backoff. Three rules hold whatever happens: an event about an incarnation that is no
longer the current one causes no action; a stop beats every restart; a process that failed is
started again no sooner than its backoff says, unless somebody asks for it.

What follows the end of a process is in :mod:`actors.supervisor.endings`, when one may start in
:mod:`actors.supervisor.starting`, the end of a deployment in :mod:`actors.supervisor.shutdown`.
"""

from __future__ import annotations

from dataclasses import replace

from actors.supervisor.endings import ended
from actors.supervisor.liveness import READY_STATES, Pulse, ailment, take_pulse
from actors.supervisor.shutdown import SHUTTING_DOWN, advance_shutdown, begin_shutdown
from actors.supervisor.starting import may_start, next_lapse_ns, spawn
from actors.supervisor.state import (
    Action, Drained, EnableTrading, Event, Exited, Notice, Outcome, Phase, Prepared,
    ProcessState, RestartRequested, Seen, Shutdown, SpawnFailed, Stage, StartRequested, State,
    StopRequested, Traceback,
)
from actors.supervisor.turn import Turn
from actors.supervisor.words import duration
from schemas.enums import ActorState

__all__ = ["TRACEBACK_NS", "next_deadline_ns", "step"]

TRACEBACK_NS = 20_000_000
"""From asking a process that hangs for a traceback to killing it."""

_WITH_DEADLINE = (Phase.STARTING, Phase.STOPPING, Phase.KILLING, Phase.BACKOFF)


def step(state: State, event: Event, now_ns: int) -> tuple[State, tuple[Action, ...]]:
    """What the supervisor knows after ``event`` at ``now_ns``, and what it does, in order."""
    turn = Turn(state, now_ns)
    if turn.stage != Stage.ENDED:
        _apply(turn, event)
        _advance(turn)
    return turn.result()


def next_deadline_ns(state: State, now_ns: int) -> int | None:
    """When, after ``now_ns``, something has to be decided even if nothing happens; or None."""
    deadlines = [p.deadline_ns for p in state.processes if p.phase in _WITH_DEADLINE]
    deadlines += next_lapse_ns(state)
    if state.stage == Stage.DRAINING:
        deadlines.append(state.drain_until_ns)
    if state.stage == Stage.STOPPING:
        deadlines += [state.together_ns, state.kill_ns, state.abandon_ns]
    return min((d for d in deadlines if d > now_ns), default=None)


# ---- events --------------------------------------------------------------------------------------

def _apply(turn: Turn, event: Event) -> None:
    match event:
        case Prepared():
            if turn.stage == Stage.PREPARING:
                turn.stage = Stage.STARTING
        case Seen() | Exited() | SpawnFailed():
            process = turn.current(event.process, event.incarnation)
            if process is not None:
                _apply_to_incarnation(turn, process, event)
        case StopRequested():
            _stop_requested(turn, turn[event.process])
        case StartRequested():
            _start_requested(turn, turn[event.process])
        case RestartRequested():
            _restart_requested(turn, turn[event.process])
        case Shutdown():
            begin_shutdown(turn, event.outcome, event.reason)
        case Drained():
            if turn.stage == Stage.DRAINING:
                turn.drain_until_ns = turn.now_ns


def _apply_to_incarnation(turn: Turn, process: ProcessState,
                          event: Seen | Exited | SpawnFailed) -> None:
    match event:
        case Seen():
            _seen(turn, process, event)
        case Exited():
            ended(turn, process, event.failed, event.reason)
        case SpawnFailed():
            ended(turn, process, True, event.reason)


def _seen(turn: Turn, process: ProcessState, event: Seen) -> None:
    """A look at the vitals: readiness while starting, liveness afterwards."""
    before = {pulse.name: pulse for pulse in process.pulses}
    rules = {actor.name: actor for actor in process.rules.actors}
    pulses = tuple(take_pulse(rules[seen.name], before.get(seen.name), seen, turn.now_ns)
                   for seen in event.actors if seen.name in rules)
    process = turn.put(replace(process, pulses=pulses))
    if process.phase == Phase.STARTING and _all_ready(process):
        process = turn.put(replace(process, phase=Phase.RUNNING, ready_ns=turn.now_ns))
        turn.act(Notice("ready", process.name, "is running"))
    elif process.phase == Phase.RUNNING and turn.stage not in SHUTTING_DOWN:
        for pulse in pulses:
            _tell_changes(turn, process, before.get(pulse.name, pulse), pulse)
        grace = process.rules.stop_grace_ns
        blame = next(filter(None, (ailment(rules[p.name], p, grace) for p in pulses)), "")
        if blame:
            _kill_for(turn, process, "hung", blame)


def _tell_changes(turn: Turn, process: ProcessState, before: Pulse, now: Pulse) -> None:
    """What people should know of an actor that runs."""
    if now.state != before.state:
        turn.act(Notice("state", process.name,
                        f"{now.name} is {now.state.name}, was {before.state.name}",
                        {"actor": now.name, "from": before.state.name, "to": now.state.name}))
    if now.suspended and not before.suspended:
        turn.act(Notice("suspended", process.name, f"{now.name} was stopped by a signal; unless "
                                                   "continued soon, it is restarted"))
    elif before.suspended and not now.suspended:
        turn.act(Notice("continued", process.name, f"{now.name} goes on"))


def _all_ready(process: ProcessState) -> bool:
    return len(process.pulses) == len(process.rules.actors) \
        and all(pulse.state in READY_STATES for pulse in process.pulses)


def _kill_for(turn: Turn, process: ProcessState, kind: str, blame: str) -> None:
    """A failure that only a kill ends; ``blame`` becomes the reason of the exit that follows. The
    process has a moment to say where it is."""
    turn.put(replace(process, phase=Phase.KILLING, again=False, blame=blame,
                     deadline_ns=turn.now_ns + TRACEBACK_NS))
    turn.act(Notice(kind, process.name, blame), Traceback(process.name, process.incarnation))


# ---- wishes --------------------------------------------------------------------------------------

def _stop_requested(turn: Turn, process: ProcessState) -> None:
    process = turn.put(replace(process, wanted=False, again=False, restarting=False, regroup=""))
    if process.phase in (Phase.STARTING, Phase.RUNNING):
        turn.ask_stop(process)
    elif process.phase in (Phase.WAITING, Phase.BACKOFF):
        turn.down(process, ActorState.STOPPED, "stopped on request")
        turn.act(Notice("stopped", process.name, "stopped on request"))


def _start_requested(turn: Turn, process: ProcessState) -> None:
    if turn.stage in SHUTTING_DOWN:
        return
    process = turn.put(_pardoned(process))
    if process.phase in (Phase.STOPPING, Phase.KILLING):
        turn.put(replace(process, again=True))
    elif not process.is_up:
        turn.put(replace(process, phase=Phase.WAITING))


def _restart_requested(turn: Turn, process: ProcessState) -> None:
    if turn.stage not in SHUTTING_DOWN and process.phase in (Phase.STARTING, Phase.RUNNING):
        turn.ask_stop(_pardoned(process), again=True)
    else:
        _start_requested(turn, process)


def _pardoned(process: ProcessState) -> ProcessState:
    """Wanted, and its failures forgotten."""
    return replace(process, wanted=True, failures=0, restarted_ns=(), restarting=False, regroup="",
                   blame="")


# ---- time ----------------------------------------------------------------------------------------

def _advance(turn: Turn) -> None:
    """Everything that is due: deadlines, starts, trading, the end."""
    for name in turn.names:
        _meet_deadline(turn, turn[name])
    for name in turn.names:
        if may_start(turn, turn[name]):
            spawn(turn, turn[name])
    if turn.stage == Stage.STARTING and _all_wanted_ready(turn):
        turn.stage = Stage.ENABLED
        turn.act(EnableTrading(), Notice("enabled", "", "all actors ready, trading enabled"))
    advance_shutdown(turn)


def _meet_deadline(turn: Turn, process: ProcessState) -> None:
    if process.phase not in _WITH_DEADLINE or not process.deadline_ns \
            or turn.now_ns < process.deadline_ns:
        return
    if process.phase == Phase.KILLING:
        turn.kill_now(process)
    elif process.phase == Phase.STOPPING:
        turn.kill(process, f"did not stop within {duration(process.rules.stop_grace_ns)}")
    elif process.phase == Phase.BACKOFF:
        turn.put(replace(process, phase=Phase.WAITING))
    elif turn.stage == Stage.STARTING:
        begin_shutdown(turn, Outcome.START_FAILED, f"{process.name}: {_not_ready(process)}")
    elif turn.stage not in SHUTTING_DOWN:
        _kill_for(turn, process, "stuck", _not_ready(process))


def _not_ready(process: ProcessState) -> str:
    late = [f"{pulse.name} is {pulse.state.name}" for pulse in process.pulses
            if pulse.state not in READY_STATES]
    where = f" ({', '.join(late)})" if late else ""
    return f"not ready within {duration(process.rules.start_period_ns)}{where}"


def _all_wanted_ready(turn: Turn) -> bool:
    wanted = [turn[name] for name in turn.names if turn[name].wanted]
    return bool(wanted) and all(p.phase == Phase.RUNNING and _all_ready(p) for p in wanted)
