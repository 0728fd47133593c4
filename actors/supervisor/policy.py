"""Every decision of the supervisor: ``step(state, event, now_ns) -> (state, actions)``. Pure.

Vocabulary and behaviour follow Erlang/OTP's *supervisor* (restart strategies, intensity) with
exponential backoff. Three rules hold whatever happens: an event about an incarnation that is no
longer the current one causes no action; a stop beats every restart; a process that failed is
started again no sooner than its backoff says, unless somebody asks for it.

Ending a deployment is in :mod:`actors.supervisor.shutdown`.
"""

from __future__ import annotations

from dataclasses import replace

from actors.supervisor.backoff import backoff_ns, next_random, within_budget
from actors.supervisor.liveness import READY_STATES, hung_after_ns, is_hung, take_pulse
from actors.supervisor.shutdown import SHUTTING_DOWN, advance_shutdown, begin_shutdown
from actors.supervisor.state import (
    Action, Drained, EnableTrading, Event, Exited, Kill, Notice, Outcome, Phase, Prepared,
    ProcessState, RestartRequested, Seen, Shutdown, Spawn, SpawnFailed, Stage, StartRequested,
    State, StopRequested,
)
from actors.supervisor.turn import Turn
from schemas.enums import ActorState

__all__ = ["next_deadline_ns", "step"]


def step(state: State, event: Event, now_ns: int) -> tuple[State, tuple[Action, ...]]:
    """What the supervisor knows after ``event`` at ``now_ns``, and what it does, in order."""
    turn = Turn(state, now_ns)
    if turn.stage != Stage.ENDED:
        _apply(turn, event)
        _advance(turn)
    return turn.result()


def next_deadline_ns(state: State, now_ns: int) -> int | None:
    """When, after ``now_ns``, something has to be decided even if nothing happens; or None."""
    deadlines = [p.deadline_ns for p in state.processes
                 if p.phase in (Phase.STARTING, Phase.STOPPING, Phase.BACKOFF)]
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
            _ended(turn, process, event.failed, event.reason)
        case SpawnFailed():
            _ended(turn, process, True, event.reason)


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
        grace = process.rules.stop_grace_ns
        for pulse in pulses:
            if is_hung(rules[pulse.name], pulse, grace):
                still = hung_after_ns(rules[pulse.name], pulse.state, grace)
                _kill_for(turn, process, "hung",
                          f"hung: {pulse.name} {pulse.state.name} without a heartbeat for "
                          f"{_duration(still)}")
                break


def _all_ready(process: ProcessState) -> bool:
    return len(process.pulses) == len(process.rules.actors) \
        and all(pulse.state in READY_STATES for pulse in process.pulses)


def _kill_for(turn: Turn, process: ProcessState, kind: str, blame: str) -> None:
    """A failure that only a kill ends; ``blame`` becomes the reason of the exit that follows."""
    process = turn.put(replace(process, phase=Phase.KILLING, again=False, blame=blame))
    turn.act(Notice(kind, process.name, blame), Kill(process.name, process.incarnation))


def _ended(turn: Turn, process: ProcessState, failed: bool, reason: str) -> None:
    """The current incarnation is gone: start again, give up, or leave it."""
    failed = failed or bool(process.blame)
    reason = process.blame or reason
    policy = process.rules.restart.policy
    turn.act(Notice("exited", process.name, reason, {"failed": int(failed)}))
    if turn.stage in SHUTTING_DOWN or not process.wanted:
        turn.down(process, ActorState.STOPPED, reason)
    elif process.again:
        turn.put(replace(process, phase=Phase.WAITING, reason=reason))
    elif policy == "always" or failed and policy == "on-failure":
        _back_off(turn, process, reason)
    elif failed:
        _give_up(turn, process, f"{reason}; restart: no")
    else:
        turn.down(process, ActorState.STOPPED, reason)
        if turn.stage == Stage.STARTING:
            begin_shutdown(turn, Outcome.START_FAILED,
                           f"{process.name} ended before trading was enabled: {reason}")


def _back_off(turn: Turn, process: ProcessState, reason: str) -> None:
    """Restart after a failure: after its backoff, if the budget has room, with its group."""
    restart = process.rules.restart
    healthy_ns = turn.now_ns - process.ready_ns if process.ready_ns else 0
    failures = 0 if healthy_ns >= restart.backoff.reset_after_ns else process.failures
    turn.seed, random = next_random(turn.seed)
    delay = backoff_ns(restart.backoff, failures, random)
    at = turn.now_ns + delay
    if not within_budget(restart, process.restarted_ns, at):
        times = f"{restart.max_restarts} restart{'s' * (restart.max_restarts != 1)}"
        _give_up(turn, process,
                 f"{reason}; gave up after {times} within {_duration(restart.within_ns)}")
        return
    recent = tuple(t for t in process.restarted_ns if t > at - restart.within_ns)
    turn.down(replace(process, deadline_ns=at, failures=failures + 1, restarting=True,
                      restarted_ns=recent), ActorState.BACKOFF, reason)
    turn.act(Notice("backoff", process.name, f"restarts in {_duration(delay)}",
                    {"delay_ns": delay, "restart": len(recent) + 1}))
    for group in turn.rules.groups_of(process.name):
        for name in group.restarted_with(process.name):
            _restart_with_group(turn, turn[name], group.name, process.name)


