"""What follows the end of a process: a restart, alone or with its group, or none. Pure.

Restart policies and groups are Erlang/OTP's. An actor that has used up its restarts is given up,
and then, by its ``on_exhausted``:

``isolate``   it stays down, the others go on;
``escalate``  its group fails as one: all of it is stopped and started again, in start order and
              with a clean record, as often as the group's own budget allows. If that is used up
              too, or there is no group, it is as with ``halt``;
``halt``      the deployment ends in good order.

When a ``significant`` actor ends for good, by itself or given up, the deployment ends (OTP:
``auto_shutdown``, any significant). One that was stopped on request has not ended for good.
"""

from __future__ import annotations

from dataclasses import replace

from actors.supervisor.backoff import backoff_ns, next_random, recent_restarts, within_budget
from actors.supervisor.rules import GroupRules
from actors.supervisor.shutdown import SHUTTING_DOWN, begin_shutdown
from actors.supervisor.state import Notice, Outcome, Phase, ProcessState, Stage
from actors.supervisor.turn import Turn
from actors.supervisor.words import duration
from schemas.enums import ActorState

__all__ = ["ended"]


def ended(turn: Turn, process: ProcessState, failed: bool, reason: str) -> None:
    """The current incarnation is gone: start again, give up, or leave it."""
    failed = failed or bool(process.blame)
    reason = process.blame or reason
    restart = process.rules.restart
    turn.act(Notice("exited", process.name, reason, {"failed": int(failed)}))
    if turn.stage in SHUTTING_DOWN or not process.wanted:
        turn.down(process, ActorState.STOPPED, reason)
    elif process.again:
        turn.put(replace(process, phase=Phase.WAITING, blame="", reason=reason))
    elif restart.policy == "always" or failed and restart.policy == "on-failure":
        _back_off(turn, process, reason)
    elif failed:
        _give_up(turn, process, f"{reason}; restart: no", restart.on_exhausted == "halt")
    else:
        _ended_by_itself(turn, process, reason)


def _ended_by_itself(turn: Turn, process: ProcessState, reason: str) -> None:
    turn.down(process, ActorState.STOPPED, reason)
    if turn.stage == Stage.STARTING:
        begin_shutdown(turn, Outcome.START_FAILED,
                       f"{process.name} ended before trading was enabled: {reason}")
    elif process.rules.significant:
        begin_shutdown(turn, Outcome.ORDERLY, f"{process.name}, which is significant, ended")


def _back_off(turn: Turn, process: ProcessState, reason: str) -> None:
    """Restart after a failure: after its backoff, if the budget has room, with its group."""
    restart = process.rules.restart
    healthy_ns = turn.now_ns - process.ready_ns if process.ready_ns else 0
    failures = 0 if healthy_ns >= restart.backoff.reset_after_ns else process.failures
    turn.seed, random = next_random(turn.seed)
    delay = backoff_ns(restart.backoff, failures, random)
    at = turn.now_ns + delay
    process = replace(process, deadline_ns=at, failures=failures + 1)
    if not within_budget(restart, process.restarted_ns, at):
        _exhausted(turn, process, f"{reason}; gave up after {_times(restart)}")
        return
    recent = recent_restarts(restart, process.restarted_ns, at)
    turn.down(replace(process, restarting=True, restarted_ns=recent), ActorState.BACKOFF, reason)
    turn.act(Notice("backoff", process.name,
                    f"restarts in {duration(delay)}" if delay else "restarts at once",
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


# ---- beyond the budget ---------------------------------------------------------------------------

def _exhausted(turn: Turn, process: ProcessState, reason: str) -> None:
    """Its restarts are used up; ``deadline_ns`` is when the next would have been."""
    what = process.rules.restart.on_exhausted
    group = next(iter(turn.rules.groups_of(process.name)), None)
    if what != "escalate" or group is None or turn.stage == Stage.STARTING:
        _give_up(turn, process, reason, what != "isolate")
        return
    times = turn.group_restarts.get(group.name, ())
    if not within_budget(group, times, process.deadline_ns):
        _give_up(turn, process, f"{reason}; group {group.name} gave up after {_times(group)}", True)
        return
    recent = recent_restarts(group, times, process.deadline_ns)
    turn.group_restarts[group.name] = (*recent, process.deadline_ns)
    turn.down(replace(process, restarting=False, restarted_ns=(), regroup=group.name),
              ActorState.BACKOFF, reason)
    turn.act(Notice("escalated", process.name, f"{reason}; group {group.name} restarts as a whole",
                    {"group": group.name, "restart": len(recent) + 1}))
    for name in group.processes:
        if name != process.name:
            _restart_as_a_whole(turn, turn[name], group)


def _restart_as_a_whole(turn: Turn, mate: ProcessState, group: GroupRules) -> None:
    """What of the group was stopped, or given up before, stays down."""
    if not mate.wanted or mate.phase in (Phase.STOPPED, Phase.FATAL):
        return
    mate = turn.put(replace(mate, restarting=False, restarted_ns=(), regroup=group.name))
    if mate.phase in (Phase.STARTING, Phase.RUNNING):
        turn.act(Notice("group", mate.name, f"restarts with the whole group {group.name}"))
        turn.ask_stop(mate, again=True)
    elif mate.is_up:
        turn.put(replace(mate, again=True))


def _give_up(turn: Turn, process: ProcessState, reason: str, halt: bool) -> None:
    turn.down(process, ActorState.FATAL, reason)
    turn.act(Notice("fatal", process.name, reason))
    if turn.stage == Stage.STARTING:
        begin_shutdown(turn, Outcome.START_FAILED, f"{process.name}: {reason}")
    elif halt:
        begin_shutdown(turn, Outcome.HALTED, f"{process.name}: {reason}")
    elif process.rules.significant:
        begin_shutdown(turn, Outcome.HALTED, f"{process.name}, which is significant: {reason}")


def _times(budget) -> str:
    """``3 restarts within 60 s``."""
    n = budget.max_restarts
    return f"{n} restart{'s' * (n != 1)} within {duration(budget.within_ns)}"