def _restart_with_group(turn: Turn, mate: ProcessState, group: str, because: str) -> None:
    if not mate.wanted or not mate.is_up or mate.blame:
        return
    if mate.phase in (Phase.STARTING, Phase.RUNNING):
        turn.act(Notice("group", mate.name, f"restarts with {because} (group {group})"))
        turn.ask_stop(mate, again=True)
    else:
        turn.put(replace(mate, again=True))


def _give_up(turn: Turn, process: ProcessState, reason: str) -> None:
    turn.down(process, ActorState.FATAL, reason)
    turn.act(Notice("fatal", process.name, reason))
    if turn.stage == Stage.STARTING:
        begin_shutdown(turn, Outcome.START_FAILED, f"{process.name}: {reason}")
    elif process.rules.restart.on_exhausted == "halt":
        begin_shutdown(turn, Outcome.HALTED, f"{process.name}: {reason}")


# ---- wishes --------------------------------------------------------------------------------------

def _stop_requested(turn: Turn, process: ProcessState) -> None:
    process = turn.put(replace(process, wanted=False, again=False, restarting=False))
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
    return replace(process, wanted=True, failures=0, restarted_ns=(), restarting=False, blame="")


# ---- time ----------------------------------------------------------------------------------------

def _advance(turn: Turn) -> None:
    """Everything that is due: deadlines, starts, trading, the end."""
    for name in turn.names:
        _meet_deadline(turn, turn[name])
    for name in turn.names:
        if _may_start(turn, turn[name]):
            _spawn(turn, turn[name])
    if turn.stage == Stage.STARTING and _all_wanted_ready(turn):
        turn.stage = Stage.ENABLED
        turn.act(EnableTrading(), Notice("enabled", "", "all actors ready, trading enabled"))
    advance_shutdown(turn)


def _meet_deadline(turn: Turn, process: ProcessState) -> None:
    if process.phase not in (Phase.STARTING, Phase.STOPPING, Phase.BACKOFF) \
            or turn.now_ns < process.deadline_ns:
        return
    if process.phase == Phase.STOPPING:
        turn.kill(process, f"did not stop within {_duration(process.rules.stop_grace_ns)}")
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
    return f"not ready within {_duration(process.rules.start_period_ns)}{where}"


def _may_start(turn: Turn, process: ProcessState) -> bool:
    """Whether a waiting process's turn has come.

    After a failure it does not wait for others, unless its group is restarted as a whole: then
    nobody starts before all that were to stop have stopped and those before it are back.
    """
    if process.phase != Phase.WAITING or turn.stage not in (Stage.STARTING, Stage.ENABLED):
        return False
    groups = [g for g in turn.rules.groups_of(process.name) if g.strategy != "one_for_one"]
    for group in groups:
        mates = [turn[name] for name in group.processes if name != process.name]
        if any(mate.phase in (Phase.STOPPING, Phase.KILLING) for mate in mates):
            return False
        if any(turn[name].phase == Phase.BACKOFF for name in group.restarted_by(process.name)):
            return False
    if process.restarting and not groups:
        return True
    return not any(turn[name].on_its_way for name in process.rules.depends_on)


def _spawn(turn: Turn, process: ProcessState) -> None:
    restarted = process.restarted_ns + ((turn.now_ns,) if process.restarting else ())
    process = turn.put(replace(
        process, phase=Phase.STARTING, incarnation=process.incarnation + 1, again=False, ready_ns=0,
        restarting=False, restarted_ns=restarted, pulses=(), blame="",
        deadline_ns=turn.now_ns + process.rules.start_period_ns))
    turn.act(Spawn(process.name, process.incarnation))


def _all_wanted_ready(turn: Turn) -> bool:
    wanted = [turn[name] for name in turn.names if turn[name].wanted]
    return bool(wanted) and all(p.phase == Phase.RUNNING and _all_ready(p) for p in wanted)


def _duration(ns: int) -> str:
    for unit, size in (("s", 1_000_000_000), ("ms", 1_000_000), ("µs", 1_000)):
        if ns >= size:
            return f"{ns / size:.3g} {unit}"
    return f"{ns} ns"
